"""Reports of GuideLLM (JSON, YAML, CSV): one row per benchmark, over the requests that succeeded, or per request.

Request latency is in seconds and the other times in milliseconds. GuideLLM's "time per output
token" counts the first token in; the time after it, which `tpot` means here, is its "inter
token latency". ``p001`` is the 0.1th percentile, not the first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from isoperf.errors import DataError
from isoperf.readers._source import Source
from isoperf.readers.tools import _guidellm_csv as csv_report
from isoperf.readers.tools import _yaml as yaml_report
from isoperf.readers.tools._found import Found, counted, from_records, number

TITLE = "GuideLLM"
TABLES = ("benchmarks", "requests")
_METRICS = {
    "request_latency": ("e2e_latency", "s"),
    "time_to_first_token_ms": ("ttft", "ms"),
    "inter_token_latency_ms": ("tpot", "ms"),
    "time_per_output_token_ms": ("tpot_with_first", "ms"),
    "requests_per_second": ("request_throughput", "requests/s"),
    "request_concurrency": ("concurrent_requests", "requests"),
    "prompt_token_count": ("n_tokens_in", "tokens"),
    "output_token_count": ("n_tokens_out", "tokens"),
    "prompt_tokens_per_second": ("input_throughput", "tokens/s"),
    "output_tokens_per_second": ("output_throughput", "tokens/s"),
    "tokens_per_second": ("total_token_throughput", "tokens/s"),
}
_PERCENTILES = {
    "p001": "p0_1", "p01": "p1", "p05": "p5", "p10": "p10", "p25": "p25", "p75": "p75", "p90": "p90", "p95": "p95",
    "p99": "p99", "p999": "p99_9",
}  # fmt: skip
_REQUEST = {
    **{key: _METRICS[key] for key in list(_METRICS)[:4]},
    "prompt_tokens": ("n_tokens_in", "tokens"),
    "output_tokens": ("n_tokens_out", "tokens"),
}
_SETTINGS = {"seconds": "s", "request_rate": "requests/s", "max_concurrency": "requests", "streams": "requests"}
_YAML_MARK = re.compile(rb"^benchmarks:\s*$", re.MULTILINE)


def recognises(source: Source) -> bool:
    """Whether it is one report whose benchmarks have GuideLLM's metrics."""
    if csv_report.is_report(source.header):
        return True
    if source.name.lower().endswith(yaml_report.SUFFIXES):
        return bool(_YAML_MARK.search(source.head)) and b"inter_token_latency_ms" in source.head
    return _is_report(source.content)


def _is_report(content: Any) -> bool:
    found = content.get("benchmarks") if isinstance(content, dict) else None
    if not isinstance(found, list) or not found or not isinstance(found[0], dict):
        return False
    metrics = found[0].get("metrics")
    return isinstance(metrics, dict) and not metrics.keys().isdisjoint(_METRICS)


def read(source: Source, table: str) -> Found:
    """Read benchmarks or requests.

    Raises
    ------
    DataError : requests were asked for and are not in the report, or the file is no whole report.
    MissingExtraError : the report is YAML, and PyYAML is not installed.
    """
    benchmarks = _benchmarks(source)
    pairs = [(one, f"{source.stem}#{place}") for place, one in enumerate(benchmarks, 1)]
    if table == "requests":
        return _requests_table(pairs, source.name)
    rows = [_benchmark(one, run) for one, run in pairs]
    units = {key: unit for row in rows for key in row for name, unit in _METRICS.values() if key.endswith(f"_{name}")}
    notes = ["statistics over requests that failed or were cut off"]
    if source.header:
        notes.append("requests and the settings of the run; request rates stand here with two decimals")
    found = from_records(rows, units=units | _SETTINGS, skipped=notes)
    return replace(found, alone=bool(source.header))


def _benchmarks(source: Source) -> list[dict[str, Any]]:
    if source.header:
        return csv_report.benchmarks_of(source.blob)
    content = source.content
    if content is None:
        content = yaml_report.decode(source.blob)
        if not _is_report(content):
            raise DataError(f"{source.name} holds no benchmarks with GuideLLM's metrics. Export the report again.")
    found: list[dict[str, Any]] = content["benchmarks"]
    return found


def _requests_table(pairs: list[tuple[dict[str, Any], str]], name: str) -> Found:
    rows = [row for one, run in pairs for row in _requests(one, run)]
    if not rows:
        raise DataError(f"{name} holds no requests. Benchmark again and save them, as JSON or YAML.")
    lost = sum(len(_status(one.get("requests"), kind)) for one, _ in pairs for kind in ("incomplete", "errored"))
    note = f"{counted(lost, 'request')} incomplete or in error" if lost else ""
    return from_records(rows, units=dict(_REQUEST.values()), skipped=(note,))


def _benchmark(one: dict[str, Any], run: str) -> dict[str, Any]:
    row: dict[str, Any] = {"run": run, **_setting(one.get("config") or one.get("args"))}
    row["seconds"] = number(one.get("duration"), f"{run}: duration")
    for key, (name, _) in _METRICS.items():
        held = one["metrics"].get(key)
        spread = held.get("successful") if isinstance(held, dict) else None
        if not isinstance(spread, dict):
            continue
        place = f"{run}: {key}"
        row |= {f"{word}_{name}": number(spread.get(their), place) for word, their in _STATISTICS.items()}
        percentiles = spread.get("percentiles") or {}
        row |= {f"{word}_{name}": number(percentiles.get(their), place) for their, word in _PERCENTILES.items()}
        row.setdefault("completed", number(spread.get("count"), place))
    return row


_STATISTICS = {"mean": "mean", "median": "median", "std": "std_dev", "min": "min", "max": "max"}


def _setting(config: Any) -> dict[str, Any]:
    """Return what was asked of the benchmark: how requests were sent, and at which rate."""
    strategy = config.get("strategy") if isinstance(config, dict) else None
    if not isinstance(strategy, dict):
        return {}
    found = {"sent": strategy.get("type_"), "request_rate": strategy.get("rate")}
    return found | {key: strategy.get(key) for key in ("streams", "max_concurrency")}


def _status(requests: Any, kind: str) -> list[Any]:
    found = requests.get(kind) if isinstance(requests, dict) else None
    return found if isinstance(found, list) else []


def _requests(one: dict[str, Any], run: str) -> Iterator[dict[str, Any]]:
    for place, request in enumerate(_status(one.get("requests"), "successful"), 1):
        found = {
            name: number(request.get(key), f"{run}: request {place}, {key}") for key, (name, _) in _REQUEST.items()
        }
        yield {"run": run, "request": request.get("request_id"), **found}
