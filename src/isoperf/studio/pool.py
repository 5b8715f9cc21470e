"""Worker processes: one kept ready, the others hired and dismissed, none left behind."""

from __future__ import annotations

import time
from pathlib import Path

from isoperf.studio.process import WorkerProcess

__all__ = ["Pool"]

_SPARE_AFTER = 1.0  # seconds from the start of a question to the start of the next spare process
_SPARE_AGAIN = 5.0  # the same after one that did not start


class Pool:
    """Where workers come from and where they end; to be used under one lock."""

    def __init__(self, store: str, folder: Path, max_memory: int) -> None:
        self._place = (store, folder, max_memory)
        self._spare: WorkerProcess | None = None
        self._ending: list[WorkerProcess] = []
        self._spare_from = 0.0

    def hire(self) -> WorkerProcess:
        """Return a worker that waits for a question.

        Raises
        ------
        OSError : the system starts no further process.
        """
        spare, self._spare = self._spare, None
        self._spare_from = time.monotonic() + _SPARE_AFTER
        if spare is not None:
            spare.messages()
            if not spare.gone:
                return spare
            self.dismiss(spare)
        return WorkerProcess(*self._place)

    def dismiss(self, worker: WorkerProcess) -> None:
        """End a worker and its children."""
        worker.end()
        self._ending.append(worker)

    def tend(self) -> None:
        """Wait for those that end, and see that a spare one is ready."""
        for worker in [one for one in self._ending if one.ended()]:
            worker.close()
            self._ending.remove(worker)
        if self._spare is not None:
            self._spare.messages()
            if self._spare.gone:
                self.dismiss(self._spare)
                self._spare, self._spare_from = None, time.monotonic() + _SPARE_AGAIN
        elif time.monotonic() >= self._spare_from:
            try:
                self._spare = WorkerProcess(*self._place)
            except OSError:
                self._spare_from = time.monotonic() + _SPARE_AGAIN

    def end_spare(self) -> None:
        """End the spare worker and start no other."""
        self._spare_from = float("inf")
        if self._spare is not None:
            self.dismiss(self._spare)
            self._spare = None

    @property
    def workers(self) -> list[WorkerProcess]:
        """Those that wait for a question or for their end."""
        return [*self._ending, *([self._spare] if self._spare else [])]

    @property
    def is_ending(self) -> bool:
        """Whether a worker has been dismissed and is not yet gone."""
        return bool(self._ending)
