"""Markdown tables and the few ways numbers are written in them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

__all__ = ["number", "percent", "ratio", "seconds", "table"]


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a pipe table; the first column is words, the others are right-aligned."""
    rule = ["---", *["---:"] * (len(header) - 1)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in [header, rule, *rows])


def seconds(value: float | None) -> str:
    """Write a duration with three figures."""
    return "-" if value is None else f"{value:.3g}" if value < 100 else f"{value:.0f}"


def number(value: float | None, digits: int = 4) -> str:
    """Write a number with a given count of figures, without an exponent below a million."""
    if value is None:
        return "-"
    return f"{value:.{digits}g}" if abs(value) < 10**digits else f"{value:,.0f}"


def percent(share: float | None, digits: int = 1) -> str:
    """Write a share as a percentage."""
    return "-" if share is None else f"{100 * share:.{digits}f} %"


def ratio(value: float | None, base: float | None) -> str:
    """Write how many times ``base`` a value is."""
    return "-" if value is None or not base else f"{value / base:.3g}"
