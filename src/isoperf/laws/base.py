"""What a law is: parameters, inputs, one output, and a formula; no data and no state."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from isoperf.errors import LawError
from isoperf.identities import FLOPS_PER_PARAM_TOKEN
from isoperf.reference import Reference

__all__ = ["Law", "Noise", "Param", "Reference"]

Floats = NDArray[np.float64]
Noise = Literal["log_huber", "log_squared", "huber", "squared"]


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter of a law.

    Attributes
    ----------
    name : the word users see.
    symbol : the paper's letter.
    unit : unit of the value, empty for a pure number.
    log : search over its logarithm; the value is then always positive.
    bounds : closed interval of allowed values.
    start : interval from which starting values are spread (evenly in log when ``log``).
    linear : the formula is linear in this parameter given those that are not marked so;
        its starting value is then solved for, never searched.
    """

    name: str
    symbol: str = ""
    unit: str = ""
    log: bool = False
    bounds: tuple[float, float] = (-math.inf, math.inf)
    start: tuple[float, float] = (0.1, 1.0)
    linear: bool = False

    @property
    def allowed(self) -> str:
        """The values it may take, in words."""
        low, high = self.bounds
        low = max(low, 0.0) if self.log else low
        if math.isinf(low):
            return "any" if math.isinf(high) else f"{_short(high)} or less"
        if math.isinf(high):
            return f"above {_short(low)}" if self.log else f"{_short(low)} or more"
        return f"{_short(low)} to {_short(high)}"

    def unit_in(self, law: Law) -> str:
        """Its unit in words; that of a column of the law where it has that one's."""
        return f"that of {self.unit}" if self.unit in (law.output, *law.inputs) else self.unit


def _short(number: float) -> str:
    return f"{number:g}".replace("e+0", "e").replace("e-0", "e-")


class Law(ABC):
    """A pure function from parameters and named inputs to one output.

    ``baseline`` marks laws that others must beat and that are never chosen; ``last_only``
    those that read only the rows with the largest input. ``variant_of`` names a law that
    draws the same curves in other parameters, so that the two do not vote twice. A law that is
    no ``contender`` takes part only when asked for by name. ``also`` names further papers behind it.
    Inputs must be above 0, but for those in ``may_be_zero``.

    Subclass it with the class attributes below and :meth:`formula`, written with NumPy
    arithmetic; exact gradients, fitting, intervals, plots and the command line follow.
    """

    name: ClassVar[str]
    inputs: ClassVar[tuple[str, ...]]
    output: ClassVar[str]
    params: ClassVar[tuple[Param, ...]]
    reference: ClassVar[Reference]
    also: ClassVar[tuple[Reference, ...]] = ()
    noise: ClassVar[Noise] = "log_huber"
    baseline: ClassVar[bool] = False
    last_only: ClassVar[bool] = False
    variant_of: ClassVar[str] = ""
    contender: ClassVar[bool] = True
    may_be_zero: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def formula(self, p: Any, *inputs: Any) -> Any:
        """Return the output; ``p`` has one attribute per parameter, inputs come in order.

        Everything broadcasts: parameters may be of shape (B, 1) and inputs of shape (n,).
        """

    def starts(self, inputs: Mapping[str, Floats], output: Floats) -> Mapping[str, tuple[float, float]]:
        """Return start intervals that depend on the data, by parameter; override where units matter."""
        return {}

    def guesses(self, inputs: Mapping[str, Floats], output: Floats) -> Floats:
        """Return whole starting points of the law's own, (K, p) in natural units; override where a recipe gives them.

        They are tried beside the dense grid, not in its place.
        """
        return np.empty((0, len(self.params)))

    def scale(self, inputs: Mapping[str, Floats]) -> Floats:
        """Return how far along each row lies, (n,): compute where known, else the first input.

        Extrapolation is measured on the logarithm of this; it must grow towards the
        questions people ask.
        """
        if {"n_params", "n_tokens"} <= set(inputs):
            return FLOPS_PER_PARAM_TOKEN * inputs["n_params"] * inputs["n_tokens"]
        return inputs[self.inputs[0]]

    def fixed(self, **values: float) -> Law:
        """Return this law with some parameters held at given values; they are no longer fitted.

        Raises
        ------
        LawError : a parameter is unknown, or none is left.
        """
        from isoperf.laws._restricted import restrict

        return restrict(self, values, {})

    def tied(self, **masters: str) -> Law:
        """Return this law with some parameters equal to others: ``tied(token_exponent="param_exponent")``.

        Raises
        ------
        LawError : a parameter is unknown, or the one it follows is not free.
        """
        from isoperf.laws._restricted import restrict

        return restrict(self, {}, masters)

    def by_group(self, *own: str, n_groups: int) -> Law:
        """Return this law for several groups in one fit: parameters in ``own`` differ, the others are shared.

        The new law has one more input, ``group``, with values 1, 2, ...; an own parameter
        ``scale`` becomes ``scale_1``, ``scale_2``, ...

        Raises
        ------
        LawError : a parameter is unknown.
        """
        from isoperf.laws._grouped import grouped

        return grouped(self, own, n_groups)

    @classmethod
    def member(cls, name: str) -> Law | None:
        """Return the law of that name from the family this one stands for; override where there is a family."""
        return None

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the parameters, in order."""
        return tuple(param.name for param in self.params)

    @property
    def title(self) -> str:
        """First line of the docstring."""
        return (type(self).__doc__ or self.name).strip().partition("\n")[0].rstrip(".")

    def _repr_html_(self) -> str:
        from isoperf.laws._display import law_fragment

        return law_fragment(self)

    def predict(self, values: Mapping[str, ArrayLike], **inputs: ArrayLike) -> Any:
        """Evaluate the formula at given parameter values.

        Parameters
        ----------
        values : one entry per parameter: scalars, or arrays that broadcast with the inputs.
        inputs : one array or scalar per input, in base units.

        Raises
        ------
        LawError : a parameter or input is missing or unknown.
        """
        self.check_names(values, self.names, "parameter")
        self.check_names(inputs, self.inputs, "input")
        p = SimpleNamespace(**{k: np.asarray(v, dtype=float) for k, v in values.items()})
        arrays = (np.asarray(inputs[name], dtype=float) for name in self.inputs)
        with np.errstate(all="ignore"):
            result = self.formula(p, *arrays)
        return float(result) if np.ndim(result) == 0 else np.asarray(result)

    def check_names(self, given: Iterable[str], wanted: Iterable[str], what: str) -> None:
        """Refuse names of a ``what`` (parameter, input) that are missing or unknown.

        Raises
        ------
        LawError : naming them, and those needed.
        """
        if set(given) != set(wanted):
            missing, extra = sorted(set(wanted) - set(given)), sorted(set(given) - set(wanted))
            parts = [
                f"missing {what}s {missing}" if missing else "",
                f"unknown {what}s {extra}" if extra else "",
            ]
            raise LawError(f"law {self.name!r}: {' and '.join(p for p in parts if p)}. Needed: {sorted(wanted)}.")
