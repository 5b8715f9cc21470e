"""Stable pieces that several laws share, and start intervals in the units of x."""

from __future__ import annotations

from typing import Any

import numpy as np

from isoperf.laws.base import Floats

__all__ = ["decay", "log_of", "logistic", "rate_start", "scale_start", "softplus"]

TINY = 1e-300
DECAYED = 100.0  # exp(-exp(100)) is 0 in double precision, and exp(100) is still finite


def log_of(x: Any) -> Any:
    """Return log x, finite at x = 0 so that curves may begin there."""
    return np.log(np.maximum(x, TINY))


def softplus(z: Any) -> Any:
    """Return log(1 + exp z) without overflow."""
    # |z| as max(z, -z): at z = 0 both maxima then take their first branch, and the slope is 1/2.
    return np.maximum(z, 0.0) + np.log1p(np.exp(-np.maximum(z, -z)))


def logistic(z: Any) -> Any:
    """Return 1 / (1 + exp(-z)) with full relative accuracy in both tails."""
    return np.exp(-softplus(-z))


def decay(z: Any) -> Any:
    """Return exp(-exp z) without overflow."""
    return np.exp(-np.exp(np.minimum(z, DECAYED)))


def scale_start(x: Floats) -> tuple[float, float]:
    """Return an interval for a parameter in units of ``x``: a decade beyond the data on both sides."""
    positive = x[x > 0]
    return (0.1 * float(positive.min()), 10.0 * float(positive.max())) if positive.size else (0.1, 10.0)


def rate_start(x: Floats) -> tuple[float, float]:
    """Return an interval for a parameter in units of ``1/x``."""
    low, high = scale_start(x)
    return 1.0 / high, 1.0 / low
