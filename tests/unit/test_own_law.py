"""A law of the user's own, written in ten lines, gets everything the built-in ones get."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import isoperf
from isoperf import Fit, Law, LawError, Param, Reference, Status
from tests.unit.tables import Floats


class BatchPenalty(Law):
    """Loss in tokens with a penalty for batches beyond a critical size."""

    name = "batch_penalty"
    inputs = ("n_tokens", "batch_tokens")
    output = "loss"
    params = (
        Param("floor", "E", linear=True, bounds=(0, 100)),
        Param("scale", "B", log=True, linear=True),
        Param("exponent", "β", bounds=(0, 2), start=(0.1, 0.9)),
        Param("critical", "b", log=True, start=(1e4, 1e8)),
    )
    reference = Reference("a test", "")

    def formula(self, p: Any, n_tokens: Any, batch_tokens: Any) -> Any:
        return p.floor + p.scale * (n_tokens / (1 + batch_tokens / p.critical)) ** -p.exponent


TRUTH = {"floor": 1.9, "scale": 900.0, "exponent": 0.32, "critical": 2e6}


def table(n: int = 80) -> dict[str, Floats]:
    rng = np.random.default_rng(0)
    inputs = {
        "n_tokens": np.exp(rng.uniform(np.log(1e9), np.log(1e12), n)),
        "batch_tokens": np.exp(rng.uniform(np.log(1e5), np.log(1e8), n)),
    }
    loss = np.asarray(BatchPenalty().predict(TRUTH, **inputs)) * np.exp(0.003 * rng.standard_normal(n))
    return {**inputs, "loss": loss}


@pytest.fixture(scope="module")
def fitted() -> Fit:
    return isoperf.fit(table(), law=BatchPenalty, n_bootstrap=200)


def test_it_is_fitted_with_intervals_that_hold_the_truth(fitted: Fit) -> None:
    assert fitted.require_ok().law.name == "batch_penalty"
    for name, known in fitted.parameters(level=0.999).items():
        assert known.low is not None
        assert known.high is not None
        assert known.low < TRUTH[name] < known.high, name
    assert fitted.values["exponent"] == pytest.approx(0.32, rel=0.05)


def test_it_predicts_with_a_status(fitted: Fit) -> None:
    near, far = fitted.predict(n_tokens=[1e10, 1e14], batch_tokens=1e6)
    assert near.status is Status.OK
    assert far.status is Status.EXTRAPOLATED
    assert near.low is not None
    assert near.high is not None
    truth = BatchPenalty().predict(TRUTH, n_tokens=1e10, batch_tokens=1e6)
    assert near.low * 0.999 < truth < near.high * 1.001


def test_it_is_reported(fitted: Fit, tmp_path: Path) -> None:
    report = fitted.report()
    words = report.text()
    assert "batch_penalty" in words
    assert "Loss in tokens with a penalty" in words
    assert all(name in words for name in TRUTH)
    fitted.report().save(tmp_path / "fit.html")
    assert (tmp_path / "fit.html").stat().st_size > 1000


def test_it_is_forecast_from_rehearsals() -> None:
    class Tokens(Law):
        """Loss in tokens."""

        name = "tokens_only"
        inputs = ("n_tokens",)
        output = "loss"
        params = BatchPenalty.params[:3]
        reference = BatchPenalty.reference

        def formula(self, p: Any, n_tokens: Any) -> Any:
            return p.floor + p.scale * n_tokens**-p.exponent

    rng = np.random.default_rng(1)
    tokens = np.geomspace(1e9, 1e12, 40)
    loss = (1.9 + 900 * tokens**-0.32) * np.exp(0.003 * rng.standard_normal(40))
    made = isoperf.forecast({"n_tokens": tokens, "loss": loss}, law=Tokens, n_tokens=(1e13,), n_bootstrap=100)
    run = made.runs[0]
    assert len(made.study.rehearsals.origins) >= 4
    assert run.status is Status.EXTRAPOLATED
    assert run.low is not None
    assert run.high is not None
    assert run.low < 1.9 + 900 * 1e13**-0.32 < run.high
    assert run.high - run.low < 0.1
    assert "tokens_only" in made.report().text()


def test_it_is_stored_and_read_again_when_it_is_at_hand(fitted: Fit) -> None:
    again = Fit.from_json(fitted.to_json(), law=BatchPenalty)
    assert again.to_json() == fitted.to_json()
    with pytest.raises(LawError, match="'batch_penalty', which is not installed"):
        Fit.from_json(fitted.to_json())


def test_a_formula_with_an_unknown_function_is_refused_with_advice() -> None:
    class Rounded(Law):
        name = "rounded"
        inputs = ("x",)
        output = "y"
        params = (Param("level"),)
        reference = Reference("a test", "")

        def formula(self, p: Any, x: Any) -> Any:
            return np.floor(p.level) + 0 * x

    with pytest.raises(LawError, match=r"used np\.floor, whose gradient is not known"):
        isoperf.fit({"x": [1.0, 2.0, 3.0], "y": [1.0, 2.0, 3.0]}, law=Rounded)


def _law_file(folder: Path, *classes: str) -> Path:
    path = folder / "mine.py"
    body = "".join(
        f"class {one}(Law):\n    name = '{one.lower()}'\n    inputs = ('n_tokens',)\n    output = 'loss'\n"
        "    params = (Param('floor', linear=True), Param('scale', log=True, linear=True),\n"
        "              Param('exponent', bounds=(0, 2), start=(0.1, 0.9)))\n"
        "    def formula(self, p, n_tokens):\n        return p.floor + p.scale * n_tokens ** -p.exponent\n"
        for one in classes
    )
    path.write_text("from isoperf import Law, Param\n" + body, encoding="utf-8")
    return path


def test_a_file_is_enough_for_the_command_line(tmp_path: Path) -> None:
    path = _law_file(tmp_path, "Mine")
    runs = {"n_tokens": np.geomspace(1e9, 1e12, 20), "loss": 2 + 300 * np.geomspace(1e9, 1e12, 20) ** -0.3}
    for named in (str(path), f"{path}:Mine"):
        fit = isoperf.fit(runs, law=named, n_bootstrap=0)
        assert fit.values["floor"] == pytest.approx(2, rel=1e-6)


@pytest.mark.parametrize(
    ("classes", "named", "told"),
    [
        ((), "mine.py", "has 0 laws"),
        (("One", "Two"), "mine.py", "name one, as in mine.py:ClassName"),
        (("One",), "mine.py:Ones", "Did you mean 'One'"),
        (("One",), "other.py", "does not exist"),
    ],
)
def test_a_file_without_one_clear_law_is_refused(
    tmp_path: Path, classes: tuple[str, ...], named: str, told: str
) -> None:
    _law_file(tmp_path, *classes)
    with pytest.raises(LawError, match=told):
        isoperf.laws.get(str(tmp_path / named))


def test_a_file_that_does_not_run_says_why(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("1 / 0\n", encoding="utf-8")
    with pytest.raises(LawError, match="does not run: ZeroDivisionError"):
        isoperf.laws.get(str(tmp_path / "broken.py"))


def test_runs_to_forecast_may_come_as_a_table() -> None:
    """Inputs that no option names are given by column; the truth lies within the interval."""
    at = {"n_tokens": [2e12, 4e12], "batch_tokens": [1e6, 1e7]}
    made = isoperf.forecast(table(), law=BatchPenalty, at=at, n_bootstrap=50)
    truth = np.asarray(BatchPenalty().predict(TRUTH, **{k: np.array(v) for k, v in at.items()}))
    assert ((made.runs.low <= truth) & (truth <= made.runs.high)).all()
    assert made.runs.value == pytest.approx(truth, rel=0.01)
