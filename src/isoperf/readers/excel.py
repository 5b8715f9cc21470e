"""Excel workbooks, one sheet at a time."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from isoperf.errors import DataError, MissingExtraError, did_you_mean
from isoperf.readers._blob import Blob, explained

SUFFIXES = (".xlsx", ".xlsm", ".xls")
HAS_SHEETS = True


def read(blob: Blob) -> dict[str, Any]:
    """Read the columns of the sheet asked for, or of the only one that holds cells.

    Raises
    ------
    DataError : the file is no workbook, or several sheets hold cells and none was named.
    MissingExtraError : python-calamine is not installed.
    """
    sheets = _sheets(blob)
    if blob.sheet is not None:
        if blob.sheet not in sheets:
            near = did_you_mean(blob.sheet, sheets)
            raise DataError(
                f"{blob.name} has no sheet {blob.sheet!r}.{near} Sheets found: {', '.join(map(repr, sheets))}."
            )
        return _columns(sheets[blob.sheet], blob.name)
    filled = [name for name, rows in sheets.items() if rows]
    if len(filled) > 1:
        raise DataError(
            f"{blob.name} has {len(filled)} sheets with cells: {', '.join(map(repr, filled))}. "
            f"Say which one: sheet={filled[0]!r}."
        )
    if not filled:
        raise DataError(f"{blob.name} holds no cells. A header row and at least one row of data are needed.")
    return _columns(sheets[filled[0]], blob.name)


def sheet_names(path: Path) -> tuple[str, ...]:
    """Return the sheets of a workbook that hold cells.

    Raises
    ------
    DataError : the file is no workbook.
    MissingExtraError : python-calamine is not installed.
    """
    return tuple(name for name, rows in _sheets(Blob(path.name, path.read_bytes())).items() if rows)


def _sheets(blob: Blob) -> dict[str, list[list[Any]]]:
    try:
        import python_calamine as calamine
    except ImportError:
        raise MissingExtraError(
            f"{blob.name}: reading Excel needs python-calamine. "
            'Install it with pip install "isoperf[excel]", or save the sheet as CSV.'
        ) from None
    with explained(f"{blob.name} cannot be read as an Excel workbook", "Save it again, or save it as CSV."):
        book = calamine.CalamineWorkbook.from_filelike(io.BytesIO(blob.data))
        return {name: _rows(book.get_sheet_by_name(name).to_python()) for name in book.sheet_names}


def _rows(rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    return [list(row) for row in rows if any(cell != "" for cell in row)]


def _columns(rows: list[list[Any]], name: str) -> dict[str, Any]:
    names = [str(cell).strip() or f"unnamed_{k}" for k, cell in enumerate(rows[0] if rows else [], 1)]
    if len(rows) < 2:
        raise DataError(f"{name} has a header ({', '.join(names)}) but no rows. At least one row is needed.")
    twice = [column for column in dict.fromkeys(names) if names.count(column) > 1]
    if twice:
        raise DataError(f"{name}: the header names {', '.join(map(repr, twice))} more than once. Rename all but one.")
    cells = [[None if cell == "" else cell for cell in column] for column in zip(*rows[1:], strict=True)]
    return {
        column: values
        for column, values in zip(names, cells, strict=True)
        if not column.startswith("unnamed_") or any(value is not None for value in values)
    }
