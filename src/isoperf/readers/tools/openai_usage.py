"""Logs of responses with a ``usage`` object, as the OpenAI interfaces and those like them return.

Cached tokens are part of the prompt and reasoning tokens part of the completion: they get
columns of their own and are added to nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from isoperf.readers._source import Source
from isoperf.readers.tools._found import Found, counted, from_records, number

TITLE = "a log of OpenAI-style usage"
_COUNTS = ({"prompt_tokens", "completion_tokens"}, {"input_tokens", "output_tokens"})
_NAMES = {
    "latency_ms": ("e2e_latency", "ms"), "duration_ms": ("e2e_latency", "ms"), "latency_s": ("e2e_latency", "s"),
    "ttft_ms": ("ttft", "ms"), "cost": ("cost_usd", "USD"), "cost_usd": ("cost_usd", "USD"), "id": ("request", ""),
    "custom_id": ("item", ""), "model": ("model", ""), "created": ("created", "s"), "created_at": ("created", "s"),
}  # fmt: skip
_OWN = frozenset(
    ("object", "status", "usage", "response", "service_tier", "system_fingerprint", "error", "parallel_tool_calls",
     "tool_choice", "truncation", "store", "background")
)  # fmt: skip
_UNITS = {name: unit for name, unit in _NAMES.values() if unit and name != "e2e_latency"}
_UNITS |= dict.fromkeys(("n_tokens_in", "n_tokens_out", "n_tokens_cached", "n_tokens_reasoning"), "tokens")


def recognises(source: Source) -> bool:
    """Whether the first records that say what was used say it in that way."""
    return any(_usage(_body(one)) is not None for one in source.records[:100])


def read(source: Source, table: str) -> Found:
    """Read one row per response that says what it used; the last one of an id counts."""
    rows: dict[Any, dict[str, Any]] = {}
    silent, again, odd = 0, 0, 0
    for line, record in enumerate(source.records, 1):
        body = _body(record)
        usage = _usage(body)
        if usage is None:
            silent += 1
            continue
        row = _row(record, body, usage, f"{source.name}: record {line}")
        odd += _disagrees(row, usage)
        key = row.get("request") or line
        again += key in rows
        rows.pop(key, None)
        rows[key] = row
    notes = (
        f"{counted(silent, 'record')} without a count of tokens" if silent else "",
        f"{counted(again, 'earlier record')} of a response that is there twice" if again else "",
        f"in {counted(odd, 'record')} the total is not prompt and completion together" if odd else "",
    )
    return from_records(list(rows.values()), units=_UNITS, skipped=notes)


def _body(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the response in a record; files of batches and many logs wrap it."""
    for key in ("response", "body"):
        inner = record.get(key)
        if isinstance(inner, dict):
            return _body(inner) if "usage" not in inner else inner
    return record


def _usage(body: Mapping[str, Any]) -> dict[str, Any] | None:
    usage = body.get("usage")
    return usage if isinstance(usage, dict) and any(usage.keys() >= names for names in _COUNTS) else None


def _row(record: Mapping[str, Any], body: Mapping[str, Any], usage: dict[str, Any], place: str) -> dict[str, Any]:
    new = "input_tokens" in usage
    into, out = ("input", "output") if new else ("prompt", "completion")
    row: dict[str, Any] = {}
    for key, value in {**record, **body}.items():
        name, unit = _NAMES.get(key, (key, ""))
        if key in _OWN or isinstance(value, list | dict):
            continue
        known = number(value, f"{place}, {key}") if unit and not isinstance(value, str) else value
        row[name] = known / 1000 if unit == "ms" and isinstance(known, float) else known
    return row | {
        "n_tokens_in": number(usage.get(f"{into}_tokens"), f"{place}, {into}_tokens"),
        "n_tokens_out": number(usage.get(f"{out}_tokens"), f"{place}, {out}_tokens"),
        "n_tokens_cached": _part(usage, f"{into}_tokens_details", "cached_tokens", place),
        "n_tokens_reasoning": _part(usage, f"{out}_tokens_details", "reasoning_tokens", place),
    }


def _part(usage: dict[str, Any], details: str, key: str, place: str) -> float | None:
    held = usage.get(details)
    return number(held.get(key), f"{place}, {key}") if isinstance(held, dict) else None


def _disagrees(row: dict[str, Any], usage: dict[str, Any]) -> bool:
    total = usage.get("total_tokens")
    parts = (row["n_tokens_in"], row["n_tokens_out"])
    return isinstance(total, int | float) and None not in parts and total != parts[0] + parts[1]
