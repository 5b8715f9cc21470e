"""Isoperf as one of the tools: the only file here that calls its functions."""

from __future__ import annotations

import importlib
from importlib.metadata import version
from typing import Any

import numpy as np

from benchmarks.objective import DELTA, JointLaw
from benchmarks.protocol import Band, Job, Outcome, serve, timed

__all__ = ["run"]


def run(job: Job) -> Outcome:
    """Fit at the peers' turning point; forecasts, where asked for, use the library's own defaults."""
    isoperf = importlib.import_module("isoperf")
    importlib.import_module("numpy.random")  # loaded on first use; imports count in no tool's time
    fit, forecast, observations = isoperf.fit, isoperf.forecast, isoperf.Observations
    columns = {"n_params": job.n_params, "n_tokens": job.n_tokens, "loss": job.loss}
    data = observations.from_columns({name: np.array(x) for name, x in columns.items()})
    with timed() as watch:
        fitted = fit(data, law="chinchilla", noise="log_huber", delta=DELTA, n_bootstrap=job.n_draws, seed=job.seed)
    predicted, bands = _forecasts(forecast, data, job) if job.at_params else ([], [])
    return Outcome(
        {name: float(fitted.values[name]) for name in JointLaw.__dataclass_fields__},
        watch.seconds,
        watch.cpu_seconds,
        version("isoperf"),
        _standard_errors(fitted) if job.n_draws else None,
        predicted,
        bands,
    )


def _standard_errors(fitted: Any) -> dict[str, float]:
    spread = dict(zip(fitted.law.names, fitted.draws.std(axis=0, ddof=1), strict=True))
    return {name: float(spread[name]) for name in JointLaw.__dataclass_fields__}


def _forecasts(forecast: Any, data: Any, job: Job) -> tuple[list[float], list[Band]]:
    """Return the forecast losses and, for each level, the interval of a new run."""
    bands: list[Band] = []
    predicted: list[float] = []
    for level in job.levels:
        runs = forecast(
            data,
            n_params=tuple(job.at_params),
            n_tokens=tuple(job.at_tokens),
            law=job.options.get("law", "chinchilla"),
            level=level,
            n_bootstrap=job.n_draws,
            seed=job.seed,
        ).runs
        predicted = runs.value.tolist()
        bands.append(Band(level, runs.low.tolist(), runs.high.tolist()))
    return predicted, bands


if __name__ == "__main__":
    serve(run)
