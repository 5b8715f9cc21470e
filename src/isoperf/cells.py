"""Cells as they come, read as numbers in base units or as words."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from isoperf.errors import DataError, UnitError, list_rows
from isoperf.quantity import Quantity, read_quantity
from isoperf.units import COUNT_UNITS

if TYPE_CHECKING:
    import polars as pl

__all__ = ["MISSING", "Place", "Typed", "at", "has_half", "read_cells", "read_words", "without_halves"]

MISSING = frozenset(
    ["", "NA", "N/A", "n/a", "na", "#N/A", "NaN", "nan", "NAN", "-nan", "null", "NULL", "None", "<NA>", "NaT"]
)
"""Cells that say nothing: NaN in a number column, the empty text in a word column."""

_TRUTH = {"true": 1.0, "false": 0.0}
_INFINITE = {"inf", "+inf", "-inf", "infinity", "+infinity", "-infinity"}
_SAMPLE = 200


@dataclass(frozen=True, slots=True)
class Place:
    """Where cells stand, for messages."""

    source: str
    column: str

    def __str__(self) -> str:
        return f"{at(self.source)}column {self.column!r}"


@dataclass(frozen=True, slots=True)
class Typed:
    """A column read: float64 values or words, the unit its cells name, and what was converted."""

    values: NDArray[Any]
    unit: str = ""
    note: str = ""


def at(source: str) -> str:
    """Start a message with the source, unless the table was made in memory."""
    return "" if source == "memory" else f"{source}: "


def read_cells(values: Any, expected: str, place: Place, *, strict: bool = True) -> Typed:
    """Read a column as numbers when its cells are numbers or quantities, else as words.

    Parameters
    ----------
    values : array, list or polars Series of shape (n,).
    expected : base unit that the cells' own units must agree with; empty for any.
    place : named in messages.
    strict : refuse a column of which at least half the cells are numbers and some are not;
        otherwise it is kept as words, with a note.

    Raises
    ------
    DataError : the column is mostly numbers, but not all, and ``strict``.
    UnitError : units disagree with each other or with the one expected, or a number overflows.
    """
    plain = _plain(values, place)
    if isinstance(plain, np.ndarray):
        return Typed(plain.astype(np.float64))
    return _read_text(_series(plain, place), expected, place, strict)


def read_words(values: Any, place: Place) -> NDArray[Any]:
    """Read a column as text, whatever its cells look like; missing cells become the empty text."""
    plain = _plain(values, place)
    if isinstance(plain, np.ndarray):
        return _objects(map(_word, plain.tolist()))
    cells = _series(plain, place).fill_null("").str.strip_chars()
    return _objects(cells.set(cells.is_in(list(MISSING)), "").to_list())


def _objects(words: Iterable[str]) -> NDArray[Any]:
    found = list(words)
    array = np.empty(len(found), dtype=object)
    array[:] = found
    return array


def _word(cell: float) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return "" if cell != cell else str(cell)


def _series(plain: Any, place: Place) -> pl.Series:
    import polars as pl

    if isinstance(plain, pl.Series):
        return plain
    try:
        return pl.Series("", plain, dtype=pl.String)
    except UnicodeEncodeError as error:
        rows = [row for row, cell in enumerate(plain, 1) if isinstance(cell, str) and has_half(cell)]
        raise DataError(
            f"{place} holds half a character, which no text can ({list_rows(rows)}). Write the table as UTF-8 again."
        ) from error


def has_half(text: str) -> bool:
    """Whether a text holds half a character (a lone surrogate), which no file and no screen takes."""
    return not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text)


def without_halves(text: str) -> str:
    r"""Return a text that can be written: half characters, as of file names that are no UTF-8, are spelt ``\udcff``."""
    return text.encode("utf-8", "backslashreplace").decode() if has_half(text) else text


def _plain(values: Any, place: Place) -> NDArray[Any] | pl.Series | list[str | None]:
    """Bring any column into one of three forms: a numeric array, a text series, a list of texts."""
    if type(values).__module__.startswith("polars") and str(values.dtype) == "String":
        series: pl.Series = values
        return series
    if isinstance(values, np.ma.MaskedArray):
        values = np.ma.filled(values.astype(np.float64), np.nan)
    if isinstance(values, (str, bytes)) or not hasattr(values, "__len__"):
        raise DataError(
            f"{place} is a single {type(values).__name__}, {values!r:.40}; a list with one cell per row is needed."
        )
    if isinstance(values, (list, tuple)) and all(cell is None or type(cell) is str for cell in values):
        return list(values)
    try:
        array = np.asarray(values)
    except (ValueError, OverflowError) as error:
        raise DataError(f"{place} is not a plain column ({error}). Give one number or text per row.") from None
    if array.ndim != 1:
        raise DataError(
            f"{place} has {array.ndim} dimensions (shape {array.shape}); one is needed. Give one cell per row."
        )
    return _by_kind(array, place)


def _by_kind(array: NDArray[Any], place: Place) -> NDArray[Any] | list[str | None]:
    if array.dtype.kind in "iufb":
        return array
    if array.dtype.kind in "UM":
        return [str(cell) for cell in array]
    if array.dtype.kind == "O":
        return _from_objects(array.tolist(), place)
    raise DataError(f"{place} holds {array.dtype} values; numbers or text are needed.")


def _from_objects(cells: Sequence[Any], place: Place) -> NDArray[Any] | list[str | None]:
    cells = [None if _is_missing(cell) else cell for cell in cells]
    if all(cell is None or isinstance(cell, (bool, int, float, np.number, np.bool_)) for cell in cells):
        try:
            return np.array([math.nan if cell is None else float(cell) for cell in cells])
        except OverflowError:
            raise UnitError(f"{place} holds a number too large for 64 bits (about 1.8e308).") from None
    for row, cell in enumerate(cells, 1):
        if isinstance(cell, (list, tuple, dict, set, bytes, np.ndarray)):
            raise DataError(
                f"{place}, row {row} holds a {type(cell).__name__}, {cell!r:.40}; "
                "numbers or text are needed. Spread it over columns, or leave the column out."
            )
    return [None if cell is None else str(cell) for cell in cells]


def _is_missing(cell: Any) -> bool:
    """None, NaN and pandas' own marks for a missing cell."""
    return cell is None or (isinstance(cell, float) and cell != cell) or type(cell).__name__ in {"NAType", "NaTType"}


def _read_text(cells: pl.Series, expected: str, place: Place, strict: bool) -> Typed:
    import polars as pl

    numbers = cells.cast(pl.Float64, strict=False)
    if numbers.null_count() == 0 and not numbers.is_infinite().any():
        return Typed(numbers.to_numpy().copy())
    odd = cells.filter((numbers.is_null() | numbers.is_infinite()) & cells.is_not_null())
    counts = dict(odd.value_counts().iter_rows())
    known = len(cells) - cells.null_count() - sum(n for text, n in counts.items() if text.strip() in MISSING)
    if _is_words(counts, known):
        return Typed(read_words(cells, place))
    meanings = {text: _read(text, expected) for text in counts}
    refused = {text: error for text, error in meanings.items() if isinstance(error, UnitError)}
    if refused:
        return _with_refused(cells, refused, _total(refused, counts), known, place, strict)
    read = {text: q for text, q in meanings.items() if isinstance(q, Quantity)}
    unit = _one_unit(cells, read, known > _total(read, counts), place)
    return _typed(cells, numbers, {text: q.value for text, q in read.items()}, unit)


def _with_refused(
    cells: pl.Series, refused: dict[str, UnitError], n_refused: int, known: int, place: Place, strict: bool
) -> Typed:
    """Decide on a column some of whose cells are no numbers: truth values, words, or a mistake."""
    if n_refused == known and {text.strip().lower() for text in refused} <= _TRUTH.keys():
        return _truth(cells)
    if not any(map(_has_number, refused)):
        if 2 * n_refused > known:
            return Typed(read_words(cells, place))
        if not strict:
            rows = (cells.is_in(list(refused)).arg_true() + 1).to_list()
            first = f"{list_rows(rows)}, first {cells[rows[0] - 1]!r}"
            return Typed(read_words(cells, place), note=f"kept as text: {n_refused} of {known} no numbers ({first})")
    raise _refusal(cells, refused, known, place)


def _truth(cells: pl.Series) -> Typed:
    values = [_TRUTH.get((cell or "").strip().lower(), math.nan) for cell in cells.to_list()]
    return Typed(np.array(values), note="true/false as 1/0")


def _total(texts: Iterable[str], counts: dict[str, int]) -> int:
    return sum(counts[text] for text in texts)


def _is_words(counts: dict[str, int], known: int) -> bool:
    """Judge a long column by a sample: mostly unread cells, none of which is a quantity."""
    texts = [text for text in counts if text.strip() not in MISSING]
    if len(texts) <= _SAMPLE or 2 * _total(texts, counts) <= known:
        return False
    step = len(texts) // _SAMPLE
    return not any(isinstance(_read(text, ""), Quantity) for text in texts[::step])


def _read(text: str, expected: str) -> Quantity | UnitError:
    body = text.strip()
    if body in MISSING:
        return Quantity(math.nan, "")
    if body.lower() in _INFINITE:
        return Quantity(-math.inf if body.startswith("-") else math.inf, "")
    try:
        return read_quantity(text, expected)
    except UnitError as error:
        return error


def _has_number(text: str) -> bool:
    """Whether a refused cell is a quantity all the same, in a unit not expected or too large."""
    try:
        read_quantity(text)
    except UnitError as error:
        return "too large" in str(error) or "decimal comma" in str(error)
    return True


def _typed(cells: pl.Series, numbers: pl.Series, read: dict[str, float], unit: str) -> Typed:
    """Put the cells read one by one among those that were plain numbers."""
    import polars as pl

    own = cells.replace_strict(list(read), list(read.values()), default=None, return_dtype=pl.Float64)
    values = pl.select(pl.coalesce(own, numbers)).to_series().fill_null(math.nan)
    return Typed(values.to_numpy().copy(), unit)


def _one_unit(cells: pl.Series, read: dict[str, Quantity], has_bare: bool, place: Place) -> str:
    """Return the unit the cells share; refuse a mixture."""
    by_unit: dict[str, list[str]] = {}
    for text, quantity in read.items():
        if not math.isnan(quantity.value):
            by_unit.setdefault(quantity.unit, []).append(text)
    units = [unit for unit in by_unit if unit]
    if len(units) > 1:
        shown = ", ".join(f"{by_unit[unit][0]!r} in {_row(cells, by_unit[unit][0])}" for unit in units)
        raise UnitError(f"{place} mixes units: {shown}. One kind of quantity is needed: split the column in two.")
    if units and units[0] not in COUNT_UNITS and ("" in by_unit or has_bare):
        example = by_unit[units[0]][0]
        raise UnitError(
            f"{place} mixes cells with a unit ({example!r} in {_row(cells, example)}) and bare "
            "numbers, which could be in any unit. Write the unit in every cell, or in none and say units=."
        )
    return units[0] if units else ""


def _row(cells: pl.Series, text: str) -> str:
    return f"row {int((cells == text).arg_max() or 0) + 1}"


def _refusal(cells: pl.Series, refused: dict[str, UnitError], known: int, place: Place) -> DataError:
    """Name the cells that are no numbers, and why the first is not."""
    rows = (cells.is_in(list(refused)).arg_true() + 1).to_list()
    first = str(cells[rows[0] - 1])
    count = f"{len(rows)} of {known} values" if len(rows) > 1 else "a value"
    kind = UnitError if _has_number(first) else DataError
    return kind(
        f"{place} has {count} that cannot be read as numbers ({list_rows(rows)}): {refused[first]} "
        f'Correct or empty these cells; if the column is text, say units={{"{place.column}": "text"}}.'
    )
