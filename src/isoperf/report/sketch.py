"""A figure sketched in characters, for terminals and Markdown."""

from __future__ import annotations

from collections.abc import Iterator

from isoperf.estimate import Estimate
from isoperf.report.canvas import GLYPHS, HEIGHT, STYLES, Canvas, Piece
from isoperf.report.cells import clean, interval, value_text
from isoperf.report.figure import Axis, Figure
from isoperf.report.layers import Band, Bars, Contour, Line, Points, Rule
from isoperf.report.ticks import ticks

__all__ = ["sketch", "sketch_text"]

_LINES = ("─", "┄")
_FAMILY = 2  # this many lines that look alike are named one by one


def sketch_text(figure: Figure, width: int) -> str:
    """Return the sketch without styles."""
    return "\n".join("".join(piece.text for piece in line).rstrip() for line in sketch(figure, width))


def sketch(figure: Figure, width: int) -> list[list[Piece]]:
    """Return lines of styled characters; no lines when there is nothing that can be sketched."""
    if figure.empty or width < 40:
        return []
    if figure.bars:
        return [line for layer in figure.bars for line in _bars(layer, figure.y, width)]
    xs, ys = figure.x.span(figure.xs()), figure.y.span(figure.ys())
    if xs is None or ys is None:
        return []
    margin = max((len(label) for _, label in ticks(figure.y, ys)), default=1)
    canvas = Canvas(figure, xs, ys, width - margin - 3)
    canvas.draw()
    return [*_rows(canvas, margin), *_x_axis(canvas, margin), *_legend(figure, margin, width)]


def _rows(canvas: Canvas, margin: int) -> Iterator[list[Piece]]:
    axis = canvas.figure.y
    yield [Piece(f"{'':>{margin}} {_titled(axis)}", "dim")]
    low, high = canvas.ys
    labels = {round((high - at) / (high - low) * (HEIGHT - 1)): label for at, label in ticks(axis, canvas.ys)}
    for row in range(HEIGHT):
        label = labels.get(row, "")
        edge = Piece(f"{label:>{margin}} {'┤' if label else '│'}", "dim")
        yield [edge, *(canvas.piece(column, row) for column in range(canvas.width))]


def _x_axis(canvas: Canvas, margin: int) -> Iterator[list[Piece]]:
    axis, (low, high) = canvas.figure.x, canvas.xs
    rule, labels = ["─"] * canvas.width, ""
    for at, label in ticks(axis, canvas.xs):
        column = round((at - low) / (high - low) * (canvas.width - 1))
        start = min(max(column - len(label) // 2, 0), canvas.width - len(label))
        if start > len(labels) or not labels:
            rule[column] = "┬"
            labels = f"{labels:<{start}}{label}"
    yield [Piece(" " * (margin + 1) + "└" + "".join(rule), "dim")]
    yield [Piece(" " * (margin + 2) + labels, "dim")]
    yield [Piece(" " * (margin + 2) + _titled(axis), "dim")]


def _titled(axis: Axis) -> str:
    return clean(axis.title) + (" · log" if axis.log else "")


def _legend(figure: Figure, margin: int, width: int) -> Iterator[list[Piece]]:
    start = Piece(" " * (margin + 2))
    room = width - margin - 2
    line: list[Piece] = []
    for glyph, style, name in _shared(_entries(figure)):
        entry = [Piece(glyph, style), Piece(f" {_shortened(name, room - 2)}")]
        used = sum(len(piece.text) for piece in [*line, *entry])
        if line and used + 3 > room:
            yield [start, *line]
            line = []
        line += [Piece("   "), *entry] if line else entry
    if line:
        yield [start, *line]


def _shortened(text: str, room: int) -> str:
    return text if len(text) <= room else text[: room - 1] + "…"


def _shared(entries: Iterator[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """Say once what looks alike: a band under its line, and the first and last of a family of lines."""
    by_mark: dict[tuple[str, str], list[str]] = {}
    for glyph, style, name in entries:
        by_mark.setdefault((glyph, style), []).append(name)
    lines = {name for (glyph, _), names in by_mark.items() if glyph in _LINES for name in names}
    found = []
    for (glyph, style), names in by_mark.items():
        kept = list(dict.fromkeys(name for name in names if glyph in _LINES or name not in lines))
        family = len(kept) > _FAMILY and glyph in _LINES
        kept = [f"{kept[0]} … {kept[-1]}"] if family else kept
        found += [(glyph, style, name) for name in kept]
    return found


def _entries(figure: Figure) -> Iterator[tuple[str, str, str]]:
    for layer in figure.layers:
        name = clean(layer.name)
        match layer:
            case Points():
                yield GLYPHS[layer.role], STYLES[layer.role], name
            case Line():
                yield "┄" if layer.dashed else "─", STYLES[layer.role], name
            case Rule():
                yield "┄", STYLES[layer.role], name
            case Band():
                yield "░", "dim", name
            case Contour():
                yield "≈", "dim", f"{name}: contours are in the HTML report"
            case Bars():
                pass


def _bars(bars: Bars, axis: Axis, width: int) -> Iterator[list[Piece]]:
    """Draw sideways, so that long names can be read; the longest bar fills the width."""
    labels = [clean(label) for label in bars.labels]
    values = [_bar_value(bars, index) for index in range(len(labels))]
    margin = min(max(map(len, labels), default=0), width // 3)
    room = width - margin - 2 - max(map(len, values), default=0)
    longest = max((abs(value) for value in bars.values if axis.shows(value)), default=0.0) or 1.0
    yield [Piece(f"{clean(bars.name)}: {clean(axis.title)}", "dim")]
    for label, value, written in zip(labels, bars.values, values, strict=True):
        length = round(8 * room * abs(value) / longest) if axis.shows(value) else 0
        bar = "█" * (length // 8) + ("", *"▏▎▍▌▋▊▉")[length % 8]
        yield [Piece(f"{label[:margin]:>{margin}} "), Piece(bar, STYLES[bars.role]), Piece(f" {written}")]


def _bar_value(bars: Bars, index: int) -> str:
    low, high = (tuple(ends)[index] if ends else None for ends in (bars.low, bars.high))
    estimate = Estimate(tuple(bars.values)[index], low, high)
    return f"{value_text(estimate)} {interval(estimate)}".rstrip()
