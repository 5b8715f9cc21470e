"""Tune a program: try configurations until the budget is used, and say which is best and how surely."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from isoperf import datasets
from isoperf.capability import Option, Reference, capability
from isoperf.errors import OptionError
from isoperf.estimate import Estimate, check_level, check_seed
from isoperf.executors import Executor, Where, executor_of
from isoperf.fitting.fit_law import versions
from isoperf.observations import Observations
from isoperf.options import Data, Level, Progress, Seed
from isoperf.readers import load
from isoperf.report import Report, Shown
from isoperf.trials._process import end_orphans
from isoperf.trials.budget import Budget, Spent
from isoperf.trials.environment import environment
from isoperf.trials.importance import importances
from isoperf.trials.lookup import LookUp
from isoperf.trials.measure import Command
from isoperf.trials.remeasure import Remeasured, remeasure
from isoperf.trials.result import Candidate, StudyResult
from isoperf.trials.space import Space
from isoperf.trials.stopping import check_chance, forecast_pruner
from isoperf.trials.study import MOST_DISTINCT, Measure, Study
from isoperf.trials.trial import Trial

if TYPE_CHECKING:
    from optuna.pruners import BasePruner

__all__ = ["Tuned", "tune"]

REMEASURED = "remeasured"


@dataclass(frozen=True)
class Tuned(Shown):
    """What tuning found.

    Attributes
    ----------
    found : the study with every trial. importance : share of each parameter, None with too few trials.
    again : the leaders measured again, if that was asked for.
    n_recalled : trials of the past that the search began from. n_before : trials of earlier runs.
    what : the command, or the table looked into. how_to_resume : None where nothing was kept.
    """

    found: StudyResult
    importance: Mapping[str, float] | None
    again: Remeasured | None
    n_recalled: int
    n_before: int
    what: str
    where: Mapping[str, Any]
    seed: int
    sampler: str

    @property
    def best(self) -> Candidate | None:
        """The best configuration: by fresh measurements where there are some."""
        if self.again is None or self.found.best is None:
            return self.found.best
        chosen = self.again.winner.configuration
        return next((one for one in self.found.ranking if one.configuration == chosen), self.found.best)

    @property
    def best_value(self) -> Estimate | None:
        """The best value of the first objective, free of the luck of having been chosen where remeasured."""
        if self.again is not None:
            return self.again.winner.again
        return None if self.best is None else self.best.values[0]

    @property
    def front(self) -> tuple[Candidate, ...]:
        """Configurations that no other beats in every objective."""
        return self.found.front

    @property
    def spent(self) -> Spent:
        """What all trials took."""
        return self.found.spent

    @property
    def ok(self) -> bool:
        """Whether some configuration met the constraints."""
        return bool(self.found.ranking)

    @property
    def provenance(self) -> dict[str, str]:
        """Where the numbers come from."""
        return {"source": self.what, "sampler": self.sampler, "seed": str(self.seed), **versions()}

    def report(self) -> Report:
        """Return the answer for people."""
        from isoperf.optimise.tuning._show_tune import tune_report

        return tune_report(self)

    def as_dict(self) -> dict[str, Any]:
        """Return the answer for machines."""
        found, spent = self.found, self.spent
        return {
            "source": self.what,
            "objectives": [str(one) for one in found.objectives],
            "constraints": [str(one) for one in found.constraints],
            "space": list(found.space.texts()),
            "best": None if self.best is None else _plain(self.best, found),
            "best_value": None if self.best_value is None else self.best_value.as_dict(),
            "front": [_plain(one, found) for one in self.front] if len(found.objectives) > 1 else [],
            "importance": None if self.importance is None else dict(self.importance),
            "again": None if self.again is None else self.again.as_dict(),
            "spent": {"n_trials": spent.n_trials, "seconds": spent.cost.seconds, "cost_usd": spent.cost.usd},
            "budget": str(found.budget),
            "n_failed": len(found.failed),
            "n_recalled": self.n_recalled,
            "n_before": self.n_before,
            "n_returned": found.n_returned,
            "storage": found.storage,
            "trials": [trial.as_dict() for trial in found.trials if not trial.past],
            "environment": dict(self.where),
            "seed": self.seed,
            "versions": versions(),
        }


def _plain(one: Candidate, found: StudyResult) -> dict[str, Any]:
    values = {goal.name: value.as_dict() for goal, value in zip(found.objectives, one.values, strict=True)}
    return {"configuration": one.configuration, "values": values, "trials": list(one.trials)}


@capability(
    job="optimise",
    needs=("nothing, with a command", "columns of parameters and metrics, to look past trials up in a table"),
    sources=(
        Reference("Akiba et al. 2019", "arXiv:1907.10902", "samplers, pruners and storage are Optuna's"),
        Reference("Watanabe, Bansal and Hutter 2023", "arXiv:2304.10255", "what mattered: PED-ANOVA, as in Optuna"),
    ),
    checked=(
        "studies killed at random moments resume with every finished trial and none twice; commands that hang, flood, "
        "fork or fail are contained"
    ),
    example=(
        "isoperf tune planted_trials --param threads,batch_size,kernel --minimise seconds --budget 40 --sampler tpe"
    ),
)
def tune(
    data: Data | None = None,
    *,
    param: Annotated[
        tuple[str, ...],
        Option(
            "what may vary: threads=1..16, rate=1e-5..1e-1:log, mode=fast|small; a bare name takes a table's values"
        ),
    ],
    command: Annotated[
        str | None,
        Option("command to measure, with {threads} where a parameter's value goes; none: look DATA up", local=True),
    ] = None,
    minimise: Annotated[tuple[str, ...], Option("metrics to make small; several objectives make a front")] = (),
    maximise: Annotated[tuple[str, ...], Option("metrics to make large")] = (),
    metric: Annotated[
        tuple[str, ...],
        Option(
            "how to read a metric: loss=regex:'loss ([0-9.]+)' or loss=json:result.loss; by default the command prints "
            "loss=1.2, while seconds and peak_memory_gb are measured from outside"
        ),
    ] = (),
    constraint: Annotated[tuple[str, ...], Option("limit to be kept, such as 'peak_memory_gb <= 16'")] = (),
    budget: Annotated[str, Option("number of trials, seconds of measuring or dollars: 100, 600s, 5usd, 100,600s")] = (
        "50"
    ),
    repeats: Annotated[int, Option("runs of the command per trial; more than one gives intervals", least=1)] = 1,
    warmup: Annotated[int, Option("runs thrown away before them", least=0)] = 0,
    timeout: Annotated[float | None, Option("longest time for one run", unit="s")] = None,
    again: Annotated[
        int, Option("rounds in which the best are measured again side by side, beyond the budget; 0 for none", least=0)
    ] = 0,
    top: Annotated[int, Option("how many of the best are measured again", least=2)] = 3,
    shell: Annotated[bool, Option("run the command in a shell", local=True)] = False,
    study: Annotated[
        str | None,
        Option(
            "file that keeps the trials, to go on from: .journal, or .db for SQLite, or a database's URL", local=True
        ),
    ] = None,
    workers: Annotated[int, Option("trials at once; they disturb each other's times", least=1)] = 1,
    executor: Annotated[
        Where,
        Option(
            "where trials are measured: local (here), dask:tcp://HOST:8786 or ray:auto; the study's file stays here",
            local=True,
        ),
    ] = "local",
    sampler: Annotated[str, Option("how the next is chosen: tpe, random, nsga2, qmc, cmaes or gp")] = "tpe",
    pruner: Annotated[
        str, Option("what stops poor trials early: none, median, hyperband, halving, or forecast with last_step")
    ] = "none",
    last_step: Annotated[
        int | None, Option("with pruner=forecast: the step that a whole trial reports last", least=1)
    ] = None,
    drop_best_chance: Annotated[
        float, Option("with pruner=forecast: chance you accept of stopping the best trial")
    ] = 0.05,
    curve: Annotated[
        str | None, Option("regex with two groups, step and value, printed on the way: what the pruner judges")
    ] = None,
    first: Annotated[
        tuple[str, ...], Option("configuration to try first, such as 'threads=4 mode=fast'; repeat for more")
    ] = (),
    warm: Annotated[Data | None, Option("table of past trials to begin from: a file or a named table")] = None,
    usd_per_hour: Annotated[float, Option("price of an hour of measuring", unit="USD")] = 0.0,
    level: Level = 0.9,
    seed: Seed = 0,
    progress: Progress | None = None,
) -> Tuned:
    """Find the best configuration of a program in few trials.

    Give a command to be measured, or a table of past trials to look values up in. With ``study``
    every trial is kept as it ends: run the same command again to go on after a break, or with a larger budget.

    Raises
    ------
    OptionError : an option cannot be used, or the file holds another study.
    DataError : the table lacks a parameter or a metric.
    OutputError : the study's file refuses. MissingExtraError : Optuna is not installed.
    """
    level, seed = check_level(level), check_seed(seed)
    limit = Budget.of(budget)
    if timeout is not None and not timeout > 0:
        raise OptionError(f"timeout must be above 0 seconds, found {timeout:g}.")
    if not usd_per_hour >= 0:
        raise OptionError(f"usd_per_hour must be 0 or above, found {usd_per_hour:g}.")
    table = None if data is None else load(data)
    if (table is None) == (command is None):
        raise OptionError("tune measures a command or looks a table up: give one of command='...' and a table.")
    if again and command is None:
        raise OptionError("again measures anew, which a table cannot. Leave it out, or give a command.")
    elsewhere = _elsewhere(executor, pruner, again)
    space = _space(_texts(param), table)
    asked = Study(
        space,
        minimise=_texts(minimise),
        maximise=_texts(maximise),
        constraints=_texts(constraint),
        storage=study,
        sampler=sampler,
        pruner=_pruner(pruner, last_step, drop_best_chance),
        usd_per_hour=usd_per_hour,
        distinct=table is not None and space.n_configurations <= MOST_DISTINCT,
        seed=seed,
    )
    with asked:
        names = list(dict.fromkeys([*(g.name for g in asked.objectives), *(c.name for c in asked.constraints)]))
        measure: Measure
        if command is None:
            assert table is not None
            measure = LookUp(table, space, names)
        else:
            measure = _command(command, names, _joined(_texts(metric)), repeats, warmup, timeout, shell, curve)
            measure.check(space.names)
            end_orphans()  # of a run that was killed: they would disturb what is measured now
        n_before = len([trial for trial in asked.trials() if trial.counts])
        n_recalled = 0 if warm is None else asked.recall_table(_past(warm))
        asked.enqueue(*(_configuration(text) for text in _texts(first)))
        where = environment() if elsewhere is None else {**environment(), "executor": elsewhere.name}
        asked.note("environment", where)
        found = asked.run(measure, budget=limit, workers=workers, executor=elsewhere, level=level, progress=progress)
        anew = None
        if again and found.ranking:
            anew = remeasure(found, measure, top=top, rounds=again, level=level, seed=seed, progress=progress)
            asked.note(REMEASURED, anew.as_dict())
        what = command if command is not None else f"look-up in {table.source if table is not None else ''}"
        return Tuned(found, importances(asked), anew, n_recalled, n_before, what, where, seed, sampler)


def _elsewhere(executor: Where, pruner: str, again: int) -> Executor | None:
    """Return the engine that measures; None where trials are measured here."""
    engine = executor_of(executor)
    if engine.name in ("local", "serial"):
        return None
    if pruner != "none":
        raise OptionError(
            f"pruner={pruner!r} judges trials on their way, which executor={engine.name!r} tells only at their end. "
            "Use pruner=none, or executor=local."
        )
    if again:
        raise OptionError(
            f"again compares measurements of one machine; executor={engine.name!r} may have several. Leave it out."
        )
    return engine


def _pruner(name: str, last_step: int | None, drop_best_chance: float) -> str | BasePruner:
    """Return the pruner's name, or the one that forecasts curves to their last step."""
    check_chance(drop_best_chance)
    if name != "forecast":
        if last_step is not None:
            raise OptionError(f"last_step goes with pruner=forecast; found pruner={name!r}. Leave it out.")
        return name
    if last_step is None:
        raise OptionError("pruner=forecast needs last_step: the step that a whole trial reports last.")
    return forecast_pruner(last_step, drop_best_chance=drop_best_chance)


def _texts(given: str | Sequence[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given)


def _space(texts: Sequence[str], table: Observations | None) -> Space:
    """Read the parameters; a bare name takes the values that the table holds."""
    joined: list[str] = []
    for text in texts:  # a comma divides options, and flags: threads=1..16:log,int
        flag = text.strip()
        if joined and (flag in ("log", "int", "float") or flag.startswith("step=")):
            joined[-1] += f":{flag}"
        else:
            joined.append(text)
    parts: list[Any] = []
    for text in joined:
        if "=" in text:
            parts.append(text)
        elif table is None:
            raise OptionError(f"the parameter {text!r} has no values. Write them, such as {text}=1..16 or {text}=a|b.")
        else:
            parts.append(Space.from_table(table, [text], levels=True).dimensions[0])
    return Space.of(parts)


def _joined(texts: Sequence[str]) -> list[str]:
    """Put metrics together again that were divided at a comma within a regex."""
    joined: list[str] = []
    for text in texts:
        if joined and not re.match(r"\s*[A-Za-z_][\w.-]*\s*(=\s*(regex|json):|$)", text):
            joined[-1] += f",{text}"
        else:
            joined.append(text)
    return joined


def _command(
    text: str,
    names: Sequence[str],
    metrics: Sequence[str],
    repeats: int,
    warmup: int,
    timeout: float | None,
    shell: bool,
    curve: str | None,
) -> Command:
    told = {metric.partition("=")[0].strip() for metric in metrics}
    read = [*metrics, *(name for name in names if name not in told)]
    return Command(text, read, repeats=repeats, warmup=warmup, timeout=timeout, shell=shell, curve=curve)


def _configuration(text: str) -> dict[str, str | float | int]:
    pairs = [word.partition("=") for word in shlex.split(text)]
    if not pairs or not all(sign for _, sign, _ in pairs):
        raise OptionError(f"first={text!r} is no configuration. Write every parameter, such as 'threads=4 mode=fast'.")
    return {name: _value(value) for name, _, value in pairs}


def _value(text: str) -> str | float | int:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _past(warm: Data) -> Observations:
    if isinstance(warm, str) and not Path(warm).exists() and warm in datasets.names():
        return datasets.load(warm)
    return load(warm)


def failures(trials: Sequence[Trial]) -> dict[str, list[Trial]]:
    """Failed trials by reason."""
    found: dict[str, list[Trial]] = {}
    for trial in trials:
        if trial.state == "failed" and not trial.interrupted:
            found.setdefault(trial.reason, []).append(trial)
    return found
