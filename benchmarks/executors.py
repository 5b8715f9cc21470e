"""The same league on every executor, and what a task costs on each, beside a plain process pool and joblib.

Run ``python -m benchmarks.executors``; it prints the tables of the page on many machines. Rounds go over all
engines in turn, so that other load on the machine meets all alike; the quickest of each is told. Naps show how time
falls with workers where there are fewer cores than workers. Engines that are not installed are left out.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from multiprocessing import get_context
from typing import Any, TypeAlias

from benchmarks.markdown import table
from isoperf import datasets
from isoperf.executors import Where, collect
from isoperf.fitting.candidates import candidates
from isoperf.predict.laws._contest import Contest, Entry, contend

ROUNDS = 3
N_EMPTY = 1000
N_NAPS, NAP = 40, 0.2
FACTORS = (3.0, 4.0, 5.0, 7.0)
WORKERS = (1, 2, 4)
MOST_AT_WORK = 2  # processes for the league, which needs cores

Engine: TypeAlias = Callable[[Callable[[Any, Any], Any], Sequence[Any], Any], list[Any]]


def nothing(shared: Any, task: int) -> int:
    """An empty task."""
    return task


def nap(shared: Any, task: int) -> None:
    """A task that waits for something else than this machine's cores."""
    time.sleep(NAP)


def hold(contests: Sequence[Contest], number: int) -> list[Entry]:
    """Hold one contest."""
    return contend(contests[number])


class _Given:
    """A function with what its tasks share, for engines that know of neither."""

    def __init__(self, function: Callable[[Any, Any], Any], shared: Any) -> None:
        self.function, self.shared = function, shared

    def __call__(self, task: Any) -> Any:
        return self.function(self.shared, task)


def ours(executor: Where) -> Engine:
    """An executor of Isoperf."""
    return lambda function, tasks, shared: collect(function, tasks, shared=shared, executor=executor)


def pool(n: int) -> Engine:
    """The standard library's pool of spawned processes."""

    def run(function: Callable[[Any, Any], Any], tasks: Sequence[Any], shared: Any) -> list[Any]:
        with ProcessPoolExecutor(n, mp_context=get_context("spawn")) as processes:
            return list(processes.map(_Given(function, shared), tasks))

    return run


def joblib(n: int) -> Engine:
    """Joblib with new processes each time, as the others have."""

    def run(function: Callable[[Any, Any], Any], tasks: Sequence[Any], shared: Any) -> list[Any]:
        from joblib import Parallel, delayed
        from joblib.externals.loky import get_reusable_executor

        made = list(Parallel(n_jobs=n)(delayed(function)(shared, task) for task in tasks))
        get_reusable_executor().shutdown(wait=True)
        return made

    return run


@contextmanager
def engines() -> Iterator[dict[tuple[str, int], Engine]]:
    """Every engine with every number of workers; clusters are started before and ended after."""
    found: dict[tuple[str, int], Engine] = {("serial", 1): ours("serial")}
    with ExitStack() as stack:
        for n in WORKERS:
            found["ProcessPoolExecutor", n] = pool(n)
            if importlib.util.find_spec("joblib") and n > 1:  # with one it starts no process
                found["joblib", n] = joblib(n)
            if n > 1:
                found["local", n] = ours(f"local:{n}")
            if importlib.util.find_spec("distributed"):
                from distributed import Client, LocalCluster

                cluster = stack.enter_context(
                    LocalCluster(n_workers=n, threads_per_worker=1, dashboard_address=":0", host="127.0.0.1")
                )
                found["dask", n] = ours(stack.enter_context(Client(cluster, set_as_default=False)))
        if importlib.util.find_spec("ray"):
            import ray

            ray.init(num_cpus=max(WORKERS), include_dashboard=False, logging_level="ERROR")
            stack.callback(ray.shutdown)
            found["ray", max(WORKERS)] = ours("ray")
        yield found


def seconds(
    engine: Engine, function: Callable[[Any, Any], Any], tasks: Sequence[Any], shared: Any
) -> tuple[float, Any]:
    """Seconds of the clock, the start of local processes included, and what came back."""
    begun = time.perf_counter()
    made = engine(function, tasks, shared)
    return time.perf_counter() - begun, made


def outcome(made: Sequence[Sequence[Entry]]) -> list[str]:
    """Every number of every entry but the time it took."""
    return [repr({**asdict(entry), "seconds": None}) for entries in made for entry in entries]


def main() -> None:
    """Measure and print."""
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # for the pools that do not see to it themselves
    laws = tuple(candidates(datasets.load("stdlib_lm")))
    contests = tuple(Contest("stdlib_lm", "stdlib_lm", "", factor, laws, 0) for factor in FACTORS)
    jobs: dict[str, tuple[Callable[[Any, Any], Any], range, Any]] = {
        "two": (nothing, range(2), None),
        "empty": (nothing, range(N_EMPTY), None),
        "naps": (nap, range(N_NAPS), None),
        "league": (hold, range(len(contests)), contests),
    }
    quickest: dict[tuple[str, int, str], float] = {}
    expected: list[str] = []
    with engines() as found:
        for round_ in range(ROUNDS):
            print(f"round {round_ + 1} of {ROUNDS}", file=sys.stderr, flush=True)
            for (word, n), engine in found.items():
                for job, (function, tasks, shared) in jobs.items():
                    if job == "league" and n > MOST_AT_WORK:
                        continue
                    taken, made = seconds(engine, function, tasks, shared)
                    quickest[word, n, job] = min(taken, quickest.get((word, n, job), taken))
                    if job == "league":
                        expected = expected or outcome(made)
                        assert outcome(made) == expected, f"{word} found other numbers"
        names = list(found)
    print(f"{len(contests)} contests; quickest of {ROUNDS} rounds; every engine found the same numbers.\n")
    header = (
        "engine",
        "workers",
        f"{N_NAPS} naps, s",
        "times serial",
        "league, s",
        "two tasks, s",
        "a further task, ms",
    )
    print(table(header, [_row(word, n, quickest) for word, n in names]))


def _row(word: str, n: int, quickest: dict[tuple[str, int, str], float]) -> tuple[str, ...]:
    naps, two = quickest[word, n, "naps"], quickest[word, n, "two"]
    each = 1e3 * (quickest[word, n, "empty"] - two) / (N_EMPTY - 2)
    league = quickest.get((word, n, "league"))
    faster = quickest["serial", 1, "naps"] / naps
    return (
        word,
        str(n),
        f"{naps:.2f}",
        f"{faster:.2f}",
        "" if league is None else f"{league:.1f}",
        f"{two:.2f}",
        f"{max(each, 0.0):.2f}",
    )


if __name__ == "__main__":
    main()
