"""Scores of generated programs from their run times, by problem, and their comparison."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isoperf.errors import DataError, OptionError
from isoperf.estimate import Estimate, Status
from isoperf.evals.efficiency import eff_at_k, level_scores
from isoperf.evals.levels import Levels, efficiency_levels
from isoperf.evals.means import mean_score
from isoperf.evals.paired import paired_difference
from isoperf.evals.rates import mean_pass_at_k
from isoperf.grouping import codes_of
from isoperf.observations import Observations
from isoperf.tradeoff.evaluation._attempts import words_of

__all__ = [
    "CodeDifference",
    "CodeTimes",
    "ModelSpeed",
    "ModelTimes",
    "compare_speeds",
    "model_speed",
    "read_code_times",
]

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ModelTimes:
    """One model's samples by problem: scores, outcomes, and shares of references and levels matched by right ones."""

    model: str
    items: NDArray[Any]
    scores: tuple[Floats, ...]
    correct: tuple[Floats, ...]
    shares: tuple[Floats, ...]
    places: tuple[Floats, ...]


@dataclass(frozen=True, eq=False)
class CodeTimes:
    """Every model's samples; see ``CodeEfficiency`` for the rest."""

    models: tuple[ModelTimes, ...]
    n_levels: tuple[int, int] | None
    late: int
    left_out: int


@dataclass(frozen=True)
class ModelSpeed:
    """One model's scores; ``eff`` and ``passed`` follow the values of k.

    Attributes
    ----------
    dps, dps_norm : mean share of references, and of levels, that right samples match or beat;
        over the ``n_dps`` problems with enough right samples. None without references.
    by_item : eff@k of each problem (m, len(k)), and its differential score, NaN where it has none.
    """

    model: str
    n_items: int
    n_samples: tuple[int, int]
    eff: tuple[Estimate, ...]
    passed: tuple[Estimate, ...]
    dps: Estimate | None
    dps_norm: Estimate | None
    n_dps: int
    items: tuple[str, ...]
    by_item: Floats
    dps_by_item: Floats

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "model": self.model,
            "n_items": self.n_items,
            "n_samples": list(self.n_samples),
            "eff": [one.as_dict() for one in self.eff],
            "pass": [one.as_dict() for one in self.passed],
            "dps": None if self.dps is None else self.dps.as_dict(),
            "dps_norm": None if self.dps_norm is None else self.dps_norm.as_dict(),
            "n_dps": self.n_dps,
        }


@dataclass(frozen=True)
class CodeDifference:
    """Difference ``model`` minus ``baseline`` on the problems both have; ``measure`` is eff@k or dps."""

    model: str
    baseline: str
    measure: str
    difference: Estimate
    p_value: float | None
    n_shared: int

    @property
    def better(self) -> str | None:
        """The model that is ahead, None where the interval holds 0."""
        return {1: self.model, -1: self.baseline}.get(self.difference.sign)

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {**vars(self), "difference": self.difference.as_dict(), "better": self.better}


def read_code_times(
    obs: Observations, *, by: str, item: str, cost: str, reference: str, limit_factor: float, gap: float
) -> CodeTimes:
    """Score every sample of a table against the references of its problem.

    Raises
    ------
    DataError : a problem has no right reference, or no model is left. OptionError : a column is absent.
    """
    models, items = words_of(obs, by), words_of(obs, item)
    own = models != reference
    if not own.any():
        raise DataError(f"{obs.source}: column {by!r} holds {reference!r} alone; samples of a model are needed.")
    if obs.has("score") and not obs.has(cost):
        scores = obs.numeric("score")
        if (scores < 0).any():
            raise DataError(f"{obs.source}: scores must not be below 0; wrong code scores 0.")
        right = (obs.numeric("correct") > 0) if obs.has("correct") else scores > 0
        scores = np.where(right, scores, 0.0)
        blank = np.full(len(obs), np.nan)
        return CodeTimes(_by_model(models, items, own, scores, right, blank, blank), None, 0, 0)
    table = obs.require("correct", cost)
    right, costs = table.numeric("correct") > 0, table[cost]
    if ((costs <= 0) & right).any():
        raise DataError(f"{obs.source}: column {cost!r} must be above 0; leave it empty where the limit was hit.")
    known = ~own & right & np.isfinite(costs)
    if not known.any():
        raise OptionError(
            f"{obs.source}: no right sample of {reference!r} in column {by!r} says how fast a problem can be solved. "
            "Name the reference solutions with reference=..., or give a column score."
        )
    scores, shares, places = (np.full(len(obs), np.nan) for _ in range(3))
    counts = []
    for name in np.unique(items[own].astype(str)):
        rows, refs = np.flatnonzero(own & (items == name)), known & (items == name)
        if not refs.any():
            continue
        levels = efficiency_levels(costs[refs], gap=gap)
        counts.append(len(levels.costs))
        best = float(costs[refs].min())
        scores[rows] = np.where(right[rows], level_scores(costs[rows], best, limit_factor * best), 0.0)
        shares[rows], places[rows] = _placed(levels, costs[rows], right[rows])
    without = own & np.isnan(scores)
    left_out = len(np.unique(items[without].astype(str)))
    own = own & ~without
    if not own.any():
        raise DataError(f"{obs.source}: no problem has both samples and a right reference.")
    late = int((own & right & ~np.isfinite(costs)).sum())
    made = _by_model(models, items, own, scores, right, shares, places)
    return CodeTimes(made, (min(counts), max(counts)), late, left_out)


def _placed(levels: Levels, costs: Floats, right: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    return np.where(right, levels.score(costs), np.nan), np.where(right, levels.normalised(costs), np.nan)


def _by_model(
    models: NDArray[Any],
    items: NDArray[Any],
    own: NDArray[np.bool_],
    scores: Floats,
    right: NDArray[np.bool_],
    shares: Floats,
    places: Floats,
) -> tuple[ModelTimes, ...]:
    found = []
    for model in dict.fromkeys(models[own].tolist()):
        rows = np.flatnonzero(own & (models == model))
        codes, firsts = codes_of(items[rows])
        parts = [rows[codes == j] for j in range(len(firsts))]
        found.append(
            ModelTimes(
                str(model),
                items[rows[firsts]].astype(str),
                tuple(scores[p] for p in parts),
                tuple(right[p].astype(float) for p in parts),
                tuple(shares[p] for p in parts),
                tuple(places[p] for p in parts),
            )
        )
    return tuple(found)


def model_speed(one: ModelTimes, ks: Sequence[int], *, min_correct: int, level: float) -> ModelSpeed:
    """Means over problems; the best of more samples than a problem has is unknown."""
    n = np.array([len(s) for s in one.scores])
    c = np.array([float(r.sum()) for r in one.correct])
    by_item = np.array([[float(eff_at_k(s, k)) if k <= len(s) else np.nan for k in ks] for s in one.scores])
    dps, norm = (
        np.array([float(np.nanmean(s)) if np.isfinite(s).sum() >= min_correct else np.nan for s in columns])
        for columns in (one.shares, one.places)
    )
    told = np.isfinite(dps)
    return ModelSpeed(
        one.model,
        len(n),
        (int(n.min()), int(n.max())),
        tuple(_mean(by_item[:, j], level) for j in range(len(ks))),
        tuple(mean_pass_at_k(n, c, k, level=level) for k in ks),
        _mean(dps[told], level, most=1.0) if told.any() else None,
        _mean(norm[told], level, most=1.0) if told.any() else None,
        int(told.sum()),
        tuple(one.items.tolist()),
        by_item,
        dps,
    )


def _mean(values: Floats, level: float, most: float = np.inf) -> Estimate:
    if np.isnan(values).any():
        return Estimate(None, status=Status.TOO_FEW)
    made = mean_score(values, bounds=(0.0, max(1.0, float(values.max()))), level=level).mean
    if made.low is None or made.high is None:
        return made
    return Estimate(made.value, max(0.0, made.low), min(most, made.high), level)


def compare_speeds(
    one: ModelSpeed, base: ModelSpeed, ks: Sequence[int], *, level: float, rng: np.random.Generator
) -> list[CodeDifference]:
    """Differences on the problems that both models have; the differential score only where both are right."""
    shared, i, j = np.intersect1d(np.array(one.items), np.array(base.items), return_indices=True)
    pairs = [(f"eff@{k}", one.by_item[i, n], base.by_item[j, n]) for n, k in enumerate(ks)]
    pairs.append(("dps", one.dps_by_item[i], base.dps_by_item[j]))
    found = []
    for measure, a, b in pairs:
        known = np.isfinite(a) & np.isfinite(b)
        if (measure != "dps" and not known.all()) or known.sum() < 2 or not shared.size:
            continue
        top = max(1.0, float(max(a[known].max(), b[known].max())))
        made = paired_difference(a[known], b[known], bounds=(0.0, top), level=level, rng=rng)
        found.append(CodeDifference(one.model, base.model, measure, made.difference, made.p_value, int(known.sum())))
    return found
