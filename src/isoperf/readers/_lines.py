"""Records of a delimited text: their separator, their cells counted, quotes respected."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from isoperf.errors import DataError

__all__ = ["SEPARATORS", "Records", "check_counts", "find_separator", "split_records", "without_empty_end"]

SEPARATORS = (",", "\t", ";", "|")
_SAMPLE = 50

Index = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Records:
    """A text without comments and blank lines, and the physical line each record starts on."""

    text: bytes
    starts: Index
    ends: Index
    lines: Index

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, i: int) -> bytes:
        return self.text[self.starts[i] : self.ends[i]]


def split_records(text: bytes, name: str) -> Records:
    """Split at line ends outside quotes; drop blank lines and those that start with ``#``."""
    if b"\r" in text:
        text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    text = text if text.endswith(b"\n") else text + b"\n"
    codes = np.frombuffer(text, dtype=np.uint8)
    breaks = np.flatnonzero(codes == ord("\n"))
    ends = breaks[~_quoted(codes, breaks)] if b'"' in text else breaks
    if not len(ends) or ends[-1] != len(text) - 1:
        line = int(np.searchsorted(breaks, ends[-1] if len(ends) else -1, side="right")) + 1
        raise DataError(
            f'{name}: a quote (") opened on or after line {line} is never closed. '
            'Close it, or write a quote inside a quoted cell twice ("").'
        )
    starts = np.concatenate(([0], ends[:-1] + 1))
    lines = np.searchsorted(breaks, starts) + 1
    keep = (ends > starts) & (codes[starts] != ord("#"))
    if keep.all():
        return Records(text, starts, ends, lines)
    kept = codes[np.repeat(keep, ends - starts + 1)].tobytes()
    lengths = (ends - starts + 1)[keep]
    new_ends = np.cumsum(lengths) - 1
    return Records(kept, new_ends - lengths + 1, new_ends, lines[keep])


def without_empty_end(records: Records, separator: str) -> Records:
    """Leave out the rows of nothing but separators that spreadsheets write below a table."""
    last, blank = len(records), separator.encode() + b' "\t'
    while last > 1 and not records[last - 1].strip(blank):
        last -= 1
    if last == len(records):
        return records
    return Records(records.text, records.starts[:last], records.ends[:last], records.lines[:last])


def _quoted(codes: NDArray[np.uint8], places: Index) -> NDArray[np.bool_]:
    """Whether each place lies inside quotes: an odd number of quotes stands before it."""
    quotes = np.flatnonzero(codes == ord('"'))
    inside: NDArray[np.bool_] = np.searchsorted(quotes, places) % 2 == 1
    return inside


def find_separator(records: Records, name: str) -> str:
    """Return the separator that splits the first records most evenly."""
    heads = [re.sub(rb'"[^"]*"', b"", records[i]) for i in range(min(len(records), _SAMPLE))]
    best = max(SEPARATORS, key=lambda s: _evenness(heads, s.encode()))
    if best.encode() in heads[0]:
        return best
    parts = re.findall(rb"[^\s:^]+", heads[0])
    if len(parts) > 1 and all(len(re.findall(rb"[^\s:^]+", head)) == len(parts) for head in heads):
        raise DataError(
            f"{name} has one column, {heads[0].decode()!r}, which looks like {len(parts)} columns "
            "with another separator. Comma, tab, semicolon or | is needed: save it again."
        )
    return ","


def _evenness(heads: list[bytes], separator: bytes) -> tuple[float, int]:
    cells = heads[0].count(separator)
    return (sum(head.count(separator) == cells for head in heads) / len(heads), cells) if cells else (0.0, 0)


def check_counts(records: Records, separator: str, n_columns: int, name: str) -> None:
    """Refuse rows with more or fewer cells than the header."""
    codes = np.frombuffer(records.text, dtype=np.uint8)
    places = np.flatnonzero(codes == ord(separator))
    if b'"' in records.text:
        places = places[~_quoted(codes, places)]
    counts = np.diff(np.searchsorted(places, records.ends), prepend=0) + 1
    odd = np.flatnonzero(counts != n_columns)
    if not len(odd):
        return
    first = int(odd[0])
    more = f" {len(odd)} rows differ in all." if len(odd) > 1 else ""
    raise DataError(
        f"{name}: row {first} (line {records.lines[first]}) has {counts[first]} cells, but the header has "
        f"{n_columns} columns.{more} Every row needs one cell per column: look for a missing or extra "
        f"{separator!r}, or a decimal comma."
    )
