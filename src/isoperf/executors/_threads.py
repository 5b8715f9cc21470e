"""Linear algebra on one thread: sums in one order, whatever the number of cores."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

__all__ = ["one_thread"]

_LOCK = threading.Lock()
_held: list[Any] = []
_n_inside = 0


@contextmanager
def one_thread(wanted: bool = True) -> Iterator[None]:
    """Keep NumPy's and SciPy's linear algebra to one thread; side by side, the last one to leave lifts the limit."""
    if not wanted:
        yield
        return
    _enter()
    try:
        yield
    finally:
        _leave()


def _enter() -> None:
    global _n_inside
    with _LOCK:
        _n_inside += 1
        if _n_inside == 1:
            _held.append(_controller().limit(limits=1, user_api="blas"))


@cache
def _controller() -> Any:
    """Finding the libraries takes milliseconds; it is done once."""
    import scipy.linalg  # noqa: F401  a library loaded later would not be limited
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def _leave() -> None:
    global _n_inside
    with _LOCK:
        _n_inside -= 1
        if not _n_inside:
            _held.pop().restore_original_limits()
