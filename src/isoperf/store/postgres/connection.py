"""A connection to the server, and what went wrong with it in one message."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from isoperf.errors import IsoperfError, MissingExtraError, OptionError, OutputError
from isoperf.store.address import Database

if TYPE_CHECKING:
    import psycopg

__all__ = ["LEAST", "connected", "require_driver"]

LEAST = 12  # the oldest version of PostgreSQL
WAIT = 10  # seconds for a server to answer, unless the address or PGCONNECT_TIMEOUT says otherwise


def require_driver() -> None:
    """Refuse a database where its driver is absent.

    Raises
    ------
    MissingExtraError : psycopg is not installed.
    """
    try:
        import psycopg  # noqa: F401
    except ImportError as error:
        raise MissingExtraError(
            "a store in PostgreSQL needs psycopg. Install it with: pip install 'isoperf[postgres]'"
        ) from error


@contextmanager
def connected(database: Database) -> Iterator[psycopg.Connection[Any]]:
    """Connect for a while; every statement outside a transaction takes hold by itself.

    Raises
    ------
    OptionError : the server refuses the user, the password or the database, or is too old.
    OutputError : no server answers, the connection is lost, or the server cannot do what is asked.
    """
    import psycopg

    connection = _opened(database)
    try:
        yield connection
    except psycopg.Error as error:
        raise _told(error, database.shown, lost=connection.broken) from error
    finally:
        connection.close()


def _opened(database: Database) -> psycopg.Connection[Any]:
    import psycopg

    try:
        connection = psycopg.connect(autocommit=True, prepare_threshold=None, **_settings(database))
    except psycopg.OperationalError as error:
        raise _unanswered(error, database.shown) from error
    except psycopg.Error as error:
        raise OutputError(f"the store {database.shown} could not be opened ({_reason(error)}).") from error
    version = connection.info.server_version // 10_000
    if version < LEAST:
        connection.close()
        raise OptionError(
            f"the server of {database.shown} is PostgreSQL {version}; {LEAST} or later is needed. Upgrade the server, "
            "or use a store in a folder."
        )
    return connection


def _settings(database: Database) -> dict[str, Any]:
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    try:
        given = conninfo_to_dict(database.url)
    except psycopg.ProgrammingError:
        given = None
    if given is None:  # raised apart from the driver's own message, which may quote a part of the password
        raise OptionError(
            f"the address of the store {database.shown} cannot be read. Write "
            "postgresql://USER@HOST:PORT/DATABASE?OPTION=VALUE with libpq's options, and %25 for a % that is meant."
        )
    defaults: dict[str, Any] = {"application_name": "isoperf"}
    if "PGCONNECT_TIMEOUT" not in os.environ:
        defaults["connect_timeout"] = WAIT
    return {**defaults, **given}


def _unanswered(error: psycopg.Error, shown: str) -> IsoperfError:
    reason = _reason(error)
    if re.search(r"password|authentication|pg_hba", reason):
        return OptionError(
            f"the server of {shown} refuses the user or the password ({reason}). Put the password in ~/.pgpass "
            "or in the variable PGPASSWORD, and check the user's name."
        )
    if re.search(r"(database|role) \"[^\"]*\" does not exist", reason):
        return OptionError(f"the store {shown} cannot be opened ({reason}). Make it with createuser and createdb.")
    return OutputError(
        f"no PostgreSQL server answers for {shown} ({reason}). Check that it runs, its host and port, and the network."
    )


def _told(error: psycopg.Error, shown: str, *, lost: bool) -> IsoperfError:
    reason = _reason(error)
    if lost:
        return OutputError(
            f"the connection to {shown} was lost ({reason}). Try again; if something was being written, "
            "`isoperf ls` shows whether it took hold, which it did as a whole or not at all."
        )
    advice = {
        "42501": "Ask whoever made the store for the right: its documentation lists those needed.",
        "53100": "The server's disk is full. Free some space there, and try again.",
        "55P03": "Another writer does not end. Try again when it has.",
        "25006": "This server only reads. Give the address of the one that writes.",
    }.get(error.sqlstate or "", "Try again, and look into the server's log if it happens twice.")
    return OutputError(f"the store {shown} could not be used ({reason}); nothing in it was changed. {advice}")


def _reason(error: psycopg.Error) -> str:
    """Return what the server or the driver said, on one line."""
    lines = [line.strip() for line in str(error).splitlines()]
    return "; ".join(line for line in lines if line and not line.startswith(("Multiple connection", "LINE", "^")))[:400]
