"""Ray: an engine that runs already, or one started for the while."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from isoperf.errors import MissingExtraError, WorkerError
from isoperf.executors._parcel import Parcel, call, explained, pack, seal
from isoperf.executors.base import Ended, Function, Session

__all__ = ["RayExecutor"]

CONNECT = 10  # seconds to wait for a cluster
MOST_TRIES = 3  # Ray starts a task again that often when its worker is lost


@dataclass(frozen=True)
class RayExecutor:
    """Runs tasks as Ray's, each on one CPU.

    Parameters
    ----------
    address : ``auto`` for the cluster that this machine is part of, or an address; without one, what
        ``ray.init()`` finds or starts. Where Ray is connected already, that connection is used and stays open.
    """

    address: str | None = None

    @property
    def name(self) -> str:
        """The words that choose it."""
        return "ray" if self.address is None else f"ray:{self.address}"

    @contextmanager
    def open(self, function: Function, shared: Any, *, one_thread: bool = True) -> Iterator[Session]:
        """Connect and put the parcel into the object store; leaving cancels what is queued.

        Raises
        ------
        MissingExtraError : Ray is not installed. WorkerError : no cluster answers.
        """
        ray = _ray()
        parcel = pack(function, shared, ray.cloudpickle.dumps, one_thread=one_thread)
        ours = not ray.is_initialized()
        if ours:
            _connect(ray, self.address)
        session = _Session(ray, parcel)
        try:
            yield session
        finally:
            session.close()
            if ours:
                ray.shutdown()


def _ray() -> Any:
    try:
        import ray
        import ray.cloudpickle
    except ImportError as error:
        raise MissingExtraError(
            'executor=ray needs Ray, which is not installed: pip install "isoperf[ray]", here and on the nodes'
        ) from error
    return ray


def _connect(ray: Any, address: str | None) -> None:
    try:
        if address is not None and ":" in address:
            host, _, port = address.rpartition("/")[2].rpartition(":")
            socket.create_connection((host, int(port)), timeout=CONNECT).close()  # Ray itself would try for minutes
        ray.init(address=address, logging_level="ERROR", log_to_driver=False)
    except Exception as problem:  # Ray raises many kinds; all mean that there is no cluster to work on
        reason = str(problem).strip().partition("\n")[0]
        raise WorkerError(
            f"no Ray cluster answers at {address or 'this machine'}: {reason.rstrip('.')}. Start one with: "
            "ray start --head; then use ray:auto on that machine, or ray:ADDRESS."
        ) from problem


_last: Parcel | None = None


def _call(parcel: Parcel, task: bytes) -> Any:
    """Run one task; Ray makes a new parcel of its bytes for each, so the first is kept until another comes."""
    global _last
    if _last is None or _last.token != parcel.token:
        _last = parcel
    return call(_last, task)


class _Session:
    recovers = True

    def __init__(self, ray: Any, parcel: Parcel) -> None:
        self.ray = ray
        self.held = ray.put(parcel)
        self.remote = ray.remote(max_retries=MOST_TRIES, num_cpus=1)(_call)
        self.numbers: dict[Any, int] = {}

    def submit(self, number: int, task: Any) -> None:
        self.numbers[self.remote.remote(self.held, seal(task, self.ray.cloudpickle.dumps))] = number

    def wait(self) -> list[Ended]:
        if not self.numbers:
            return []
        waiting = list(self.numbers)
        done, rest = self.ray.wait(waiting, num_returns=1)
        if rest:
            more, _ = self.ray.wait(rest, num_returns=len(rest), timeout=0)
            done += more
        return [self._read(self.numbers.pop(one), one) for one in done]

    def _read(self, number: int, one: Any) -> Ended:
        errors = self.ray.exceptions
        try:
            return Ended(number, self.ray.get(one))
        except errors.RayTaskError as problem:
            return Ended(number, problem=explained(_cause(problem)))
        except (
            errors.WorkerCrashedError,
            errors.NodeDiedError,
            errors.OutOfMemoryError,
            errors.ObjectLostError,
        ) as lost:
            return Ended(number, lost=f"{MOST_TRIES + 1} tries, the last: {str(lost).partition(chr(10))[0]}")

    def close(self) -> None:
        """Cancel what is not done."""
        for one in self.numbers:
            with suppress(Exception):
                self.ray.cancel(one, force=True)
        self.numbers.clear()


def _cause(problem: Any) -> BaseException:
    """The task's own error with Ray's account of it as a note."""
    cause = problem.cause
    if not isinstance(cause, BaseException):
        return RuntimeError(str(problem))
    cause.add_note(f"On a Ray worker:\n{problem}")
    return cause
