"""Turn a table's raw file into observations with our columns and units."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isoperf.datasets.fetch import Progress, fetch
from isoperf.datasets.registry import Table, TableInfo, get

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from isoperf.observations import Observations

__all__ = ["load"]


def load(name: str, *, offline: bool = False, progress: Progress | None = None) -> Observations:
    """Load a table by name, cleaned as its notes say and nothing more.

    Parameters
    ----------
    name : one of ``isoperf.datasets.names()``.
    offline : never use the network.
    progress : called with the bytes received and the bytes expected during a download.

    Returns
    -------
    Observations : our column names in base units; columns the source does not hold are
        marked as derived.

    Raises
    ------
    OptionError : no table has that name.
    DataError : the raw file cannot be had, or is not the recorded version.

    Examples
    --------
    >>> from isoperf import datasets
    >>> runs = datasets.load("stdlib_lm")
    >>> len(runs), runs.units["loss"]
    (110, 'nats/byte')
    """
    table = get(name)
    return _observations(table, _read(fetch(name, offline=offline, progress=progress)))


def _read(file: Path) -> pl.DataFrame:
    import polars as pl

    if file.suffix == ".parquet":
        return pl.read_parquet(file)
    return pl.read_csv(file, infer_schema_length=None)


def _observations(table: Table, raw: pl.DataFrame) -> Observations:
    import polars as pl

    from isoperf.observations import Observations

    about, frame = table.info, table.tidy(raw)
    names = _selected(about, frame.columns)
    units = {name: unit for name in names if (unit := _unit(about, name))}
    texts = {name: "text" for name in names if frame.schema[name] == pl.String}
    stored = [name for name in names if name not in about.derived]
    found = Observations.from_columns(
        {name: _array(frame[name]) for name in stored},
        units={name: unit for name, unit in (units | texts).items() if name in stored},
        source=f"isoperf.datasets:{about.name}",
    )
    for name, formula in about.derived.items():
        found = found.with_column(name, _array(frame[name]), unit=units.get(name, ""), derived=formula)
    return found


def _selected(about: TableInfo, available: list[str]) -> list[str]:
    """Return the documented columns, each starred name replaced by all it stands for."""
    chosen: dict[str, None] = {}
    for name in about.columns:
        matches = [c for c in available if fnmatchcase(c, name)] if name.endswith("*") else [name]
        chosen.update(dict.fromkeys(matches))
    return list(chosen)


def _unit(about: TableInfo, column: str) -> str:
    """Return the unit the table declares, or nothing where the glossary's unit holds."""
    return next((unit for name, unit in about.units.items() if fnmatchcase(column, name)), "")


def _array(series: pl.Series) -> NDArray[Any]:
    """Return float64 with NaN for missing numbers, or words with "" for missing ones."""
    import numpy as np
    import polars as pl

    if series.dtype == pl.String:
        return np.array(series.fill_null("").to_list(), dtype=object)
    return series.cast(pl.Float64).fill_null(float("nan")).to_numpy()
