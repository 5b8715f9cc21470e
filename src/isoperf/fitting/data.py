"""Take from a table what a law needs, as plain arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from isoperf.errors import DataError, OptionError, list_rows, unknown_column
from isoperf.identities import find_identity
from isoperf.laws.base import Law
from isoperf.observations import Observations

__all__ = ["LawData", "bind", "law_data"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class LawData:
    """Rows of a table as a law sees them.

    Attributes
    ----------
    inputs : one (n,) array per input of the law; y : (n,) output; clusters : (n,) run codes.
    binding : law's word to the table's column, where the two differ or could.
    """

    law: Law
    inputs: tuple[Floats, ...]
    y: Floats
    clusters: NDArray[np.intp]
    binding: Mapping[str, str]
    units: Mapping[str, str]
    source: str
    fingerprint: str
    derived: Mapping[str, str]

    @property
    def scale(self) -> Floats:
        """How far along each row lies, (n,); see ``Law.scale``."""
        return self.law.scale(dict(zip(self.law.inputs, self.inputs, strict=True)))

    def take(self, rows: NDArray[np.intp] | NDArray[np.bool_]) -> LawData:
        """Return the same data for some rows only."""
        clusters = np.unique(self.clusters[rows], return_inverse=True)[1].astype(np.intp)
        inputs = tuple(x[rows] for x in self.inputs)
        return replace(self, inputs=inputs, y=self.y[rows], clusters=clusters)

    @property
    def n_points(self) -> int:
        """Number of rows that differ in their inputs, among those that the law reads."""
        used = self.weights > 0
        if not self.inputs:
            return int(used.sum())
        return int(np.unique(np.stack([x[used] for x in self.inputs]), axis=1).shape[1])

    @property
    def weights(self) -> Floats:
        """Row weights (n,): one each, but zero where the law reads only the rows with the largest input."""
        if not self.law.last_only:
            return np.ones(len(self.y))
        return np.where(self.scale == self.scale.max(), 1.0, 0.0)


def bind(law: Law, x: str | None, y: str | None) -> dict[str, str]:
    """Match a law's words to columns: ``x`` and ``y`` name columns for the single-input laws.

    Raises
    ------
    OptionError : ``x`` is given for a law with several inputs.
    """
    binding = {word: word for word in (*law.inputs, law.output)}
    if x is not None:
        if len(law.inputs) != 1:
            raise OptionError(
                f"x={x!r}: law {law.name!r} has {len(law.inputs)} inputs, {', '.join(law.inputs)}, with names "
                'of their own. Map your columns instead, for example rename={"params": "n_params"}.'
            )
        binding[law.inputs[0]] = x
    if y is not None:
        binding[law.output] = y
    return binding


def law_data(obs: Observations, law: Law, *, x: str | None = None, y: str | None = None) -> LawData:
    """Take the law's columns out of a table, checked.

    Raises
    ------
    DataError : a column is missing or holds values that cannot be used.
    """
    if y is None and law.output == "y" and not obs.has("y") and obs.has("loss"):
        y = "loss"  # what every command explains unless told otherwise
    binding = bind(law, x, y)
    _check_generic(obs, law, binding)
    obs = obs.require(*binding.values())
    _check_share(obs, binding[law.output])
    inputs = tuple(obs.numeric(binding[word], positive=word not in law.may_be_zero) for word in law.inputs)
    _check_signs(obs, law, binding, inputs)
    _check_counts(obs, law, binding, inputs)
    output = obs.numeric(binding[law.output])
    if not len(output):
        raise DataError(f"{obs.source}: no rows left to fit law {law.name!r}. Loosen the filter (where=...).")
    units = {word: obs.units.get(column, "") for word, column in binding.items()}
    derived = {word: obs.derived[column] for word, column in binding.items() if column in obs.derived}
    return LawData(law, inputs, output, obs.clusters(), binding, units, obs.source, obs.fingerprint, derived)


def _check_signs(obs: Observations, law: Law, binding: Mapping[str, str], inputs: tuple[Floats, ...]) -> None:
    """Refuse what is below 0 in an input that may be 0."""
    for word, x in zip(law.inputs, inputs, strict=True):
        if (x < 0).any():
            rows = list_rows(np.flatnonzero(x < 0) + 1)
            raise DataError(
                f"{obs.source}: column {binding[word]!r} is below 0 ({rows}; smallest {x.min():g}). It must be 0 or "
                f'above. Correct it, or drop the rows with where("{binding[word]} >= 0").'
            )


def _check_counts(obs: Observations, law: Law, binding: Mapping[str, str], inputs: tuple[Floats, ...]) -> None:
    """Refuse billions taken for single parameters or tokens: no model has 0.125 of them."""
    for word, x in zip(law.inputs, inputs, strict=True):
        column, unit = binding[word], obs.units.get(binding[word], "")
        if unit in ("params", "tokens") and ((x > 0) & (x < 1)).any():
            raise DataError(
                f"{obs.source}: column {column!r} goes down to {x[x > 0].min():.4g}, but {unit} are counted one by "
                f'one. If its numbers are in billions, say units={{"{column}": "B"}} (or M, k, T).'
            )


def _check_share(obs: Observations, output: str) -> None:
    """Refuse percents taken for fractions, and an error made from them."""
    base = next((b for a, b in (("error", "accuracy"), ("accuracy", "error")) if a == output in obs.derived), output)
    if obs.units.get(base) == "fraction" and obs[base].dtype != object and np.nanmax(obs[base], initial=0.0) > 1:
        raise DataError(
            f"{obs.source}: column {base!r} goes up to {np.nanmax(obs[base]):.4g}, but it is a fraction, at most 1. "
            f'If it is in percent, say units={{"{base}": "percent"}}; if it is something else, give it another name.'
        )


def _check_generic(obs: Observations, law: Law, binding: Mapping[str, str]) -> None:
    """Ask for the column behind a generic ``x`` or ``y`` instead of guessing it."""
    for word in ("x", "y"):
        column = binding.get(word)
        if column == word and not obs.has(word):
            raise OptionError(
                f"law {law.name!r} fits one column against another; say which column is {word}: "
                f'{word}="...". Columns here: {", ".join(obs.columns)}.'
            )
        if column is not None and column != word and not obs.has(column) and not find_identity(column, obs):
            raise unknown_column(word, column, obs.columns)
