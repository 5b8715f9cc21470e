"""What a plan is made of: budgets, targets and the price of leaving the optimum."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from isoperf.estimate import Estimate

__all__ = ["Budget", "Detour", "Target", "as_dict"]


@dataclass(frozen=True)
class Budget:
    """The best use of one compute budget.

    Attributes
    ----------
    n_params, n_tokens, tokens_per_param : compute-optimal, with intervals over laws and draws.
    loss : what a run at the optimum will measure, with the interval for a new run.
    by_law : compute-optimal parameters according to each law alone.
    """

    flops: float
    n_params: Estimate
    n_tokens: Estimate
    tokens_per_param: Estimate
    loss: Estimate
    by_law: Mapping[str, float]


@dataclass(frozen=True)
class Target:
    """What a target loss needs; unknown where more than 5 % of the draws never reach it."""

    loss: float
    flops: Estimate
    n_params: Estimate
    n_tokens: Estimate
    reached: float
    given: str = ""


@dataclass(frozen=True)
class Detour:
    """Price of a model ``factor`` times the optimal size at the same compute."""

    factor: float
    loss_increase: Estimate
    extra_compute: Estimate


def as_dict(item: Budget | Target | Detour) -> dict[str, Any]:
    return {k: v.as_dict() if isinstance(v, Estimate) else v for k, v in vars(item).items()}
