"""What is to be stored, told apart: a table piece by piece, a fit, or a report."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isoperf.errors import DataError
from isoperf.fitting.result import Fit
from isoperf.observations import Observations
from isoperf.readers import Data, load
from isoperf.readers._files import find_reader
from isoperf.readers._source import Source
from isoperf.readers.tools import recognise
from isoperf.report import Report
from isoperf.store.entry import StoredReport
from isoperf.store.tables import CHUNK, described, slices

__all__ = ["Ragged", "TableSource", "document", "kept_report", "pieces"]

LONG = 32 * 2**20  # bytes from which a file is typed piece by piece


@dataclass(frozen=True)
class TableSource:
    """A table to be stored, and how its columns are to be understood, as for `isoperf.load`."""

    data: Data
    rename: Mapping[str, str] | None = None
    units: Mapping[str, str] | None = None
    where: str | None = None
    sheet: str | None = None

    def whole(self) -> Observations:
        """Load it in one."""
        return load(self.data, rename=self.rename, units=self.units, where=self.where, sheet=self.sheet)


def document(thing: Any) -> Fit | StoredReport | None:
    """Return the fit or report that a thing is, or that its JSON file holds; None for a table."""
    if isinstance(thing, (Fit, StoredReport)):
        return thing
    if isinstance(thing, Report):
        return kept_report(thing)
    if hasattr(thing, "report") and hasattr(thing, "as_dict"):
        return document(thing.report())
    if isinstance(thing, (str, Path)) and str(thing).lower().endswith(".json") and Path(thing).is_file():
        return _from_json(Path(thing))
    return None


def kept_report(report: Report) -> StoredReport:
    """Return a report as the store keeps it."""
    return StoredReport(report.title, report.as_dict(), report.html())


def _from_json(path: Path) -> Fit | StoredReport | None:
    text = path.read_bytes()
    try:
        found = json.loads(text)
    except ValueError:
        return None  # the reader of tables says what is wrong with it
    if not isinstance(found, dict):
        return None
    if str(found.get("format", "")).startswith("isoperf-fit/"):
        return Fit.from_json(text)
    if found.keys() >= {"title", "blocks", "provenance"}:
        return StoredReport(str(found["title"]), found)
    return None


def pieces(source: TableSource) -> Iterator[Observations]:
    """Load a table in pieces of at most ``CHUNK`` rows, all with the same columns and units.

    A long file is typed piece by piece, for a million words take far less room in a file than in Python.

    Raises
    ------
    Ragged : a piece reads otherwise than the first; the whole must then be typed at once.
    DataError : the source cannot be read as a table, or no row is left.
    """
    path = Path(source.data) if isinstance(source.data, (str, Path)) else None
    cells = _long_cells(path) if path is not None and source.sheet is None else None
    if path is None or cells is None:
        yield from slices(source.whole())
        return
    first: dict[str, dict[str, str]] | None = None
    n_rows = n_kept = 0
    for piece in _typed_pieces(cells, source, path.name):
        now = {key: facts for key, facts in described(piece).items() if key != "conversions"}
        if first is not None and now != first:
            raise Ragged
        first, n_rows = now, n_rows + len(piece)
        kept = piece if source.where is None else piece.where(source.where)
        n_kept += len(kept)
        if len(kept):
            yield kept
    if not n_kept:
        raise DataError(f"{path.name}: none of {n_rows} rows meets {source.where!r}. Loosen the condition.")


def _long_cells(path: Path) -> dict[str, Any] | None:
    """Return the cells of a long plain file, not yet typed; None for everything else."""
    if not path.is_file() or path.stat().st_size < LONG or path.suffix.lower() not in (".csv", ".tsv", ".parquet"):
        return None
    found = Source(path)
    return find_reader(path.name).read(found.blob) if recognise(found) is None else None


def _typed_pieces(cells: Mapping[str, Any], source: TableSource, name: str) -> Iterator[Observations]:
    n_rows = max(map(len, cells.values()))
    for start in range(0, n_rows, CHUNK):
        part = {column: values[start : start + CHUNK] for column, values in cells.items()}
        try:
            yield Observations.from_columns(part, units=source.units, rename=source.rename, source=name)
        except DataError:
            raise Ragged from None  # its message counts rows from the piece's first


class Ragged(Exception):
    """The pieces of a table do not agree on its columns."""
