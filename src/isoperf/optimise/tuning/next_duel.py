"""Say which two candidates to compare next, and which is best so far, from past preferences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np

from isoperf.capability import Option, Reference, capability
from isoperf.cells import at
from isoperf.errors import DataError, OptionError, list_rows
from isoperf.estimate import Estimate, check_level, check_seed
from isoperf.fitting.fit_law import versions
from isoperf.grouping import labels_of
from isoperf.observations import Observations
from isoperf.optimise.tuning._logged_trials import feature_table
from isoperf.options import Data, Level, Seed
from isoperf.readers import load
from isoperf.report import Report, Shown
from isoperf.tradeoff.evaluation._votes import read_votes
from isoperf.trials.search.duels import DuelSearch

__all__ = ["NextDuel", "Standing", "next_duel"]

MOST = 1000


@dataclass(frozen=True)
class Standing:
    """A candidate: its score in logits with interval, the probability that it is best of all, duels it took part in."""

    candidate: str
    score: Estimate
    probability: float
    n_duels: int

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "candidate": self.candidate,
            "score": self.score.as_dict(),
            "probability": self.probability,
            "n_duels": self.n_duels,
        }


@dataclass(frozen=True)
class NextDuel(Shown):
    """What to compare next.

    Attributes
    ----------
    first, second : predicted best, and its optimistic challenger. chance : that the first is preferred.
    best : highest score among those that took part. probability : that no other of those has a higher one.
    standings : every candidate, highest score first.
    """

    first: str
    second: str
    chance: Estimate
    best: str
    probability: float
    standings: tuple[Standing, ...]
    n_duels: int
    score: str
    level: float
    provenance: dict[str, str]

    @property
    def ok(self) -> bool:
        """Whether the best is best with a probability of at least the level."""
        return self.probability >= self.level

    def report(self) -> Report:
        """Return the answer for people."""
        from isoperf.optimise.tuning._show_next_duel import next_duel_report

        return next_duel_report(self)

    def as_dict(self) -> dict[str, Any]:
        """Return the answer for machines."""
        return {
            "first": self.first,
            "second": self.second,
            "chance": self.chance.as_dict(),
            "best": self.best,
            "probability": self.probability,
            "standings": [one.as_dict() for one in self.standings],
            "n_duels": self.n_duels,
            "score": self.score,
            "level": self.level,
            "provenance": self.provenance,
        }


@capability(
    job="optimise",
    needs=(
        "model_a",
        "model_b",
        "winner (model_a, model_b or tie)",
        "a second table: names and features of candidates",
    ),
    sources=(
        Reference(
            "Lin et al. 2024",
            "arXiv:2405.17346",
            "predicted best against an optimistic challenger, Bradley-Terry feedback",
            title="Prompt Optimization with Human Feedback",
            checked="on planted non-linear utilities over 20 seeds it finds a candidate near the best with fewer duels "
            "than random pairs and than a linear score",
            unchecked="the score is a Gaussian process rather than the paper's network; people judged no prompts",
        ),
    ),
    checked="planted utilities, 20 seeds: fewer duels than random pairs and than a linear score, regret with intervals",
    example="isoperf next-duel planted_duels planted_duel_prompts",
)
def next_duel(
    data: Data,
    *,
    candidates: Annotated[
        Data | None, Option("table of candidates: their name, then columns that describe them", table=True)
    ] = None,
    features: Annotated[
        tuple[str, ...], Option("columns that describe candidates; all but the first when absent")
    ] = (),
    score: Annotated[
        Literal["gaussian", "linear"], Option("how features make a score: any smooth way, or a weighted sum")
    ] = "gaussian",
    hope: Annotated[float, Option("standard deviations added to a challenger's score; 0 never explores")] = 1.0,
    level: Level = 0.9,
    seed: Seed = 0,
) -> NextDuel:
    """Choose the next two candidates to show to a judge who can only say which is better.

    Candidates have features, such as embeddings: alike ones have scores alike, so a duel teaches about others too.
    The first column of the second table names the candidates, by the names that the duels use.

    Raises
    ------
    OptionError : no candidates, or an option out of range.
    DataError : columns are missing or unusable, or a duel names a candidate that has no features.
    """
    check_level(level)
    check_seed(seed)
    if candidates is None:
        raise OptionError("a second table is needed: the candidates' names and features. Give it as candidates.")
    obs, other = load(data), load(candidates)
    names, x = _described(other, features)
    votes = read_votes(obs)
    place = {name: i for i, name in enumerate(names)}
    if strange := [name for name in votes.models if name not in place]:
        raise DataError(
            f"{at(obs.source)}{len(strange)} candidates of the duels have no features ({', '.join(strange[:3])}). "
            f"Add them to {other.source}, whose first column must hold the names."
        )
    search = DuelSearch(x, score=score, hope=hope)
    code = np.array([place[name] for name in votes.models])
    for one, two, won in zip(code[votes.first], code[votes.second], votes.score.tolist(), strict=True):
        search.tell(int(one), int(two), won)
    first, second = search.ask()
    met = np.bincount(np.r_[code[votes.first], code[votes.second]], minlength=len(names))
    among = search.chance_best(met_only=True, seed=seed)
    return NextDuel(
        first=names[first],
        second=names[second],
        chance=search.win_rate(first, second, level=level, seed=seed),
        best=names[search.best],
        probability=float(among[search.best]),
        standings=_standings(search, names, met, level, seed),
        n_duels=len(votes),
        score=score,
        level=level,
        provenance={
            "source": obs.source,
            "data": obs.fingerprint,
            "candidates": other.source,
            "seed": str(seed),
            **versions(),
        },
    )


def _described(table: Observations, features: tuple[str, ...]) -> tuple[list[str], Any]:
    key, *rest = table.columns
    for name in features:
        if not table.has(name):
            raise OptionError(
                f"{at(table.source)}no column {name!r} to describe candidates by. Columns: {', '.join(rest)}."
            )
    names = labels_of([table[key]]).tolist()
    if twice := [i for i, name in enumerate(names) if name in names[:i]]:
        raise DataError(f"{at(table.source)}a candidate stands twice ({list_rows(twice)}). Keep one row for each.")
    if not 2 <= len(names) <= MOST:
        raise DataError(f"{at(table.source)}2 to {MOST} candidates are needed, found {len(names)}.")
    if not (features or rest):
        raise DataError(f"{at(table.source)}candidates need columns that describe them besides {key!r}.")
    return names, feature_table(table, features or tuple(rest))[1]


def _standings(search: DuelSearch, names: list[str], met: Any, level: float, seed: int) -> tuple[Standing, ...]:
    from isoperf.evals.intervals import z_value

    mean, spread = search.posterior()
    chance = search.chance_best(seed=seed)
    half = z_value(level) * np.sqrt(np.maximum(np.diag(spread), 0))
    made = [
        Standing(
            names[i],
            Estimate(float(mean[i]), float(mean[i] - half[i]), float(mean[i] + half[i]), level),
            float(chance[i]),
            int(met[i]),
        )
        for i in np.argsort(-mean, kind="stable").tolist()
    ]
    return tuple(made)
