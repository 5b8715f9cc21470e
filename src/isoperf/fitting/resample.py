"""Resample the rows: the weights and outputs that a batch of bootstrap refits needs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from isoperf.errors import OptionError

__all__ = ["Block", "Bootstrap", "Resampler", "choose_bootstrap", "resample_residuals", "resample_rows"]

Floats = NDArray[np.float64]
Bootstrap = Literal["auto", "case", "cluster", "residual"]
BLOCK_CELLS = 100_000  # cells of one block of resamples: bounds the memory, whatever the number of rows


def choose_bootstrap(kind: str, n_rows: int, n_params: int, n_clusters: int) -> str:
    """Settle ``auto``: clusters when rows share runs, residuals when rows are few, else cases.

    Raises
    ------
    OptionError : unknown kind, or clusters asked for where every row is its own.
    """
    if kind not in get_args(Bootstrap):
        raise OptionError(f"bootstrap {kind!r} is unknown. Known: {', '.join(get_args(Bootstrap))}.")
    clustered = n_clusters < n_rows
    if kind == "cluster" and not clustered:
        raise OptionError(
            "bootstrap='cluster' needs rows that share a run, but every row is its own run. "
            "Add a 'run' column (for example --map run=run_id), or use bootstrap='case'."
        )
    if kind != "auto":
        return kind
    if clustered:
        return "cluster" if n_clusters > n_params + 2 else "residual"
    return "case" if n_rows >= 3 * n_params else "residual"


@dataclass(frozen=True)
class Block:
    """Resamples ``first`` onwards: row weights (b, n), and outputs (b, n) where new ones are made."""

    first: int
    weights: Floats
    outputs: Floats | None


@dataclass(frozen=True)
class Resampler:
    """Makes ``n_draws`` resamples a block at a time; every pass over the blocks gives the same ones.

    Attributes
    ----------
    kind : ``case``, ``cluster`` or ``residual``; clusters : (n,) run codes.
    fitted, residual : (n,) at the best fit, on the noise model's scale when ``log``.
    seed : what each block's own random source is derived from.
    """

    kind: str
    n_draws: int
    n_params: int
    clusters: NDArray[np.intp]
    fitted: Floats
    residual: Floats
    log: bool
    seed: int

    def blocks(self) -> Iterator[Block]:
        """Yield the resamples in blocks of at most a million cells."""
        size = max(1, BLOCK_CELLS // max(1, self.residual.size))
        for number, first in enumerate(range(0, self.n_draws, size)):
            rng = np.random.default_rng([self.seed, number])
            yield self._block(first, min(size, self.n_draws - first), rng)

    def _block(self, first: int, size: int, rng: np.random.Generator) -> Block:
        n_rows = self.residual.size
        if self.kind == "residual":
            outputs = resample_residuals(self.fitted, self.residual, size, self.n_params, self.log, rng)
            return Block(first, np.ones((size, n_rows)), outputs)
        groups = self.clusters if self.kind == "cluster" else np.arange(n_rows)
        return Block(first, resample_rows(groups, size, self.n_params, rng), None)


def resample_rows(clusters: NDArray[np.intp], n_draws: int, n_params: int, rng: np.random.Generator) -> Floats:
    """Draw clusters (single rows, when each is its own) with replacement, (R, n) counts.

    A draw that holds too few distinct clusters to determine the parameters is drawn again.
    """
    size = int(clusters.max()) + 1
    counts = _counts(size, n_draws, rng)
    enough = min(n_params + 1, size)
    for _ in range(100):
        poor = np.flatnonzero((counts > 0).sum(axis=1) < enough)
        if not poor.size:
            break
        counts[poor] = _counts(size, poor.size, rng)
    return counts[:, clusters].astype(float)


def _counts(size: int, n_draws: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """How often each of ``size`` things is drawn in ``size`` draws with replacement, (R, size)."""
    drawn = rng.integers(0, size, size=(n_draws, size)) + size * np.arange(n_draws)[:, None]
    return np.bincount(drawn.ravel(), minlength=n_draws * size).reshape(n_draws, size)


def resample_residuals(
    fitted: Floats, residual: Floats, n_draws: int, n_params: int, log: bool, rng: np.random.Generator
) -> Floats:
    """Outputs (R, n) made of the fitted values and shuffled residuals, widened for the parameters spent."""
    n = residual.size
    widened = (residual - residual.mean()) * np.sqrt(n / max(1, n - n_params))
    noise = widened[rng.integers(0, n, size=(n_draws, n))]
    return np.asarray(fitted * np.exp(noise) if log else fitted + noise)
