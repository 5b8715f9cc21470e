"""Fetched files on this machine, so that a table is fetched once: named by SHA-256, so never out of date."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from isoperf.errors import DataError, OutputError
from isoperf.store.entry import Part
from isoperf.store.objects import Draft, Objects

__all__ = ["Cache"]

VARIABLE = "ISOPERF_CACHE"
UNUSED = 30 * 86400.0  # seconds after which a file that nobody asked for is dropped


class Cache:
    """The files of every store that this user reads, in ``ISOPERF_CACHE`` or ``~/.cache/isoperf``."""

    def __init__(self) -> None:
        folder = os.environ.get(VARIABLE)
        self._objects = Objects((Path(folder) if folder else Path.home() / ".cache" / "isoperf") / "store")

    def drafting(self) -> AbstractContextManager[Draft]:
        """Give a folder to write files in."""
        self._make()
        return self._objects.drafting()

    def held(self, part: Part) -> Path | None:
        """Return a file's place if it is here and whole, and remember that it was asked for."""
        try:
            path = self._objects.path(part)
            os.utime(path)
        except (OSError, DataError):
            return None
        return path

    def fetch(self, part: Part, pieces: Callable[[], Iterator[bytes]], place: str) -> Path:
        """Write a file from its pieces, and return its place.

        Raises
        ------
        DataError : the bytes are not those that were stored.
        OutputError : the disk is full or refuses.
        """
        self._make()
        with self._objects.drafting() as draft:
            draft.write(_suffix(part), lambda path: _fill(path, pieces()))
            if draft.parts[0].file != part.file:
                raise DataError(
                    f"a file of the store {place} was changed: {part.file} has another SHA-256. "
                    "Restore the database from a copy, or add its content again."
                )
            draft.publish(self._objects.folder)
        self._drop_unused()
        return self._objects.folder / part.file

    def take(self, draft: Draft) -> None:
        """Keep what has just been sent, so that it need not be fetched."""
        with contextlib.suppress(OutputError):  # what was sent is safe without
            draft.publish(self._objects.folder)
            self._drop_unused()

    def sweep_drafts(self) -> None:
        """Delete what writers left that were killed."""
        self._objects.sweep_drafts()

    def _make(self) -> None:
        self._objects.create()
        with contextlib.suppress(OSError):
            self._objects.folder.parent.chmod(0o700)

    def _drop_unused(self) -> None:
        oldest = time.time() - UNUSED
        for path in self._objects.folder.iterdir():
            with contextlib.suppress(OSError):
                if path.stat().st_mtime < oldest:
                    path.unlink()


def _suffix(part: Part) -> str:
    return "".join(part.file.partition(".")[1:])


def _fill(path: Path, pieces: Iterator[bytes]) -> None:
    with path.open("wb") as file:
        for piece in pieces:
            file.write(piece)
