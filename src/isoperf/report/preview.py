"""The head of a table as a notebook shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from isoperf.report.blocks import Column, Facts, Table
from isoperf.report.fragment import blocks_fragment

__all__ = ["table_preview"]

FIRST_ROWS = 8
FIRST_COLUMNS = 30


def table_preview(
    columns: Mapping[str, NDArray[Any]], units: Mapping[str, str], source: str, derived: Mapping[str, str]
) -> str:
    """Return size and source, the first rows with units, and how computed columns came about.

    Parameters
    ----------
    columns : name -> array of shape (n,), numbers or words.
    """
    names = list(columns)[:FIRST_COLUMNS]
    n_rows = len(next(iter(columns.values()))) if columns else 0
    heads = tuple(Column(name, units.get(name, "")) for name in names)
    rows = tuple(tuple(columns[name][row] for name in names) for row in range(min(n_rows, FIRST_ROWS)))
    table = Table(_sized(n_rows, len(columns), source), heads, rows, _left_out(n_rows, len(columns)))
    facts = (Facts("How computed columns came about", tuple(derived.items())),) if derived else ()
    return blocks_fragment((table, *facts))


def _sized(n_rows: int, n_columns: int, source: str) -> str:
    rows, columns = (f"{n:,} {word}{'' if n == 1 else 's'}" for n, word in ((n_rows, "row"), (n_columns, "column")))
    return f"{rows}, {columns}; source: {source}"


def _left_out(n_rows: int, n_columns: int) -> str:
    parts = [f"the first {FIRST_ROWS} rows"] * (n_rows > FIRST_ROWS)
    parts += [f"the first {FIRST_COLUMNS} columns"] * (n_columns > FIRST_COLUMNS)
    return f"Shown are {' of '.join(parts)}." if parts else ""
