"""A real Dask cluster of separate processes, some of which are killed on the way: the numbers of one process."""

from __future__ import annotations

import socket
import subprocess
import time
from contextlib import closing
from dataclasses import asdict
from typing import Any

import numpy as np
import pytest

from isoperf import Observations, datasets, fit_groups, league, rank_models, tune
from isoperf.errors import OptionError, WorkerError
from isoperf.executors import collect, executor_of, run, simulate
from isoperf.executors.dask import DaskExecutor
from isoperf.predict.laws.league import League
from isoperf.trials.study import Study
from tests.unit import executor_tasks as tasks
from tests.unit.dask_cluster import Cluster, dask_cluster

pytest.importorskip("distributed", reason="Dask is not installed")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with dask_cluster(tmp_path_factory.mktemp("dask"), 2) as running:
        yield running


@pytest.fixture
def dask(cluster: Cluster) -> str:
    return f"dask:{cluster.address}"


def outcome(made: League) -> list[str]:
    """Every number of every entry but the time it took, to the last digit."""
    return [repr({**asdict(entry), "seconds": None}) for entry in made.entries]


def test_the_league_is_the_same_with_a_worker_killed_midway(cluster: Cluster, dask: str) -> None:
    runs = datasets.load("stdlib_lm").where("n_steps > 1000")
    options: dict[str, Any] = {"factors": (2.0, 3.0, 4.0, 5.0), "guests": False}
    here = league(runs, executor="serial", **options)
    doomed: list[subprocess.Popen[bytes]] = []
    told: list[tuple[int, int]] = []

    def progress(done: int, total: int) -> None:
        told.append((done, total))
        if done == 1:
            workers = [one for one in cluster.processes[1:] if one.poll() is None]
            held = {one.pid: cluster.n_tasks(one.pid) for one in workers}
            doomed.append(max(workers, key=lambda one: held[one.pid]))
            assert held[doomed[0].pid] > 0, "the worker to be killed holds a contest"
            doomed[0].kill()

    there = league(runs, executor=dask, progress=progress, **options)
    assert doomed[0].wait() == -9
    assert told == [(n, 4) for n in range(5)]
    assert outcome(there) == outcome(here)
    cluster.start_worker()
    cluster.wait(2)


def test_simulations_and_linear_algebra_are_the_same(dask: str) -> None:
    assert simulate(tasks.scaled_mean, 9, shared=2.0, seed=3, executor=dask) == simulate(
        tasks.scaled_mean, 9, shared=2.0, seed=3, executor="serial"
    )
    sizes = [150, 301, 302]
    assert collect(tasks.product, sizes, executor=dask) == collect(tasks.product, sizes, executor="serial")


def test_a_client_in_use_stays_open_and_needs_no_words(cluster: Cluster) -> None:
    from distributed import Client

    with Client(cluster.address) as client:
        assert collect(tasks.add_square, range(3), shared=1, executor=client) == [1, 2, 5]
        assert collect(tasks.add_square, range(3), shared=1, executor="dask") == [1, 2, 5]
        assert client.status == "running"
        assert collect(lambda shared, task: shared + task, [1, 2], shared=1, executor=client) == [2, 3]  # by value


def test_an_address_may_come_from_a_file_or_from_dasks_configuration(cluster: Cluster) -> None:
    import dask as engine

    assert collect(tasks.add_square, [2], shared=0, executor=f"dask:{cluster.scheduler_file}") == [4]
    with engine.config.set(scheduler_address=cluster.address):
        assert collect(tasks.add_square, [2], shared=0, executor="dask") == [4]
    with pytest.raises(OptionError, match="DASK_SCHEDULER_ADDRESS"):
        collect(tasks.add_square, [2], shared=0, executor="dask")
    with pytest.raises(OptionError, match="scheduler file that cannot be read"):
        collect(tasks.add_square, [2], shared=0, executor="dask:nowhere.json")


def test_a_tasks_own_error_comes_back(dask: str) -> None:
    with pytest.raises(ValueError, match="task 2 is refused"):
        collect(tasks.refuse, range(4), executor=dask)


def test_workers_keep_nothing_of_what_is_done(cluster: Cluster, dask: str) -> None:
    from distributed import Client

    collect(tasks.add_square, range(4), shared=1, executor=dask)
    with Client(cluster.address, set_as_default=False) as client:
        assert not any(client.has_what().values())


def test_leaving_early_cancels_what_is_queued(cluster: Cluster, dask: str) -> None:
    from distributed import Client

    with closing(run(tasks.who, [0.0, *[0.4] * 20], executor=dask)) as ended:
        next(ended)
    with Client(cluster.address, set_as_default=False) as client:
        end = time.monotonic() + 3.0  # twenty tasks on two workers would take four seconds
        while client.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.tasks)):
            assert time.monotonic() < end, "tasks are left"
            time.sleep(0.1)


def test_a_study_is_measured_on_the_cluster(dask: str) -> None:
    here, there = (
        Study(["x=1..9"], minimise="loss", sampler="tpe", seed=4).run(tasks.bowl, budget=6, executor=one)
        for one in (None, dask)
    )
    assert [(one.configuration, one.values) for one in there.trials] == [
        (one.configuration, one.values) for one in here.trials
    ]


def test_tune_keeps_the_journal_here_and_measures_there(tmp_path, dask: str) -> None:
    ask: dict[str, Any] = {
        "param": ("x=1..40",),
        "command": "echo loss={x}",
        "minimise": ("loss",),
        "budget": "6",
        "workers": 2,
    }
    kept = tmp_path / "study.journal"
    there = tune(executor=dask, study=str(kept), sampler="random", seed=2, **ask)
    here = tune(sampler="random", seed=2, **ask)
    assert kept.exists() and there.where["executor"] == dask
    assert {one.number: one.values for one in there.found.trials} == {
        one.number: one.values for one in here.found.trials
    }
    with pytest.raises(OptionError, match="pruner"):
        tune(executor=dask, pruner="median", **ask)
    with pytest.raises(OptionError, match="again"):
        tune(executor=dask, again=3, **ask)


def test_ratings_and_fits_of_groups_are_the_same(monkeypatch, dask: str) -> None:
    votes = datasets.load("planted_votes")
    here, there = (rank_models(votes, n_bootstrap=200, executor=one).as_dict() for one in ("serial", dask))
    assert there == here
    monkeypatch.setattr("isoperf.predict.laws.fit_groups.BATCH_CELLS", 5_000)
    curves = datasets.load("stdlib_lm_curves").take(np.arange(100))
    alone, spread = (
        fit_groups(curves, by=("run",), law="pow3", x="n_tokens", n_bootstrap=50, executor=one)
        for one in ("serial", dask)
    )
    for label, fit in alone.by_group.items():
        assert fit.values == spread[label].values
        np.testing.assert_array_equal(fit.draws, spread[label].draws)


def test_no_scheduler_is_told_in_time(monkeypatch) -> None:
    monkeypatch.setattr("isoperf.executors.dask.CONNECT", 1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        for port in (silent.getsockname()[1], 1):
            with pytest.raises(WorkerError, match=rf"no Dask scheduler answers at tcp://127.0.0.1:{port} within 1 s"):
                collect(tasks.add_square, [2], shared=0, executor=f"dask:tcp://127.0.0.1:{port}")
    with pytest.raises(WorkerError, match="unknown address scheme"):
        collect(tasks.add_square, [2], shared=0, executor="dask:nonsense://host:1")


def test_a_cluster_without_workers_is_not_waited_for_ever(tmp_path) -> None:
    with dask_cluster(tmp_path, 0) as lonely, pytest.raises(WorkerError, match=r"no worker for 0\.5 s"):
        collect(tasks.add_square, [2], shared=0, executor=DaskExecutor(lonely.address, patience=0.5))


@pytest.mark.slow
def test_a_task_that_kills_its_workers_is_named(tmp_path) -> None:
    with (
        dask_cluster(tmp_path, 3, allowed_failures=1) as small,
        # Dask also suspects tasks that were waiting on the workers which it lost, so it may name one of those
        pytest.raises(WorkerError, match=r"task \d of 3 lost its worker for good: 2 workers ended"),
    ):
        collect(tasks.die, range(3), executor=executor_of(f"dask:{small.address}"))


@pytest.mark.slow
def test_a_lost_scheduler_is_told(tmp_path) -> None:
    with dask_cluster(tmp_path, 1) as short_lived:

        def progress(done: int, total: int) -> None:
            short_lived.processes[0].kill()

        with pytest.raises(WorkerError, match="connection to the Dask scheduler was lost"):
            collect(tasks.who, [0.0, 30.0], executor=DaskExecutor(short_lived.address, patience=5.0), progress=progress)


@pytest.mark.slow
def test_a_large_league_is_the_same_with_workers_killed_and_replaced(tmp_path) -> None:
    runs = datasets.load("stdlib_lm")
    both = Observations.from_columns(
        {
            **{name: np.concatenate([runs[name]] * 3) for name in ("n_params", "n_tokens", "loss")},
            "recipe": np.repeat(["a", "b", "c"], len(runs)),
        }
    )
    options: dict[str, Any] = {"by": ("recipe",), "factors": (2.0, 3.0, 5.0, 10.0), "guests": False}
    here = league(both, executor="serial", **options)
    with dask_cluster(tmp_path, 2) as running:

        def progress(done: int, total: int) -> None:
            if done in (2, 6):
                next(one for one in running.processes[1:] if one.poll() is None).kill()
                running.start_worker()

        there = league(both, executor=f"dask:{running.address}", progress=progress, **options)
    assert outcome(there) == outcome(here)
