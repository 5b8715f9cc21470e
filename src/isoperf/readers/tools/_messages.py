"""Protocol-buffer messages split into their fields, without a description of them."""

from __future__ import annotations

import struct
from typing import Any

__all__ = ["double", "fields_of", "last", "signed", "text"]


def fields_of(message: bytes) -> dict[int, list[Any]]:
    """Split a message: number of a field -> its values, as integers or bytes.

    Raises
    ------
    ValueError : the bytes are no message.
    IndexError : they end inside a number.
    """
    found: dict[int, list[Any]] = {}
    place = 0
    while place < len(message):
        key, place = _varint(message, place)
        value: int | bytes
        match key & 7:
            case 0:
                value, place = _varint(message, place)
            case 1 | 5 as kind:
                size = 8 if kind == 1 else 4
                value, place = message[place : place + size], place + size
            case 2:
                size, place = _varint(message, place)
                value, place = message[place : place + size], place + size
            case kind:
                raise ValueError(f"field kind {kind}")
        if place > len(message):
            raise ValueError("a field is cut off")
        found.setdefault(key >> 3, []).append(value)
    return found


def last(fields: dict[int, list[Any]], key: int, absent: Any) -> Any:
    """Return the last value of a field, which is the one that counts."""
    return fields[key][-1] if key in fields else absent


def text(fields: dict[int, list[Any]], key: int) -> str:
    """Return the words of a field, none where it is absent."""
    held: bytes = last(fields, key, b"")
    return held.decode()


def signed(value: int) -> int:
    """Return a number that was kept as its two's complement."""
    return value - (1 << 64) if value >= 1 << 63 else value


def double(value: Any) -> float:
    """Return the number that eight bytes hold, 0 where there are none."""
    return float(struct.unpack("<d", value)[0]) if isinstance(value, bytes) else 0.0


def _varint(message: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[place]
        value |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:
            return value, place
        if shift > 63:
            raise ValueError("a number is too long")
