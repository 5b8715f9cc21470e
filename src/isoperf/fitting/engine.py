"""The one fitting engine: dense starts, polish, bootstrap; the same for every law."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from isoperf.fitting.noise import GAUSSIAN_EFFICIENCY, Delta, robust_sd
from isoperf.fitting.problem import Problem
from isoperf.fitting.resample import Block, Resampler
from isoperf.fitting.solve import Solution, join, solve
from isoperf.fitting.starts import starting_points

__all__ = ["Draws", "Progress", "Search", "bootstrap", "search"]

Floats = NDArray[np.float64]
Progress = Callable[[int, int], None]
DRAW_TOLERANCE = 1e-9  # moves no parameter by more than a few thousandths of its standard error
AUDIT = 0.05  # share of resamples that are also refitted from rival starts


@dataclass(frozen=True)
class Search:
    """The best fit found and how the starts agreed.

    Attributes
    ----------
    u : (p,) search coordinates of the best; rivals : (K, p) where the other starts ended.
    n_agree : how many starts ended within 1 % of the best objective, of ``n_starts``.
    """

    problem: Problem
    u: Floats
    objective: float
    converged: bool
    rivals: Floats
    n_starts: int
    n_agree: int


@dataclass(frozen=True)
class Draws:
    """Bootstrap refits, (R, p) search coordinates, and the share that settled."""

    u: Floats
    converged: float
    restarted: bool


def search(
    problem: Problem, weights: Floats, rng: np.random.Generator, *, delta: Delta = "auto", keep: int = 16
) -> Search:
    """Find the best parameters from many starts; with ``delta="auto"`` the cost's scale follows the noise.

    The turning point is 1.345 robust standard deviations of the residuals (95 % efficiency
    under Gaussian noise, Huber 1964), read from a first fit with a small turning point.
    """
    problem = _rough(problem) if problem.noise.robust and delta == "auto" else problem
    solution = solve(problem, starting_points(problem, weights, keep, rng), weights)
    if problem.noise.robust and delta == "auto":
        best = solution.u[[solution.best()]]
        used = weights > 0
        scale = float(robust_sd(problem.residuals(best)[:, used])[0])
        problem = replace(problem, noise=problem.noise.with_delta(max(GAUSSIAN_EFFICIENCY * scale, 1e-9)))
        solution = solve(problem, _finite(solution.u), weights)
    i = solution.best()
    agree = solution.objective <= solution.objective[i] * 1.01 + 1e-300
    order = np.argsort(solution.objective, kind="stable")
    return Search(
        problem,
        solution.u[i],
        float(solution.objective[i]),
        bool(solution.converged[i]),
        solution.u[order],
        len(solution.u),
        int(agree.sum()),
    )


def _rough(problem: Problem) -> Problem:
    spread = 1.0 if problem.noise.log else float(np.std(problem.y)) + 1e-300
    return replace(problem, noise=problem.noise.with_delta(1e-3 * spread))


def _finite(u: Floats) -> Floats:
    return u[np.isfinite(u).all(axis=1)]


def bootstrap(
    found: Search,
    kind: str,
    n_draws: int,
    clusters: NDArray[np.intp],
    rng: np.random.Generator,
    *,
    progress: Progress | None = None,
) -> Draws:
    """Refit ``n_draws`` resamples, warm-started from the best fit.

    A share of them is refitted from rival starts too; where those end lower, all are.
    """
    problem = found.problem
    resampler = Resampler(
        kind,
        n_draws,
        len(found.u),
        clusters,
        problem.predict(found.u[None])[0],
        problem.residuals(found.u[None])[0],
        problem.noise.log,
        int(rng.integers(2**63)),
    )
    refit = _Refit(problem, resampler)
    solution = refit.run(found.u, np.arange(n_draws), progress)
    audited = np.arange(0, n_draws, max(1, round(1 / AUDIT)))
    better = refit.improve(solution, found.rivals, audited)
    if better.restarted:
        better = refit.improve(better.solution, found.rivals, np.arange(n_draws))
    return Draws(better.solution.u, float(better.solution.converged.mean()), better.restarted)


@dataclass(frozen=True)
class _Improved:
    solution: Solution
    restarted: bool


@dataclass(frozen=True)
class _Refit:
    problem: Problem
    resampler: Resampler

    def run(self, u: Floats, chosen: NDArray[np.intp], progress: Progress | None = None) -> Solution:
        """Refit the chosen resamples, in ascending order, from one start."""
        parts: list[Solution] = []
        for block in self.resampler.blocks():
            rows = chosen[(chosen >= block.first) & (chosen < block.first + len(block.weights))]
            for own in np.array_split(rows, max(1, min(len(rows) // 64, 50)) if progress else 1):
                parts.append(self._solve(u, block, own - block.first))
                if progress is not None and own.size:
                    progress(int(own[-1]) + 1, self.resampler.n_draws)
        return join(parts)

    def _solve(self, u: Floats, block: Block, rows: NDArray[np.intp]) -> Solution:
        problem = self.problem
        if block.outputs is not None:
            problem = replace(problem, y=block.outputs[rows])
        start = np.repeat(u[None], len(rows), axis=0)
        return solve(problem, start, block.weights[rows], tolerance=DRAW_TOLERANCE)

    def improve(self, solution: Solution, rivals: Floats, rows: NDArray[np.intp]) -> _Improved:
        """Refit some resamples from rival starts and keep whichever ended lower."""
        u, objective, converged = solution.u.copy(), solution.objective.copy(), solution.converged.copy()
        won = 0
        for rival in _distinct(rivals):
            other = self.run(rival, rows)
            lower = other.objective < objective[rows] * (1 - 1e-4)
            won += int(lower.sum())
            where = rows[lower]
            u[where], objective[where] = other.u[lower], other.objective[lower]
            converged[where] = other.converged[lower]
        return _Improved(Solution(u, objective, converged), won > 0)


def _distinct(points: Floats, limit: int = 3) -> Floats:
    """The best point and up to two that ended elsewhere."""
    scale = np.abs(points[0]) + 1.0
    kept: list[Floats] = []
    for point in points[1:]:
        if np.isfinite(point).all() and all(np.max(np.abs(point - k) / scale) > 1e-3 for k in [points[0], *kept]):
            kept.append(point)
        if len(kept) == limit:
            break
    return np.array(kept).reshape(len(kept), points.shape[1])
