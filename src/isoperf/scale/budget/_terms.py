"""The terms of a plan: what a run costs, and what its inputs may be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from isoperf.errors import OptionError, did_you_mean
from isoperf.fitting.allocate import Aim
from isoperf.fitting.costs import (
    Cost,
    data_price,
    multiplied,
    own_cost,
    serving_flops,
    training_flops,
)
from isoperf.fitting.data import LawData
from isoperf.identities import find_identity
from isoperf.own_files import run_file
from isoperf.scale.budget._conversion import dollars, gpu_hours

__all__ = ["COSTS", "Prices", "Terms", "aim_of", "with_prices"]

COSTS = ("auto", "training")
BETTER_HIGH = ("accuracy", "score")


@dataclass(frozen=True)
class Prices:
    """What compute, accelerators, service and data cost; ``None`` where nothing was said."""

    flops_per_param_token: float
    inference_tokens: float | None = None
    flops_per_second: float | None = None
    mfu: float = 0.4
    inference_mfu: float | None = None
    price_per_gpu_hour: float | None = None
    price_per_token: float | None = None
    unique_tokens: float | None = None
    cost: str | Callable[..., Any] = "auto"
    no_price: str = ""

    def need(self, unit: str) -> None:
        """Refuse a budget that the prices cannot be told in.

        Raises
        ------
        OptionError : naming what to give.
        """
        rate = "device='H100-SXM-80GB' (or another, or its peak as flops_per_second=...)"
        missing = [] if self.flops_per_second else [rate]
        unpriced = unit == "USD" and not self.price_per_gpu_hour
        if unpriced:
            missing.insert(0, "price_per_gpu_hour=...")
        if missing and unit != "FLOPs":
            option = "dollars" if unit == "USD" else "gpu_hours"
            known = f" Found: {self.no_price}." if unpriced and self.flops_per_second and self.no_price else ""
            raise OptionError(f"a budget in {option} needs {' and '.join(missing)}.{known}")

    def whole(self, unit: str, inputs: tuple[str, ...]) -> Cost:
        """Return the cost of everything that was named, in a unit.

        Raises
        ------
        OptionError : prices are missing, or exclude each other.
        """
        if callable(self.cost) or self.cost not in COSTS:
            return own_cost(_function(self.cost), inputs, unit)
        self.need(unit)
        plain = self.cost == "training"
        total = training_flops(self.flops_per_param_token, plain=plain)
        if self.inference_tokens:
            served = serving_flops(self.inference_tokens, self.flops_per_param_token / 3, plain=plain)
            total = total + served if "n_tokens" in inputs else served
        if not plain and multiplied(inputs):
            bare = f"({total.text})" if " + " in total.text else total.text
            total = replace(total, text=" x ".join([bare, *multiplied(inputs)]))
        if unit != "FLOPs" and self.flops_per_second:
            total = gpu_hours(total, self.flops_per_second, self.mfu, self.inference_mfu)
        if unit == "USD" and self.price_per_gpu_hour:
            total = dollars(total, self.price_per_gpu_hour)
        if self.price_per_token:
            if unit != "USD":
                raise OptionError("price_per_token is in dollars; give the budget in dollars too.")
            total = total + data_price(self.price_per_token, self.unique_tokens)
        return total


def _function(given: str | Callable[..., Any]) -> Callable[..., Any]:
    """Return a cost function given as such, or as ``file.py:function``."""
    if callable(given):
        return given
    file, _, name = given.partition(":")
    if not file.endswith(".py"):
        raise OptionError(
            f"no cost {given!r}.{did_you_mean(given, COSTS)} Known: {', '.join(COSTS)}; or your own as "
            "costs.py:function, with arguments named after the law's inputs."
        )
    path = Path(file)
    module = run_file(path, "cost", OptionError)
    found = {key: value for key, value in vars(module).items() if callable(value) and value.__module__ == path.stem}
    if name not in found:
        raise OptionError(f"{path.name} has no function {name!r}; it has {', '.join(found) or 'none'}.")
    chosen: Callable[..., Any] = found[name]
    return chosen


@dataclass(frozen=True)
class Terms:
    """Limits on inputs as the user gave them."""

    at_most: Mapping[str, float]
    at_least: Mapping[str, float]
    fix: Mapping[str, float]
    choices: Mapping[str, tuple[float, ...]]
    mixture: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing was said."""
        return not (self.at_most or self.at_least or self.fix or self.choices or self.mixture)

    def check(self, inputs: tuple[str, ...]) -> None:
        """Refuse limits on what the law does not know.

        Raises
        ------
        OptionError : naming them.
        """
        limited = [name for name in (*self.at_most, *self.at_least) if not find_identity(name, inputs)]
        named = [*limited, *self.fix, *self.choices, *self.mixture]
        unknown = next((name for name in named if name not in inputs), None)
        if unknown:
            raise OptionError(
                f"no input {unknown!r} to limit.{did_you_mean(unknown, inputs)} "
                f"The law's inputs are {', '.join(inputs)}."
            )
        values = [*self.at_most.items(), *self.at_least.items(), *self.fix.items()]
        values += [(name, value) for name, listed in self.choices.items() for value in listed]
        for name, value in values:
            if not (np.isfinite(value) and value > 0):
                raise OptionError(f"{name} must be above 0 and finite, found {value:g}.")
        held = next((n for n in (*self.fix, *self.choices) if n in self.mixture), None)
        if held:
            raise OptionError(f"{held} is a share of the mixture, so it cannot be fixed as well.")


def with_prices(terms: Terms, prices: Prices, data: LawData) -> Terms:
    """Add to the limits what is known of distinct tokens: as many as there are, or at most when they cost."""
    if not prices.unique_tokens or "n_unique_tokens" not in data.law.inputs:
        return terms
    given = {"n_unique_tokens": prices.unique_tokens}
    if prices.price_per_token:
        return replace(terms, at_most={**given, **terms.at_most})
    return replace(terms, fix={**given, **terms.fix})


def aim_of(data: LawData, better: str) -> Aim:
    """Return whether less of the output is better."""
    if better in ("lower", "higher"):
        return "most" if better == "higher" else "least"
    if better != "auto":
        raise OptionError(f"better must be auto, lower or higher, found {better!r}.")
    column = data.binding[data.law.output]
    return "most" if column in BETTER_HIGH else "least"
