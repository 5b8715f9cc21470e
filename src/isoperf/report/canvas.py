"""A grid of characters on which a figure is sketched."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from isoperf.report.figure import Axis, Figure
from isoperf.report.layers import Band, Line, Points, Role, Rule

__all__ = ["GLYPHS", "HEIGHT", "STYLES", "Canvas", "Piece"]

HEIGHT = 14
GLYPHS: dict[Role, str] = {
    "data": "•",
    "heldout": "◆",
    "fit": "o",
    "alternative": "▲",
    "plan": "★",
    "muted": "×",
}
STYLES: dict[Role, str] = {
    "data": "cyan",
    "heldout": "bold yellow",
    "fit": "bold",
    "alternative": "magenta",
    "plan": "bold green",
    "muted": "dim",
}
_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of characters in one style."""

    text: str
    style: str = ""


class Canvas:
    """A grid of characters; lines are drawn in dots, eight to a character."""

    def __init__(self, figure: Figure, xs: tuple[float, float], ys: tuple[float, float], width: int) -> None:
        self.figure, self.xs, self.ys, self.width = figure, xs, ys, width
        self.dots: dict[tuple[int, int], int] = {}
        self.styles: dict[tuple[int, int], str] = {}
        self.glyphs: dict[tuple[int, int], str] = {}

    def draw(self) -> None:
        """Draw areas first, then lines, then points over both."""
        for kind in (Band, Rule, Line, Points):
            for layer in self.figure.layers:
                if isinstance(layer, kind):
                    self._layer(layer)

    def piece(self, column: int, row: int) -> Piece:
        """Return the character at a place, counted from the top left."""
        at = (column, row)
        if at in self.dots and self.glyphs.get(at, "░") == "░":
            return Piece(chr(0x2800 + self.dots[at]), self.styles[at])
        return Piece(self.glyphs.get(at, " "), self.styles.get(at, ""))

    def _layer(self, layer: Band | Rule | Line | Points) -> None:
        match layer:
            case Band():
                self._band(layer)
            case Rule():
                ends = self._rule_ends(layer)
                self._segment(*ends, STYLES[layer.role], dashed=True)
            case Line():
                places = [self._place(x, y) for x, y in zip(layer.x, layer.y, strict=True)]
                for start, end in pairwise(places):
                    if start and end:
                        self._segment(start, end, STYLES[layer.role], layer.dashed)
            case Points():
                for x, y in zip(layer.x, layer.y, strict=True):
                    self._mark(self._place(x, y), GLYPHS[layer.role], STYLES[layer.role])

    def _place(self, x: float, y: float) -> tuple[int, int] | None:
        """Return the dot of a value, or nothing when an axis cannot show it."""
        if not (self.figure.x.shows(x) and self.figure.y.shows(y)):
            return None
        across = (self.figure.x.place(x) - self.xs[0]) / (self.xs[1] - self.xs[0])
        down = (self.ys[1] - self.figure.y.place(y)) / (self.ys[1] - self.ys[0])
        return round(across * (2 * self.width - 1)), round(down * (4 * HEIGHT - 1))

    def _rule_ends(self, rule: Rule) -> tuple[tuple[int, int], tuple[int, int]]:
        x = rule.x if rule.x is not None else self._value(self.figure.x, self.xs[0])
        y = rule.y if rule.y is not None else self._value(self.figure.y, self.ys[0])
        across, down = self._place(x, y) or (-1, -1)
        if rule.x is not None:
            return (across, 0), (across, 4 * HEIGHT - 1)
        return (0, down), (2 * self.width - 1, down)

    @staticmethod
    def _value(axis: Axis, place: float) -> float:
        return 10**place if axis.log else place

    def _segment(self, start: tuple[int, int], end: tuple[int, int], style: str, dashed: bool) -> None:
        steps = max(abs(end[0] - start[0]), abs(end[1] - start[1]), 1)
        for step in range(steps + 1):
            x = round(start[0] + (end[0] - start[0]) * step / steps)
            y = round(start[1] + (end[1] - start[1]) * step / steps)
            if not (dashed and (x + y) % 4 >= 2):
                self._dot(x, y, style)

    def _dot(self, x: int, y: int, style: str) -> None:
        at = (x // 2, y // 4)
        self.dots[at] = self.dots.get(at, 0) | _DOTS[x % 2][y % 4]
        self.styles[at] = style

    def _mark(self, place: tuple[int, int] | None, glyph: str, style: str) -> None:
        if place:
            at = (place[0] // 2, place[1] // 4)
            self.glyphs[at], self.styles[at] = glyph, style

    def _band(self, band: Band) -> None:
        bottom = self._value(self.figure.y, self.ys[0])
        edges = [
            (self._place(x, high), self._place(x, low if self.figure.y.shows(low) else bottom))
            for x, low, high in zip(band.x, band.low, band.high, strict=True)
        ]
        known = [(top, end) for top, end in edges if top and end]
        for (top, end), (next_top, next_end) in pairwise(known):
            for x in range(top[0], next_top[0] + 1):
                part = (x - top[0]) / max(next_top[0] - top[0], 1)
                first = round(top[1] + part * (next_top[1] - top[1]))
                last = round(end[1] + part * (next_end[1] - end[1]))
                for row in range(first // 4, last // 4 + 1):
                    self.glyphs[x // 2, row], self.styles[x // 2, row] = "░", "dim"
