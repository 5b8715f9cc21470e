"""A Parquet file, weighed by its footer and the heads of its pages."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from isoperf.errors import DataError
from isoperf.readers._thrift import Thrift
from isoperf.studio.weighing.limit import Limit

__all__ = ["weigh_parquet"]

_ROWS, _GROUPS = 3, 4
_COLUMNS, _META = 1, 3
_UNPACKED, _PACKED, _DATA, _DICTIONARY = 6, 7, 9, 11
_PAGE_UNPACKED, _PAGE_PACKED = 2, 3
_FOOTER, _PAGES = 4_000_000, 200_000


def weigh_parquet(path: Path, limit: Limit) -> None:
    """Refuse a file that claims more rows, columns or bytes than are taken.

    Raises
    ------
    DataError : it claims too much, or is damaged.
    """
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        try:
            _weigh(cast(bytes, data), limit)  # a map is sliced as bytes are
        except (ValueError, TypeError, AttributeError, RecursionError) as error:
            if isinstance(error, DataError):
                raise
            raise DataError(f"the file is a damaged Parquet file ({error}). Copy or export it again.") from None


def _weigh(data: bytes, limit: Limit) -> None:
    size = len(data)
    if size < 12 or data[size - 4 :] != b"PAR1":
        raise ValueError("its end is missing")
    length = int.from_bytes(data[size - 8 : size - 4], "little")
    if length > size - 12:
        raise ValueError(f"its footer claims {length} bytes where {size - 12} are left")
    if length > _FOOTER:
        raise limit.too_much(f"has a footer of {length} bytes", f"{_FOOTER}")
    footer = size - 8 - length
    meta = Thrift(data, footer, size - 8).record()
    groups = meta.get(_GROUPS, [])
    limit.check_table(_number(meta, _ROWS), max((len(group.get(_COLUMNS, ())) for group in groups), default=0))
    chunks = [chunk[_META] for group in groups for chunk in group.get(_COLUMNS, ()) if _META in chunk]
    limit.check_unpacked(sum(_number(chunk, _UNPACKED) for chunk in chunks), size)
    n_pages = n_bytes = 0
    for chunk in chunks:
        for unpacked in _pages(data, chunk, footer):
            n_pages, n_bytes = n_pages + 1, n_bytes + unpacked
            limit.check_unpacked(n_bytes, size)
            if n_pages > _PAGES:
                raise limit.too_much(f"has more than {_PAGES} pages", f"{_PAGES}")


def _pages(data: bytes, chunk: dict[int, Any], footer: int) -> Iterator[int]:
    """Yield the bytes that each page of a column claims to unpack to."""
    places = [_number(chunk, field) for field in (_DATA, _DICTIONARY) if chunk.get(field)]
    start = min(places, default=footer)
    end = min(start + _number(chunk, _PACKED), footer)
    while start < end:
        cursor = Thrift(data, start, end)
        page = cursor.record()
        yield _number(page, _PAGE_UNPACKED)
        start = cursor.place + _number(page, _PAGE_PACKED)


def _number(record: dict[int, Any], field: int) -> int:
    value = record.get(field)
    if not isinstance(value, int) or value < 0:
        raise ValueError(f"it claims {value!r} where a count is needed")
    return value
