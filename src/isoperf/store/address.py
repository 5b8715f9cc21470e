"""Where a store is: a folder, or a PostgreSQL database whose password is never shown."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field

from isoperf.errors import OptionError

__all__ = ["Database", "database"]

_SCHEME = re.compile(r"postgres(?:ql)?:", re.IGNORECASE)
_URL = re.compile(r"(postgres(?:ql)?)://(?:([^:@/?#]*)(:[^@/?#]*)?@)?([^@/?#]*)(/[^@/?#]*)?(\?[^#]*)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Database:
    """The address of a PostgreSQL database.

    Parameters
    ----------
    url : as it was given; it may hold a password, so it is never printed.
    shown : scheme, user, host and database, which messages may name.
    """

    url: str = field(repr=False)
    shown: str


def database(place: str | os.PathLike[str]) -> Database | None:
    """Return the database that an address means; None when it is a folder.

    Raises
    ------
    OptionError : it begins as the address of a database and goes on otherwise.
    """
    if not isinstance(place, str) or not _SCHEME.match(place):
        return None
    found = _URL.fullmatch(place)
    if found is None:  # and is not quoted, for a part of it may be a password
        raise OptionError(
            "the address of the PostgreSQL store cannot be read. Write postgresql://USER@HOST:PORT/DATABASE; "
            "in a user or password, write %40 for @, %2F for /, %3A for :, %3F for ? and %23 for #."
        )
    scheme, user, _, host, name, _ = found.groups()
    return Database(place, f"{scheme}://{user + '@' if user else ''}{host}{name or ''}")
