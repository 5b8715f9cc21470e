"""Text tables and JSON, weighed by counting their marks."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

import numpy as np

from isoperf.errors import DataError
from isoperf.studio.weighing.gzipped import parts_of
from isoperf.studio.weighing.limit import Limit

__all__ = ["weigh_json", "weigh_text"]

_SEPARATORS = (b",", b"\t", b";", b"|")
_HEADER = 4 << 20
_DEPTH = 100
_TEXT = re.compile(rb'"([^"]*+)"(\s*+:)?')
_BLANK = re.compile(rb"\A(?:[ \t\r]*+(?:#[^\n]*+)?\n)*+")
_PLAIN = bytes(set(range(256)) - set(b'"[]{}'))
_MANY_NAMES = 1000
_LONGEST = 16 << 20


def weigh_text(path: Path, limit: Limit) -> None:
    """Refuse a text table with too many columns or lines.

    Raises
    ------
    DataError : it has.
    """
    n_lines, header = 0, b""
    for part in parts_of(path):
        if b"\n" not in header and len(header) < _HEADER:
            header = _BLANK.sub(b"", header + part, count=1)
        n_lines += part.count(b"\n")
        columns = 1 + max(header.partition(b"\n")[0].count(one) for one in _SEPARATORS)
        limit.check_table(max(n_lines - 1, 1), columns)


def weigh_json(path: Path, limit: Limit) -> None:
    """Refuse JSON that is nested too deeply, holds too many values, or has records that share no names.

    Raises
    ------
    DataError : it is, or it is no UTF-8.
    """
    scan, names, n_marks, n_objects = _Scan(), set[bytes](), 0, 0
    for part in parts_of(path):
        if not n_marks and part.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            raise DataError("the file is JSON in UTF-16. Save it again as UTF-8.")
        n_objects += part.count(b"{")
        # A cell of a record has two marks; an object or a list takes the room of about two cells.
        n_marks += part.count(b",") + part.count(b":") + 4 * (part.count(b"{") + part.count(b"["))
        if n_marks > 2 * limit.n_cells:
            raise limit.too_much("holds more values", f"{limit.n_cells} cells")
        names.update(scan.names_in(part, n_marks))
        if len(names) > _MANY_NAMES:
            # A table would have one column for each name, with a cell for each record.
            limit.check_table(n_objects, len(names))


class _Scan:
    """Tells text from structure over parts that may be cut anywhere."""

    def __init__(self) -> None:
        self._depth = self._n_texts = self._n_held = 0
        self._held: list[bytes] = []
        self._escape = b""

    def names_in(self, part: bytes, n_marks: int) -> list[bytes]:
        """Return the names of the values that begin here, and check how deeply they are nested."""
        # What is escaped becomes bytes that JSON has not, so that every quote left begins or ends a text.
        fresh = (self._escape + part).replace(b"\\\\", b"\1\1").replace(b'\\"', b"\2\2")
        self._escape = b"\\" if fresh.endswith(b"\\") else b""
        self._held.append(fresh.removesuffix(b"\\"))
        self._n_held += len(fresh)
        if self._n_held > _LONGEST:
            raise DataError(f"the file holds a text of more than {_LONGEST} bytes, too long for a cell. Leave it out.")
        if len(self._held) > 1 and b'"' not in fresh:
            return []
        text, rest = _cut(b"".join(self._held))
        self._held, self._n_held = [rest] if rest else [], len(rest)
        signs = text.translate(None, _PLAIN)
        self._n_texts += signs.count(b'"') // 2
        if self._n_texts > n_marks + 1:
            raise DataError("the file is not valid JSON: it has more texts than values. Export it again.")
        self._nest(signs)
        return [name for name, sign in _TEXT.findall(text) if sign]

    def _nest(self, signs: bytes) -> None:
        marks = np.frombuffer(signs, np.uint8)
        outside = np.cumsum(marks == ord('"'), dtype=np.int64) % 2 == 0
        opened = outside & ((marks == ord("[")) | (marks == ord("{")))
        closed = outside & ((marks == ord("]")) | (marks == ord("}")))
        depths = self._depth + np.cumsum(opened.astype(np.int8) - closed.astype(np.int8), dtype=np.int64)
        if depths.max(initial=0) > _DEPTH:
            raise DataError(
                f"the file is nested more than {_DEPTH} deep, too deep for a table. Send a list of records."
            )
        self._depth = max(0, int(depths[-1])) if len(depths) else self._depth


def _cut(text: bytes) -> tuple[bytes, bytes]:
    """Cut before a text that is not at its end yet, or whose colon may follow."""
    place = text.rfind(b'"')
    if text.count(b'"') % 2 == 0:
        ends_so = place >= 0 and not text[place + 1 :].strip()
        place = text.rfind(b'"', 0, place) if ends_so else len(text)
    return text[:place], text[place:]
