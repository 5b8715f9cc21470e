"""Executors: the same numbers anywhere, lost processes made good, errors that say what is wrong."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_info

from isoperf import OptionError
from isoperf.errors import MissingExtraError, WorkerError
from isoperf.executors import LocalExecutor, SerialExecutor, collect, executor_of, run, simulate
from isoperf.executors import _parcel as parcels
from isoperf.executors._threads import one_thread
from isoperf.trials.study import Study
from tests.unit import executor_tasks as tasks


def _blas_threads() -> set[int]:
    return {one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"}


@pytest.mark.parametrize("executor", ["serial", "local:1", "local:2", LocalExecutor(3), SerialExecutor()])
def test_results_come_in_the_order_of_the_tasks(executor) -> None:
    told: list[tuple[int, int]] = []
    found = collect(
        tasks.add_square,
        range(7),
        shared=0.5,
        executor=executor,
        progress=lambda done, total: told.append((done, total)),
    )
    assert found == [0.5 + n * n for n in range(7)]
    assert told == [(n, 7) for n in range(1, 8)]


def test_no_task_gives_nothing() -> None:
    assert collect(tasks.add_square, [], executor="local:2") == []


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32), n=st.integers(1, 6))
def test_a_simulation_repeats_itself_and_begins_alike_whatever_its_length(seed: int, n: int) -> None:
    found = simulate(tasks.normal_mean, n, seed=seed, executor="serial")
    longer = simulate(tasks.normal_mean, n + 2, seed=seed, executor="serial")
    assert found == longer[:n]
    assert len(set(longer)) == n + 2


def test_a_simulation_is_the_same_in_processes() -> None:
    alone, spread = (simulate(tasks.scaled_mean, 5, shared=2.0, seed=3, executor=one) for one in ("serial", "local:2"))
    assert alone == spread
    expected = [
        2.0 * float(np.random.default_rng(own).normal(size=100).mean()) for own in np.random.SeedSequence(3).spawn(5)
    ]
    assert alone == expected


def test_linear_algebra_is_the_same_in_processes() -> None:
    sizes = [150, 301, 302, 303]
    alone, spread = (collect(tasks.product, sizes, executor=one) for one in ("serial", "local:2"))
    assert alone == spread


def test_linear_algebra_keeps_to_one_thread_inside_alone() -> None:
    before = _blas_threads()
    with one_thread(), one_thread():
        assert _blas_threads() == {1}
    assert _blas_threads() == before
    with one_thread(False):
        assert _blas_threads() == before


def test_tasks_run_in_other_processes_side_by_side() -> None:
    found = collect(tasks.who, [0.3, 0.3, 0.0, 0.0], executor="local:2")
    assert os.getpid() not in found
    assert len(set(found)) == 2


@pytest.mark.parametrize("executor", ["local", "local:4"])
def test_a_single_task_and_brief_ones_stay_here(executor: str) -> None:
    assert collect(tasks.who, [0.0], executor=executor) == [os.getpid()]
    assert set(collect(tasks.who, [0.0] * 3, executor=executor, brief=True)) == {os.getpid()}


def test_a_killed_process_is_replaced_and_its_task_run_again(tmp_path) -> None:
    flag = tmp_path / "died"
    assert collect(tasks.die_once, range(5), shared=str(flag), executor="local:2") == list(range(5))
    assert flag.exists()


def test_a_task_that_kills_every_process_is_named() -> None:
    with pytest.raises(WorkerError, match=r"task 2 of 4 \(the 1st\) lost its worker 4 times.*signal 9") as raised:
        collect(tasks.die, range(4), executor="local:2", label=lambda number: f"the {number}st")
    assert raised.value.exit_code == 2


@pytest.mark.parametrize("executor", ["serial", "local:2"])
def test_a_tasks_own_error_is_raised_as_it_is(executor: str) -> None:
    with pytest.raises(ValueError, match="task 2 is refused") as raised:
        collect(tasks.refuse, range(4), executor=executor)
    notes = getattr(raised.value, "__notes__", [])
    assert executor == "serial" or "in refuse" in notes[0]


def test_an_error_that_cannot_be_sent_is_told() -> None:
    with pytest.raises(RuntimeError, match="Unsendable: one two"):
        collect(tasks.raise_unsendable, range(2), executor="local:2")


def test_what_cannot_be_sent_is_refused() -> None:
    with pytest.raises(OptionError, match=r"cannot be sent to another process.*executor='serial'"):
        collect(lambda shared, task: task, range(2), executor="local:2")


def test_leaving_early_ends_the_processes() -> None:
    with closing(run(tasks.who, [0.0, 60.0, 60.0], executor="local:2")) as ended:
        number, _ = next(ended)
        assert number == 0
        begun = time.monotonic()
    assert time.monotonic() - begun < 5
    assert not [one for one in multiprocessing.active_children() if one.name == "isoperf-worker"]


INTERRUPTED = """
from isoperf.executors import collect
from tests.unit import executor_tasks as tasks
if __name__ == "__main__":
    tell = lambda done, total: print(done, flush=True)
    collect(tasks.who, [0.0, 60.0, 60.0, 60.0], executor="local:2", progress=tell)
"""


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_an_interrupt_ends_everything(tmp_path) -> None:
    script = tmp_path / "script.py"
    script.write_text(INTERRUPTED)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "1\n"
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the workers too
    _, error = process.communicate(timeout=10)
    assert error.rstrip().endswith("KeyboardInterrupt")
    assert error.count("Traceback") == 1, error
    assert _gone(process.pid), "processes of its group are left"


def _gone(group: int, patience: float = 5.0) -> bool:
    """Whether a group of processes has ended; what tracks shared memory for them follows a little later."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def test_a_script_without_a_guard_is_told_so(tmp_path) -> None:
    script = tmp_path / "script.py"
    script.write_text(INTERRUPTED.replace('if __name__ == "__main__":', "if True:"))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    ran = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, env=environment, timeout=30)
    assert "WorkerError: a worker could not start" in ran.stderr and "__main__" in ran.stderr


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("dsk:tcp://host:1", "Did you mean 'dask'"),
        ("", "no engine"),
        ("local:0", "above 0"),
        ("local:many", "above 0"),
        ("serial:2", "no engine"),
        ("ray:", "no engine"),
        (3, "no engine"),
    ],
)
def test_words_that_are_no_engine(given, words: str) -> None:
    with pytest.raises(OptionError, match="executor=") as raised:
        executor_of(given)
    assert words in str(raised.value)


@pytest.mark.parametrize("words", ["local", "local:4", "serial", "dask", "dask:tcp://host:8786", "ray", "ray:auto"])
def test_words_name_their_engine(words: str) -> None:
    assert executor_of(words).name == words


@pytest.mark.parametrize(("word", "module"), [("dask", "distributed"), ("ray", "ray")])
def test_a_missing_extra_is_named(monkeypatch, word: str, module: str) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingExtraError, match=rf"isoperf\[{word}\]"):
        collect(tasks.add_square, range(2), shared=1, executor=word)


def test_workers_of_another_version_are_refused() -> None:
    import pickle

    parcel = parcels.pack(tasks.add_square, 1.0, pickle.dumps, one_thread=True)
    assert parcels.call(parcel, pickle.dumps(3)) == 10.0
    older = replace(parcel, versions=(*parcel.versions[:2], ("numpy", "1.0")))
    with pytest.raises(WorkerError, match=r"has numpy .*, the caller 1\.0"):
        parcels.call(older, pickle.dumps(3))
    explained = parcels.explained(ModuleNotFoundError("No module named 'isoperf'", name="isoperf.executors"))
    assert "cannot import 'isoperf'. Install it on every worker" in str(explained)


def test_a_study_measures_in_processes_as_it_does_here() -> None:
    here, apart = (
        Study(["x=1..9"], minimise="loss", sampler="tpe", seed=4).run(tasks.bowl, budget=8, executor=one)
        for one in (None, "local")
    )
    assert [(one.configuration, one.values) for one in here.trials] == [
        (one.configuration, one.values) for one in apart.trials
    ]


def test_a_configuration_that_kills_its_process_fails_alone() -> None:
    found = Study(["x=1|2|3"], minimise="loss", sampler="random", distinct=True).run(
        tasks.deadly_bowl, budget=3, workers=2, executor="local"
    )
    assert {one.configuration["x"]: one.state for one in found.trials} == {1: "complete", 2: "failed", 3: "complete"}
    assert "signal 9" in found.failed[0].reason
