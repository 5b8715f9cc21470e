"""What every kind of store can do: list entries in transactions, and hold the files that they name."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from isoperf.store.address import database
from isoperf.store.entry import Entry, Part
from isoperf.store.objects import Draft

__all__ = ["Backend", "Change", "Look", "backend"]


class Look(Protocol):
    """One consistent look at the list of entries."""

    def entries(self) -> dict[str, Entry]:
        """Return every entry by name, in alphabetical order."""
        ...

    def entry(self, name: str) -> Entry | None:
        """Return one entry, whatever the case of its name."""
        ...


class Change(Look, Protocol):
    """A change of the list by its only writer; it takes hold as a whole, or not at all."""

    def put(self, new: Entry) -> None:
        """List an entry in place of any of its name."""
        ...

    def extend(self, longer: Entry, known: int) -> None:
        """List the files of an entry that come after the first ``known``."""
        ...

    def remove(self, name: str) -> None:
        """Strike an entry from the list."""
        ...

    def sweep(self) -> int:
        """Delete the files that no entry names, and return the bytes freed."""
        ...


class Backend(Protocol):
    """A place that keeps a list of entries and their files."""

    @property
    def place(self) -> str:
        """Where it is, as messages may name it."""
        ...

    @property
    def folder(self) -> Path | None:
        """The folder that all of it lies in, if it is one."""
        ...

    def create(self) -> None:
        """Make it, unless it is there already."""
        ...

    def reading(self) -> AbstractContextManager[Look]:
        """Open the list for one consistent look."""
        ...

    def writing(self, draft: Draft | None = None) -> AbstractContextManager[Change]:
        """Open the list as its only writer; what it then lists may name the draft's files."""
        ...

    def drafting(self) -> AbstractContextManager[Draft]:
        """Give a place for files that are not named yet; it goes away at the end."""
        ...

    def sweep_drafts(self) -> None:
        """Delete what writers left that were killed."""
        ...

    def path(self, part: Part) -> Path:
        """Return a file with the bytes of a part; FileNotFoundError says that they are gone."""
        ...

    def fault(self, part: Part) -> str:
        """Return what is wrong with the stored bytes of a part, having read them all; empty when nothing is."""
        ...


def backend(place: str | os.PathLike[str]) -> Backend:
    """Return the kind of store that an address means; nothing is opened yet.

    Raises
    ------
    OptionError : the address of a database cannot be read.
    MissingExtraError : it is a PostgreSQL database, and the driver is absent.
    """
    found = database(place)
    if found is not None:
        from isoperf.store.postgres import PostgresBackend

        return PostgresBackend(found)
    from isoperf.store.folder import FolderBackend

    return FolderBackend(Path(place))
