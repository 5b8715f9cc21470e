"""GuideLLM's reports as CSV and YAML: the order of percentiles, what stands behind @, aliases, damage."""

from __future__ import annotations

import csv
import gzip
import io
import sys
from pathlib import Path

import pytest

from isoperf.errors import DataError, MissingExtraError
from isoperf.readers import load
from tests.unit import connector_traps as traps
from tests.unit.connector_checks import read, rows
from tests.unit.connector_files import FILES

REPORT = FILES / "guidellm" / "benchmarks.csv"
ELEVEN = [float(k) for k in range(1, 12)]


def report(folder: Path, cells: dict[tuple[str, str, str], str]) -> Path:
    """Write a report of one benchmark, with what every report has before the cells given."""
    held = {
        ("Run Info", "Run ID", ""): "1",
        ("Benchmark", "Strategy", ""): "constant@2.50",
        ("Request Counts", "Successful", ""): "2",
        ("Request Latency", "Successful Sec", "Mean"): "1.5",
        **cells,
    }
    text = io.StringIO()
    csv.writer(text).writerows([*zip(*held, strict=True), list(held.values())])
    path = folder / "benchmarks.csv"
    path.write_text(text.getvalue(), "utf-8")
    return path


def test_percentiles_begin_with_the_least_and_lack_the_median(tmp_path: Path) -> None:
    key = ("Time to First Token", "Successful ms", "Percentiles")
    made = report(tmp_path, {key: str(ELEVEN), ("Time to First Token", "Errored ms", "Mean"): "1e9"})
    reading = read(made)
    names = ("min", "p0_1", "p1", "p5", "p10", "p25", "p75", "p90", "p95", "p99", "max")
    assert rows(reading, *(f"{name}_ttft" for name in names)) == [tuple(pytest.approx(k / 1000) for k in ELEVEN)]
    assert rows(reading, "mean_e2e_latency", "request_rate", "sent", "completed") == [(1.5, 2.5, "constant", 2)]
    assert "mean_ttft" not in reading.table, "that of failed requests"
    with pytest.raises(DataError, match="has 10 percentiles where 11 are known"):
        load(report(tmp_path, {key: str(ELEVEN[1:])}))


@pytest.mark.parametrize(
    ("strategy", "column", "value"),
    [
        ("poisson@3.25", "request_rate", 3.25),
        ("concurrent@4", "streams", 4),
        ("throughput@unlimited", "sent", "throughput"),
        ("trace@2.00", "request_rate", None),
    ],
)
def test_what_stands_behind_the_sign(strategy: str, column: str, value: object, tmp_path: Path) -> None:
    made = report(tmp_path, {("Benchmark", "Strategy", ""): strategy})
    assert rows(read(made), column) == [(value,)]


def test_a_limit_on_requests_at_once_is_not_the_most_there_were(tmp_path: Path) -> None:
    content = traps.guidellm()
    one = content["benchmarks"][0]
    one["config"]["strategy"]["max_concurrency"] = 64
    one["metrics"]["request_concurrency"] = traps.spread(3.0)
    path = traps.write(tmp_path, "benchmarks.json", content)
    assert rows(read(path), "max_concurrency", "max_concurrent_requests") == [(64, 3)]


def test_a_report_without_requests_says_so() -> None:
    with pytest.raises(DataError, match="holds no requests"):
        load(REPORT, sheet="requests")


@pytest.mark.parametrize("length", [0, 1, 2, 3])
def test_a_report_that_ends_in_its_heading(length: int, tmp_path: Path) -> None:
    with REPORT.open(encoding="utf-8", newline="") as file:
        lines = list(csv.reader(file))
    path = tmp_path / "benchmarks.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(lines[:length])
    with pytest.raises(DataError, match="no whole CSV report" if length else "is empty"):
        load(path)


def test_cells_longer_than_pythons_limit_are_read(tmp_path: Path) -> None:
    made = report(tmp_path, {("Runtime Info", "Arguments", ""): "x" * 200_000})
    assert len(load(made)) == 1
    assert csv.field_size_limit() < 200_000, "the limit is as it was"


def test_a_word_among_the_numbers_is_named(tmp_path: Path) -> None:
    made = report(tmp_path, {("Inter Token Latency", "Successful ms", "Mean"): "fast"})
    with pytest.raises(DataError, match=r"row 4, Inter Token Latency, Mean is 'fast'"):
        load(made)


YAML = "benchmarks:\n- config: {}\n  metrics:\n    inter_token_latency_ms: &a\n      successful: {mean: 2.0}\n"


def test_yaml_is_read_without_aliases_and_objects(tmp_path: Path) -> None:
    path = tmp_path / "report.yaml"
    path.write_text(YAML, "utf-8")
    assert rows(read(path), "mean_tpot") == [(0.002,)]
    path.write_text(f"{YAML}    request_latency: *a\n", "utf-8")
    with pytest.raises(DataError, match="aliases"):
        load(path)
    path.write_text(f"{YAML}    request_latency: !!python/object/apply:os.getcwd []\n", "utf-8")
    with pytest.raises(DataError, match="not valid YAML"):
        load(path)
    path.write_text(f"{YAML}  - [", "utf-8")
    with pytest.raises(DataError, match="not valid YAML"):
        load(path)
    path.write_text(YAML.replace("- config", "  more"), "utf-8")
    with pytest.raises(DataError, match=r"no benchmarks with GuideLLM's metrics|not valid YAML"):
        load(path)


def test_yaml_needs_its_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "yaml", None)
    with pytest.raises(MissingExtraError, match=r"isoperf\[yaml\]"):
        load(FILES / "guidellm" / "benchmarks.yaml.gz")


def test_another_yaml_file_is_no_report(tmp_path: Path) -> None:
    path = tmp_path / "task.yaml.gz"
    path.write_bytes(gzip.compress(b"task: tiny\n"))
    with pytest.raises(DataError, match="suffix"):
        load(path)
