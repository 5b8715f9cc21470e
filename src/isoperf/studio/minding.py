"""The thread that minds the workers: who has which question, what they say, and when they end."""

from __future__ import annotations

import logging
import os
import time
from collections import deque
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import wait
from threading import RLock, Thread
from typing import Any, Literal

from isoperf.errors import OptionError, OutputError
from isoperf.report.save import write_whole
from isoperf.studio.answers import STOPPED, Answers
from isoperf.studio.pool import Pool
from isoperf.studio.process import WorkerProcess
from isoperf.studio.request_json import request_values
from isoperf.studio.settings import Settings

__all__ = ["Minder", "Move", "Moved"]

Moved = dict[str, Any]
_log = logging.getLogger(__name__)
_SOON, _LATER = 0.02, 0.5  # seconds between two looks: while processes end, and otherwise
_CLOSING = 10.0  # seconds that closing may take


@dataclass
class Held:
    """A worker that has an answer to give, or has given it and can still move it.

    ``stage`` is ``asking`` for a question, ``reviving`` for one asked again so that its answer can be
    moved, ``resting`` afterwards, and ``moving`` while it makes ``move``. ``untried`` until it has made one.
    """

    worker: WorkerProcess
    stage: Literal["asking", "reviving", "resting", "moving"]
    since: float
    move: Move | None = None
    untried: bool = False


@dataclass(frozen=True)
class Move:
    """Values wanted of an answer's controls, and where the answer goes."""

    values: dict[str, float]
    future: Future[Moved | None]


class Minder:
    """What is under way, changed by one thread, and by others under ``lock`` alone.

    Attributes
    ----------
    queue : questions whose turn has not come. held : those that a worker has, the oldest first.
    wanted : the newest move of each answer that waits for one. closing : nothing new is to begin.
    """

    def __init__(
        self, settings: Settings, answers: Answers, *, max_memory: int, n_live: int, idle_seconds: float
    ) -> None:
        self.settings, self.answers = settings, answers
        self.n_live, self.idle_seconds = n_live, idle_seconds
        self.pool = Pool(settings.tables, settings.folder, max_memory)
        self.lock = RLock()
        self.queue: deque[str] = deque()
        self.held: dict[str, Held] = {}
        self.wanted: dict[str, Move] = {}
        self.closing = False
        self._bell, self._ring = os.pipe()
        os.set_blocking(self._bell, False)
        os.set_blocking(self._ring, False)
        self._thread = Thread(target=self._mind, name="isoperf-jobs", daemon=True)
        self._thread.start()

    @property
    def running(self) -> tuple[str, ...]:
        """The questions that are being answered, the oldest first."""
        return tuple(id for id, held in self.held.items() if held.stage == "asking")

    def wake(self) -> None:
        """Have the thread look at once."""
        with self.lock, suppress(OSError):  # full means that it will wake anyhow, closed that it need not
            os.write(self._ring, b".")

    def close(self) -> None:
        """End every process, and the thread."""
        with self.lock:
            if self.closing:
                return
            self.closing = True
        self.wake()
        self._thread.join(_CLOSING)
        with self.lock:
            if not self._thread.is_alive():
                os.close(self._ring)
                os.close(self._bell)
                self._bell = self._ring = -1

    def drop(self, id: str) -> None:
        """End the worker that has this question, or its answer."""
        held = self.held.pop(id)
        if held.move is not None:
            held.move.future.set_exception(OptionError("this answer was dropped while it was moved. Try again."))
        self.pool.dismiss(held.worker)

    def refuse(self, id: str, message: str) -> None:
        """Tell whoever waits for a move of this answer that there will be none."""
        if id in self.wanted:
            self.wanted.pop(id).future.set_exception(OptionError(message))

    def _mind(self) -> None:
        """Look after the processes until closing has ended them all."""
        while True:
            with self.lock:
                try:
                    if self.closing:
                        self._stop()
                        if not self.pool.is_ending:
                            return
                    else:
                        self._look()
                except Exception:
                    # One question must not end the thread that all others depend on.
                    _log.exception("minding the studio's questions failed")
                workers = [*self.pool.workers, *(held.worker for held in self.held.values())]
                channels = [worker.channel for worker in workers if not worker.gone and not worker.channel.closed]
                hurry = self.pool.is_ending or len(channels) < len(workers)
            self._wait(channels, _SOON if hurry else _LATER)

    def _wait(self, channels: list[Any], seconds: float) -> None:
        if self._bell in wait([self._bell, *channels], seconds):
            with suppress(BlockingIOError):
                os.read(self._bell, 4096)

    def _look(self) -> None:
        now = time.monotonic()
        for id, held in list(self.held.items()):
            for message in held.worker.messages():
                if self.held.get(id) is held:
                    self._heard(id, held, message)
            if self.held.get(id) is held:
                self._check(id, held, now)
        self._thin()
        self._begin_moves()
        while self.queue and len(self.running) < self.settings.n_workers:
            self._begin(self.queue.popleft())
        self.pool.tend()

    def _heard(self, id: str, held: Held, message: dict[str, Any]) -> None:
        match message.pop("kind"):
            case "progress" if held.stage == "asking":
                self.answers.advance(id, message["done"], message["total"])
            case "done":
                if held.stage == "asking":
                    self.answers.change(id, state="done", ended=time.time(), **message)
                held.stage, held.since = "resting", time.monotonic()
                answer = self.answers.get(id)
                if answer is None or not answer.has_controls:
                    self.drop(id)
            case "failed":
                self._fail(id, held, message["message"])
                self.drop(id)
            case "moved" | "refused" as kind:
                move, held.move, held.untried = held.move, None, False
                held.stage, held.since = "resting", time.monotonic()
                if move is not None and kind == "moved":
                    move.future.set_result(message["answer"])
                elif move is not None:
                    move.future.set_exception(OptionError(message["message"]))

    def _check(self, id: str, held: Held, now: float) -> None:
        """See whether a worker has died, takes too long, or is no longer needed."""
        limit = self.settings.max_seconds
        if held.worker.gone:
            if held.worker.ended():
                self._save_move(id, held)
                self._write_trace(id, held)
                how = f"the process that computed it ended ({held.worker.how()}), perhaps for want of memory"
                self._fail(id, held, f"{how}. Ask again, with fewer rows or fewer refits.")
                self.drop(id)
        elif held.stage == "resting":
            if now - held.since > self.idle_seconds and id not in self.wanted:
                self.drop(id)
        elif now - held.since > limit:
            more = "Ask for less, such as fewer rows or refits, or start the studio with a longer limit"
            self._fail(id, held, f"it took longer than {limit:g} seconds, the limit here. {more}.")
            self.drop(id)

    def _fail(self, id: str, held: Held, message: str) -> None:
        """Tell whoever waits for this worker that nothing will come."""
        if held.stage == "asking":
            self.answers.change(id, state="failed", message=message, ended=time.time())
        elif held.stage == "reviving":
            self.refuse(id, message)
        elif held.move is not None:
            held.move.future.set_exception(OptionError(message))
            held.move = None

    def _save_move(self, id: str, held: Held) -> None:
        """Try a move once more in another process when the one that should make it had ended while resting."""
        if held.move is not None and not held.untried:
            if id in self.wanted:
                held.move.future.set_result(None)
            else:
                self.wanted[id] = held.move
            held.move = None

    def _thin(self) -> None:
        """End those that were moved longest ago, beyond the number that may be kept."""
        resting = [id for id, held in self.held.items() if held.stage in ("resting", "moving")]
        idle = [id for id in resting if self.held[id].stage == "resting" and id not in self.wanted]
        for id in sorted(idle, key=lambda id: self.held[id].since)[: max(0, len(resting) - self.n_live)]:
            self.drop(id)

    def _begin_moves(self) -> None:
        for id, move in list(self.wanted.items()):
            held = self.held.get(id)
            if held is None:
                # One at a time, and beside the questions: a slider must not wait for an hour's work.
                if all(one.stage != "reviving" for one in self.held.values()):
                    self._ask(id, "reviving")
            elif held.stage == "resting" and held.worker.send(kind="move", values=move.values):
                del self.wanted[id]
                held.stage, held.since, held.move = "moving", time.monotonic(), move

    def _begin(self, id: str) -> None:
        if self.answers.change(id, state="running", began=time.time()):
            self._ask(id, "asking")

    def _ask(self, id: str, stage: Literal["asking", "reviving"]) -> None:
        """Give a question to a worker."""
        answer, folder = self.answers.get(id), self.answers.folder(id)
        if answer is None or folder is None:
            self.refuse(id, "this answer has been removed. Ask again.")
            return
        try:
            worker = self.pool.hire()
        except OSError as error:
            message = f"no process could be started: {error.strerror}. Try again when the machine has more room."
            if stage == "asking":
                self.answers.change(id, state="failed", message=message, ended=time.time())
            self.refuse(id, message)
            return
        self.held[id] = Held(worker, stage, time.monotonic(), untried=stage == "reviving")
        # A worker that is gone by now is found so at the next look.
        worker.send(
            kind="ask",
            request=request_values(answer.request),
            folder=str(folder.absolute()),
            keep=stage == "asking",
        )

    def _write_trace(self, id: str, held: Held) -> None:
        folder, words = self.answers.folder(id), held.worker.last_words()
        if folder and words:
            with suppress(OutputError):
                write_whole(folder / "error.txt", words)

    def _stop(self) -> None:
        """End everything; asked again until nothing is left."""
        unfinished = [*self.queue, *self.running]
        self.queue.clear()
        for id in unfinished:
            self.answers.change(id, state="interrupted", message=STOPPED, ended=time.time())
        for id in list(self.wanted):
            self.refuse(id, STOPPED)
        for id in list(self.held):
            self.drop(id)
        self.pool.end_spare()
        self.pool.tend()
