"""The catalogue: an SQLite file that names every entry and its files.

What it lists is what the store holds. A file of content is complete and on the disk before
a transaction names it, so a writer that dies leaves at most a file that nothing names.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from isoperf.errors import DataError, OptionError, OutputError
from isoperf.store.schema import VERSION, create, is_finished, migrate, version_of

__all__ = ["FILE", "Catalogue"]

FILE = "catalogue.sqlite"
PATIENCE = 60.0  # seconds that a writer waits for another; each holds the catalogue for milliseconds


class Catalogue:
    """Entries by name; every call opens the file anew, so threads and processes may share a store."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / FILE

    def create(self) -> None:
        """Make the catalogue, or finish one whose making was cut short."""
        with self._explained(), self._opened("rwc") as connection:
            connection.execute("BEGIN IMMEDIATE")
            if not is_finished(connection, str(self.path)):
                create(connection)
            connection.execute("COMMIT")

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Open the catalogue for one consistent look at it.

        Raises
        ------
        OptionError : the folder is no store.
        DataError : the catalogue is damaged, or of a later version.
        """
        self._check()
        with self._explained(), self._opened("rw") as connection:
            connection.execute("BEGIN")
            yield connection
            connection.execute("COMMIT")

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Open the catalogue as its only writer; all that is done takes hold at the end, or nothing does.

        Raises
        ------
        OptionError, DataError : as for reading.
        OutputError : the disk is full, or another writer does not end.
        """
        self._check()
        with self._explained(), self._opened("rw") as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    def _check(self) -> None:
        """Refuse what is no store, and bring an earlier version to this one."""
        if not self.path.is_file():
            found = "is a folder without a catalogue" if self.folder.is_dir() else "does not exist"
            raise OptionError(f"{self.folder} is no store: it {found}. Make one with `isoperf init`.")
        with self._explained(), self._opened("rw") as connection:
            if not is_finished(connection, str(self.path)):
                raise OptionError(f"{self.folder} is no finished store. Finish it with `isoperf init {self.folder}`.")
            if version_of(connection) == VERSION:
                return
            connection.execute("BEGIN IMMEDIATE")
            migrate(connection, str(self.folder))
            connection.execute("COMMIT")

    @contextmanager
    def _opened(self, mode: str) -> Iterator[sqlite3.Connection]:
        address = f"{self.path.absolute().as_uri()}?mode={mode}"
        connection = sqlite3.connect(address, timeout=PATIENCE, isolation_level=None, uri=True)
        try:
            connection.execute("PRAGMA synchronous = EXTRA")
            connection.execute("PRAGMA foreign_keys = ON")
            yield connection
        finally:
            connection.close()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            raise OutputError(
                f"the store {self.folder} could not be used ({error}); nothing in it was changed. "
                "Check that the disk has room, that the folder may be written, and that no other writer hangs."
            ) from error
        except sqlite3.DatabaseError as error:
            raise DataError(
                f"{self.path} is damaged ({error}). Restore it from a copy; the files of content beside it are whole."
            ) from error
