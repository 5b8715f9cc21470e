"""Observations: an immutable table of measured columns with units and a source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from isoperf.cells import Place, at, read_cells, read_words, without_halves
from isoperf.checks import missing_column, refuse_cells
from isoperf.columns import COLUMNS
from isoperf.errors import DataError
from isoperf.expression import Cells, parse_condition
from isoperf.frames import columns_of, to_dicts, to_pandas, to_polars
from isoperf.grouping import codes_of, labels_of, last_rows
from isoperf.identities import find_identity
from isoperf.intake import check_name, rename_columns, take_in
from isoperf.summary import ColumnSummary, digest, summarise

if TYPE_CHECKING:
    import pandas as pd
    import polars as pl

__all__ = ["ColumnSummary", "Observations"]

Array = NDArray[np.float64]


@final
@dataclass(frozen=True, eq=False, repr=False)
class Observations:
    """A table of n rows: named columns, their base units, and where they came from.

    Build one with `from_columns`, `from_records`, `from_frame`, or `isoperf.readers.load`.
    Number columns are read-only float64 arrays of shape (n,), NaN where missing; word
    columns are arrays of text, empty where missing. Every method returns a new object.

    Examples
    --------
    >>> runs = Observations.from_columns({"N": ["70M", "1.4B"], "loss": [3.1, 2.6]}, rename={"N": "n_params"})
    >>> runs["n_params"].tolist(), runs.units["loss"]
    ([70000000.0, 1400000000.0], 'nats/token')
    >>> len(runs.where("n_params > 1e9"))
    1
    """

    _columns: dict[str, NDArray[Any]]
    source: str = "memory"
    _units: dict[str, str] = field(default_factory=dict)
    _derived: dict[str, str] = field(default_factory=dict)
    _conversions: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # The name of a file need not be UTF-8, but reports and stores that name it are.
        object.__setattr__(self, "source", without_halves(self.source))
        for values in self._columns.values():
            values.flags.writeable = False

    @classmethod
    def from_columns(
        cls,
        columns: Mapping[str, Any],
        *,
        units: Mapping[str, str] | None = None,
        source: str = "memory",
        rename: Mapping[str, str] | None = None,
    ) -> Observations:
        """Build a table from named columns.

        Parameters
        ----------
        columns : name -> array or list of shape (n,): numbers, or texts such as ``"1.4B"``.
        units : name -> unit that the numbers are in; they are converted to base units.
            ``"text"`` keeps a column as words.
        source : where the table came from, named in messages.
        rename : their name -> ours.

        Raises
        ------
        DataError : names collide, lengths differ, or a number column holds other text.
        UnitError : units disagree.
        """
        if not isinstance(columns, Mapping) or not columns:
            raise DataError(f"{at(source)}no columns found; a mapping of name to values is needed.")
        taken = take_in(columns, units=units or {}, rename=rename or {}, source=source)
        return cls(taken.columns, source, taken.units, {}, taken.conversions)

    @classmethod
    def from_records(
        cls,
        records: Sequence[Mapping[str, Any]],
        *,
        units: Mapping[str, str] | None = None,
        source: str = "memory",
        rename: Mapping[str, str] | None = None,
    ) -> Observations:
        """Build a table from one mapping per row; a key that a row lacks is a missing cell."""
        names: dict[str, None] = {}
        for row, record in enumerate(records, 1):
            if not isinstance(record, Mapping):
                raise DataError(
                    f"{at(source)}row {row} is a {type(record).__name__}, {record!r:.40}; "
                    "every row needs to be a mapping of column to value."
                )
            names.update(dict.fromkeys(record))
        columns = {name: [record.get(name) for record in records] for name in names}
        return cls.from_columns(columns, units=units, source=source, rename=rename)

    @classmethod
    def from_frame(
        cls,
        frame: Any,
        *,
        units: Mapping[str, str] | None = None,
        source: str = "memory",
        rename: Mapping[str, str] | None = None,
    ) -> Observations:
        """Build a table from a pandas, polars or pyarrow table, or any frame narwhals knows."""
        return cls.from_columns(columns_of(frame, source), units=units, source=source, rename=rename)

    @property
    def columns(self) -> tuple[str, ...]:
        """Column names, in order."""
        return tuple(self._columns)

    @property
    def units(self) -> Mapping[str, str]:
        """Base unit of every column; empty for words and bare numbers."""
        return MappingProxyType(self._units)

    @property
    def derived(self) -> Mapping[str, str]:
        """Columns computed from others, with their formula."""
        return MappingProxyType(self._derived)

    @property
    def conversions(self) -> Mapping[str, str]:
        """Columns converted on entry, with what was done, such as ``ttft_ms * 0.001``."""
        return MappingProxyType(self._conversions)

    def __len__(self) -> int:
        return len(next(iter(self._columns.values()))) if self._columns else 0

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __contains__(self, name: object) -> bool:
        return name in self._columns

    def __getitem__(self, name: str) -> NDArray[Any]:
        if name not in self._columns:
            raise missing_column([name], self.columns, self.source)
        return self._columns[name]

    def has(self, name: str) -> bool:
        """Whether the table has the column."""
        return name in self._columns

    def is_words(self, name: str) -> bool:
        """Whether the column holds text."""
        return self[name].dtype == object

    def numeric(self, name: str, *, positive: bool = False) -> Array:
        """Return a number column that is complete and finite.

        Parameters
        ----------
        name : the column.
        positive : also refuse zero and negative values.

        Returns
        -------
        (n,) read-only array, in the column's base unit.

        Raises
        ------
        DataError : the column is absent, holds text, or has missing, infinite or (if
            ``positive``) non-positive cells; the message names the rows.
        """
        values = self[name]
        refuse_cells(values, name, positive=positive, source=self.source)
        return values

    def require(self, *names: str, min_rows: int = 1) -> Observations:
        """Return a table that has every column named, derived by identity where it was absent.

        ``flops = 6 * n_params * n_tokens``, ``tokens_per_param = n_tokens / n_params`` and the
        like are filled in and marked in `derived`. No column is ever guessed from its name.

        Raises
        ------
        DataError : a column is absent and cannot be derived, holds text where numbers are
            needed, or there are fewer than ``min_rows`` rows.
        """
        table, absent = self, []
        for name in names:
            try:
                table = table._with_derived(name)
            except KeyError:
                absent.append(name)
        if absent:
            raise missing_column(absent, self.columns, self.source)
        for name in names:
            spec = COLUMNS.get(name)
            if spec and spec.kind == "number":
                refuse_cells(table[name], name, only_text=True, source=self.source)
        if len(self) < min_rows:
            rows = "1 row" if len(self) == 1 else f"{len(self)} rows"
            raise DataError(
                f"{at(self.source)}the table has {rows}; at least {min_rows} are needed. "
                "Add runs, or loosen the row condition."
            )
        return table

    def _with_derived(self, name: str) -> Observations:
        if name in self._columns:
            return self
        table, steps = self, find_identity(name, self._columns)
        if not steps:
            raise KeyError(name)
        for step in steps:
            inputs = [table[column] for column in step.inputs]
            if any(values.dtype == object for values in inputs):
                raise KeyError(name)
            unit = COLUMNS[step.output].unit
            table = table.with_column(step.output, step(*inputs), unit=unit, derived=step.formula)
        return table

    def where(self, condition: str | ArrayLike) -> Observations:
        """Keep the rows that meet a condition.

        Parameters
        ----------
        condition : text such as ``"n_params > 1e8 and family in ('a', 'b')"`` (see
            `isoperf.expression`), or a boolean array of shape (n,).
        """
        if isinstance(condition, str):
            return self.take(np.flatnonzero(parse_condition(condition)(self._cells)))
        mask = np.asarray(condition)
        if mask.dtype != bool or mask.shape != (len(self),):
            raise DataError(
                f"the row mask is {mask.dtype} of shape {mask.shape}; a boolean array of "
                f"shape ({len(self)},) is needed. Use take for row positions."
            )
        return self.take(np.flatnonzero(mask))

    def _cells(self, name: str) -> Cells:
        try:
            table = self._with_derived(name)
        except KeyError:
            raise missing_column([name], self.columns, self.source) from None
        return Cells(name, table[name], table._units.get(name, ""))

    def take(self, rows: ArrayLike) -> Observations:
        """Keep the rows at these positions (from 0, repeats allowed), in the order given."""
        index = np.asarray(rows)
        if index.size == 0:
            index = index.astype(np.intp)
        if index.ndim != 1 or index.dtype.kind not in "iu":
            raise DataError(f"take needs row positions, shape (k,) of integers; found {index.dtype} {index.shape}.")
        if index.size and (index.min() < -len(self) or index.max() >= len(self)):
            raise DataError(f"take needs positions from 0 to {len(self) - 1}; found {int(index.max())}.")
        return self._like({name: values[index] for name, values in self._columns.items()})

    def _like(self, columns: dict[str, NDArray[Any]]) -> Observations:
        """Return a table of these columns that keeps what is known of them."""
        kept = [{k: v for k, v in d.items() if k in columns} for d in self._facts()]
        return Observations(columns, self.source, *kept)

    def _facts(self) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
        return self._units, self._derived, self._conversions

    def with_column(self, name: str, values: Any, *, unit: str = "", derived: str = "") -> Observations:
        """Add or replace a column, given in base units.

        Parameters
        ----------
        name : the column.
        values : (n,) numbers or texts.
        unit : base unit; the glossary's unit when left empty.
        derived : the formula, when it was computed from other columns.
        """
        check_name(name, self.source)
        spec, place = COLUMNS.get(name), Place(self.source, name)
        unit = unit or (spec.unit if spec else "")
        words = spec is not None and spec.kind == "word"
        cells = read_words(values, place) if words else read_cells(values, "", place, strict=False).values
        if self._columns and len(cells) != len(self):
            raise DataError(f"column {name!r} has {len(cells)} cells, but the table has {len(self)} rows.")
        units, derivations, conversions = (dict(facts) for facts in self._facts())
        units[name] = "" if cells.dtype == object else unit
        derivations.pop(name, None)
        conversions.pop(name, None)
        if derived:
            derivations[name] = derived
        return Observations({**self._columns, name: cells}, self.source, units, derivations, conversions)

    def rename(self, names: Mapping[str, str]) -> Observations:
        """Rename columns, their name -> ours; the numbers are left as they are."""
        ours = rename_columns(list(self._columns), names, self.source)
        columns = dict(zip(ours, self._columns.values(), strict=True))
        units, derived, conversions = (
            {names.get(key, key): text for key, text in facts.items()} for facts in self._facts()
        )
        for name in names.values():
            spec = COLUMNS.get(name)
            if columns[name].dtype != object and not units.get(name) and spec:
                units[name] = spec.unit
            if columns[name].dtype != object and spec and spec.kind == "word":
                columns[name] = read_words(columns[name], Place(self.source, name))
        return Observations(columns, self.source, units, derived, conversions)

    def drop(self, *names: str) -> Observations:
        """Return the table without these columns."""
        for name in names:
            self[name]
        return self._like({name: values for name, values in self._columns.items() if name not in names})

    def sorted_by(self, name: str) -> Observations:
        """Return the rows in rising order of a column; equal rows keep their order, missing ones go last."""
        return self.take(np.argsort(self[name], kind="stable"))

    def groups(self, *names: str) -> dict[str, Observations]:
        """Split the rows by the values of one or more columns, in order of appearance."""
        labels = labels_of([self[name] for name in names])
        codes, firsts = codes_of(labels)
        return {str(labels[first]): self.take(np.flatnonzero(codes == k)) for k, first in enumerate(firsts)}

    @property
    def runs(self) -> NDArray[Any] | None:
        """Run of each row, shape (n,), when the table has a ``run`` column."""
        return self._columns.get("run")

    def clusters(self) -> NDArray[np.intp]:
        """Cluster of each row, shape (n,): rows of one run share one; without runs each row is its own."""
        return np.arange(len(self)) if self.runs is None else codes_of(self.runs)[0]

    @property
    def has_checkpoints(self) -> bool:
        """Whether some run has rows from more than one moment of its training."""
        return bool((~last_rows(self._columns)).any())

    def final_checkpoints(self) -> Observations:
        """Keep, of each run, the rows at its last step (or most tokens, or most operations)."""
        return self.where(last_rows(self._columns))

    @cached_property
    def fingerprint(self) -> str:
        """``sha256:...`` of names, units and cells; the order of columns does not matter."""
        return digest(self._columns, self._units)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Observations) and self.fingerprint == other.fingerprint

    def __hash__(self) -> int:
        return hash(self.fingerprint)

    def __repr__(self) -> str:
        return f"Observations({len(self)} rows, columns: {', '.join(self.columns)}; source: {self.source})"

    def _repr_html_(self) -> str:
        from isoperf.report.preview import table_preview

        return table_preview(self._columns, self._units, self.source, self._derived)

    def __reduce__(self) -> tuple[Any, ...]:
        return Observations, (self._columns, self.source, *self._facts())

    def to_dicts(self) -> list[dict[str, Any]]:
        """Return one dict per row; a missing cell is None."""
        return to_dicts(self._columns)

    def to_pandas(self) -> pd.DataFrame:
        """Return a pandas frame; needs pandas."""
        return to_pandas(self._columns)

    def to_polars(self) -> pl.DataFrame:
        """Return a polars frame, with nulls where cells are missing."""
        return to_polars(self._columns)

    def describe(self) -> list[ColumnSummary]:
        """Summarise each column: unit, kind, range, missing cells, formula."""
        return summarise(self._columns, self._units, self._derived)
