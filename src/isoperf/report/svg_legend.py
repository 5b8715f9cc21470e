"""The names of a picture's layers, in as many lines as they need."""

from __future__ import annotations

from typing import NamedTuple

from isoperf.report.layers import Layer
from isoperf.report.legend_marks import legend_mark, named_layers
from isoperf.report.palette import colored
from isoperf.report.svg_frame import SMALL
from isoperf.report.svg_text import label, measure, px, shortened

__all__ = ["Legend", "legend"]

_ROW = 18.0
_MARK = 22.0
_GAP = 14.0
_MOST = 12
_FAMILY = 4


class Legend(NamedTuple):
    """Drawn names and how high they are."""

    svg: str
    height: float


def legend(layers: tuple[tuple[Layer, str], ...], left: float, top: float, room: float) -> Legend:
    """Return the names side by side, in ``room`` pixels."""
    x, y, parts = left, top + 13, []
    for layer, color, name in _entries(layers):
        text = shortened(name, SMALL, room - _MARK)
        wide = _MARK + measure(text, SMALL)
        if x > left and x + wide > left + room:
            x, y = left, y + _ROW
        mark = (
            f'<g {colored(color)} transform="translate({px(x)} {px(y - 9)})">{legend_mark(layer, "currentColor")}</g>'
        )
        parts.append((mark if color else "") + label(x + _MARK if color else x, y, text))
        x += wide + _GAP
    words = "".join(parts)
    return Legend(f'<g {colored("quiet")} fill="currentColor">{words}</g>', y + _ROW - top - 13)


def _entries(layers: tuple[tuple[Layer, str], ...]) -> list[tuple[Layer, str, str]]:
    """Return layers, colours and names; of a family along the ramp first, middle and last."""
    named = [(layer, color, name) for name, (layer, color) in named_layers(layers).items()]
    ramp = [index for index, (_, color, _) in enumerate(named) if color.startswith("ramp")]
    if len(ramp) > _FAMILY:
        kept = {ramp[0], ramp[len(ramp) // 2], ramp[-1]}
        named = [entry for index, entry in enumerate(named) if index in kept or index not in ramp]
    if len(named) > _MOST:
        layer, _, _ = named[_MOST - 1]
        named = [*named[: _MOST - 1], (layer, "muted", f"… and {len(named) - _MOST + 1} more")]
    return named
