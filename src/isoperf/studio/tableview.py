"""What a page shows of a table: each column's meaning, unit and range, the first rows, a plot of two columns."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from isoperf.columns import COLUMNS, meant
from isoperf.observations import Observations
from isoperf.report import Axis, Figure, Points
from isoperf.report.html_figure import html_figure

__all__ = ["HEAD", "column_rows", "first_rows", "numbers_of", "plot"]

HEAD = 20
SERIES = 8  # colours that can be told apart
MOST_POINTS = 5000


def column_rows(table: Observations) -> list[dict[str, Any]]:
    """Return each column in plain values: what it is taken for, its unit, its range."""
    return [
        {
            "name": one.column,
            "known": one.column in COLUMNS,
            "meaning": COLUMNS[one.column].meaning if one.column in COLUMNS else "",
            "perhaps": "" if one.column in COLUMNS else _perhaps(one.column, table),
            "unit": one.unit,
            "kind": one.kind,
            "min": _plain(one.min),
            "median": _plain(one.median),
            "max": _plain(one.max),
            "missing": one.missing,
            "derived": one.derived,
            "converted": table.conversions.get(one.column, ""),
        }
        for one in table.describe()
    ]


def first_rows(table: Observations, count: int = HEAD) -> list[list[Any]]:
    """Return the first rows, cell by cell, in the order of the columns."""
    head = table.take(np.arange(min(count, len(table))))
    return [[_plain(value) for value in row.values()] for row in head.to_dicts()]


def numbers_of(table: Observations) -> list[str]:
    """Return the columns that can be drawn: numbers that vary; any numbers where too few do."""
    found = [name for name in table.columns if not table.is_words(name)]
    varied = [name for name in found if np.unique(table[name][~np.isnan(table[name])]).size > 1]
    return varied if len(varied) > 1 else found


def plot(table: Observations, x: str, y: str, by: str = "") -> str:
    """Return the drawing of two columns, as a part of a page; a third may divide the points."""
    rows = np.arange(len(table))
    if len(rows) > MOST_POINTS:
        rows = np.sort(np.random.default_rng(0).choice(rows, MOST_POINTS, replace=False))
    shown = table.take(rows)
    groups = shown.groups(by) if by in table else {y: shown}
    names = list(groups)
    rest = [groups[name] for name in names[SERIES - 1 :]] if len(names) > SERIES else []
    parts = {name: [groups[name]] for name in (names[: SERIES - 1] if rest else names)}
    if rest:
        parts[f"{len(rest)} others"] = rest
    layers = tuple(
        Points(name or "(none)", np.concatenate([one[x] for one in part]), np.concatenate([one[y] for one in part]))
        for name, part in parts.items()
    )
    units = table.units
    sampled = f"{MOST_POINTS} of {len(table)} rows, drawn at random." if len(table) > MOST_POINTS else ""
    figure = Figure(
        f"{y} against {x}",
        Axis(x, units.get(x, ""), _ratios(shown[x])),
        Axis(y, units.get(y, ""), _ratios(shown[y])),
        layers,
        sampled,
    )
    return html_figure(figure, 0)


def _perhaps(name: str, table: Observations) -> str:
    """Return the column of the glossary that a name is another word for, when the table lacks it."""
    return meant(name, table)


def _ratios(values: Any) -> bool:
    """Whether a column is better seen in ratios: positive throughout, over more than a factor of thirty."""
    known = values[np.isfinite(values)]
    return bool(known.size) and known.min() > 0 and known.max() / known.min() > 30


def _plain(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
