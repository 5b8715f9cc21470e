"""Single-elimination brackets against comparison with an anchor: which design orders models better."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from isoperf.errors import OptionError
from isoperf.estimate import Estimate
from isoperf.evals._arrays import Floats, as_scores
from isoperf.evals.intervals import student
from isoperf.evals.pairs import PRIOR, bradley_terry
from isoperf.evals.votes import Votes
from isoperf.executors import Progress, Where, collect

__all__ = ["Designs", "against_anchor", "brackets", "compare_designs"]

Codes = NDArray[np.intp]
_BRIEF = 4_000_000  # comparisons played and rated in a few seconds


@dataclass(frozen=True, slots=True, eq=False)
class Designs:
    """Rank correlation with the true order over repeats.

    Attributes
    ----------
    tournament, anchored : (s,) Spearman correlations, one a repeat.
    n_tournament, n_anchored : comparisons that each repeat used.
    """

    n_prompts: int
    tournament: Floats
    anchored: Floats
    n_tournament: int
    n_anchored: int

    def mean(self, level: float = 0.9) -> tuple[Estimate, Estimate, Estimate]:
        """Mean correlation of the tournament, of the anchored design, and of their difference."""
        pairs = (self.tournament, self.anchored, self.tournament - self.anchored)
        return tuple(_mean(x, level) for x in pairs)  # type: ignore[return-value]


def brackets(theta: ArrayLike, n_prompts: int, rng: np.random.Generator) -> tuple[Codes, Codes]:
    """Play one bracket a prompt: shuffle, halve again and again, winners meet.

    Parameters
    ----------
    theta : (m,) strengths in logits.

    Returns
    -------
    winners and losers, (n_prompts * (m - 1),) each.
    """
    strength = as_scores(theta, "theta", least=2)
    order = rng.permuted(np.tile(np.arange(strength.size), (n_prompts, 1)), axis=1)
    matches: list[tuple[Codes, Codes]] = []
    _winners(order, strength, rng, matches)
    return np.concatenate([won for won, _ in matches]), np.concatenate([lost for _, lost in matches])


def _winners(order: Codes, theta: Floats, rng: np.random.Generator, matches: list[tuple[Codes, Codes]]) -> Codes:
    if order.shape[1] == 1:
        return order[:, 0]
    half = order.shape[1] // 2
    a = _winners(order[:, :half], theta, rng, matches)
    b = _winners(order[:, half:], theta, rng, matches)
    first = rng.random(len(a)) < 1 / (1 + np.exp(theta[b] - theta[a]))
    matches.append((np.where(first, a, b), np.where(first, b, a)))
    return matches[-1][0]


def against_anchor(theta: ArrayLike, anchor: float, n_prompts: int, rng: np.random.Generator) -> Floats:
    """Share of prompts on which each model (m,) beats one anchor of the given strength."""
    p = 1 / (1 + np.exp(anchor - as_scores(theta, "theta")))
    return rng.binomial(n_prompts, p) / n_prompts


def compare_designs(
    theta: ArrayLike,
    n_prompts: int,
    *,
    n_repeats: int = 200,
    anchor: float | None = None,
    rng: np.random.Generator,
    executor: Where = "serial",
    progress: Progress | None = None,
) -> Designs:
    """Simulate both designs on models of known strength.

    Parameters
    ----------
    theta : (m,) strengths in logits.
    anchor : strength of the model that all are compared with; the median of ``theta`` where absent,
        which is the kindest choice.
    executor : where the repeats run; the same numbers anywhere.

    Notes
    -----
    A bracket costs m - 1 comparisons a prompt, an anchor m. Brackets are rated by Bradley-Terry with
    0.02 games a pair as a prior, since weak models play few matches; never by raw win rates.
    """
    strength = as_scores(theta, "theta", least=3)
    if n_prompts < 1 or n_repeats < 2:
        raise OptionError(f"at least 1 prompt and 2 repeats are needed, found {n_prompts} and {n_repeats}.")
    if np.ptp(strength) == 0:
        raise OptionError("all models have one strength, so there is no order to find.")
    middle = float(np.median(strength)) if anchor is None else float(anchor)
    m = strength.size
    found = np.array(
        collect(
            _one_repeat,
            rng.spawn(n_repeats),
            shared=_Played(strength, n_prompts, middle),
            executor=executor,
            brief=n_repeats * n_prompts * m < _BRIEF,
            progress=progress,
        )
    ).T
    return Designs(n_prompts, found[0], found[1], n_prompts * (m - 1), n_prompts * m)


@dataclass(frozen=True, slots=True, eq=False)
class _Played:
    """What every repeat needs."""

    strength: Floats
    n_prompts: int
    anchor: float


def _one_repeat(known: _Played, rng: np.random.Generator) -> tuple[float, float]:
    """Play both designs once; return their correlations with the true order."""
    strength = known.strength
    won, lost = brackets(strength, known.n_prompts, rng)
    rated = bradley_terry(Votes.of(won, lost, np.ones(len(won))), prior=PRIOR)
    by_code = np.empty(strength.size)
    by_code[np.array(rated.models, dtype=np.intp)] = rated.theta
    anchored = against_anchor(strength, known.anchor, known.n_prompts, rng)
    return _spearman(strength, by_code), _spearman(strength, anchored)


def _spearman(a: Floats, b: Floats) -> float:
    from scipy.stats import rankdata

    x, y = rankdata(a), rankdata(b)
    x, y = x - x.mean(), y - y.mean()
    size = math.sqrt(float(x @ x) * float(y @ y))
    return float(x @ y) / size if size else 0.0


def _mean(x: Floats, level: float) -> Estimate:
    low, high = student(float(x.mean()), float(x.std(ddof=1)) / math.sqrt(x.size), x.size - 1, level=level)
    return Estimate(float(x.mean()), low, high, level)
