"""Answers whose assumptions can be moved: what a slider may be set to, and the report that follows."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from isoperf.errors import OptionError, did_you_mean

if TYPE_CHECKING:
    from isoperf.report.document import Report

__all__ = ["Adjustable", "Control", "settled"]

_ROUNDING = 1e-6  # a slider's ends come back as rounded text


@dataclass(frozen=True)
class Control:
    """A number that can be moved between two ends, in its base unit.

    Attributes
    ----------
    name : the key under which its value is passed; label : the same for people; unit : of its value.
    low, high : the ends; value : what the answer was made with.
    log : whether equal steps are equal factors.

    Raises
    ------
    OptionError : the ends are no range, or the value lies outside.
    """

    name: str
    label: str
    unit: str
    low: float
    high: float
    value: float
    log: bool = False

    def __post_init__(self) -> None:
        if not all(map(math.isfinite, (self.low, self.high, self.value))):
            raise OptionError(f"control {self.name!r}: its ends and value must be finite numbers.")
        if not self.low < self.high or not self.low <= self.value <= self.high:
            raise OptionError(
                f"control {self.name!r}: its value {self.value:g} must lie between its ends, "
                f"{self.low:g} below {self.high:g}."
            )
        if self.log and self.low <= 0:
            raise OptionError(f"control {self.name!r}: equal factors need a lower end above 0, found {self.low:g}.")


@runtime_checkable
class Adjustable(Protocol):
    """A result that answers again at once when its assumptions are moved."""

    def controls(self) -> tuple[Control, ...]:
        """Return what can be moved; nothing when this very answer has nothing to move."""
        ...

    def moved(self, values: Mapping[str, float]) -> Report:
        """Return the answer under the values of all controls, by their names."""
        ...


def settled(controls: Iterable[Control], values: Mapping[str, float]) -> dict[str, float]:
    """Return the values of all controls, those given replaced.

    Raises
    ------
    OptionError : a name is none of the controls', or a value lies outside its ends.
    """
    known = {control.name: control for control in controls}
    for name in values:
        if name not in known:
            raise OptionError(f"nothing to move is called {name!r}.{did_you_mean(name, known)}")
    return {name: _within(control, values.get(name, control.value)) for name, control in known.items()}


def _within(control: Control, value: float) -> float:
    room = _ROUNDING * max(abs(control.low), abs(control.high))
    if not control.low - room <= value <= control.high + room:
        raise OptionError(
            f"{control.label} must lie between {control.low:g} and {control.high:g} {control.unit}".rstrip()
            + f", found {value:g}."
        )
    return min(max(float(value), control.low), control.high)
