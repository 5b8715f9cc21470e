"""From votes to ratings, ranks, neighbours that cannot be told apart, and the votes that would settle them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from isoperf.estimate import Estimate, Status, finite_or_none
from isoperf.evals.intervals import student, z_value
from isoperf.evals.multiple import holm
from isoperf.evals.pairs import (
    ELO_SCALE,
    Ratings,
    average_win_rate,
    bootstrap_ratings,
    bradley_terry,
    rank_intervals,
)
from isoperf.evals.votes import Votes
from isoperf.executors import Progress, Where

__all__ = ["Neighbours", "Rated", "RatedModel", "rated"]


@dataclass(frozen=True)
class RatedModel:
    """One model.

    Attributes
    ----------
    rating : Elo scale, mean 1000 over the models that the votes connect.
    rank : by rating, 1 is the best. best, worst : ranks that the votes allow, at the level.
    win_rate : mean over opponents. n_votes : votes that the model is in.
    """

    model: str
    rating: Estimate
    rank: int
    best: int
    worst: int
    win_rate: float | None
    n_votes: int

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "model": self.model,
            "rating": self.rating.as_dict(),
            "rank": self.rank,
            "best_rank": self.best,
            "worst_rank": self.worst,
            "win_rate": self.win_rate,
            "n_votes": self.n_votes,
        }


@dataclass(frozen=True)
class Neighbours:
    """Two models that follow each other in the ranking.

    Attributes
    ----------
    difference : rating of the upper less that of the lower, Elo.
    p_value : of no difference, adjusted over all neighbours by Holm; None where unknown.
    distinct : whether the votes tell them apart at the level.
    n_more : further votes between the two that would tell them apart with the power asked, were the
        measured difference the true one; 0 where they are apart.
    n_more_least : were it as large as its interval allows.
    """

    upper: str
    lower: str
    difference: Estimate
    p_value: float | None
    distinct: bool
    n_more: float | None
    n_more_least: float | None

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "upper": self.upper,
            "lower": self.lower,
            "difference": self.difference.as_dict(),
            "p_value": self.p_value,
            "distinct": self.distinct,
            "n_more": self.n_more,
            "n_more_least": self.n_more_least,
        }


@dataclass(frozen=True, eq=False)
class Rated:
    """Everything the votes say: models by falling rating, neighbours, the fit and how often it needed a prior."""

    models: tuple[RatedModel, ...]
    neighbours: tuple[Neighbours, ...]
    fit: Ratings
    held_up: int
    n_clusters: int | None


def rated(
    votes: Votes,
    clusters: ArrayLike | None,
    *,
    n_bootstrap: int,
    level: float,
    power: float,
    rng: np.random.Generator,
    executor: Where = "serial",
    progress: Progress | None = None,
) -> Rated:
    """Fit, draw again, rank."""
    fit = bradley_terry(votes)
    draws, held_up = bootstrap_ratings(
        votes, fit, clusters=clusters, n_resamples=n_bootstrap, rng=rng, executor=executor, progress=progress
    )
    n_clusters = None if clusters is None else len(np.unique(np.asarray(clusters)))
    core = _core(votes)
    theta = fit.theta - fit.theta[core].mean()
    draws = draws - draws[:, core].mean(axis=1, keepdims=True)
    order = np.argsort(-theta, kind="stable")
    best, worst = _ranks(theta, draws, core, level)
    spread = _Spread(draws, len(votes) if n_clusters is None else n_clusters, level)
    rates, games = average_win_rate(votes), _games(votes)
    models = []
    for rank, i in enumerate(order, 1):
        known = bool(core[i])
        at = 1000 + ELO_SCALE * float(theta[i])
        ends = spread.interval(at, spread.error(draws[:, i]) * ELO_SCALE) if known else None
        rating = _estimate(at, ends, level, Status.OK if known else Status.NOT_IDENTIFIED, fit.status)
        models.append(
            RatedModel(
                votes.models[i],
                rating,
                rank,
                int(best[i]),
                int(worst[i]),
                finite_or_none(float(rates[i])),
                int(games[i]),
            )
        )
    pairs = list(pairwise(order))
    return Rated(
        tuple(models), _neighbours(votes, fit, theta, draws, core, pairs, spread, power), fit, held_up, n_clusters
    )


class _Spread:
    """Standard errors and intervals from draws of so many independent units."""

    def __init__(self, draws: NDArray[np.float64], n_units: int, level: float) -> None:
        self.freedom = n_units - 1
        self.inflate = math.sqrt(n_units / max(n_units - 1, 1))
        self.level = level

    def error(self, drawn: NDArray[np.float64]) -> float:
        return self.inflate * float(drawn.std(ddof=1))

    def interval(self, value: float, se: float) -> tuple[float, float]:
        return student(value, se, self.freedom, level=self.level)


def _estimate(
    value: float, ends: tuple[float, float] | None, level: float, status: Status, fit: Status, unit: str = "Elo"
) -> Estimate:
    if fit is Status.NOT_CONVERGED:
        return Estimate(value, unit=unit, status=fit)
    return Estimate(value, *ends, level, unit, status) if ends else Estimate(value, unit=unit, status=status)


def _core(votes: Votes) -> NDArray[np.bool_]:
    """Models of the largest group in which chains of wins lead from each to each."""
    from scipy.sparse.csgraph import connected_components

    _, label = connected_components(votes.tally().wins() > 0, directed=True, connection="strong")
    return np.asarray(label == np.bincount(label).argmax())


def _ranks(
    theta: NDArray[np.float64], draws: NDArray[np.float64], core: NDArray[np.bool_], level: float
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rank intervals among the models of the group; the others may stand anywhere."""
    m = len(theta)
    best, worst = np.ones(m, dtype=np.intp), np.full(m, m, dtype=np.intp)
    if core.sum() > 1:
        low, high = rank_intervals(theta[core], draws[:, core], level=level)
        best[core], worst[core] = low, high + int((~core).sum())
    return best, worst


def _games(votes: Votes) -> NDArray[np.intp]:
    m = len(votes.models)
    return np.bincount(votes.first, minlength=m) + np.bincount(votes.second, minlength=m)


def _neighbours(
    votes: Votes,
    fit: Ratings,
    theta: NDArray[np.float64],
    draws: NDArray[np.float64],
    core: NDArray[np.bool_],
    pairs: list[tuple[Any, Any]],
    spread: _Spread,
    power: float,
) -> tuple[Neighbours, ...]:
    from scipy.special import stdtr

    made, p_values = [], []
    for i, j in pairs:
        gap = float(theta[i] - theta[j])
        se = spread.error(draws[:, i] - draws[:, j])
        known = bool(core[i] and core[j]) and se > 0 and fit.status is not Status.NOT_CONVERGED
        p_values.append(2 * float(stdtr(spread.freedom, -abs(gap) / se)) if known else math.nan)
        made.append((gap, se, known))
    adjusted = holm(p_values)
    found = []
    for (i, j), (gap, se, known), p in zip(pairs, made, adjusted, strict=True):
        value = ELO_SCALE * gap
        if not known:
            difference = Estimate(value, unit="Elo", status=Status.NOT_IDENTIFIED)
            found.append(Neighbours(votes.models[i], votes.models[j], difference, None, False, None, None))
            continue
        low, high = spread.interval(value, se * ELO_SCALE)
        distinct = bool(p <= 1 - spread.level + 1e-12)
        # What a vote is worth here: clusters lower it, ties raise it.
        worth = (fit.difference_error(int(i), int(j)) / se) ** 2
        more = [0.0 if distinct else _more(x, se, worth, spread.level, power) for x in (gap, high / ELO_SCALE)]
        found.append(
            Neighbours(
                votes.models[i],
                votes.models[j],
                Estimate(value, low, high, spread.level, "Elo"),
                float(p),
                distinct,
                finite_or_none(more[0]),
                finite_or_none(more[1]),
            )
        )
    return tuple(found)


def _more(gap: float, se: float, worth: float, level: float, power: float) -> float:
    """Votes between two models a gap apart that bring the standard error down to what finds the gap."""
    if gap <= 0:
        return math.inf
    needed = ((z_value(level) + z_value(2 * power - 1)) / gap) ** 2
    p = 1 / (1 + math.exp(-gap))
    return max(0.0, math.ceil((needed - 1 / se**2) / (p * (1 - p) * worth)))
