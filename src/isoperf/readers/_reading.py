"""From a path to a table: the tool that wrote it recognised, several files stacked, what was left out told."""

from __future__ import annotations

import glob
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isoperf.errors import DataError
from isoperf.observations import Observations
from isoperf.readers import json, parquet
from isoperf.readers._blob import Blob
from isoperf.readers._files import find_reader
from isoperf.readers._several import Tables, labels, plain_tables
from isoperf.readers._source import Source
from isoperf.readers._stack import stack
from isoperf.readers.tools import Found, Tool, recognise
from isoperf.readers.tools._sqlite import is_sqlite

__all__ = ["Reading", "read_frame", "read_path"]

_SQLITE = "sqlite:///"


@dataclass(frozen=True)
class Reading:
    """A table, with the format it was recognised as and what was left out.

    Attributes
    ----------
    table : the rows, in base units.
    format : what wrote the file, in words.
    other_tables : further tables of the same source; read one by its name with ``sheet=``.
    skipped : what was left out or changed, and why.
    raw_columns : the columns as the source names them, before units were taken from their names.
    """

    table: Observations
    format: str
    other_tables: tuple[str, ...] = ()
    skipped: tuple[str, ...] = ()
    raw_columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Raw:
    name: str
    found: Found
    format: str
    others: tuple[str, ...] = ()


def read_path(
    path: str | Path, rename: Mapping[str, str], units: Mapping[str, str], sheet: str | None = None
) -> Reading:
    """Read a file, a folder, or every file that a pattern such as ``runs/*.csv`` matches.

    Raises
    ------
    DataError : nothing is there, or it cannot be read as a table.
    """
    text = str(path).removeprefix(_SQLITE)
    if "://" in text:
        find_reader(text)
    if glob.has_magic(text) and not Path(text).exists():
        return _read_pattern(text, rename, units, sheet)
    tables = plain_tables(Path(text))
    if tables:
        return _read_all(tables, rename, units, sheet)
    raw = _standard_input(sheet) if text == "-" else _read_one(Path(text), sheet)
    table = Observations.from_columns(
        raw.found.columns, units={**raw.found.units, **units}, rename=rename, source=raw.name
    )
    return Reading(table, raw.format, raw.others, raw.found.skipped, tuple(raw.found.columns))


def _read_one(path: Path, sheet: str | None) -> _Raw:
    source = Source(path, sheet)
    if source.name.lower().endswith(parquet.SUFFIXES) and source.path.is_file():
        source = Source(path, sheet, parquet.read(source.blob))
    tool = recognise(source)
    if tool is not None:
        return _by_tool(tool, source)
    if source.held is not None:
        _check_sheet(Blob(source.name, b"", sheet), False)
        return _Raw(source.name, Found(dict(source.held)), _plain_format(source.name))
    if is_sqlite(source):
        raise DataError(
            f"{source.name} is an SQLite database, but none of MLflow or Optuna that can be read: it is another "
            "program's, damaged, or in use. Export the table that is meant as CSV."
        )
    reader = find_reader(str(path))
    blob = source.blob
    _check_sheet(blob, hasattr(reader, "HAS_SHEETS"))
    known = reader.SUFFIXES == json.SUFFIXES and source.content is not None
    columns = json.table(source.content, source.name) if known else reader.read(blob)
    return _Raw(source.name, Found(columns), _plain_format(source.name))


def read_frame(columns: Mapping[str, Any], rename: Mapping[str, str], units: Mapping[str, str]) -> Observations:
    """Read the columns of a data frame, which a tool may have returned.

    Raises
    ------
    DataError : a column cannot be read.
    """
    source = Source(Path("memory"), held=columns)
    tool = recognise(source)
    raw = Found(dict(columns)) if tool is None else tool.found(source)
    return Observations.from_columns(raw.columns, units={**raw.units, **units}, rename=rename)


def _by_tool(tool: Tool, source: Source) -> _Raw:
    found = tool.found(source)
    shown = found.table or source.sheet or (tool.tables[0] if tool.tables else "")
    others = tuple(one for one in tool.tables if one != shown and not found.alone)
    return _Raw(found.source or source.name, found, tool.title, others)


def _standard_input(sheet: str | None) -> _Raw:
    blob = Blob("standard input", sys.stdin.buffer.read(), sheet)
    _check_sheet(blob, False)
    return _Raw(blob.name, Found(find_reader("-.csv").read(blob)), "a text table")


def _check_sheet(blob: Blob, has_sheets: bool) -> None:
    if blob.sheet is not None and not has_sheets:
        raise DataError(f"{blob.name} has no sheets, so sheet={blob.sheet!r} cannot be read. Leave it out.")


def _plain_format(name: str) -> str:
    kinds = {"parquet": "Parquet", "pq": "Parquet", "xls": "Excel", "xlsx": "Excel", "xlsm": "Excel"}
    kinds |= {"json": "JSON", "jsonl": "JSON Lines", "ndjson": "JSON Lines"}
    return f"a plain table ({kinds.get(name.lower().removesuffix('.gz').rpartition('.')[2], 'text')})"


def _read_pattern(pattern: str, rename: Mapping[str, str], units: Mapping[str, str], sheet: str | None) -> Reading:
    paths = [Path(found) for found in sorted(glob.glob(pattern, recursive=True)) if Path(found).is_file()]
    if not paths:
        raise DataError(f"no file matches {pattern}. Check the pattern; ** goes through folders below.")
    return _read_all(Tables(pattern, paths, labels(paths)), rename, units, sheet)


def _read_all(tables: Tables, rename: Mapping[str, str], units: Mapping[str, str], sheet: str | None) -> Reading:
    raws = [_read_one(path, sheet) for path in tables.paths]
    formats = {raw.format: raw for raw in raws}
    if len(formats) > 1:
        said = ", ".join(f"{raw.name} is {kind}" for kind, raw in formats.items())
        raise DataError(f"{tables.place} {tables.holds} files of several formats ({said}). {tables.advice}")
    _check_known([*rename, *units], raws, [*rename.values()], tables.place)
    typed = [_typed(raw, rename, units) for raw in raws]
    named = zip(tables.labels, raws, strict=True)
    skipped = (*(f"{name}: {note}" for name, raw in named for note in raw.found.skipped), *tables.left)
    label = f"{tables.place} ({len(raws)} files)" if len(raws) > 1 else raws[0].name
    whole = stack(typed, tables.labels, label)
    names = dict.fromkeys(column for raw in raws for column in raw.found.columns)
    return Reading(whole, raws[0].format, raws[0].others, tuple(dict.fromkeys(skipped)), tuple(names))


def _check_known(asked: Sequence[str], raws: Sequence[_Raw], made: Sequence[str], pattern: str) -> None:
    known = {column for raw in raws for column in raw.found.columns} | set(made)
    for name in asked:
        if name not in known:
            raise DataError(f"no file of {pattern} has a column {name!r}. Columns found: {', '.join(sorted(known))}.")


def _typed(raw: _Raw, rename: Mapping[str, str], units: Mapping[str, str]) -> Observations:
    here = {theirs: ours for theirs, ours in rename.items() if theirs in raw.found.columns}
    names = {*raw.found.columns, *here.values()}
    mine = {name: unit for name, unit in units.items() if name in names}
    return Observations.from_columns(raw.found.columns, units={**raw.found.units, **mine}, rename=here, source=raw.name)
