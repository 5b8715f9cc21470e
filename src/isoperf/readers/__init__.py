"""Load a table from a file, a stream, a data frame or plain Python into Observations."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from isoperf.errors import DataError
from isoperf.frames import Frame, columns_of, is_frame
from isoperf.observations import Observations
from isoperf.readers._reading import Reading, read_frame, read_path

__all__ = ["Data", "Reading", "load", "read_path"]

Data: TypeAlias = Observations | str | Path | Mapping[str, Any] | Sequence[Mapping[str, Any]] | Frame
"""What `load` takes, and with it every capability."""

_STORED = "store:"


def load(
    source: Data,
    *,
    rename: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
    where: str | None = None,
    sheet: str | None = None,
) -> Observations:
    """Load a table.

    Parameters
    ----------
    source : path of a .csv, .tsv, .txt (also .gz), .parquet, .json, .jsonl, .ndjson or .xlsx
        file, or of what a known tool wrote (MLflow, TensorBoard, vLLM, ...; recognised by its
        content); a pattern such as ``"runs/*.csv"``, or a folder of tables of one kind, whose files
        are stacked with a column ``file``; ``"-"`` for CSV on standard input; ``"store:NAME"`` for
        a table of the project's store; Observations; a pandas, polars or pyarrow table; a list of
        records; or a mapping of columns.
    rename : their column name -> ours.
    units : column -> the unit its numbers are in, such as ``{"ttft": "ms"}``; converted to
        base units. ``"text"`` keeps a column as words.
    where : keep the rows that meet this condition, such as ``"n_params > 1e8"``.
    sheet : sheet of a workbook that has several, or table of a tool's files that hold several,
        such as ``"history"`` beside the runs of MLflow.

    Returns
    -------
    Observations with columns in base units.

    Raises
    ------
    DataError : the source cannot be read as a table; the message says where and why.
    UnitError : a quantity or unit is not usable.
    MissingExtraError : the format needs an optional library.
    """
    table = _table(source, rename or {}, units or {}, sheet)
    if where is None:
        return table
    kept = table.where(where)
    if not len(kept):
        raise DataError(f"{table.source}: none of {len(table)} rows meets {where!r}. Loosen the condition.")
    return kept


def _stored(reference: str) -> Observations:
    """Load a table of the project's store, which is a floor above: found by name, as the formats are."""
    found: Observations = importlib.import_module("isoperf.store").named(reference)
    return found


def _table(source: Data, rename: Mapping[str, str], units: Mapping[str, str], sheet: str | None) -> Observations:
    if isinstance(source, str) and source.startswith(_STORED):
        source = _stored(source)
    if isinstance(source, (str, Path)):
        return read_path(source, rename, units, sheet).table
    if isinstance(source, Observations):
        if units:
            raise DataError("units= describes raw numbers, but Observations are in base units already. Leave it out.")
        return source.rename(rename) if rename else source
    if isinstance(source, Mapping):
        return Observations.from_columns(source, units=units, rename=rename)
    if isinstance(source, (list, tuple)):
        if not source:
            raise DataError("the list of records is empty. At least one row is needed.")
        return Observations.from_records(source, units=units, rename=rename)
    if is_frame(source):
        return read_frame(columns_of(source), rename, units)
    raise DataError(
        f"cannot load a {type(source).__name__}. Pass a path, '-', a data frame, a list of records, "
        "a mapping of columns, or Observations."
    )
