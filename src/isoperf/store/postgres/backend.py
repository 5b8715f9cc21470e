"""The list of entries in a PostgreSQL database, changed by one writer at a time, with the bytes beside it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isoperf.errors import OptionError
from isoperf.store.address import Database
from isoperf.store.entry import Part
from isoperf.store.objects import Draft
from isoperf.store.postgres import content, schema
from isoperf.store.postgres.cache import Cache
from isoperf.store.postgres.connection import connected, require_driver
from isoperf.store.rows import Row, Rows

if TYPE_CHECKING:
    import psycopg

__all__ = ["PostgresBackend"]

PATIENCE = 60  # seconds that a writer waits for another
LOCK = 0x49736F70  # "Isop": the number of the writers' lock, which is the database's own
_HERE = "SELECT set_config('search_path', 'isoperf', true)"
_WRITING = (
    f"{_HERE}, set_config('lock_timeout', '{PATIENCE}s', true), "
    "set_config('synchronous_commit', CASE current_setting('synchronous_commit') "
    "WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, true)"
)


class PostgresBackend:
    """Entries and bytes in the schema ``isoperf``; see `isoperf.store.backend.Backend`.

    Every call makes a connection of its own, so threads and processes may share a store, and a server
    that was restarted in between is not noticed.
    """

    folder = None

    def __init__(self, database: Database) -> None:
        require_driver()
        self.place = database.shown
        self._database = database
        self._cache = Cache()

    def create(self) -> None:
        """Make the tables, unless they are there.

        Raises
        ------
        OptionError : the database holds another program's tables there.
        OutputError : the server cannot be used, or refuses the right.
        """
        with connected(self._database) as connection, connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
            found = schema.version_of(connection)
            if found is None:
                schema.create(connection, self.place)
            elif found != schema.VERSION:
                schema.migrate(connection, found, self.place)

    @contextmanager
    def reading(self) -> Iterator[_PostgresRows]:
        """Open the list for one consistent look."""
        with self._opened() as connection, connection.transaction():
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            connection.execute(_HERE.encode())
            yield _PostgresRows(connection)

    @contextmanager
    def writing(self, draft: Draft | None = None) -> Iterator[_PostgresChange]:
        """Send the draft's files, then open the list as its only writer; all of it is one transaction."""
        with self._opened() as connection:
            with connection.transaction():
                connection.execute(_WRITING.encode())
                for part, path in draft.waiting() if draft is not None else ():
                    content.send(connection, part, path)
                connection.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK,))
                yield _PostgresChange(connection)
            if draft is not None:
                self._cache.take(draft)

    def drafting(self) -> AbstractContextManager[Draft]:
        """Give a folder of this machine to write files in."""
        return self._cache.drafting()

    def sweep_drafts(self) -> None:
        """Delete what writers of this machine left that were killed."""
        self._cache.sweep_drafts()

    def path(self, part: Part) -> Path:
        """Return a copy of a file on this machine, fetched if it is not here."""
        held = self._cache.held(part)
        if held is not None:
            return held
        with self._opened() as connection:
            if not content.is_known(connection, part.file):
                raise FileNotFoundError(f"{part.file} in {self.place}")
            return self._cache.fetch(part, lambda: content.fetched(connection, part.file), self.place)

    def fault(self, part: Part) -> str:
        """Return what is wrong with the bytes in the database; empty when nothing is."""
        with self._opened() as connection:
            if not content.is_known(connection, part.file):
                return f"{part.file} is gone."
            digest = hashlib.sha256()
            for piece in content.fetched(connection, part.file):
                digest.update(piece)
        return "" if digest.hexdigest() == part.file.partition(".")[0] else f"{part.file} was changed: SHA-256 differs."

    @contextmanager
    def _opened(self) -> Iterator[psycopg.Connection[Any]]:
        """Connect to a store of this version, having brought an earlier one to it."""
        with connected(self._database) as connection:
            found = schema.version_of(connection)
            if found is None:
                raise OptionError(f"{self.place} is no store yet. Make it one with `isoperf init {self.place}`.")
            if found != schema.VERSION:
                self.create()
            yield connection


class _PostgresRows(Rows):
    same = "lower(name) = lower(?)"
    order = 'lower(name) COLLATE "C"'

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self.connection = connection

    def ask(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """Run one statement."""
        cursor = self.connection.execute(sql.replace("?", "%s").encode(), values)
        return cursor.fetchall() if cursor.description else []

    def text(self, words: str) -> str:
        """Return words without what no text of the server can hold."""
        return words.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


class _PostgresChange(_PostgresRows):
    def sweep(self) -> int:
        """Delete the files that no entry names, and return the bytes freed."""
        return content.sweep(self.connection)
