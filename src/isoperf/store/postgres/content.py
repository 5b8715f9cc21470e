"""The bytes of files as rows: sent within a writer's transaction, and fetched whole."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isoperf.store.entry import Part

if TYPE_CHECKING:
    import psycopg

__all__ = ["PIECE", "fetched", "is_known", "send", "sweep"]

PIECE = 2**20  # bytes of one row: far below what a value may have, and few enough rows
_SWEEP = """
DELETE FROM isoperf.object WHERE file IN (
    SELECT file FROM isoperf.object AS o
    WHERE NOT EXISTS (SELECT FROM isoperf.part AS p WHERE p.file = o.file)
    FOR UPDATE OF o SKIP LOCKED
) RETURNING n_bytes
"""


def send(connection: psycopg.Connection[Any], part: Part, path: Path) -> None:
    """Put a file's bytes into the database, unless they are there, and keep them from being swept meanwhile.

    A file that another writer sends at the same time is waited for; when that writer gives up, this one sends it.
    """
    row = (part.file, part.n_bytes)
    while True:
        sent = connection.execute("INSERT INTO isoperf.object VALUES (%s, %s) ON CONFLICT DO NOTHING", row)
        if sent.rowcount:
            _copy(connection, part.file, path)
            return
        held = "SELECT 1 FROM isoperf.object WHERE file = %s FOR KEY SHARE"
        if connection.execute(held, (part.file,)).fetchone():
            _mend(connection, part.file, path)
            return


def _copy(connection: psycopg.Connection[Any], file: str, path: Path) -> None:
    order = "COPY isoperf.piece (file, position, bytes) FROM STDIN (FORMAT BINARY)"
    with connection.cursor() as cursor, cursor.copy(order) as copy:
        copy.set_types(["text", "int4", "bytea"])
        for position, piece in enumerate(_pieces(path)):
            copy.write_row((file, position, piece))


def _mend(connection: psycopg.Connection[Any], file: str, path: Path) -> None:
    """Send a known file again when its bytes there are other ones: adding it anew is how damage is repaired."""
    order = "SELECT sha256(bytes) FROM isoperf.piece WHERE file = %s ORDER BY position"
    there = [bytes(digest) for (digest,) in connection.execute(order, (file,))]
    if there != [hashlib.sha256(piece).digest() for piece in _pieces(path)]:
        connection.execute("DELETE FROM isoperf.piece WHERE file = %s", (file,))
        _copy(connection, file, path)


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece


def is_known(connection: psycopg.Connection[Any], file: str) -> bool:
    """Whether the database has a file of that name."""
    return connection.execute("SELECT 1 FROM isoperf.object WHERE file = %s", (file,)).fetchone() is not None


def fetched(connection: psycopg.Connection[Any], file: str) -> Iterator[bytes]:
    """Fetch a file's bytes, piece by piece."""
    order = "COPY (SELECT bytes FROM isoperf.piece WHERE file = %s ORDER BY position) TO STDOUT (FORMAT BINARY)"
    with connection.cursor() as cursor, cursor.copy(order, (file,)) as copy:
        copy.set_types(["bytea"])
        for (piece,) in copy.rows():
            yield piece


def sweep(connection: psycopg.Connection[Any]) -> int:
    """Delete the files that no entry names and no writer is about to name, and return their bytes.

    The caller is the only writer, so nothing can be named between the look and the deletion.
    """
    return sum(int(n_bytes) for (n_bytes,) in connection.execute(_SWEEP))
