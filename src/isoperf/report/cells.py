"""How a table's cells and notes read, the same in every rendering."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from isoperf.estimate import Estimate, Status, format_number
from isoperf.report.blocks import Cell, Column, Table

__all__ = ["cell_text", "clean", "interval", "notes", "unit_of"]


def clean(text: str) -> str:
    """Replace control characters and broken code points, which a terminal or page would obey."""
    return "".join(
        "\ufffd" if unicodedata.category(char) in ("Cc", "Cs") and char not in "\n\t" else char
        for char in text.replace("\r\n", "\n")
    )


def interval(estimate: Estimate) -> str:
    """Write ``[low, high]``, or nothing when either is unknown."""
    if estimate.low is None or estimate.high is None:
        return ""
    return f"[{format_number(estimate.low)}, {format_number(estimate.high)}]"


def unit_of(estimate: Estimate, column: Column) -> str:
    """Return the unit a cell must carry itself, because its column does not."""
    return "" if estimate.unit == column.unit else estimate.unit


def cell_text(cell: Cell, column: Column) -> str:
    """Write one cell: ``2.31 [2.2, 2.4] nats/token (extrapolated)``."""
    match cell:
        case Estimate():
            status = "" if cell.status is Status.OK else f"({cell.status.value})"
            parts = (format_number(cell.value), interval(cell), unit_of(cell, column), status)
            return " ".join(clean(part) for part in parts if part)
        case bool():
            return "yes" if cell else "no"
        case int() if abs(cell) < 1_000_000:
            return str(cell)
        case int() | float():
            return format_number(cell)
        case None:
            return "-"
        case _:
            return clean(cell)


def notes(table: Table) -> tuple[str, ...]:
    """Return what a reader needs below the table: its note, the level, each status that occurs."""
    found = [clean(table.note)] if table.note else []
    estimates = list(_estimates(table))
    levels = sorted({e.level for e in estimates if e.level is not None and interval(e)})
    if levels:
        said = " and ".join(f"{format_number(100 * level)}%" for level in levels)
        found.append(f"Brackets hold the {said} interval.")
    statuses = dict.fromkeys(e.status for e in estimates if e.status is not Status.OK)
    found.extend(f"{status.value}: {status.meaning}." for status in statuses)
    return tuple(found)


def _estimates(table: Table) -> Iterator[Estimate]:
    return (cell for row in table.rows for cell in row if isinstance(cell, Estimate))
