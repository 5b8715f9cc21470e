"""The tables of a store in PostgreSQL, and how those of an earlier version become those of this one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from isoperf.errors import DataError, OptionError

if TYPE_CHECKING:
    import psycopg

__all__ = ["SCHEMA", "VERSION", "create", "migrate", "version_of"]

SCHEMA = "isoperf"
VERSION = 1
_TABLES = (
    "CREATE TABLE isoperf.version (number integer NOT NULL)",
    f"INSERT INTO isoperf.version VALUES ({VERSION})",
    """CREATE TABLE isoperf.entry (
        name text PRIMARY KEY,
        kind text NOT NULL CHECK (kind IN ('table', 'fit', 'report')),
        title text NOT NULL,
        source text NOT NULL,
        added double precision NOT NULL,
        facts text NOT NULL
    )""",
    "CREATE UNIQUE INDEX entry_lower_name ON isoperf.entry (lower(name))",
    "CREATE TABLE isoperf.object (file text PRIMARY KEY, n_bytes bigint NOT NULL)",
    """CREATE TABLE isoperf.part (
        name text NOT NULL REFERENCES isoperf.entry (name) ON DELETE CASCADE,
        position integer NOT NULL,
        file text NOT NULL REFERENCES isoperf.object (file),
        n_bytes bigint NOT NULL,
        n_rows bigint NOT NULL,
        PRIMARY KEY (name, position)
    )""",
    "CREATE INDEX part_file ON isoperf.part (file)",
    """CREATE TABLE isoperf.piece (
        file text NOT NULL REFERENCES isoperf.object (file) ON DELETE CASCADE,
        position integer NOT NULL,
        bytes bytea NOT NULL,
        PRIMARY KEY (file, position)
    )""",
    # Parquet and gzip are compressed already: the server would only lose time in trying.
    "ALTER TABLE isoperf.piece ALTER COLUMN bytes SET STORAGE EXTERNAL",
)
_STEPS: dict[int, Callable[[psycopg.Connection[Any]], object]] = {}


def version_of(connection: psycopg.Connection[Any]) -> int | None:
    """Return the version of the tables; None where there are none."""
    found = connection.execute("SELECT to_regclass('isoperf.version') IS NOT NULL").fetchone()
    if found is None or not found[0]:
        return None
    number = connection.execute("SELECT number FROM isoperf.version").fetchone()
    return None if number is None else int(number[0])


def create(connection: psycopg.Connection[Any], shown: str) -> None:
    """Make the tables, within the caller's transaction.

    Raises
    ------
    OptionError : the database holds another program's tables there, or cannot hold every sign.
    """
    encoding = connection.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise OptionError(
            f"the database {shown} has encoding {encoding}, where UTF8 is needed. "
            "Make another with `createdb --encoding UTF8 --template template0 NAME`."
        )
    if connection.execute(f"SELECT to_regnamespace('{SCHEMA}')").fetchone() == (None,):
        connection.execute(f"CREATE SCHEMA {SCHEMA}")
    elif connection.execute(f"SELECT 1 FROM pg_class WHERE relnamespace = to_regnamespace('{SCHEMA}')").fetchone():
        raise OptionError(
            f"the database {shown} has a schema {SCHEMA!r} with tables of another program. Use another database."
        )
    for statement in _TABLES:
        connection.execute(statement.encode())


def migrate(connection: psycopg.Connection[Any], found: int, shown: str) -> None:
    """Bring the tables to this version, within the caller's transaction.

    Raises
    ------
    DataError : they are of a later version.
    """
    if found > VERSION:
        raise DataError(
            f"the store {shown} has schema version {found}; this version of Isoperf knows versions up to {VERSION}. "
            "Upgrade Isoperf, or use another store."
        )
    for version in range(found, VERSION):
        _STEPS[version](connection)
    connection.execute("UPDATE isoperf.version SET number = %s", (VERSION,))
