"""Lines of equal height over a grid."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TypeAlias

__all__ = ["Path", "isolines"]

Path: TypeAlias = list[tuple[float, float]]
Edge: TypeAlias = tuple[bool, int, int]  # whether it runs upwards, its row and its column
Links: TypeAlias = dict[Edge, list[Edge]]


def isolines(x: Sequence[float], y: Sequence[float], z: Sequence[Sequence[float]], level: float) -> list[Path]:
    """Return the paths along which ``z`` (k, m), straight between neighbours, crosses a level.

    Parameters
    ----------
    x : (m,) and y : (k,) where columns and rows lie; a cell with an unknown corner is left out.
    level : the height.
    """
    links: Links = {}
    for row in range(len(y) - 1):
        for column in range(len(x) - 1):
            for start, end in _crossings(z, row, column, level):
                links.setdefault(start, []).append(end)
                links.setdefault(end, []).append(start)
    return [[_place(edge, x, y, z, level) for edge in chain] for chain in _chains(links)]


def _crossings(z: Sequence[Sequence[float]], row: int, column: int, level: float) -> Iterator[tuple[Edge, Edge]]:
    """Yield the pairs of a cell's edges that a line joins."""
    corners = (z[row][column], z[row][column + 1], z[row + 1][column + 1], z[row + 1][column])
    if not all(map(math.isfinite, corners)):
        return
    above = [corner >= level for corner in corners]
    below: Edge = (False, row, column)
    right: Edge = (True, row, column + 1)
    top: Edge = (False, row + 1, column)
    left: Edge = (True, row, column)
    crossed = [edge for i, edge in enumerate((below, right, top, left)) if above[i] != above[(i + 1) % 4]]
    if len(crossed) == 2:
        yield crossed[0], crossed[1]
    elif crossed and (sum(corners) / 4 >= level) == above[0]:
        yield from ((below, right), (top, left))
    elif crossed:
        yield from ((left, below), (right, top))


def _chains(links: Links) -> Iterator[list[Edge]]:
    """Yield open lines from an end to the other, then closed ones; empties ``links``."""
    ends = [edge for edge, near in links.items() if len(near) == 1]
    for edge in [*ends, *links]:
        if links.get(edge):
            chain = [edge]
            while near := links[chain[-1]]:
                chain.append(near.pop())
                links[chain[-1]].remove(chain[-2])
            yield chain


def _place(
    edge: Edge, x: Sequence[float], y: Sequence[float], z: Sequence[Sequence[float]], level: float
) -> tuple[float, float]:
    upwards, row, column = edge
    start = z[row][column]
    end = z[row + 1][column] if upwards else z[row][column + 1]
    share = (level - start) / (end - start)
    if upwards:
        return x[column], y[row] + share * (y[row + 1] - y[row])
    return x[column] + share * (x[column + 1] - x[column]), y[row]
