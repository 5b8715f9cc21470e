"""Bars that lie on their side, so that long names can be read."""

from __future__ import annotations

import math
from itertools import zip_longest

from isoperf.estimate import Estimate
from isoperf.report.cells import value_text
from isoperf.report.figure import Axis, Figure
from isoperf.report.layers import Bars, Layer, Rule
from isoperf.report.palette import colored
from isoperf.report.svg_frame import SMALL, Scale, horizontal_ticks, scale
from isoperf.report.svg_text import label, measure, px, shortened, xml

__all__ = ["MOST_BARS", "bars_height", "drawn_bars", "rows_of"]

MOST_BARS = 40
_WIDEST = 220.0
_THICK = 13.0
_BETWEEN = 9.0


def rows_of(figure: Figure) -> list[str]:
    """Return the names along the axis of words, those of the first bars first."""
    return list(dict.fromkeys(name for bars in figure.bars for name in bars.labels))[:MOST_BARS]


def bars_height(figure: Figure) -> float:
    """Return how many pixels the bars need."""
    return len(rows_of(figure)) * _row(figure)


def _row(figure: Figure) -> float:
    return _BETWEEN + _THICK * len(figure.bars)


def drawn_bars(figure: Figure, layers: tuple[tuple[Layer, str], ...], left: float, top: float, right: float) -> str:
    """Return names, axis and bars between two pixels, downwards from ``top``."""
    names = rows_of(figure)
    margin = min(max(measure(name, SMALL) for name in names), _WIDEST)
    start = left + margin + 10
    room = max(
        measure(_said(bars, index, figure.y), SMALL) for bars in figure.bars for index in range(len(bars.labels))
    )
    values = scale(figure.y, list(figure.ys()), start, right - room - 6, zero=True)
    if values is None:
        return ""
    bottom = top + bars_height(figure)
    words = "".join(_name(name, start - 8, top + _row(figure) * (row + 0.5) + 4) for row, name in enumerate(names))
    drawn = "".join(
        _bars(figure, bars, color, place, values, top)
        for place, (bars, color) in enumerate(pair for pair in layers if isinstance(pair[0], Bars))
        if isinstance(bars, Bars)
    )
    rules = "".join(_rule(rule, color, values, top, bottom) for rule, color in layers if isinstance(rule, Rule))
    return f'{_axis(values, top, bottom)}<g {colored("ink")} fill="currentColor">{words}</g>{drawn}{rules}'


def _axis(values: Scale, top: float, bottom: float) -> str:
    ticks = horizontal_ticks(values, 4)
    grid = "".join(f"M{px(at)} {px(top)}V{px(bottom)}" for at, _ in ticks)
    words = "".join(label(at, bottom + 16, text, "middle") for at, text in ticks)
    return (
        f'<path {colored("grid")} d="{grid}" stroke="currentColor" fill="none"/>'
        f'<path {colored("muted")} d="M{px(_base(values))} {px(top)}V{px(bottom)}" stroke="currentColor" fill="none"/>'
        f'<g {colored("quiet")} fill="currentColor">{words}</g>'
    )


def _base(values: Scale) -> float:
    """Return where bars begin: at 0, or at the edge of a logarithmic axis."""
    zero = values.at(0.0)
    return values.first if zero is None else zero


def _name(name: str, x: float, y: float) -> str:
    short = shortened(name, SMALL, _WIDEST)
    return label(x, y, short, "end").replace(
        "</text>", f"<title>{xml(name)}</title></text>" if short != name else "</text>"
    )


def _bars(figure: Figure, bars: Bars, color: str, place: int, values: Scale, top: float) -> str:
    rows = {name: row for row, name in enumerate(rows_of(figure))}
    path, errors, words = "", "", ""
    ends = zip_longest(bars.labels, bars.values, bars.low or (), bars.high or ())
    for index, (name, value, low, high) in enumerate(ends):
        end = values.at(value)
        if name not in rows or end is None:
            continue
        y = top + rows[name] * _row(figure) + _BETWEEN / 2 + place * _THICK
        path += f"M{px(_base(values))} {px(y + 1)}H{px(end)}v{_THICK - 2:g}H{px(_base(values))}z"
        reach = [at for x in (low, high) if x is not None and not math.isnan(x) and (at := values.at(x)) is not None]
        if len(reach) == 2:
            middle = y + _THICK / 2
            errors += f"M{px(reach[0])} {px(middle)}H{px(reach[1])}"
            errors += "".join(f"M{px(at)} {px(middle - 3)}v6" for at in reach)
        words += label(
            max(end, _base(values), *reach, values.first) + 5, y + _THICK / 2 + 4, _said(bars, index, figure.y)
        )
    return (
        f'<g {colored(color)}><path d="{path}" fill="currentColor" fill-opacity=".8"/></g>'
        f'<g {colored("ink")}><path d="{errors}" stroke="currentColor" stroke-width="1.2" fill="none"/></g>'
        f'<g {colored("quiet")} fill="currentColor">{words}</g>'
    )


def _said(bars: Bars, index: int, axis: Axis) -> str:
    low, high = (tuple(ends)[index] if ends else None for ends in (bars.low, bars.high))
    return value_text(Estimate(tuple(bars.values)[index], low, high), axis.unit)


def _rule(rule: Rule, color: str, values: Scale, top: float, bottom: float) -> str:
    at = None if rule.y is None else values.at(rule.y)
    if at is None:
        return ""
    path = f"M{px(at)} {px(top)}V{px(bottom)}"
    return f'<path {colored(color)} d="{path}" stroke="currentColor" stroke-width="1.4" stroke-dasharray="4,4"/>'
