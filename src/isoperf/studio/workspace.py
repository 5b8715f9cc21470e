"""The tables of the studio: those of the project's store, with the files they came from, and the package's own."""

from __future__ import annotations

import json
import re
import shutil
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from isoperf import datasets
from isoperf.errors import DataError, OptionError
from isoperf.observations import Observations
from isoperf.readers import Reading, excel
from isoperf.report.save import write_whole
from isoperf.request.tables import TableOptions, read_source
from isoperf.store import Store
from isoperf.studio.intake import suffix_of
from isoperf.studio.settings import Settings

__all__ = ["Original", "Reference", "Workspace"]

_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}")
_HELD = 4  # tables kept in memory between two looks at them


@dataclass(frozen=True)
class Reference:
    """Which table is meant: ``kind`` is ``store`` for one of the project's, ``data`` for one of the package's."""

    kind: str
    name: str

    @classmethod
    def parse(cls, text: str) -> Reference:
        """Read ``store:NAME``, or the name of a table of the package.

        Raises
        ------
        OptionError : the text names neither.
        """
        kind, sign, name = text.partition(":")
        kind, name = (kind, name) if sign else ("data", kind)
        if kind not in ("store", "data") or not _NAME.fullmatch(name):
            raise OptionError(f"no table is called {text!r}. Add it first, or choose one from the list.")
        return cls(kind, name)

    def __str__(self) -> str:
        return self.name if self.kind == "data" else f"{self.kind}:{self.name}"

    @property
    def path(self) -> str:
        """Where its page is."""
        return f"/tables/{self.kind}/{self.name}"


@dataclass(frozen=True)
class Original:
    """The file a stored table was read from, and how it was read.

    Attributes
    ----------
    file : its path; format : what wrote it, in words.
    sheets : the tables it holds, where there are several; skipped : what was left out, and why.
    columns : as the file names them.
    """

    file: Path
    format: str = ""
    options: TableOptions = field(default_factory=TableOptions)
    sheets: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()


@dataclass
class _Held:
    """A table in memory, and what was seen of it."""

    table: Observations
    seen: dict[str, Any] | None = None


class Workspace:
    """What the studio knows of tables. Every method may be called from any thread."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.store = Store(settings.tables)
        self._held: dict[tuple[str, float], _Held] = {}
        self._lock = threading.Lock()

    def stored(self) -> list[dict[str, Any]]:
        """Return the tables of the store, the newest first."""
        return self.everything()[0]

    def everything(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Return the tables of the store, and its fits and reports, the newest first, in one look."""
        entries = sorted(self.store.ls(), key=lambda one: -one.added)
        tables = [
            {
                "reference": f"store:{one.name}",
                "name": one.name,
                "path": Reference("store", one.name).path,
                "n_rows": one.n_rows,
                "columns": list(one.columns),
                "source": Path(one.source).name,
                "added": one.added,
            }
            for one in entries
            if one.kind == "table"
        ]
        kept = [
            {"name": one.name, "kind": one.kind, "title": one.title, "added": one.added}
            for one in entries
            if one.kind != "table"
        ]
        return tables, kept

    def bundled(self) -> list[dict[str, Any]]:
        """Return the tables that come with the package."""
        found = (datasets.info(name) for name in datasets.names())
        return [
            {
                "reference": one.name,
                "name": one.name,
                "path": Reference("data", one.name).path,
                "n_rows": one.rows,
                "title": one.title,
                "made_up": one.name.startswith("planted"),
            }
            for one in sorted(found, key=lambda one: one.name.startswith("planted"))  # what was measured comes first
            if one.raw.bundled
        ]

    def references(self) -> list[str]:
        """Return what a form may choose from."""
        return [str(one["reference"]) for one in (*self.stored(), *self.bundled())]

    def table(self, reference: Reference) -> Observations:
        """Return a table, from memory where it was looked at just now.

        Raises
        ------
        OptionError : there is none of that name.
        """
        return self._hold(reference).table

    def seen(self, reference: Reference, look: Callable[[Observations], dict[str, Any]]) -> dict[str, Any]:
        """Return what there is to see of a table, worked out once while it is held.

        Parameters
        ----------
        look : works it out; always the same function.
        """
        held = self._hold(reference)
        if held.seen is None:
            held.seen = look(held.table)
        return dict(held.seen)

    def _hold(self, reference: Reference) -> _Held:
        added = self.store.entry(reference.name).added if reference.kind == "store" else 0.0
        key = (str(reference), added)
        with self._lock:
            if key in self._held:
                return self._held[key]
        found = self.store.table(reference.name) if reference.kind == "store" else self._packaged(reference.name)
        with self._lock:
            held = self._held.setdefault(key, _Held(found))
            while len(self._held) > _HELD:
                self._held.pop(next(iter(self._held)))
        return held

    def add(self, name: str, file: Path) -> Reference:
        """Read a file that was received, keep its table in the store and the file beside it.

        Parameters
        ----------
        name : what the table should be called; a number is added where that is taken.
        file : the file; it is moved, or deleted when it cannot be read.

        Raises
        ------
        IsoperfError : it cannot be read as a table, or not be kept.
        """
        # What a table came from is told by its file's name, so the file has its own before it is read.
        place = file.with_name(f"{file.name}.d")
        place.mkdir()
        file = file.replace(place / f"{name}{suffix_of(file.name)}")
        try:
            reading, options, sheets = _first_table(file)
            with self._lock:
                name = self._free(name)
                self.store.add(name, reading.table)
            folder = self._folder(name)
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            kept = file.replace(folder / f"{name}{suffix_of(file.name)}")
            self._note(name, Original(kept, reading.format, options, sheets, reading.skipped, reading.raw_columns))
        finally:
            shutil.rmtree(place, ignore_errors=True)
        return Reference("store", name)

    def original(self, reference: Reference) -> Original | None:
        """Return the file a table was read from; None where it is not kept."""
        if reference.kind != "store":
            return None
        try:
            known = json.loads((self._folder(reference.name) / "options.json").read_bytes())
            options = TableOptions(
                map=tuple((a, b) for a, b in known["map"]),
                units=tuple((a, b) for a, b in known["units"]),
                where=tuple(known["where"]),
                sheet=known["sheet"],
            )
            file = self._folder(reference.name) / Path(known["file"]).name
            lists = (tuple(map(str, known[name])) for name in ("sheets", "skipped", "columns"))
            return Original(file, str(known["format"]), options, *lists) if file.is_file() else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def correct(self, reference: Reference, options: TableOptions) -> None:
        """Read the file of a table again, its columns understood in another way.

        Raises
        ------
        OptionError : its file is not kept.
        IsoperfError : it cannot be read so; the table stays as it was.
        """
        original = self.original(reference)
        if original is None:
            raise OptionError(f"the file of {reference.name!r} is not kept here, so that it cannot be read again.")
        reading = read_source(str(original.file), options)
        self.store.add(reference.name, reading.table, replace=True)
        sheets = dict.fromkeys((*original.sheets, *filter(None, [options.sheet]), *reading.other_tables))
        kept = Original(original.file, reading.format, options, tuple(sheets), reading.skipped, reading.raw_columns)
        self._note(reference.name, kept)

    def remove(self, reference: Reference) -> None:
        """Take a stored table out, and its file.

        Raises
        ------
        OptionError : it is not in the store.
        """
        if reference.kind != "store":
            raise OptionError(f"{reference.name!r} comes with the package and cannot be removed.")
        self.store.remove(reference.name)
        shutil.rmtree(self._folder(reference.name), ignore_errors=True)

    def _packaged(self, name: str) -> Observations:
        if name not in {str(one["name"]) for one in self.bundled()}:
            raise OptionError(f"no table is called {name!r}. Add it first, or choose one from the list.")
        return datasets.load(name)

    def _free(self, name: str) -> str:
        taken = {one.name.lower() for one in self.store.ls()} | set(datasets.names())
        number, free = 1, name
        while free.lower() in taken:
            number += 1
            free = f"{name}_{number}"
        return free

    def _folder(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise OptionError(f"{name!r} cannot be the name of a table.")
        return self.settings.folder / "uploads" / name

    def _note(self, name: str, original: Original) -> None:
        known: Mapping[str, Any] = {
            **asdict(original.options),
            "file": original.file.name,
            "format": original.format,
            "sheets": original.sheets,
            "skipped": original.skipped,
            "columns": original.columns,
        }
        write_whole(self._folder(name) / "options.json", json.dumps(known))


def _first_table(file: Path) -> tuple[Reading, TableOptions, tuple[str, ...]]:
    """Read a file's table, the first that can be read where a workbook has several; and name them all."""
    sheets = excel.sheet_names(file) if file.name.lower().endswith(excel.SUFFIXES) else ()
    if len(sheets) < 2:
        reading = read_source(str(file), TableOptions())
        return reading, TableOptions(), reading.other_tables
    for sheet in sheets[:-1]:
        with suppress(DataError):
            return read_source(str(file), TableOptions(sheet=sheet)), TableOptions(sheet=sheet), sheets
    return read_source(str(file), TableOptions(sheet=sheets[-1])), TableOptions(sheet=sheets[-1]), sheets
