"""A figure's place on the page: its name, legend, drawing and caption."""

from __future__ import annotations

import json
import re
from html import escape

from isoperf.report.cells import clean
from isoperf.report.figure import Figure
from isoperf.report.html_blocks import html_paragraphs
from isoperf.report.layers import Band, Bars, Contour, Line, Points, Role
from isoperf.report.paint import DASHES
from isoperf.report.plotly import Drawn, Entry, plotly_figure

__all__ = ["html_figure"]

_MARKS: dict[Role, str] = {
    "data": '<circle cx="8" cy="5" r="4" fill="{c}"/>',
    "heldout": '<path d="M8 0 13 5 8 10 3 5z" fill="{c}"/>',
    "fit": '<circle cx="8" cy="5" r="3.5" fill="none" stroke="{c}" stroke-width="1.6"/>',
    "alternative": '<path d="M8 .5 13 9.5H3z" fill="{c}"/>',
    "plan": '<path d="M8-1 9.8 3 14 3.5 10.8 6.4 12 11 8 8.4 4 11 5.2 6.4 2 3.5 6.2 3z" fill="{c}"/>',
    "muted": '<path d="M4 1 12 9M12 1 4 9" stroke="{c}" stroke-width="2"/>',
}


def html_figure(figure: Figure, number: int) -> str:
    """Return the figure; its drawing is data that the page's script reads."""
    name = f"figure-{number}-name"
    inner = "<p>No value here is finite, so there is nothing to draw.</p>\n" if figure.empty else _drawing(figure)
    return (
        f'<figure aria-labelledby="{name}">\n<p class="name" id="{name}">{escape(clean(figure.title))}</p>\n'
        f"{inner}<figcaption>{html_paragraphs(figure.caption)}</figcaption>\n</figure>\n"
    )


def _drawing(figure: Figure) -> str:
    drawn = plotly_figure(figure)
    return (
        f'{_legend(drawn)}<div class="plot" role="img" aria-label="{escape(_described(figure))}"></div>\n'
        f'<script type="application/json">{_json(figure, drawn)}</script>\n'
        "<noscript><p>This figure is drawn by a script, and scripts are switched off here.</p></noscript>\n"
    )


def _json(figure: Figure, drawn: Drawn) -> str:
    """Return data that cannot end the script element it stands in."""
    name = re.sub(r"\W+", "-", figure.title).strip("-").lower() or "figure"
    units = {"x": figure.x.unit, "y": figure.y.unit}
    spec = {"name": name, "data": drawn.data, "layout": drawn.layout, "units": units}
    text = json.dumps(spec, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _described(figure: Figure) -> str:
    layers = ", ".join(dict.fromkeys(clean(layer.name) for layer in figure.layers))
    return clean(f"{figure.title}: {figure.y.title} against {figure.x.title}. Shows {layers}.")


def _legend(drawn: Drawn) -> str:
    entries = "".join(
        f'<li><button type="button" aria-pressed="true" data-parts="{" ".join(entry.parts)}" '
        f'title="Show or hide">{_mark(entry)}{escape(clean(entry.layer.name))}</button></li>\n'
        for entry in drawn.legend
    )
    return f'<ul class="legend">\n{entries}</ul>\n'


def _mark(entry: Entry) -> str:
    color = f"var(--{entry.color})"
    stroke = '<path d="M0 5H16" stroke="{c}" stroke-width="2" fill="none"{dash}/>'
    match entry.layer:
        case Points(role=role):
            shape = _MARKS[role]
        case Line(dashed=dashed, role=role):
            dash = DASHES.get(role, "6px,4px").replace("px", "") if dashed else ""
            shape = stroke.replace("{dash}", f' stroke-dasharray="{dash}"' if dash else "")
        case Band():
            shape = '<path d="M0 0H16V10H0z" fill="{c}" fill-opacity=".25"/>'
        case Bars():
            shape = '<path d="M3 0H13V10H3z" fill="{c}"/>'
        case Contour():
            shape = '<path d="M0 9Q4 1 16 1M5 10Q8 6 16 5.5" stroke="{c}" stroke-width="1.4" fill="none"/>'
        case _:
            shape = stroke.replace("{dash}", ' stroke-dasharray="4,4"')
    return f'<svg viewBox="-1 -1 18 12" aria-hidden="true">{shape.replace("{c}", color)}</svg>'
