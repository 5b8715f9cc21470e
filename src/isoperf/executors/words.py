"""The words of the ``executor`` option: ``local:4``, ``dask:tcp://host:8786``, ``ray:auto``."""

from __future__ import annotations

from isoperf.errors import OptionError, did_you_mean
from isoperf.executors.base import DaskClient, Executor, Where
from isoperf.executors.local import LocalExecutor
from isoperf.executors.serial import SerialExecutor

__all__ = ["executor_of"]

WORDS = ("local", "serial", "dask", "ray")
FORMS = "local, local:4, serial, dask, dask:tcp://HOST:8786, dask:SCHEDULER.json, ray or ray:ADDRESS"


def executor_of(given: Where) -> Executor:
    """Return the engine that words, a Dask client or an engine of one's own name.

    Nothing is connected to yet. ``dask`` alone takes the client in use, or else the address in Dask's own
    configuration; ``ray`` alone what ``ray.init()`` finds or starts.

    Raises
    ------
    OptionError : there is no such engine.
    """
    if isinstance(given, str):
        return _of_words(given.strip())
    if isinstance(given, DaskClient):
        from isoperf.executors.dask import DaskExecutor

        return DaskExecutor(client=given)
    if isinstance(given, Executor):
        return given
    raise OptionError(f"executor={given!r} is no engine. Write {FORMS}, or pass a Dask client.")


def _of_words(text: str) -> Executor:
    word, colon, rest = text.partition(":")
    if word not in WORDS or (colon and not rest) or (word == "serial" and colon):
        raise OptionError(f"executor={text!r} is no engine.{did_you_mean(word, WORDS)} Write {FORMS}.")
    if word == "serial":
        return SerialExecutor()
    if word == "local":
        return LocalExecutor(_count(rest) if colon else None)
    if word == "dask":
        from isoperf.executors.dask import DaskExecutor

        return DaskExecutor(address=rest or None)
    from isoperf.executors.ray import RayExecutor

    return RayExecutor(rest or None)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise OptionError(f"executor='local:{text}' needs a number of processes above 0, such as local:4.")
    return int(text)
