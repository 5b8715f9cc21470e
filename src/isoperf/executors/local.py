"""Processes of this machine; one that is lost is replaced, and its task reported."""

from __future__ import annotations

import atexit
import os
import pickle
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from multiprocessing import connection, get_context
from multiprocessing.process import BaseProcess
from typing import Any

from isoperf.errors import WorkerError
from isoperf.executors._parcel import Parcel, pack, seal
from isoperf.executors._process import READY, serve
from isoperf.executors.base import Ended, Function, Session

__all__ = ["LocalExecutor"]

GRACE = 3.0  # seconds between asking a process to end and ending it
MOST_FAILED_STARTS = 3


@dataclass(frozen=True)
class LocalExecutor:
    """Spawned processes, one per core unless ``n_workers`` says otherwise."""

    n_workers: int | None = None

    @property
    def name(self) -> str:
        """The words that choose it."""
        return "local" if self.n_workers is None else f"local:{self.n_workers}"

    @property
    def n_processes(self) -> int:
        """How many processes work at most."""
        return self.n_workers or _n_cores()

    @contextmanager
    def open(self, function: Function, shared: Any, *, one_thread: bool = True) -> Iterator[Session]:
        """Begin; processes start when there are tasks for them, and end on leaving."""
        session = _Session(self.n_processes, pack(function, shared, pickle.dumps, one_thread=one_thread))
        atexit.register(session.close)  # else an abandoned session would keep the interpreter from ending
        try:
            yield session
        finally:
            session.close()
            atexit.unregister(session.close)


def _n_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class _Worker:
    """One process, the pipe to it, and the number of its task."""

    def __init__(self, one_thread: bool) -> None:
        context = get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process: BaseProcess = context.Process(target=serve, args=(theirs,), name="isoperf-worker")
        with _environment(OPENBLAS_NUM_THREADS="1") if one_thread else nullcontext():
            self.process.start()
        theirs.close()
        self.ready = False
        self.number: int | None = None

    def end(self) -> str:
        """Reap a process that has gone; say how it went."""
        self.pipe.close()
        self.process.join(GRACE)
        code = self.process.exitcode
        return f"its process was ended by signal {-code}" if code and code < 0 else f"its process ended with {code}"


class _Session:
    recovers = False

    def __init__(self, n_workers: int, parcel: Parcel) -> None:
        self.n_workers, self.parcel = n_workers, parcel
        self.content = pickle.dumps(parcel)
        self.workers: list[_Worker] = []
        self.queue: deque[tuple[int, bytes]] = deque()
        self.n_failed = 0

    def submit(self, number: int, task: Any) -> None:
        self.queue.append((number, seal(task, pickle.dumps)))

    def wait(self) -> list[Ended]:
        ended: list[Ended] = []
        while not ended:
            self._feed()
            if not self.queue and all(worker.number is None for worker in self.workers):
                break
            ready = connection.wait([worker.pipe for worker in self.workers])
            heard = [self._hear(worker) for worker in self.workers[:] if worker.pipe in ready]
            ended = [one for one in heard if one is not None]
        return ended

    def _feed(self) -> None:
        """Hand queued tasks to idle processes; start processes while tasks are waiting for one."""
        for worker in self.workers[:]:
            if self.queue and worker.ready and worker.number is None:
                number, task = self.queue.popleft()
                try:
                    worker.pipe.send_bytes(pickle.dumps((number, task)))
                    worker.number = number
                except OSError:
                    self.queue.appendleft((number, task))
                    self._lose(worker)
        n_coming = sum(not worker.ready for worker in self.workers)
        for _ in range(min(self.n_workers - len(self.workers), len(self.queue) - n_coming)):
            self.workers.append(_Worker(self.parcel.one_thread))

    def _hear(self, worker: _Worker) -> Ended | None:
        try:
            message = worker.pipe.recv_bytes()
            if message == READY:
                worker.ready = True
                worker.pipe.send_bytes(self.content)
                return None
        except (EOFError, OSError):
            return self._lose(worker)
        number, worker.number = worker.number, None
        assert number is not None
        try:
            value, problem, trace = pickle.loads(message)
        except Exception as unreadable:
            return Ended(number, problem=unreadable)
        if problem is not None:
            problem.add_note(f"In another process:\n{trace}")
        return Ended(number, value, problem)

    def _lose(self, worker: _Worker) -> Ended | None:
        """Forget a process that has gone; its task, if it had one, is lost."""
        self.workers.remove(worker)
        why = worker.end()
        if worker.number is not None:
            return Ended(worker.number, lost=why)
        self.n_failed += 1
        failed = not worker.ready and (worker.process.exitcode or 0) > 0
        if failed or self.n_failed > MOST_FAILED_STARTS:
            raise WorkerError(
                f"a worker could not start: {why}. In a script, put the call under if __name__ == '__main__':, as "
                "Python asks of all that starts processes; or use executor='serial'."
            )
        return None

    def close(self) -> None:
        """End every process; those at work are not waited for."""
        self.queue.clear()
        workers, self.workers = self.workers, []
        for worker in workers:
            if worker.number is None and worker.ready:
                with suppress(OSError):
                    worker.pipe.send_bytes(b"")
            else:
                worker.process.terminate()
        for worker in workers:
            worker.process.join(GRACE)
            if worker.process.is_alive():
                worker.process.kill()
                worker.process.join()
            worker.pipe.close()


@contextmanager
def _environment(**values: str) -> Iterator[None]:
    """Set variables for processes that start now."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
