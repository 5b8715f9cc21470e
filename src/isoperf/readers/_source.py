"""A file or folder to be recognised: its first bytes, header and decoded content, each read at most once."""

from __future__ import annotations

import csv
import fnmatch
import gzip
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from isoperf.errors import DataError
from isoperf.readers import csv as csv_files
from isoperf.readers import json as json_files
from isoperf.readers._blob import Blob
from isoperf.readers._files import read_bytes
from isoperf.readers._lines import SEPARATORS

__all__ = ["Source"]

_HEAD = 1 << 20
_LOGS = (".log", ".journal")
_DEPTH = 6


@dataclass(frozen=True)
class Source:
    """One path, looked at in whichever way a tool's module needs.

    Attributes
    ----------
    path : the file or folder.
    sheet : table or sheet asked for, if any.
    held : columns that were read already, of a Parquet file or a data frame.
    """

    path: Path
    sheet: str | None = None
    held: Mapping[str, Any] | None = None

    @property
    def name(self) -> str:
        """Name for messages: without its folders."""
        return self.path.name or str(self.path)

    @property
    def stem(self) -> str:
        """Name without its endings."""
        return self.name.removesuffix(".gz").rpartition(".")[0] or self.name

    @cached_property
    def is_folder(self) -> bool:
        """Whether it is a folder; false for names that no system takes."""
        try:
            return self.held is None and os.path.isdir(self.path)
        except ValueError:
            return False

    @cached_property
    def head(self) -> bytes:
        """The first bytes, unpacked; empty for folders and what cannot be read."""
        if self.is_folder or self.held is not None:
            return b""
        try:
            with gzip.open(self.path) if self.name.endswith(".gz") else self.path.open("rb") as file:
                return file.read(_HEAD)
        except (OSError, EOFError, ValueError):
            return b""

    @cached_property
    def content(self) -> Any:
        """What a JSON file holds, None for other files and broken JSON (its reader says why)."""
        if self.held is not None:
            return None
        log = self.name.endswith(_LOGS) and self.head.lstrip().startswith(b"{")
        if not self.name.lower().endswith(json_files.SUFFIXES) and not log:
            return None
        return self._lines() if log else _decoded(self.blob)

    def _lines(self) -> Any:
        """Return what the lines of a log hold; its last line may just be being written."""
        data = self.blob.data
        whole = _decoded(Blob(f"{self.name}.jsonl", data))
        return whole if whole is not None else _decoded(Blob(f"{self.name}.jsonl", data[: data.rfind(b"\n") + 1]))

    @cached_property
    def records(self) -> list[dict[str, Any]]:
        """The JSON objects: those of a list, or the one there is; empty where anything else stands among them."""
        found = [self.content] if isinstance(self.content, dict) else self.content
        return found if isinstance(found, list) and all(isinstance(one, dict) for one in found) else []

    @cached_property
    def header(self) -> tuple[str, ...]:
        """Names of a table's columns; empty for files that are none."""
        if self.held is not None:
            return tuple(self.held)
        if not self.name.lower().endswith(csv_files.SUFFIXES):
            return ()
        lines = self.head.removeprefix(b"\xef\xbb\xbf").splitlines()
        line = next((one for one in lines if one.strip() and not one.startswith(b"#")), b"")
        try:
            text = line.decode()
            split = (next(csv.reader([text], delimiter=separator), []) for separator in SEPARATORS)
            return tuple(cell.strip() for cell in max(split, key=len))
        except (UnicodeDecodeError, csv.Error):
            return ()

    @cached_property
    def blob(self) -> Blob:
        """The whole content of a file."""
        return Blob(self.name, read_bytes(self.path), self.sheet)

    def cells(self) -> Mapping[str, Any]:
        """Return a table's columns, those of a text table as text."""
        return csv_files.read(self.blob) if self.held is None else self.held

    @cached_property
    def _below(self) -> tuple[Path, ...]:
        """Every file below the folder, a few folders deep, in order."""
        found: list[Path] = []
        for place, inner, names in os.walk(self.path):
            inner.sort()
            if len(Path(place).relative_to(self.path).parts) >= _DEPTH:
                inner.clear()
            found += [Path(place, name) for name in sorted(names)]
        return tuple(found)

    def files(self, pattern: str) -> Iterator[Path]:
        """Yield the files below a folder whose names match, in order."""
        if self.is_folder:
            yield from (path for path in self._below if fnmatch.fnmatchcase(path.name, pattern))


def _decoded(blob: Blob) -> Any:
    try:
        return json_files.decode(blob)
    except DataError:
        return None
