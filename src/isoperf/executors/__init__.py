"""Where long work runs: in this process, in processes of this machine, on a Dask cluster or on Ray."""

from __future__ import annotations

from isoperf.executors.base import DaskClient, Ended, Executor, Progress, Session, Where
from isoperf.executors.local import LocalExecutor
from isoperf.executors.serial import SerialExecutor
from isoperf.executors.words import executor_of
from isoperf.executors.work import collect, run, simulate

__all__ = [
    "DaskClient",
    "Ended",
    "Executor",
    "LocalExecutor",
    "Progress",
    "SerialExecutor",
    "Session",
    "Where",
    "collect",
    "executor_of",
    "run",
    "simulate",
]
