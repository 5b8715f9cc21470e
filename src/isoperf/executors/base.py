"""What every engine offers: a session that takes tasks and says how each ended."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, runtime_checkable

__all__ = ["DaskClient", "Ended", "Executor", "Function", "Progress", "Session", "Where"]

Progress: TypeAlias = Callable[[int, int], None]
"""Told how many tasks are done, and of how many."""
Function: TypeAlias = Callable[[Any, Any], Any]
"""Takes what all tasks share and one task; importable where it runs."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a task ended: with a value, with a problem of its own, or ``lost`` with its worker, and why."""

    number: int
    value: Any = None
    problem: BaseException | None = None
    lost: str = ""


class Session(Protocol):
    """Work under way; tasks are known by their numbers."""

    @property
    def recovers(self) -> bool:
        """Whether the engine itself starts lost tasks again, so that one it reports as lost is lost for good."""
        ...

    def submit(self, number: int, task: Any) -> None:
        """Queue a task."""
        ...

    def wait(self) -> list[Ended]:
        """Return those that ended, as soon as there is one; nothing where no task is left."""
        ...


@runtime_checkable
class Executor(Protocol):
    """An engine: opens sessions, each for one function and the data that its tasks share."""

    @property
    def name(self) -> str:
        """The words that choose it."""
        ...

    def open(self, function: Function, shared: Any, *, one_thread: bool = True) -> AbstractContextManager[Session]:
        """Send the function and the shared data once; leaving cancels what is queued and ends what is under way.

        Parameters
        ----------
        one_thread : keep linear algebra to one thread, so that results are the same anywhere.
        """
        ...


@runtime_checkable
class DaskClient(Protocol):
    """What is used of ``distributed.Client``."""

    def submit(self, func: Any, *args: Any, **kwargs: Any) -> Any:
        """Queue a call."""
        ...

    def nthreads(self, workers: Any = None) -> Any:
        """Say which workers there are."""
        ...


Where: TypeAlias = str | Executor | DaskClient
"""What an ``executor`` option takes."""
