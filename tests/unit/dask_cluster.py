"""A Dask cluster of separate processes on this machine, for tests."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

PATIENCE = 60.0
ROOT = Path(__file__).parents[2]


@dataclass
class Cluster:
    """A scheduler and its workers, started by Dask's own commands."""

    folder: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    allowed_failures: int = 3

    @property
    def scheduler_file(self) -> Path:
        return self.folder / "scheduler.json"

    @property
    def address(self) -> str:
        import json

        return str(json.loads(self.scheduler_file.read_text())["address"])

    def start_scheduler(self) -> None:
        self._start("scheduler", "--host", "127.0.0.1", "--port", "0")
        end = time.monotonic() + PATIENCE
        while not (self.scheduler_file.exists() and self.scheduler_file.read_text().rstrip().endswith("}")):
            assert time.monotonic() < end, "the scheduler did not start"
            time.sleep(0.05)

    def start_worker(self) -> subprocess.Popen[bytes]:
        """Start a process of one thread, without a nanny that would start it again."""
        return self._start("worker", "--host", "127.0.0.1", "--no-nanny", "--nthreads", "1")

    def wait(self, n_workers: int) -> None:
        from distributed import Client

        with Client(self.address, set_as_default=False) as client:
            client.wait_for_workers(n_workers, timeout=PATIENCE)

    def n_tasks(self, pid: int) -> int:
        """How many tasks the worker of a process runs or has queued."""
        from distributed import Client

        with Client(self.address, set_as_default=False) as client:
            pids = client.run(os.getpid)
            queued = client.processing()
        return sum(len(queued[address]) for address, own in pids.items() if own == pid)

    def _start(self, kind: str, *words: str) -> subprocess.Popen[bytes]:
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")]),
            "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": str(self.allowed_failures),
        }
        command = [sys.executable, "-m", f"distributed.cli.dask_{kind}", *words, "--no-dashboard"]
        process = subprocess.Popen(
            [*command, "--scheduler-file", str(self.scheduler_file)],
            cwd=self.folder,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.processes.append(process)
        return process


@contextmanager
def dask_cluster(folder: Path, n_workers: int, allowed_failures: int = 3) -> Iterator[Cluster]:
    """Start a cluster and end it."""
    cluster = Cluster(folder, allowed_failures=allowed_failures)
    try:
        cluster.start_scheduler()
        for _ in range(n_workers):
            cluster.start_worker()
        if n_workers:
            cluster.wait(n_workers)
        yield cluster
    finally:
        for process in reversed(cluster.processes):
            process.kill()
            process.wait()
