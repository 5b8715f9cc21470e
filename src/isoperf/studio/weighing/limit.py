"""How much a file may unpack to, and the words of a refusal."""

from __future__ import annotations

from dataclasses import dataclass

from isoperf.errors import DataError
from isoperf.studio.settings import Settings

__all__ = ["Limit"]

_UNPACKED = 4
_COLUMNS = 10_000
_RATIO, _FREE = 500, 64_000_000


@dataclass(frozen=True)
class Limit:
    """What is taken.

    Attributes
    ----------
    n_cells, n_columns : of the table; n_unpacked : bytes after unpacking.
    """

    n_cells: int
    n_unpacked: int
    n_columns: int = _COLUMNS

    @classmethod
    def of(cls, settings: Settings) -> Limit:
        """Return the limits of the studio: a file may unpack to four times the longest upload."""
        return cls(settings.max_cells, _UNPACKED * settings.max_upload)

    def check_unpacked(self, n_bytes: int, n_packed: int) -> None:
        """Refuse what unpacks to too much, or to absurdly more than there is."""
        if n_bytes > self.n_unpacked:
            raise self.too_much(f"unpacks from {n_packed} to {n_bytes} bytes or more", f"{self.n_unpacked} bytes")
        if n_bytes > _FREE and n_bytes > _RATIO * n_packed:
            raise self.too_much(f"unpacks from {n_packed} to {n_bytes} bytes or more", f"{_RATIO} times its length")

    def check_table(self, n_rows: int, n_columns: int) -> None:
        """Refuse a table with too many columns or cells."""
        if n_columns > self.n_columns:
            raise self.too_much(f"has {n_columns} columns", f"{self.n_columns}")
        if n_rows * n_columns > self.n_cells:
            raise self.too_much(f"has {n_rows} rows of {n_columns} columns", f"{self.n_cells} cells")

    @staticmethod
    def too_much(found: str, taken: str) -> DataError:
        """Return the error."""
        return DataError(f"the file {found}; at most {taken} are taken here. Send fewer, or read it with the library.")
