"""What a local worker process does: take the parcel, then one task after the other, until its pipe closes."""

from __future__ import annotations

import pickle
import signal
import sys
import traceback
from multiprocessing.connection import Connection
from typing import Any

__all__ = ["READY", "serve"]

READY = b"ready"


def serve(pipe: Connection) -> None:
    """Answer tasks; the parent decides on an interrupt, and a closed pipe ends the process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # so that what a task has started is ended with it
    try:
        pipe.send_bytes(READY)
        parcel = pickle.loads(pipe.recv_bytes())
        while message := pipe.recv_bytes():
            _, task = pickle.loads(message)
            pipe.send_bytes(_answer(parcel, task))
    except (EOFError, OSError):
        return


def _answer(parcel: Any, task: bytes) -> bytes:
    """Value, problem and its traceback, ready to be sent; what cannot be sent is a problem."""
    from isoperf.executors._parcel import call

    try:
        return pickle.dumps((call(parcel, task), None, ""))
    except Exception as problem:
        trace = "".join(traceback.format_exception(problem))
        try:
            pickle.loads(sent := pickle.dumps((None, problem, trace)))
            return sent
        except Exception:
            plain = RuntimeError(f"{type(problem).__name__}: {problem}")
            return pickle.dumps((None, plain, trace))
