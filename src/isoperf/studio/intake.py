"""The way in of a file: named by the studio, counted while it comes, weighed before a reader opens it."""

from __future__ import annotations

import re
import secrets
import unicodedata
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from isoperf.errors import DataError, OptionError
from isoperf.studio.settings import Settings
from isoperf.studio.weighing import check_size

__all__ = ["EVENTS", "SUFFIXES", "Received", "Upload", "check_size", "receive", "slug", "suffix_of"]

_TEXT = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson")
SUFFIXES = (*_TEXT, *(f"{one}.gz" for one in _TEXT), ".parquet", ".pq", ".xlsx", ".log", ".journal", ".db", ".sqlite")
"""Endings of the files that are taken."""
EVENTS = ".tfevents.0"
"""Ending that an event file of TensorBoard is kept with."""
_PICKLED = (".pkl", ".pickle", ".p", ".joblib", ".npy", ".npz", ".pt", ".pth", ".ckpt", ".bin", ".dill")
_RESERVED = re.compile(r"con|prn|aux|nul|com\d|lpt\d", re.IGNORECASE)
_LONGEST = 60
_CHUNK = 1 << 20


class Upload(Protocol):
    """What is received: Starlette's ``UploadFile``, or anything with a name that is read in parts."""

    @property
    def filename(self) -> str | None:
        """The name that the sender gave it."""
        ...

    async def read(self, size: int = -1, /) -> bytes:
        """Return the next bytes, none at the end."""
        ...


@dataclass(frozen=True)
class Received:
    """A file that came in.

    Attributes
    ----------
    path : where it lies; name : what its table may be called; n_bytes : its length.
    """

    path: Path
    name: str
    n_bytes: int


async def receive(upload: Upload, settings: Settings, folder: Path) -> Received:
    """Write an upload into a folder of the studio, under a name of the studio's own.

    Parameters
    ----------
    folder : made where it is missing; it lies in ``settings.folder``.

    Raises
    ------
    DataError : its name has no known ending, or it is empty or too long; nothing is left of it.
    OptionError : the folder is not the studio's.
    """
    import anyio

    name, suffix = slug(upload.filename or ""), suffix_of(upload.filename or "")
    if not folder.resolve().is_relative_to(settings.folder.resolve()):
        raise OptionError(f"uploads are kept in {settings.folder} alone, not in {folder}.")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{secrets.token_hex(8)}{suffix}"
    draft = folder / f".{path.name}.part"
    try:
        n_bytes = await _written(upload, draft, settings.max_upload)
        await anyio.to_thread.run_sync(partial(draft.replace, path))
    finally:
        draft.unlink(missing_ok=True)
    return Received(path, name, n_bytes)


async def _written(upload: Upload, draft: Path, limit: int) -> int:
    """Write what comes, and return its length."""
    import anyio

    n_bytes = 0
    async with await anyio.open_file(draft, "xb") as file:
        while part := await upload.read(_CHUNK):
            n_bytes += len(part)
            if n_bytes > limit:
                raise DataError(
                    f"the file has more than the {limit} bytes that are taken here. Send fewer rows, a Parquet file, "
                    "or read it with the library."
                )
            await file.write(part)
    if not n_bytes:
        raise DataError("the file is empty. A header line and at least one row of data are needed.")
    return n_bytes


def slug(filename: str) -> str:
    """Return the name of a table, of 1 to 60 letters, digits, ``_`` and ``-``, for a file's name from anywhere."""
    plain = _plain(filename)
    stem = plain[: -len(found)] if (found := _known(plain)) else plain.partition(".")[0]
    letters = unicodedata.normalize("NFKD", stem).encode("ascii", "ignore").decode()
    name = re.sub(r"[^A-Za-z0-9_]+", "-", letters).strip("-_")[:_LONGEST].rstrip("-_")
    if not name:
        return "table"
    return f"table-{name}" if _RESERVED.fullmatch(name) else name


def suffix_of(filename: str) -> str:
    """Return the ending of a file's name, in small letters.

    Raises
    ------
    DataError : it is none of ``SUFFIXES``.
    """
    if any(unicodedata.category(letter) == "Cc" for letter in filename):
        raise DataError("the name of the file has control characters in it. Rename the file.")
    plain = _plain(filename)
    if found := _known(plain):
        return found if found in SUFFIXES else EVENTS
    ending = Path(plain).suffix.lower()
    if ending in _PICKLED:
        raise DataError(
            f"a {ending} file may run code when it is opened, so none is taken. Save its table as CSV or Parquet."
        )
    raise DataError(
        f"{'files ending in ' + ending[:20] if ending else 'files without an ending'} are not read. "
        f"Known: {', '.join(SUFFIXES)}. Rename the file, or convert it to CSV."
    )


def _plain(filename: str) -> str:
    """Return a name without its folders, its letters in their plain form and without invisible ones."""
    plain = unicodedata.normalize("NFKC", filename[-1000:])
    plain = "".join(letter for letter in plain if unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Co", "Cn"))
    return re.split(r"[/\\:]", plain)[-1].strip()


def _known(plain: str) -> str:
    """Return the known ending of a name; an event file's goes on with its time and machine."""
    if found := re.search(r"\.tfevents\..+$", plain):
        return found[0]
    return max((one for one in SUFFIXES if plain.lower().endswith(one)), key=len, default="")
