"""Tables of several files under each other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isoperf.cells import without_halves
from isoperf.errors import DataError
from isoperf.observations import Observations

__all__ = ["stack"]

FILE = "file"


def stack(tables: Sequence[Observations], names: Sequence[str], source: str) -> Observations:
    """Put tables under each other, with a column ``file`` that says where each row came from.

    A column that one table lacks is missing there.

    Raises
    ------
    DataError : a column is in different units, or numbers in one file and words in another.
    """
    columns = list(dict.fromkeys(column for table in tables for column in table.columns))
    units = {column: _unit(column, tables, names) for column in columns}
    stacked = {column: _cells(column, tables, names) for column in columns}
    labels = [without_halves(name) for name, table in zip(names, tables, strict=True) for _ in range(len(table))]
    changes: dict[str, str] = {}
    for table in tables:
        changes |= table.conversions
    made = {FILE: np.array(labels, dtype=object)} if FILE not in stacked else {}
    return Observations({**made, **stacked}, source, {FILE: "", **units}, {}, changes)


def _unit(column: str, tables: Sequence[Observations], names: Sequence[str]) -> str:
    found = {
        table.units[column]: name
        for table, name in zip(tables, names, strict=True)
        if column in table and not _blank(table[column])
    }
    if len(found) > 1:
        said = ", ".join(f"{unit or 'no unit'} in {name}" for unit, name in found.items())
        raise DataError(f"column {column!r} has different units ({said}). Say the unit of each: load them one by one.")
    return next(iter(found), "")


def _cells(column: str, tables: Sequence[Observations], names: Sequence[str]) -> NDArray[Any]:
    kinds: dict[bool, str] = {}
    for table, name in zip(tables, names, strict=True):
        if column in table and not _blank(table[column]):
            kinds.setdefault(table.is_words(column), name)
    if len(kinds) > 1:
        raise DataError(
            f"column {column!r} holds words in {kinds[True]} and numbers in {kinds[False]}. "
            f"Read it as words with units={{{column!r}: 'text'}}, or correct the file."
        )
    words = next(iter(kinds), False)
    kind: Any = object if words else np.float64
    return np.concatenate([_part(table, column, words).astype(kind) for table in tables])


def _part(table: Observations, column: str, words: bool) -> NDArray[Any]:
    if column in table and not _blank(table[column]):
        return table[column]
    return np.full(len(table), "" if words else np.nan, dtype=object if words else np.float64)


def _blank(values: NDArray[Any]) -> bool:
    return bool(np.all(values == "")) if values.dtype == object else bool(np.isnan(values).all())
