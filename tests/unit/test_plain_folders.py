"""A folder of plain tables of one kind is stacked; anything less clear is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from isoperf.errors import DataError
from isoperf.readers import Reading, load, read_path
from tests.unit import connector_traps as traps

ONE, TWO = {"n_params": [1e8], "loss": [3.5]}, {"n_params": [1e9], "loss": [3.0], "note": ["x"]}
WRITERS: dict[str, Callable[[pl.DataFrame, Path], None]] = {
    "csv": lambda frame, path: frame.write_csv(path),
    "parquet": lambda frame, path: frame.write_parquet(path),
    "jsonl": lambda frame, path: frame.write_ndjson(path),
}


def read(path: Path) -> Reading:
    return read_path(path, {}, {})


def excel(frame: pl.DataFrame, path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl", reason="openpyxl writes the workbooks")
    book = openpyxl.Workbook()
    for row in (frame.columns, *frame.rows()):
        book.active.append(row)
    book.save(path)


@pytest.mark.parametrize("kind", [*WRITERS, "xlsx"])
def test_tables_of_one_kind_are_stacked(kind: str, tmp_path: Path) -> None:
    place = tmp_path / "results"
    (place / "deep").mkdir(parents=True)
    write = WRITERS.get(kind, excel)
    write(pl.DataFrame(ONE), place / f"a.{kind}")
    write(pl.DataFrame(TWO), place / "deep" / f"a.{kind}")
    (place / "README.md").write_text("notes", "utf-8")
    (place / ".hidden.csv").write_text("not,read\n1,2\n", "utf-8")
    reading = read(place)
    assert reading.table.to_dicts() == [
        {"file": f"a.{kind}", "n_params": 1e8, "loss": 3.5, "note": None},
        {"file": f"deep/a.{kind}", "n_params": 1e9, "loss": 3.0, "note": "x"},
    ]
    assert reading.skipped == ("files that are no tables: README.md",)
    assert reading.table.source == "results (2 files)" and reading.format.startswith("a plain table")
    assert load(str(place), rename={"note": "recipe"})["recipe"].tolist() == ["", "x"]


def test_files_of_one_tool_are_stacked_as_well(tmp_path: Path) -> None:
    for rate in (1.0, 2.0):
        traps.write(tmp_path, f"serve-{rate:.0f}.json", traps.VLLM | {"request_rate": rate})
    reading = read(tmp_path)
    assert reading.format == "vLLM bench serve" and reading.table["request_rate"].tolist() == [1, 2]


def test_what_is_not_clear_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is a folder"):
        load(tmp_path)
    (tmp_path / "notes.txt").write_text("a b\n", "utf-8")
    with pytest.raises(DataError, match="is a folder"):
        load(tmp_path)
    pl.DataFrame(ONE).write_csv(tmp_path / "a.csv")
    pl.DataFrame(TWO).write_parquet(tmp_path / "b.parquet")
    with pytest.raises(DataError, match=r"several kinds \(a\.csv is CSV, b\.parquet is Parquet\).*\*\.csv'"):
        load(tmp_path)
    (tmp_path / "b.parquet").unlink()
    (tmp_path / "b.csv").write_text(traps.CHART, "utf-8")
    with pytest.raises(DataError, match=r"holds files of several formats.*Name those that are meant"):
        load(tmp_path)
    (tmp_path / "a.csv").write_text("x,y\n1,2\n", "utf-8")
    (tmp_path / "b.csv").write_text("x,y\n1,some words\n", "utf-8")
    with pytest.raises(DataError, match=r"'y' holds words in b\.csv and numbers in a\.csv"):
        load(tmp_path)
