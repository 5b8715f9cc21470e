"""Parquet files."""

from __future__ import annotations

import io
from typing import Any

from isoperf.errors import DataError
from isoperf.frames import columns_of
from isoperf.readers._blob import Blob, explained
from isoperf.readers._footer import check_claims

SUFFIXES = (".parquet", ".pq")
_MAGIC = b"PAR1"


def read(blob: Blob) -> dict[str, Any]:
    """Read every column.

    Raises
    ------
    DataError : the file is empty, damaged, no Parquet file, or holds nested columns.
    """
    import polars as pl

    _check_footer(blob)
    with explained(f"{blob.name} is a damaged Parquet file", "Copy or export it again."):
        frame = pl.read_parquet(io.BytesIO(blob.data))
    if not frame.height:
        raise DataError(
            f"{blob.name} has columns ({', '.join(frame.columns)}) but no rows. At least one row is needed."
        )
    return columns_of(frame, blob.name)


def _check_footer(blob: Blob) -> None:
    """Check the ends of the file first: a damaged footer may claim any size."""
    data = blob.data
    if not data:
        raise DataError(f"{blob.name} is empty. A Parquet table is needed.")
    if not data.startswith(_MAGIC):
        raise DataError(
            f"{blob.name} is no Parquet file: it starts with {data[:4]!r}, not {_MAGIC!r}. "
            "Give it the suffix of its format, or export it again."
        )
    if len(data) < 12 or not data.endswith(_MAGIC):
        raise _damaged(blob, "its end is missing")
    claimed, room = int.from_bytes(data[-8:-4], "little"), len(data) - 12
    if claimed > room:
        raise _damaged(blob, f"its footer claims {claimed} bytes where {room} are left")
    try:
        check_claims(data, len(data) - 8 - claimed)
    except (ValueError, RecursionError) as error:
        raise _damaged(blob, str(error)) from None


def _damaged(blob: Blob, reason: str) -> DataError:
    return DataError(f"{blob.name} is a damaged Parquet file ({reason}). Copy or export it again.")
