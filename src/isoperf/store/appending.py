"""Rows after those of a stored table: they must have its columns, in its units."""

from __future__ import annotations

import dataclasses

from isoperf.errors import DataError, OptionError
from isoperf.store.entry import Entry

__all__ = ["appended"]


def appended(old: Entry, new: Entry) -> Entry:
    """Return the entry with the new rows after its own.

    Raises
    ------
    DataError : the columns or their units differ.
    """
    if old.kind != "table" or new.kind != "table":
        raise OptionError(f"{old.name!r} is a {old.kind}; only rows of a table can be appended, to a table.")
    for what in ("columns", "units"):
        ours, theirs = dict(getattr(old, what)), dict(getattr(new, what))
        odd = [name for name in {**ours, **theirs} if ours.get(name) != theirs.get(name)]
        if odd:
            shown = "; ".join(f"{n}: {_told(ours, n)} stored, {_told(theirs, n)} new" for n in odd[:5])
            raise DataError(
                f"the rows do not fit the table {old.name!r}, whose {what} differ ({shown}). Rename or drop columns."
            )
    return dataclasses.replace(old, added=new.added, parts=(*old.parts, *new.parts))


def _told(facts: dict[str, str], name: str) -> str:
    return facts[name] or "no unit" if name in facts else "none"
