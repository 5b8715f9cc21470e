"""The process that answers a question: it takes words from the server, and its end hurts nobody else.

Messages are JSON over a socket that only the server holds. In: ``ask`` with a question, ``move`` with
values of controls. Out: ``progress``, then ``done`` or ``failed``; ``moved`` or ``refused``.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from queue import SimpleQueue
from typing import Any

__all__ = ["main"]

_EVERY = 0.1  # seconds between two reports of progress
# What a question will want, the surest first; a worker that has its question imports only what that wants.
_LIKELY = (
    "isoperf.studio.keeping",
    "isoperf.studio.request_json",
    "polars",
    "isoperf.predict.laws.forecast",
    "scipy.optimize",
    "scipy.stats",
)


class Worker:
    """Answers one question, and moves its answer's controls for as long as it is kept."""

    def __init__(self, channel: Connection, max_memory: int) -> None:
        self.channel, self.max_memory = channel, max_memory
        self._inbox: SimpleQueue[dict[str, Any]] = SimpleQueue()
        self._sending = threading.Lock()
        self._result: Any = None

    def run(self) -> None:
        """Serve until the server ends this process, or goes away itself."""
        threading.Thread(target=self._receive, daemon=True).start()
        for name in _LIKELY:
            if self._inbox.empty():
                importlib.import_module(name)
        while True:
            message = self._inbox.get()
            if message["kind"] == "ask":
                self.ask(message)
            else:
                self.move(message)

    def send(self, **message: Any) -> None:
        """Tell the server something."""
        with self._sending:
            self.channel.send_bytes(json.dumps(message).encode())

    def ask(self, message: dict[str, Any]) -> None:
        """Answer a question and keep the answer."""
        from isoperf.capability import get
        from isoperf.request.wording import naming_options
        from isoperf.studio.keeping import keep
        from isoperf.studio.request_json import request_from

        def answer() -> dict[str, Any]:
            request = request_from(message["request"])
            with naming_options(one.name for one in get(request.name).parameters):
                self._result = request.answer_confined(_Throttled(self.send))
            return keep(folder, self._result) if message["keep"] else {}

        folder = Path(message["folder"])
        said, problem, trace = self._guarded(answer)
        if said is None:
            _write_trace(folder, trace)
            self.send(kind="failed", message=problem)
        else:
            self.send(kind="done", **said)

    def move(self, message: dict[str, Any]) -> None:
        """Answer under other values of the controls."""
        from isoperf.own_files import none_run
        from isoperf.report.controls import settled
        from isoperf.report.html import parts_of

        def moved() -> dict[str, Any]:
            with none_run():
                parts = parts_of(self._result.moved(settled(self._result.controls(), message["values"])))
            return {"title": parts.title, "main": parts.main, "contents": parts.contents}

        said, problem, _ = self._guarded(moved)
        if said is None:
            self.send(kind="refused", message=problem)
        else:
            self.send(kind="moved", answer=said)

    def _guarded(self, do: Callable[[], dict[str, Any]]) -> tuple[dict[str, Any] | None, str, str]:
        """Return what came out, or None with a message and, for a bug, where it happened."""
        from isoperf.errors import IsoperfError
        from isoperf.request.wording import in_options

        try:
            return do(), "", ""
        except IsoperfError as error:
            return None, in_options(str(error)), ""
        except MemoryError:
            limit = f" (the limit here is {self.max_memory / 1e9:.3g} GB)" if self.max_memory else ""
            return None, f"out of memory{limit}. Ask with fewer rows or fewer refits.", traceback.format_exc()
        except BaseException as error:  # a panic in compiled code is no Exception
            reason = str(error).partition("\n")[0]
            return None, f"unexpected error: {type(error).__name__}: {reason}", traceback.format_exc()

    def _receive(self) -> None:
        try:
            while True:
                self._inbox.put(json.loads(self.channel.recv_bytes()))
        except (EOFError, OSError):
            _end_all()  # the server is gone, and nobody waits for an answer


class _Throttled:
    """Tells of progress no more often than anybody could see."""

    def __init__(self, send: Callable[..., None]) -> None:
        self._send, self._next = send, 0.0

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if now >= self._next:
            self._next = now + _EVERY
            self._send(kind="progress", done=int(done), total=int(total))


def _write_trace(folder: Path, trace: str) -> None:
    from isoperf.errors import OutputError
    from isoperf.report.save import write_whole

    if trace:
        with suppress(OutputError):
            write_whole(folder / "error.txt", trace)


def _end_all() -> None:
    """End this process and all that it started, whatever they are doing."""
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)
    os._exit(1)


def _limit(max_memory: int) -> None:
    """Keep this process and each of its children below a size; no limit for 0."""
    import resource

    if max_memory:
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        soft = max_memory if hard == resource.RLIM_INFINITY else min(max_memory, hard)
        with suppress(ValueError, OSError):  # not every system has this limit
            resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def main(handle: str, max_memory: str) -> None:
    """Serve on the socket that the server passed on."""
    os.set_inheritable(int(handle), False)
    _limit(int(max_memory))
    Worker(Connection(int(handle)), int(max_memory)).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
