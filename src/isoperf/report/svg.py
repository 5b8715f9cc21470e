"""A figure as a picture that needs no script: SVG that is readable on light and dark pages."""

from __future__ import annotations

import re

from isoperf.report.figure import Figure
from isoperf.report.layers import Layer
from isoperf.report.paint import layer_colors
from isoperf.report.palette import color_css, colored
from isoperf.report.svg_bars import MOST_BARS, bars_height, drawn_bars, rows_of
from isoperf.report.svg_frame import SMALL, frame_of, painted
from isoperf.report.svg_legend import legend
from isoperf.report.svg_marks import drawn_layers
from isoperf.report.svg_text import label, wrapped, xml

__all__ = ["WIDTH", "as_svg", "described", "used_colors"]

WIDTH, HEIGHT = 640, 400
_PAD = 16.0
_TITLE = 14.0
_LINE = 18.0
_BELOW = 44.0  # tick labels and the title of the axis
_USED = re.compile(r'class="c-(\w+)"')

Layers = tuple[tuple[Layer, str], ...]


def as_svg(figure: Figure, width: int = WIDTH, height: int = HEIGHT, style: bool = True) -> str:
    """Return the picture; without ``style`` its page must set the colours.

    Parameters
    ----------
    width, height : pixels; bars and a long legend may need more height, and get it.
    """
    body, height = _body(figure, width, height)
    css = f"<style>{color_css(used_colors(body))}</style>" if style else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="isoperf" role="img" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" style="max-width:100%;height:auto" '
        f'font-family="system-ui, Segoe UI, Noto Sans, DejaVu Sans, sans-serif" font-size="{SMALL:g}">'
        f"<title>{xml(figure.title)}</title><desc>{xml(described(figure))}</desc>{css}{body}</svg>\n"
    )


def used_colors(body: str) -> set[str]:
    """Return the names of the colours that a drawing uses."""
    return set(_USED.findall(body))


def described(figure: Figure) -> str:
    """Return what the figure shows, for those who do not see it."""
    names = ", ".join(dict.fromkeys(layer.name for layer in figure.layers))
    told = f"{figure.title}: {figure.y.title} against {figure.x.title}. Shows {names}."
    return f"{told} {figure.caption}".strip()


def _body(figure: Figure, width: int, height: int) -> tuple[str, int]:
    layers = tuple(zip(figure.layers, layer_colors(figure), strict=True))
    title = wrapped(figure.title, _TITLE + 0.5, width - 2 * _PAD)
    bold = ' font-weight="600"'
    words = "".join(label(_PAD, 25 + row * _LINE, line, extra=bold) for row, line in enumerate(title))
    head = f'<g {colored("ink")} fill="currentColor" font-size="{_TITLE:g}">{words}</g>'
    top = 14 + _LINE * len(title)
    if figure.empty:
        said = label(_PAD, top + 20, "No value here is finite, so there is nothing to draw.")
        return _page(f'{head}<g {colored("quiet")} fill="currentColor">{said}</g>', width, round(top + 40))
    names = legend(layers, _PAD, top + 4, width - 2 * _PAD)
    top += names.height + 10
    draw = _bars if figure.bars else _plot
    drawing, used = draw(figure, layers, top, width, height)
    return _page(head + names.svg + drawing, width, used)


def _page(body: str, width: int, height: int) -> tuple[str, int]:
    """Put a page below the drawing, since the colours are chosen to stand out from it."""
    back = f'<rect {colored("raised")} width="{width}" height="{height}" rx="8" fill="currentColor"/>'
    return back + body, height


def _plot(figure: Figure, layers: Layers, top: float, width: int, height: int) -> tuple[str, int]:
    """Return axes and layers; the drawing keeps most of the height, however long the legend."""
    height = max(height, round(top + 0.55 * height))
    above = label(_PAD, top + 10, _titled(figure.y.title, figure.y.log))
    frame = frame_of(figure, _PAD, width - _PAD, top + 20, height - _BELOW)
    if frame is None:
        return "", height
    middle = (frame.x.first + frame.x.last) / 2
    below = label(middle, height - 10, _titled(figure.x.title, figure.x.log), "middle")
    titles = f'<g {colored("ink")} fill="currentColor">{above}{below}</g>'
    return painted(frame) + drawn_layers(frame, layers) + titles, height


def _bars(figure: Figure, layers: Layers, top: float, width: int, height: int) -> tuple[str, int]:
    """Return the bars; their number sets the height."""
    used = round(top + 16 + bars_height(figure) + _BELOW)
    below = label(width / 2, used - 10, _titled(figure.y.title, figure.y.log), "middle")
    left_out = len({name for bars in figure.bars for name in bars.labels}) - len(rows_of(figure))
    more = label(_PAD, top + 8, f"The first {MOST_BARS} are drawn; {left_out} are left out.") if left_out > 0 else ""
    titles = f'<g {colored("ink")} fill="currentColor">{more}{below}</g>'
    return drawn_bars(figure, layers, _PAD, top + 14, width - _PAD) + titles, used


def _titled(title: str, log: bool) -> str:
    return f"{title} · log" if log else title
