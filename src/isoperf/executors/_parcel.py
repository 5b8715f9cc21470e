"""What workers are sent: once a function with the data its tasks share, then tasks."""

from __future__ import annotations

import pickle
import platform
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from isoperf.errors import OptionError, WorkerError
from isoperf.executors._threads import one_thread
from isoperf.executors.base import Function

__all__ = ["Parcel", "call", "explained", "pack", "seal"]


@dataclass(frozen=True, eq=False)
class Parcel:
    """A function and shared data in one piece; ``versions`` are those of the sender."""

    token: str
    content: bytes
    versions: tuple[tuple[str, str], ...]
    one_thread: bool


_LOCK = threading.Lock()
_OPENED: WeakKeyDictionary[Parcel, tuple[Function, Any]] = WeakKeyDictionary()


def pack(function: Function, shared: Any, dumps: Callable[[Any], bytes], *, one_thread: bool) -> Parcel:
    """Make the parcel of a session.

    Raises
    ------
    OptionError : the function or the data cannot be sent.
    """
    return Parcel(uuid.uuid4().hex, seal((function, shared), dumps), _versions(), one_thread)


def seal(content: Any, dumps: Callable[[Any], bytes]) -> bytes:
    """Turn something into bytes for a worker.

    Raises
    ------
    OptionError : it cannot be sent.
    """
    try:
        return dumps(content)
    except Exception as problem:
        raise OptionError(
            f"the work cannot be sent to another process: {problem}. Define its functions and classes at the top "
            "level of a module that can be imported there, or use executor='serial'."
        ) from problem


def call(parcel: Parcel, task: bytes) -> Any:
    """Run one task; what the parcel holds is unpacked once, and dropped with the parcel."""
    function, shared = _opened(parcel)
    with one_thread(parcel.one_thread):
        return function(shared, pickle.loads(task))


def _opened(parcel: Parcel) -> tuple[Function, Any]:
    with _LOCK:
        if parcel not in _OPENED:
            _check(parcel.versions)
            _OPENED[parcel] = pickle.loads(parcel.content)
        return _OPENED[parcel]


def _check(theirs: tuple[tuple[str, str], ...]) -> None:
    for (name, sent), (_, here) in zip(theirs, _versions(), strict=True):
        if sent != here:
            raise WorkerError(
                f"the worker on {platform.node()} has {name} {here}, the caller {sent}. Results could differ: "
                "install the same versions on every worker."
            )


@cache
def _versions() -> tuple[tuple[str, str], ...]:
    python = ".".join(platform.python_version_tuple()[:2])
    return ("Python", python), ("isoperf", version("isoperf")), ("numpy", np.__version__)


def explained(problem: BaseException) -> BaseException:
    """Say what a module that workers lack means; other problems stay as they are."""
    if isinstance(problem, ModuleNotFoundError) and problem.name is not None:
        missing = problem.name.partition(".")[0]
        return WorkerError(
            f"a worker cannot import {missing!r}. Install it on every worker, in the version that the caller has."
        )
    return problem
