"""Weights & Biases: folders of runs on the disk, the CSV of a chart, a run's history as CSV, Parquet or JSON Lines.

A run's folder holds a binary log, ``run-<id>.wandb``, whether or not it was uploaded. A chart's
file has a column ``<run> - <metric>`` for each run, with ``__MIN`` and ``__MAX`` beside it.
``history()`` gives a sample of 500 rows where ``scan_history()`` gives all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from isoperf.errors import DataError
from isoperf.readers._source import Source
from isoperf.readers.tools._found import Found, from_records, settled, text_cells
from isoperf.readers.tools._runs import history_table, runs_table
from isoperf.readers.tools._wandb_log import HEADING
from isoperf.readers.tools._wandb_runs import flat, runs_in_logs

TITLE = "Weights & Biases"
TABLES = ("runs", "history")
HOLDS_OTHERS = True
_LOG = "*.wandb"
_EXTREMES = ("__MIN", "__MAX")
_HISTORY = frozenset(("_step", "_timestamp"))
_NAMES = {"_step": "step", "_runtime": "seconds", "_timestamp": "time"}
_UNITS = {"step": "steps", "seconds": "s", "time": "s", "started": "s", "project": "text", "group": "text"}
_SAMPLED = 500


def recognises(source: Source) -> bool:
    """Whether it is a log, a folder with some, or a table with the columns of a chart or of a history."""
    if source.is_folder:
        return next(source.files(_LOG), None) is not None
    if source.head.startswith(HEADING[:4]) or _charted(source.header):
        return True
    return set(source.header) >= _HISTORY or (bool(source.records) and source.records[0].keys() >= _HISTORY)


def read(source: Source, table: str) -> Found:
    """Read runs with their settings and summary, or one row per run and step.

    Raises
    ------
    DataError : runs are asked of a file that holds a course alone, or a log is damaged at its start.
    """
    if source.is_folder or not (source.header or source.records):
        return _logs(source, table)
    if source.sheet == "runs":
        raise DataError(f"{source.name} holds the course of a run. Name the folder wandb/ for runs.")
    found = _course(source)
    return replace(found, table="history", alone=True)


def _logs(source: Source, table: str) -> Found:
    paths = list(source.files(_LOG)) if source.is_folder else [source.path]
    runs, notes = runs_in_logs(paths, last_values=table == "runs")
    return (history_table if table == "history" else runs_table)(runs, units=_UNITS, skipped=notes)


def _course(source: Source) -> Found:
    if source.header:
        cells = {name: text_cells(column) for name, column in source.cells().items()}
        return _chart(cells) if _charted(tuple(cells)) else _history(_listed(cells), source.stem)
    return _history([flat(one) for one in source.records], source.stem)


def _charted(header: Sequence[str]) -> list[str]:
    """Return the columns that have their extremes beside them."""
    known = set(header)
    return [name for name in header if " - " in name and all(f"{name}{end}" in known for end in _EXTREMES)]


def _chart(cells: dict[str, list[str | None]]) -> Found:
    axis, numbers = next(iter(cells)), {name: settled(cells[name]) for name in _charted(tuple(cells))}
    x = settled(cells[axis])
    rows: dict[tuple[str, Any], dict[str, Any]] = {}
    for name, values in numbers.items():
        run, _, metric = name.rpartition(" - ")
        for place, value in zip(x, values, strict=True):
            if value is not None and metric != "_step":
                row = rows.setdefault((run, place), {"run": run, _axis(axis): place})
                row[metric] = value
    order = {run: place for place, run in enumerate(dict.fromkeys(run for run, _ in rows))}
    kept = sorted(rows, key=lambda key: (order[key[0]], key[1]))
    note = f"{2 * len(numbers)} columns of extremes (__MIN, __MAX)"
    return from_records([rows[key] for key in kept], units=_UNITS, skipped=(note,))


def _axis(name: str) -> str:
    return {"Step": "step", "_step": "step", "global_step": "step", "Relative Time (Process)": "seconds"}.get(
        name, name
    )


def _listed(cells: dict[str, list[str | None]]) -> list[dict[str, Any]]:
    columns = {name: settled(column) for name, column in cells.items() if not name.startswith("unnamed_")}
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _history(records: list[dict[str, Any]], run: str) -> Found:
    steps = [one["_step"] for one in records if isinstance(one.get("_step"), int | float)]
    sampled = len(records) == _SAMPLED and bool(steps) and max(steps) >= _SAMPLED
    note = "perhaps most rows: 500 with gaps is what history() samples; scan_history() gives all" if sampled else ""
    rows = [
        {"run": run, **{_NAMES.get(key, key): value for key, value in one.items() if key in _NAMES or key[:1] != "_"}}
        for one in records
    ]
    return from_records(rows, units=_UNITS, skipped=(note,), first=("run", "step"))
