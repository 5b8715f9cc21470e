"""A figure's place on the page: its name, legend, drawing and caption."""

from __future__ import annotations

import json
import re
from html import escape

from isoperf.report.cells import clean
from isoperf.report.figure import Figure
from isoperf.report.html_blocks import html_paragraphs
from isoperf.report.legend_marks import legend_mark
from isoperf.report.plotly import Drawn, Entry, plotly_figure

__all__ = ["html_figure"]


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
        f'{_legend(drawn)}<div class="plot" role="group" aria-label="{escape(_described(figure))}"></div>\n'
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
    shape = legend_mark(entry.layer, f"var(--{entry.color})")
    return f'<svg viewBox="-1 -1 18 12" aria-hidden="true">{shape}</svg>'
