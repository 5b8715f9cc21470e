"""The small drawing that stands before a layer's name."""

from __future__ import annotations

from isoperf.report.layers import Band, Bars, Contour, Layer, Line, Points, Role
from isoperf.report.paint import DASHES

__all__ = ["legend_mark", "named_layers"]

_MARKS: dict[Role, str] = {
    "data": '<circle cx="8" cy="5" r="4" fill="{c}"/>',
    "heldout": '<path d="M8 0 13 5 8 10 3 5z" fill="{c}"/>',
    "fit": '<circle cx="8" cy="5" r="3.5" fill="none" stroke="{c}" stroke-width="1.6"/>',
    "alternative": '<path d="M8 .5 13 9.5H3z" fill="{c}"/>',
    "plan": '<path d="M8-1 9.8 3 14 3.5 10.8 6.4 12 11 8 8.4 4 11 5.2 6.4 2 3.5 6.2 3z" fill="{c}"/>',
    "muted": '<path d="M4 1 12 9M12 1 4 9" stroke="{c}" stroke-width="2"/>',
}
_STROKE = '<path d="M0 5H16" stroke="{c}" stroke-width="2" fill="none"{dash}/>'


def legend_mark(layer: Layer, color: str) -> str:
    """Return SVG of 16 by 10 pixels in a CSS colour."""
    match layer:
        case Points(role=role):
            shape = _MARKS[role]
        case Line(dashed=dashed, role=role):
            dash = DASHES.get(role, "6px,4px").replace("px", "") if dashed else ""
            shape = _STROKE.replace("{dash}", f' stroke-dasharray="{dash}"' if dash else "")
        case Band():
            shape = '<path d="M0 0H16V10H0z" fill="{c}" fill-opacity=".25"/>'
        case Bars():
            shape = '<path d="M3 0H13V10H3z" fill="{c}"/>'
        case Contour():
            shape = '<path d="M0 9Q4 1 16 1M5 10Q8 6 16 5.5" stroke="{c}" stroke-width="1.4" fill="none"/>'
        case _:
            shape = _STROKE.replace("{dash}", ' stroke-dasharray="4,4"')
    return shape.replace("{c}", color)


def named_layers(layers: tuple[tuple[Layer, str], ...]) -> dict[str, tuple[Layer, str]]:
    """Return one layer and its colour for each name; a curve stands for itself and its band."""
    found: dict[str, tuple[Layer, str]] = {}
    for layer, color in layers:
        known = found.get(layer.name)
        found[layer.name] = known if known and not isinstance(known[0], Band) else (layer, color)
    return found
