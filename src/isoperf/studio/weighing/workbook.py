"""An Excel workbook, which is a zip file: weighed by its list of contents, then by unpacking it into nothing."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from isoperf.errors import DataError
from isoperf.studio.weighing.limit import Limit
from isoperf.studio.weighing.zipped import entries_of

__all__ = ["weigh_workbook"]

_PART = 1 << 18
_OVERLAP = 4096
_NESTED = re.compile(r"\.(?:zip|gz|bz2|xz|7z|rar|tar|xls[xmb]?|docx|pptx|jar)$", re.IGNORECASE)
# Cells that hold something, those that say their place and those that follow the one before.
_CELL = re.compile(rb"""<(?:\w+:)?c\s(?:[^>]*?\s)?r\s*=\s*["']\s*([A-Za-z]{1,7})([0-9]{1,10})\s*["'](?:[^>]*[^/])?>""")
_UNPLACED = re.compile(rb"""<(?:\w+:)?c(?:>|\s(?![^>]*\br\s*=)[^>]*[^/]>)""")
_ROW_BEGIN = re.compile(rb"<(?:\w+:)?row\b")
_ROW = re.compile(rb"""<(?:\w+:)?row\s(?:[^>]*?\s)?r\s*=\s*["']\s*([0-9]{1,10})""")


def weigh_workbook(path: Path, limit: Limit) -> None:
    """Refuse a workbook that unpacks to too much, or whose cells lie so far apart that a table of them would.

    Raises
    ------
    DataError : it is too large, damaged, locked, or holds files within files.
    """
    try:
        n_packed, n_bytes = path.stat().st_size, 0
        entries = entries_of(path)
        _check_list(entries, n_packed, limit)
        with path.open("rb") as file:
            for entry in entries:
                n_bytes = _weigh_entry(file, entry, n_bytes, n_packed, limit)
    except (zipfile.BadZipFile, zlib.error, OSError) as error:
        raise DataError(f"the file is a damaged workbook ({error}). Save it again, or save it as CSV.") from None


def _check_list(entries: list[zipfile.ZipInfo], n_packed: int, limit: Limit) -> None:
    """Check what the list of contents says."""
    limit.check_unpacked(sum(entry.file_size for entry in entries), n_packed)
    names = [entry.filename for entry in entries]
    if len(set(names)) < len(names):
        raise DataError("the workbook holds two files of one name. Save it again.")
    for entry in entries:
        if entry.flag_bits & 1 or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise DataError("the workbook is locked or packed in an unusual way. Save it again without a password.")
        if _NESTED.search(entry.filename) or ".." in entry.filename.split("/") or entry.filename.startswith("/"):
            raise DataError(
                f"the workbook holds {entry.filename[-60:]!r}, a file within it. Save it without, or as CSV."
            )


def _weigh_entry(file: IO[bytes], entry: zipfile.ZipInfo, n_bytes: int, n_packed: int, limit: Limit) -> int:
    """Unpack one entry, and return the bytes of all so far."""
    begin, spread, tail = n_bytes, _Spread(limit), b""
    is_sheet = "worksheets/" in entry.filename
    for part in _inflated(file, entry):
        n_bytes += len(part)
        limit.check_unpacked(n_bytes, n_packed)
        if n_bytes - begin > entry.file_size:
            raise DataError("the workbook holds more than its list of contents says. Save it again.")
        if is_sheet:
            spread.look(tail + part)
            tail = part[-_OVERLAP:]
    return n_bytes


def _inflated(file: IO[bytes], entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield what an entry unpacks to, whatever its claimed length."""
    file.seek(entry.header_offset)
    head = file.read(30)
    if len(head) < 30 or not head.startswith(b"PK\x03\x04"):
        raise zipfile.BadZipFile("an entry is missing")
    file.seek(int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little"), 1)
    left, inflate = entry.compress_size, zlib.decompressobj(-15)
    while left > 0 and not inflate.eof:
        packed = file.read(min(left, _PART))
        if not packed:
            raise zipfile.BadZipFile("an entry is cut off")
        left -= len(packed)
        if entry.compress_type == zipfile.ZIP_STORED:
            yield packed
            continue
        while packed and not inflate.eof:
            yield inflate.decompress(packed, _PART)
            packed = inflate.unconsumed_tail


class _Spread:
    """The rectangle that the cells of one sheet span; a reader makes room for all of it."""

    def __init__(self, limit: Limit) -> None:
        self._limit = limit
        self._rows = self._columns = 0

    def look(self, text: bytes) -> None:
        """Look at the next part of the sheet."""
        for letters, digits in _CELL.findall(text):
            self._rows = max(self._rows, int(digits))
            self._columns = max(self._columns, _column(letters))
        widest = max(len(_UNPLACED.findall(row)) for row in _ROW_BEGIN.split(text))
        if widest:
            self._rows = max([self._rows, *map(int, _ROW.findall(text))])
            self._columns = max(self._columns, widest)
        if self._rows and self._columns:
            self._limit.check_table(self._rows, self._columns)


def _column(letters: bytes) -> int:
    """Return the number of a column from its letters: A is 1, AA is 27."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number
