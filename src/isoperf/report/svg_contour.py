"""Lines of equal height in a picture, each with its height written on it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from isoperf.report.cells import number
from isoperf.report.isolines import Path, isolines
from isoperf.report.layers import Contour
from isoperf.report.palette import colored
from isoperf.report.plotly import contour_levels
from isoperf.report.svg_frame import Frame
from isoperf.report.svg_text import label, px

__all__ = ["contour_lines"]

_SHORTEST = 45.0  # a line needs so many pixels to carry a label
_APART = (34.0, 13.0)
_RAMP = 8


def contour_lines(frame: Frame, layer: Contour) -> tuple[str, str]:
    """Return the lines of every level, and their labels, which belong above all else."""
    columns, x = _shown([frame.x.at(value) for value in layer.x])
    rows, y = _shown([frame.y.at(value) for value in layer.y])
    heights = [tuple(row) for row in layer.z]
    z = [[heights[row][column] for column in columns] for row in rows]
    levels = contour_levels(layer)
    lines, words = "", ""
    taken: list[tuple[float, float]] = []
    for index, level in enumerate(levels):
        paths = isolines(x, y, z, level)
        if not paths:
            continue
        color = f"ramp{_RAMP - round(_RAMP * index / max(len(levels) - 1, 1))}"
        path = "".join(f"M{'L'.join(f'{px(a)} {px(b)}' for a, b in points)}" for points in paths)
        lines += f'<path {colored(color)} d="{path}" stroke="currentColor" stroke-width="1.2" fill="none"/>'
        if at := _free(max(paths, key=_length), taken):
            taken.append(at)
            words += label(at[0], at[1] + 3.5, number(level), "middle")
    return lines, f'<g {colored("quiet")}><g class="halo" fill="currentColor" font-size="10.5">{words}</g></g>'


def _shown(places: Sequence[float | None]) -> tuple[list[int], list[float]]:
    """Return which places there are, and the places."""
    known = [(index, place) for index, place in enumerate(places) if place is not None]
    return [index for index, _ in known], [place for _, place in known]


def _length(path: Path) -> float:
    return sum(math.dist(a, b) for a, b in pairwise(path))


def _free(path: Path, taken: Sequence[tuple[float, float]]) -> tuple[float, float] | None:
    """Return a place on a line where its label would cover no other."""
    if _length(path) < _SHORTEST:
        return None
    for share in (0.3, 0.7, 0.5, 0.2, 0.8):
        x, y = path[round(share * (len(path) - 1))]
        if all(abs(x - a) > _APART[0] or abs(y - b) > _APART[1] for a, b in taken):
            return x, y
    return None
