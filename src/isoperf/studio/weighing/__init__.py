"""What a file would unpack to, found out with little memory before a reader opens it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from isoperf.errors import DataError
from isoperf.studio.settings import Settings
from isoperf.studio.weighing.gzipped import unpack
from isoperf.studio.weighing.limit import Limit
from isoperf.studio.weighing.parquet import weigh_parquet
from isoperf.studio.weighing.pickles import refuse_pickle
from isoperf.studio.weighing.text import weigh_json, weigh_text
from isoperf.studio.weighing.workbook import weigh_workbook

__all__ = ["check_size"]

_GZIP, _ZIP, _PARQUET, _SQLITE = b"\x1f\x8b", b"PK\x03\x04", b"PAR1", b"SQLite format 3\0"
_BY_SUFFIX = {
    ".parquet": (_PARQUET, "Parquet"),
    ".pq": (_PARQUET, "Parquet"),
    ".xlsx": (_ZIP, "Excel"),
    ".db": (_SQLITE, "SQLite"),
    ".sqlite": (_SQLITE, "SQLite"),
}
_OTHERS = {
    b"BZh": "bzip2",
    b"\xfd7zXZ\0": "xz",
    b"\x28\xb5\x2f\xfd": "Zstandard",
    b"7z\xbc\xaf": "7z",
    b"\x7fELF": "a program",
}


def check_size(path: Path, settings: Settings) -> None:
    """Refuse a file that holds more than the studio takes, or something else than its name says.

    It takes little memory, and up to five seconds for each 100 MB: call it off the event loop.

    Raises
    ------
    DataError : what was found, and what is taken.
    """
    limit = Limit.of(settings)
    n_bytes = path.stat().st_size
    if n_bytes > settings.max_upload:
        raise limit.too_much(f"has {n_bytes} bytes", f"{settings.max_upload}")
    with path.open("rb") as file:
        head = file.read(64)
    refuse_pickle(path)
    if head.startswith(_GZIP):
        unpack(path, limit)
        refuse_pickle(path, is_gzip=True)
    magic, weigh = _weigher(path, head)
    _check_kind(path, head, magic)
    weigh(path, limit)


def _weigher(path: Path, head: bytes) -> tuple[bytes, Callable[[Path, Limit], None]]:
    """Return how a file must begin, and how it is weighed."""
    name = path.name.lower().removesuffix(".gz")
    magic, _ = _BY_SUFFIX.get(Path(name).suffix, (b"", ""))
    if magic:
        return magic, {_PARQUET: weigh_parquet, _ZIP: weigh_workbook}.get(magic, _weigh_nothing)
    is_log = name.endswith((".log", ".journal")) and head.lstrip()[:1] == b"{"
    return b"", weigh_json if is_log or name.endswith((".json", ".jsonl", ".ndjson")) else weigh_text


def _weigh_nothing(path: Path, limit: Limit) -> None:
    """Pass a database: it does not unpack, and is read in rows."""


def _check_kind(path: Path, head: bytes, magic: bytes) -> None:
    """Refuse content of another kind than the name says."""
    if magic and not head.startswith(magic):
        kind = _BY_SUFFIX[path.suffix.lower()][1]
        raise DataError(f"the file ends in {path.suffix}, but does not begin as {kind} does. Export it again.")
    others = {**_OTHERS, **({} if magic else {_ZIP: "Excel or zip", _PARQUET: "Parquet", _SQLITE: "SQLite"})}
    for begin, kind in others.items():
        if head.startswith(begin):
            raise DataError(
                f"the file ends in {path.suffix}, but holds {kind} data. Name it by what it holds, or unpack it."
            )
