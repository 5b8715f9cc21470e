"""Every error Isoperf raises on purpose.

::

    IsoperfError                  exit code 2 unless said otherwise
    ├── DataError (ValueError)    3   a table, row, column or value is not usable
    │   └── UnitError             3   a quantity or its unit cannot be read
    ├── OptionError (ValueError)  2   an argument or command-line option is not usable
    │   └── LawError              2   an unknown law, or one that does not suit the columns
    ├── OutputError (OSError)     2   a result could not be written; nothing half-written is left
    ├── FitError                  4   a fit is not trustworthy and the caller asked for one that is
    ├── WorkerError               2   processes or a cluster that should do the work are missing or lost
    └── MissingExtraError         2   an optional dependency is absent; names the extra to install

A message says what was found, what is needed, and what to try. Weak evidence is not
an error: it is a result whose status says so.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

__all__ = [
    "DataError",
    "FitError",
    "IsoperfError",
    "LawError",
    "MissingExtraError",
    "OptionError",
    "OutputError",
    "UnitError",
    "WorkerError",
    "did_you_mean",
    "list_rows",
    "unknown_column",
]


class IsoperfError(Exception):
    """Base of every error raised on purpose; ``exit_code`` is what the CLI returns."""

    exit_code = 2


class DataError(IsoperfError, ValueError):
    """A table, row, column or value cannot be used."""

    exit_code = 3


class UnitError(DataError):
    """A quantity such as ``1.4B`` or ``12 ms`` cannot be read, or has the wrong unit."""


class OptionError(IsoperfError, ValueError):
    """An argument or command-line option cannot be used."""


class LawError(OptionError):
    """A law is unknown, malformed, or does not suit the columns at hand."""


class OutputError(IsoperfError, OSError):
    """A result could not be written; the target is left as it was."""


class FitError(IsoperfError):
    """A fit is not trustworthy and the caller asked for one that is."""

    exit_code = 4


class WorkerError(IsoperfError, RuntimeError):
    """Processes, or a cluster, that should do the work cannot be reached, used or kept alive."""


class MissingExtraError(IsoperfError, ImportError):
    """An optional dependency is absent; the message names the extra to install."""


def list_rows(rows: Sequence[int] | Iterable[int], limit: int = 5) -> str:
    """Name rows for a message: ``rows 4, 9, 17 and 12 more``."""
    found = [int(row) for row in rows]
    shown = ", ".join(str(row) for row in found[:limit])
    more = f" and {len(found) - limit} more" if len(found) > limit else ""
    return f"row{'s' if len(found) != 1 else ''} {shown}{more}"


def unknown_column(option: str, name: str, columns: Iterable[str]) -> OptionError:
    """Return the error of an option that names a column which the table does not have."""
    known = list(columns)
    return OptionError(f"{option}={name!r}: no such column.{did_you_mean(name, known)} Columns: {', '.join(known)}.")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `` Did you mean 'x'?`` for the nearest known word, else an empty string."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f" Did you mean {near[0]!r}?" if near else ""
