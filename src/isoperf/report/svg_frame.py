"""Where things lie in a picture: the scales of its axes, their ticks and their lines."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from isoperf.report.figure import Axis, Figure
from isoperf.report.palette import colored
from isoperf.report.svg_text import label, measure, px
from isoperf.report.ticks import ticks

__all__ = ["SMALL", "Frame", "Scale", "frame_of", "horizontal_ticks", "painted", "scale"]

SMALL = 11.5
_MARGIN = 0.04
_MINOR_DECADES = 4
_MOST_TICKS = 9
_EVEN = 0.6  # decades within which even steps read better than 1, 2 and 5


@dataclass(frozen=True)
class Scale:
    """An axis laid between two pixels; ``span`` holds the coordinates that lie on them."""

    axis: Axis
    span: tuple[float, float]
    first: float
    last: float

    def at(self, value: float) -> float | None:
        """Return the pixel of a value, or nothing where the axis cannot show it."""
        return self.placed(self.axis.place(value)) if self.axis.shows(value) else None

    def placed(self, coordinate: float) -> float:
        """Return the pixel of a coordinate."""
        low, high = self.span
        return self.first + (coordinate - low) / (high - low) * (self.last - self.first)


@dataclass(frozen=True)
class Frame:
    """The drawing's rectangle as a scale across and a scale up."""

    x: Scale
    y: Scale

    def at(self, x: float, y: float) -> tuple[float, float] | None:
        """Return the pixels of a point, or nothing where an axis cannot show it."""
        across, down = self.x.at(x), self.y.at(y)
        return None if across is None or down is None else (across, down)


def scale(axis: Axis, values: Iterable[float], first: float, last: float, zero: bool = False) -> Scale | None:
    """Lay an axis out with a small margin beyond its values; nothing if it can show none.

    ``zero`` makes it begin or end at 0 where all values lie on one side.
    """
    span = axis.span([*values, 0.0] if zero and not axis.log else values)
    if span is None:
        return None
    low, high = span
    room = _MARGIN * (high - low)
    return Scale(
        axis,
        (low if zero and low == 0 else low - room, high if zero and high == 0 else high + room),
        first,
        last,
    )


def frame_of(figure: Figure, left: float, right: float, top: float, bottom: float) -> Frame | None:
    """Lay both axes into a rectangle, with room at the left for the labels; nothing if one can show no value."""
    y = scale(figure.y, figure.ys(), bottom, top)
    if y is None:
        return None
    margin = max((measure(text, SMALL) for _, text in vertical_ticks(y)), default=0.0)
    x = scale(figure.x, figure.xs(), left + margin + 10, right)
    return None if x is None else Frame(x, y)


def horizontal_ticks(x: Scale, most: int = 7) -> list[tuple[float, str]]:
    """Return as many ticks as there is room for, as pixels with their labels."""
    found: list[tuple[float, str]] = []
    for wanted in range(most, 1, -1):
        found = _placed(x, wanted)
        if found and _apart([(at, measure(text, SMALL) / 2 + 6) for at, text in found]):
            return found
    return found[:: max(len(found) - 1, 1)]


def vertical_ticks(y: Scale) -> list[tuple[float, str]]:
    """Return ticks at least a line apart, as pixels with their labels."""
    found: list[tuple[float, str]] = []
    for wanted in (5, 4, 3, 2):
        found = _placed(y, wanted)
        if found and _apart([(-at, 8.5) for at, _ in found]):
            break
    return found


def _placed(along: Scale, wanted: int) -> list[tuple[float, str]]:
    """Return ticks at pixels; none where they are many, or evenly spaced over much of a decade."""
    found = ticks(along.axis, along.span, wanted)
    low, high = along.span
    uneven = along.axis.log and high - low > _EVEN and not all(_round(at) for at, _ in found)
    if wanted > 2 and (uneven or len(found) > _MOST_TICKS):
        return []
    return [(along.placed(at), text) for at, text in found]


def _round(coordinate: float) -> bool:
    """Whether a coordinate is the logarithm of 1, 2 or 5 times a power of ten."""
    return any(abs(coordinate % 1.0 - math.log10(digit)) < 1e-9 for digit in (1, 2, 5, 10))


def _apart(found: list[tuple[float, float]]) -> bool:
    """Whether no two places are nearer than their half widths; they must grow."""
    return all(after - before >= a + b for (before, a), (after, b) in pairwise(found))


def _minor(axis: Scale) -> Iterator[float]:
    """Yield the pixels of 2, 3 ... 9 in each decade, where decades are few."""
    low, high = axis.span
    if not axis.axis.log or not 1 <= high - low <= _MINOR_DECADES:
        return
    for power in range(math.floor(low), math.ceil(high)):
        inside = (power + math.log10(digit) for digit in range(2, 10))
        yield from (axis.placed(at) for at in inside if low <= at <= high)


def painted(frame: Frame) -> str:
    """Return grid, axes, ticks and titles."""
    left, right, top, bottom = frame.x.first, frame.x.last, frame.y.last, frame.y.first
    across, up = horizontal_ticks(frame.x), vertical_ticks(frame.y)
    grid = "".join(f"M{px(at)} {px(top)}V{px(bottom)}" for at, _ in across)
    grid += "".join(f"M{px(left)} {px(at)}H{px(right)}" for at, _ in up)
    edge = f"M{px(left)} {px(top)}V{px(bottom)}H{px(right)}"
    edge += "".join(f"M{px(at)} {px(bottom)}v4" for at, _ in across)
    edge += "".join(f"M{px(at)} {px(bottom)}v2.5" for at in _minor(frame.x))
    edge += "".join(f"M{px(left)} {px(at)}h-4" for at, _ in up)
    edge += "".join(f"M{px(left)} {px(at)}h-2.5" for at in _minor(frame.y))
    words = "".join(label(at, bottom + 17, text, "middle") for at, text in across)
    words += "".join(label(left - 8, at + 4, text, "end") for at, text in up)
    return (
        f'<path {colored("grid")} d="{grid}" stroke="currentColor" fill="none"/>'
        f'<path {colored("muted")} d="{edge}" stroke="currentColor" stroke-opacity=".7" fill="none"/>'
        f'<g {colored("quiet")} fill="currentColor">{words}</g>'
    )
