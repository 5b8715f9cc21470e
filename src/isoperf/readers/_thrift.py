"""The little of Thrift's compact protocol that Parquet's own headers are written in."""

from __future__ import annotations

import struct
from typing import Any

__all__ = ["Thrift"]

_TRUE, _FALSE, _BYTE, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = 1, 2, 3, 7, 8, 9, 10, 11, 12
_INTEGERS = (4, 5, 6)
_MAX_DEPTH = 20


class Thrift:
    """A cursor over bytes; every read is checked and raises ValueError past the end."""

    def __init__(self, data: bytes, place: int, end: int) -> None:
        self.data = data
        self.place = place
        self.end = end
        self.depth = 0

    def record(self) -> dict[int, Any]:
        """Read one struct as field number -> value."""
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise ValueError("headers nested too deeply")
        fields: dict[int, Any] = {}
        number = 0
        while head := self._byte():
            delta, kind = head >> 4, head & 15
            number = number + delta if delta else self._integer()
            fields[number] = kind == _TRUE if kind in (_TRUE, _FALSE) else self._value(kind)
        self.depth -= 1
        return fields

    def _value(self, kind: int) -> Any:
        if kind in _INTEGERS:
            return self._integer()
        if kind == _BINARY:
            return self._take(self._varint())
        if kind in (_LIST, _SET):
            return self._items()
        if kind == _STRUCT:
            return self.record()
        if kind == _DOUBLE:
            return struct.unpack("<d", self._take(8))[0]
        if kind in (_TRUE, _FALSE, _BYTE):
            return self._byte()
        if kind == _MAP:
            return self._pairs()
        raise ValueError(f"unknown kind of field {kind}")

    def _items(self) -> list[Any]:
        head = self._byte()
        size = head >> 4 if head >> 4 < 15 else self._varint()
        self._check_room(size)
        return [self._value(head & 15) for _ in range(size)]

    def _pairs(self) -> list[Any]:
        size = self._varint()
        self._check_room(size)
        kinds = self._byte() if size else 0
        return [(self._value(kinds >> 4), self._value(kinds & 15)) for _ in range(size)]

    def _check_room(self, size: int) -> None:
        if size > self.end - self.place:
            raise ValueError(f"a list claims {size} items")

    def _integer(self) -> int:
        coded = self._varint()
        return (coded >> 1) ^ -(coded & 1)

    def _varint(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
            shift += 7
            if shift > 63:
                raise ValueError("an integer is too long")

    def _byte(self) -> int:
        return self._take(1)[0]

    def _take(self, size: int) -> bytes:
        start = self.place
        if size > self.end - start:
            raise ValueError("a header runs past its end")
        self.place = start + size
        return self.data[start : self.place]
