"""Round numbers along an axis."""

from __future__ import annotations

import math

from isoperf.report.cells import number
from isoperf.report.figure import Axis

__all__ = ["ticks"]


def ticks(axis: Axis, span: tuple[float, float], wanted: int = 3) -> list[tuple[float, str]]:
    """Return at least ``wanted`` round values with their coordinate, as few as reach that number.

    Parameters
    ----------
    axis : tells whether coordinates are logarithms to base 10.
    span : first and last coordinate, the first the smaller.
    """
    values = _ratios(span, wanted) if axis.log else _steps(*span, wanted)
    placed = ((axis.place(value), value) for value in values)
    return [(at, number(value, axis.unit, digits=6)) for at, value in placed if span[0] <= at <= span[1]]


def _ratios(span: tuple[float, float], wanted: int) -> list[float]:
    """Return decades, or 1, 2 and 5 in each, or even steps where the axis spans too little for those."""
    first, last = math.floor(span[0]), math.ceil(span[1])
    whole = math.floor(span[1]) - math.ceil(span[0]) + 1
    if whole >= wanted:
        step = whole // wanted
        return [float(f"1e{power}") for power in range(math.ceil(span[0]), last + 1, step)]
    fine = [float(f"{digit}e{power}") for power in range(first, last + 1) for digit in (1, 2, 5)]
    inside = [value for value in fine if span[0] <= math.log10(value) <= span[1]]
    return inside if len(inside) >= wanted else _steps(10 ** span[0], 10 ** span[1], wanted)


def _steps(low: float, high: float, wanted: int) -> list[float]:
    rough = (high - low) / wanted
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(size * power for size in (5, 2, 1) if size * power <= rough * 1.0001)
    first = math.ceil(low / step - 1e-9)
    return [float(f"{index * step:.10g}") for index in range(first, math.floor(high / step + 1e-9) + 1)]
