"""A Dask cluster: any scheduler with an address, or a client in use."""

from __future__ import annotations

import asyncio
import json
import queue
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError, Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

from isoperf.errors import MissingExtraError, OptionError, WorkerError
from isoperf.executors._parcel import Parcel, call, explained, pack, seal
from isoperf.executors.base import Ended, Function, Session

if TYPE_CHECKING:
    from distributed import Client
    from distributed import Future as DaskFuture

__all__ = ["DaskExecutor"]

CONNECT = 10  # seconds to wait for the scheduler
PATIENCE = 120.0  # seconds to wait for a worker while there is none
TICK = 1.0
ADDRESS = "scheduler-address"


@dataclass(frozen=True)
class DaskExecutor:
    """Runs tasks on a cluster's workers; the scheduler starts lost ones again.

    Parameters
    ----------
    address : of the scheduler, or its file (``.json``); without one, and without a client, Dask's own
        configuration is asked.
    client : one in use; it stays open.
    patience : seconds to wait for a worker while the cluster has none.
    """

    address: str | None = None
    client: Any = None
    patience: float = PATIENCE

    @property
    def name(self) -> str:
        """The words that choose it."""
        return "dask" if self.address is None else f"dask:{self.address}"

    @contextmanager
    def open(self, function: Function, shared: Any, *, one_thread: bool = True) -> Iterator[Session]:
        """Connect and send the parcel; leaving cancels what is queued.

        Raises
        ------
        MissingExtraError : Dask is not installed. OptionError : no address is known.
        WorkerError : the scheduler does not answer.
        """
        dumps = _dumps()
        parcel = pack(function, shared, dumps, one_thread=one_thread)
        with self._connected() as client:
            session = _Session(client, parcel, dumps, self.patience)
            try:
                yield session
            finally:
                session.close()

    @contextmanager
    def _connected(self) -> Iterator[Client]:
        if self.client is not None:
            yield self.client
            return
        from distributed import Client, default_client

        if self.address is None:
            with suppress(ValueError):
                yield default_client()
                return
        client = _connect(Client, self.address or _configured())
        try:
            yield client
        finally:
            client.close(timeout=CONNECT)


def _dumps() -> Any:
    """Pickle by value what notebooks and scripts define; or say which extra is missing."""
    try:
        import distributed  # noqa: F401
        from cloudpickle import dumps
    except ImportError as error:
        raise MissingExtraError(
            'executor=dask needs Dask, which is not installed: pip install "isoperf[dask]", here and on the workers'
        ) from error
    return dumps


def _configured() -> str:
    import dask

    address = dask.config.get(ADDRESS, None) or dask.config.get(ADDRESS.replace("-", "_"), None)
    if not address:
        raise OptionError(
            "executor=dask finds no scheduler. Write its address, such as dask:tcp://host:8786, set "
            "DASK_SCHEDULER_ADDRESS, or pass a Dask client."
        )
    return str(address)


def _connect(client: type[Client], address: str) -> Client:
    place = _from_file(address) if address.endswith(".json") else address
    try:
        _probe(place)
        return client(place, timeout=CONNECT, set_as_default=False)
    except (OSError, ValueError) as problem:
        reason = str(problem).partition("\n")[0] or "what is there is no Dask scheduler"
        raise WorkerError(
            f"no Dask scheduler answers at {place} within {CONNECT} s: {reason}. Start one with: dask scheduler; "
            "then give the address that it prints, such as tcp://host:8786."
        ) from problem


def _from_file(path: str) -> str:
    try:
        return str(json.loads(Path(path).read_text(encoding="utf-8"))["address"])
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise OptionError(
            f"executor='dask:{path}' names a scheduler file that cannot be read: {problem!r}. It is what "
            "dask scheduler --scheduler-file writes."
        ) from problem


def _probe(address: str) -> None:
    """Shake hands with the scheduler; a client that meets none goes on trying as long as the interpreter lives."""
    from distributed.comm import connect
    from distributed.security import Security

    async def greet() -> None:
        comm = await connect(address, timeout=CONNECT, **Security().get_connection_args("client"))
        await comm.close()

    heard: Future[None] = Future()

    def apart() -> None:
        try:
            heard.set_result(asyncio.run(greet()))
        except Exception as problem:
            heard.set_exception(problem)

    Thread(target=apart, daemon=True).start()  # a notebook has an event loop of its own
    heard.result(timeout=CONNECT + TICK)


def _hold(parcel: Parcel) -> Parcel:
    """Keep the parcel in the cluster; a task can be run again where scattered data would be lost."""
    return parcel


class _Session:
    recovers = True

    def __init__(self, client: Client, parcel: Parcel, dumps: Any, patience: float) -> None:
        import dask

        self.client, self.parcel, self.dumps, self.patience = client, parcel, dumps, patience
        self.futures: dict[Any, tuple[int, DaskFuture]] = {}
        self.ended: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.alone_since: float | None = None
        with dask.config.set({"distributed.admin.large-graph-warning-threshold": "1 TB"}):  # it is sent once
            self.held = client.submit(_hold, parcel, key=f"isoperf-parcel-{parcel.token}", pure=False)

    def submit(self, number: int, task: Any) -> None:
        key = f"isoperf-task-{self.parcel.token}-{number}"
        future = self.client.submit(call, self.held, seal(task, self.dumps), key=key, pure=False)
        self.futures[future.key] = number, future
        future.add_done_callback(lambda done: self.ended.put(done.key))

    def wait(self) -> list[Ended]:
        while self.futures:
            try:
                keys = [self.ended.get(timeout=TICK)]
            except queue.Empty:
                self._check_alive()
                continue
            with suppress(queue.Empty):
                while True:
                    keys.append(self.ended.get_nowait())
            return self._read([self.futures.pop(key) for key in keys if key in self.futures])
        return []

    def _read(self, done: list[tuple[int, DaskFuture]]) -> list[Ended]:
        whole = [(number, future) for number, future in done if future.status == "finished"]
        with _connection_kept():
            values = self.client.gather([future for _, future in whole])
        found = [Ended(number, value) for (number, _), value in zip(whole, values, strict=True)]
        return found + [self._failed(number, future) for number, future in done if future.status != "finished"]

    def _failed(self, number: int, future: DaskFuture) -> Ended:
        from distributed import KilledWorker

        with _connection_kept():
            problem = future.exception(timeout=CONNECT)
        if isinstance(problem, KilledWorker):
            return Ended(number, lost=f"{problem.allowed_failures + 1} workers ended while they ran it")
        return Ended(number, problem=explained(problem))

    def _check_alive(self) -> None:
        """Give up where the scheduler is gone, or no worker has come for long."""
        with _connection_kept():
            n_workers = len(self.client.nthreads())
        now = time.monotonic()
        self.alone_since = None if n_workers else self.alone_since or now
        if self.alone_since is not None and now - self.alone_since > self.patience:
            raise WorkerError(
                f"the Dask cluster has had no worker for {self.patience:g} s. Start some with: dask worker ADDRESS."
            )

    def close(self) -> None:
        """Cancel what is not done; the parcel is dropped everywhere once nothing needs it."""
        if self.client.status == "running":
            futures = [future for _, future in self.futures.values()]
            with suppress(Exception):  # the cluster may be going; what matters is told elsewhere
                self.client.cancel([*futures, self.held], force=True)
        self.futures.clear()


@contextmanager
def _connection_kept() -> Iterator[None]:
    """Turn what Dask says when its scheduler is gone into one error."""
    try:
        yield
    except (OSError, CancelledError) as problem:
        raise WorkerError(
            f"the connection to the Dask scheduler was lost ({problem}). Start it again, and the work with it."
        ) from problem
