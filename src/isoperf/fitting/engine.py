"""The one fitting engine: dense starts, polish, bootstrap; for every law, and for many tables at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from isoperf.fitting.noise import GAUSSIAN_EFFICIENCY, Delta, robust_sd
from isoperf.fitting.problem import Problem
from isoperf.fitting.resample import Resampler
from isoperf.fitting.solve import Solution, join
from isoperf.fitting.stack import Piece, solve_pieces
from isoperf.fitting.starts import starting_points

__all__ = ["Draws", "Progress", "Resampling", "Search", "bootstrap", "bootstrap_many", "search", "search_many"]

Floats = NDArray[np.float64]
Rows = NDArray[np.intp]
Progress = Callable[[int, int], None]
TOLERANCE = 1e-12
MAX_STEPS = 500
DRAW_TOLERANCE = 1e-9  # moves no parameter by more than a few thousandths of its standard error
DRAW_STEPS = 150
AUDIT = 0.05  # share of resamples that are also refitted from rival starts
SLAB_CELLS = 2_000_000  # cells of the tables refitted together: bounds the memory
N_RIVALS = 3


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


@dataclass(frozen=True)
class Resampling:
    """How one table is drawn again: the kind, the run codes (n,) of its rows, and its source of chance."""

    kind: str
    clusters: Rows
    rng: np.random.Generator


def search(
    problem: Problem, weights: Floats, rng: np.random.Generator, *, delta: Delta = "auto", keep: int = 16
) -> Search:
    """Find the best parameters from many starts; see :func:`search_many`."""
    return search_many([problem], [weights], [rng], delta=delta, keep=keep)[0]


def search_many(
    problems: Sequence[Problem],
    weights: Sequence[Floats],
    rngs: Sequence[np.random.Generator],
    *,
    delta: Delta = "auto",
    keep: int = 16,
) -> list[Search]:
    """Find the best parameters of each table; with ``delta="auto"`` the cost's scale follows its noise.

    The turning point is 1.345 robust standard deviations of the residuals (95 % efficiency
    under Gaussian noise, Huber 1964), read from a first fit with a small turning point.
    """
    problems = list(problems)
    automatic = problems[0].noise.robust and delta == "auto"
    if automatic:
        problems = [_rough(problem) for problem in problems]
    starts = [
        starting_points(problem, own, keep, rng) for problem, own, rng in zip(problems, weights, rngs, strict=True)
    ]
    solutions = _polish(problems, starts, weights)
    if automatic:
        problems = [_scaled(*each) for each in zip(problems, solutions, weights, strict=True)]
        solutions = _polish(problems, [_finite(solution.u) for solution in solutions], weights)
    return [_summary(*each) for each in zip(problems, solutions, strict=True)]


def _polish(problems: Sequence[Problem], starts: Sequence[Floats], weights: Sequence[Floats]) -> list[Solution]:
    pieces = [Piece(*each) for each in zip(problems, starts, weights, strict=True)]
    return _solve_slabs(pieces, TOLERANCE, MAX_STEPS)


def _solve_slabs(
    pieces: Iterable[Piece], tolerance: float, max_steps: int, progress: Callable[[int], None] | None = None
) -> list[Solution]:
    """Solve pieces together as far as memory allows; ``progress`` hears how many fits are done."""
    found: list[Solution] = []
    done = 0
    slab: list[Piece] = []
    cells = 0
    for piece in pieces:
        size = len(piece.start) * piece.problem.n_rows
        if slab and cells + size > SLAB_CELLS:
            found.extend(solve_pieces(slab, tolerance=tolerance, max_steps=max_steps))
            done += sum(len(one.start) for one in slab)
            slab, cells = [], 0
            if progress is not None:
                progress(done)
        slab.append(piece)
        cells += size
    if slab:
        found.extend(solve_pieces(slab, tolerance=tolerance, max_steps=max_steps))
    if progress is not None:
        progress(done + sum(len(one.start) for one in slab))
    return found


def _rough(problem: Problem) -> Problem:
    spread = 1.0 if problem.noise.log else float(np.std(problem.y)) + 1e-300
    return replace(problem, noise=problem.noise.with_delta(1e-3 * spread))


def _scaled(problem: Problem, solution: Solution, weights: Floats) -> Problem:
    """Set the turning point of the cost by the noise about the best fit."""
    residual = problem.residuals(solution.u[[solution.best()]])[:, weights > 0]
    return replace(
        problem, noise=problem.noise.with_delta(max(GAUSSIAN_EFFICIENCY * float(robust_sd(residual)[0]), 1e-9))
    )


def _finite(u: Floats) -> Floats:
    return u[np.isfinite(u).all(axis=1)]


def _summary(problem: Problem, solution: Solution) -> Search:
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


def bootstrap(
    found: Search,
    kind: str,
    n_draws: int,
    clusters: Rows,
    rng: np.random.Generator,
    *,
    progress: Progress | None = None,
) -> Draws:
    """Refit ``n_draws`` resamples of one table; see :func:`bootstrap_many`."""
    return bootstrap_many([found], [Resampling(kind, clusters, rng)], n_draws, progress=progress)[0]


def bootstrap_many(
    found: Sequence[Search], ways: Sequence[Resampling], n_draws: int, *, progress: Progress | None = None
) -> list[Draws]:
    """Refit ``n_draws`` resamples of each table, warm-started from its best fit.

    A share of them is refitted from rival starts too; where those end lower, all are.
    """
    refits = [_Refit(one, _resampler(one, way, n_draws)) for one, way in zip(found, ways, strict=True)]
    everything = np.arange(n_draws)
    solutions = _run([(refit, refit.found.u, everything) for refit in refits], progress)
    audited = np.arange(0, n_draws, max(1, round(1 / AUDIT)))
    solutions, better = _challenge(refits, solutions, audited)
    losers = [i for i, refit in enumerate(refits) if better[i] and refit.found.converged]
    if losers:
        again, _ = _challenge([refits[i] for i in losers], [solutions[i] for i in losers], everything)
        for i, solution in zip(losers, again, strict=True):
            solutions[i] = solution
    return [Draws(s.u, float(s.converged.mean()), won) for s, won in zip(solutions, better, strict=True)]


def _resampler(found: Search, way: Resampling, n_draws: int) -> Resampler:
    best, problem = found.u[None], found.problem
    seed = int(way.rng.integers(2**63))
    fitted, residual = problem.predict(best)[0], problem.residuals(best)[0]
    return Resampler(way.kind, n_draws, len(found.u), way.clusters, fitted, residual, problem.noise.log, seed)


@dataclass(frozen=True)
class _Refit:
    found: Search
    resampler: Resampler

    def pieces(self, start: Floats, chosen: Rows) -> Iterator[Piece]:
        """Turn chosen resamples, in ascending order, into pieces of bounded size."""
        for block in self.resampler.blocks():
            rows = chosen[(chosen >= block.first) & (chosen < block.first + len(block.weights))] - block.first
            if rows.size:
                outputs = None if block.outputs is None else block.outputs[rows]
                starts = np.repeat(start[None], len(rows), axis=0)
                yield Piece(self.found.problem, starts, block.weights[rows], outputs)


def _run(tasks: Sequence[tuple[_Refit, Floats, Rows]], progress: Progress | None = None) -> list[Solution]:
    """Refit the chosen resamples of each task from its start."""
    owners: list[int] = []

    def pieces() -> Iterator[Piece]:
        for number, (refit, start, rows) in enumerate(tasks):
            for piece in refit.pieces(start, rows):
                owners.append(number)
                yield piece

    total = sum(len(rows) for _, _, rows in tasks)
    report = (lambda done: progress(done, total)) if progress is not None else None
    solved = _solve_slabs(pieces(), DRAW_TOLERANCE, DRAW_STEPS, report)
    parts: list[list[Solution]] = [[] for _ in tasks]
    for one, owner in zip(solved, owners, strict=True):
        parts[owner].append(one)
    return [join(own) for own in parts]


def _challenge(
    refits: Sequence[_Refit], solutions: Sequence[Solution], rows: Rows
) -> tuple[list[Solution], list[bool]]:
    """Refit some resamples from rival starts, keep whichever ended lower, and say where any did."""
    kept = [Solution(s.u.copy(), s.objective.copy(), s.converged.copy()) for s in solutions]
    won = [False] * len(kept)
    rivals = [_distinct(refit.found.rivals) for refit in refits]
    for number in range(N_RIVALS):
        able = [i for i, points in enumerate(rivals) if len(points) > number]
        others = _run([(refits[i], rivals[i][number], rows) for i in able]) if able else []
        for i, other in zip(able, others, strict=True):
            lower = other.objective < kept[i].objective[rows] * (1 - 1e-4)
            won[i] |= bool(lower.any())
            where = rows[lower]
            kept[i].u[where], kept[i].objective[where] = other.u[lower], other.objective[lower]
            kept[i].converged[where] = other.converged[lower]
    return kept, won


def _distinct(points: Floats) -> Floats:
    """Points that ended elsewhere than the best, at most three."""
    scale = np.abs(points[0]) + 1.0
    kept: list[Floats] = []
    for point in points[1:]:
        if np.isfinite(point).all() and all(np.max(np.abs(point - k) / scale) > 1e-3 for k in [points[0], *kept]):
            kept.append(point)
        if len(kept) == N_RIVALS:
            break
    return np.array(kept).reshape(len(kept), points.shape[1])
