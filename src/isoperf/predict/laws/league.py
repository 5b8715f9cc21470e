"""Let laws compete: on many tables, hide the largest scales, and see which law, and which choice, predicts them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import numpy as np

from isoperf.capability import Option, Reference, capability
from isoperf.datasets.sets import SCORE_SETS, SETS, ComparableSet, RunSet, divide
from isoperf.errors import DataError, IsoperfError, LawError, OptionError
from isoperf.estimate import check_level
from isoperf.executors import executor_of
from isoperf.fitting.candidates import candidates
from isoperf.fitting.data import LawData, law_data
from isoperf.fitting.fit_law import versions
from isoperf.laws import discover, get
from isoperf.laws.base import Law
from isoperf.options import Data, Executor, Level, Progress, Seed, X, Y, several
from isoperf.predict._forecasters.base import Given
from isoperf.predict.laws._contest import Contest, Entry, Match
from isoperf.predict.laws._score_contest import score_contests
from isoperf.predict.laws._standings import Goal, Standing, goals, standings
from isoperf.predict.laws._tournament import play
from isoperf.readers import load
from isoperf.report import Report, Shown

__all__ = ["Entry", "Goal", "League", "Standing", "league", "public_contests"]

LawNames: TypeAlias = tuple[str | Law | type[Law], ...]
Methods: TypeAlias = tuple[Given, ...]


@dataclass(frozen=True)
class League(Shown):
    """Laws ranked by how they predicted scales they had not seen.

    Attributes
    ----------
    entries : one per contest and law; a contest is one set of runs cut at one factor.
    standings : one per law and kind of contest; goals : the selection rule against hindsight.
    missing : tables, or sets, that could not take part, and why.
    """

    entries: tuple[Entry, ...]
    standings: tuple[Standing, ...]
    goals: tuple[Goal, ...]
    missing: tuple[tuple[str, str], ...]
    factors: tuple[float, ...]
    level: float
    source: str

    def report(self) -> Report:
        """Return the league for people."""
        from isoperf.predict.laws._show_league import league_report

        return league_report(self)

    def as_dict(self) -> dict[str, Any]:
        """Return the league for machines."""
        return {
            "source": self.source,
            "factors": list(self.factors),
            "standings": [{**_finite(vars(row)), "rank": row.rank.as_dict()} for row in self.standings],
            "goals": [_finite(asdict(goal)) for goal in self.goals],
            "entries": [_finite(asdict(entry)) for entry in self.entries],
            "missing": dict(self.missing),
            "versions": versions(),
        }


def _finite(record: dict[str, Any]) -> dict[str, Any]:
    return {k: None if isinstance(v, float) and not np.isfinite(v) else v for k, v in record.items()}


@capability(
    job="predict",
    needs=("nothing, for the public tables", "loss (or y) and a law's columns, for your own"),
    sources=(
        Reference(
            "Choshen et al. 2024",
            "arXiv:2410.11840",
            "held-out larger scales",
            title="A Hitchhiker's Guide to Scaling Law Estimation",
            checked="the protocol of predicting larger from smaller scales, over public tables",
            unchecked="their own collection of models is not reproduced",
        ),
    ),
    checked="held over public tables with every law; the figures are a page of the documentation",
    example="isoperf league stdlib_lm --factors 3 --no-guests",
)
def league(
    data: Data | None = None,
    *,
    by: Annotated[tuple[str, ...], Option("columns that divide a table into sets, each with a law of its own")] = (),
    laws: Annotated[LawNames, Option("further laws to enter: a name, or your own as file.py:Class")] = (),
    methods: Annotated[
        Methods,
        Option("hold contests of scores: forecasters by name, your own as file.py:Class, or all; laws compete too"),
    ] = (),
    guests: Annotated[bool, Option("enter laws that automatic choice leaves out too; slower")] = True,
    x: X = None,
    y: Y = None,
    factors: Annotated[tuple[float, ...], Option("hide rows within this factor of the largest scale")] = (
        3.0,
        10.0,
        30.0,
    ),
    executor: Executor = "local",
    finished: Annotated[
        str | None, Option("file that keeps finished contests, to go on from after a break", local=True)
    ] = None,
    level: Level = 0.9,
    seed: Seed = 0,
    progress: Progress | None = None,
) -> League:
    """Rank laws by how well they predict larger scales.

    Without a table every public table at hand takes part. Each set is cut at every factor; all
    laws that suit it are fitted to the smaller rows and asked for the larger ones. ``level`` is
    that of the intervals of the ranks; the laws' own intervals are checked at 80 and 90 %. With ``methods`` the
    contests are of benchmark scores: forecasters learn from smaller models and foresee larger ones.

    Raises
    ------
    OptionError : a factor is not above 1, or a column or law that cannot be used.
    DataError : no set has room for any contest, or ``finished`` names a file of another kind.
    """
    level = check_level(level)
    factors = several("factors", factors)
    if bad := [factor for factor in factors if not factor > 1]:
        raise OptionError(f"factors must be above 1, such as 3,10,30; found {bad[0]:g}.")
    engine = executor_of(executor)
    further = [get(law) for law in ((laws,) if isinstance(laws, str | Law | type) else laws)]
    asked: Sequence[Given] = methods if isinstance(methods, tuple | list) else (methods,)
    missing: list[tuple[str, str]] = []
    sets = list(_public(missing, SCORE_SETS if asked else SETS) if data is None else _own(data, by, x, y))
    contests: Sequence[Match]
    if asked:
        named = [(one.name, one.table, one.rows, one.x, one.y) for one in sets]
        contests = score_contests(named, (*asked, *further), factors, seed, missing)
    else:
        contests = of_laws = _contests(sets, further, factors, seed, missing, guests=guests, strict=data is not None)
        unused = [law.name for law in further if not any(d.law.name == law.name for c in of_laws for d in c.candidates)]
        if unused:
            raise LawError(f"law {unused[0]!r} suits none of the sets: a column that it needs is missing from each.")
    entries = play(
        contests,
        executor=engine,
        keep=Path(finished) if finished else None,
        progress=progress,
    )
    if not entries:
        reasons = "; ".join(f"{name}: {why}" for name, why in missing)
        raise DataError(
            "no set has room for a contest: at least two rows beyond a cut, and enough before it"
            f"{f' ({reasons})' if reasons else ''}. Add runs, or try smaller factors."
        )
    source = "public tables" if data is None else sets[0].rows.source
    return League(
        tuple(entries), standings(entries, level, seed), goals(entries), tuple(missing), factors, level, source
    )


def public_contests(factors: Sequence[float], seed: int = 0) -> list[Contest]:
    """Return the contests over the public tables at hand."""
    missing: list[tuple[str, str]] = []
    return _contests(list(_public(missing)), (), factors, seed, missing, guests=True, strict=False)


def _public(missing: list[tuple[str, str]], sets: Sequence[ComparableSet] = SETS) -> Iterator[RunSet]:
    """The public tables at hand."""
    for one in sets:
        try:
            yield from divide(one)
        except IsoperfError as problem:
            missing.append((one.table, str(problem).partition(".")[0]))


def _own(data: Data, by: Sequence[str], x: str | None, y: str | None) -> Iterator[RunSet]:
    obs = load(data)
    if not by:
        yield RunSet(obs.source, obs.source, obs, x, y)
        return
    for name, part in obs.groups(*by).items():
        yield RunSet(name, name, part, x, y)


def _contests(
    sets: Sequence[RunSet],
    further: Sequence[Law],
    factors: Sequence[float],
    seed: int,
    missing: list[tuple[str, str]],
    *,
    guests: bool,
    strict: bool,
) -> list[Contest]:
    made = []
    for one in sets:
        try:
            found = candidates(one.rows, x=one.x, y=one.y)
        except IsoperfError as problem:
            if strict and len(sets) == 1:
                raise
            missing.append((one.name, str(problem)))
            continue
        names = {data.law.name for data in found}
        words = {word for data in found if not data.law.baseline for word in data.law.inputs}
        entering = [law for law in (*(_guests(words) if guests else ()), *further) if law.name not in names]
        found += [data for law in entering if (data := _bound(one, law, found[0]))]
        kind = _kind(found)
        made += [Contest(one.name, one.table, kind, factor, tuple(found), seed) for factor in factors]
    return made


def _guests(words: set[str]) -> list[Law]:
    """Laws in the same inputs that automatic choice leaves out, but that should be seen beside the others."""
    able = (law for law in discover().values() if not law.contender and not law.variant_of)
    return [law for law in able if set(law.inputs) <= words]


def _bound(one: RunSet, law: Law, first: LawData) -> LawData | None:
    """Bind a further law to a set, or nothing where its columns are not there."""
    single = len(law.inputs) == 1
    if one.x is not None and not single:
        return None
    try:
        data = law_data(one.rows, law, x=one.x if single else None, y=one.y)
    except (DataError, OptionError):
        return None
    same_output = data.binding[law.output] == first.binding[first.law.output]
    return data if same_output and len(data.y) == len(first.y) else None


def _kind(found: Sequence[LawData]) -> str:
    """What the laws of a contest compete on: their inputs."""
    words = dict.fromkeys(word for data in found if not data.law.baseline for word in data.law.inputs)
    return "one input" if tuple(words) == ("x",) else ", ".join(words)
