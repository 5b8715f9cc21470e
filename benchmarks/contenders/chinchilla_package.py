"""The ``chinchilla`` package: BFGS on the mean loss from its read-me's start grid; no uncertainty."""

from __future__ import annotations

import importlib
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.objective import DELTA, JointLaw
from benchmarks.protocol import Job, Outcome, serve, timed

__all__ = ["run"]


def run(job: Job) -> Outcome:
    """Fit through the package's own database file; the call also draws the figure it always draws."""
    importlib.import_module("matplotlib").use("Agg")
    package = importlib.import_module("chinchilla")
    with tempfile.TemporaryDirectory() as folder:
        _write_database(Path(folder) / "df.csv", job)
        tool = package.Chinchilla(
            project_dir=folder,
            param_grid=_grid(job.options.get("grid", "small")),
            loss_fn=_log_huber(float(job.options.get("multiply", 1.0))),
            log_level=50,
        )
        with timed() as watch:
            tool.fit()
    law = JointLaw(*(float(x) for x in (tool.E, tool.A, tool.B, tool.alpha, tool.beta)))
    predicted = law.loss(job.at_params, job.at_tokens).tolist()
    return Outcome(law.as_dict(), watch.seconds, watch.cpu_seconds, version("chinchilla"), predicted=predicted)


def _grid(size: str) -> dict[str, Any]:
    """Return the read-me's ranges (E, log A, log B, alpha, beta): all its 3,125 starts, or 72 of them."""
    counts = (5, 5, 5, 5, 5) if size == "readme" else (2, 3, 3, 2, 2)
    ranges = {"E": (1, 2), "a": (1, 10), "b": (1, 10), "alpha": (0.1, 0.7), "beta": (0.1, 0.7)}
    return {name: np.linspace(*ends, count) for (name, ends), count in zip(ranges.items(), counts, strict=True)}


def _log_huber(multiply: float) -> Any:
    """Return the package's own log-Huber loss at the paper's delta, times a constant."""
    loss = importlib.import_module("chinchilla._metrics").log_huber
    return lambda y_true, y_pred: multiply * loss(y_true, y_pred, delta=DELTA)


def _write_database(path: Path, job: Job) -> None:
    columns = np.array([job.n_params, job.n_tokens, job.loss])
    table = np.stack([6 * columns[0] * columns[1], *columns], axis=1)
    np.savetxt(path, table, delimiter=",", header="C,N,D,loss", comments="", fmt="%.17g")


if __name__ == "__main__":
    serve(run)
