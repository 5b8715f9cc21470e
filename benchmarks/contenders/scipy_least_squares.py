"""SciPy's ``least_squares(loss="huber")`` from 72 starts, with warm-started bootstrap refits."""

from __future__ import annotations

import itertools

import numpy as np
from scipy.optimize import least_squares

from benchmarks.contenders.scipy_lbfgsb import SMALL_GRID
from benchmarks.objective import DELTA, Array, JointLaw, LogResiduals, standard_errors
from benchmarks.protocol import Band, Job, Outcome, serve, timed

__all__ = ["bootstrap", "multi_start", "new_run_bands", "run"]


def run(job: Job) -> Outcome:
    """Fit, refit on resampled rows, and add resampled residuals for the interval of a new run."""
    import scipy

    rng = np.random.default_rng(job.seed)
    problem = LogResiduals(job.n_params, job.n_tokens, job.loss)
    with timed() as watch:
        best = multi_start(problem)
        draws = bootstrap(problem, best, job.n_draws, rng)
    law = JointLaw.from_logs(best)
    return Outcome(
        law.as_dict(),
        watch.seconds,
        watch.cpu_seconds,
        scipy.__version__,
        standard_errors(draws),
        law.loss(job.at_params, job.at_tokens).tolist(),
        new_run_bands(job, problem.values(best), draws, rng),
    )


def multi_start(problem: LogResiduals) -> Array:
    """Return the lowest minimum found over the 72 starts, shape (5,)."""
    starts = (np.array(start, dtype=float) for start in itertools.product(*SMALL_GRID))
    fits = [_solve(problem, start) for start in starts]
    return min(fits, key=lambda pair: pair[0])[1]


def _solve(problem: LogResiduals, start: Array) -> tuple[float, Array]:
    solved = least_squares(problem.values, start, jac=problem.jacobian, loss="huber", f_scale=DELTA)
    return float(solved.cost), np.asarray(solved.x, dtype=np.float64)


def bootstrap(problem: LogResiduals, best: Array, n_draws: int, rng: np.random.Generator) -> Array:
    """Return refits on resampled rows, each started at the best fit, shape (n_draws, 5)."""
    draws = [_solve(problem.resampled(rng), best)[1] for _ in range(n_draws)]
    return np.array(draws, dtype=np.float64).reshape(n_draws, 5)


def new_run_bands(job: Job, residuals: Array, draws: Array, rng: np.random.Generator) -> list[Band]:
    """Return central intervals of the drawn curves plus resampled log residuals, at nominal level."""
    if not job.at_params or not len(draws):
        return []
    curves = np.array([np.log(JointLaw.from_logs(d).loss(job.at_params, job.at_tokens)) for d in draws])
    runs = np.exp(curves + rng.choice(residuals, size=curves.shape))
    bands = []
    for level in job.levels:
        low, high = np.quantile(runs, [(1 - level) / 2, (1 + level) / 2], axis=0)
        bands.append(Band(level, low.tolist(), high.tolist()))
    return bands


if __name__ == "__main__":
    serve(run)
