"""Rehearsals: honest cuts, no look into the future, every law alike."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from isoperf.fitting.backtest import Backtest, backtest, forecaster
from isoperf.fitting.candidates import candidates
from isoperf.fitting.data import LawData
from isoperf.readers import load
from tests.unit.tables import chinchilla_runs, curve

OPTIONS: dict[str, Any] = {"noise": "log_huber", "delta": "auto"}


def runs(n: int = 60, **options: Any) -> list[LawData]:
    return candidates(load(chinchilla_runs(n, **options)), law="chinchilla")


def rehearse(found: list[LawData], seed: int = 0) -> Backtest:
    return backtest(found, rng=np.random.default_rng(seed), **OPTIONS)


def test_cuts_divide_the_rows_by_scale() -> None:
    found = runs()
    scale = found[0].scale
    made = rehearse(found)
    assert 4 <= len(made.origins) <= 8
    for origin in made.origins:
        assert origin.n_train == (scale <= origin.cut).sum()
        np.testing.assert_allclose(origin.distance, np.log(scale[scale > origin.cut] / origin.cut))
        assert (origin.distance > 0).all()
        np.testing.assert_array_equal(origin.truth, np.log(found[0].y[scale > origin.cut]))
        assert set(origin.by_law) == {data.law.name for data in found}
        assert origin.n_train >= 5 + 3
        assert len(origin.truth) >= 2
    assert [o.n_train for o in made.origins] == sorted({o.n_train for o in made.origins})


def test_later_rows_have_no_influence_on_their_own_prediction() -> None:
    found = runs()
    first = rehearse(found).origins[-1]
    later = found[0].scale > first.cut
    spoilt = [dataclasses.replace(data, y=np.where(later, 1e3, data.y)) for data in found]
    again = rehearse(spoilt).origins[-1]
    assert again.cut == first.cut
    for name, made in first.by_law.items():
        np.testing.assert_array_equal(again.by_law[name].mean, made.mean)
        np.testing.assert_array_equal(again.by_law[name].fit_sd, made.fit_sd)


def test_a_law_rehearsed_on_its_own_data_errs_by_the_noise() -> None:
    made = rehearse(runs(80, sd=0.005))
    errors = np.concatenate([o.by_law["chinchilla"].mean - o.truth for o in made.origins[3:]])
    assert 0.003 < np.sqrt((errors**2).mean()) < 0.012  # 0.005 of noise, and the parameters' own
    assert made.origins[-1].by_law["chinchilla"].noise_sd == pytest.approx(0.005, rel=0.4)


def test_the_last_value_predicts_the_last_value_and_claims_no_spread() -> None:
    found = [one for one in candidates(load(curve()), x="x", y="y") if one.law.name in ("last_value", "pow3")]
    made = rehearse(found)
    assert made.origins
    for origin in made.origins:
        last = found[0].y[found[0].scale <= origin.cut][-1:]
        own = origin.by_law["last_value"]
        np.testing.assert_allclose(np.exp(own.mean), last[0], rtol=1e-9)
        np.testing.assert_array_equal(own.fit_sd, 0.0)


@pytest.mark.parametrize("n", [4, 8])
def test_too_few_rows_are_not_rehearsed(n: int) -> None:
    assert rehearse(runs(n)).origins == ()


def test_rows_at_one_scale_are_not_rehearsed() -> None:
    """One budget for every run: 6 N D differs in its last digits only."""
    table = chinchilla_runs(30)
    table["n_tokens"] = 1e20 / table["n_params"]
    found = candidates(load(table), law="chinchilla")
    assert len(set(found[0].scale)) > 1
    assert rehearse(found).origins == ()


def test_progress_counts_every_law_at_every_cut() -> None:
    seen: list[tuple[int, int]] = []
    found = runs(40)
    made = backtest(found, rng=np.random.default_rng(0), progress=lambda *now: seen.append(now), **OPTIONS)
    total = len(made.origins) * len(found)
    assert seen == [(k + 1, total) for k in range(total)]


def test_a_forecaster_knows_its_own_spread() -> None:
    """Spread over the draws grows with the distance from the data, and falls with more rows."""
    spreads = []
    for n in (30, 300):
        data = runs(n)[0]
        made = forecaster(data, n_draws=100, n_starts=4, rng=np.random.default_rng(0), **OPTIONS)
        near, far = ([np.array([s * 1e9]), np.array([s * 2e10])] for s in (1.0, 100.0))
        assert made(far).fit_sd[0] > made(near).fit_sd[0]
        spreads.append(made(near).fit_sd[0])
    assert spreads[1] == pytest.approx(spreads[0] / np.sqrt(10), rel=0.6)


def test_a_law_without_draws_has_no_finite_spread() -> None:
    data = runs(4)[0]
    made = forecaster(data, n_draws=60, n_starts=4, rng=np.random.default_rng(0), **OPTIONS)
    assert np.isinf(made([np.array([1e9]), np.array([2e10])]).fit_sd).all()


def test_a_long_table_is_rehearsed_on_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every origin of the sample is one of the table's own rows, and the errors stay those of the noise."""
    monkeypatch.setattr("isoperf.fitting.backtest.MOST_ROWS", 100)
    found = candidates(load(chinchilla_runs(1_000)), law="chinchilla")[:1]
    test = backtest(found, noise="auto", delta="auto", rng=np.random.default_rng(0))
    assert max(origin.n_train + len(origin.truth) for origin in test.origins) == 100
    assert all(np.isclose(found[0].scale, origin.cut, rtol=1e-6).any() for origin in test.origins)
    assert np.mean(np.abs(test.origins[-1].truth - test.origins[-1].by_law["chinchilla"].mean)) < 0.02
