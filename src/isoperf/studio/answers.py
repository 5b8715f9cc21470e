"""What is kept of every question that was asked: one folder each, readable after a restart."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from threading import RLock
from typing import Any, Literal, get_args

from isoperf.errors import DataError, OptionError, OutputError
from isoperf.report.controls import Control
from isoperf.report.html import PageParts, as_page
from isoperf.report.save import write_whole
from isoperf.request import Request
from isoperf.studio.request_json import request_from, request_values
from isoperf.studio.settings import Settings

__all__ = ["FINISHED", "STOPPED", "Answer", "Answers", "State"]

State = Literal["waiting", "running", "done", "failed", "cancelled", "interrupted"]
FINISHED: tuple[State, ...] = ("done", "failed", "cancelled", "interrupted")
_ID = re.compile(r"\d{8}-\d{6}-\d{6}-[0-9a-f]{8}", re.ASCII)
STOPPED = "the studio was stopped before this was answered. Ask it again."


@dataclass(frozen=True)
class Answer:
    """A question and how far it has come.

    Attributes
    ----------
    id : names it in addresses; later questions have later names.
    request : the question. state : where it stands. asked, began, ended : seconds since 1970.
    done, total : steps, 0 of 0 while unknown. message : why there is no answer.
    title : the answer's own title, the capability's name before that.
    ok : whether the result is to be trusted, None before there is one.
    has_figures, has_controls : whether the answer needs the script that draws, and has something to move.
    """

    id: str
    request: Request
    state: State = "waiting"
    done: int = 0
    total: int = 0
    message: str = ""
    title: str = ""
    asked: float = 0.0
    began: float | None = None
    ended: float | None = None
    ok: bool | None = None
    has_figures: bool = False
    has_controls: bool = False

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in FINISHED

    @property
    def seconds(self) -> float:
        """How long it has been worked on."""
        return 0.0 if self.began is None else (self.ended or time.time()) - self.began


class Answers:
    """The answers in the studio's folder; safe to use from several threads."""

    def __init__(self, settings: Settings) -> None:
        self.root = settings.folder / "answers"
        self._lock = RLock()
        self._under_way: dict[str, Answer] = {}

    def new(self, request: Request) -> str:
        """Keep a question as waiting, and return its name.

        Raises
        ------
        OutputError : it cannot be written.
        """
        now = datetime.now(UTC)
        id = f"{now:%Y%m%d-%H%M%S-%f}-{secrets.token_hex(4)}"
        try:
            (self.root / id).mkdir(parents=True)
        except OSError as error:
            raise OutputError(f"cannot write in {str(self.root)!r}: {error.strerror}. Check the folder.") from error
        answer = Answer(id, request, title=request.name, asked=now.timestamp())
        write_whole(self.root / id / "request.json", _json(request_values(request)))
        write_whole(self.root / id / "state.json", _json(_state_values(answer)))
        with self._lock:
            self._under_way[id] = answer
        return id

    def get(self, id: str) -> Answer | None:
        """Return what is known of a question, or None where nothing of that name is kept."""
        folder = self.folder(id)
        if folder is None:
            return None
        with self._lock:
            return self._under_way.get(id) or _read_answer(folder)

    def list(self, limit: int = 50) -> list[Answer]:
        """Return the latest questions, the newest first."""
        found: list[Answer] = []
        for id in self._ids():
            if len(found) >= limit:
                break
            if answer := self.get(id):
                found.append(answer)
        return found

    def remove(self, id: str) -> bool:
        """Forget a question and its answer; False where nothing of that name is kept."""
        folder = self.folder(id)
        if folder is None:
            return False
        aside = self.root / f".removed-{id}"
        with self._lock:
            self._under_way.pop(id, None)
            os.replace(folder, aside)  # gone at once; what a reader still holds open stays readable
        shutil.rmtree(aside, ignore_errors=True)
        return True

    def folder(self, id: str) -> Path | None:
        """Return where a question is kept, or None for a name that is none of ours."""
        if not _ID.fullmatch(id):
            return None
        folder = self.root / id
        return folder if folder.is_dir() and not folder.is_symlink() else None

    def fragment(self, id: str) -> str:
        """Return the body of the answer's report as HTML.

        Raises
        ------
        OptionError : there is no answer of that name, here and in the methods below.
        """
        return self._text(id, "main.html")

    def contents(self, id: str) -> str:
        """Return the list of the report's headings as HTML; empty when there are few."""
        return self._text(id, "contents.html")

    def report(self, id: str) -> dict[str, Any]:
        """Return the report as plain values."""
        return dict(json.loads(self._text(id, "report.json")))

    def result(self, id: str) -> dict[str, Any]:
        """Return the answer for machines."""
        return dict(json.loads(self._text(id, "result.json")))

    def controls(self, id: str) -> tuple[Control, ...]:
        """Return what can be moved; nothing for most answers."""
        answer = self._done(id)
        if not answer.has_controls:
            return ()
        return tuple(Control(**one) for one in json.loads(self._text(id, "controls.json")))

    def page(self, id: str) -> str:
        """Return the answer as one page that opens anywhere, to be shared."""
        answer = self._done(id)
        return as_page(PageParts(answer.title, self.contents(id), self.fragment(id), answer.has_figures))

    def trace(self, id: str) -> str:
        """Return where an unexpected error happened; empty when there was none."""
        folder = self.folder(id)
        try:
            return _read(folder / "error.txt") if folder else ""
        except OSError:
            return ""

    def advance(self, id: str, done: int, total: int) -> None:
        """Note how far a question has come; kept in memory only, for it changes often."""
        with self._lock:
            if answer := self._under_way.get(id):
                self._under_way[id] = replace(answer, done=done, total=total)

    def change(self, id: str, **changes: Any) -> Answer | None:
        """Change what is known of a question, in its file as well; None when it has been removed."""
        with self._lock:
            answer = self.get(id)
            folder = self.folder(id)
            if answer is None or folder is None:
                return None
            changed = replace(answer, **changes)
            self._under_way[id] = changed
            # A full disk must not end the work: memory holds the state, and a restart finds it interrupted.
            with suppress(OutputError):
                write_whole(folder / "state.json", _json(_state_values(changed)))
                if changed.finished:
                    del self._under_way[id]
            return changed

    def interrupt(self) -> int:
        """Mark what an earlier run of the studio left unfinished, and return how many there were."""
        for left in self.root.glob(".removed-*"):
            shutil.rmtree(left, ignore_errors=True)
        count = 0
        for id in self._ids():
            answer = self.get(id)
            if answer and not answer.finished and id not in self._under_way:
                self.change(id, state="interrupted", message=STOPPED, ended=time.time())
                count += 1
        return count

    def _ids(self) -> Iterator[str]:
        try:
            names = os.listdir(self.root)
        except OSError:
            return iter(())
        return (name for name in sorted(names, reverse=True) if _ID.fullmatch(name))

    def _done(self, id: str) -> Answer:
        answer = self.get(id)
        if answer is None or answer.state != "done":
            found = f"it is {answer.state}" if answer else "nothing of that name is kept"
            raise OptionError(f"there is no answer {id!r}: {found}. Choose one from the list, or ask again.")
        return answer

    def _text(self, id: str, name: str) -> str:
        self._done(id)
        try:
            return _read(self.root / id / name)
        except OSError as error:
            raise OptionError(f"the answer {id!r} has lost its {name}: {error.strerror}. Ask it again.") from None


def _read(path: Path) -> str:
    return path.read_bytes().decode("utf-8", errors="replace")


def _json(values: Any) -> str:
    return json.dumps(values, allow_nan=False) + "\n"


_STATE = tuple(field.name for field in fields(Answer) if field.name not in ("id", "request"))


def _state_values(answer: Answer) -> dict[str, Any]:
    return {name: getattr(answer, name) for name in _STATE}


def _read_answer(folder: Path) -> Answer | None:
    """Read a question back; None for what is half-written or of another make."""
    try:
        request = request_from(json.loads(_read(folder / "request.json")))
        state = json.loads(_read(folder / "state.json"))
        answer = Answer(folder.name, request, **{name: state[name] for name in _STATE})
    except (OSError, ValueError, KeyError, TypeError, DataError):
        return None
    return answer if _well_formed(answer) else None


def _well_formed(answer: Answer) -> bool:
    numbers = (answer.done, answer.total, answer.asked, answer.began or 0, answer.ended or 0)
    return (
        answer.state in get_args(State)
        and all(isinstance(text, str) for text in (answer.message, answer.title))
        and all(isinstance(number, int | float) for number in numbers)
    )
