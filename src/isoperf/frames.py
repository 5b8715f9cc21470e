"""Data frames of other libraries, taken in and given out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from isoperf.cells import at
from isoperf.errors import DataError, MissingExtraError

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

__all__ = ["Frame", "columns_of", "is_frame", "to_dicts", "to_pandas", "to_polars"]

Columns = Mapping[str, NDArray[Any]]


class Frame(Protocol):
    """What pandas, polars and pyarrow tables have in common, for editors; `is_frame` decides."""

    @property
    def columns(self) -> Any:
        """Names of the columns, or the columns themselves."""
        ...


def is_frame(source: Any) -> bool:
    """Whether narwhals knows the object as a frame; one with a name twice counts as well."""
    import narwhals as nw

    try:
        native = nw.from_native(source, pass_through=True)
    except nw.exceptions.NarwhalsError:
        return True
    return isinstance(native, (nw.DataFrame, nw.LazyFrame))


def columns_of(frame: Any, source: str = "memory") -> dict[str, Any]:
    """Return a frame's columns: float64 arrays for numbers, lists of cells otherwise."""
    import narwhals as nw

    if not is_frame(frame):
        raise DataError(
            f"{at(source)}a {type(frame).__name__} is not a data frame. "
            "Pass a pandas, polars or pyarrow table, a mapping of columns, or a list of records."
        )
    try:
        native = nw.from_native(frame)
        eager = native.collect() if isinstance(native, nw.LazyFrame) else native
    except nw.exceptions.NarwhalsError as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{at(source)}the frame cannot be read ({reason}). Rename or drop columns.") from None
    names = eager.columns
    if not names:
        raise DataError(f"{at(source)}the frame has no columns.")
    return {str(name): _cells(eager[name], str(name), source) for name in names}


def _cells(series: Any, name: str, source: str) -> Any:
    import narwhals as nw

    dtype = series.dtype
    if dtype.is_nested() or dtype == nw.Binary:
        raise DataError(
            f"{at(source)}column {name!r} holds {dtype} values; numbers or text are needed. "
            "Spread it over columns, or drop it from the frame."
        )
    if dtype.is_float() or dtype == nw.Boolean:
        return np.asarray(series.cast(nw.Float64).to_numpy(), dtype=np.float64)
    if dtype.is_integer() and not series.null_count():
        return series.to_numpy()
    if dtype == nw.String and series.implementation.is_polars():
        return series.to_native()
    return series.to_list()


def to_dicts(columns: Columns) -> list[dict[str, Any]]:
    """Return one dict per row; a missing cell is None."""
    cells = [_python(values) for values in columns.values()]
    return [dict(zip(columns, row, strict=True)) for row in zip(*cells, strict=True)]


def _python(values: NDArray[Any]) -> list[Any]:
    if values.dtype == object:
        return [word or None for word in values.tolist()]
    return [None if math.isnan(x) else x for x in values.tolist()]


def to_polars(columns: Columns) -> pl.DataFrame:
    """Return a polars frame, with nulls where cells are missing."""
    import polars as pl

    return pl.DataFrame(
        [
            pl.Series(name, _python(values), dtype=pl.String if values.dtype == object else pl.Float64)
            for name, values in columns.items()
        ]
    )


def to_pandas(columns: Columns) -> pd.DataFrame:
    """Return a pandas frame, with None and NaN where cells are missing."""
    try:
        import pandas as pd
    except ImportError:
        raise MissingExtraError(
            "pandas is not installed; it is needed for to_pandas(). "
            'Install it with pip install "isoperf[pandas]", or use to_polars() or to_dicts().'
        ) from None
    return pd.DataFrame(
        {
            name: pd.Series(_python(values), dtype="object" if values.dtype == object else "float64")
            for name, values in columns.items()
        }
    )
