"""Ratings from votes between two: Bradley-Terry with intervals, Elo, win rates."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from isoperf.errors import DataError, OptionError
from isoperf.estimate import Status, check_level
from isoperf.evals._arrays import Floats
from isoperf.evals.votes import Block, Tally, Urn, Votes, summed
from isoperf.executors import Progress, Where, collect

__all__ = [
    "ELO_SCALE",
    "PRIOR",
    "Elo",
    "Ratings",
    "average_win_rate",
    "bootstrap_ratings",
    "bradley_terry",
    "elo",
    "rank_intervals",
    "strongly_connected",
]

ELO_SCALE = 400 / math.log(10)
PRIOR = 0.02  # games tied with every other model, where the votes alone give no finite ratings
_TOLERANCE = 1e-9
_CHORDS = 12
_NEWTONS = 100
_BRIEF = 20_000_000  # numbers drawn in a second or two
_HELD = 2_000_000  # numbers of the information matrices held at once


@dataclass(frozen=True, slots=True, eq=False)
class Ratings:
    """Bradley-Terry ratings in logits that sum to zero.

    Attributes
    ----------
    theta : (m,) P(i beats j) is 1 / (1 + exp(theta_j - theta_i)).
    covariance : (m, m) pseudo-inverse of the Fisher information under sum zero.
    prior : games tied with every other model that were added; 0 where the votes suffice.
    """

    models: tuple[str, ...]
    theta: Floats
    covariance: Floats
    prior: float
    status: Status

    @property
    def elo(self) -> Floats:
        """Ratings (m,) on the Elo scale, mean 1000."""
        return 1000 + ELO_SCALE * self.theta

    @property
    def standard_error(self) -> Floats:
        """Standard errors (m,) of ``theta``, if votes are independent."""
        return np.sqrt(np.diag(self.covariance))

    def difference_error(self, i: int, j: int) -> float:
        """Standard error of theta_i - theta_j, if votes are independent."""
        c = self.covariance
        return math.sqrt(c[i, i] + c[j, j] - 2 * c[i, j])

    @property
    def strengths(self) -> Floats:
        """Strengths exp(theta) (m,), geometric mean 1."""
        return np.exp(self.theta)


def bradley_terry(votes: Votes | Tally, *, prior: float | None = None) -> Ratings:
    r"""Fit P(i beats j) = 1 / (1 + exp(theta_j - theta_i)); a tie is half a win to both.

    Parameters
    ----------
    prior : games tied with every other model to add; None adds 0.02, and only where some group of
        models never lost to, or never met, the others: no finite ratings exist there, and the
        status is ``not_identified``.

    Examples
    --------
    >>> wins = [[0, 14, 17, 19], [6, 0, 12, 16], [3, 8, 0, 13], [1, 4, 7, 0]]
    >>> bradley_terry(Tally.of_wins(wins)).elo.round(3).tolist()
    [1222.985, 1039.466, 935.877, 801.672]
    """
    tally = votes.tally() if isinstance(votes, Votes) else votes
    m = len(tally.models)
    if m < 2:
        raise DataError(f"ratings need two models or more, found {m}.")
    if prior is not None and not 0 <= prior < math.inf:
        raise OptionError(f"prior must be 0 or above, in games a pair; found {prior!r}.")
    connected = strongly_connected(tally.wins())
    if not connected and prior == 0:
        raise DataError(
            "some models never lost to, or never met, the others, so the votes alone give no finite ratings. "
            f"Leave prior out, or give one, such as {PRIOR:g}."
        )
    games = (0.0 if connected else PRIOR) if prior is None else prior
    problem = _Problem(tally, tally.counts[:, None], np.array([games]))
    theta = problem.newton(np.zeros((m, 1)), np.array([0]))
    covariance = np.linalg.inv(problem.information(theta, np.array([0]))[0] + 1 / m) - 1 / m
    settled = bool(problem.settled(problem.gradient(theta))[0])
    status = Status.OK if connected else Status.NOT_IDENTIFIED
    return Ratings(tally.models, theta[:, 0], covariance, games, status if settled else Status.NOT_CONVERGED)


def bootstrap_ratings(
    votes: Votes,
    ratings: Ratings,
    *,
    clusters: ArrayLike | None = None,
    n_resamples: int = 1000,
    rng: np.random.Generator,
    executor: Where = "serial",
    progress: Progress | None = None,
) -> tuple[Floats, int]:
    """Refit on votes drawn again, whole clusters at a time.

    Parameters
    ----------
    clusters : (n,) labels of votes that belong together (a prompt, an annotator); each vote on its
        own where absent.
    executor : where the refits run; the same draws anywhere.

    Returns
    -------
    theta (n_resamples, m) in logits, and how many resamples needed the prior.
    """
    urn = votes.urn(clusters)
    refits = _Refits(urn, urn.tally.chain(), ratings.theta, ratings.covariance, ratings.prior)
    found = collect(
        _refit,
        urn.blocks(n_resamples, rng),
        shared=refits,
        executor=executor,
        brief=n_resamples * urn.width < _BRIEF,
        progress=progress,
    )
    return np.concatenate([drawn for drawn, _ in found], axis=1).T, sum(loose for _, loose in found)


@dataclass(frozen=True, slots=True, eq=False)
class _Refits:
    """What every block of refits needs."""

    urn: Urn
    chain: NDArray[np.intp]
    theta: Floats
    covariance: Floats
    prior: float


def _refit(known: _Refits, block: Block) -> tuple[Floats, int]:
    """Ratings (m, b) of a block of resamples, and how many needed the prior."""
    tally, counts = known.urn.tally, known.urn.draw(block)
    chain = known.chain
    loose = (counts[chain] == 0).any(axis=0) if chain.size else np.ones(counts.shape[1], dtype=bool)
    for b in np.flatnonzero(loose):
        loose[b] = not strongly_connected(tally.wins(counts[:, b]))
    prior = np.where(loose, max(known.prior, PRIOR), known.prior)
    return _Problem(tally, counts, prior).solve(known.theta, known.covariance), int(loose.sum())


class _Problem:
    """Maximum likelihood of b recounts of the same votes at once; ratings are (m, b)."""

    def __init__(self, tally: Tally, counts: Floats, prior: Floats) -> None:
        m = self.m = len(tally.models)
        self.wins, self.games, self.low, self.high = tally.totals(counts)
        if prior.any():
            low, high = np.triu_indices(m, 1)
            place = np.full(m * m, -1)
            place[self.low * m + self.high] = np.arange(len(self.low))
            met = place[low * m + high][:, None]
            self.games = np.where(met >= 0, self.games[np.maximum(met[:, 0], 0)], 0.0) + prior
            self.low, self.high = low, high
            self.wins = self.wins + prior * (m - 1) / 2

    def gradient(self, theta: Floats, own: NDArray[np.intp] | slice = slice(None)) -> Floats:
        """Wins less expected wins, (m, b)."""
        games = self.games[:, own]
        expected = games / (1 + np.exp(theta[self.high] - theta[self.low]))
        back = games - expected
        return self.wins[:, own] - summed(expected, self.low, self.m) - summed(back, self.high, self.m)

    def settled(self, left: Floats, own: NDArray[np.intp] | slice = slice(None)) -> NDArray[np.bool_]:
        """Whether a gradient is a billionth of the games or less."""
        return np.asarray(np.abs(left).max(axis=0) <= _TOLERANCE * self.games[:, own].sum(axis=0))

    def information(self, theta: Floats, own: NDArray[np.intp]) -> Floats:
        """Fisher information (b, m, m); singular along the constant vector."""
        p = 1 / (1 + np.exp(theta[self.high] - theta[self.low]))
        between = (self.games[:, own] * p * (1 - p)).T
        made = np.zeros((theta.shape[1], self.m, self.m))
        made[:, self.low, self.high] = -between
        made[:, self.high, self.low] = -between
        diagonal = np.arange(self.m)
        made[:, diagonal, diagonal] = -made.sum(axis=2)
        return made

    def solve(self, start: Floats, chord: Floats) -> Floats:
        """Steps along one inverse for all, then Newton's for those that did not settle."""
        b = self.wins.shape[1]
        theta = np.tile(start[:, None], b)
        best = np.inf
        for _ in range(_CHORDS):
            left = self.gradient(theta)
            done = self.settled(left)
            worst = float(np.abs(left).max())
            if done.all():
                return theta
            if worst > best:
                break
            best = worst
            theta = theta + _damped(chord @ left)
        rest = np.flatnonzero(~self.settled(self.gradient(theta)))
        step = max(1, _HELD // self.m**2)
        for first in range(0, len(rest), step):
            own = rest[first : first + step]
            theta[:, own] = self.newton(np.tile(start[:, None], len(own)), own)
        return theta

    def newton(self, theta: Floats, own: NDArray[np.intp]) -> Floats:
        """Damped Newton steps, which climb from anywhere."""
        rest = np.arange(len(own))
        for _ in range(_NEWTONS):
            left = self.gradient(theta[:, rest], own[rest])
            open_ = ~self.settled(left, own[rest])
            if not open_.any():
                break
            rest, left = rest[open_], left[:, open_]
            bent = self.information(theta[:, rest], own[rest]) + 1 / self.m
            step = np.linalg.solve(bent, left.T[..., None])[..., 0].T
            theta[:, rest] += _damped(np.asarray(step, dtype=float))
        return theta


def _damped(step: Floats) -> Floats:
    """Shorten long steps so that the likelihood rises; short ones stay as they are."""
    spread = np.ptp(step, axis=0)
    centred: Floats = step - step.mean(axis=0)
    return np.asarray(centred * np.where(spread > 1e-3, np.log1p(spread) / np.maximum(spread, 1e-3), 1.0))


def strongly_connected(wins: Floats) -> bool:
    """Whether a chain of wins leads from every model to every other, so that ratings are finite."""
    from scipy.sparse.csgraph import connected_components

    n, _ = connected_components(wins > 0, directed=True, connection="strong")
    return int(n) == 1


def rank_intervals(theta: Floats, draws: Floats, *, level: float = 0.9) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Best and worst rank of each model, (m,) each; either holds at the stated level for one model.

    A model is surely above another where the simultaneous interval of its differences from all
    others, studentised over the draws (b, m), leaves zero out.

    References
    ----------
    Mogstad, Romano, Shaikh and Wilhelm 2024, Inference for Ranks, Review of Economic Studies 91(1).
    """
    check_level(level)
    m = len(theta)
    best, worst = np.ones(m, dtype=np.intp), np.full(m, m, dtype=np.intp)
    for j in range(m):
        others = np.delete(np.arange(m), j)
        at = theta[j] - theta[others]
        drawn = draws[:, [j]] - draws[:, others]
        spread = drawn.std(axis=0, ddof=1)
        spread = np.where(spread > 0, spread, np.inf)
        reach = np.quantile((np.abs(drawn - at) / spread).max(axis=1), level) * spread
        best[j] = 1 + int((at + reach < 0).sum())
        worst[j] = m - int((at - reach > 0).sum())
    return best, worst


def average_win_rate(votes: Votes | Tally) -> Floats:
    """Mean over the opponents that a model met of the share of games won, (m,); a tie is half a win."""
    tally = votes.tally() if isinstance(votes, Votes) else votes
    won = tally.wins()
    games = won + won.T
    shares = np.divide(won, games, out=np.zeros_like(won), where=games > 0)
    met = (games > 0).sum(axis=1)
    return np.asarray(np.divide(shares.sum(axis=1), met, out=np.full(len(won), np.nan), where=met > 0))


@dataclass(frozen=True, slots=True, eq=False)
class Elo:
    """Elo ratings, averaged over orders of the votes.

    Attributes
    ----------
    rating : (m,) mean over the orders.
    spread : (m,) standard deviation between orders: what the order alone decides; None for one order.
    """

    models: tuple[str, ...]
    rating: Floats
    spread: Floats | None
    n_orders: int


def elo(
    votes: Votes,
    *,
    n_orders: int = 100,
    k: float = 4.0,
    start: float = 1000.0,
    rng: np.random.Generator | None = None,
) -> Elo:
    """Elo ratings: after each vote the two models move by k times the surprise.

    Parameters
    ----------
    n_orders : random orders of the votes to average over; 1 keeps the order given, which decides
        the result: prefer Bradley-Terry.

    Examples
    --------
    >>> votes = Votes.of(["A", "A", "B", "B"], ["B", "C", "C", "A"], [1, 1, 0.5, 1])
    >>> elo(votes, n_orders=1).rating.round(3).tolist()
    [1001.954, 1000.035, 998.011]
    """
    if n_orders < 1:
        raise OptionError(f"n_orders must be 1 or more, found {n_orders}.")
    chance = rng or np.random.default_rng(0)
    n = len(votes)
    rows = np.arange(n_orders)
    ratings = np.full((n_orders, len(votes.models)), start)
    orders = np.arange(n)[None] if n_orders == 1 else np.stack([chance.permutation(n) for _ in rows])
    first, second, score = votes.first[orders].T, votes.second[orders].T, votes.score[orders].T
    for a, b, won in zip(first, second, score, strict=True):
        move = k * (won - 1 / (1 + 10 ** ((ratings[rows, b] - ratings[rows, a]) / 400)))
        ratings[rows, a] += move
        ratings[rows, b] -= move
    spread = ratings.std(axis=0, ddof=1) if n_orders > 1 else None
    return Elo(votes.models, ratings.mean(axis=0), spread, n_orders)
