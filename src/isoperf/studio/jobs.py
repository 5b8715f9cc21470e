"""Questions under way: asked, watched, cancelled, and their answers moved."""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import Future
from types import TracebackType

from isoperf.errors import OptionError
from isoperf.report.controls import settled
from isoperf.request import Request
from isoperf.studio.answers import Answer, Answers
from isoperf.studio.minding import Minder, Move, Moved
from isoperf.studio.settings import Settings

__all__ = ["Jobs"]


class Jobs:
    """Answers questions in processes of their own; every method is quick and may be called from any thread.

    Parameters
    ----------
    settings : how many at once and for how long. answers : where they are kept.
    max_memory : bytes that one process may use; 0 for no limit.
    n_live, idle_seconds : answers whose controls answer at once, and for how long after they were last moved.
    """

    def __init__(
        self,
        settings: Settings,
        answers: Answers,
        *,
        max_memory: int = 8_000_000_000,
        n_live: int = 3,
        idle_seconds: float = 900.0,
    ) -> None:
        self.settings, self.answers = settings, answers
        settings.folder.mkdir(parents=True, exist_ok=True)
        answers.interrupt()
        self._minder = Minder(settings, answers, max_memory=max_memory, n_live=n_live, idle_seconds=idle_seconds)

    def __enter__(self) -> Jobs:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def start(self, request: Request) -> str:
        """Keep a question, have it answered when its turn comes, and return its name.

        Raises
        ------
        OutputError : it cannot be kept. OptionError : the studio is being stopped.
        """
        self._check_open()
        id = self.answers.new(request)
        with self._minder.lock:
            if self._minder.closing:
                self.answers.remove(id)
            self._check_open()
            self._minder.queue.append(id)
        self._minder.wake()
        return id

    def cancel(self, id: str) -> bool:
        """Stop a question that waits or runs; False when it does neither."""
        with self._minder.lock:
            held = self._minder.held.get(id)
            if id in self._minder.queue:
                self._minder.queue.remove(id)
            elif held is not None and held.stage == "asking":
                self._minder.drop(id)
            else:
                return False
            self.answers.change(id, state="cancelled", ended=time.time())
        self._minder.wake()
        return True

    def state(self, id: str) -> Answer | None:
        """Return what is known of a question, or None where nothing of that name is kept."""
        return self.answers.get(id)

    def running(self) -> tuple[str, ...]:
        """Return the questions that are being answered, the oldest first."""
        with self._minder.lock:
            return self._minder.running

    def waiting(self) -> tuple[str, ...]:
        """Return the questions whose turn has not come, the next one first."""
        with self._minder.lock:
            return tuple(self._minder.queue)

    def remove(self, id: str) -> bool:
        """Stop a question, end what could move its answer, and forget it."""
        with self._minder.lock:
            self.cancel(id)
            if id in self._minder.held:
                self._minder.drop(id)
            self._minder.refuse(id, "this answer has been removed. Ask again.")
            return self.answers.remove(id)

    def move(self, id: str, values: Mapping[str, float]) -> Future[Moved | None]:
        """Answer again under other values of an answer's controls, soon.

        The future gives ``main`` and ``contents`` as HTML and ``title``; None when a newer call took this
        one's place; or raises OptionError.

        Raises
        ------
        OptionError : there is no such answer, nothing in it can be moved, or a value lies outside its ends.
        """
        controls = self.answers.controls(id)
        if not controls:
            raise OptionError(f"nothing can be moved in the answer {id!r}. Change its question and ask again.")
        move = Move(settled(controls, values), Future())
        move.future.set_running_or_notify_cancel()
        with self._minder.lock:
            self._check_open()
            older = self._minder.wanted.get(id)
            self._minder.wanted[id] = move
        if older:
            older.future.set_result(None)
        self._minder.wake()
        return move.future

    def live(self, id: str, values: Mapping[str, float]) -> Moved | None:
        """Do as `move` does, and wait for it."""
        return self.move(id, values).result()

    def close(self) -> None:
        """End every process; what was under way is kept as interrupted."""
        self._minder.close()

    def _check_open(self) -> None:
        if self._minder.closing:
            raise OptionError("the studio is being stopped. Start it again, and ask then.")
