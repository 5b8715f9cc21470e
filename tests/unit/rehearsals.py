"""Rehearsals made by hand, for tests of choice and of intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from isoperf.fitting.backtest import Backtest, Origin, Prediction
from isoperf.laws.base import Law, Param, Reference

__all__ = ["law", "rehearsed"]


def rehearsed(
    errors: Mapping[str, Sequence[Sequence[float]]],
    *,
    fit_sd: float = 0.01,
    noise_sd: float = 0.0,
    distance: float = 1.0,
    rows: Sequence[int] = (),
) -> Backtest:
    """Return a backtest in which each law missed the truth by the given errors, by origin and row."""
    n_origins = len(next(iter(errors.values())))
    origins = []
    for k in range(n_origins):
        truth = np.zeros(len(next(iter(errors.values()))[k]))
        by_law = {
            name: Prediction(np.array(missed[k], dtype=float), np.full(truth.shape, fit_sd), noise_sd)
            for name, missed in errors.items()
        }
        n_train = rows[k] if rows else 20 + k
        origins.append(Origin(n_train, 1.0, np.full(truth.shape, distance), truth, by_law))
    return Backtest(tuple(errors), tuple(origins), log=True)


def law(called: str, n_params: int, *, is_baseline: bool = False) -> Law:
    """Return a law of that name with so many parameters; its formula plays no part."""

    class Named(Law):
        name = called
        inputs = ("x",)
        output = "y"
        params = tuple(Param(f"p{j}") for j in range(n_params))
        reference = Reference("", "")
        baseline = is_baseline

        def formula(self, p: Any, x: Any) -> Any:
            raise NotImplementedError

    return Named()
