"""Many tasks through one engine: results as they end, lost workers made good, the same numbers everywhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from typing import Any

import numpy as np

from isoperf.errors import OptionError, WorkerError
from isoperf.estimate import check_seed
from isoperf.executors.base import Executor, Function, Progress, Where
from isoperf.executors.local import LocalExecutor
from isoperf.executors.serial import SerialExecutor
from isoperf.executors.words import executor_of

__all__ = ["MOST_LOSSES", "collect", "run", "simulate"]

MOST_LOSSES = 3  # workers that one task may lose before it is given up


def run(
    function: Function,
    tasks: Sequence[Any],
    *,
    shared: Any = None,
    executor: Where = "local",
    progress: Progress | None = None,
    label: Callable[[int], str] | None = None,
    brief: bool = False,
) -> Generator[tuple[int, Any], None, None]:
    """Yield each task's number and what ``function(shared, task)`` returned, as they end.

    A task whose worker is lost is started again, up to three times. Closing the iterator cancels the rest.

    Parameters
    ----------
    tasks : small things; what is large belongs to ``shared``, which every worker is sent once.
    label : names a task in an error.
    brief : all tasks together are done sooner than processes start, so local work stays in this one.

    Raises
    ------
    WorkerError : a task lost its worker too often, or the engine cannot be reached or used.
    OptionError : there is no such engine, or the work cannot be sent.
    """
    todo = list(tasks)
    losses: Counter[int] = Counter()
    done = 0
    with _fitting(executor_of(executor), len(todo), brief).open(function, shared) as session:
        for number, task in enumerate(todo):
            session.submit(number, task)
        while done < len(todo):
            for ended in session.wait():
                if ended.lost:
                    losses[ended.number] += 1
                    if session.recovers or losses[ended.number] > MOST_LOSSES:
                        raise _given_up(ended.number, len(todo), ended.lost, losses[ended.number], label)
                    session.submit(ended.number, todo[ended.number])
                    continue
                if ended.problem is not None:
                    raise ended.problem
                done += 1
                if progress is not None:
                    progress(done, len(todo))
                yield ended.number, ended.value


def collect(
    function: Function,
    tasks: Sequence[Any],
    *,
    shared: Any = None,
    executor: Where = "local",
    progress: Progress | None = None,
    label: Callable[[int], str] | None = None,
    brief: bool = False,
) -> list[Any]:
    """Return what :func:`run` yields, in the order of the tasks."""
    found: list[Any] = [None] * len(tasks)
    work = run(function, tasks, shared=shared, executor=executor, progress=progress, label=label, brief=brief)
    with closing(work) as ended:
        for number, value in ended:
            found[number] = value
    return found


def simulate(
    function: Callable[..., Any],
    n_repeats: int,
    *,
    shared: Any = None,
    seed: int = 0,
    executor: Where = "local",
    progress: Progress | None = None,
) -> list[Any]:
    """Repeat ``function(rng)``, or ``function(shared, rng)`` where something is shared, each with a rng of its own.

    The generators are spawned from the seed by the number of the repeat, so that neither the engine nor the
    number of workers changes a result.

    Raises
    ------
    OptionError : no repeat is asked for, or the seed is below 0.

    Examples
    --------
    >>> from isoperf.executors import simulate
    >>> found = simulate(lambda rng: rng.normal(), 3, executor="serial")
    >>> [round(x, 3) for x in found]
    [1.444, 0.805, 0.942]
    """
    if n_repeats < 1:
        raise OptionError(f"n_repeats must be 1 or more, found {n_repeats}.")
    seeds = np.random.SeedSequence(check_seed(seed)).spawn(n_repeats)
    given = (function, shared)
    return collect(_one_repeat, seeds, shared=given, executor=executor, progress=progress)


def _one_repeat(given: tuple[Callable[..., Any], Any], seed: np.random.SeedSequence) -> Any:
    function, shared = given
    rng = np.random.default_rng(seed)
    return function(rng) if shared is None else function(shared, rng)


def _fitting(executor: Executor, n_tasks: int, brief: bool) -> Executor:
    """A single task, or a brief one, would not repay the start of a process."""
    few = isinstance(executor, LocalExecutor) and (brief or n_tasks < 2 or executor.n_processes < 2)
    return SerialExecutor() if few else executor


def _given_up(number: int, total: int, why: str, times: int, label: Callable[[int], str] | None) -> WorkerError:
    name = f" ({label(number)})" if label is not None else ""
    often = f"{times} times" if times > 1 else "for good"
    return WorkerError(
        f"task {number + 1} of {total}{name} lost its worker {often}: {why}. It, or what ran beside it, may need "
        "more memory than a worker has: use fewer workers on a machine, or larger machines."
    )
