"""The list of contents of a zip file, read only where it is short."""

from __future__ import annotations

import mmap
import re
import zipfile
from itertools import islice
from pathlib import Path

from isoperf.errors import DataError

__all__ = ["entries_of"]

_ENTRY = re.compile(rb"PK\x01\x02")
_ENTRIES = 2_000


def entries_of(path: Path) -> list[zipfile.ZipInfo]:
    """Return what a zip file says that it holds.

    Raises
    ------
    DataError : it holds too many files, or is damaged.
    """
    with path.open("rb") as file:
        # Whatever its ends claim, an entry has this sign: counted before anything is made of each.
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            n_entries = sum(1 for _ in islice(_ENTRY.finditer(data), _ENTRIES + 1))
        if n_entries > _ENTRIES:
            raise DataError(f"the file holds more than {_ENTRIES} files; a workbook with fewer is taken here.")
        try:
            with zipfile.ZipFile(file) as packed:
                return packed.infolist()
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise DataError(f"the file is a damaged workbook ({error}). Save it again, or save it as CSV.") from None
