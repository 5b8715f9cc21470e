"""Intervals for a new run: parameters, choice of law, noise and misfit, calibrated by rehearsal.

On the scale of the residual (relative error, for losses) the standard deviation of a
prediction is put together from four parts,

    s(x)^2 = fit(x)^2 + law(x)^2 + noise^2 + misfit^2,

the spread over bootstrap draws, the spread between candidate laws weighted by their
held-out error, the residual noise, and a small constant for what every law leaves out.
The rehearsals then say how large errors really were in units of s, most weight going to
those that reached equally far beyond their data; the interval is

    prediction +- max(1, rehearsed) * t(level, effective rehearsals) * s(x).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from isoperf.fitting.backtest import Backtest, Origin, Prediction

__all__ = ["MISFIT", "Spread", "half_width", "spread"]

Floats = NDArray[np.float64]
MISFIT = 0.004  # relative; set on public tables, each left out in turn
REACH = 0.3  # distances below this (a factor of 1.35) count as near
KERNEL = 0.5
FAR_OFF = 1e4
UNREHEARSED = 4.0  # degrees of freedom when no rehearsal was possible


@dataclass(frozen=True)
class Spread:
    """Parts of the standard deviation at m points, each (m,), on the residual's scale."""

    fit: Floats
    law: Floats
    noise: Floats
    misfit: Floats

    @property
    def total(self) -> Floats:
        """All parts together."""
        return np.asarray(np.sqrt(self.fit**2 + self.law**2 + self.noise**2 + self.misfit**2))


def spread(
    by_law: Mapping[str, Prediction], chosen: str, weights: Mapping[str, float], log: bool, misfit: float = MISFIT
) -> Spread:
    """Put the parts together around the prediction of the chosen law."""
    own = by_law[chosen]
    between = np.zeros(own.mean.shape)
    for name, weight in weights.items():
        gap = by_law[name].mean - own.mean
        between += weight * np.where(np.isfinite(gap), gap, 0.0) ** 2
    unit = np.ones(own.mean.shape) if log else np.abs(own.mean)
    fit = np.where(np.isfinite(own.fit_sd), own.fit_sd, unit)
    return Spread(fit, np.sqrt(between), np.full(own.mean.shape, own.noise_sd), misfit * unit)


def half_width(
    parts: Spread,
    distance: Floats,
    test: Backtest,
    chosen: str,
    weights: Mapping[str, float],
    level: float,
    misfit: float = MISFIT,
) -> Floats:
    """Half-width of the interval for a new run at m points, on the residual's scale.

    Parameters
    ----------
    distance : (m,) log of the point's scale over the largest fitted; below 0 inside the data.
    """
    tail = (1 + level) / 2
    if not test.origins:
        return np.asarray(stdtrit(UNREHEARSED, tail) * parts.total)
    scaled = [_scaled_errors(origin, chosen, weights, test.log, misfit) for origin in test.origins]
    reach = [np.log(origin.distance + REACH) for origin in test.origins]
    farthest = max(float(origin.distance.max()) for origin in test.origins)
    share = np.array([origin.n_train for origin in test.origins], dtype=float)
    share = (share / share.max()) ** 2
    target = np.log(np.clip(distance, 0.0, farthest) + REACH)
    closeness = [np.exp(-0.5 * ((r[:, None] - target) / KERNEL) ** 2) for r in reach]
    squared = np.array([(k * z[:, None]).sum(0) / k.sum(0) for k, z in zip(closeness, scaled, strict=True)])
    relevance = np.array([k.max(axis=0) for k in closeness]) * share[:, None]
    rehearsed = np.sqrt((relevance * squared).sum(0) / relevance.sum(0))
    effective = relevance.sum(0) ** 2 / (relevance**2).sum(0)
    return np.asarray(np.maximum(1.0, rehearsed) * stdtrit(np.maximum(2.0, effective), tail) * parts.total)


def _scaled_errors(origin: Origin, chosen: str, weights: Mapping[str, float], log: bool, misfit: float) -> Floats:
    """Squared errors of one rehearsal in units of its own spread, (m,); a failed prediction counts as far off."""
    parts = spread(origin.by_law, chosen, weights, log, misfit)
    ratio = (origin.truth - origin.by_law[chosen].mean) ** 2 / parts.total**2
    return np.where(np.isfinite(ratio), np.minimum(ratio, FAR_OFF), FAR_OFF)
