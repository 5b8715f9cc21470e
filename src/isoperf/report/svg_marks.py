"""A picture's layers: points, lines, areas, contours and rules."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import groupby, zip_longest

from isoperf.report.layers import Band, Contour, Layer, Line, Points, Role, Rule
from isoperf.report.paint import DASHES
from isoperf.report.palette import colored
from isoperf.report.svg_contour import contour_lines
from isoperf.report.svg_frame import Frame
from isoperf.report.svg_text import px, xml

__all__ = ["drawn_layers"]

_ORDER = (Band, Contour, Rule, Line, Points)
_SHAPES: dict[Role, str] = {
    "data": "m-3.7 0a3.7 3.7 0 1 0 7.4 0a3.7 3.7 0 1 0-7.4 0",
    "heldout": "m0-4.8l4.8 4.8l-4.8 4.8l-4.8-4.8z",
    "fit": "m-3.4 0a3.4 3.4 0 1 0 6.8 0a3.4 3.4 0 1 0-6.8 0",
    "alternative": "m0-4.6l4.8 8.2h-9.6z",
    "plan": "m0-7l2.1 4.5l4.9.6l-3.6 3.4l.9 4.9l-4.3-2.4l-4.3 2.4l.9-4.9l-3.6-3.4l4.9-.6z",
    "muted": "m-3.2-3.2l6.4 6.4m0-6.4l-6.4 6.4",
}
_CROWD = 400  # so many points are dots, of which those on one pixel are drawn once
_LABELLED = 200
_LONG = 1200  # of a line with more corners, each pixel across keeps its highest and lowest

Pixels = list[tuple[float, float]]


def drawn_layers(frame: Frame, layers: tuple[tuple[Layer, str], ...]) -> str:
    """Return areas first, points last, each kind in the figure's order; over all the labels of contours."""
    drawn, words = "", ""
    for kind in _ORDER:
        for layer, color in layers:
            if isinstance(layer, kind):
                inner, told = _layer(frame, layer)
                drawn += f"<g {colored(color)}>{inner}</g>" if inner else ""
                words += told
    return drawn + words


def _layer(frame: Frame, layer: Layer) -> tuple[str, str]:
    """Return a drawing and the words that belong above every other."""
    match layer:
        case Contour():
            return contour_lines(frame, layer)
        case Points():
            return _errors(frame, layer) + _points(frame, layer), ""
        case Line():
            return _line(frame, layer), ""
        case Band():
            return _band(frame, layer), ""
        case Rule():
            return _rule(frame, layer), ""
        case _:
            return "", ""


def _points(frame: Frame, layer: Points) -> str:
    rows = zip_longest(layer.x, layer.y, layer.labels or ())
    places = [(at, label or "") for x, y, label in rows if (at := frame.at(x, y))]
    if len(places) > _CROWD:
        pixels = dict.fromkeys((round(x), round(y)) for (x, y), _ in places)
        dots = "".join(f"M{x} {y}h0" for x, y in pixels)
        return f'<path d="{dots}" stroke="currentColor" stroke-width="4" stroke-linecap="round" stroke-opacity=".6"/>'
    if layer.labels and len(places) <= _LABELLED:
        return "".join(_shaped(layer.role, _moved(layer.role, at), label) for at, label in places)
    return _shaped(layer.role, "".join(_moved(layer.role, at) for at, _ in places)) if places else ""


def _moved(role: Role, at: tuple[float, float]) -> str:
    return f"M{px(at[0])} {px(at[1])}{_SHAPES[role]}"


def _shaped(role: Role, path: str, label: str = "") -> str:
    told = f"><title>{xml(label)}</title></path>" if label else "/>"
    if role == "muted":
        return f'<path d="{path}" stroke="currentColor" stroke-width="1.8" fill="none"{told}'
    if role == "fit":
        return f'<path d="{path}" stroke="currentColor" stroke-width="1.5" fill="none"{told}'
    return f'<path class="edged" d="{path}" fill="currentColor" fill-opacity=".88"{told}'


def _errors(frame: Frame, layer: Points) -> str:
    """Return intervals with small caps; one whose end the axis cannot show runs off its edge."""
    if layer.low is None or layer.high is None:
        return ""
    parts = []
    for x, low, high in zip(layer.x, layer.low, layer.high, strict=True):
        across, bottom, top = frame.x.at(x), _end(frame, low, frame.y.first), _end(frame, high, frame.y.last)
        if across is not None and bottom is not None and top is not None:
            left = px(across - 3)
            parts.append(f"M{left} {px(top)}h6M{px(across)} {px(top)}V{px(bottom)}M{left} {px(bottom)}h6")
    return f'<path d="{"".join(parts)}" stroke="currentColor" stroke-width="1.3" fill="none"/>' if parts else ""


def _end(frame: Frame, value: float, edge: float) -> float | None:
    if math.isnan(value):
        return None
    place = frame.y.at(value)
    return edge if place is None else place


def _line(frame: Frame, layer: Line) -> str:
    places = (frame.at(x, y) for x, y in zip(layer.x, layer.y, strict=True))
    path = "".join(_stroke(_thinned(run)) for run in _runs(places))
    dash = f' stroke-dasharray="{DASHES.get(layer.role, "6px,4px").replace("px", "")}"' if layer.dashed else ""
    style = f'stroke-width="2" stroke-linejoin="round" stroke-linecap="butt" fill="none"{dash}'
    return f'<path d="{path}" stroke="currentColor" {style}/>' if path else ""


def _runs(places: Iterator[tuple[float, float] | None]) -> Iterator[Pixels]:
    """Yield the stretches without a gap."""
    for shown, run in groupby(places, lambda place: place is not None):
        if shown:
            yield [place for place in run if place]


def _stroke(run: Pixels) -> str:
    """Return a path; a corner on the pixel of the one before is left out."""
    texts = [f"{px(x)} {px(y)}" for x, y in run]
    kept = [text for text, before in zip(texts, ["", *texts], strict=False) if text != before]
    return f"M{'L'.join(kept)}" if len(kept) > 1 else ""


def _thinned(run: Pixels) -> Pixels:
    if len(run) <= _LONG:
        return run
    found: Pixels = []
    for _, group in groupby(run, lambda place: round(place[0])):
        same = list(group)
        lowest, highest = min(same, key=lambda at: at[1]), max(same, key=lambda at: at[1])
        found += [same[0], *sorted({lowest, highest} - {same[0], same[-1]}, key=same.index), same[-1]]
    return found


def _band(frame: Frame, layer: Band) -> str:
    rows = zip(layer.x, layer.low, layer.high, strict=True)
    edges = (_edges(frame, x, low, high) for x, low, high in rows)
    parts = []
    for shown, run in groupby(edges, lambda edge: edge is not None):
        if shown:
            known = [edge for edge in run if edge]
            parts.append(_closed([(x, top) for x, _, top in known], [(x, low) for x, low, _ in known[::-1]]))
    path = "".join(parts)
    return f'<path d="{path}" fill="currentColor" fill-opacity=".16"/>' if path else ""


def _edges(frame: Frame, x: float, low: float, high: float) -> tuple[float, float, float] | None:
    across, top, bottom = frame.x.at(x), frame.y.at(high), _end(frame, low, frame.y.first)
    return None if across is None or top is None or bottom is None else (across, bottom, top)


def _closed(there: Sequence[tuple[float, float]], back: Sequence[tuple[float, float]]) -> str:
    return f"M{'L'.join(f'{px(x)} {px(y)}' for x, y in (*there, *back))}z"


def _rule(frame: Frame, layer: Rule) -> str:
    at = frame.y.at(layer.y or 0.0) if layer.x is None else frame.x.at(layer.x)
    if at is None:
        return ""
    across = f"M{px(frame.x.first)} {px(at)}H{px(frame.x.last)}"
    path = across if layer.x is None else f"M{px(at)} {px(frame.y.first)}V{px(frame.y.last)}"
    return f'<path d="{path}" stroke="currentColor" stroke-width="1.4" stroke-dasharray="4,4"/>'
