"""The tables the benchmarks run on: the reconstructed Chinchilla points, and runs simulated from the law."""

from __future__ import annotations

import csv
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.objective import Array, JointLaw
from isoperf.errors import DataError

__all__ = ["TRUTH", "Runs", "chinchilla_points", "simulated_runs"]

# About the optimum on the 240 points, and their residual spread: only used to simulate.
TRUTH = JointLaw(1.817, 478.0, 2143.0, 0.3473, 0.3672)
NOISE = 0.006


@dataclass(frozen=True)
class Runs:
    """Training runs as columns of shape (n,): parameters, tokens, loss in nats per token."""

    n_params: Array
    n_tokens: Array
    loss: Array

    def __len__(self) -> int:
        return int(self.loss.size)

    def take(self, rows: Any) -> Runs:
        """Return some rows, by mask or index."""
        return Runs(self.n_params[rows], self.n_tokens[rows], self.loss[rows])

    def split_by_compute(self, n_last: int) -> tuple[Runs, Runs]:
        """Return all but the ``n_last`` runs of most compute (6 N D), and those runs."""
        order = np.argsort(self.n_params * self.n_tokens, kind="stable")
        return self.take(order[:-n_last]), self.take(order[-n_last:])

    def columns(self) -> dict[str, Any]:
        """Return plain lists for a job."""
        return {
            "n_params": self.n_params.tolist(),
            "n_tokens": self.n_tokens.tolist(),
            "loss": self.loss.tolist(),
        }


def chinchilla_points() -> Runs:
    """Return the 240 points of Hoffmann et al. 2022, figure 4, as read off by Besiroglu et al. 2024.

    The five runs with the fewest tokens per parameter are left out, as in their refit.

    Raises
    ------
    DataError : the folder of public tables is not there.
    """
    path = Path(os.environ.get("ISOPERF_DATA", "")) / "pretrain" / "chinchilla_epoch.csv"
    if not path.is_file():
        raise DataError(
            f"no file {path.name!r} in the folder 'pretrain' of ISOPERF_DATA "
            f"({os.environ.get('ISOPERF_DATA', 'not set')}). The benchmarks need the reconstructed "
            "Chinchilla points. Set ISOPERF_DATA to the folder of public tables."
        )
    with path.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["lowest5_tokens_per_param"] != "True"]
    columns = (np.array([float(row[name]) for row in rows]) for name in ("n_params", "n_tokens", "loss"))
    return Runs(*columns)


def simulated_runs(n_rows: int, *, seed: int = 0) -> Runs:
    """Return runs drawn from a known law: sizes and tokens log-uniform, log-normal noise of 0.6 %."""
    rng = np.random.default_rng(seed)
    n_params, n_tokens = 10 ** rng.uniform(7.5, 10.5, n_rows), 10 ** rng.uniform(9, 12, n_rows)
    loss = TRUTH.loss(n_params, n_tokens) * np.exp(NOISE * rng.standard_normal(n_rows))
    return Runs(n_params, n_tokens, loss)
