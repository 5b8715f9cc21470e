"""What people are told of fits, forecasts and plans: figures as descriptions, warnings, tables."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest

from isoperf import Estimate, Fit, Status, fit, forecast, plan, validate
from isoperf.fitting.contours import contour_figure
from isoperf.fitting.figures import fit_figure, residual_figure
from isoperf.fitting.show import fit_report, told_provenance
from isoperf.predict.laws._show_forecast import reach_figure, within
from isoperf.predict.laws._show_validation import held_out_table, split_figure, validation_report
from isoperf.predict.laws.forecast import Forecast
from isoperf.predict.laws.validate import Validation
from isoperf.report import Band, Caveat, Contour, Figure, Heading, Line, Points, Report, Rule, Table
from isoperf.report.plotly import plotly_figure
from isoperf.scale.budget._show_plan import plan_report
from isoperf.scale.budget.plan import Plan
from tests.unit.tables import Floats, chinchilla_runs, curve

SIZES = (1e8, 4e8, 1.6e9, 6.4e9, 2.56e10)


@functools.cache
def grid() -> dict[str, Floats]:
    """Five sizes, each with six numbers of tokens, so that the figures can draw one line for each of a few."""
    n, d = (x.ravel() for x in np.meshgrid(SIZES, np.geomspace(2e9, 1e11, 6)))
    runs = chinchilla_runs(len(n), seed=3)
    return {"n_params": n, "n_tokens": d, "loss": runs["loss"] / _clean(runs) * _clean({"n_params": n, "n_tokens": d})}


def _clean(runs: dict[str, Floats]) -> Floats:
    return np.asarray(1.8169 + 482.0 * runs["n_params"] ** -0.3478 + 2085.4 * runs["n_tokens"] ** -0.3659)


@functools.cache
def validation() -> Validation:
    return validate(grid(), factors=(10.0,), law="chinchilla")


@functools.cache
def ahead() -> Forecast:
    return forecast(grid(), flops=(1e23, 1e24), law="chinchilla", n_bootstrap=100)


@functools.cache
def planned() -> Plan:
    return plan(grid(), flops=(1e23, 1e24), target_loss=(2.0, 1.5), law="chinchilla", n_bootstrap=100)


def reports() -> dict[str, Report]:
    return {
        "fit": fit_report(planned().fit),
        "validation": validation_report(validation()),
        "forecast": ahead().report(),
        "plan": plan_report(planned()),
    }


def layers(figure: Figure, kind: type, role: str = "") -> list[Any]:
    return [
        layer for layer in figure.layers if isinstance(layer, kind) and (not role or getattr(layer, "role", "") == role)
    ]


def headings(report: Report) -> list[str]:
    return [block.text for block in report.blocks if isinstance(block, Heading)]


def test_a_fit_draws_a_few_sizes_each_with_its_band() -> None:
    drawn = fit_figure(planned().fit)
    lines = [line.name for line in layers(drawn, Line)]
    # Four of the five sizes, spread from the smallest to the largest.
    assert lines == ["100M params", "400M params", "6.4B params", "25.6B params"]
    assert [band.name for band in layers(drawn, Band)] == lines
    assert drawn.x.title == "compute (FLOPs)" and drawn.x.log and drawn.y.title == "loss (nats/token)"
    # A line and its band share a line of the legend, so it holds the sizes and the runs.
    assert [entry.layer.name for entry in plotly_figure(drawn).legend] == [*lines, "measured"]
    (runs,) = layers(drawn, Points)
    assert runs.x == pytest.approx(6 * grid()["n_params"] * grid()["n_tokens"])
    assert runs.labels[0] == "100M params, 2B tokens"


def test_held_out_runs_are_drawn_in_beyond_the_largest_fitted() -> None:
    whole = planned().study.by_name("chinchilla")
    cut = float(np.sort(whole.scale)[-7])
    learnt = fit({k: v[whole.scale <= cut] for k, v in grid().items()}, law="chinchilla", n_bootstrap=50)
    drawn = fit_figure(learnt, whole.take(whole.scale > cut))
    (held,) = layers(drawn, Points, "heldout")
    (rule,) = layers(drawn, Rule)
    assert len(held.x) == 6 and min(held.x) > rule.x == pytest.approx(cut)
    assert sorted(held.y) == pytest.approx(np.sort(grid()["loss"][whole.scale > cut]))
    # Each line reaches the held-out runs of its size.
    assert max(max(line.x) for line in layers(drawn, Line)) > max(held.x)


def test_a_law_of_one_input_has_one_line_and_one_band() -> None:
    found = fit(curve(), law="power_law_floor", x="x", y="y", n_bootstrap=50)
    drawn = fit_figure(found)
    assert (len(layers(drawn, Line)), len(layers(drawn, Band)), len(layers(drawn, Points))) == (1, 1, 1)
    assert drawn.x.label == "x" and "Diamonds" not in drawn.caption


def test_a_law_whose_scale_falls_with_its_input_is_drawn_along_the_input() -> None:
    # Accuracy rises as the loss falls, so that the largest run is the one of lowest loss.
    loss = np.linspace(2.5, 5.5, 8)
    made = fit({"loss": loss, "error": 0.9 - 2.0 * np.exp(-0.9 * loss)}, law="loss_to_error", n_bootstrap=40)
    for figure in (fit_figure(made), residual_figure(made)):
        (points,) = layers(figure, Points)
        assert figure.x.label == "loss" and points.x == pytest.approx(loss)
    (line,) = layers(fit_figure(made), Line)
    assert min(line.x) < 2.5 < 5.5 < max(line.x) and 0.5 < min(line.y) < max(line.y) < 1
    told = forecast({"loss": loss, "error": 0.9 - 2.0 * np.exp(-0.9 * loss)}, law="loss_to_error", at={"loss": [2.0]})
    (asked,) = layers(reach_figure(told), Points, "plan")
    assert asked.x == pytest.approx((2.0,))
    assert [rule.x for rule in layers(reach_figure(told), Rule)] == pytest.approx([2.5])


def test_residuals_are_what_the_law_leaves_over() -> None:
    found = planned().fit
    drawn = residual_figure(found)
    (runs,) = layers(drawn, Points)
    law = found.law.predict(found.values, n_params=grid()["n_params"], n_tokens=grid()["n_tokens"])
    assert runs.y == pytest.approx(100 * (grid()["loss"] / law - 1))
    spread = [rule.y for rule in layers(drawn, Rule) if rule.y]
    assert spread[0] == -spread[1] == pytest.approx(100 * np.expm1(2 * found.sd))
    assert [entry.layer.name for entry in plotly_figure(drawn).legend] == ["the law", "± 2 standard deviations", "run"]


def test_contours_keep_near_the_runs_and_the_path_and_mark_the_plan() -> None:
    drawn = next(block for block in plan_report(planned()).blocks if isinstance(block, Figure))
    (contour,) = layers(drawn, Contour)
    known = np.isfinite(np.array(contour.z))
    assert 0.2 < known.mean() < 0.9
    (plan_points,) = layers(drawn, Points, "plan")
    assert plan_points.x == pytest.approx([1e23, 1e24])
    assert all(low < y < high for low, y, high in zip(plan_points.low, plan_points.y, plan_points.high, strict=True))
    (rule,) = layers(drawn, Rule)
    assert rule.x == pytest.approx(6 * 2.56e10 * 1e11)
    assert contour_figure(fit(curve(), law="power_law_floor", x="x", y="y", n_bootstrap=0)) is None


def test_the_error_figure_holds_every_run_left_out_inside_or_outside_as_counted() -> None:
    split = validation().made[0]
    drawn = split_figure(validation(), split)
    (held,), (band,) = layers(drawn, Points, "heldout"), layers(drawn, Band)
    assert len(held.x) == split.n_test
    assert np.mean(np.abs(held.y)) == pytest.approx(100 * split.chosen.error)
    low, high = np.interp(held.x, band.x, band.low), np.interp(held.x, band.x, band.high)
    assert np.mean((held.y >= low) & (held.y <= high)) >= split.chosen.coverage
    (fitted,) = layers(drawn, Points, "data")
    rule = next(rule for rule in layers(drawn, Rule) if rule.x)
    assert max(fitted.x) == pytest.approx(rule.x) and min(held.x) > rule.x


def test_the_runs_left_out_are_listed_largest_first() -> None:
    split = validation().made[0]
    table = held_out_table(validation(), split)
    rows: list[Any] = list(table.rows)
    assert [column.name for column in table.headers] == [
        "n_params", "n_tokens", "measured", "predicted", "error", "inside",
    ]  # fmt: skip
    compute = [row[0] * row[1] for row in rows]
    assert compute == sorted(compute, reverse=True) and len(compute) == min(15, split.n_test)
    for _, _, measured, predicted, error, inside in rows:
        assert float(error) == pytest.approx(100 * (predicted.value / float(measured) - 1), abs=0.1)
        assert inside == (predicted.low <= float(measured) <= predicted.high)


def test_forecasts_are_drawn_with_their_intervals_over_the_runs() -> None:
    drawn = reach_figure(ahead())
    (stars,), (path,) = layers(drawn, Points, "plan"), layers(drawn, Line, "plan")
    assert stars.x == pytest.approx([1e23, 1e24]) and stars.y == pytest.approx(ahead().runs.value)
    assert stars.low == pytest.approx(ahead().runs.low)
    # The path of the best sizes passes through forecasts made at the best sizes.
    assert np.interp(np.log(stars.x), np.log(path.x), path.y) == pytest.approx(stars.y, rel=1e-3)
    assert len(plotly_figure(drawn).legend) <= 7


@pytest.mark.parametrize("name", ["fit", "validation", "forecast", "plan"])
def test_no_report_says_a_thing_twice(name: str) -> None:
    blocks = reports()[name].blocks
    titles = [block.title for block in blocks if isinstance(block, Figure | Table)]
    texts = [block.text for block in blocks if hasattr(block, "text")]
    assert len(set(titles)) == len(titles) and len(set(texts)) == len(texts)
    for figure in (block for block in blocks if isinstance(block, Figure)):
        assert len(plotly_figure(figure).legend) <= 7 and figure.caption


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("name", ["fit", "validation", "forecast", "plan"])
def test_every_table_keeps_its_columns_in_a_terminal(name: str, width: int) -> None:
    report = reports()[name]
    lines = report.text(width=width).splitlines()
    assert max(map(len, lines)) <= width
    for table in (block for block in report.blocks if isinstance(block, Table)):
        heads = " ".join(" ".join(column.title for column in table.headers).split())
        assert set(heads.split()) <= set(" ".join(lines).split())


def test_reports_lead_with_the_answer() -> None:
    found = reports()
    assert headings(found["fit"]) == ["In short"]
    assert headings(found["validation"]) == ["In short", "How wrong", "The unseen runs"]
    assert headings(found["forecast"]) == headings(found["plan"]) == ["In short", "Which law", "Fit details"]


def test_weak_parameters_are_warned_of_in_words() -> None:
    weak = fit(chinchilla_runs(30, n_params=1e9), law="chinchilla", n_bootstrap=50)
    texts = [block.text for block in fit_report(weak).blocks if isinstance(block, Caveat) and block.kind == "warning"]
    for name in ("irreducible_loss", "param_scale", "param_exponent"):
        assert any(f"`{name}` is **not_identified**: the data do not determine" in text for text in texts)
    edge = {**chinchilla_runs(40), "loss": 1500 * chinchilla_runs(40)["n_params"] ** -0.34 - 0.05}
    bound = fit(edge, law="chinchilla", n_bootstrap=50)
    assert Status.AT_BOUND in bound.param_status.values()
    said = [block.text for block in fit_report(bound).blocks if isinstance(block, Caveat)]
    assert any("**at_bound**" in text for text in said)


def test_a_target_below_the_floor_of_every_fit_is_said_to_be_out_of_reach() -> None:
    text = " ".join(plan_report(planned()).text(width=100).split())
    # 1.5 lies below the irreducible loss, 1.8169, of the law that the runs follow.
    assert "A loss of 1.5 is out of reach: no fit ever gets there" in text
    assert "times beyond the largest run measured: what it says there is extrapolated" in text


def test_a_table_of_forecasts_leaves_out_only_that_they_lie_beyond_the_data() -> None:
    far = Estimate(2.0, 1.9, 2.1, 0.9, "nats/token", Status.EXTRAPOLATED)
    assert within(far) == Estimate(2.0, 1.9, 2.1, 0.9, "", Status.OK)
    assert within(Estimate(None, status=Status.NOT_CONVERGED)).status is Status.NOT_CONVERGED


def test_provenance_is_told_with_its_day() -> None:
    told = told_provenance({"data": "sha256:0", "bootstrap": "case", "draws": "50"})
    assert told["draws"] == "50 (bootstrap: case)" and "bootstrap" not in told
    assert len(told["made"].split("-")) == 3


def test_a_derived_column_is_told_with_its_formula_and_kept_in_a_stored_fit() -> None:
    runs = chinchilla_runs()
    table = {"n_params": runs["n_params"], "flops": 6 * runs["n_params"] * runs["n_tokens"], "loss": runs["loss"]}
    made = fit(table, law="chinchilla", n_bootstrap=0)
    assert made.derived == {"n_tokens": "flops / (6 * n_params)"}
    told = [block.text for block in made.report().blocks if isinstance(block, Caveat)]
    assert "`n_tokens` was derived: flops / (6 * n_params)." in told
    assert Fit.from_json(made.to_json()).derived == made.derived == made.as_dict()["derived"]


def test_a_split_that_cannot_be_made_is_listed_with_its_reason() -> None:
    # 1.0001 below the largest compute leaves nothing but the largest run out
    made = validate(chinchilla_runs(), law="chinchilla", factors=(1.0001, 10.0))
    assert [split.name for split in made.skipped] == ["1.0001x"] and [split.name for split in made.made] == ["10x"]
    listed = made.as_dict()["splits"]
    assert [row["skipped"] for row in listed] == ["only 1 larger rows to predict", None]
    assert listed[0]["laws"] == [] and listed[0]["reach"] is None and listed[1]["reach"] > 10
    told = [block.text for block in validation_report(made).blocks if isinstance(block, Caveat)]
    assert "Split 1.0001x was skipped: only 1 larger rows to predict." in told
