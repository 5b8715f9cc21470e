"""Files that would run code when they are opened, told by what they hold, whatever they are called."""

from __future__ import annotations

import pickletools
import re
from itertools import islice
from pathlib import Path

from isoperf.errors import DataError
from isoperf.studio.weighing.gzipped import parts_of
from isoperf.studio.weighing.zipped import entries_of

__all__ = ["refuse_pickle"]

_MEMBER = re.compile(r"(?:^|/)data\.pkl$|\.(?:pkl|pickle|npy|pt|pth)$", re.IGNORECASE)
_IMPORTED = re.compile(r"[A-Za-z_][\w.]* [A-Za-z_][\w.]*")
_HEAD, _CODES = 1 << 20, 10_000
_MARKS = {b"\x93NUMPY": "a NumPy file", b"\x89HDF\r\n": "an HDF5 file", b"\x80": "a Python pickle"}


def refuse_pickle(path: Path, is_gzip: bool = False) -> None:
    """Refuse a Python pickle, and what carries one; nothing of it is executed.

    Parameters
    ----------
    is_gzip : whether to look at what the file unpacks to.

    Raises
    ------
    DataError : it is one.
    """
    if is_gzip:
        head = next(iter(parts_of(path)), b"")[:_HEAD]
    else:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    if found := next((kind for mark, kind in _MARKS.items() if head.startswith(mark)), "") or _carried(path, head):
        raise DataError(
            f"the file holds {found}, which may run code when it is opened, so none is. "
            "Save its table as CSV or Parquet."
        )


def _carried(path: Path, head: bytes) -> str:
    if head.startswith(b"PK\x03\x04") and any(_MEMBER.search(entry.filename) for entry in entries_of(path)):
        return "pickled objects, as PyTorch and NumPy write them"
    return "a Python pickle" if _is_old_pickle(head) else ""


def _is_old_pickle(head: bytes) -> bool:
    """Whether the bytes follow the rules of the first pickles, which are text, and name something to import.

    Any text may do so for a few letters: it must to its end, or for long.
    """
    imports = False
    try:
        for code, name, place in islice(pickletools.genops(head), _CODES):
            imports = imports or (code.name in ("GLOBAL", "INST") and _IMPORTED.fullmatch(str(name)) is not None)
            if code.name == "STOP":
                return imports and not head[(place or 0) + 1 :].strip()
    except Exception:  # what a decoder of hostile bytes may raise is not one class
        return False
    return imports
