"""The loop of a study: ask, measure side by side, tell, until the budget is used."""

from __future__ import annotations

import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from isoperf.errors import OptionError, OutputError, WorkerError
from isoperf.executors import Ended, SerialExecutor, Session, Where, executor_of
from isoperf.fitting.engine import Progress
from isoperf.trials._side_by_side import Threads
from isoperf.trials.budget import Budget
from isoperf.trials.trial import Cost, Failure, Outcome, Trial

if TYPE_CHECKING:
    from isoperf.trials.study import Asked, Measure, Study

__all__ = ["run"]

TAIL = 20
MOST_LOSSES = 2  # a configuration that ends its process once more is not tried again
_Told = tuple["Outcome | None", bool, float, dict[int, float]]  # outcome, pruned, seconds, curve


class Pruned(Exception):
    """Raised by a measuring function to end a trial that the pruner gave up."""


def run(
    study: Study,
    measure: Measure,
    budget: Budget,
    *,
    workers: int,
    executor: Where | None,
    stop: Callable[[Sequence[Trial]], bool] | None,
    progress: Progress | None,
) -> None:
    """Measure until the budget is used or ``stop`` says so."""
    if workers < 1:
        raise OptionError(f"workers must be 1 or more, found {workers}.")
    loop = _Loop(study, measure, budget, workers, executor, stop, progress)
    try:
        with loop.open() as session:
            try:
                loop.run(session)
            except BaseException:
                loop.end()
                raise
    except BaseException:
        loop.give_back()
        raise


class _Loop:
    """What is under way."""

    def __init__(
        self,
        study: Study,
        measure: Measure,
        budget: Budget,
        workers: int,
        executor: Where | None,
        stop: Callable[[Sequence[Trial]], bool] | None,
        progress: Progress | None,
    ) -> None:
        self.study, self.measure, self.budget = study, measure, budget
        self.workers, self.executor, self.stop, self.progress = workers, executor, stop, progress
        self.under_way: dict[int, Asked] = {}
        self.losses: Counter[int] = Counter()
        self.ended = False

    def open(self) -> AbstractContextManager[Session]:
        """Begin where the trials are measured: threads see the live trial, which only they can prune."""
        if self.executor is not None:
            return executor_of(self.executor).open(_measure, self.measure, one_thread=False)
        if self.workers > 1:
            return Threads(_measure, self.measure, self.workers)
        return SerialExecutor().open(_measure, self.measure, one_thread=False)

    def run(self, session: Session) -> None:
        """Ask and tell until nothing may begin and nothing is under way."""
        self._say()
        while True:
            spent = self.study.spent()
            while not self.ended and not self.budget.reached(spent, len(self.under_way)):
                if len(self.under_way) >= self.workers or self.study.exhausted:
                    break
                self._begin(session)
            if not self.under_way:
                break
            for ended in session.wait():
                self._finish(session, ended)

    def _begin(self, session: Session) -> None:
        asked = self.study.ask()
        self.under_way[asked.number] = asked
        session.submit(asked.number, self._sent(asked))

    def _sent(self, asked: Asked) -> Asked:
        return asked if self.executor is None else asked.apart()

    def _finish(self, session: Session, ended: Ended) -> None:
        asked = self.under_way[ended.number]
        if ended.lost and not session.recovers and self.losses[ended.number] < MOST_LOSSES:
            self.losses[ended.number] += 1
            session.submit(ended.number, self._sent(asked))
            return
        outcome, pruned, seconds, curve = _told_by(ended)
        if self.executor is not None:
            asked = replace(asked, curve=curve, _live=None)
        own = getattr(outcome, "cost", None)
        try:
            self.study.tell(asked, outcome, cost=own or Cost(seconds), pruned=pruned)
        except OutputError as problem:
            raise OutputError(f"trial {asked.number} gave {_told(outcome)}, but was not kept: {problem}") from problem
        del self.under_way[asked.number]
        self._say()
        if self.stop is not None and not self.ended:
            self.ended = self.stop(self.study.trials())

    def _say(self) -> None:
        if self.progress is None:
            return
        spent = self.study.spent()
        if self.budget.n_trials is not None and self.budget.share(spent) == spent.n_trials / self.budget.n_trials:
            self.progress(spent.n_trials, self.budget.n_trials)
        else:
            self.progress(min(round(1000 * self.budget.share(spent)), 1000), 1000)

    def end(self) -> None:
        """End what is under way here."""
        end = getattr(self.measure, "end", None)
        if end is not None:
            end()

    def give_back(self) -> None:
        """Return what was under way to the queue, as far as the storage allows."""
        for asked in self.under_way.values():
            with suppress(OutputError, KeyError):
                self.study.give_back(asked)


def _told_by(ended: Ended) -> _Told:
    """What the measuring gave; a worker that was lost, or an answer that could not be sent, fails the trial."""
    problem = ended.problem
    if ended.lost:
        return Failure(f"what measured it ended: killed, or out of memory ({ended.lost})"), False, 0.0, {}
    if isinstance(problem, WorkerError) or (problem is not None and not isinstance(problem, Exception)):
        raise problem
    if problem is not None:
        return _failure(problem), False, 0.0, {}
    told: _Told = ended.value
    return told


def _measure(measure: Measure, asked: Asked) -> _Told:
    """Measure one configuration; whatever goes wrong is the trial's failure."""
    begun = time.monotonic()
    outcome: Outcome | None
    pruned = False
    try:
        outcome = measure(asked)
    except Pruned:
        outcome, pruned = None, True
    except Exception as problem:
        outcome = _failure(problem)
    return outcome, pruned, time.monotonic() - begun, asked.curve


def _failure(problem: Exception) -> Failure:
    lines = "".join(traceback.format_exception(problem)).splitlines()
    return Failure(f"{type(problem).__name__}: {problem}".partition("\n")[0], "\n".join(lines[-TAIL:]))


def _told(outcome: Outcome | None) -> str:
    return str(getattr(outcome, "metrics", outcome))
