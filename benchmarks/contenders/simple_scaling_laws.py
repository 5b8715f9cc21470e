"""The ``simple-scaling-laws`` package, as shipped: least squares on the loss, wild bootstrap."""

from __future__ import annotations

import importlib
import warnings
from importlib.metadata import version
from typing import Any

import numpy as np

from benchmarks.objective import JointLaw
from benchmarks.protocol import Band, Job, Outcome, serve, timed

__all__ = ["run"]

PARAMS, TOKENS, LOSS = "model_size__n_params", "dataset_size__n_tokens", "test_loss__cross_entropy"


def run(job: Job) -> Outcome:
    """Fit its separable power law and ask for its interval of a new run."""
    package = importlib.import_module("simple_scaling_laws")
    frame = _frame({PARAMS: job.n_params, TOKENS: job.n_tokens, LOSS: job.loss})
    frame = frame.with_row_index("training_run_id")
    with timed() as watch:
        model = package.fit(frame, law="separable-power", n_draws=max(job.n_draws, 20), seed=job.seed)
    law = _raw_law(model, model.fits[LOSS].params)
    return Outcome(
        law.as_dict(),
        watch.seconds,
        watch.cpu_seconds,
        version("simple-scaling-laws"),
        _standard_errors(model) if job.n_draws else None,
        law.loss(job.at_params, job.at_tokens).tolist(),
        _bands(model, job),
    )


def _frame(columns: dict[str, list[float]]) -> Any:
    return importlib.import_module("polars").DataFrame(columns)


def _raw_law(model: Any, params: Any) -> JointLaw:
    """Return one parameter vector in raw units; the package fits on scaled predictors."""
    raw_scale_params = importlib.import_module("simple_scaling_laws.model").raw_scale_params
    reference = np.array([model.observed_domain[name]["reference"] for name in model.fitted_predictors])
    raw = raw_scale_params(model.law, params, reference)
    return JointLaw(*(float(raw[name]) for name in ("E", "A", "B", "alpha", "beta")))


def _standard_errors(model: Any) -> dict[str, float]:
    laws = [_raw_law(model, params).as_dict() for params in model.draws[LOSS].params]
    return {name: float(np.std([law[name] for law in laws], ddof=1)) for name in laws[0]}


def _bands(model: Any, job: Job) -> list[Band]:
    if not job.at_params:
        return []
    points = _frame({PARAMS: job.at_params, TOKENS: job.at_tokens})
    return [_band(model, points, level) for level in job.levels]


def _band(model: Any, points: Any, level: float) -> Band:
    suffix = importlib.import_module("simple_scaling_laws.model").quantile_suffix
    ends = [round((1 - level) / 2, 6), round((1 + level) / 2, 6)]
    with warnings.catch_warnings():
        # It says that the points lie outside its data, which is the purpose of the test.
        warnings.simplefilter("ignore", UserWarning)
        table = model.predict(points, kind="new-run", quantiles=ends)
    low, high = (table[f"{LOSS}__{suffix(end)}"].to_list() for end in ends)
    return Band(level, low, high)


if __name__ == "__main__":
    serve(run)
