"""Intervals for a new run: their parts, their calibration, their limits."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.stats import t as student

from isoperf.fitting.backtest import Backtest, Prediction
from isoperf.fitting.intervals import MISFIT, half_width, spread
from isoperf.fitting.quantiles import central_interval
from tests.unit.rehearsals import rehearsed

ONE = np.array([1.0])


def prediction(mean: float, fit_sd: float = 0.0, noise_sd: float = 0.0) -> Prediction:
    return Prediction(np.array([mean]), np.array([fit_sd]), noise_sd)


def width(test: Backtest, *, level: float = 0.9, distance: float = 1.0) -> float:
    parts = spread({"a": prediction(0.0, 0.01)}, "a", {"a": 1.0}, True)
    return float(half_width(parts, np.array([distance]), test, "a", {"a": 1.0}, level)[0])


def test_parts_add_in_squares() -> None:
    by_law = {"a": prediction(1.0, 0.03, 0.02), "b": prediction(1.1)}
    parts = spread(by_law, "a", {"a": 0.75, "b": 0.25}, True)
    assert parts.law[0] == pytest.approx(0.1 * np.sqrt(0.25))
    wanted = np.sqrt(0.03**2 + 0.02**2 + 0.05**2 + MISFIT**2)
    assert parts.total[0] == pytest.approx(wanted)


def test_misfit_is_relative_on_the_plain_scale() -> None:
    parts = spread({"a": prediction(50.0, 0.0)}, "a", {"a": 1.0}, False)
    assert parts.total[0] == pytest.approx(50 * MISFIT)


def test_an_unknown_spread_counts_as_a_hundred_percent() -> None:
    assert spread({"a": prediction(0.5, np.inf)}, "a", {"a": 1.0}, True).fit[0] == 1.0
    assert spread({"a": prediction(50.0, np.inf)}, "a", {"a": 1.0}, False).fit[0] == 50.0


def test_a_rival_that_fails_adds_nothing() -> None:
    by_law = {"a": prediction(1.0, 0.01), "b": prediction(np.nan)}
    assert spread(by_law, "a", {"a": 0.5, "b": 0.5}, True).law[0] == 0.0


def test_without_rehearsals_a_student_of_four_degrees_speaks() -> None:
    parts = spread({"a": prediction(0.0, 0.01)}, "a", {"a": 1.0}, True)
    wanted = student.ppf(0.95, 4) * parts.total[0]
    assert width(rehearsed({"a": []})) == pytest.approx(wanted)


def test_rehearsals_that_went_as_expected_leave_the_width_alone() -> None:
    """Eight alike origins: z = 1 everywhere, so Student's t of about eight degrees."""
    size = np.sqrt(0.01**2 + MISFIT**2)
    test = rehearsed({"a": [[size, -size]] * 8}, rows=[50] * 8)
    assert width(test) == pytest.approx(student.ppf(0.95, 8) * size, rel=1e-9)


def test_rehearsals_that_missed_widen_in_proportion_and_better_ones_never_narrow() -> None:
    size = np.sqrt(0.01**2 + MISFIT**2)
    normal, missed, lucky = (width(rehearsed({"a": [[k * size]] * 8}, rows=[50] * 8)) for k in (1.0, 3.0, 0.01))
    assert missed == pytest.approx(3 * normal)
    assert lucky == pytest.approx(normal)


def test_a_wider_level_gives_a_wider_interval() -> None:
    for test in (rehearsed({"a": []}), rehearsed({"a": [[0.02]] * 6})):
        widths = [width(test, level=level) for level in (0.5, 0.68, 0.8, 0.9, 0.95, 0.99)]
        assert all(one < two for one, two in itertools.pairwise(widths))


def test_rehearsals_as_far_as_the_question_count_most() -> None:
    near, far = rehearsed({"a": [[0.01]] * 4}, distance=0.2), rehearsed({"a": [[0.1]] * 4}, distance=3.0)
    both = Backtest(("a",), (*near.origins, *far.origins), True)
    assert width(both, distance=0.2) < 0.5 * width(both, distance=3.0)
    assert width(both, distance=9.0) == width(both, distance=3.0)  # no rehearsal reached further


def test_a_rehearsal_that_failed_makes_the_interval_very_wide() -> None:
    failed = width(rehearsed({"a": [[np.nan]] * 4}))
    assert np.isfinite(failed)
    assert failed > 30 * width(rehearsed({"a": [[0.01]] * 4}))


def test_draws_are_summarised_column_by_column_and_unknown_ones_stay_unknown() -> None:
    draws = np.random.default_rng(0).normal(size=(1000, 4))
    draws[:50, 1] = np.nan  # 5 % unknown: the rest speaks
    draws[:200, 2] = np.inf  # 20 %: too many
    low, high = central_interval(draws, 0.9)
    np.testing.assert_allclose(low[[0, 3]], np.quantile(draws[:, [0, 3]], 0.05, axis=0))
    assert high[1] == np.quantile(draws[50:, 1], 0.95)
    assert np.isnan([low[2], high[2]]).all()
    assert np.isnan(central_interval(draws[:19, :1], 0.9)).all()
    assert np.isnan(central_interval(np.empty((0, 2)), 0.9)).all()
