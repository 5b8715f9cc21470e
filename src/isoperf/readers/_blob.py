"""The bytes of one file, with the name that messages use, and text decoded from them."""

from __future__ import annotations

import codecs
import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from isoperf.errors import DataError

__all__ = ["Blob", "decompressed", "explained", "utf8"]

_GZIP = b"\x1f\x8b"
_BINARY = {b"PAR1": ("Parquet", ".parquet"), b"PK\x03\x04": ("Excel or zip", ".xlsx"), _GZIP: ("gzip", ".gz")}
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True, slots=True)
class Blob:
    """A file's content; ``sheet`` is the sheet asked for, where the format has sheets."""

    name: str
    data: bytes
    sheet: str | None = None


@contextmanager
def explained(what: str, advice: str) -> Iterator[None]:
    """Turn whatever a compiled reader raises into a DataError.

    A crash in compiled code arrives as a ``PanicException``, which is no ``Exception`` and has
    no common class to import.
    """
    try:
        yield
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise DataError(f"{what} ({reason}). {advice}") from None


def decompressed(blob: Blob) -> Blob:
    """Return the content of a gzip file, or the blob itself when it is none."""
    if not blob.data.startswith(_GZIP):
        return blob
    try:
        return replace(blob, data=gzip.decompress(blob.data))
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{blob.name} is a damaged gzip file ({error}). Copy or compress it again.") from None


def utf8(blob: Blob) -> bytes:
    """Return the text of a blob as UTF-8 bytes without a byte-order mark.

    Raises
    ------
    DataError : the blob is empty, binary, or text in another encoding.
    """
    data = blob.data
    if not data or data.isspace():
        raise DataError(f"{blob.name} is empty. A header line and at least one row of data are needed.")
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _recoded(blob, encoding)
    data = data.removeprefix(codecs.BOM_UTF8)
    _refuse_binary(blob, data)
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"{blob.name} is not UTF-8 text: byte {error.start} (line {line}) is 0x{data[error.start]:02x}. "
            "It may be Windows-1252 or Latin-1. Save it again as UTF-8, or run "
            "iconv -f WINDOWS-1252 -t UTF-8 over it."
        ) from None
    return data


def _recoded(blob: Blob, encoding: str) -> bytes:
    try:
        return blob.data.decode(encoding).encode("utf-8")
    except UnicodeError as error:
        reason = str(error).splitlines()[0]
        raise DataError(
            f"{blob.name} starts like {encoding.upper()} text but is not ({reason}). Save it again as UTF-8."
        ) from None


def _refuse_binary(blob: Blob, data: bytes) -> None:
    for magic, (kind, suffix) in _BINARY.items():
        if data.startswith(magic):
            raise DataError(f"{blob.name} holds {kind} data, not text. Give the file the suffix {suffix}.")
    if b"\0" in data:
        place = data.index(b"\0")
        raise DataError(
            f"{blob.name} is not text: byte {place} is zero. It is a binary file, or UTF-16 without a mark. "
            "A text table in UTF-8 is needed: export it again."
        )
