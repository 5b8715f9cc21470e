"""A bar on the terminal for work that lasts; short work shows none."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["Bar", "bar"]

DELAY = 1.0


class Bar:
    """Called with the steps done and their number; drawn on stderr once ``DELAY`` seconds have passed."""

    def __init__(self, title: str) -> None:
        self.title = title
        self._begun = time.monotonic()
        self._shown: Any = None

    def __call__(self, done: int, total: int) -> None:
        """Move the bar; a new total begins a new stage."""
        if self._shown is None:
            if time.monotonic() - self._begun < DELAY:
                return
            self._show()
        self._shown.update(self._shown.task_ids[0], completed=done, total=total)

    def _show(self) -> None:
        from rich.console import Console
        from rich.progress import Progress

        self._shown = Progress(console=Console(stderr=True), transient=True)
        self._shown.add_task(self.title, total=None)
        self._shown.start()

    def close(self) -> None:
        """Take the bar away."""
        if self._shown is not None:
            self._shown.stop()


@contextmanager
def bar(title: str, quiet: bool = False) -> Iterator[Bar | None]:
    """Yield a bar, or None where nobody would see it."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    shown = Bar(title)
    try:
        yield shown
    finally:
        shown.close()
