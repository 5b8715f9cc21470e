"""Every law gets its own parameters back from data made with them."""

from __future__ import annotations

import numpy as np
import pytest

import isoperf
from isoperf.estimate import Status
from isoperf.fitting.engine import search
from isoperf.fitting.noise import noise_model
from isoperf.fitting.problem import Problem
from isoperf.fitting.solve import solve
from isoperf.laws import Law, discover, get
from isoperf.laws.base import Floats
from isoperf.testing import check_recovery
from tests.conformance.planted import PLANTED

LAWS = sorted(discover())
NOISE = 0.005  # relative; between repeats of one training run it is about this

every_law = pytest.mark.parametrize("law", [get(name) for name in LAWS], ids=LAWS)


def _problem(law: Law, theta: Floats, noise: Floats | float = 0.0) -> Problem:
    """Observations made at parameters theta, (p,), with relative noise."""
    inputs = PLANTED[law.name].inputs
    clean = np.asarray(law.predict(dict(zip(law.names, theta, strict=True)), **inputs))
    y = clean * np.exp(noise)
    columns = tuple(inputs[name] for name in law.inputs)
    return Problem(law, columns, y, noise_model(law.noise, "auto", y, law.output))


def _truth(law: Law) -> Floats:
    return np.array([PLANTED[law.name].values[name] for name in law.names])


@every_law
@pytest.mark.parametrize("seed", [0, 1])
def test_clean_data_give_the_planted_parameters_back(law: Law, seed: int) -> None:
    planted = PLANTED[law.name]
    check_recovery(law, planted.values, planted.inputs, tolerance=planted.tolerance, seed=seed)


@every_law
@pytest.mark.parametrize("seed", range(4))
def test_noisy_search_is_no_worse_than_a_search_that_begins_at_the_truth(law: Law, seed: int) -> None:
    """The truth is an unfair start: whoever begins there should not end lower than we do."""
    rng = np.random.default_rng(seed)
    low, high = np.array([param.bounds for param in law.params]).T
    theta = np.clip(_truth(law) * rng.uniform(0.7, 1.4, len(law.params)), low, 0.95 * high)
    n_rows = len(next(iter(PLANTED[law.name].inputs.values())))
    problem = _problem(law, theta, NOISE * rng.standard_normal(n_rows))
    weights = np.ones(n_rows)
    found = search(problem, weights, np.random.default_rng(0))
    unfair = solve(found.problem, found.problem.to_search(theta[None]), weights)
    assert found.converged
    assert found.objective <= unfair.objective[0] * (1 + 1e-6)


@every_law
def test_a_fit_of_a_table_names_and_returns_them(law: Law) -> None:
    planted = PLANTED[law.name]
    y = _problem(law, _truth(law)).y
    fit = isoperf.fit({**planted.inputs, law.output: y}, law=law.name, n_bootstrap=0)
    assert fit.law.name == law.name
    assert dict(fit.values) == pytest.approx(dict(planted.values), rel=planted.tolerance)


@every_law
def test_noisy_data_give_intervals_that_hold_the_truth(law: Law) -> None:
    """The planted curve should lie inside the law's own 99 % band nearly everywhere, and the band be narrow.

    Rows share one curve, so a single miss carries its neighbours along: hence 90 % and not 99 % of them.
    """
    planted, truth = PLANTED[law.name], _truth(law)
    n_rows = len(next(iter(planted.inputs.values())))
    clean = np.asarray(law.predict(dict(zip(law.names, truth, strict=True)), **planted.inputs))
    held = []
    for seed in range(4):
        y = _problem(law, truth, NOISE * np.random.default_rng(seed).standard_normal(n_rows)).y
        fit = isoperf.fit({**planted.inputs, law.output: y}, law=law.name, n_bootstrap=200)
        known = fit.predict(level=0.99, **planted.inputs)
        if law.last_only:  # one row carries no spread of its own
            assert fit.status is Status.TOO_FEW and np.isnan(known.low).all()
            return
        held.append(((known.low <= clean) & (clean <= known.high)).mean())
        assert np.median((known.high - known.low) / np.abs(clean)) < 6 * NOISE
    assert np.mean(held) >= 0.9, held
