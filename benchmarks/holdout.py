"""Forecasts of the 48 runs of most compute from the 192 below them: error, and coverage of intervals."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.markdown import percent, table
from benchmarks.protocol import Band, Job, Outcome
from benchmarks.runner import NotRun, launch
from benchmarks.table import Runs, chinchilla_points
from benchmarks.tools import FORECASTS

__all__ = ["coverage", "markdown", "measure"]

TITLE = "Forecasting larger runs"
N_HELD_OUT = 48
LEVELS = (0.9, 0.95)


def measure() -> dict[str, Any]:
    """Fit each tool once on the smaller runs and score it on the larger ones."""
    train, test = chinchilla_points().split_by_compute(N_HELD_OUT)
    records = []
    for contender in FORECASTS:
        job = Job(
            **train.columns(),
            n_draws=contender.n_draws,
            at_params=test.n_params.tolist(),
            at_tokens=test.n_tokens.tolist(),
            levels=list(LEVELS),
            options=contender.options,
        )
        trial = launch(contender, job)
        scored = {"not_run": trial.reason} if isinstance(trial, NotRun) else _score(trial.outcome, test)
        records.append({"name": contender.name, **scored})
    return {"train": len(train), "test": len(test), "tools": records}


def _score(outcome: Outcome, test: Runs) -> dict[str, Any]:
    error = np.abs(np.array(outcome.predicted) / test.loss - 1)
    return {
        "mean_relative_error": float(error.mean()),
        "coverage": {str(band.level): coverage(band, test) for band in outcome.bands},
        "width": {
            str(band.level): float(np.median(np.array(band.high) / np.array(band.low) - 1)) for band in outcome.bands
        },
    }


def coverage(band: Band, test: Runs) -> float:
    """Return the share of runs whose loss lies within its interval."""
    inside = (np.array(band.low) <= test.loss) & (test.loss <= np.array(band.high))
    return float(inside.mean())


def markdown(result: dict[str, Any]) -> str:
    """Return the section of the page."""
    header = ("tool", "mean relative error", *(f"{head} {level:.0%}" for level in LEVELS for head in _HEADS))
    return f"""## {TITLE}

Each tool sees the {result["train"]} runs of least compute and forecasts the {result["test"]} of most compute.
*Coverage* is the share of these whose loss lies inside the tool's interval for a single new run, beside
its nominal level; *width* is the interval's median length relative to its lower end. One table and one split,
whose runs are not independent of each other: a nominal 90 % would by chance alone differ by about 4 points.

{table(header, [_row(record) for record in result["tools"]])}"""


_HEADS = ("coverage of", "width of")


def _row(record: dict[str, Any]) -> list[str]:
    if "not_run" in record:
        return [f"{record['name']} (not run: {record['not_run']})", *["-"] * (1 + 2 * len(LEVELS))]
    cells = [percent(record[what].get(str(level))) for level in LEVELS for what in ("coverage", "width")]
    return [record["name"], percent(record["mean_relative_error"], 2), *cells]


if __name__ == "__main__":
    from benchmarks.page import main

    raise SystemExit(main(["holdout"]))
