"""How a table's cells and notes read, the same in every rendering."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterator

from isoperf.estimate import Estimate, Status, format_number
from isoperf.report.blocks import Cell, Column, Table

__all__ = ["cell_text", "clean", "interval", "notes", "number", "said", "unit_of", "value_text"]

_COUNTS = ("params", "parameters", "tokens")
_SUFFIXES = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "K"))
_PLAIN = 1e4  # below it a count is written in full


def clean(text: str) -> str:
    """Replace control characters and broken code points, which a terminal or page would obey."""
    return "".join(
        "\ufffd" if unicodedata.category(char) in ("Cc", "Cs") and char not in "\n\t" else char
        for char in text.replace("\r\n", "\n")
    )


def number(value: float | None, unit: str = "", digits: int = 3) -> str:
    """Write a number as its unit is usually read: ``434K`` params, ``1.46e14`` FLOPs, ``4.34`` %.

    ``digits`` holds for those units; any other keeps the four of :func:`format_number`.
    """
    if value is None or not math.isfinite(value):
        return format_number(value)
    if unit == "FLOPs" and abs(value) >= _PLAIN:
        mantissa, power = f"{value:.{digits - 1}e}".split("e")
        return f"{mantissa.rstrip('0').rstrip('.') if '.' in mantissa else mantissa}e{int(power)}"
    if unit in _COUNTS and abs(value) >= _PLAIN:
        rounded = float(f"{value:.{digits}g}")
        for scale, suffix in _SUFFIXES:
            if scale <= abs(rounded) < 1e15:
                return f"{rounded / scale:.{digits}g}{suffix}"
    return _percent(value) if unit.endswith("%") and digits <= 3 else format_number(value, max(digits, 4))


def _percent(value: float) -> str:
    """Write hundredths below ten and tenths below a hundred, so that a column of them lines up."""
    size = abs(value)
    if 0.005 <= size < _PLAIN:
        return f"{value:.{2 if size < 10 else 1 if size < 100 else 0}f}"
    return format_number(value, 3)


def value_text(estimate: Estimate, unit: str = "") -> str:
    """Write the value to the digits that its interval leaves meaningful."""
    return _to_places(estimate.value, _places(estimate, unit), unit)


def said(estimate: Estimate, unit: str = "") -> str:
    """Write value and interval for a sentence, without unit and status."""
    return f"{value_text(estimate, unit or estimate.unit)} {interval(estimate, unit or estimate.unit)}".rstrip()


def interval(estimate: Estimate, unit: str = "") -> str:
    """Write ``[low, high]``, or nothing when either is unknown."""
    if estimate.low is None or estimate.high is None:
        return ""
    places = _places(estimate, unit)
    return f"[{_to_places(estimate.low, places, unit)}, {_to_places(estimate.high, places, unit)}]"


def _places(estimate: Estimate, unit: str) -> int | None:
    """Return the decimals that show two digits of the interval's half-width; ``None`` to use the unit's own.

    One more where a lopsided interval would leave its small end a single digit.
    """
    known = [x for x in (estimate.value, estimate.low, estimate.high) if x is not None and math.isfinite(x)]
    if len(known) < 3 or unit == "FLOPs" or unit in _COUNTS or max(map(abs, known)) >= _PLAIN:
        return None
    half = (known[2] - known[1]) / 2
    if half <= 0:  # turned round, or so small that halving leaves nothing
        return None
    places = _two_digits(half)
    small = min((abs(x) for x in known if x), default=1.0)
    places = min(max(places, _two_digits(small)), places + 1)
    return max(places, 0) if places <= 5 else None


def _two_digits(x: float) -> int:
    """Return the decimals that show two digits of a number above 0."""
    return 1 - math.floor(math.log10(float(f"{x:.2g}")))


def _to_places(value: float | None, places: int | None, unit: str) -> str:
    return number(value, unit) if places is None or value is None else f"{value:.{places}f}"


def unit_of(estimate: Estimate, column: Column) -> str:
    """Return the unit a cell must carry itself, because its column does not."""
    return "" if estimate.unit == column.unit else estimate.unit


def cell_text(cell: Cell, column: Column) -> str:
    """Write one cell: ``2.31 [2.2, 2.4] nats/token (extrapolated)``."""
    match cell:
        case Estimate():
            status = "" if cell.status is Status.OK else f"({cell.status.value})"
            unit = cell.unit or column.unit
            parts = (value_text(cell, unit), interval(cell, unit), unit_of(cell, column), status)
            return " ".join(clean(part) for part in parts if part)
        case bool():
            return "yes" if cell else "no"
        case int() if abs(cell) < _PLAIN or (not column.unit and abs(cell) < 1_000_000):
            return str(cell)
        case int() | float():
            return number(cell, column.unit)
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
