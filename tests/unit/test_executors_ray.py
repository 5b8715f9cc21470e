"""Ray on this machine: the numbers of one process, with worker processes killed on the way."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from isoperf import datasets, league
from isoperf.errors import WorkerError
from isoperf.executors import collect, simulate
from isoperf.trials.study import Study
from tests.unit import executor_tasks as tasks

ray = pytest.importorskip("ray", reason="Ray is not installed; it is an extra that the test tools leave out")
# Ray warns of settings that will change, and leaves sockets to the end of the interpreter.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]


@pytest.fixture(scope="module", autouse=True)
def engine():
    ray.init(num_cpus=2, include_dashboard=False, logging_level="ERROR", log_to_driver=False)
    yield
    ray.shutdown()


def test_simulations_and_linear_algebra_are_the_same() -> None:
    assert simulate(tasks.scaled_mean, 9, shared=2.0, seed=3, executor="ray") == simulate(
        tasks.scaled_mean, 9, shared=2.0, seed=3, executor="serial"
    )
    sizes = [150, 301, 302]
    assert collect(tasks.product, sizes, executor="ray") == collect(tasks.product, sizes, executor="serial")
    assert ray.is_initialized(), "a connection in use stays open"


def test_a_tasks_own_error_comes_back() -> None:
    with pytest.raises(ValueError, match="task 2 is refused"):
        collect(tasks.refuse, range(4), executor="ray")


def _busy(pid: int, patience: float = 2.0) -> bool:
    """Whether a worker is running a task; between two it is idle for a moment."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"ray::_call"):
            return True
    return False


def test_the_league_is_the_same_with_a_worker_killed_midway(tmp_path) -> None:
    flag = tmp_path / "died"
    assert collect(tasks.die_once, range(5), shared=str(flag), executor="ray") == list(range(5))
    assert flag.exists()
    options: dict[str, Any] = {"factors": (2.0, 3.0, 5.0, 7.0, 10.0), "guests": False}
    runs = datasets.load("stdlib_lm")
    workers = set(collect(tasks.who, [0.3, 0.3], executor="ray"))  # Ray goes on using the processes that it has

    def progress(done: int, total: int) -> None:
        if done == 1:
            assert any(map(_busy, workers)), "a worker to be killed holds a contest"
            for worker in workers:
                os.kill(worker, signal.SIGKILL)

    here = league(runs, executor="serial", **options)
    there = league(runs, executor="ray", progress=progress, **options)
    assert [repr({**asdict(entry), "seconds": None}) for entry in there.entries] == [
        repr({**asdict(entry), "seconds": None}) for entry in here.entries
    ]


def test_a_task_that_kills_its_workers_is_named() -> None:
    with pytest.raises(WorkerError, match="task 2 of 3 lost its worker for good: 4 tries"):
        collect(tasks.die, range(3), executor="ray")


def test_a_study_is_measured_on_the_engine() -> None:
    here, there = (
        Study(["x=1..9"], minimise="loss", sampler="tpe", seed=4).run(tasks.bowl, budget=6, executor=one)
        for one in (None, "ray")
    )
    assert [(one.configuration, one.values) for one in there.trials] == [
        (one.configuration, one.values) for one in here.trials
    ]
