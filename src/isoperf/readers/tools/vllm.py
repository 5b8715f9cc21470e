"""Results of ``vllm bench serve``: one row per benchmark, or per request where details were saved.

Summaries are in milliseconds, saved details in seconds; ``--append-result`` leaves several
objects in one file; ``std_`` is the spread with n, not n - 1, in the denominator.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any

from isoperf.errors import DataError
from isoperf.readers._source import Source
from isoperf.readers.tools._found import Found, counted, from_records, number

TITLE = "vLLM bench serve"
TABLES = ("benchmarks", "requests")
_MARKS = frozenset(("duration", "completed", "request_throughput", "total_input_tokens"))
_NAMES = {"model_id": "model", "duration": "seconds"}
_UNITS = {
    "seconds": "s",
    "request_rate": "requests/s",
    "request_throughput": "requests/s",
    "request_goodput": "requests/s",
    "output_throughput": "tokens/s",
    "total_token_throughput": "tokens/s",
    "max_output_tokens_per_s": "tokens/s",
    **dict.fromkeys(("total_input_tokens", "total_output_tokens"), "tokens"),
    **dict.fromkeys(("num_prompts", "completed", "failed", "max_concurrency", "max_concurrent_requests"), "requests"),
}
_DETAILS = ("input_lens", "output_lens", "ttfts", "itls", "latencies", "start_times", "errors", "generated_texts")
_REQUEST_UNITS = {"ttft": "s", "tpot": "s", "e2e_latency": "s", "started": "s", "n_tokens_in": "tokens"}
_DATE = re.compile(r"(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)")


def recognises(source: Source) -> bool:
    """Whether every object has the fields that each benchmark writes."""
    return bool(source.records) and all(one.keys() >= _MARKS for one in source.records)


def read(source: Source, table: str) -> Found:
    """Read summaries or requests.

    Raises
    ------
    DataError : details were asked for and not saved, or their lists differ in length.
    """
    records = source.records
    names = _runs(source.stem, len(records))
    detailed = [place for place, one in enumerate(records) if isinstance(one.get("ttfts"), list)]
    if table == "requests":
        if not detailed:
            raise DataError(f"{source.name} holds no requests. Benchmark again with --save-detailed.")
        left = len(records) - len(detailed)
        note = f"{counted(left, 'benchmark')} without details" if left else ""
        rows = [row for place in detailed for row in _requests(records[place], names[place])]
        return from_records(rows, units=_REQUEST_UNITS, skipped=(note,))
    summaries = [_summary(one, name) for one, name in zip(records, names, strict=True)]
    units = {key: _UNITS.get(key, "ms") for row, _ in summaries for key in row if key in _UNITS}
    units |= {key: "ms" for _, timed in summaries for key in timed}
    note = f"requests of {counted(len(detailed), 'benchmark')}: read them with sheet='requests'" if detailed else ""
    return from_records([row for row, _ in summaries], units=units, skipped=(note,))


def _runs(stem: str, n: int) -> list[str]:
    return [stem] if n == 1 else [f"{stem}#{place}" for place in range(1, n + 1)]


def _summary(one: dict[str, Any], run: str) -> tuple[dict[str, Any], list[str]]:
    """Return a benchmark's row, and the names of its cells that are in milliseconds."""
    row: dict[str, Any] = {"run": run}
    timed = []
    for key, value in one.items():
        if key in _DETAILS or isinstance(value, list | dict):
            continue
        name = _NAMES.get(key, key)
        if key.endswith("_ms"):
            name = key.removesuffix("_ms").replace("e2el", "e2e_latency")
            timed.append(name)
            value = number(value, f"{run}: {key}")
        elif name in _UNITS:
            value = _rate(value, f"{run}: {key}")
        row[name] = _day(value) if key == "date" else value
    return row, timed


def _rate(value: Any, place: str) -> float | None:
    """Read a number; a request rate of ``inf`` sends all at once."""
    return math.inf if value in ("inf", "Infinity") else number(value, place)


def _day(value: Any) -> Any:
    found = _DATE.fullmatch(value) if isinstance(value, str) else None
    return "{}-{}-{}T{}:{}:{}".format(*found.groups()) if found else value


def _requests(one: dict[str, Any], run: str) -> Iterator[dict[str, Any]]:
    lists = {key: one[key] for key in _DETAILS if isinstance(one.get(key), list) and one[key]}
    lengths = {key: len(cells) for key, cells in lists.items()}
    if len(set(lengths.values())) > 1:
        said = ", ".join(f"{key} {n}" for key, n in lengths.items())
        raise DataError(f"{run}: the lists of its requests differ in length ({said}). Benchmark again.")
    shared = {"run": run, "model": one.get("model_id"), "max_concurrency": one.get("max_concurrency")}
    shared["request_rate"] = _rate(one.get("request_rate"), f"{run}: request_rate")
    for place in range(max(lengths.values(), default=0)):
        cells = {key: values[place] for key, values in lists.items()}
        yield shared | _request(cells, f"{run}: request {place + 1}")


def _request(cells: dict[str, Any], place: str) -> dict[str, Any]:
    """Return one request in seconds; what a failed one would have taken is unknown, not zero."""
    error = cells.get("errors") or ""
    gaps = [number(gap, f"{place}, itls") or 0.0 for gap in cells.get("itls") or []]
    first, n_out = number(cells.get("ttfts"), f"{place}, ttfts"), number(cells.get("output_lens"), f"{place}, output")
    known = not error and first is not None
    after = sum(gaps)
    whole = number(cells.get("latencies"), f"{place}, latencies")  # newer files have it
    return {
        "n_tokens_in": number(cells.get("input_lens"), f"{place}, input_lens"),
        "n_tokens_out": n_out,
        "ttft": first if known else None,
        "tpot": after / (n_out - 1) if known and n_out and n_out > 1 else None,
        "e2e_latency": (whole or first + after) if known and first is not None else None,
        "started": number(cells.get("start_times"), f"{place}, start_times"),
        "error": error,
    }
