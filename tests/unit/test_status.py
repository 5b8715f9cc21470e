"""Weak evidence is said aloud: every status, unknown instead of zero, exact JSON."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import isoperf
from isoperf import Estimate, Fit, FitError, Status
from isoperf.errors import DataError, LawError, OptionError
from isoperf.fitting.solve import Solution, solve
from tests.unit.tables import TRUTH, Floats, chinchilla_runs, curve

Table = dict[str, Floats]


def _without_floor() -> Table:
    runs = chinchilla_runs(40, seed=1)
    clean = 1500 * runs["n_params"] ** -0.34 + 1500 * runs["n_tokens"] ** -0.3 - 0.05
    return {**runs, "loss": clean}


def _repeated(times: int, n: int) -> Table:
    return {name: np.repeat(values, times) for name, values in chinchilla_runs(n).items()}


WEAK: dict[str, tuple[Callable[[], Table], dict[str, Status]]] = {
    "one size only": (
        lambda: chinchilla_runs(30, n_params=1e9),
        dict.fromkeys(["irreducible_loss", "param_scale", "param_exponent"], Status.NOT_IDENTIFIED)
        | dict.fromkeys(["token_scale", "token_exponent"], Status.OK),
    ),
    "one token count only": (
        lambda: chinchilla_runs(30, n_tokens=1e10),
        dict.fromkeys(["irreducible_loss", "token_scale", "token_exponent"], Status.NOT_IDENTIFIED)
        | dict.fromkeys(["param_scale", "param_exponent"], Status.OK),
    ),
    "constant loss": (
        lambda: {**chinchilla_runs(30), "loss": np.full(30, 3.0)},
        dict.fromkeys(["param_scale", "token_scale", "param_exponent", "token_exponent"], Status.NOT_IDENTIFIED),
    ),
    "wants a floor below zero": (_without_floor, {"irreducible_loss": Status.AT_BOUND}),
    "three rows": (lambda: chinchilla_runs(3), dict.fromkeys(TRUTH, Status.TOO_FEW)),
    "as many rows as parameters": (lambda: chinchilla_runs(5), dict.fromkeys(TRUTH, Status.TOO_FEW)),
    "one run ten times": (lambda: _repeated(10, 1), dict.fromkeys(TRUTH, Status.TOO_FEW)),
    "five runs ten times": (lambda: _repeated(10, 5), dict.fromkeys(TRUTH, Status.TOO_FEW)),
}
KNOWN_VALUES = {"as many rows as parameters", "five runs ten times"}  # an exact solution, but no error


@functools.cache
def weak_fit(case: str) -> Fit:
    return isoperf.fit(WEAK[case][0](), law="chinchilla", n_bootstrap=100)


def told(fit: Fit) -> str:
    """Return the report's words, wherever its lines break."""
    return " ".join(fit.report().text().split())


@pytest.mark.parametrize("case", WEAK)
def test_each_weakness_has_its_status(case: str) -> None:
    wanted = WEAK[case][1]
    fit = weak_fit(case)
    assert {name: fit.param_status[name] for name in wanted} == wanted
    assert not fit.ok


@pytest.mark.parametrize("case", WEAK)
def test_unknown_is_absent_and_never_zero(case: str) -> None:
    fit = weak_fit(case)
    for name, known in fit.parameters().items():
        if known.status is Status.OK:
            assert known.low is not None
            assert known.high is not None
            assert known.low <= known.high
            continue
        assert known.low is None
        assert known.high is None
        assert known.status is fit.param_status[name]
    if fit.status is Status.TOO_FEW:
        values = [known.value for known in fit.parameters().values()]
        assert all(v is not None for v in values) if case in KNOWN_VALUES else all(v is None for v in values)
        assert len(fit.draws) == 0


@pytest.mark.parametrize("case", [case for case in WEAK if dict(WEAK[case][1]).get("param_scale") == "too_few"])
def test_too_few_rows_predict_no_interval(case: str) -> None:
    for known in weak_fit(case).predict(n_params=[1e9, 3e9], n_tokens=[1e10, 2e10]):
        assert known.status is Status.TOO_FEW
        assert known.low is None
        assert known.high is None
        assert (known.value is None) != (case in KNOWN_VALUES)


def test_three_rows_say_nothing_of_their_scatter() -> None:
    fit = weak_fit("three rows")
    assert np.isnan(fit.residuals).all()
    assert np.isnan(fit.sd)
    assert fit.as_dict()["diagnostics"]["residual_sd"] is None
    assert "too few to say how far" in told(fit)
    assert "3 rows at 3 different inputs cannot determine 5 parameters" in told(fit)


@pytest.mark.parametrize("case", WEAK)
def test_json_of_a_weak_fit_holds_null_and_the_status(case: str) -> None:
    fit = weak_fit(case)
    plain = json.loads(json.dumps(fit.as_dict(), allow_nan=False))
    for name, status in fit.param_status.items():
        assert plain["parameters"][name]["status"] == status.value
        if status is not Status.OK:
            assert plain["parameters"][name]["low"] is None
            assert plain["parameters"][name]["high"] is None
    assert "NaN" not in fit.to_json()
    assert "Infinity" not in fit.to_json()


@pytest.mark.parametrize("case", WEAK)
def test_reports_of_weak_fits_say_so(case: str) -> None:
    fit = weak_fit(case)
    text = told(fit)
    assert fit.status.value in text
    for word in ("nan", "inf ", "None"):
        assert word not in text.split("Provenance")[0].lower().replace("infinite", ""), word


@pytest.mark.parametrize("case", WEAK)
def test_require_ok_names_the_parameters_and_their_status(case: str) -> None:
    fit = weak_fit(case)
    with pytest.raises(FitError) as caught:
        fit.require_ok()
    for name, status in fit.param_status.items():
        assert (f"{name} is {status.value}" in str(caught.value)) == (status is not Status.OK)
    assert caught.value.exit_code == 4


def test_a_sound_fit_is_ok() -> None:
    fit = isoperf.fit(chinchilla_runs(), law="chinchilla", n_bootstrap=100)
    assert fit.require_ok() is fit
    assert fit.status is Status.OK
    assert set(fit.param_status.values()) == {Status.OK}


def test_a_law_of_the_last_value_has_no_error_of_its_own() -> None:
    fit = isoperf.fit(curve(), law="last_value")
    assert fit.status is Status.TOO_FEW
    assert fit.parameters()["value"] == Estimate(fit.observed[-1], unit="", status=Status.TOO_FEW)
    assert "last point only" in told(fit)


# Search that does not settle


def test_steps_that_run_out_are_not_convergence(monkeypatch: pytest.MonkeyPatch) -> None:
    def short(*args: Any, **options: Any) -> Solution:
        return solve(*args, **{**options, "max_steps": 1})

    monkeypatch.setattr("isoperf.fitting.stack.solve", short)
    fit = isoperf.fit(chinchilla_runs(), law="chinchilla", n_bootstrap=40)
    assert fit.status is Status.NOT_CONVERGED
    assert set(fit.param_status.values()) == {Status.NOT_CONVERGED}
    assert fit.diagnostics.settled < 0.5
    assert all(known.low is None for known in fit.parameters().values())
    assert all(known.low is None for known in fit.predict(n_params=[1e9, 2e9], n_tokens=[1e10, 2e10]))
    assert "Raise the number of starts" in told(fit)


# Beyond the data


@pytest.fixture(scope="module")
def sound() -> Fit:
    return isoperf.fit(chinchilla_runs(), law="chinchilla", n_bootstrap=100)


def test_predictions_outside_the_data_are_extrapolated(sound: Fit) -> None:
    size, tokens = (float(np.median(sound.inputs[name])) for name in ("n_params", "n_tokens"))
    largest = float(sound.inputs["n_params"].max())
    made = sound.predict(
        n_params=[size, 2 * largest, size / 1e4, size], n_tokens=[tokens, tokens, tokens, tokens * 1e4]
    )
    assert [one.status for one in made] == [Status.OK, *[Status.EXTRAPOLATED] * 3]


def test_more_compute_than_any_run_is_extrapolated_though_size_and_tokens_were_seen(sound: Fit) -> None:
    flops = sound.law.scale(dict(sound.inputs))
    corner = {name: float(values.max()) for name, values in sound.inputs.items()}
    assert 6 * corner["n_params"] * corner["n_tokens"] > 1.1 * flops.max()
    assert sound.predict(**corner)[0].status is Status.EXTRAPOLATED


@pytest.mark.parametrize(
    ("inputs", "says"),
    [
        ({"n_params": [1e9, -1.0], "n_tokens": 1e10}, "n_params must be .* above 0, found -1 at position 1"),
        ({"n_params": float("nan"), "n_tokens": 1e10}, "n_params must be .* found nan at position 0"),
        ({"n_params": [1e9, 2e9], "n_tokens": [1e9] * 3}, "differ in length: n_params has 2, n_tokens has 3"),
        ({"n_params": [[1e9]], "n_tokens": 1e10}, r"an array of shape \(1, 1\)"),
        ({"n_params": 1e9}, r"missing inputs \['n_tokens'\]"),
        ({"n_params": 1e9, "n_tokens": 1e9, "level": 0.0}, "level must lie between 0 and 1"),
        ({"n_params": 1e9, "n_tokens": 1e9, "level": 1.0}, "level must lie between 0 and 1"),
    ],
)
def test_predict_refuses_what_it_cannot_answer(sound: Fit, inputs: dict[str, Any], says: str) -> None:
    with pytest.raises(OptionError, match=says):
        sound.predict(**inputs)


def test_parameters_refuse_an_impossible_level(sound: Fit) -> None:
    with pytest.raises(OptionError, match="level must lie between 0 and 1"):
        sound.parameters(level=0.0)


@pytest.mark.parametrize(
    ("option", "value", "says"),
    [
        ("n_bootstrap", 5, "at least 20"),
        ("n_bootstrap", -1, "at least 20"),
        ("n_starts", 0, "at least 1"),
        ("seed", -1, "0 or above"),
        ("level", 1.5, "between 0 and 1"),
        ("delta", 0.0, "above 0"),
        ("noise", "student", "'student' is unknown"),
        ("bootstrap", "jackknife", "'jackknife' is unknown"),
    ],
)
def test_fit_refuses_options_out_of_range(option: str, value: Any, says: str) -> None:
    with pytest.raises(OptionError, match=says):
        isoperf.fit(chinchilla_runs(), law="chinchilla", **{option: value})


# JSON


def _same(one: Fit, two: Fit) -> None:
    assert two.to_json() == one.to_json()
    assert dict(two.param_status) == dict(one.param_status)
    assert two.status is one.status
    assert two.noise == one.noise
    assert list(two.inputs) == list(one.inputs)
    for mine, yours in (
        (one.draws, two.draws),
        (one.observed, two.observed),
        (one.residuals, two.residuals),
        (np.array(list(one.values.values())), np.array(list(two.values.values()))),
        *((one.inputs[name], two.inputs[name]) for name in one.inputs),
    ):
        assert mine.shape == yours.shape
        np.testing.assert_array_equal(mine, yours)


@given(
    case=st.sampled_from(sorted(WEAK)),
    noise=st.sampled_from(["auto", "log_squared", "huber", "squared"]),
    delta=st.sampled_from(["auto", 1e-3, 0.1]),
    draws=st.sampled_from([0, 20]),
    level=st.floats(0.01, 0.99),
)
def test_json_gives_back_the_same_fit_whatever_its_status(
    case: str, noise: Any, delta: Any, draws: int, level: float
) -> None:
    table = WEAK[case][0]()
    fit = isoperf.fit(table, law="chinchilla", noise=noise, delta=delta, n_bootstrap=draws, level=level, n_starts=2)
    again = Fit.from_json(fit.to_json())
    _same(fit, again)
    asked = {"n_params": [1e9, 1e11], "n_tokens": [1e10, 1e12]}
    for one, two in zip(fit.predict(**asked), again.predict(**asked), strict=True):  # type: ignore[arg-type]
        assert one == two


@pytest.mark.parametrize(
    ("damage", "error", "says"),
    [
        (lambda stored: "{", DataError, "not a stored fit"),
        (lambda stored: [1], DataError, "not a stored fit"),
        (lambda stored: {**stored, "format": "other/9"}, DataError, "format 'other/9'"),
        (lambda stored: {**stored, "noise": "student"}, DataError, "not a stored fit"),
        (lambda stored: {**stored, "status": "fine"}, DataError, "not a stored fit"),
        (lambda stored: {**stored, "draws": [[1.0, 2.0]]}, DataError, "draw 0 has 2 values for 5 parameters"),
        (lambda stored: {**stored, "diagnostics": {"n_starts": 3}}, DataError, "not a stored fit"),
        (lambda stored: {**stored, "law": "unheard_of"}, LawError, "pass it: Fit.from_json"),
        (lambda stored: {**stored, "law": "kaplan"}, LawError, "unknown parameters"),
    ],
)
def test_damaged_json_is_refused(sound: Fit, damage: Callable[[Any], Any], error: type[Exception], says: str) -> None:
    broken = damage(json.loads(sound.to_json()))
    with pytest.raises(error, match=says):
        Fit.from_json(broken if isinstance(broken, str) else json.dumps(broken))
