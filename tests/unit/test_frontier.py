"""The frontier command: candidates, limits, noise, families, data sets, and what it refuses."""

from __future__ import annotations

import json

import numpy as np
import pytest

from isoperf import datasets, find_frontier
from isoperf.cli import main
from isoperf.errors import DataError, OptionError
from isoperf.report import Figure, Points

MODELS = {
    "model": ["a", "b", "c", "d"],
    "family": ["A", "A", "B", "B"],
    "score": [0.70, 0.72, 0.715, None],
    "score_se": [0.01, 0.01, 0.01, 0.01],
    "cost_usd": [1, 2, 3, 1.5],
}


def test_probabilities_come_from_standard_errors() -> None:
    made = find_frontier(MODELS, maximise=("score",), minimise=("cost_usd",), n_bootstrap=4000)
    (one,) = made.sets
    assert [point.name for point in made.front] == ["a", "b"]
    # Normal integrals for scores 0.70, 0.72, 0.715 with standard error 0.01 and exact costs.
    told = [point.probability for point in one.points]
    assert told[:3] == pytest.approx([1, 0.92135, 0.347336], abs=4 * np.sqrt(0.25 / 4000))
    assert one.noise == "standard errors"
    assert one.points[2].dominated_by == ("b",)
    assert one.optimism is not None and one.optimism > 0
    assert [round(best.best.value or 0, 2) for best in one.best_up_to] == [0.70, 0.72, 0.72]
    assert one.steps[0].rate == pytest.approx(0.02)


def test_missing_objective_is_named_and_never_on_the_front() -> None:
    made = find_frontier(MODELS, maximise=("score",), minimise=("cost_usd",))
    last = made.sets[0].points[3]
    assert (last.on_front, last.probability, last.layer, last.missing) == (False, None, None, ("score",))
    assert "d lacks score" in made.report().text(width=80)


def test_front_and_probability_keep_the_limits() -> None:
    made = find_frontier(MODELS, maximise=("score",), minimise=("cost_usd",), limit=("cost_usd>=1.2",))
    assert [point.name for point in made.front] == ["b"]
    assert made.sets[0].points[0].broken == ("cost_usd >= 1.2",)
    assert made.sets[0].points[0].probability == 0
    assert "Left out by a limit: a" in made.report().text(width=80)
    none = find_frontier(MODELS, maximise=("score",), minimise=("cost_usd",), limit=("cost_usd<=0.5",))
    assert not none.front
    assert "no candidate" in none.report().text(width=80)


def test_items_are_drawn_for_all_candidates_together() -> None:
    # Every candidate answers the same items; b is right wherever a is, so b is never below a.
    rng = np.random.default_rng(0)
    right = (rng.random(60) < 0.6).astype(float)
    rows = [
        {"model": model, "item": f"q{k}", "correct": right[k] if model != "b" or k else 1.0, "cost_usd": cost}
        for model, cost in (("a", 1.0), ("b", 2.0), ("c", 3.0))
        for k in range(60)
    ]
    right[0] = 0.0
    for row in rows:
        if row["item"] == "q0":
            row["correct"] = float(row["model"] == "b")
    made = find_frontier(rows, maximise=("correct",), minimise=("cost_usd",))
    points = {point.name: point for point in made.sets[0].points}
    assert made.sets[0].noise == "items"
    # One item more than a in every draw; widening the draws to the unbiased variance can hide a tiny weight.
    assert (points["b"].probability or 0) > 0.95
    assert points["c"].probability == 0  # the answers of a at three times the price
    assert points["c"].dominated_by == ("a", "b")


def test_repeats_keep_the_columns_of_a_repeat_together() -> None:
    rng = np.random.default_rng(0)
    rows = []
    for model, score, cost in (("a", 0.5, 1.0), ("b", 0.6, 2.0)):
        for seed in range(8):
            shift = rng.normal(0, 0.05)
            rows.append({"model": model, "seed": seed, "score": score + shift, "cost_usd": cost + shift})
    made = find_frontier(rows, maximise=("score",), minimise=("cost_usd",))
    assert made.sets[0].noise == "repeated rows"
    assert len(made.sets[0].points) == 2
    assert all(point.probability is not None for point in made.sets[0].points)


def test_rows_of_one_label_are_not_pooled_unless_told() -> None:
    rows = {"model": ["a", "a", "b"], "score": [0.5, 0.7, 0.6], "cost_usd": [1, 3, 2]}
    apart = find_frontier(rows, maximise=("score",), minimise=("cost_usd",))
    assert [point.name for point in apart.front] == ["a (row 1)", "a (row 2)", "b"]
    together = find_frontier(rows, maximise=("score",), minimise=("cost_usd",), name=("model",))
    assert [point.name for point in together.sets[0].points] == ["a", "b"]
    assert together.sets[0].points[0].values[0].value == pytest.approx(0.6)


def test_noise_unknown_is_said_and_no_probability_invented() -> None:
    rows = {"model": ["a", "b"], "score": [0.5, 0.7], "cost_usd": [1, 3]}
    made = find_frontier(rows, maximise=("score",), minimise=("cost_usd",))
    assert not made.ok
    assert [point.probability for point in made.front] == [None, None]
    assert "cannot be told" in made.report().text(width=80)


def test_one_candidate_is_its_own_frontier() -> None:
    made = find_frontier({"model": ["a"], "score": [0.5], "cost_usd": [1]}, maximise=("score",), minimise=("cost_usd",))
    assert [point.name for point in made.front] == ["a"]
    assert made.sets[0].hypervolume.value is None
    assert "The only candidate" in made.report().text(width=80)


def families(seed: int = 0) -> dict[str, list[object]]:
    """Family A above B at small cost, equal in the middle, below at large cost; small noise."""
    rng = np.random.default_rng(seed)
    made: dict[str, list[object]] = {"model": [], "family": [], "score": [], "score_se": [], "cost_usd": []}
    for family, start, slope in (("A", 0.50, 0.10), ("B", 0.40, 0.20)):
        for cost in (1.0, 3.0, 10.0, 30.0, 100.0):
            score = start + slope * np.log10(cost) + rng.normal(0, 0.002)
            for column, value in zip(made, (f"{family}{cost:g}", family, score, 0.002, cost), strict=True):
                made[column].append(value)
    return made


def test_families_are_compared_as_curves() -> None:
    made = find_frontier(families(), maximise=("score",), minimise=("cost_usd",), by="family")
    (pair,) = made.sets[0].families
    assert (pair.first, pair.second, pair.above) == ("A", "B", None)
    sure = [(one.above, one.low, one.high) for one in pair.comparison.stretches if one.above]
    assert [name for name, _, _ in sure] == ["first", "second"]
    assert sure[0][2] < 10 < sure[1][1]  # the planted curves meet at a cost of 10
    lifted = families()
    lifted["score"] = [
        float(str(s)) + (0.3 if f == "B" else 0) for s, f in zip(lifted["score"], lifted["family"], strict=True)
    ]
    (pair,) = find_frontier(lifted, maximise=("score",), minimise=("cost_usd",), by="family").sets[0].families
    assert pair.above == "B"
    assert pair.comparison.dominated == 1
    assert "B in 100%" in find_frontier(lifted, maximise=("score",), minimise=("cost_usd",), by="family").report().text(
        110
    )


def test_three_objectives_tell_what_only_all_of_them_keep() -> None:
    rows = {
        "model": ["small", "fast", "best", "compromise"],
        "score": [0.5, 0.6, 0.9, 0.8],
        "cost_usd": [1, 4, 5, 3],
        "seconds": [5, 1, 6, 4],
    }
    made = find_frontier(rows, maximise=("score",), minimise=("cost_usd", "seconds"))
    assert len(made.front) == 4
    assert [pair.objectives for pair in made.sets[0].projections] == [
        ("score", "cost_usd"),
        ("score", "seconds"),
        ("cost_usd", "seconds"),
    ]
    assert made.sets[0].projections[2].names == ("small", "fast", "compromise")
    assert made.sets[0].only_jointly == ()


def test_copies_stay_together_and_are_counted() -> None:
    rows = {"model": ["a", "b", "c"], "score": [0.5, 0.5, 0.4], "cost_usd": [1, 1, 2]}
    made = find_frontier(rows, maximise=("score",), minimise=("cost_usd",))
    assert [point.name for point in made.front] == ["a", "b"]
    assert made.sets[0].n_copies == 1


def test_figure_names_points_and_shows_intervals() -> None:
    made = find_frontier(MODELS, maximise=("score",), minimise=("cost_usd",))
    (figure,) = [block for block in made.report().blocks if isinstance(block, Figure)]
    layers = {layer.name: layer for layer in figure.layers}
    front, behind = layers["on the frontier"], layers["behind it"]
    assert isinstance(front, Points) and isinstance(behind, Points)
    assert next(iter(front.labels or ())) == "a, on it 100%"
    assert next(iter(front.low or ())) < 0.70 < next(iter(front.high or ()))
    assert {front.role, behind.role} == {"data", "muted"}  # told apart by shape, not by colour alone


def test_computed_objective_is_said() -> None:
    rng = np.random.default_rng(0)
    power, rate = 300 + 100 * rng.random(8), 10 + 40 * rng.random(8)
    rows = {"name": [f"c{k}" for k in range(8)], "power": power, "rate": rate, "energy_per_token": power / rate}
    made = find_frontier(rows, maximise=("rate",), minimise=("energy_per_token", "power"))
    assert [str(one) for one in made.sets[0].relations] == ["rate = power / energy_per_token"]
    assert "Computed, not measured apart" in made.report().text(width=80)


@pytest.mark.parametrize(
    ("change", "options", "error", "match"),
    [
        ({}, {"maximise": "score"}, OptionError, "two or more objectives"),
        ({}, {"maximise": "score", "minimise": ("score",)}, OptionError, "named twice"),
        ({}, {"maximise": "score", "minimise": "price"}, DataError, "'price'"),
        ({}, {"maximise": "score", "minimise": "cost_usd", "by": "kin"}, DataError, "'kin'"),
        ({}, {"maximise": "score", "minimise": "cost_usd", "within": "where"}, DataError, "'where'"),
        ({}, {"maximise": "score", "minimise": "cost_usd", "limit": "cost_usd"}, OptionError, "limit"),
        ({}, {"maximise": "score", "minimise": "cost_usd", "limit": "speed<=1"}, DataError, "'speed'"),
        ({}, {"maximise": "score", "minimise": "cost_usd", "reference": (1.0,)}, OptionError, "one for each of score"),
        ({}, {"maximise": "score", "minimise": "family"}, DataError, "family"),
        ({"cost_usd": [1, -2, 3, 1]}, {"maximise": "score", "minimise": "cost_usd"}, DataError, "row 2"),
        ({"currency": ["USD", "EUR", "USD", "USD"]}, {"maximise": "score", "minimise": "cost_usd"}, DataError, "EUR"),
        ({"score_se": [0.1, -0.1, 0.1, 0.1]}, {"maximise": "score", "minimise": "cost_usd"}, DataError, "score_se"),
    ],
)
def test_what_cannot_be_used_is_refused(
    change: dict[str, object], options: dict[str, object], error: type[Exception], match: str
) -> None:
    with pytest.raises(error, match=match):
        find_frontier({**MODELS, **change}, **options)  # type: ignore[arg-type]


def test_command_line_gives_the_same_answer(capsys: pytest.CaptureFixture[str]) -> None:
    aims = ["--maximise", "accuracy", "--minimise", "cost_usd,p95_seconds"]
    assert main(["frontier", "planted_candidates", *aims, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    table = datasets.load("planted_candidates")
    ours = find_frontier(table, maximise=("accuracy",), minimise=("cost_usd", "p95_seconds"))
    assert told["sets"][0]["front"] == [point.name for point in ours.front]


def test_candidates_without_a_name_are_said_to_go_by_their_rows() -> None:
    rows = [{"Model": word, "score": k, "cost_usd": k} for k, word in enumerate("abc", 1)]
    assert "go by their rows" in find_frontier(rows, maximise=("score",), minimise=("cost_usd",)).report().text()
    named = find_frontier(rows, maximise=("score",), minimise=("cost_usd",), name=("Model",))
    assert "go by their rows" not in named.report().text()
    assert [point.name for point in named.front] == ["a", "b", "c"]
