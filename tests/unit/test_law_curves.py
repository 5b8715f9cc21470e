"""The stable pieces agree with their plain formulas and keep their digits in the tails."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from isoperf.fitting.dual import Dual
from isoperf.laws._curves import decay, log_of, logistic, rate_start, scale_start, softplus

Z = np.linspace(-30, 30, 61)


def test_logistic_equals_its_definition() -> None:
    np.testing.assert_allclose(logistic(Z), 1 / (1 + np.exp(-Z)), rtol=1e-14)


def test_logistic_keeps_relative_accuracy_where_it_is_tiny() -> None:
    """For z far below 0 the logistic is exp z."""
    np.testing.assert_allclose(logistic(np.array([-600.0, -40.0])), np.exp([-600.0, -40.0]), rtol=1e-13)


def test_decay_equals_its_definition() -> None:
    z = np.linspace(-30, 5, 36)
    np.testing.assert_allclose(decay(z), np.exp(-np.exp(z)), rtol=1e-14)


@pytest.mark.parametrize("function", [logistic, softplus, decay])
def test_no_overflow_anywhere(function: Callable[[Any], Any]) -> None:
    with np.errstate(over="raise", invalid="raise", divide="raise", under="ignore"):
        assert np.isfinite(function(np.array([-1e5, -750.0, 0.0, 750.0, 1e5]))).all()


@pytest.mark.parametrize(("function", "slope"), [(softplus, 0.5), (logistic, 0.25), (decay, -np.exp(-1.0))])
def test_slope_at_zero_where_branches_meet(function: Callable[[Any], Any], slope: float) -> None:
    result = function(Dual(np.array([0.0]), {0: 1.0}))
    np.testing.assert_allclose(np.broadcast_to(result.tangents[0], (1,)), slope, rtol=1e-15)


def test_log_of_zero_is_finite() -> None:
    assert np.isfinite(log_of(np.array([0.0]))).all()
    np.testing.assert_array_equal(log_of(np.array([2.0])), np.log([2.0]))


def test_start_intervals_reach_a_decade_beyond_the_positive_data() -> None:
    x = np.array([0.0, 2.0, 50.0])
    assert scale_start(x) == pytest.approx((0.2, 500.0))
    assert rate_start(x) == pytest.approx((0.002, 5.0))
