"""What a table holds, in short: a digest of its content and a summary of each column."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["ColumnSummary", "digest", "summarise"]


class ColumnSummary(NamedTuple):
    """A column in one line; ``median`` is None for words, ``missing`` counts cells."""

    column: str
    unit: str
    kind: str
    min: float | str | None
    median: float | None
    max: float | str | None
    missing: int
    derived: str


def digest(columns: Mapping[str, NDArray[Any]], units: Mapping[str, str]) -> str:
    """Hash names, units and cells with SHA-256, whatever the order of columns."""
    running = hashlib.sha256()
    for name in sorted(columns):
        values = columns[name]
        kind = "word" if values.dtype == object else "number"
        running.update(repr((name, units.get(name, ""), kind, len(values))).encode())
        running.update(_bytes(values))
    return f"sha256:{running.hexdigest()}"


def _bytes(values: NDArray[Any]) -> bytes:
    """Return cells as bytes that are equal exactly when the cells are."""
    if values.dtype == object:
        return repr(values.tolist()).encode("utf-8", "backslashreplace")
    plain = np.where(np.isnan(values), np.nan, values + 0.0)
    return plain.astype("<f8").tobytes()


def summarise(
    columns: Mapping[str, NDArray[Any]], units: Mapping[str, str], derived: Mapping[str, str]
) -> list[ColumnSummary]:
    """Summarise every column in order."""
    return [
        (_words if values.dtype == object else _numbers)(name, values, units.get(name, ""), derived.get(name, ""))
        for name, values in columns.items()
    ]


def _numbers(name: str, values: NDArray[Any], unit: str, formula: str) -> ColumnSummary:
    known = values[~np.isnan(values)]
    missing = len(values) - len(known)
    if not len(known):
        return ColumnSummary(name, unit, "number", None, None, None, missing, formula)
    low, high = float(known.min()), float(known.max())
    return ColumnSummary(name, unit, "number", low, float(np.median(known)), high, missing, formula)


def _words(name: str, values: NDArray[Any], unit: str, formula: str) -> ColumnSummary:
    known = [word for word in values.tolist() if word]
    low, high = (min(known), max(known)) if known else (None, None)
    return ColumnSummary(name, unit, "word", low, None, high, len(values) - len(known), formula)
