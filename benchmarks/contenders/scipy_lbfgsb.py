"""SciPy's L-BFGS-B from a grid of starts: the procedure of Hoffmann et al. and Besiroglu et al."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
from scipy.optimize import minimize

from benchmarks.objective import Array, JointLaw, LogResiduals, standard_errors
from benchmarks.protocol import Job, Outcome, serve, timed

__all__ = ["REFERENCE_GRID", "SMALL_GRID", "best_start", "bootstrap", "run"]

Grid = Sequence[Sequence[float]]
# log E, log A, log B, alpha, beta: the 4,500 starts of Hoffmann et al. 2022, appendix D.3.
REFERENCE_GRID: Grid = (
    (-1, -0.5, 0, 0.5, 1),
    (0, 5, 10, 15, 20, 25),
    (0, 5, 10, 15, 20, 25),
    (0, 0.5, 1, 1.5, 2),
    (0, 0.5, 1, 1.5, 2),
)
# 72 of them, the middle of each range.
SMALL_GRID: Grid = ((0, 0.5), (5, 10, 15), (5, 10, 15), (0.5, 1), (0.5, 1))


def run(job: Job) -> Outcome:
    """Fit from every start with the analytic gradient, SciPy's default tolerances and the summed loss.

    Refits of resampled rows start at the best fit, at the same default tolerances.
    """
    import scipy

    grid = REFERENCE_GRID if job.options.get("grid") == "reference" else SMALL_GRID
    problem = LogResiduals(job.n_params, job.n_tokens, job.loss)
    with timed() as watch:
        best = best_start(problem, grid)
        draws = bootstrap(best, problem, job.n_draws, np.random.default_rng(job.seed))
    law = JointLaw.from_logs(best)
    return Outcome(
        law.as_dict(),
        watch.seconds,
        watch.cpu_seconds,
        scipy.__version__,
        standard_errors(draws),
        law.loss(job.at_params, job.at_tokens).tolist(),
    )


def best_start(problem: LogResiduals, grid: Grid) -> Array:
    """Return the lowest minimum found over the grid, shape (5,)."""
    found = [_solve(problem, np.array(start, dtype=float)) for start in itertools.product(*grid)]
    return min(found, key=lambda pair: pair[0])[1]


def _solve(problem: LogResiduals, start: Array) -> tuple[float, Array]:
    result = minimize(problem.objective, start, jac=True, method="L-BFGS-B")
    return float(result.fun), np.asarray(result.x, dtype=np.float64)


def bootstrap(best: Array, problem: LogResiduals, n_draws: int, rng: np.random.Generator) -> Array:
    """Return refits of resampled rows, shape (n_draws, 5)."""
    draws = [_solve(problem.resampled(rng), best)[1] for _ in range(n_draws)]
    return np.array(draws, dtype=np.float64).reshape(n_draws, 5)


if __name__ == "__main__":
    serve(run)
