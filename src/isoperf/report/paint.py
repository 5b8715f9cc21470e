"""Which colour and shape each layer of a figure gets; the page's style sheet holds the colours."""

from __future__ import annotations

from collections import defaultdict

from isoperf.report.figure import Figure
from isoperf.report.layers import Contour, Role

__all__ = ["DASHES", "SYMBOLS", "layer_colors"]

SYMBOLS: dict[Role, str] = {
    "data": "circle",
    "heldout": "diamond",
    "fit": "circle-open",
    "alternative": "triangle-up",
    "plan": "star",
    "muted": "x",
}
DASHES: dict[Role, str] = {"muted": "4px,4px", "alternative": "8px,4px"}
_SERIES = 8
_FEW = 2
_RAMP = 9


def layer_colors(figure: Figure) -> list[str]:
    """Return the colour's name for each layer.

    A role's own colour where one layer has it; where several layers of a kind share a role
    (families, budgets) the n-th of each kind gets the n-th colour, so that points and their
    line agree. More than two curves without points of their own, and more layers than distinct
    colours, are set along one ramp: its colours belong to no role and tell the order.
    """
    members: dict[tuple[str, str], list[int]] = defaultdict(list)
    for index, layer in enumerate(figure.layers):
        if not isinstance(layer, Contour):
            members[type(layer).__name__, layer.role].append(index)
    colors = ["muted"] * len(figure.layers)
    for (kind, role), indices in members.items():
        distinct = _SERIES if ("Points", role) in members or kind == "Bars" else _FEW
        for place, index in enumerate(indices):
            colors[index] = _color(role, place, len(indices), distinct)
    return colors


def _color(role: str, place: int, count: int, distinct: int) -> str:
    if count == 1 or role == "muted":
        return role
    if count <= distinct:
        return f"series{place}"
    return f"ramp{round(place * (_RAMP - 1) / (count - 1))}"
