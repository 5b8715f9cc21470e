"""Trials measured side by side in threads of this process, each with its live trial."""

from __future__ import annotations

import queue
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any

from isoperf.executors.base import Ended, Function

__all__ = ["Threads"]


class Threads:
    """A session of threads; what measures must leave by itself, or be ended, before the session closes."""

    recovers = True  # a thread is lost with everything

    def __init__(self, function: Function, shared: Any, n_threads: int) -> None:
        self.function, self.shared = function, shared
        self.pool = ThreadPoolExecutor(n_threads, "trial")
        self.ended: queue.SimpleQueue[Ended] = queue.SimpleQueue()
        self.n_under_way = 0

    def submit(self, number: int, task: Any) -> None:
        """Queue a task."""
        self.n_under_way += 1
        future = self.pool.submit(self.function, self.shared, task)
        future.add_done_callback(lambda done: self.ended.put(_read(number, done)))

    def wait(self) -> list[Ended]:
        """Return those that ended, as soon as there is one."""
        if not self.n_under_way:
            return []
        found = [self.ended.get()]
        self.n_under_way -= 1
        return found

    def __enter__(self) -> Threads:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.pool.shutdown(cancel_futures=True)


def _read(number: int, done: Future[Any]) -> Ended:
    if done.cancelled():
        return Ended(number)
    problem = done.exception()
    return Ended(number, problem=problem) if problem is not None else Ended(number, done.result())
