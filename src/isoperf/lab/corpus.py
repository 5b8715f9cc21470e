"""The text the lab trains on: the Python standard library's own source.

Every Python installation carries it, so the experiment needs no download. The
bytes depend on the Python version; `Corpus.sha256` says which text was read.
"""

from __future__ import annotations

import hashlib
import sysconfig
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from isoperf.errors import OptionError

EXCLUDED_DIRECTORIES = frozenset(
    # Absent from some distributions, or not part of the standard library.
    {"test", "tests", "idle_test", "site-packages", "dist-packages", "__pycache__"}
    # Character tables which are near copies of one another: with them, files
    # held out for validation would have twins among the files trained on.
    | {"encodings"}
)
EXCLUDED_PREFIXES = (
    "config-",  # build configuration, one directory for each platform
    "_sysconfigdata",  # generated on the machine that built the interpreter
)
VALIDATION_BYTES = 262_144
"""Bytes of held-out text on which the validation loss is measured."""


@dataclass(frozen=True)
class SourceFile:
    """One text: its path relative to the library root, and its bytes."""

    name: str
    text: bytes


@dataclass(frozen=True)
class Corpus:
    """Files to train on and files held out; no file is in both.

    Both tuples are sorted by name. Texts are joined in that order with one
    newline after each.
    """

    train_files: tuple[SourceFile, ...]
    validation_files: tuple[SourceFile, ...]

    @cached_property
    def train(self) -> NDArray[np.uint8]:
        """Training text, one byte an element, shape (n_train_bytes,)."""
        return _joined(self.train_files)

    @cached_property
    def validation(self) -> NDArray[np.uint8]:
        """Held-out text, one byte an element, shape (n_validation_bytes,)."""
        return _joined(self.validation_files)

    @cached_property
    def sha256(self) -> str:
        """Hex digest of all names and texts, training files first."""
        digest = hashlib.sha256()
        for file in self.train_files + self.validation_files:
            digest.update(file.name.encode() + b"\0" + file.text + b"\0")
        return digest.hexdigest()


def stdlib_corpus(validation_bytes: int = VALIDATION_BYTES) -> Corpus:
    """Read the standard library of the running interpreter and split it.

    Args:
        validation_bytes: held-out text wanted, in bytes; whole files are held
            out until there is at least this much.
    """
    return split_files(read_sources(Path(sysconfig.get_path("stdlib"))), validation_bytes)


def read_sources(root: Path) -> tuple[SourceFile, ...]:
    """All .py files below `root` that the exclusion rules leave, sorted by name."""
    names = sorted(path.relative_to(root).as_posix() for path in root.rglob("*.py") if path.is_file())
    kept = (name for name in names if not _is_excluded(name))
    files = (SourceFile(name, (root / name).read_bytes()) for name in kept)
    return tuple(file for file in files if file.text)


def split_files(files: Iterable[SourceFile], validation_bytes: int) -> Corpus:
    """Hold out whole files in the order of the sha256 of their names.

    The order is a fixed shuffle: it depends neither on a random generator nor
    on which other files there are. Files longer than an eighth of
    `validation_bytes` stay in training, so that no single file dominates the
    validation loss.
    """
    held_out: set[str] = set()
    held_bytes = 0
    files = tuple(sorted(files, key=lambda file: file.name))
    for file in sorted(files, key=_name_digest):
        if held_bytes >= validation_bytes:
            break
        if len(file.text) <= validation_bytes // 8:
            held_out.add(file.name)
            held_bytes += len(file.text)
    if held_bytes < validation_bytes:
        raise OptionError(
            f"only {held_bytes} bytes can be held out, {validation_bytes} were asked for; ask for less validation text"
        )
    return Corpus(
        tuple(file for file in files if file.name not in held_out),
        tuple(file for file in files if file.name in held_out),
    )


def windows(text: NDArray[np.uint8], context: int) -> NDArray[np.uint8]:
    """Cut a text into windows, each of `context` inputs and one byte more.

    Neighbouring windows share one byte, so that each byte but the first is
    predicted exactly once. Shape (n_windows, context + 1); a tail shorter than
    a window is left out.
    """
    return np.lib.stride_tricks.sliding_window_view(text, context + 1)[::context]


def _joined(files: tuple[SourceFile, ...]) -> NDArray[np.uint8]:
    return np.frombuffer(b"".join(file.text + b"\n" for file in files), dtype=np.uint8)


def _name_digest(file: SourceFile) -> str:
    return hashlib.sha256(file.name.encode()).hexdigest()


def _is_excluded(name: str) -> bool:
    return any(part in EXCLUDED_DIRECTORIES or part.startswith(EXCLUDED_PREFIXES) for part in name.split("/"))
