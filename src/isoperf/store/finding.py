"""Where the store is: the place named, or the nearest ``.isoperf`` at or above the current folder."""

from __future__ import annotations

import os
import re
from pathlib import Path

from isoperf.errors import OptionError
from isoperf.observations import Observations
from isoperf.store.catalogue import FILE
from isoperf.store.store import Store

__all__ = ["FOLDER", "PREFIX", "VARIABLE", "find", "held", "named", "place_of"]

FOLDER = ".isoperf"
PREFIX = "store:"
VARIABLE = "ISOPERF_STORE"


def find(start: str | Path = ".") -> Store | None:
    """Return the store of the project that a folder lies in, or None.

    The folder or database named by the variable ``ISOPERF_STORE`` comes first; then ``.isoperf`` in ``start``
    and in each folder above it.
    """
    if given := os.environ.get(VARIABLE):
        return Store(given)
    here = Path(start).absolute()
    for folder in (here, *here.parents):
        if (folder / FOLDER / FILE).is_file():
            return Store(folder / FOLDER)
    return None


def named(reference: str) -> Observations:
    """Load the table that ``store:NAME`` or ``store:PLACE/NAME`` means.

    Raises
    ------
    OptionError : there is no store, nothing of that name, or it is no table.
    """
    store, name = place_of(reference)
    return store.table(name)


def place_of(reference: str) -> tuple[Store, str]:
    """Return the store and the name that ``NAME``, ``store:NAME`` or ``store:PLACE/NAME`` means.

    Raises
    ------
    OptionError : it names no place, and there is no store here or in a folder above.
    """
    place, _, name = reference.removeprefix(PREFIX).rpartition("/")
    store = Store(place) if place else find()
    if store is None:
        raise OptionError(
            f"{reference!r} is to be in a store, but there is no store here or in a folder above. "
            "Make one with `isoperf init`, or write store:FOLDER/NAME."
        )
    return store, name


def held(word: str) -> bool:
    """Whether the project's store has a table of that name; False where there is no store."""
    if not re.fullmatch(r"\w[\w-]*", word, re.ASCII):
        return False
    store = find()
    return store is not None and any(e.kind == "table" and e.name.lower() == word.lower() for e in store.ls())
