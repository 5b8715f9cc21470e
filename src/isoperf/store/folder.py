"""A store in one folder: an SQLite catalogue, and files of content beside it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from isoperf.errors import OptionError
from isoperf.store.catalogue import FILE, Catalogue
from isoperf.store.entry import Entry, Part
from isoperf.store.objects import Draft, Objects
from isoperf.store.rows import Row, Rows

__all__ = ["FolderBackend"]


class FolderBackend:
    """Entries in an SQLite file, content in files; see `isoperf.store.backend.Backend`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.place = str(folder)
        self._catalogue = Catalogue(folder)
        self._objects = Objects(folder)

    def create(self) -> None:
        """Make the folder, unless it is a store already.

        Raises
        ------
        OptionError : the folder holds something else.
        OutputError : it cannot be written.
        """
        known = {FILE, f"{FILE}-journal", "objects", "drafts", "studio"}
        folder = self.folder
        if folder.exists() and (not folder.is_dir() or {one.name for one in folder.iterdir()} - known):
            raise OptionError(f"{folder} holds something else. Name a new or an empty folder for the store.")
        self._objects.create()
        self._catalogue.create()

    @contextmanager
    def reading(self) -> Iterator[_SqliteRows]:
        """Open the catalogue for one consistent look."""
        with self._catalogue.reading() as connection:
            yield _SqliteRows(connection)

    @contextmanager
    def writing(self, draft: Draft | None = None) -> Iterator[_FolderChange]:
        """Open the catalogue as its only writer."""
        with self._catalogue.writing() as connection:
            yield _FolderChange(connection, self._objects, draft)

    def drafting(self) -> AbstractContextManager[Draft]:
        """Give a folder to write files in, on the same disk."""
        return self._objects.drafting()

    def sweep_drafts(self) -> None:
        """Delete what writers left that were killed."""
        self._objects.sweep_drafts()

    def path(self, part: Part) -> Path:
        """Return a file's place."""
        return self._objects.path(part)

    def fault(self, part: Part) -> str:
        """Return what is wrong with a file; empty when nothing is."""
        return self._objects.fault(part)


class _SqliteRows(Rows):
    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def ask(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """Run one statement."""
        return self.connection.execute(sql, values).fetchall()


class _FolderChange(_SqliteRows):
    """A change that puts a draft's files in place just before the first row that names one."""

    def __init__(self, connection: sqlite3.Connection, objects: Objects, draft: Draft | None) -> None:
        super().__init__(connection)
        self._objects = objects
        self._draft = draft

    def put(self, new: Entry) -> None:
        """List an entry in place of any of its name."""
        self._publish()
        super().put(new)

    def extend(self, longer: Entry, known: int) -> None:
        """List the further files of an entry."""
        self._publish()
        super().extend(longer, known)

    def sweep(self) -> int:
        """Delete the files that no entry names, and return the bytes freed."""
        return self._objects.sweep(self.named_files())

    def _publish(self) -> None:
        if self._draft is not None:
            self._draft.publish(self._objects.folder)
            self._draft = None
