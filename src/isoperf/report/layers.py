"""What a figure can hold: points, lines, bands, contours, rules and bars."""

from __future__ import annotations

import typing
from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal, TypeAlias

from isoperf.errors import OptionError

__all__ = ["ROLES", "Band", "Bars", "Contour", "Layer", "Line", "Points", "Role", "Rule"]

Role = Literal["data", "heldout", "fit", "alternative", "plan", "muted"]
ROLES: tuple[Role, ...] = typing.get_args(Role)
Numbers: TypeAlias = Collection[float]


@dataclass(frozen=True)
class Points:
    """Measured or planned points, with optional vertical intervals.

    Parameters
    ----------
    name : what the legend says.
    x, y : (n,) numbers in the units of the axes; values that are not finite are not drawn.
    low, high : (n,) ends of the interval of each ``y``.
    labels : (n,) words shown when a point is pointed at.
    role : decides colour and shape.
    """

    name: str
    x: Numbers
    y: Numbers
    low: Numbers | None = None
    high: Numbers | None = None
    labels: Collection[str] | None = None
    role: Role = "data"

    def __post_init__(self) -> None:
        _freeze(self, ("x", "y", "low", "high"), ("labels",))


@dataclass(frozen=True)
class Line:
    """A curve through (n,) ``x`` and ``y``; a value that is not finite breaks it."""

    name: str
    x: Numbers
    y: Numbers
    role: Role = "fit"
    dashed: bool = False

    def __post_init__(self) -> None:
        _freeze(self, ("x", "y"))


@dataclass(frozen=True)
class Band:
    """The area between (n,) ``low`` and ``high`` over ``x``."""

    name: str
    x: Numbers
    low: Numbers
    high: Numbers
    role: Role = "fit"

    def __post_init__(self) -> None:
        _freeze(self, ("x", "low", "high"))


@dataclass(frozen=True)
class Contour:
    """Lines of equal ``z`` over a grid.

    Parameters
    ----------
    name : what ``z`` is, with its unit.
    x : (m,) and y : (k,) the grid's coordinates.
    z : (k, m) heights.
    levels : heights to draw; chosen from the spread of ``z`` when absent.
    """

    name: str
    x: Numbers
    y: Numbers
    z: Collection[Numbers]
    levels: Numbers | None = None

    def __post_init__(self) -> None:
        for field in ("x", "y", "levels"):
            _store(self, field, float)
        rows = tuple(tuple(float(value) for value in row) for row in self.z)
        object.__setattr__(self, "z", rows)
        widths = sorted({len(row) for row in rows})
        if len(rows) != len(self.y) or widths != [len(self.x)]:
            raise OptionError(
                f"contour {self.name!r}: z has {len(rows)} rows of {widths} values; "
                f"it needs {len(self.y)} rows (one per y) of {len(self.x)} (one per x). Transpose z?"
            )


@dataclass(frozen=True)
class Rule:
    """One vertical line at ``x`` or one horizontal line at ``y``."""

    name: str
    x: float | None = None
    y: float | None = None
    role: Role = "muted"

    def __post_init__(self) -> None:
        _check_role(self.name, self.role)
        if (self.x is None) == (self.y is None):
            raise OptionError(f"rule {self.name!r}: give x or y, one of them; got x={self.x}, y={self.y}.")


@dataclass(frozen=True)
class Bars:
    """One bar for each of (n,) ``labels``, with optional intervals."""

    name: str
    labels: Collection[str]
    values: Numbers
    low: Numbers | None = None
    high: Numbers | None = None
    role: Role = "data"

    def __post_init__(self) -> None:
        _freeze(self, ("values", "low", "high"), ("labels",))


Layer: TypeAlias = Points | Line | Band | Contour | Rule | Bars


def _freeze(layer: Points | Line | Band | Bars, numbers: tuple[str, ...], words: tuple[str, ...] = ()) -> None:
    """Copy every sequence into a tuple and refuse lengths that differ."""
    _check_role(layer.name, layer.role)
    for field in numbers:
        _store(layer, field, float)
    for field in words:
        _store(layer, field, str)
    sizes = {field: len(getattr(layer, field)) for field in numbers + words if getattr(layer, field) is not None}
    if len(set(sizes.values())) > 1:
        found = ", ".join(f"{field} has {size}" for field, size in sizes.items())
        kind = type(layer).__name__.lower()
        raise OptionError(f"{kind} {layer.name!r}: {found} values; give all of them the same length.")


def _store(layer: Layer, field: str, kind: type[float] | type[str]) -> None:
    values = getattr(layer, field)
    if values is not None:
        object.__setattr__(layer, field, tuple(kind(value) for value in values))


def _check_role(name: str, role: str) -> None:
    if role not in ROLES:
        raise OptionError(f"layer {name!r}: no role {role!r}. Known: {', '.join(ROLES)}.")
