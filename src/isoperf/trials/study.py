"""A study: asks for configurations, is told what they gave, and forgets nothing when it is killed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import numpy as np

from isoperf.errors import OptionError
from isoperf.executors import Where
from isoperf.fitting.engine import Progress
from isoperf.observations import Observations
from isoperf.trials._ownership import Presence, is_gone, owner
from isoperf.trials._storage import file_of, guarded, open_storage, optuna_or_say
from isoperf.trials.asked import Asked, Measure
from isoperf.trials.budget import Budget, Spent, spent_on
from isoperf.trials.result import StudyResult
from isoperf.trials.space import Dimension, Space, key_of
from isoperf.trials.trial import (
    INTERRUPTED,
    Constraint,
    Cost,
    Failure,
    Measured,
    Outcome,
    Trial,
    measured_from,
    objectives_of,
)

if TYPE_CHECKING:
    from optuna import Study as OptunaStudy
    from optuna.pruners import BasePruner
    from optuna.samplers import BaseSampler
    from optuna.trial import FrozenTrial
    from optuna.trial import Trial as OptunaTrial

    from isoperf.trials._samplers import Searcher

__all__ = ["Asked", "Measure", "Study", "StudyResult"]

MOST_DISTINCT = 20_000
MOST_RETRIES = 2  # a configuration that ended its process this often is not tried again
UNOWNED = timedelta(seconds=60)  # a running trial without an owner is younger than this, or its process died
_PLAN = "isoperf:study"


@final
class Study:
    """Configurations of a space, tried one after the other or side by side.

    Parameters
    ----------
    space : a Space, or its parameters as texts, such as ``["threads=1..16", "mode=fast|small"]``.
    minimise, maximise : names of the metrics; several make a front.
    constraints : limits on metrics, such as ``"memory_gb <= 16"``.
    storage : where trials are kept: a journal file, a SQLite file (.db), a database URL; None is memory.
    sampler : a name, an Optuna sampler, or an object with ``propose(space, trials, rng)``.
    pruner : a name or an Optuna pruner; it judges trials that report on their way.
    distinct : try no configuration twice, and end when all are tried; for measurements without
        noise in a space of at most 20,000 configurations.
    usd_per_hour : price of an hour of measuring, for trials that tell no cost of their own.
    seed : the one source of chance; a study broken off proposes what it would have proposed.

    Raises
    ------
    OptionError : the storage holds another study, or an option cannot be used.
    OutputError : the storage cannot be read or written.

    Examples
    --------
    >>> study = Study(["x=-5..5:float"], minimise="loss", sampler="random", seed=1)
    >>> found = study.run(lambda trial: (trial["x"] - 2) ** 2, budget=20)
    >>> found.spent.n_trials, abs(found.best.configuration["x"] - 2) < 1
    (20, True)
    """

    def __init__(
        self,
        space: Space | Dimension | str | Iterable[Dimension | str],
        *,
        minimise: str | Sequence[str] = (),
        maximise: str | Sequence[str] = (),
        constraints: Sequence[Constraint | str] = (),
        storage: str | Path | None = None,
        name: str = "isoperf",
        sampler: str | BaseSampler | Searcher = "tpe",
        pruner: str | BasePruner | None = None,
        usd_per_hour: float = 0.0,
        distinct: bool = False,
        seed: int = 0,
    ) -> None:
        optuna_or_say()
        from isoperf.trials._samplers import distributions

        self.space = Space.of(space)
        self.objectives = objectives_of(minimise, maximise)
        self.constraints = tuple(Constraint.parse(one) if isinstance(one, str) else one for one in constraints)
        self.storage, self.name, self.seed, self.usd_per_hour = storage, name, seed, usd_per_hour
        self.distinct = distinct
        if distinct and self.space.n_configurations > MOST_DISTINCT:
            raise OptionError(
                f"distinct needs a space of at most {MOST_DISTINCT:,} configurations, found "
                f"{self.space.n_configurations:g}. Leave it out: such a space is hardly tried twice."
            )
        self._distributions = distributions(self.space)
        self._lock = threading.RLock()
        self._settled: list[Trial] = []
        self._settled_spent = Spent(0, Cost())
        self._finished: dict[int, Trial] = {}
        self._recalled: set[tuple[Any, ...]] | None = None
        self._asked: dict[int, OptunaTrial] = {}
        self._searcher, self._study = self._begin(sampler, pruner)
        with guarded(storage):
            self._presence = Presence(file_of(storage))
        try:
            self.n_returned = self._reclaim()
            self._presence.share()
        except BaseException:
            self._presence.leave()
            raise

    def _begin(
        self, sampler: str | BaseSampler | Searcher, pruner: str | BasePruner | None
    ) -> tuple[Searcher | None, OptunaStudy]:
        """Make the study in its storage, or take up the one that is there."""
        import optuna

        from isoperf.trials._samplers import Distinct, Proposed, Searcher, make_pruner, make_sampler, quietly

        searcher = sampler if isinstance(sampler, Searcher) else None
        chosen = Proposed() if isinstance(sampler, Searcher) else make_sampler(sampler, self.seed, self.space)
        if self.distinct and not isinstance(chosen, Proposed):
            chosen = Distinct(chosen, self.space, self.seed, self._tried)
        stored = open_storage(self.storage)
        plan = {
            "space": list(self.space.texts()),
            "objectives": [str(one) for one in self.objectives],
            "constraints": [str(one) for one in self.constraints],
        }
        spoken = optuna.logging.get_verbosity()
        optuna.logging.set_verbosity(max(spoken, optuna.logging.WARNING))
        try:
            with guarded(self.storage):
                study = optuna.create_study(
                    storage=stored,
                    study_name=self.name,
                    load_if_exists=True,
                    sampler=chosen,
                    pruner=make_pruner(pruner),
                    directions=["maximize" if one.maximise else "minimize" for one in self.objectives],
                )
                before = study.user_attrs.get(_PLAN)
                if before is None:
                    study.set_user_attr(_PLAN, plan)
                    quietly(lambda: study.set_metric_names([one.name for one in self.objectives]))
                    before = plan
        finally:
            optuna.logging.set_verbosity(spoken)
        _same_plan(before, plan, str(self.storage))
        return searcher, study

    def ask(self) -> Asked:
        """Return the next trial: from the queue, else as the sampler proposes.

        Raises
        ------
        OutputError : the storage refused.
        """
        from isoperf.trials._records import OWNER
        from isoperf.trials._samplers import Proposed

        with self._lock, guarded(self.storage):
            if isinstance(self._study.sampler, Proposed) and self._searcher is not None:
                trials = self.trials()
                rng = np.random.default_rng([self.seed, len(trials)])
                self._study.sampler.configuration = self.space.check(self._searcher.propose(self.space, trials, rng))
            live = self._study.ask(self._distributions)
            live.set_user_attr(OWNER, owner())
            self._asked[live.number] = live
            configuration = self.space.check(live.params)
        return Asked(live.number, configuration, _live=live, _lock=self._lock)

    def tell(
        self, trial: Asked | int, outcome: Outcome | None = None, *, cost: Cost | None = None, pruned: bool = False
    ) -> Trial:
        """Keep what a trial gave; it is finished with this, and stays so whatever happens next.

        Parameters
        ----------
        trial : what `ask` returned, or its number.
        outcome : a number, named metrics, Measured or Failure; an unusable one counts as a failure.
        cost : what it took; by default the seconds since `ask`.
        pruned : it was stopped on its way.

        Raises
        ------
        OptionError : the trial is not under way here. OutputError : the storage refused.
        """
        number = trial if isinstance(trial, int) else trial.number
        if number not in self._asked:
            raise OptionError(f"trial {number} is not under way in this study. Tell each trial once, after ask().")
        seconds = time.monotonic() - trial.began if isinstance(trial, Asked) else 0.0
        measured, failure = None, outcome if isinstance(outcome, Failure) else None
        if failure is None and not pruned:
            try:
                measured = measured_from({} if outcome is None else outcome, self.objectives, self.constraints)
            except OptionError as problem:
                failure = Failure(str(problem))
        own = measured.cost if measured else failure.cost if failure else None
        if isinstance(outcome, Measured) and own is None:
            own = outcome.cost
        paid = cost or own or Cost(seconds)
        if not paid.usd and self.usd_per_hour:
            paid = Cost(paid.seconds, paid.seconds / 3600 * self.usd_per_hour)
        with self._lock, guarded(self.storage):
            told = self._record(number, measured, failure, paid, trial if isinstance(trial, Asked) else None)
        return told

    def _record(
        self, number: int, measured: Measured | None, failure: Failure | None, cost: Cost, asked: Asked | None
    ) -> Trial:
        from optuna.trial import TrialState

        from isoperf.trials._records import KEPT, kept

        live = self._asked[number]
        for step, value in (asked.curve if asked and asked._live is None else {}).items():
            live.report(value, step)
        for one in self.constraints if measured else ():
            live.set_constraint(str(one), one.excess(measured.metrics[one.name]))  # type: ignore[union-attr]
        reason, tail = (failure.reason, failure.tail) if failure else ("", "")
        live.set_user_attr(KEPT, kept(measured, cost, reason, tail))
        if measured is not None:
            self._study.tell(live, [measured.metrics[one.name] for one in self.objectives])
        else:
            self._study.tell(live, state=TrialState.FAIL if failure else TrialState.PRUNED)
        del self._asked[number]
        return self._read(self._study._storage.get_trial(live._trial_id))

    def enqueue(self, *configurations: Mapping[str, Any]) -> int:
        """Put configurations at the head of the queue; return how many were new to the study.

        Raises
        ------
        OptionError : one lies outside the space. OutputError : the storage refused.
        """
        checked = [self.space.check(one) for one in configurations]
        known = {key_of(trial.configuration) for trial in self.trials() if not trial.past and not trial.interrupted}
        n_new = 0
        with self._lock, guarded(self.storage):
            for one in checked:
                if key_of(one) not in known:
                    known.add(key_of(one))
                    self._study.enqueue_trial(one)
                    n_new += 1
        return n_new

    def recall(self, configuration: Mapping[str, Any], outcome: Outcome) -> bool:
        """Let the sampler learn from a trial of the past; it costs nothing and is never the best.

        Returns
        -------
        Whether it was new: a configuration recalled twice with the same values is kept once.

        Raises
        ------
        OptionError : it lies outside the space, or a metric is missing.
        """
        from isoperf.trials._records import past_trial

        checked = self.space.check(configuration)
        measured = measured_from(outcome, self.objectives, self.constraints)
        values = tuple(measured.metrics[one.name] for one in self.objectives)
        limits = {str(one): one.excess(measured.metrics[one.name]) for one in self.constraints}
        with self._lock:
            if self._recalled is None:
                self._recalled = {(key_of(one.configuration), one.values) for one in self.trials() if one.past}
            if (key_of(checked), values) in self._recalled:
                return False
            with guarded(self.storage):
                self._study.add_trial(past_trial(checked, self.space, values, measured, limits))
            self._recalled.add((key_of(checked), values))
        return True

    def recall_table(self, table: Observations) -> int:
        """Recall every row of a table of past trials that lies in the space; return how many were new.

        Raises
        ------
        DataError : the table lacks a parameter or a metric.
        """
        wanted = dict.fromkeys([*(one.name for one in self.objectives), *(one.name for one in self.constraints)])
        table.require(*self.space.names, *wanted)
        n_new = 0
        for row in table.to_dicts():
            configuration = {name: _plain(row[name]) for name in self.space.names}
            metrics = {name: row[name] for name in wanted}
            usable = all(isinstance(value, int | float) and np.isfinite(value) for value in metrics.values())
            if usable and self.space.holds(configuration):
                n_new += self.recall(configuration, metrics)
        return n_new

    def trials(self) -> tuple[Trial, ...]:
        """Every trial so far, in the order of their numbers."""
        with self._lock, guarded(self.storage):
            rest = self._unsettled()
            return (*self._settled, *rest)

    def _unsettled(self) -> list[Trial]:
        """Trials from the first unfinished one on; those before it are settled for good."""
        found = self._study._storage.get_all_trials(self._study._study_id, deepcopy=False)
        rest = [self._read(frozen) for frozen in found[len(self._settled) :]]
        n_new = next((at for at, trial in enumerate(rest) if not trial.finished), len(rest))
        self._settled += rest[:n_new]
        self._settled_spent += spent_on(rest[:n_new])
        for trial in rest[:n_new]:
            self._finished.pop(trial.number, None)
        return rest[n_new:]

    def _tried(self) -> set[Any]:
        """Configurations that are known or under way; a trial just asked for has none yet."""
        whole = len(self.space)
        tried = (one for one in self.trials() if not one.past and not one.interrupted)
        return {key_of(one.configuration) for one in tried if len(one.configuration) == whole}

    @property
    def exhausted(self) -> bool:
        """Whether a study of distinct configurations has tried them all."""
        return self.distinct and len(self._tried()) >= self.space.n_configurations

    def spent(self) -> Spent:
        """What the finished trials took."""
        with self._lock, guarded(self.storage):
            rest = self._unsettled()
            return self._settled_spent + spent_on(rest)

    def result(self, *, level: float = 0.9, budget: Budget | None = None) -> StudyResult:
        """Return what is known now."""
        return StudyResult(
            self.space,
            self.objectives,
            self.constraints,
            self.trials(),
            level=level,
            budget=budget,
            storage=None if self.storage is None else str(self.storage),
            n_returned=self.n_returned,
        )

    def run(
        self,
        measure: Measure,
        *,
        budget: Budget | str | int,
        workers: int = 1,
        executor: Where | None = None,
        stop: Callable[[Sequence[Trial]], bool] | None = None,
        level: float = 0.9,
        progress: Progress | None = None,
    ) -> StudyResult:
        """Try configurations until the budget is used; what earlier runs used counts too.

        Parameters
        ----------
        measure : takes the trial (``trial["threads"]``) and returns a number, named metrics,
            Measured or Failure; an error that it raises is a failed trial.
        budget : 100 trials, "600s" of measuring, "5usd", or several with commas.
        workers : trials at once.
        executor : where they are measured: None for threads of this process, ``local`` for processes, where
            ``measure`` computes in Python, or a cluster; see :mod:`isoperf.executors`. The trials stay here.
        stop : sees all trials after each one and may end the run.
        """
        from isoperf.trials._running import run

        limit = Budget.of(budget)
        run(self, measure, limit, workers=workers, executor=executor, stop=stop, progress=progress)
        return self.result(level=level, budget=limit)

    @property
    def optuna(self) -> OptunaStudy:
        """The study as Optuna knows it, for its own tools."""
        return self._study

    def note(self, name: str, value: Any) -> None:
        """Keep a JSON-ready fact with the study."""
        with self._lock, guarded(self.storage):
            self._study.set_user_attr(name, value)

    def notes(self) -> dict[str, Any]:
        """What was noted."""
        with self._lock, guarded(self.storage):
            return {name: value for name, value in self._study.user_attrs.items() if name != _PLAN}

    def give_back(self, trial: Asked | int) -> None:
        """Return a trial under way to the queue, its measurement abandoned."""
        number = trial if isinstance(trial, int) else trial.number
        with self._lock, guarded(self.storage):
            live = self._asked.pop(number)
            self._return(self._study._storage.get_trial(live._trial_id))

    def close(self) -> None:
        """Return what is still under way to the queue, and leave the storage."""
        for number in tuple(self._asked):
            self.give_back(number)
        self._presence.leave()
        self._study._storage.remove_session()

    def __enter__(self) -> Study:
        return self

    def __exit__(self, *problem: object) -> None:
        self.close()

    def _read(self, frozen: FrozenTrial) -> Trial:
        from isoperf.trials._records import read_trial

        found = self._finished.get(frozen.number)
        if found is None:
            found = read_trial(frozen, self.space, [one.name for one in self.objectives])
            if found.finished:
                self._finished[frozen.number] = found
        return found

    def _reclaim(self) -> int:
        """Return to the queue what processes that ended left under way; return how many those were."""
        from isoperf.trials._records import OWNER

        with self._lock, guarded(self.storage):
            every = self._study._storage.get_all_trials(self._study._study_id, deepcopy=False)
            left = [frozen for frozen in every if frozen.state.name == "RUNNING"]
            server = self.storage is not None and file_of(self.storage) is None
            dead = [
                frozen
                for frozen in left
                if (self._presence.alone and not server)
                or is_gone(frozen.user_attrs.get(OWNER))
                or (OWNER not in frozen.user_attrs and _is_old(frozen.datetime_start))
            ]
            for frozen in dead:
                self._return(frozen)
        return len(dead)

    def _return(self, frozen: FrozenTrial) -> None:
        """Queue a trial's configuration again, then mark the trial; broken off in between, nothing doubles."""
        import optuna
        from optuna.trial import TrialState

        from isoperf.trials._records import KEPT, RETRY, kept

        every = self._study._storage.get_all_trials(self._study._study_id, deepcopy=False)
        retries = {one.user_attrs[RETRY]: one.number for one in every if RETRY in one.user_attrs}
        origin: dict[int, int] = {number: before for before, number in retries.items()}
        n_before, at = 0, frozen.number
        while at in origin:
            n_before, at = n_before + 1, origin[at]
        given = {**frozen.system_attrs.get("fixed_params", {}), **frozen.params}
        whole = all(name in given for name in self.space.names)
        again = whole and n_before < MOST_RETRIES
        record = frozen.user_attrs.get(KEPT, {}).get("metrics")
        if record is not None:  # it was told, all but the last word
            values = [record[one.name] for one in self.objectives]
            self._study._storage.set_trial_state_values(frozen._trial_id, TrialState.COMPLETE, values)
            return
        if again and frozen.number not in retries:
            self._study.enqueue_trial(given, user_attrs={RETRY: frozen.number})
        reason = INTERRUPTED if again or not whole else f"its process ended {n_before + 1} times"
        try:
            self._study._storage.set_trial_user_attr(frozen._trial_id, KEPT, kept(None, Cost(), reason))
            self._study._storage.set_trial_state_values(frozen._trial_id, TrialState.FAIL)
        except optuna.exceptions.UpdateFinishedTrialError:
            return  # another process has settled it


def _same_plan(before: Mapping[str, list[str]], now: Mapping[str, list[str]], storage: str) -> None:
    for part, told in now.items():
        if list(before.get(part, [])) != told:
            raise OptionError(
                f"the study {storage!r} was begun with {part} {', '.join(before.get(part, [])) or 'none'}; now "
                f"{', '.join(told) or 'none'}. Go on with the same, or begin a study in another file."
            )


def _is_old(begun: datetime | None) -> bool:
    return begun is None or datetime.now() - begun > UNOWNED


def _plain(value: Any) -> Any:
    """A whole number from a table of floats, as a choice among whole numbers is written."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
