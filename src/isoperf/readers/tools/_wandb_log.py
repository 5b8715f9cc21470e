"""The records in a ``.wandb`` file: a log of 32 KiB blocks, as LevelDB writes them.

After seven bytes of heading come pieces: a checksum (4 bytes), a length (2), a kind (1) and the
bytes. A record that does not fit a block goes on in the next one; fewer than seven bytes at the
end of a block are empty. The checksum is the CRC-32 of kind and bytes, not LevelDB's CRC-32C.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

__all__ = ["HEADING", "Log", "records_of"]

HEADING = b":W&B\xe1\xbe\x00"
_BLOCK, _HEAD = 1 << 15, 7
_WHOLE, _FIRST, _MIDDLE, _LAST = 1, 2, 3, 4


@dataclass
class Log:
    """Records as bytes, and why reading ended early."""

    records: list[bytes] = field(default_factory=list)
    broken: str = ""


def records_of(data: bytes) -> Log:
    """Read every record; what follows a damaged one is left out, for its place is unknown."""
    log = Log()
    begun: bytes | None = None
    for kind, piece in _pieces(data, log):
        if (kind in (_WHOLE, _FIRST)) != (begun is None):
            log.broken = "a record begins inside another, or goes on without a beginning"
            break
        begun = piece if begun is None else begun + piece
        if kind in (_WHOLE, _LAST):
            log.records.append(begun)
            begun = None
    if begun is not None and not log.broken:
        log.broken = "it ends inside a record"
    return log


def _pieces(data: bytes, log: Log) -> Iterator[tuple[int, bytes]]:
    place = len(HEADING)
    while place < len(data):
        room = _BLOCK - place % _BLOCK
        if room < _HEAD:
            place += room
            continue
        start = place + _HEAD
        if start > len(data):
            log.broken = f"it ends inside the record at byte {place}"
            return
        check, size, kind = struct.unpack_from("<IHB", data, place)
        if not check and not size and not kind:
            return  # room that was kept for records that never came
        piece = data[start : start + size]
        if len(piece) < size:
            log.broken = f"it ends inside the record at byte {place}"
            return
        if kind not in (_WHOLE, _FIRST, _MIDDLE, _LAST) or zlib.crc32(piece, zlib.crc32(bytes((kind,)))) != check:
            log.broken = f"the record at byte {place} is damaged"
            return
        yield kind, piece
        place = start + size
