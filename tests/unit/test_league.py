"""The league: planted truths win, files resume, a user's own law takes part, errors say what is wrong."""

from __future__ import annotations

import json

import numpy as np
import pytest

from isoperf import Law, Observations, Param, datasets, league
from isoperf.errors import DataError, LawError, OptionError
from isoperf.laws import Reference
from isoperf.laws.chinchilla import Chinchilla
from isoperf.predict.laws._contest import Contest, contend
from isoperf.predict.laws._standings import goals, standings
from isoperf.predict.laws.league import Entry, League
from tests.conformance.plants._planted import grid

pytestmark = pytest.mark.paper("arXiv:2410.11840")
TRUTH = {
    "irreducible_loss": 1.8,
    "param_scale": 480.0,
    "token_scale": 1900.0,
    "param_exponent": 0.35,
    "token_exponent": 0.45,
}


class FlatLaw(Law):
    """A law of a user's own: everything scores the same."""

    name = "flat"
    inputs = ("n_params", "n_tokens")
    output = "loss"
    params = (Param("level", "a", linear=True, bounds=(0, 100)),)
    reference = Reference("nobody 2026")

    def formula(self, p, n_params, n_tokens):
        """The level, in the shape of the inputs."""
        return p.level + 0.0 * n_params


def _runs(noise: float = 0.002, seed: int = 0) -> Observations:
    sizes = grid(n_params=np.geomspace(1e7, 3e9, 8), n_tokens=np.geomspace(3e8, 1e11, 8))
    loss = Chinchilla().predict(TRUTH, **sizes)
    rng = np.random.default_rng(seed)
    return Observations.from_columns({**sizes, "loss": loss * np.exp(noise * rng.standard_normal(loss.size))})


@pytest.fixture(scope="module")
def planted():
    return league(_runs(), factors=(10.0,), laws=(FlatLaw,), guests=False, executor="serial")


def _of(made: League, law: str) -> Entry:
    return next(entry for entry in made.entries if entry.law == law)


def test_the_planted_law_comes_within_the_noise_and_the_flat_one_last(planted) -> None:
    found = _of(planted, "chinchilla")
    assert found.noise_floor == pytest.approx(0.002, rel=0.4)
    assert found.error < 3 * found.noise_floor
    assert abs(found.worst) >= found.error >= abs(found.median) / 2
    assert planted.standings[-1].law in ("flat", "last_value")
    assert _of(planted, "flat").error > 10 * found.error


def test_widths_and_oracle_follow_their_level(planted) -> None:
    for entry in planted.entries:
        assert entry.width_80 < entry.width_90
        assert entry.oracle_80 <= entry.oracle_90
        assert 0 <= entry.coverage_80 <= entry.coverage_90 <= 1
        assert entry.seconds > 0


def test_the_choice_is_one_of_the_laws_and_goals_count_it(planted) -> None:
    chosen = [entry for entry in planted.entries if entry.chosen]
    assert len(chosen) == 1
    assert planted.goals[-1].chosen == chosen[0].error
    assert planted.goals[-1].best_each <= planted.goals[-1].chosen
    assert planted.goals[-1].n_rows == chosen[0].n_test


def test_report_and_json_agree(planted) -> None:
    told = planted.as_dict()
    json.dumps(told, allow_nan=False)
    assert len(told["entries"]) == len(planted.entries)
    text = planted.report().markdown()
    assert "flat" in text and "chosen" in text


def test_an_interrupted_league_goes_on_and_ends_the_same(tmp_path, monkeypatch) -> None:
    keep = tmp_path / "contests.jsonl"
    whole = league(_runs(), factors=(3.0, 10.0), guests=False, executor="serial", finished=str(keep))
    lines = keep.read_bytes().splitlines(keepends=True)
    assert len(lines) == 2
    keep.write_bytes(lines[0] + lines[1][: len(lines[1]) // 2])  # killed in the middle of a line
    held: list[float] = []

    def counted(one: Contest) -> list[Entry]:
        held.append(one.factor)
        return contend(one)

    monkeypatch.setattr("isoperf.predict.laws._tournament.contend", counted)
    again = league(_runs(), factors=(3.0, 10.0), guests=False, executor="serial", finished=str(keep))
    assert len(held) == 1
    assert [(e.law, e.factor, e.error) for e in again.entries] == [(e.law, e.factor, e.error) for e in whole.entries]


def test_several_processes_find_the_same() -> None:
    runs = datasets.load("stdlib_lm")
    alone, spread = (league(runs, factors=(3.0, 10.0), guests=False, executor=one) for one in ("serial", "local:2"))
    assert [(e.law, e.error, e.coverage_90) for e in spread.entries] == [
        (e.law, e.error, e.coverage_90) for e in alone.entries
    ]


def test_sets_of_a_column_compete_apart() -> None:
    parts = [_runs(seed=k) for k in (0, 1)]
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0].columns}
    both = Observations.from_columns({**columns, "recipe": np.repeat(["a", "b"], len(parts[0]))})
    made = league(both, by=("recipe",), factors=(10.0,), guests=False, executor="serial")
    assert {entry.set for entry in made.entries} == {"a", "b"}
    assert made.goals[-1].n_contests == 2


def _entry(set: str, table: str, law: str, error: float, chosen: bool = False) -> Entry:
    numbers = dict.fromkeys(("coverage_80", "coverage_90", "width_80", "width_90", "oracle_80", "oracle_90"), 0.5)
    return Entry(
        set=set,
        table=table,
        kind="k",
        factor=3.0,
        n_train=10,
        n_test=5,
        reach=3.0,
        law=law,
        baseline=False,
        chosen=chosen,
        median=error,
        worst=error,
        error=error,
        noise_floor=0.01,
        seconds=1.0,
        **numbers,
    )


def test_ranks_by_hand() -> None:
    """Law a wins on two tables and loses on one: mean rank (1 + 1 + 2) / 3, b the rest of 3."""
    entries = [
        _entry(f"s{k}", f"t{k}", law, error, chosen=law == "a")
        for k, errors in enumerate([(0.01, 0.02), (0.02, 0.03), (0.05, 0.04)])
        for law, error in zip("ab", errors, strict=True)
    ]
    rows = {row.law: row for row in standings(entries, 0.9, 0)}
    assert rows["a"].rank.value == pytest.approx(4 / 3)
    assert rows["b"].rank.value == pytest.approx(5 / 3)
    assert rows["chosen"].rank.value == pytest.approx(4 / 3)
    # three draws of three tables: all lost has a chance of 1/27, below the 5 % that the interval leaves out
    assert rows["a"].rank.low == 1.0
    assert rows["a"].rank.high == pytest.approx(5 / 3)
    (one, _) = goals(entries)
    assert (one.chosen, one.best_single, one.best_single_law) == (0.02, 0.02, "a")
    assert one.best_each == 0.02
    assert rows["a"].over_noise == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("options", "kind", "said"),
    [
        ({"factors": (1.0,)}, OptionError, "above 1"),
        ({"executor": "local:0"}, OptionError, "a number of processes above 0"),
        ({"laws": ("no_such_law",)}, LawError, "no law 'no_such_law'"),
        ({"laws": ("repeated_data",)}, LawError, "suits none of the sets"),
        ({"factors": (1.0001,)}, DataError, "no set has room"),
    ],
)
def test_what_cannot_be_is_refused(options, kind, said) -> None:
    with pytest.raises(kind) as caught:
        league(_runs(), **{"executor": "serial", "guests": False, "factors": (10.0,), **options})
    assert said in str(caught.value)


def test_a_file_of_another_kind_is_not_overwritten(tmp_path) -> None:
    keep = tmp_path / "notes.txt"
    keep.write_text("my notes\n")
    with pytest.raises(DataError, match=r"notes\.txt does not hold the contests"):
        league(_runs(), factors=(10.0,), guests=False, executor="serial", finished=str(keep))
    assert keep.read_text() == "my notes\n"
