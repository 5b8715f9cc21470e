"""The CSV report of GuideLLM: three lines of heading (group, what and in which unit, statistic), a row per benchmark.

It is turned into the shape of the JSON report, whose names and units are then read. The column
"Percentiles" holds eleven numbers: the smallest, ten percentiles without the median, the largest.
"""

from __future__ import annotations

import csv
import io
from typing import Any

from isoperf.errors import DataError
from isoperf.readers._blob import Blob, decompressed, utf8

__all__ = ["benchmarks_of", "is_report"]

_METRICS = {
    ("Request Latency", "Sec"): "request_latency",
    ("Time to First Token", "ms"): "time_to_first_token_ms",
    ("Inter Token Latency", "ms"): "inter_token_latency_ms",
    ("Time per Output Token", "ms"): "time_per_output_token_ms",
    ("Server Throughput", "Requests/Sec"): "requests_per_second",
    ("Server Throughput", "Concurrency"): "request_concurrency",
    ("Token Metrics", "Input Tokens"): "prompt_token_count",
    ("Token Metrics", "Output Tokens"): "output_token_count",
    ("Token Throughput", "Input Tokens/Sec"): "prompt_tokens_per_second",
    ("Token Throughput", "Output Tokens/Sec"): "output_tokens_per_second",
    ("Token Throughput", "Total Tokens/Sec"): "tokens_per_second",
}
_STATISTICS = {"Mean": "mean", "Median": "median", "Std Dev": "std_dev"}
_LISTED = ("min", "p001", "p01", "p05", "p10", "p25", "p75", "p90", "p95", "p99", "max")
_DONE, _LASTED, _SENT = ("Request Counts", "Successful", ""), ("Timings", "Duration", "Sec"), ("Benchmark", "Strategy")
_RATED = ("constant", "poisson")
_ONE_CELL = 1 << 24

Key = tuple[str, str, str]


def is_report(header: tuple[str, ...]) -> bool:
    """Whether the first line names groups of columns as the report does."""
    return {"Run Info", "Benchmark", "Request Latency"} <= set(header)


def benchmarks_of(blob: Blob) -> list[dict[str, Any]]:
    """Return each benchmark in the shape it has in a JSON report.

    Raises
    ------
    DataError : the file has no three lines of heading and a row, or a number is none.
    """
    rows = _rows(blob)
    if len(rows) < 4 or len({len(row) for row in rows}) > 1:
        raise DataError(
            f"{blob.name} is no whole CSV report of GuideLLM: three lines of heading and a row per benchmark, "
            "all of one length, are needed. Export it again."
        )
    keys: list[Key] = list(zip(*rows[:3], strict=True))
    return [_benchmark(dict(zip(keys, row, strict=True)), f"{blob.name}: row {n}") for n, row in enumerate(rows[3:], 4)]


def _rows(blob: Blob) -> list[list[str]]:
    text = utf8(decompressed(blob)).decode()
    limit = csv.field_size_limit(_ONE_CELL)
    try:
        return [row for row in csv.reader(io.StringIO(text, newline="")) if row]
    except csv.Error as error:
        raise DataError(f"{blob.name} cannot be read as CSV ({error}). Export it again.") from None
    finally:
        csv.field_size_limit(limit)


def _benchmark(cells: dict[Key, str], place: str) -> dict[str, Any]:
    metrics: dict[str, dict[str, Any]] = {}
    done = _number(cells.get(_DONE, ""), f"{place}, successful requests")
    for (group, label, statistic), cell in cells.items():
        status, _, what = label.partition(" ")
        key = _METRICS.get((group, what)) if status == "Successful" else None
        if key is None or not cell:
            continue
        spread = metrics.setdefault(key, {"successful": {"count": done}})["successful"]
        if statistic in _STATISTICS:
            spread[_STATISTICS[statistic]] = _number(cell, f"{place}, {group}, {statistic}")
        elif statistic == "Percentiles":
            spread |= _spread(cell, f"{place}, {group}")
    strategy = next((cell for (*key, _), cell in cells.items() if tuple(key) == _SENT), "")
    lasted = _number(cells.get(_LASTED, ""), f"{place}, duration")
    return {"config": {"strategy": _strategy(strategy)}, "metrics": metrics, "duration": lasted}


def _spread(cell: str, place: str) -> dict[str, Any]:
    numbers = [_number(word, f"{place}, Percentiles") for word in cell.strip("[] ").split(",")]
    if len(numbers) != len(_LISTED):
        raise DataError(f"{place} has {len(numbers)} percentiles where {len(_LISTED)} are known. Read the JSON report.")
    held = dict(zip(_LISTED, numbers, strict=True))
    return {"min": held.pop("min"), "max": held.pop("max"), "percentiles": held}


def _number(word: str, place: str) -> float | None:
    if word.strip() in ("", "None"):
        return None
    try:
        return float(word)
    except ValueError:
        raise DataError(f"{place} is {word!r:.40}, not a number. Export the report again.") from None


def _strategy(text: str) -> dict[str, Any]:
    """Read ``constant@4.00``: what stands behind the sign is a rate, or how many requests run at once."""
    name, _, number = text.partition("@")
    key = "rate" if name in _RATED else "streams" if name == "concurrent" else ""
    return {"type_": name or None} | ({key: _number(number, f"strategy {text!r:.40}")} if key else {})
