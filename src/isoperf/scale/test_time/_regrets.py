"""Regret and progress of one policy's traces, and the comparison of two policies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from isoperf.estimate import Estimate, Status
from isoperf.evals.means import mean_score
from isoperf.evals.paired import paired_difference
from isoperf.scale.test_time._step_columns import drawn
from isoperf.testtime._draws import Floats, draw_clusters
from isoperf.testtime.regret import Trace, best_value, cumulative_regret, normalised_regret, progress, regret_growth

__all__ = ["Gain", "Policy", "Run", "compared", "policy_of"]

GRID, BLOCKS = 240, 12
NOTABLE = 0.05  # regret below this share of a chain's tokens is nothing to speak of


@dataclass(frozen=True, eq=False)
class Run:
    """One chain on one problem; ``growth`` of its regret is NaN where the regret is nothing to speak of."""

    name: str
    item: str
    trace: Trace
    growth: float


@dataclass(frozen=True, eq=False)
class Policy:
    """Chains of one policy.

    Attributes
    ----------
    regret : at each budget, share of its value missed against an oracle. missed : tokens of regret piled up to the
        largest budget against the best chance that any chain of the problem reached by then.
    final : chance at the largest budget. progress : change of the chance by each of the first blocks, with its blocks.
    linear : chains whose regret grows linearly. curve : (GRID,) mean chance over problems along ``tokens``.
    """

    name: str
    n_items: int
    n_runs: int
    regret: tuple[Estimate, ...]
    missed: Estimate
    final: Estimate
    progress: tuple[Estimate, ...]
    linear: tuple[str, ...]
    tokens: Floats
    curve: Floats
    items: tuple[str, ...]
    by_item: Floats
    regret_by_item: Floats

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "policy": self.name,
            "n_items": self.n_items,
            "n_runs": self.n_runs,
            "regret": [one.as_dict() for one in self.regret],
            "missed": self.missed.as_dict(),
            "final": self.final.as_dict(),
            "progress": [one.as_dict() for one in self.progress],
            "linear": list(self.linear),
        }


@dataclass(frozen=True)
class Gain:
    """A policy against the baseline, on the problems both tried.

    Attributes
    ----------
    difference : of the regret at the largest budget, policy less baseline. efficiency : tokens the baseline needs over
        those the policy needs for the same mean chance ``target``.
    """

    policy: str
    baseline: str
    n_shared: int
    difference: Estimate
    efficiency: Estimate
    target: float

    @property
    def better(self) -> str | None:
        """The one of less regret, None where the interval holds 0."""
        return {-1: self.policy, 1: self.baseline}.get(self.difference.sign)

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        made = {"difference": self.difference.as_dict(), "efficiency": self.efficiency.as_dict()}
        return {**vars(self), **made, "better": self.better}


def grown(name: str, item: str, trace: Trace, others: Sequence[Trace]) -> Run:
    """Measure how a chain's regret grows up to its own end.

    It is the lesser growth of two: against an oracle, and against the best of the problem's chains where there are
    others. So neither a chain that is right from the start nor one that still gains ground grows linearly.
    """
    x = np.linspace(0.0, trace.tokens[-1], GRID)
    against = [np.ones(GRID)] + ([best_value([trace, *others], x)] if others else [])
    regrets = [cumulative_regret(trace, x, best) for best in against]
    notable = all(one[-1] > NOTABLE * trace.tokens[-1] for one in regrets)
    return Run(name, item, trace, min(regret_growth(x, one) for one in regrets) if notable else math.nan)


def policy_of(
    name: str,
    runs: Sequence[Run],
    siblings: dict[str, list[Trace]],
    budgets: Sequence[float],
    linear_from: float,
    level: float,
) -> Policy:
    """Average over the chains of each problem, then over problems."""
    items = tuple(dict.fromkeys(one.item for one in runs))
    place = {item: k for k, item in enumerate(items)}
    codes = np.array([place[one.item] for one in runs])
    counts = np.bincount(codes).astype(float)

    def averaged(values: Sequence[float]) -> Floats:
        return np.asarray(np.bincount(codes, np.asarray(values, dtype=float)) / counts)

    largest = max(budgets)
    tokens = np.linspace(0.0, largest, GRID)
    along = np.array([one.trace.at(tokens) for one in runs])
    by_item = np.array([along[codes == k].mean(axis=0) for k in range(len(items))])
    regrets = [averaged([normalised_regret(one.trace, c) for one in runs]) for c in budgets]
    best = {item: best_value(siblings[item], tokens) for item in items}
    missed = averaged([float(cumulative_regret(one.trace, tokens, best[one.item])[-1]) for one in runs])
    return Policy(
        name=name,
        n_items=len(items),
        n_runs=len(runs),
        regret=tuple(_mean(one, (0.0, 1.0), level) for one in regrets),
        missed=_mean(missed, (0.0, largest), level, "tokens"),
        final=_mean(by_item[:, -1], (0.0, 1.0), level),
        progress=_blocks(runs, level),
        linear=tuple(one.name for one in runs if one.growth >= linear_from),
        tokens=tokens,
        curve=by_item.mean(axis=0),
        items=items,
        by_item=by_item,
        regret_by_item=regrets[int(np.argmax(budgets))],
    )


def _mean(values: Floats, bounds: tuple[float, float], level: float, unit: str = "") -> Estimate:
    made = mean_score(values, bounds=bounds, level=level).mean
    return Estimate(made.value, made.low, made.high, made.level, unit, made.status)


def _blocks(runs: Sequence[Run], level: float) -> tuple[Estimate, ...]:
    """Mean progress of the first, second, ... block over the chains that have it, clustered by problem."""
    steps = [progress(one.trace.success) for one in runs]
    found = []
    for k in range(min(BLOCKS, max(one.size for one in steps))):
        own = [i for i, one in enumerate(steps) if one.size > k]
        values = [float(steps[i][k]) for i in own]
        found.append(mean_score(values, clusters=[runs[i].item for i in own], bounds=(-1.0, 1.0), level=level).mean)
    return tuple(found)


def compared(
    one: Policy, base: Policy, target: float | None, n_bootstrap: int, level: float, rng: np.random.Generator
) -> Gain:
    """Compare two policies on the problems they share."""
    shared = [item for item in one.items if item in set(base.items)]
    mine = [one.items.index(item) for item in shared]
    theirs = [base.items.index(item) for item in shared]
    few = Estimate(None, status=Status.TOO_FEW)
    if len(shared) < 3:
        return Gain(one.name, base.name, len(shared), few, few, target or float("nan"))
    difference = paired_difference(
        one.regret_by_item[mine], base.regret_by_item[theirs], bounds=(0.0, 1.0), level=level, rng=rng
    ).difference
    a, b = one.by_item[mine], base.by_item[theirs]
    ends = min(a[:, -1].mean(), b[:, -1].mean())
    goal = 0.9 * float(ends) if target is None else target
    weights = draw_clusters(np.arange(len(shared)), len(shared), n_bootstrap, rng).weights
    weights /= weights.sum(axis=1, keepdims=True)
    plain = np.full((1, len(shared)), 1 / len(shared))
    ratio = _reach(plain @ b, goal, base.tokens) / _reach(plain @ a, goal, one.tokens)
    draws = _reach(weights @ b, goal, base.tokens) / _reach(weights @ a, goal, one.tokens)
    return Gain(one.name, base.name, len(shared), difference, drawn(float(ratio[0]), draws, level), goal)


def _reach(curves: Floats, goal: float, tokens: Floats) -> Floats:
    """Tokens at which each of (b, m) curves first reaches the goal; NaN where one never does, or starts there."""
    above = curves >= goal - 1e-12
    k = np.argmax(above, axis=1)
    known = above.any(axis=1) & (k > 0)
    rows = np.arange(len(curves))
    low, high = curves[rows, np.maximum(k - 1, 0)], curves[rows, k]
    share = np.divide(goal - low, high - low, out=np.zeros_like(low), where=high > low)
    found = tokens[np.maximum(k - 1, 0)] + share * (tokens[k] - tokens[np.maximum(k - 1, 0)])
    return np.where(known, found, np.nan)
