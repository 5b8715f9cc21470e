"""Forecasts of scores in validate and league: hidden models stay hidden, planted truths, own classes, refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from isoperf import Estimate, Forecaster, Observations, datasets, league, validate
from isoperf.errors import DataError, OptionError
from isoperf.laws.sigmoid_compute import SigmoidCompute
from isoperf.predict._forecasters import discover, entrants, get
from isoperf.predict._forecasters._hidden_scores import hide_scores
from isoperf.predict._forecasters._sheet import read_sheet
from isoperf.predict.scores.downstream import downstream
from tests.unit.test_league import _runs

OUTCOMES = ("score", "loss", "n_correct", "n_samples", "correct", "item")


class Middle:
    """A forecaster of a user's own: half of everything is right."""

    name = "middle"

    def learn(self, known, seed):
        """Learn nothing."""
        return lambda asked, level: [Estimate(0.5, 0.0, 1.0, level) for _ in range(len(asked))]


class Spy:
    """Keeps what it is shown."""

    name = "spy"

    def __init__(self) -> None:
        self.shown: list[tuple[Observations, Observations]] = []

    def learn(self, known, seed):
        """Keep the rows, then the questions."""

        def predict(asked, level):
            self.shown.append((known, asked))
            return [Estimate(0.5) for _ in range(len(asked))]

        return predict


@pytest.fixture(scope="module")
def ladder():
    return validate(datasets.load("planted_ladder"), method="downstream", hold_out=0.2)


def _by_name(made: Any) -> dict[str, Any]:
    return {one.law: one for one in made.made[0].laws}


def test_two_steps_are_those_of_the_command(ladder) -> None:
    """Same cut, laws chosen, draws and seed: the forecasts that ``downstream`` makes of its held-out models."""
    own = downstream(datasets.load("planted_ladder"), hold_out=0.2)
    hidden, said = ladder.made[0].scores, ladder.made[0].outlook
    found = dict(zip(zip(hidden.tasks, hidden.asked["model"], strict=True), said.value, strict=True))
    assert len(own.held_out) == len(found) == 20
    for task in own.tasks:
        for one in task.held_out:
            assert found[task.benchmark, one.model] == pytest.approx(one.score.value, abs=0.005)


def test_the_chosen_stands_beside_baselines_and_beats_them(ladder) -> None:
    rows = _by_name(ladder)
    assert set(rows) == {"downstream", "sigmoid_compute", "power_law_floor", "power_law", "last_score"}
    assert [one.law for one in rows.values() if one.chosen] == ["downstream"]
    assert all(one.baseline for one in rows.values() if not one.chosen)
    assert ladder.ok and rows["downstream"].median < 0.5 * min(
        rows[name].median for name in rows if name != "downstream"
    )
    assert rows["downstream"].coverage >= 0.75


def test_errors_by_hand(ladder) -> None:
    """Last score of each task: differences to the truth, no ratios."""
    table = datasets.load("planted_ladder")
    compute = 6 * table["n_params"] * table["n_tokens"]
    cut = np.sort(compute)[-6]
    errors = []
    for task in ("facts", "reasoning", "physics", "stories"):
        score = table[f"accuracy_{task}"]
        errors += (score[compute == cut] - score[compute > cut]).tolist()
    row = _by_name(ladder)["last_score"]
    assert row.error == pytest.approx(np.abs(errors).mean())
    assert row.median == pytest.approx(np.median(np.abs(errors)))
    assert row.bias == pytest.approx(np.mean(errors))
    assert row.worst == pytest.approx(np.abs(errors).max())


@pytest.mark.parametrize("name", ["planted_ladder", "planted_difficulty", "planted_pass_rates", "planted_descriptions"])
def test_nothing_of_the_hidden_models_is_shown(name) -> None:
    spy = Spy()
    sheet = read_sheet(datasets.load(name))
    hide_scores(sheet, sheet.cut(3.0), [spy], levels=(0.9,))
    (known, asked), *_ = spy.shown
    label = "source" if name == "planted_descriptions" else "model"
    assert not set(known[label]) & set(asked[label])
    assert not set(OUTCOMES) & set(asked.columns)


@pytest.mark.parametrize(
    ("table", "method", "rival", "options"),
    [
        ("planted_difficulty", "difficulty-clusters", "sigmoid_compute", {"factors": (3.0,)}),
        ("planted_pass_rates", "pass-until", "last_score", {"factors": (3.0,)}),
        ("planted_descriptions", "text-forecast", "mean_of_sources", {"factors": (3.0,)}),
        ("planted_model_scores", "observational", "sigmoid_compute", {"hold_out": 0.05}),
    ],
)
def test_every_forecaster_goes_through_the_same(table, method, rival, options) -> None:
    made = validate(datasets.load(table), method=method, **options)
    rows = _by_name(made)
    own = rows[method.replace("-", "_")]
    assert own.chosen and own.error < rows[rival].error
    assert own.coverage > 0.75
    told = made.as_dict()
    json.dumps(told, allow_nan=False)
    assert len(told["splits"][0]["scores"]) == made.made[0].n_test
    assert "Errors on scores left out" in made.report().markdown()


def test_without_a_name_the_smaller_models_choose() -> None:
    made = validate(datasets.load("planted_ladder"), method="all", hold_out=0.2, level=0.8)
    assert made.made[0].chosen.law == "downstream"
    assert [one.law for one in made.made[0].laws if one.baseline] == ["power_law", "last_score"]
    assert made.level == 0.8


def test_an_own_class_and_a_law_take_part_unregistered() -> None:
    rows = _by_name(validate(datasets.load("planted_ladder"), method=Middle, hold_out=0.2))
    assert rows["middle"].chosen and rows["middle"].coverage == 1.0
    assert isinstance(Middle(), Forecaster)
    by_law = validate(datasets.load("planted_ladder"), method=SigmoidCompute, hold_out=0.2)
    assert by_law.made[0].chosen.law == "sigmoid_compute"
    made = league(
        datasets.load("planted_ladder"), methods=(Middle, "downstream"), factors=(10.0,), laws=("power_law_floor",)
    )
    assert {"middle", "downstream", "power_law_floor", "last_score"} <= {entry.law for entry in made.entries}
    ranks = {row.law: row.rank.value for row in made.standings}
    assert ranks["downstream"] == 1.0
    assert ranks["middle"] != 1.0


def test_an_own_class_comes_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(
        "from isoperf import Estimate\n\n\nclass Low:\n    name = 'low'\n\n    def learn(self, known, seed):\n"
        "        return lambda asked, level: [Estimate(0.1)] * len(asked)\n"
    )
    assert get(f"{file}:Low").name == "low"
    assert get(str(file)).name == "low"
    with pytest.raises(OptionError, match="has no forecaster or law 'High'"):
        get(f"{file}:High")


def test_all_are_found_and_laws_enter_beside_them() -> None:
    assert set(discover()) == {
        "difficulty_clusters",
        "downstream",
        "last_score",
        "mean_of_sources",
        "observational",
        "pass_until",
        "text_forecast",
    }
    names = [one.name for one in entrants(["all"])]
    assert len(names) == len(set(names)) and {"sigmoid_compute", "power_law"} <= set(names)


def test_scores_go_on_from_a_kept_file_and_over_processes(tmp_path: Path) -> None:
    keep = str(tmp_path / "scores.jsonl")
    first = league(
        datasets.load("planted_difficulty"),
        methods=("difficulty_clusters",),
        factors=(3.0,),
        executor="serial",
        finished=keep,
    )
    again = league(
        datasets.load("planted_difficulty"),
        methods=("difficulty_clusters",),
        factors=(3.0,),
        executor="serial",
        finished=keep,
    )
    assert [(e.law, e.error, e.coverage_90) for e in first.entries if e.coverage_90 == e.coverage_90] == [
        (e.law, e.error, e.coverage_90) for e in again.entries if e.coverage_90 == e.coverage_90
    ]
    assert all(np.isnan(entry.noise_floor) for entry in again.entries)
    json.dumps(again.as_dict(), allow_nan=False)
    assert "Forecasts of scores, item by item" in again.report().markdown()


def test_no_interval_is_no_miss() -> None:
    """A forecaster without intervals has no coverage, not one of 0."""
    made = validate(datasets.load("planted_ladder"), method=Spy(), hold_out=0.2)
    row = _by_name(made)["spy"]
    assert np.isnan(row.coverage) and np.isnan(row.width)
    assert row.as_dict()["coverage"] is None


def test_laws_have_no_scores_and_scores_no_study(ladder) -> None:
    with pytest.raises(DataError, match="benchmark scores"):
        _ = ladder.made[0].study
    of_laws = validate(_runs(), factors=(10.0,), law="chinchilla").made[0]
    with pytest.raises(DataError, match="of laws"):
        _ = of_laws.scores
    assert "median" not in of_laws.chosen.as_dict()


@pytest.mark.parametrize(
    ("table", "options", "kind", "said"),
    [
        ("planted_ladder", {"method": "no-such"}, OptionError, "no forecaster 'no-such'"),
        ("planted_ladder", {"method": "pass-until"}, DataError, "no counts of sampling"),
        ("planted_ladder", {"method": "downstream", "factors": (1.0,)}, OptionError, "above 1"),
        ("planted_ladder", {"method": "downstream", "hold_out": 2.0}, OptionError, "between 0 and 1"),
        ("planted_ladder", {"method": "downstream", "noise": "log"}, OptionError, "options of laws"),
        ("planted_ladder", {"method": "downstream", "y": "nothing"}, OptionError, "no column 'nothing'"),
        ("planted_ladder", {"method": object()}, OptionError, "is no forecaster"),
        ("stdlib_lm", {"method": "downstream"}, DataError, "no scores found"),
    ],
)
def test_what_cannot_be_is_refused(table, options, kind, said) -> None:
    with pytest.raises(kind) as caught:
        validate(datasets.load(table), **options)
    assert said in str(caught.value)


def test_a_wrong_number_of_forecasts_is_refused() -> None:
    class Short(Middle):
        name = "short"

        def learn(self, known, seed):
            return lambda asked, level: [Estimate(0.5)]

    with pytest.raises(DataError, match="gave 1 forecasts for 20 questions"):
        validate(datasets.load("planted_ladder"), method=Short, hold_out=0.2)
