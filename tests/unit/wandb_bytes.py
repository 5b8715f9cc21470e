"""Logs of Weights & Biases put together byte by byte, for what its own writer does not do on demand."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Sequence
from typing import Any

HEADING = b":W&B\xe1\xbe\x00"
BLOCK = 1 << 15


def framed(records: Sequence[bytes]) -> bytes:
    """Lay records out in blocks with right checksums, as the log's format has it."""
    made = bytearray(HEADING)
    for record in records:
        rest, first = record, True
        while first or rest:
            room = BLOCK - len(made) % BLOCK
            if room < 7:
                made += bytes(room)
                continue
            piece, rest = rest[: room - 7], rest[room - 7 :]
            kind = bytes(((1 if first else 4) if not rest else (2 if first else 3),))
            made += struct.pack("<IH", zlib.crc32(kind + piece), len(piece)) + kind + piece
            first = False
    return bytes(made)


def message(*fields: tuple[int, Any]) -> bytes:
    """Encode numbers as varints or doubles, and text and messages with their length."""
    made = b""
    for key, value in fields:
        if isinstance(value, float):
            made += _varint(key << 3 | 1) + struct.pack("<d", value)
        elif isinstance(value, int):
            made += _varint(key << 3) + _varint(value % (1 << 64))
        else:
            held = value.encode() if isinstance(value, str) else value
            made += _varint(key << 3 | 2) + _varint(len(held)) + held
    return made


def item(key: str, value: Any) -> bytes:
    """One pair as older writers keep it: the key whole, the value as JSON."""
    return message((1, key), (16, value if isinstance(value, str) else json.dumps(value)))


def run(name: str = "r", *, config: Sequence[bytes] = (), kept: int = 0) -> bytes:
    """The record that names a run; ``kept`` are seconds of its life before a resumption."""
    settings = message(*((1, one) for one in config))
    return message((17, message((1, name), (4, settings), (3, "p"), (20, kept))))


def history(step: int, *items: bytes, seconds: float = 0.0, time: float = 1.7e9) -> bytes:
    """What was logged at a step."""
    own = (item("_step", step), item("_runtime", seconds), item("_timestamp", time))
    return message((2, message(*((1, one) for one in (*items, *own)))))


def ended(code: int = 0) -> bytes:
    """The record of a run's end."""
    return message((18, message((1, code))))


def _varint(value: int) -> bytes:
    made = bytearray()
    while value > 0x7F:
        made.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*made, value))
