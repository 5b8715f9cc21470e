"""What a report is made of, besides figures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from isoperf.errors import OptionError
from isoperf.estimate import Estimate
from isoperf.report.figure import Figure, titled

__all__ = ["Block", "Caveat", "Cell", "Column", "Facts", "Heading", "Prose", "Table"]

Cell: TypeAlias = str | int | float | bool | Estimate | None


@dataclass(frozen=True)
class Heading:
    """A heading; level 1 is the report's own title, so 2 is the usual one."""

    text: str
    level: int = 2


@dataclass(frozen=True)
class Prose:
    """Paragraphs divided by blank lines; ``code`` in backticks and ``**bold**`` are understood."""

    text: str


@dataclass(frozen=True)
class Caveat:
    """Something the reader must not miss; the same inline marks as prose."""

    text: str
    kind: Literal["warning", "note"] = "warning"

    def __post_init__(self) -> None:
        if self.kind not in ("warning", "note"):
            raise OptionError(f"a caveat is a 'warning' or a 'note', not {self.kind!r}.")


@dataclass(frozen=True)
class Facts:
    """Names with their values, such as a summary or where the numbers come from."""

    title: str
    items: tuple[tuple[str, str], ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "items", tuple((str(key), str(value)) for key, value in self.items))


@dataclass(frozen=True)
class Column:
    """A table's column: what it holds, in which unit, and how it is set."""

    name: str
    unit: str = ""
    help: str = ""
    align: Literal["auto", "left", "right"] = "auto"

    @property
    def title(self) -> str:
        """The name with its unit."""
        return titled(self.name, self.unit)


@dataclass(frozen=True)
class Table:
    """Rows of cells; a bare word stands for a column with that name.

    Raises
    ------
    OptionError : a row has more or fewer cells than there are columns.
    """

    title: str
    columns: tuple[Column | str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", tuple(self.columns))
        rows = tuple(tuple(_plain(cell) for cell in row) for row in self.rows)
        object.__setattr__(self, "rows", rows)
        for number, row in enumerate(rows, start=1):
            if len(row) != len(self.columns):
                names = ", ".join(column.name for column in self.headers)
                raise OptionError(
                    f"table {self.title!r}: row {number} has {len(row)} cells; it needs {len(self.columns)} ({names})."
                )

    @property
    def headers(self) -> tuple[Column, ...]:
        """Every column, words turned into columns."""
        return tuple(Column(column) if isinstance(column, str) else column for column in self.columns)

    def right(self, index: int) -> bool:
        """Whether a column is set to the right: numbers are, words are not."""
        align = self.headers[index].align
        cells = [row[index] for row in self.rows if row[index] is not None]
        numeric = bool(cells) and all(_numeric(cell) for cell in cells)
        return align == "right" or (align == "auto" and numeric)


Block: TypeAlias = Heading | Prose | Caveat | Facts | Table | Figure


def _numeric(cell: Cell) -> bool:
    return isinstance(cell, int | float | Estimate) and not isinstance(cell, bool)


def _plain(cell: Any) -> Cell:
    """Turn a NumPy scalar into a Python one; a table holds nothing else by surprise."""
    value = cell.item() if hasattr(cell, "item") else cell
    if value is None or isinstance(value, str | int | float | Estimate):
        return value
    raise OptionError(
        f"a cell holds {value!r} ({type(value).__name__}); "
        "a table takes text, numbers, yes/no, None or an Estimate. Write it as text."
    )
