"""Axes, margins and lines of a figure, as Plotly wants them told."""

from __future__ import annotations

from html import escape
from typing import Any, TypeAlias

from isoperf.report.cells import clean
from isoperf.report.figure import Axis, Figure
from isoperf.report.layers import Rule
from isoperf.report.paint import DASHES

__all__ = ["Json", "plotly_layout", "rule_shape", "safe"]

Json: TypeAlias = dict[str, Any]


def safe(text: str) -> str:
    """Plotly reads a small part of HTML in its texts; a name is never meant as that."""
    return escape(clean(text), quote=False)


def rule_shape(layer: Rule, color: str) -> Json:
    """Return a line across the whole figure, however far it is zoomed."""
    line = {"color": f"@{color}", "width": 1.4, "dash": DASHES["muted"]}
    if layer.x is not None:
        return {"type": "line", "x0": layer.x, "x1": layer.x, "y0": 0, "y1": 1, "yref": "paper", "line": line}
    return {"type": "line", "y0": layer.y, "y1": layer.y, "x0": 0, "x1": 1, "xref": "paper", "line": line}


def plotly_layout(figure: Figure, shapes: list[Json]) -> Json:
    """Return axes and looks; the ranges are the data's own with a small margin."""
    words = bool(figure.bars)
    return {
        "xaxis": _axis(figure.x, None if words else figure.x.span(figure.xs()), "category" if words else ""),
        "yaxis": _axis(figure.y, None if words and not figure.y.log else figure.y.span(figure.ys())),
        "shapes": shapes,
        "showlegend": False,
        "hovermode": "closest",
        "barmode": "group",
        "bargap": 0.45,
        "margin": {"l": 8, "r": 14, "t": 26, "b": 8},
        "font": {"color": "@quiet", "size": 12.5, "family": "system-ui, sans-serif"},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "hoverlabel": {
            "bgcolor": "@raised",
            "bordercolor": "@edge",
            "font": {"color": "@ink"},
            "align": "left",
        },
        "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": "@muted/0.6", "activecolor": "@ink"},
        "uirevision": "kept",
    }


def _axis(axis: Axis, span: tuple[float, float] | None, kind: str = "") -> Json:
    drawn: Json = {
        "type": kind or ("log" if axis.log else "linear"),
        "title": {"text": safe(axis.title), "standoff": 12, "font": {"color": "@ink", "size": 13}},
        "automargin": True,
        "gridcolor": "@grid",
        "linecolor": "@edge",
        "showline": True,
        "showgrid": kind != "category",
        "zeroline": False,
        "ticks": "outside",
        "ticklen": 4,
        "tickcolor": "@edge",
        "exponentformat": "B",
    }
    if span:
        margin = 0.05 * (span[1] - span[0])
        drawn["range"] = [span[0] - margin, span[1] + margin]
    return drawn
