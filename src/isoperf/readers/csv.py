"""Delimited text: comma, tab, semicolon or ``|`` between cells, ``#`` before comments."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

from isoperf.errors import DataError, UnitError
from isoperf.quantity import read_quantity
from isoperf.readers._blob import Blob, decompressed, explained, utf8
from isoperf.readers._lines import Records, check_counts, find_separator, split_records, without_empty_end

if TYPE_CHECKING:
    import polars as pl

SUFFIXES = (".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".txt.gz")
_LIMIT = 100_000


def read(blob: Blob) -> dict[str, Any]:
    """Read the cells of every column as text.

    Raises
    ------
    DataError : the file is no text table; see the module's tests for every way it may fail.
    """
    records = split_records(utf8(decompressed(blob)), blob.name)
    if not len(records):
        raise DataError(f"{blob.name} holds only comments. A header line and at least one row are needed.")
    separator = find_separator(records, blob.name)
    records = without_empty_end(records, separator)
    names = _header(records, separator, blob.name)
    check_counts(records, separator, len(names), blob.name)
    if len(records) == 1:
        raise DataError(
            f"{blob.name} has a header ({', '.join(names)}) but no rows. At least one row of data is needed."
        )
    columns = _cells(records, separator, names, blob.name)
    if separator == ";":
        _refuse_decimal_commas(columns, blob.name)
    return columns


def _header(records: Records, separator: str, name: str) -> list[str]:
    if len(records[0]) > _LIMIT:
        raise DataError(f"{name}: the first line is {len(records[0])} bytes long; a header line is needed.")
    with explained(f"{name}: the header cannot be read", "Check its quotes."):
        cells = next(csv.reader([records[0].decode()], delimiter=separator))
    names = [cell.strip() or f"unnamed_{k}" for k, cell in enumerate(cells, 1)]
    twice = [column for column in dict.fromkeys(names) if names.count(column) > 1]
    if twice:
        raise DataError(
            f"{name}: the header names {', '.join(map(repr, twice))} more than once. "
            "Every column needs its own name: rename or delete all but one."
        )
    if all(_is_number(cell) for cell in cells):
        raise DataError(
            f"{name}: the first line ({', '.join(cells)}) holds numbers, not names. "
            "Add a header line such as n_params,n_tokens,loss (without # before it)."
        )
    return names


def _is_number(cell: str) -> bool:
    try:
        read_quantity(cell)
    except UnitError:
        return False
    return True


def _cells(records: Records, separator: str, names: list[str], name: str) -> dict[str, Any]:
    import polars as pl

    body = records.text[records.starts[1] : records.ends[-1] + 1]
    with explained(f"{name} cannot be read as a table", "Check its quotes and separators."):
        frame = pl.read_csv(body, separator=separator, has_header=False, infer_schema=False)
    if frame.shape != (len(records) - 1, len(names)):
        raise DataError(
            f"{name} reads as {frame.height} rows of {frame.width} cells, but has {len(records) - 1} lines "
            f"of {len(names)}. Check its quotes: a quoted cell must begin and end with one."
        )
    cells = zip(names, frame.get_columns(), strict=True)
    return {
        column: values
        for column, values in cells
        if not column.startswith("unnamed_") or values.null_count() < len(values)
    }


def _refuse_decimal_commas(columns: dict[str, pl.Series], name: str) -> None:
    """Refuse ``1,234`` between semicolons: one number with a decimal comma and another without."""
    for column, cells in columns.items():
        odd = cells.str.contains(r"^\s*[+-]?\d{1,3},\d{3}\s*$").fill_null(False)
        if odd.any():
            row = int(odd.arg_max() or 0)
            raise DataError(
                f"{name}: column {column!r}, row {row + 1} is {cells[row]!r}, which may be a decimal comma "
                "or a thousand. Write numbers with a point and without separators, such as 1234 or 1.234: "
                "where all commas are decimal ones, tr ',' '.' < FILE > points.csv does so."
            )
