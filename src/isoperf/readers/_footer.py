"""What a Parquet file claims of itself, checked before anything is allocated for it.

A damaged header may claim any size, and the compiled reader ends the whole process when it
cannot allocate that much; so every count is first held against the bytes that are there.
The field numbers are those of the Parquet format's Thrift definition.
"""

from __future__ import annotations

from typing import Any

from isoperf.readers._thrift import Thrift

__all__ = ["check_claims"]

_ROWS, _GROUPS = 3, 4
_GROUP_COLUMNS, _GROUP_ROWS = 1, 3
_CHUNK_META = 3
_META_VALUES, _META_UNPACKED, _META_PACKED, _META_DATA, _META_DICTIONARY = 5, 6, 7, 9, 11
_PAGE_UNPACKED, _PAGE_PACKED, _PAGE_V1, _PAGE_DICTIONARY, _PAGE_V2 = 2, 3, 5, 7, 8
_V2_VALUES, _V2_NULLS, _V2_ROWS, _V2_DEFINITION, _V2_REPETITION = 1, 2, 3, 5, 6


def check_claims(data: bytes, footer: int) -> None:
    """Hold the footer, which starts at ``footer``, and every page header against the file.

    Raises
    ------
    ValueError : a count or a size cannot be true; the message says which.
    """
    meta = Thrift(data, footer, len(data) - 8).record()
    groups = _records(meta, _GROUPS)
    rows = sum(_count(group, _GROUP_ROWS, "rows") for group in groups)
    claimed = _count(meta, _ROWS, "rows")
    if rows != claimed:
        raise ValueError(f"its footer claims {claimed} rows, but the groups hold {rows}")
    for group in groups:
        for chunk in _records(group, _GROUP_COLUMNS):
            if _CHUNK_META in chunk:
                _check_chunk(data, chunk[_CHUNK_META], footer)


def _records(record: dict[int, Any], field: int) -> list[dict[int, Any]]:
    found = record.get(field, [])
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise ValueError("its footer does not describe columns")
    return found


def _count(record: Any, field: int, what: str, limit: int | None = None) -> int:
    """Return a field that must be a count, at most ``limit``."""
    value = record.get(field) if isinstance(record, dict) else None
    if not isinstance(value, int) or value < 0 or (limit is not None and value > limit):
        raise ValueError(f"it claims {value} {what}" + (f" where {limit} are possible" if limit else ""))
    return value


def _check_chunk(data: bytes, meta: Any, footer: int) -> None:
    """Walk the pages of one column chunk."""
    size = _count(meta, _META_PACKED, "bytes in a column", footer)
    values = _count(meta, _META_VALUES, "values in a column")
    _count(meta, _META_UNPACKED, "bytes in a column")
    start = _first_page(meta, footer)
    end, seen = min(start + size, footer), 0
    while start < end:
        cursor = Thrift(data, start, end)
        page = cursor.record()
        seen += _check_page(page, values)
        start = cursor.place + _count(page, _PAGE_PACKED, "bytes in a page", end - cursor.place)
    if seen != values:
        raise ValueError(f"a column claims {values} values, but its pages hold {seen}")


def _first_page(meta: dict[int, Any], footer: int) -> int:
    """Return where a chunk begins; writers give place 0 for a kind of page that it lacks."""
    fields = [field for field in (_META_DATA, _META_DICTIONARY) if meta.get(field)]
    places = [_count(meta, field, "as a page's place", footer) for field in fields]
    return min(places, default=footer)


def _check_page(page: dict[int, Any], values: int) -> int:
    """Return how many values a page header claims."""
    size = _count(page, _PAGE_UNPACKED, "bytes in a page")
    if _PAGE_V2 in page:
        header = page[_PAGE_V2]
        _count(header, _V2_NULLS, "nulls in a page", values)
        _count(header, _V2_ROWS, "rows in a page", values)
        _count(header, _V2_DEFINITION, "bytes in a page", size)
        _count(header, _V2_REPETITION, "bytes in a page", size)
        return _count(header, _V2_VALUES, "values in a page", values)
    if _PAGE_V1 in page:
        return _count(page[_PAGE_V1], 1, "values in a page", values)
    if _PAGE_DICTIONARY in page:
        _count(page[_PAGE_DICTIONARY], 1, "values in a dictionary", size * 8)
    return 0
