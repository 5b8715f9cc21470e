"""What a plan is made of: budgets, targets and the price of leaving the optimum."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from isoperf.errors import LawError
from isoperf.estimate import Estimate, finite_or_none

__all__ = ["Budget", "Detour", "Regret", "Served", "Target", "as_dict"]


@dataclass(frozen=True)
class Regret:
    """Output lost by following the plan when another draw, or another law, is the truth.

    ``expected`` is the mean over draws of all laws by weight; in a share ``level`` of them no
    more than ``high`` is lost.
    """

    expected: float | None
    high: float | None
    level: float

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return dict(vars(self))


@dataclass(frozen=True)
class Served:
    """A plan beside the model of the same loss that is cheapest to train.

    Attributes
    ----------
    n_params : of that model.
    size : planned parameters over its own; below 1 the plan over-trains a smaller model.
    saving : share of the whole cost, training and serving, that the plan saves.
    """

    n_params: Estimate
    size: Estimate
    saving: Estimate

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {name: known.as_dict() for name, known in vars(self).items()}


class _Sized:
    """Sizes by name, for plans that have them."""

    inputs: Mapping[str, Estimate]

    @property
    def n_params(self) -> Estimate:
        """Planned parameters."""
        return self._input("n_params")

    @property
    def n_tokens(self) -> Estimate:
        """Planned tokens."""
        return self._input("n_tokens")

    def _input(self, name: str) -> Estimate:
        if name not in self.inputs:
            raise LawError(f"this plan has no {name}; its inputs are {', '.join(self.inputs)}.")
        return self.inputs[name]


@dataclass(frozen=True)
class Budget(_Sized):
    """The best use of one budget.

    Attributes
    ----------
    amount, unit : what may be spent in all.
    flops : training compute of the plan; NaN for a law without sizes.
    inputs : every input of the law at the optimum, with intervals over laws and draws.
    tokens_per_param : their ratio, for laws in both.
    loss : what a run at the optimum will measure, with the interval for a new run.
    by_law : best value of the first input according to each law alone.
    regret : loss given away because the truth is not the law's best fit.
    spent : by what it pays for (training, serving, data), in ``unit``, when there are several.
    ends : inputs that lie at an end of what was allowed or measured, in words.
    compute : FLOPs of training, and of serving where it counts; empty for a cost of the user's own.
    """

    amount: float
    unit: str
    flops: float
    inputs: Mapping[str, Estimate]
    tokens_per_param: Estimate
    loss: Estimate
    by_law: Mapping[str, float]
    regret: Regret
    spent: Mapping[str, Estimate] = field(default_factory=dict)
    ends: Mapping[str, str] = field(default_factory=dict)
    served: Served | None = None
    compute: Mapping[str, Estimate] = field(default_factory=dict)


@dataclass(frozen=True)
class Target(_Sized):
    """What a target loss needs; unknown where more than 5 % of the draws never reach it.

    Attributes
    ----------
    flops : training compute; cost : all that is spent, in the plan's unit.
    reached : share of the draws that reach the target.
    compute : FLOPs of training, and of serving where it counts.
    """

    loss: float
    flops: Estimate
    cost: Estimate
    inputs: Mapping[str, Estimate]
    reached: float
    given: str = ""
    served: Served | None = None
    ends: Mapping[str, str] = field(default_factory=dict)
    compute: Mapping[str, Estimate] = field(default_factory=dict)


@dataclass(frozen=True)
class Detour:
    """Price of an input ``factor`` times its best value at the same cost."""

    factor: float
    loss_increase: Estimate
    extra_compute: Estimate
    input: str = "n_params"


def as_dict(item: Budget | Target | Detour) -> dict[str, Any]:
    """Return plain values for JSON; sizes stand beside the other fields."""
    told: dict[str, Any] = {}
    for name, value in vars(item).items():
        if name == "inputs":
            told |= {word: known.as_dict() for word, known in value.items()}
        elif isinstance(value, Estimate | Regret | Served):
            told[name] = value.as_dict()
        elif isinstance(value, Mapping):
            told[name] = {k: v.as_dict() if isinstance(v, Estimate) else _plain(v) for k, v in value.items()}
        else:
            told[name] = _plain(value)
    return told


def _plain(value: Any) -> Any:
    return finite_or_none(value) if isinstance(value, float) else value
