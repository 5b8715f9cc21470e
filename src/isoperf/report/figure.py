"""A figure described: axes and layers, without saying how it is drawn."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from isoperf.errors import OptionError
from isoperf.report.layers import Band, Bars, Contour, Layer, Line, Points, Rule

__all__ = ["Axis", "Figure", "titled"]

# Beyond them, differences and ratios of coordinates are no longer finite.
_LARGEST, _LARGEST_LOG = 1e150, 1e300


def titled(name: str, unit: str) -> str:
    """Return a name with its unit, unless the name says it already, as ``n_tokens`` does."""
    said = unit.lower() in name.lower().split("_")
    return f"{name} ({unit})" if unit and not said else name


@dataclass(frozen=True)
class Axis:
    """What an axis measures, in which unit, and whether equal steps are equal ratios."""

    label: str
    unit: str = ""
    log: bool = False

    @property
    def title(self) -> str:
        """The label with its unit."""
        return titled(self.label, self.unit)

    def shows(self, value: float) -> bool:
        """Whether a value has a place on the axis."""
        if self.log:
            return 1 / _LARGEST_LOG < value < _LARGEST_LOG
        return math.isfinite(value) and abs(value) < _LARGEST

    def place(self, value: float) -> float:
        """Return the coordinate along which equal steps look equal."""
        return math.log10(value) if self.log else value

    def span(self, values: Iterable[float]) -> tuple[float, float] | None:
        """Return the smallest and largest coordinate that can be shown; a single one gets room around it."""
        places = [self.place(value) for value in values if self.shows(value)]
        if not places:
            return None
        low, high = min(places), max(places)
        room = max(0.5, 0.05 * abs(low))
        # The two must differ by enough for floating point to place ticks between them.
        least = max(1e-9 * abs(low), 1 / _LARGEST)
        return (low, high) if high - low > least else (low - room, high + room)


@dataclass(frozen=True)
class Figure:
    """A titled picture: two axes and the layers drawn over them, in order.

    Parameters
    ----------
    caption : what to see in it.
    sketched : whether terminals and Markdown draw it in characters, or only name it.
    """

    title: str
    x: Axis
    y: Axis
    layers: tuple[Layer, ...]
    caption: str = ""
    sketched: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "layers", tuple(self.layers))

    @property
    def bars(self) -> tuple[Bars, ...]:
        """The layers whose horizontal axis is a list of words."""
        return tuple(layer for layer in self.layers if isinstance(layer, Bars))

    @property
    def empty(self) -> bool:
        """Whether there is nothing that the axes can show."""
        across = bool(self.bars) or self.x.span(self.xs()) is not None
        return not across or self.y.span(self.ys()) is None

    def svg(self, width: int = 640, height: int = 400) -> str:
        """Return a picture for light and dark pages, as SVG without scripts.

        Parameters
        ----------
        width, height : pixels; bars and a long legend may need more height, and get it.
        """
        from isoperf.report.svg import as_svg

        return as_svg(self, width, height)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the picture to a file of SVG, whole or not at all, and return where it is.

        Raises
        ------
        OptionError : the file's suffix is not .svg.
        OutputError : the file could not be written; whatever was there is unchanged.
        """
        from isoperf.report.save import write_whole

        if Path(path).suffix.lower() != ".svg":
            raise OptionError(f"a figure is saved as SVG, and '{path}' does not end in .svg. Name it 'figure.svg'.")
        return write_whole(path, self.svg())

    def _repr_html_(self) -> str:
        from isoperf.report.fragment import blocks_fragment

        return blocks_fragment([self])

    def _repr_svg_(self) -> str:
        return self.svg()

    def xs(self) -> Iterator[float]:
        """Every horizontal value of the layers."""
        for layer in self.layers:
            if isinstance(layer, Points | Line | Band | Contour):
                yield from layer.x
            elif isinstance(layer, Rule) and layer.x is not None:
                yield layer.x

    def ys(self) -> Iterator[float]:
        """Every vertical value of the layers, intervals included."""
        for layer in self.layers:
            match layer:
                case Line() | Contour():
                    yield from layer.y
                case Points():
                    yield from (*layer.y, *(layer.low or ()), *(layer.high or ()))
                case Band():
                    yield from (*layer.low, *layer.high)
                case Bars():
                    yield from (*layer.values, *(layer.low or ()), *(layer.high or ()))
                case Rule() if layer.y is not None:
                    yield layer.y
                case _:
                    pass
