"""The list of entries as rows of two tables, in the SQL that SQLite and PostgreSQL share."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from isoperf.store.entry import Entry, Part

__all__ = ["Rows"]

_FACTS = ("columns", "units", "derived", "conversions")
_ENTRY = "SELECT name, kind, title, source, added, facts FROM entry"
Row = tuple[Any, ...]


class Rows(ABC):
    """Entries within a transaction of the caller's.

    Attributes
    ----------
    same : the condition that a row has a name, in any case; order : the alphabet.
    """

    same = "name = ?"
    order = "name"

    @abstractmethod
    def ask(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """Run one statement with ``?`` for each value, and return its rows."""

    def text(self, words: str) -> str:
        """Return words as the database can hold them."""
        return words

    def entries(self) -> dict[str, Entry]:
        """Return every entry by name, in alphabetical order."""
        parts: dict[str, list[Part]] = {}
        for name, *part in self.ask("SELECT name, file, n_bytes, n_rows FROM part ORDER BY name, position"):
            parts.setdefault(name, []).append(Part(*part))
        return {row[0]: _entry(row, parts.get(row[0], [])) for row in self.ask(f"{_ENTRY} ORDER BY {self.order}")}

    def entry(self, name: str) -> Entry | None:
        """Return one entry, whatever the case of its name."""
        rows = self.ask(f"{_ENTRY} WHERE {self.same}", (name,))
        if not rows:
            return None
        parts = self.ask("SELECT file, n_bytes, n_rows FROM part WHERE name = ? ORDER BY position", (rows[0][0],))
        return _entry(rows[0], [Part(*part) for part in parts])

    def put(self, new: Entry) -> None:
        """List an entry in place of any of its name."""
        self.remove(new.name)
        facts = json.dumps({key: dict(getattr(new, key)) for key in _FACTS})
        row = (new.name, new.kind, self.text(new.title), self.text(new.source), new.added, facts)
        self.ask("INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?)", row)
        self._put_parts(new, 0)

    def extend(self, longer: Entry, known: int) -> None:
        """List the files of an entry that come after the first ``known``."""
        self.ask("UPDATE entry SET added = ? WHERE name = ?", (longer.added, longer.name))
        self._put_parts(longer, known)

    def _put_parts(self, entry: Entry, first: int) -> None:
        for place, part in enumerate(entry.parts[first:], first):
            row = (entry.name, place, part.file, part.n_bytes, part.n_rows)
            self.ask("INSERT INTO part VALUES (?, ?, ?, ?, ?)", row)

    def remove(self, name: str) -> None:
        """Strike an entry from the list."""
        self.ask(f"DELETE FROM entry WHERE {self.same}", (name,))

    def named_files(self) -> set[str]:
        """Return the files that some entry names."""
        return {file for (file,) in self.ask("SELECT file FROM part")}


def _entry(row: Row, parts: list[Part]) -> Entry:
    name, kind, title, source, added, facts = row
    known = json.loads(facts)
    return Entry(name, kind, title, source, added, **{key: known.get(key, {}) for key in _FACTS}, parts=tuple(parts))
