"""What the store says of a thing it keeps."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from isoperf.errors import OptionError, did_you_mean

__all__ = ["PAGE", "Entry", "Kind", "Part", "StoredReport", "check_name", "unknown_name"]

Kind = Literal["table", "fit", "report"]
PAGE = ".html.gz"
_NAME = re.compile(r"\w[\w-]{0,79}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Part:
    """One file of an entry; its name is the SHA-256 of its bytes, with a suffix.

    Parameters
    ----------
    file : name in the folder of objects.
    n_bytes : size, in bytes.
    n_rows : rows of a table that lie in it.
    """

    file: str
    n_bytes: int
    n_rows: int = 0


@dataclass(frozen=True, slots=True)
class Entry:
    """A table, fit or report that the store keeps, without its content.

    Parameters
    ----------
    title : the law of a fit, the title of a report, empty for a table.
    source : where it came from.
    added : when it was last written, seconds since 1970 (UTC).
    columns : a table's columns -> ``number`` or ``word``, in order.
    units, derived, conversions : what a table's `Observations` say of its columns.
    parts : its files, in order.
    """

    name: str
    kind: Kind
    title: str = ""
    source: str = ""
    added: float = 0.0
    columns: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    derived: Mapping[str, str] = field(default_factory=dict)
    conversions: Mapping[str, str] = field(default_factory=dict)
    parts: tuple[Part, ...] = ()

    def _repr_html_(self) -> str:
        from isoperf.store.display import entry_fragment

        return entry_fragment(self)

    @property
    def n_rows(self) -> int:
        """Rows of a table, 0 for anything else."""
        return sum(part.n_rows for part in self.parts)

    @property
    def n_bytes(self) -> int:
        """Bytes on disk."""
        return sum(part.n_bytes for part in self.parts)

    @property
    def when(self) -> str:
        """The time of its last writing, UTC."""
        return datetime.fromtimestamp(self.added, UTC).strftime("%Y-%m-%d %H:%M:%S")

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "name": self.name,
            "kind": self.kind,
            "title": self.title,
            "source": self.source,
            "added": self.added,
            "n_rows": self.n_rows if self.kind == "table" else None,
            "n_bytes": self.n_bytes,
            "columns": dict(self.columns),
            "units": dict(self.units),
            "derived": dict(self.derived),
            "conversions": dict(self.conversions),
            "files": [part.file for part in self.parts],
        }


@dataclass(frozen=True, slots=True)
class StoredReport:
    """A report as it was when it was stored.

    Parameters
    ----------
    plain : its title, blocks and provenance as plain values.
    page : the same as one HTML page; empty when only the plain values were stored.
    """

    title: str
    plain: Mapping[str, Any]
    page: str = ""

    def _repr_html_(self) -> str:
        from isoperf.store.display import stored_report_fragment

        return stored_report_fragment(self)

    def as_dict(self) -> dict[str, Any]:
        """Return the plain values."""
        return dict(self.plain)

    def html(self) -> str:
        """Return the page."""
        return self.page


def check_name(name: str) -> str:
    """Refuse a name that SQL, file systems or options would misread.

    Raises
    ------
    OptionError : the name is empty, too long, or has other signs than letters, digits, ``_`` and ``-``.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        plain = re.sub(r"[^\w-]+", "_", str(name), flags=re.ASCII).strip("-_")[:80]
        example = f" Try {plain!r}." if plain else ""
        raise OptionError(
            f"{name!r} cannot be a name in the store: 1 to 80 letters (a-z), digits, _ or - are needed, "
            f"and no - in front.{example}"
        )
    return name


def unknown_name(name: str, known: Iterable[str], place: str) -> OptionError:
    """Say that the store has no such entry, and which is nearest."""
    names = sorted(known)
    shown = ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")
    near = did_you_mean(name, names)
    return OptionError(f"nothing in the store {place} is called {name!r}.{near} It holds: {shown or 'nothing yet'}.")
