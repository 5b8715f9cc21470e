"""One task after the other, in this process."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from isoperf.executors._threads import one_thread
from isoperf.executors.base import Ended, Function, Session

__all__ = ["SerialExecutor"]


@dataclass(frozen=True)
class SerialExecutor:
    """Runs a task when it is waited for."""

    name: str = "serial"

    @contextmanager
    def open(self, function: Function, shared: Any, *, one_thread: bool = True) -> Iterator[Session]:
        """Begin; nothing is sent anywhere."""
        yield _Session(function, shared, one_thread)


class _Session:
    recovers = True  # nothing can be lost but everything

    def __init__(self, function: Function, shared: Any, alone: bool) -> None:
        self.function, self.shared, self.alone = function, shared, alone
        self.queue: deque[tuple[int, Any]] = deque()

    def submit(self, number: int, task: Any) -> None:
        self.queue.append((number, task))

    def wait(self) -> list[Ended]:
        if not self.queue:
            return []
        number, task = self.queue.popleft()
        try:
            with one_thread(self.alone):
                return [Ended(number, self.function(self.shared, task))]
        except Exception as problem:
            return [Ended(number, problem=problem)]
