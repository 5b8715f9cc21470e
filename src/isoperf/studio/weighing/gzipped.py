"""Files packed with gzip, unpacked in parts and never as a whole."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path

from isoperf.errors import DataError
from isoperf.studio.weighing.limit import Limit

__all__ = ["parts_of", "unpack"]

_PART = 1 << 20


def parts_of(path: Path) -> Iterator[bytes]:
    """Yield a file's content in parts, unpacked where it is packed with gzip.

    Raises
    ------
    DataError : it is damaged.
    """
    with path.open("rb") as plain:
        packed = plain.read(2) == b"\x1f\x8b"
        plain.seek(0)
        if not packed:
            while part := plain.read(_PART):
                yield part
            return
        try:
            with gzip.open(plain) as file:
                while part := file.read(_PART):
                    yield part
        except (OSError, EOFError, zlib.error) as error:
            raise DataError(f"the file is a damaged gzip file ({error}). Copy or compress it again.") from None


def unpack(path: Path, limit: Limit) -> None:
    """Unpack a file into nothing, and stop where it becomes too much.

    Raises
    ------
    DataError : it unpacks to too much, or to a packed file again.
    """
    n_packed, n_bytes = path.stat().st_size, 0
    for part in parts_of(path):
        if not n_bytes and part.startswith(b"\x1f\x8b"):
            raise DataError("the file is packed with gzip twice. Unpack it once.")
        n_bytes += len(part)
        limit.check_unpacked(n_bytes, n_packed)
