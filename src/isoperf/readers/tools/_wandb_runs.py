"""Runs in the binary logs that Weights & Biases keeps beside each run, before and without any upload.

Field numbers are those of its ``wandb_internal.proto``. A run that was resumed has a log in each
of its folders. A log without a record of the run's end is of one that was killed or still runs.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from isoperf.errors import DataError
from isoperf.readers._files import read_bytes
from isoperf.readers.tools._found import counted
from isoperf.readers.tools._messages import double, fields_of, last, signed, text
from isoperf.readers.tools._runs import Point, Run
from isoperf.readers.tools._wandb_log import HEADING, records_of

__all__ = ["flat", "runs_in_logs"]

_HISTORY, _SUMMARY, _CONFIG, _RUN, _EXIT = 2, 3, 5, 17, 18
_KEY, _NESTED, _JSON = 1, 2, 16
_TYPED: dict[int, Callable[[Any], Any]] = {4: bool, 5: signed, 6: double}
_WORDS = (7, 8)
_FACTS = {"run": 1, "name": 8, "project": 3, "group": 6, "job_type": 7, "sweep": 12}
_RUN_CONFIG, _STARTED, _KEPT = 4, 17, 20
_ENDED = {True: "FINISHED", False: "FAILED", None: "UNFINISHED"}
_OURS = {"_timestamp": "time", "_runtime": "seconds"}
_TAKEN = frozenset(("run", "name", "step", "time", "seconds"))


@dataclass
class _Held:
    """A run put together from its logs."""

    facts: dict[str, Any] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)
    points: list[Point] = field(default_factory=list)
    ended: bool | None = None
    before: float = 0.0
    seconds: float | None = None

    def begin(self, kept: int) -> None:
        """Go on in another log; its times begin at 0 again unless it says what came before."""
        self.ended = None
        self.before = 0.0 if kept else self.seconds or 0.0


def runs_in_logs(paths: Iterable[Path], *, last_values: bool) -> tuple[list[Run], list[str]]:
    """Return the runs, and what was left out.

    Parameters
    ----------
    paths : the logs, those of one run in the order in which they were written.
    last_values : whether the summary joins the points, as what came last.

    Raises
    ------
    DataError : a log is damaged before its first record, or names no run.
    """
    held: dict[str, _Held] = {}
    notes, others = [], 0
    for path in paths:
        data = read_bytes(path)
        if not data.startswith(HEADING):
            raise DataError(f"{path.name} does not begin as a log of Weights & Biases. Copy it again.")
        log = records_of(data)
        messages = [fields_of(record) for record in log.records]
        about = next((fields_of(one[_RUN][-1]) for one in messages if _RUN in one), None)
        if about is None or not text(about, _FACTS["run"]):
            said = f" ({log.broken})" if log.broken else ""
            raise DataError(f"{path.name} names no run{said}. Copy the folder of the run again.")
        run = held.setdefault(text(about, _FACTS["run"]), _Held())
        run.begin(last(about, _KEPT, 0))
        others += sum(_take(message, run) for message in messages)
        if log.broken:
            notes.append(f"the rest of {path.name}: {log.broken}")
    if others:
        notes.append(f"{counted(others, 'value')} that are no numbers (words, lists, media)")
    return [_made(run, last_values) for run in held.values()], notes


def _take(message: dict[int, list[Any]], run: _Held) -> int:
    """Add one record to its run; return how many of its values are no numbers."""
    others = 0
    if _RUN in message:
        about = fields_of(message[_RUN][-1])
        run.facts |= {name: found for name, key in _FACTS.items() if (found := text(about, key))}
        if _STARTED in about:
            run.facts.setdefault("started", _epoch(fields_of(about[_STARTED][-1])))
        _change(run.config, last(about, _RUN_CONFIG, b""))
    elif _CONFIG in message:
        _change(run.config, message[_CONFIG][-1])
    elif _SUMMARY in message:
        _change(run.summary, message[_SUMMARY][-1])
        _lasted(run, run.summary.get("_runtime"))
    elif _HISTORY in message:
        others = _log(message[_HISTORY][-1], run)
    elif _EXIT in message:
        run.ended = not last(fields_of(message[_EXIT][-1]), 1, 0)
    return others


def _epoch(stamp: dict[int, list[Any]]) -> float:
    return float(signed(last(stamp, 1, 0))) + float(last(stamp, 2, 0)) * 1e-9


def _change(held: dict[str, Any], record: bytes) -> None:
    """Apply what a record of settings or of the summary sets and removes."""
    change = fields_of(record)
    for name, value in _items(change.get(1, ())):
        held |= flat({name: value})
    for item in change.get(2, ()):
        gone = _name(fields_of(item))
        for name in [name for name in held if name == gone or name.startswith(f"{gone}.")]:
            del held[name]


def _items(items: Iterable[bytes]) -> Iterator[tuple[str, Any]]:
    for item in items:
        found = fields_of(item)
        yield _name(found), _value(found)


def _name(item: dict[int, list[Any]]) -> str:
    nested: list[bytes] = item.get(_NESTED, [])
    return ".".join(part.decode() for part in nested) or text(item, _KEY)


def _value(item: dict[int, list[Any]]) -> Any:
    if words := text(item, _JSON):
        return json.loads(words)
    for key, read in _TYPED.items():
        if key in item:
            return read(item[key][-1])
    return next((text(item, key) for key in _WORDS if key in item), None)


def flat(record: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Join nested keys by a point; lists and media are no cells."""
    made: dict[str, Any] = {}
    for key, value in record.items():
        if isinstance(value, dict):
            made |= {} if "_type" in value else flat(value, f"{prefix}{key}.")
        elif not isinstance(value, list):
            made[f"{prefix}{key}"] = float(value) if isinstance(value, bool) else value
    return made


def _log(record: bytes, run: _Held) -> int:
    history = fields_of(record)
    raw = dict(_items(history.get(1, ())))
    row = flat(raw)
    step = _number(row.get("_step"))
    if step is None:
        step = float(signed(last(fields_of(last(history, 2, b"")), 1, 0)))
    time = _number(row.get("_timestamp")) or 0.0
    _lasted(run, row.get("_runtime"))
    others = sum(isinstance(value, list) or (isinstance(value, dict) and "_type" in value) for value in raw.values())
    for key, value in row.items():
        number = _number(value)
        others += isinstance(value, str) and number is None
        if number is not None and (key in _OURS or key[:1] != "_"):
            value = number + run.before if key == "_runtime" else number
            run.points.append(Point(_OURS.get(key) or _free(key), step, value, time))
    return others


def _lasted(run: _Held, runtime: Any) -> None:
    seconds = _number(runtime)
    if seconds is not None:
        run.seconds = run.before + seconds


def _number(value: Any) -> float | None:
    """Return a number; JSON has no sign for infinity, so that arrives as a word."""
    if isinstance(value, str):
        return {"Infinity": math.inf, "-Infinity": -math.inf, "NaN": math.nan}.get(value)
    return float(value) if isinstance(value, int | float) else None


def _free(key: str) -> str:
    return f"metrics.{key}" if key in _TAKEN else key


def _made(run: _Held, last_values: bool) -> Run:
    facts = {**run.facts, "status": _ENDED[run.ended]}
    params = {
        key: value if isinstance(value, str) else repr(value)
        for key, value in run.config.items()
        if value is not None and key != "_wandb" and not key.startswith("_wandb.")
    }
    made = Run(facts, params, run.points)
    if last_values:
        facts["step"] = _number(run.summary.get("_step")) or max((point.step for point in run.points), default=None)
        facts["seconds"] = run.seconds
        kept = [point for point in run.points if point.key not in ("time", "seconds")]
        ends = {key: number for key, value in run.summary.items() if (number := _number(value)) is not None}
        kept += [Point(_free(key), math.inf, end, math.inf) for key, end in ends.items() if key[:1] != "_"]
        made = Run(facts, params, kept)
    return made
