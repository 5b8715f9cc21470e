"""What a table says against its fit is told: checkpoints, repeats, mixed groups, runs gone astray, rising values."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from isoperf import Fit, fit, forecast, plan, trace
from isoperf.columns import suggest
from isoperf.errors import DataError, OptionError
from isoperf.fitting.store import from_json
from tests.unit.tables import TRUTH, chinchilla_runs

QUICK: dict[str, Any] = {"law": "chinchilla", "n_bootstrap": 20}


def told(table: dict[str, Any], **options: Any) -> str:
    return " ".join(fit(table, **{**QUICK, **options}).cautions)


def test_clean_runs_draw_no_caution() -> None:
    assert fit(chinchilla_runs(), **QUICK).cautions == ()


def test_repeated_seeds_and_a_harmless_label_draw_no_caution() -> None:
    runs = chinchilla_runs()
    labels = {"seed": np.tile([0.0, 1.0, 2.0], 20), "recipe": ["a", "b"] * 30}
    assert fit({**runs, **labels}, **QUICK).cautions == ()


def checkpoints() -> dict[str, Any]:
    """Twelve runs of five checkpoints each."""
    runs = chinchilla_runs()
    return {**runs, "step": np.tile(np.arange(1.0, 6.0), 12), "names": [f"r{i // 5}" for i in range(60)]}


def test_mid_run_checkpoints_are_told_of() -> None:
    table = checkpoints()
    table["run"] = table.pop("names")
    assert "60 rows belong to 12 runs" in told(table)


def test_runs_by_another_name_are_told_of() -> None:
    table = checkpoints()
    table["run_name"] = table.pop("names")
    assert "60 rows share 12 values of `run_name`" in told(table)


def test_names_that_are_nearly_all_different_are_not_taken_for_runs_of_checkpoints() -> None:
    runs = chinchilla_runs()
    assert fit({**runs, "run_name": [f"r{max(i, 1)}" for i in range(60)]}, **QUICK).cautions == ()


def test_steps_that_vary_within_a_size_are_told_of() -> None:
    table = checkpoints()
    del table["names"]
    table["n_params"] = np.repeat(table["n_params"][::5], 5)
    assert "`step` varies" in told(table)


def test_a_law_of_one_curve_expects_checkpoints() -> None:
    tokens = np.geomspace(1e9, 1e11, 20)
    curve = {"n_tokens": tokens, "loss": 2 + 900 * tokens**-0.35, "run": ["a"] * 20, "step": np.arange(1.0, 21)}
    assert fit(curve, law="pow3", x="n_tokens", y="loss", n_bootstrap=20).cautions == ()


@pytest.mark.parametrize(("column", "words"), [("n_unique_tokens", "The law `repeated_data`"), ("U", "Map `U` to")])
def test_repeats_counted_as_new_are_told_of(column: str, words: str) -> None:
    runs = chinchilla_runs()
    epochs = np.where(np.arange(60) < 24, 1.0, 16.0)
    said = told({**runs, column: runs["n_tokens"] / epochs})
    assert "36 of 60 rows saw their data more than 4 times (most 16)" in said
    assert words in said


def mixed() -> dict[str, Any]:
    """Two families, the second 15 % worse throughout."""
    runs = chinchilla_runs()
    second = np.arange(60) % 2 == 1
    return {**runs, "loss": runs["loss"] * np.where(second, 1.15, 1.0), "family": np.where(second, "B", "A").tolist()}


def test_families_that_follow_laws_of_their_own_are_told_of() -> None:
    said = told(mixed())
    assert "Rows differ by `family` (2 values)" in said
    assert "fit each by itself" in said


def test_a_run_gone_astray_is_told_of_by_its_values() -> None:
    runs = chinchilla_runs()
    loss = runs["loss"].copy()
    loss[7] = 11.0  # ln of a vocabulary: diverged
    said = told({**runs, "loss": loss})
    assert "1 of 60 rows lies more than 10 robust standard deviations" in said
    assert f"n_params {runs['n_params'][7]:.4g}" in said


def test_values_that_rise_with_compute_are_told_of() -> None:
    runs = chinchilla_runs()
    table = {"n_params": runs["n_params"], "n_tokens": runs["n_tokens"], "accuracy": 1 / runs["loss"]}
    assert "`accuracy` rises with compute" in told(table, law="kaplan", y="accuracy")


def test_every_surface_tells_and_the_stored_fit_remembers() -> None:
    made = fit(mixed(), **QUICK)
    assert made.cautions == from_json(made.to_json()).cautions != ()
    assert made.as_dict()["cautions"] == list(made.cautions)
    ahead = forecast(mixed(), flops=(1e23,), **QUICK)
    planned = plan(mixed(), flops=(1e23,), **QUICK)
    for report in (made.report(), ahead.report(), planned.report()):
        assert "Rows differ by `family`" in str(report.blocks)


def test_a_fit_stored_before_cautions_existed_can_be_read() -> None:
    made = fit(chinchilla_runs(), **QUICK)
    assert Fit.from_json(made.to_json().replace(',"cautions":[]', "")).cautions == ()


def test_percents_taken_for_fractions_are_refused() -> None:
    runs = chinchilla_runs()
    table = {"n_params": runs["n_params"], "n_tokens": runs["n_tokens"], "accuracy": 100 / runs["loss"]}
    for column in ("accuracy", "error"):
        with pytest.raises(DataError, match=r"'accuracy' goes up to .* in percent, say units="):
            fit(table, y=column, law="kaplan")


def test_billions_taken_for_single_parameters_are_refused() -> None:
    runs = chinchilla_runs()
    table = {"n_params": runs["n_params"] / 1e12, "n_tokens": runs["n_tokens"], "loss": runs["loss"]}
    with pytest.raises(DataError, match=r"'n_params' goes down to .* counted one by one.* say units="):
        fit(table, law="chinchilla")


def test_error_is_made_from_accuracy_where_a_curve_asks_for_it() -> None:
    compute = np.geomspace(1e18, 1e22, 15)
    error = 0.1 + 0.8 * (compute / 1e18) ** -0.2
    made = fit({"flops": compute, "accuracy": 1 - error}, law="pow3", x="flops", y="error", n_bootstrap=20)
    np.testing.assert_allclose(made.observed, error, rtol=1e-12)


def test_forecast_along_flops_takes_its_target_from_flops() -> None:
    compute = np.geomspace(1e18, 1e22, 6)
    loss = (1.8 + 2 * (compute / 1e18) ** -0.2) * (1 + 0.002 * np.cos(np.arange(6.0)))
    table = {"flops": compute, "loss": loss}
    by_name = forecast(table, flops=(1e23,), x="flops", law="pow3", n_bootstrap=20)
    by_x = forecast(table, x_at=(1e23,), x="flops", law="pow3", n_bootstrap=20)
    assert by_name.runs[0] == by_x.runs[0]


def test_five_rows_of_a_plain_power_law_are_given_a_power_law() -> None:
    """A negative loss far out was the answer of the one other law with as few parameters."""
    compute = np.geomspace(1e16, 1e18, 5)
    made = forecast({"flops": compute, "loss": 4 * (compute / 1e16) ** -0.1}, flops=(1e24,), n_bootstrap=50)
    assert made.fit.law.name == "power_law"
    assert made.runs[0].value == pytest.approx(4 * 1e8**-0.1, rel=1e-3)  # the law that made the table


def test_a_target_that_no_fit_reaches_is_called_out_of_reach() -> None:
    made = plan(chinchilla_runs(), target_loss=(TRUTH["irreducible_loss"] / 2,), **QUICK)
    assert "**out of reach**" in str(made.report().blocks)


def test_an_interval_that_reaches_below_zero_is_told_of() -> None:
    compute = np.geomspace(1e16, 1e18, 5)
    loss = 4 * (compute / 1e16) ** -0.1 * np.array([1.0, 1.02, 0.98, 1.02, 1.0])
    made = forecast({"flops": compute, "loss": loss}, flops=(1e24,), x="flops", law="ilog2", n_bootstrap=50)
    assert made.runs[0].low is not None and made.runs[0].low < 0
    assert "though every measured loss is above 0" in str(made.report().blocks)


def test_what_widens_an_interval_beyond_its_parts_is_told() -> None:
    """One diverged run among the largest: rehearsals miss it by many standard deviations."""
    runs = chinchilla_runs(40)
    loss = runs["loss"].copy()
    loss[np.argsort(runs["n_params"] * runs["n_tokens"])[-2]] = 11.0
    wide = forecast({**runs, "loss": loss}, flops=(1e24,), n_bootstrap=20)
    assert "The interval spans" in str(wide.report().blocks)
    assert "The interval spans" not in str(forecast(runs, flops=(1e24,), n_bootstrap=20).report().blocks)


def test_runs_by_another_name_are_not_averaged_into_one_trace() -> None:
    tokens = np.tile(np.geomspace(1e9, 1e11, 12), 2)
    table = {"n_tokens": tokens, "loss": 2 + 900 * tokens**-0.35, "run_name": ["a"] * 12 + ["b"] * 12}
    with pytest.raises(OptionError, match="'run_name' holds 2 curves"):
        trace(table, x="n_tokens", y="loss")


def test_suggestions_for_a_missing_size() -> None:
    found = suggest("n_params", ["batch_size_sequences", "n_params_nonembedding"])
    assert found == ["n_params_nonembedding"]


def test_one_number_is_as_good_as_several() -> None:
    runs: dict[str, Any] = {"data": chinchilla_runs(), **QUICK}
    one: Any = 7e9
    text: Any = "7B"
    ahead = forecast(**runs, n_params=one, n_tokens=(1e12,))
    assert ahead.runs[0] == forecast(**runs, n_params=(7e9,), n_tokens=(1e12,)).runs[0]
    assert plan(**runs, flops=one * 1e13).budgets == plan(**runs, flops=(7e22,)).budgets
    with pytest.raises(OptionError, match=r"n_params must be a number or several.*'7B'"):
        forecast(**runs, n_params=text, n_tokens=(1e12,))


def test_barely_more_rows_than_parameters_are_told_of() -> None:
    runs = chinchilla_runs()
    assert "6 different rows for 5 parameters" in told({name: x[::10] for name, x in runs.items()})
    assert "different rows for" not in told({name: x[::5] for name, x in runs.items()})
