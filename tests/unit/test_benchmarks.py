"""The benchmarks score every tool by one objective, and say so when a tool is absent."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import peers
from benchmarks.holdout import coverage
from benchmarks.objective import JointLaw, LogResiduals, log_huber_objective, log_huber_sum
from benchmarks.protocol import Band, Job
from benchmarks.runner import Contender, NotRun, launch
from benchmarks.table import TRUTH, Runs, simulated_runs

LAW = JointLaw(1.0, 2.0, 3.0, 0.5, 1.0)  # at N = 4, D = 3: 1 + 2/sqrt(4) + 3/3 = 3


def test_huber_sum_is_quadratic_inside_and_linear_outside() -> None:
    # 0.0005**2 / 2 = 1.25e-7 inside; 0.001 * (0.003 - 0.0005) = 2.5e-6 outside.
    assert log_huber_sum([0.0005, -0.003], delta=1e-3) == pytest.approx(2.625e-6, rel=1e-12)


def test_objective_by_hand() -> None:
    # The second loss lies 0.002 below the law in logs: 0.001 * (0.002 - 0.0005) = 1.5e-6.
    observed = [3.0, 3.0 * np.exp(-0.002)]
    assert log_huber_objective(LAW, [4, 4], [3, 3], observed) == pytest.approx(1.5e-6, rel=1e-9)


def test_solver_form_is_the_same_objective_with_its_gradient() -> None:
    runs = simulated_runs(30, seed=1)
    problem = LogResiduals(runs.n_params, runs.n_tokens, runs.loss)
    theta = np.array([0.5, 6.0, 7.5, 0.34, 0.36])
    value, gradient = problem.objective(theta)
    law = JointLaw.from_logs(theta)
    assert value == pytest.approx(log_huber_objective(law, runs.n_params, runs.n_tokens, runs.loss), rel=1e-9)
    step = 1e-6
    for i, shift in enumerate(step * np.eye(5)):
        numeric = (problem.objective(theta + shift)[0] - problem.objective(theta - shift)[0]) / (2 * step)
        assert gradient[i] == pytest.approx(numeric, rel=1e-4)
        slope = (problem.values(theta + shift) - problem.values(theta - shift)) / (2 * step)
        np.testing.assert_allclose(problem.jacobian(theta)[:, i], slope, rtol=1e-5, atol=1e-8)


def test_optimal_params_is_the_least_loss_at_fixed_compute() -> None:
    flops = 1e24
    n_params = np.geomspace(1e9, 1e13, 200_001)  # neighbours differ by 0.005 %
    best = n_params[TRUTH.loss(n_params, flops / (6 * n_params)).argmin()]
    assert TRUTH.optimal_params(flops) == pytest.approx(best, rel=1e-3)


def test_coverage_counts_runs_inside_their_interval() -> None:
    ones = np.ones(4)
    runs = Runs(ones, ones, np.array([1.0, 2.0, 3.0, 4.0]))
    assert coverage(Band(0.9, [0.0, 2.0, 3.5, 0.0], [2.0, 2.0, 4.0, 3.0]), runs) == 0.5


def test_holdout_takes_the_largest_compute() -> None:
    runs = simulated_runs(50)
    train, test = runs.split_by_compute(10)
    assert (len(train), len(test)) == (40, 10)
    assert (train.n_params * train.n_tokens).max() <= (test.n_params * test.n_tokens).min()


def test_an_absent_tool_is_reported_with_the_variable_to_set() -> None:
    tool = Contender("absent", "benchmarks.ours", package="no_such_package", variable="ISOPERF_PEER_ABSENT")
    found = launch(tool, Job([1.0], [1.0], [1.0]))
    assert isinstance(found, NotRun)
    assert "not installed" in found.reason
    assert "ISOPERF_PEER_ABSENT" in found.reason


def test_page_lists_a_tool_that_did_not_run() -> None:
    record = {"name": "absent", "note": "", "not_run": "not installed"}
    page = peers.markdown({"rows": 240, "fits": [record], "refits": [record]})
    assert page.count("absent (not run: not installed)") == 2
