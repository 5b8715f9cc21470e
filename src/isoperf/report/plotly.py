"""A figure as the JSON that Plotly draws; colours are names such as ``@fit/0.2`` until it is drawn."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import NamedTuple

from isoperf.estimate import Estimate
from isoperf.report.cells import interval, value_text
from isoperf.report.figure import Axis, Figure
from isoperf.report.layers import Band, Bars, Contour, Layer, Line, Points, Rule
from isoperf.report.paint import DASHES, SYMBOLS, layer_colors
from isoperf.report.plotly_layout import Json, plotly_layout, rule_shape, safe

__all__ = ["Drawn", "Entry", "contour_levels", "plotly_figure"]


class Entry(NamedTuple):
    """A line of the legend: the layer, its colour, and the parts it switches (``t0`` trace, ``s0`` shape).

    Layers of one name, such as a curve and its band, share a line.
    """

    layer: Layer
    color: str
    parts: tuple[str, ...]


class Drawn(NamedTuple):
    """Traces, layout and legend of one figure."""

    data: list[Json]
    layout: Json
    legend: tuple[Entry, ...]


def plotly_figure(figure: Figure) -> Drawn:
    """Describe a figure for Plotly."""
    data: list[Json] = []
    shapes: list[Json] = []
    legend: dict[str, Entry] = {}
    for layer, color in zip(figure.layers, layer_colors(figure), strict=True):
        traces = _traces(figure, layer, color)
        parts = [f"t{len(data) + index}" for index in range(len(traces))]
        data += traces
        if isinstance(layer, Rule):
            if not _shown(figure, layer):
                continue
            parts = [f"s{len(shapes)}"]
            shapes.append(rule_shape(layer, color))
        known = legend.get(layer.name)
        shown = known.layer if known and not isinstance(known.layer, Band) else layer
        legend[layer.name] = Entry(shown, color, (*(known.parts if known else ()), *parts))
    return Drawn(data, plotly_layout(figure, shapes), tuple(legend.values()))


def _shown(figure: Figure, rule: Rule) -> bool:
    axis, value = (figure.y, rule.y) if rule.x is None else (figure.x, rule.x)
    return value is not None and axis.shows(value)


def _traces(figure: Figure, layer: Layer, color: str) -> list[Json]:
    match layer:
        case Points():
            return [_points(figure, layer, color)]
        case Line():
            return [_line(figure, layer, color)]
        case Band():
            return _band(figure, layer, color)
        case Contour():
            return _contour(figure, layer)
        case Bars():
            return [_bars(figure, layer, color)]
        case Rule():
            return []


def _points(figure: Figure, layer: Points, color: str) -> Json:
    x, y = tuple(layer.x), tuple(layer.y)
    low, high = layer.low or (), layer.high or ()
    texts = [
        _hover(layer.name, label, (figure.x, Estimate(a)), (figure.y, Estimate(b, start, end)))
        for a, b, start, end, label in zip_longest(x, y, low, high, layer.labels or ())
    ]
    size = 14 if layer.role == "plan" else 8
    marker = {
        "color": f"@{color}/0.88",
        "symbol": SYMBOLS[layer.role],
        "size": size,
        "line": {"width": 1, "color": "@raised"},
    }
    trace = {**_scatter(layer, x, y, texts), "mode": "markers", "marker": marker}
    return trace | _errors(y, low, high, color)


def _line(figure: Figure, layer: Line, color: str) -> Json:
    x, y = tuple(layer.x), tuple(layer.y)
    texts = [
        _hover(layer.name, "", (figure.x, Estimate(a)), (figure.y, Estimate(b))) for a, b in zip(x, y, strict=True)
    ]
    dash = DASHES.get(layer.role, "6px,4px") if layer.dashed else "solid"
    line = {"color": f"@{color}", "width": 2, "dash": dash}
    return {**_scatter(layer, x, y, texts), "mode": "lines", "line": line}


def _band(figure: Figure, layer: Band, color: str) -> list[Json]:
    bottom = min((value for value in figure.ys() if figure.y.shows(value)), default=math.nan)
    rows = [
        (x, low if figure.y.shows(low) else bottom, high, Estimate(math.nan, low, high))
        for x, low, high in zip(layer.x, layer.low, layer.high, strict=True)
        if figure.x.shows(x) and figure.y.shows(high) and not math.isnan(low)
    ]
    x = [row[0] for row in rows]
    texts = [_hover(layer.name, "", (figure.x, Estimate(row[0])), (figure.y, row[3])) for row in rows]
    edge = {"mode": "lines", "line": {"width": 0, "color": f"@{color}"}}
    lower = {**_scatter(layer, x, [row[1] for row in rows], texts), **edge}
    upper = {**_scatter(layer, x, [row[2] for row in rows], texts), **edge}
    return [lower, {**upper, "fill": "tonexty", "fillcolor": f"@{color}/0.16"}]


def _contour(figure: Figure, layer: Contour) -> list[Json]:
    """Draw each level as its own trace, since Plotly's levels are evenly spaced.

    An unseen map below them answers the pointer.
    """
    grid = {"x": _numbers(layer.x), "y": _numbers(layer.y), "z": [_numbers(row) for row in layer.z]}
    clear = "rgba(0,0,0,0)"
    answers = "<br>".join(f"{safe(name)}: %{{{axis}}}" for name, axis in ((figure.x.title, "x"), (figure.y.title, "y")))
    pointer = {
        "type": "heatmap",
        **grid,
        "colorscale": [[0, clear], [1, clear]],
        "showscale": False,
        "hovertemplate": f"{safe(layer.name)}: %{{z:.4~g}}<br>{answers}<extra></extra>",
    }
    levels = contour_levels(layer)
    return [pointer, *(_level(grid, level, index, len(levels)) for index, level in enumerate(levels))]


def _level(grid: Json, level: float, index: int, count: int) -> Json:
    color = f"@ramp{8 - round(8 * index / max(count - 1, 1))}"
    contours = {
        "start": level,
        "end": level,
        "size": 1,
        "coloring": "none",
        "showlabels": True,
        "labelfont": {"size": 11, "color": "@quiet"},
        "labelformat": ".4~g",
    }
    line = {"color": color, "width": 1.2, "smoothing": 1}
    return {
        "type": "contour",
        **grid,
        "contours": contours,
        "line": line,
        "showscale": False,
        "hoverinfo": "skip",
    }


def contour_levels(layer: Contour, count: int = 9) -> tuple[float, ...]:
    """Return the heights asked for, else rounded ones that divide the grid into equal shares."""
    if layer.levels is not None:
        return tuple(level for level in layer.levels if math.isfinite(level))
    heights = sorted(z for row in layer.z for z in row if math.isfinite(z))
    shares = (heights[int(len(heights) * (index + 0.5) / count)] for index in range(count if heights else 0))
    rounded = (float(f"{height:.3g}") for height in shares)
    return tuple(dict.fromkeys(height for height in rounded if math.isfinite(height)))


def _bars(figure: Figure, layer: Bars, color: str) -> Json:
    labels, values = [safe(label) for label in layer.labels], tuple(layer.values)
    low, high = layer.low or (), layer.high or ()
    texts = [
        _hover(layer.name, label, (figure.y, Estimate(value, start, end)))
        for label, value, start, end in zip_longest(tuple(layer.labels), values, low, high)
    ]
    trace = {
        "type": "bar",
        "name": safe(layer.name),
        "x": labels,
        "y": _numbers(values),
        "marker": {"color": f"@{color}/0.8"},
        "hovertext": texts,
        "hoverinfo": "text",
        "textposition": "none",
    }
    return trace | _errors(values, low, high, "ink")


def _scatter(layer: Points | Line | Band, x: Sequence[float], y: Sequence[float], texts: list[str]) -> Json:
    return {
        "type": "scatter",
        "name": safe(layer.name),
        "x": _numbers(x),
        "y": _numbers(y),
        "hovertext": texts,
        "hoverinfo": "text",
        "cliponaxis": isinstance(layer, Line | Band),
    }


def _errors(values: Iterable[float], low: Iterable[float], high: Iterable[float], color: str) -> Json:
    if not (low and high):
        return {}
    ends = list(zip(values, low, high, strict=True))
    return {
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": _numbers(end - value for value, _, end in ends),
            "arrayminus": _numbers(value - start for value, start, _ in ends),
            "color": f"@{color}",
            "thickness": 1.4,
            "width": 4,
        }
    }


def _hover(name: str, label: str | None, *values: tuple[Axis, Estimate]) -> str:
    head = [f"<b>{safe(name)}</b>", *([safe(label)] if label else [])]
    return "<br>".join([*head, *(f"{safe(axis.label)}: {_value(axis, value)}" for axis, value in values)])


def _value(axis: Axis, estimate: Estimate) -> str:
    known = estimate.value is not None and math.isfinite(estimate.value)
    value = value_text(estimate, axis.unit) if known else ""
    ends = estimate if known else replace(estimate, value=estimate.low)
    parts = (value, interval(ends, axis.unit), safe(axis.unit))
    return " ".join(part for part in parts if part)


def _numbers(values: Iterable[float]) -> list[float | None]:
    """Return values to seven digits, more than a screen can show; not finite is a gap."""
    return [float(f"{value:.7g}") if math.isfinite(value) else None for value in values]
