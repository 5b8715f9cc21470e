"""What must not change, and what must, when the data or the question do."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import isoperf
from isoperf import Fit, Status
from isoperf.fitting.optimum import compute_optimal
from isoperf.fitting.solve import solve
from tests.unit.tables import TRUTH, Floats, chinchilla_problem, chinchilla_runs

SEEDS = st.integers(0, 10_000)
few = settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])


def fit(runs: dict[str, Floats], n_bootstrap: int = 0) -> Fit:
    return isoperf.fit(runs, law="chinchilla", n_bootstrap=n_bootstrap, n_starts=6)


@given(seed=SEEDS)
@few
def test_the_order_of_rows_does_not_matter(seed: int) -> None:
    runs = chinchilla_runs(40, seed=seed)
    order = np.random.default_rng(seed).permutation(40)
    plain, shuffled = fit(runs), fit({name: values[order] for name, values in runs.items()})
    # the turning point is read from a first fit, which is searched to its own last digits
    np.testing.assert_allclose(shuffled.objective, plain.objective, rtol=1e-5)
    for name, value in plain.values.items():
        np.testing.assert_allclose(shuffled.values[name], value, rtol=2e-3, atol=1e-6)


@given(seed=SEEDS, factor=st.floats(1e-3, 1e3))
@few
def test_units_of_tokens_leave_decisions_alone(seed: int, factor: float) -> None:
    """Counted in other units, tokens change their scale only: N* stays, D* is the same amount."""
    runs = chinchilla_runs(40, seed=seed)
    plain, other = fit(runs), fit({**runs, "n_tokens": runs["n_tokens"] * factor})
    # the operations per parameter and token change with the unit, the budget does not
    one = compute_optimal(plain.law, dict(plain.values), 1e22)
    two = compute_optimal(other.law, dict(other.values), 1e22, flops_per_param_token=6.0 / factor)
    np.testing.assert_allclose(two.n_params, one.n_params, rtol=0.01)
    np.testing.assert_allclose(two.n_tokens, factor * one.n_tokens, rtol=0.01)
    np.testing.assert_allclose(two.output, one.output, rtol=1e-4)


@given(seed=SEEDS, times=st.lists(st.integers(1, 4), min_size=30, max_size=30))
@few
def test_a_weight_is_a_number_of_rows(seed: int, times: list[int]) -> None:
    runs = chinchilla_runs(30, seed=seed)
    longer = {name: np.repeat(values, times) for name, values in runs.items()}
    start = chinchilla_problem(runs).to_search(np.array([list(TRUTH.values())]))
    one = solve(chinchilla_problem(runs), start, np.array(times, dtype=float))
    two = solve(chinchilla_problem(longer), start, np.ones(sum(times)))
    np.testing.assert_allclose(one.objective, two.objective, rtol=1e-9)
    np.testing.assert_allclose(one.u, two.u, rtol=1e-4, atol=1e-6)


@given(seed=SEEDS, sd=st.floats(1e-4, 0.05))
@few
def test_predictions_lie_above_the_floor_and_fall_with_size_and_tokens(seed: int, sd: float) -> None:
    made = fit(chinchilla_runs(30, sd=sd, seed=seed))
    sizes, tokens = np.geomspace(1e6, 1e13, 15), np.geomspace(1e8, 1e15, 15)
    by_size = made.predict(n_params=sizes, n_tokens=1e11).value
    by_tokens = made.predict(n_params=1e10, n_tokens=tokens).value
    assert (np.diff(by_size) <= 0).all()
    assert (np.diff(by_tokens) <= 0).all()
    assert min(by_size.min(), by_tokens.min()) >= made.values["irreducible_loss"]


@given(seed=SEEDS)
@few
def test_a_wider_level_gives_a_wider_interval(seed: int) -> None:
    made = fit(chinchilla_runs(30, seed=seed), n_bootstrap=100)
    levels = (0.5, 0.8, 0.9, 0.99)
    ahead = [made.predict(level=level, n_params=[1e9, 1e11], n_tokens=[1e11, 1e13]) for level in levels]
    params = [made.parameters(level=level)["param_exponent"] for level in levels]
    for inner, outer in itertools.pairwise(ahead):
        assert (outer.low <= inner.low).all()
        assert (outer.high >= inner.high).all()
    if made.param_status["param_exponent"] is Status.OK:
        lows, highs = [e.low for e in params], [e.high for e in params]
        assert lows == sorted(lows, reverse=True)  # type: ignore[type-var]
        assert highs == sorted(highs)  # type: ignore[type-var]


@given(seed=SEEDS, reach=st.floats(1.1, 1e4))
@settings(max_examples=5, suppress_health_check=[HealthCheck.too_slow])
def test_a_forecast_beyond_the_data_is_never_plainly_ok(seed: int, reach: float) -> None:
    runs = chinchilla_runs(30, seed=seed)
    largest = np.argmax(runs["n_params"] * runs["n_tokens"])
    made = isoperf.forecast(
        runs,
        law="chinchilla",
        n_params=(float(runs["n_params"][largest] * reach),),
        n_tokens=(float(runs["n_tokens"][largest]),),
        n_bootstrap=20,
        seed=seed,
    )
    assert made.runs[0].status is not Status.OK
    assert made.law[0].status is not Status.OK
    if made.ok:
        assert made.runs[0].status is Status.EXTRAPOLATED
        for known in (made.runs[0], made.law[0]):
            assert known.low is not None
            assert known.high is not None
            assert known.value is not None
            assert known.low < known.high


@given(seed=SEEDS, n=st.integers(1, 9), same=st.booleans())
@few
def test_few_rows_never_give_a_false_certainty(seed: int, n: int, same: bool) -> None:
    runs = chinchilla_runs(n, seed=seed)
    if same:
        runs = {name: np.repeat(values[:1], n) for name, values in runs.items()}
    made = fit(runs, n_bootstrap=20)
    distinct = 1 if same else n
    assert (made.status is Status.TOO_FEW) == (distinct <= 5)
    for known in made.parameters().values():
        if known.status is not Status.OK:
            assert known.low is None
        elif known.low is not None and known.high is not None:
            assert known.high > known.low
