"""What a run costs, as a function of its named inputs: compute, data, or a sum of one's own."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from isoperf.errors import OptionError
from isoperf.estimate import format_number
from isoperf.identities import FLOPS_PER_PARAM_TOKEN

__all__ = ["Cost", "data_price", "multiplied", "own_cost", "serving_flops", "training_flops"]

FULL_BITS = 16.0  # the width at which the compute rule counts one operation as one
SIZES = ("n_params_active", "n_params_dense", "n_params")  # the first at hand is what one token passes through
COPIES = ("n_streams", "n_members")
BITS = ("weight_bits", "activation_bits", "kv_bits")


@dataclass(frozen=True)
class Cost:
    """Price of one run.

    Attributes
    ----------
    parts : functions of named inputs that are added up, by what they pay for. Written in NumPy
        arithmetic, as a law's formula is.
    unit : what the sum counts.
    text : the formula as people read it.
    """

    parts: Mapping[str, Callable[..., Any]]
    unit: str = "FLOPs"
    text: str = ""
    weights: Mapping[str, float] = field(default_factory=dict)

    def __call__(self, **inputs: Any) -> Any:
        """Return the sum of the parts; every input of the law may be given, unused ones are ignored."""
        return sum(self.part(name, inputs) for name in self.parts)

    def part(self, name: str, inputs: Mapping[str, Any]) -> Any:
        """Return what one part costs."""
        return self.weights.get(name, 1.0) * self.parts[name](**inputs)

    def __add__(self, other: Cost) -> Cost:
        """Return a cost of both.

        Raises
        ------
        OptionError : they count different things.
        """
        if other.unit != self.unit:
            raise OptionError(
                f"cannot add a cost in {other.unit} to one in {self.unit}. Turn one of them into the other's unit with "
                "times()."
            )
        parts, weights = {**self.parts, **other.parts}, {**self.weights, **other.weights}
        return replace(self, parts=parts, text=" + ".join(t for t in (self.text, other.text) if t), weights=weights)

    def times(self, factor: float | Mapping[str, float], unit: str) -> Cost:
        """Return the same cost in another unit, each part by its own factor where several are given."""
        rate = factor if isinstance(factor, Mapping) else dict.fromkeys(self.parts, factor)
        weights = {name: self.weights.get(name, 1.0) * rate[name] for name in self.parts}
        return replace(self, unit=unit, weights=weights)

    def training(self) -> Cost:
        """Return the cost without serving."""
        kept = {name: part for name, part in self.parts.items() if name != "serving"}
        return replace(self, parts=kept)


def training_flops(per_param_token: float = FLOPS_PER_PARAM_TOKEN, *, plain: bool = False) -> Cost:
    """Compute of training, C = k N D.

    N is the active parameters where the inputs have them. Unless ``plain``, streams and members
    multiply it, and bits over 16 do, as in (6/16) N D P of Kumar et al. 2024: the widest of
    weights, activations and cache sets the speed.
    """

    def flops(**inputs: Any) -> Any:
        if "n_tokens" not in inputs:
            raise OptionError(_unpriced(inputs))
        factor = 1.0 if plain else _copies(inputs) * _width(inputs, BITS)
        return per_param_token * factor * _size(inputs) * inputs["n_tokens"]

    return Cost({"training": flops}, text=f"{per_param_token:g} N D")


def serving_flops(n_tokens: float, per_param_token: float = 2.0, *, plain: bool = False) -> Cost:
    """Compute of a model's life in service, 2 N per token read or written."""

    def flops(**inputs: Any) -> Any:
        bits = ("post_bits",) if "post_bits" in inputs else BITS
        factor = 1.0 if plain else _copies(inputs) * _width(inputs, bits)
        return per_param_token * factor * _size(inputs) * n_tokens

    return Cost({"serving": flops}, text=f"{per_param_token:g} N x {format_number(n_tokens)} tokens served")


def data_price(price_per_token: float, available: float | None = None) -> Cost:
    """Price of distinct tokens; those seen again are free, as are tokens beyond what is ``available``."""

    def price(**inputs: Any) -> Any:
        tokens = inputs["n_tokens"] if "n_tokens" in inputs else inputs["n_unique_tokens"]
        if "n_unique_tokens" in inputs:
            tokens = np.minimum(tokens, inputs["n_unique_tokens"])
        return price_per_token * (tokens if available is None else np.minimum(tokens, available))

    return Cost({"data": price}, "USD", f"{format_number(price_per_token)} per distinct token")


def own_cost(function: Callable[..., Any], inputs: tuple[str, ...], unit: str) -> Cost:
    """Wrap a function of the user's own, which takes the inputs it names.

    Raises
    ------
    OptionError : it asks for something that the law does not know.
    """
    if isinstance(function, Cost):
        return function
    takes = inspect.signature(function).parameters.values()
    open_ended = any(one.kind is one.VAR_KEYWORD for one in takes)
    named = [one.name for one in takes if one.kind not in (one.VAR_KEYWORD, one.VAR_POSITIONAL)]
    missing = [one.name for one in takes if one.name in named and one.default is one.empty and one.name not in inputs]
    if missing:
        raise OptionError(
            f"cost function {getattr(function, '__name__', 'given')!r} asks for {', '.join(missing)}; "
            f"the law's inputs are {', '.join(inputs)}. Name its arguments after them."
        )

    def price(**given: Any) -> Any:
        return function(**(given if open_ended else {name: given[name] for name in named if name in given}))

    return Cost({"cost": price}, unit, getattr(function, "__name__", "own cost"))


def _size(inputs: Mapping[str, Any]) -> Any:
    name = next((one for one in SIZES if one in inputs), None)
    if name is None:
        raise OptionError(_unpriced(inputs))
    return inputs[name]


def _unpriced(inputs: Mapping[str, Any]) -> str:
    return (
        f"the compute rule k N D needs n_params and n_tokens, and this law has {', '.join(inputs)}. "
        "Say what a run costs: cost=your_function, with arguments named after the inputs; or inference_tokens, "
        "to count the cost of serving a model of n_params."
    )


def multiplied(inputs: tuple[str, ...]) -> list[str]:
    """Return in words what multiplies the compute rule for a law with these inputs."""
    wide = ["bits/16"] if any(name in inputs for name in BITS) else []
    return [*(name for name in COPIES if name in inputs), *wide]


def _copies(inputs: Mapping[str, Any]) -> Any:
    factor: Any = 1.0
    for name in COPIES:
        factor = factor * inputs.get(name, 1.0)
    return factor


def _width(inputs: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    widths = [inputs[name] for name in names if name in inputs]
    if not widths:
        return 1.0
    widest = widths[0]
    for other in widths[1:]:
        widest = np.maximum(widest, other)
    return widest / FULL_BITS
