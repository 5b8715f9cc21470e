"""Files by their suffix and their bytes, with a message for each way that may fail."""

from __future__ import annotations

import importlib
from functools import cache
from pathlib import Path
from typing import Any, Protocol, cast

from isoperf.errors import DataError, did_you_mean
from isoperf.readers._blob import Blob

__all__ = ["Reader", "find_reader", "read_bytes"]


class Reader(Protocol):
    """What a module in this folder offers: the suffixes it reads, and how."""

    SUFFIXES: tuple[str, ...]

    def read(self, blob: Blob) -> dict[str, Any]:
        """Return name -> cells of shape (n,)."""
        ...


@cache
def _readers() -> tuple[Reader, ...]:
    """Import every format: one file in this folder each, private files aside."""
    names = sorted(path.stem for path in Path(__file__).parent.glob("[a-z]*.py"))
    return tuple(cast(Reader, importlib.import_module(f"isoperf.readers.{name}")) for name in names)


def find_reader(path: str) -> Reader:
    """Return the reader for a path, by its longest known suffix.

    Raises
    ------
    DataError : no reader knows the suffix, or the path is a web address.
    """
    if "://" in path:
        raise DataError(f"{path} is a web address; only files are read. Download it first, or name a known data set.")
    known = {suffix: reader for reader in _readers() for suffix in reader.SUFFIXES}
    found = [suffix for suffix in known if path.lower().endswith(suffix)]
    if found:
        return known[max(found, key=len)]
    if Path(path).is_dir():
        raise DataError(f"{path} is a folder. Name one file in it{_files_in(Path(path))}.")
    if not Path(path).exists():
        raise _not_found(Path(path))
    suffix = Path(path).suffix
    raise DataError(
        f"{path}: {'suffix ' + repr(suffix) + ' is not known' if suffix else 'the file has no suffix'}. "
        f"Known: {', '.join(sorted(known))}. Rename the file, or convert it to CSV."
    )


def read_bytes(path: Path) -> bytes:
    """Return a file's content.

    Raises
    ------
    DataError : the file is absent, a folder, or cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise _not_found(path) from None
    except IsADirectoryError:
        raise DataError(f"{path} is a folder. Name one file in it{_files_in(path)}.") from None
    except PermissionError:
        raise DataError(f"{path} may not be read: permission denied. Change its permissions (chmod +r).") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DataError(f"{path} cannot be read: {reason}. Check the path and the disk.") from None


def _not_found(path: Path) -> DataError:
    if not path.parent.is_dir():
        return DataError(f"{path} does not exist: there is no folder {path.parent}. Check the path.")
    names = _names(path.parent)
    hint = did_you_mean(path.name, names) or f" Files there: {', '.join(names[:5]) or 'none'}."
    return DataError(f"{path} does not exist.{hint}")


def _files_in(folder: Path) -> str:
    names = _names(folder)
    return f", such as {names[0]}" if names else "; it is empty"


def _names(folder: Path) -> list[str]:
    try:
        return sorted(entry.name for entry in folder.iterdir() if entry.is_file())
    except OSError:
        return []
