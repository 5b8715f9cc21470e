"""The scalars in an event file: length-prefixed records, each a small protocol-buffer message.

A record is its length (8 bytes), a checksum of that (4), the bytes, and their checksum (4);
checksums are CRC-32C, rotated and offset. Field numbers are those of TensorFlow's
``event.proto``, ``summary.proto`` and ``tensor.proto``.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from isoperf.errors import DataError
from isoperf.readers._files import read_bytes
from isoperf.readers.tools._messages import double, fields_of, last, signed

__all__ = ["Events", "scalars"]

_TIME, _STEP, _SUMMARY = 1, 2, 5
_VALUE = 1
_TAG, _SIMPLE, _TENSOR, _META = 1, 2, 8, 9
_OTHERS = {4: "images", 5: "histograms", 6: "audio"}
_DTYPE, _SHAPE, _CONTENT, _FLOATS, _DOUBLES = 1, 2, 4, 5, 6
_NUMBERS = {1: ("f", 4), 2: ("d", 8), 3: ("i", 4), 9: ("q", 8)}
_HEAD, _TAIL = 12, 4
# Larger records hold images and the like, of which nothing is read.
_CHECKED = 1 << 16


@dataclass
class Events:
    """Scalars (tag, step, value, wall time), how many other values there were, and why reading ended early."""

    found: list[tuple[str, float, float, float]] = field(default_factory=list)
    others: dict[str, int] = field(default_factory=dict)
    broken: str = ""


def scalars(path: Path) -> Events:
    """Read every scalar; what follows a damaged record is left out, for its place is unknown.

    Raises
    ------
    DataError : not even the first record is whole.
    """
    data, events = read_bytes(path), Events()
    place = 0
    for place, record in _records(data, events):
        try:
            _take(record, events)
        except (ValueError, IndexError, struct.error, UnicodeDecodeError) as error:
            events.broken = f"the record at byte {place} is damaged ({error})"
            break
    if events.broken and not place:
        raise DataError(f"{path.name} is no event file of TensorBoard: {events.broken}. Copy it again.")
    return events


def _records(data: bytes, events: Events) -> Iterator[tuple[int, bytes]]:
    place = 0
    while place < len(data):
        start = place + _HEAD
        if start > len(data):
            events.broken = f"it ends inside the record at byte {place}"
            return
        size, check = struct.unpack_from("<QI", data, place)
        if _masked(data[place : place + 8]) != check:
            events.broken = f"the length of the record at byte {place} is damaged"
            return
        if start + size + _TAIL > len(data):
            events.broken = f"it ends inside the record at byte {place}"
            return
        record = data[start : start + size]
        if size <= _CHECKED and _masked(record) != struct.unpack_from("<I", data, start + size)[0]:
            events.broken = f"the record at byte {place} is damaged"
            return
        yield start + size + _TAIL, record
        place = start + size + _TAIL


def _take(record: bytes, events: Events) -> None:
    event = fields_of(record)
    time, step = last(event, _TIME, 0.0), signed(last(event, _STEP, 0))
    for summary in event.get(_SUMMARY, ()):
        for message in fields_of(summary).get(_VALUE, ()):
            value = fields_of(message)
            tag = last(value, _TAG, b"").decode()
            number = _number(value)
            if number is None:
                kind = next((name for key, name in _OTHERS.items() if key in value), "other kinds")
                events.others[kind] = events.others.get(kind, 0) + 1
            else:
                events.found.append((tag, float(step), number, double(time)))


def _number(value: dict[int, list[Any]]) -> float | None:
    """Return the scalar of a value: a plain one, or a tensor with a single element."""
    if _SIMPLE in value:
        return float(struct.unpack("<f", value[_SIMPLE][-1])[0])
    if _TENSOR not in value:
        return None
    tensor = fields_of(value[_TENSOR][-1])
    kind = _NUMBERS.get(last(tensor, _DTYPE, 0))
    if kind is None or _shape(tensor):
        return None
    code, size = kind
    held = b"".join(cell for key in (_CONTENT, _FLOATS, _DOUBLES) for cell in tensor.get(key, ()))
    return float(struct.unpack(f"<{code}", held)[0]) if len(held) == size else None


def _shape(tensor: dict[int, list[Any]]) -> list[int]:
    """Return a tensor's sizes; none for a scalar."""
    shape = fields_of(last(tensor, _SHAPE, b""))
    return [last(fields_of(size), 1, 0) for size in shape.get(2, ())]


def _table() -> tuple[int, ...]:
    made = []
    for byte in range(256):
        crc = byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F63B78 if crc & 1 else 0)
        made.append(crc)
    return tuple(made)


_CRC = _table()


def _masked(data: bytes) -> int:
    """Return the CRC-32C as event files store it."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc = _CRC[(crc ^ byte) & 0xFF] ^ crc >> 8
    crc ^= 0xFFFFFFFF
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF
