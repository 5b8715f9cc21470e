"""Candidates read from a table: one row each, repeated rows, or one row for each item."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from isoperf.checks import missing_column, refuse_cells
from isoperf.columns import COLUMNS
from isoperf.errors import DataError, list_rows
from isoperf.observations import Observations

__all__ = ["Candidates", "Cells", "Source", "cells_of", "is_spent", "label_of", "read_candidates"]

Floats = NDArray[np.float64]
Source = Literal["standard errors", "repeated rows", "items", "none"]
LEAN = 4.0
CELLS = 4_000_000  # weights held at a time
LABELS = ("candidate", "model", "name", "configuration", "system", "agent", "recipe", "optimizer")
SPENT = ("cost", "price", "usd", "dollar", "second", "latency", "memory", "energy", "flops", "joule", "kwh", "co2")


@dataclass(frozen=True, eq=False)
class Cells:
    """A column as it was asked for: values in the unit that its name tells."""

    name: str
    values: Floats
    unit: str


@dataclass(frozen=True, eq=False)
class Candidates:
    """m candidates by d columns, and how well each mean is known.

    Attributes
    ----------
    values : (m, d) means. errors : (m, d) standard errors, nan where unknown.
    count : (m,) items, repeats, or recorded items behind a mean; nan where unknown.
    noise_source : where the errors come from.
    item_covariance : (m, m, d) covariance of one item's values between candidates; None unless items are shared.
    left_out : candidates that cannot be chosen, and why.
    """

    names: tuple[str, ...]
    columns: tuple[str, ...]
    units: tuple[str, ...]
    values: Floats
    errors: Floats
    count: Floats
    noise_source: Source
    left_out: dict[str, str]
    _tables: tuple[Floats, ...] = ()
    _clusters: NDArray[np.intp] | None = None
    n_missing: int = 0
    binomial: bool = False

    def column(self, name: str) -> int:
        """Place of a column."""
        return self.columns.index(name)

    @property
    def shared(self) -> bool:
        """Whether candidates answered the same items, so that differences are judged in pairs."""
        return self.noise_source == "items"

    def noise(self, n_draws: int, rng: np.random.Generator) -> Floats:
        """Joint draws of the noise in the means, (draws, m, d); 0 where no error is known."""
        if self.noise_source == "items":
            return self._item_noise(n_draws, rng)
        if self.noise_source == "repeated rows":
            return self._repeat_noise(n_draws, rng)
        errors = np.nan_to_num(self.errors)
        return np.asarray(rng.normal(size=(n_draws, *self.values.shape)) * errors)

    def _item_noise(self, n_draws: int, rng: np.random.Generator) -> Floats:
        """Bayesian bootstrap of the items, or of whole clusters: one set of weights for all candidates."""
        (cells,) = self._tables  # (items, m, d)
        codes = np.arange(len(cells)) if self._clusters is None else self._clusters
        n = int(codes.max()) + 1
        known = ~np.isnan(cells)
        flat, there = np.nan_to_num(cells).reshape(len(cells), -1), known.reshape(len(cells), -1).astype(float)
        made = np.empty((n_draws, flat.shape[1]))
        batch = max(1, CELLS // len(cells))
        for start in range(0, n_draws, batch):
            weights = rng.exponential(size=(min(batch, n_draws - start), n))[:, codes]
            total = weights @ there
            made[start : start + len(weights)] = (weights @ flat) / np.where(total > 0, total, 1.0)
        wide = np.sqrt((n + 1) / max(n - 1, 1))  # so that the variance is the usual unbiased one
        return np.asarray((made.reshape(n_draws, *self.values.shape) - self.values) * wide)

    def _repeat_noise(self, n_draws: int, rng: np.random.Generator) -> Floats:
        """Student's t for each candidate, with the covariance of its columns over the repeats."""
        made = np.zeros((n_draws, *self.values.shape))
        for i, (covariance, freedom) in enumerate(_moderated(self._tables)):
            scale = np.sqrt(freedom / rng.chisquare(freedom, size=(n_draws, 1)))
            each = covariance / max(len(self._tables[i]), 1)
            made[:, i] = rng.multivariate_normal(np.zeros(len(each)), each, n_draws, method="svd") * scale
        return made

    def item_covariance(self, column: int) -> Floats | None:
        """Covariance of one shared item's values between candidates, (m, m); None where items are not shared."""
        if self.noise_source != "items":
            return None
        cells = self._tables[0][:, :, column]
        deviations = np.nan_to_num(cells - self.values[:, column])
        known = (~np.isnan(cells)).astype(float)
        if self._clusters is not None:
            deviations = _summed(deviations, self._clusters)  # of whole clusters, told for one item
        pairs = np.maximum(known.T @ known - 1, 1)
        return np.asarray(deviations.T @ deviations / pairs)


def _moderated(tables: Sequence[Floats]) -> list[tuple[Floats, float]]:
    """Covariance of one repeat's columns for each candidate, leaning on all of them, with degrees of freedom.

    A handful of repeats tells little of their own spread: the pooled one counts as ``LEAN`` degrees of freedom more.
    """
    own, freedom = [], []
    for rows in tables:
        kept = rows[~np.isnan(rows).any(axis=1)]
        n = max(len(kept) - 1, 0)
        own.append(np.atleast_2d(np.cov(kept.T)) if n else np.zeros((rows.shape[1], rows.shape[1])))
        freedom.append(float(n))
    total = sum(freedom)
    pooled = sum((n * c for n, c in zip(freedom, own, strict=True)), start=np.zeros_like(own[0])) / max(total, 1.0)
    if not total:
        return [(c, 1.0) for c in own]
    lean = min(LEAN, total)
    return [((lean * pooled + n * c) / (lean + n), lean + n) for n, c in zip(freedom, own, strict=True)]


def _summed(values: Floats, codes: NDArray[np.intp]) -> Floats:
    made = np.zeros((int(codes.max()) + 1, values.shape[1]))
    np.add.at(made, codes, values)
    return made


def is_spent(name: str) -> bool:
    """Whether a column tells, by its name, what a candidate uses or costs rather than how good it is."""
    return any(word in name.lower() for word in SPENT)


def _scored(columns: Sequence[str], objective: str | None) -> str | None:
    """Column that ``standard_error`` and ``n_items`` speak of: the objective, unless that is a cost."""
    if objective is not None and not is_spent(objective):
        return objective
    return next((name for name in columns if not is_spent(name)), None)


def label_of(obs: Observations, by: str | None) -> str:
    """Name the column that tells candidates apart.

    Raises
    ------
    DataError : the one asked for, or any usual one, is absent.
    """
    if by is not None:
        if not obs.has(by):
            raise missing_column([by], obs.columns, obs.source)
        return by
    for name in LABELS:
        if obs.has(name):
            return name
    perhaps = next((name for name in obs.columns if obs.is_words(name)), "model")
    raise DataError(
        f"{obs.source}: no column tells candidates apart ({', '.join(LABELS[:4])}, ...). Columns found: "
        f"{', '.join(obs.columns)}. Name it, such as by={perhaps!r}."
    )


def cells_of(obs: Observations, name: str, *, spent: bool | None = None) -> Cells:
    """Return a number column in the unit of its name: ``memory_gb`` stays in GB though tables keep bytes.

    Raises
    ------
    DataError : it is absent, holds text, is infinite, or is a price, time or size below 0.
    """
    for kept, formula in obs.conversions.items():
        given, _, factor = formula.partition(" * ")
        if given == name and not obs.has(name) and factor:
            refuse_cells(obs[kept], kept, only_text=True, source=obs.source)
            return _checked(Cells(name, obs[kept] / float(factor), name.rpartition("_")[2]), obs.source, spent)
    if not obs.has(name):
        raise missing_column([name], obs.columns, obs.source)
    refuse_cells(obs[name], name, only_text=True, source=obs.source)
    return _checked(Cells(name, obs[name], obs.units.get(name, "")), obs.source, spent)


def _checked(cells: Cells, source: str, spent: bool | None) -> Cells:
    infinite = np.flatnonzero(np.isinf(cells.values)) + 1
    if infinite.size:
        raise DataError(f"{source}: column {cells.name!r} is infinite in {list_rows(infinite)}. Leave the cell empty.")
    known = COLUMNS.get(cells.name)
    used = is_spent(cells.name) if spent is None else spent
    if used or (known is not None and known.positive):
        below = np.flatnonzero(cells.values < 0) + 1
        if below.size:
            raise DataError(
                f"{source}: column {cells.name!r} is below 0 in {list_rows(below)}; smallest "
                f"{np.nanmin(cells.values):g}. What a candidate uses or costs is 0 or more. Correct these cells."
            )
    return cells


def read_candidates(
    obs: Observations, columns: Sequence[str], *, objective: str | None, by: str | None, item: str, cluster: str | None
) -> Candidates:
    """Read candidates with the columns named; the objective may have its error in ``standard_error``.

    Raises
    ------
    DataError : a column is unusable, prices are in several currencies, names come twice where each needs one
        row, or rows are copies of each other.
    """
    if not len(obs):
        raise DataError(f"{obs.source}: the table has no rows. One row for each candidate is needed.")
    label = label_of(obs, by)
    _one_currency(obs, columns)
    cells = [cells_of(obs, name) for name in columns]
    names = _words(obs[label], label, obs.source)
    firsts = list(dict.fromkeys(names))
    places = {name: k for k, name in enumerate(firsts)}
    codes = np.array([places[name] for name in names])
    grid = np.column_stack([one.values for one in cells]) if cells else np.zeros((len(obs), 0))
    head = (tuple(firsts), tuple(columns), tuple(one.unit for one in cells))
    if item != "item" and not obs.has(item):
        raise missing_column([item], obs.columns, obs.source)
    if obs.has(item):
        return _by_items(obs, head, grid, codes, item, cluster)
    if cluster is not None:
        if not obs.has(cluster):
            raise missing_column([cluster], obs.columns, obs.source)
        raise DataError(f"{obs.source}: clusters hold items together, and there is no column {item!r}. Leave it out.")
    if len(firsts) == len(names):
        return _one_row_each(obs, head, grid, objective)
    return _repeated(obs, head, grid, codes, names)


def _one_currency(obs: Observations, columns: Sequence[str]) -> None:
    for name in ("currency", "cost_currency", "price_currency"):
        if obs.has(name):
            found = sorted({str(cell) for cell in obs[name] if str(cell)})
            if len(found) > 1:
                raise DataError(
                    f"{obs.source}: prices are in several currencies: {', '.join(found)} (column {name!r}). Convert "
                    "them to one, or keep one with where."
                )
    told = {code for column in columns for code in ("usd", "eur", "gbp", "cny", "jpy") if code in column.split("_")}
    if len(told) > 1:
        raise DataError(
            f"{obs.source}: columns in several currencies were asked for together: {', '.join(sorted(told))}. Convert "
            "them to one."
        )


def _words(cells: NDArray[Any], label: str, source: str) -> list[str]:
    names = [str(cell) if cells.dtype == object else "" if cell != cell else f"{cell:g}" for cell in cells.tolist()]
    empty = [row for row, name in enumerate(names, 1) if not name]
    if empty:
        raise DataError(f"{source}: column {label!r} is empty in {list_rows(empty)}. Every candidate needs a name.")
    return names


Head = tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]


def _one_row_each(obs: Observations, head: Head, grid: Floats, objective: str | None) -> Candidates:
    errors = np.full(grid.shape, np.nan)
    count, scored = _numbers(obs, "n_items"), _scored(head[1], objective)
    for k, name in enumerate(head[1]):
        for column in (f"{name}_se", f"{name}_standard_error", f"{name}_stderr", f"se_{name}"):
            if obs.has(column):
                errors[:, k] = cells_of(obs, column, spent=True).values
        if name == scored and np.isnan(errors[:, k]).all() and obs.has("standard_error"):
            errors[:, k] = cells_of(obs, "standard_error", spent=True).values
    binomial = False
    if scored is not None:
        k = head[1].index(scored)
        p = grid[:, k]
        if np.isnan(errors[:, k]).all() and np.isfinite(count).any() and ((p >= 0) & (p <= 1) | np.isnan(p)).all():
            binomial = True
            inside = np.clip(p, 2 / (count + 4), 1 - 2 / (count + 4))  # a share of 0 or 1 is not known exactly
            errors[:, k] = np.sqrt(inside * (1 - inside) / count)
    source: Source = "standard errors" if np.isfinite(errors).any() else "none"
    return Candidates(
        *head, grid, errors, count, source, _missing(head, grid), (), None, int(np.isnan(grid).sum()), binomial
    )


def _numbers(obs: Observations, name: str) -> Floats:
    if not obs.has(name):
        return np.full(len(obs), np.nan)
    refuse_cells(obs[name], name, only_text=True, source=obs.source)
    found = np.array(obs[name], dtype=float)
    bad = np.flatnonzero(found <= 0) + 1
    if bad.size:
        raise DataError(f"{obs.source}: column {name!r} is not above 0 in {list_rows(bad)}. Correct these cells.")
    return found


def _missing(head: Head, values: Floats) -> dict[str, str]:
    names, columns, _ = head
    return {
        names[i]: ", ".join(columns[k] for k in np.flatnonzero(np.isnan(row)))
        for i, row in enumerate(values)
        if np.isnan(row).any()
    }


def _repeated(obs: Observations, head: Head, grid: Floats, codes: NDArray[np.intp], names: list[str]) -> Candidates:
    firsts = head[0]
    if obs.has("standard_error"):
        twice = next(name for name in firsts if names.count(name) > 1)
        rows = [row for row, name in enumerate(names, 1) if name == twice]
        raise DataError(
            f"{obs.source}: {twice!r} comes {len(rows)} times ({list_rows(rows)}) in a table with standard errors, "
            "where each candidate needs one row. Keep one, give the rows different names, or drop standard_error "
            "where they are repeats."
        )
    seen: dict[str, int] = {}
    records = list(zip(*(obs[name].tolist() for name in obs.columns), strict=True))
    for row, record in enumerate(map(repr, records), 1):
        if record in seen:
            raise DataError(
                f"{obs.source}: rows {seen[record]} and {row} ({names[row - 1]!r}) are copies of each other. Drop one; "
                "a repeat needs a column that tells it apart, such as seed."
            )
        seen[record] = row
    tables = tuple(grid[codes == i] for i in range(len(firsts)))
    tables = tuple(
        rows[~np.isnan(rows).any(axis=1)] if not np.isnan(rows).all(axis=0).any() else rows for rows in tables
    )
    values = np.array([_mean(rows) for rows in tables]).reshape(len(firsts), grid.shape[1])
    spreads = [np.sqrt(np.diag(covariance)) for covariance, _ in _moderated(tables)]
    errors = np.array(spreads).reshape(values.shape) / np.sqrt([[max(len(rows), 1)] for rows in tables])
    count = np.array([float(len(rows)) for rows in tables])
    lost = int(np.isnan(grid).sum())
    return Candidates(*head, values, errors, count, "repeated rows", _missing(head, values), tables, None, lost)


def _mean(rows: Floats) -> Floats:
    there = (~np.isnan(rows)).sum(axis=0)
    return np.asarray(np.where(there > 0, np.nansum(rows, axis=0) / np.maximum(there, 1), np.nan))


def _by_items(
    obs: Observations, head: Head, grid: Floats, codes: NDArray[np.intp], item: str, cluster: str | None
) -> Candidates:
    items = _words(obs[item], item, obs.source)
    places = {name: k for k, name in enumerate(dict.fromkeys(items))}
    where = np.array([places[name] for name in items])
    m, d = len(head[0]), grid.shape[1]
    total, there = np.zeros((len(places), m, d)), np.zeros((len(places), m, d))
    np.add.at(total, (where, codes), np.nan_to_num(grid))
    np.add.at(there, (where, codes), (~np.isnan(grid)).astype(float))
    cells = np.where(there > 0, total / np.maximum(there, 1), np.nan)  # an item counts once
    n = (~np.isnan(cells)).sum(axis=0)
    values = np.where(n > 0, np.nansum(cells, axis=0) / np.maximum(n, 1), np.nan)
    groups = _clusters(obs, cluster, where, len(places))
    spread = np.nansum((cells - values) ** 2, axis=0)
    errors = np.where(n > 1, np.sqrt(spread / np.maximum(n - 1, 1) / np.maximum(n, 1)), np.nan)
    count = n.max(axis=1).astype(float) if d else np.full(m, float(len(places)))
    return Candidates(
        *head, values, errors, count, "items", _missing(head, values), (cells,), groups, int(np.isnan(grid).sum())
    )


def _clusters(obs: Observations, cluster: str | None, where: NDArray[np.intp], n_items: int) -> NDArray[np.intp] | None:
    name = cluster or ("cluster" if obs.has("cluster") else None)
    if name is None:
        return None
    if not obs.has(name):
        raise missing_column([name], obs.columns, obs.source)
    words = [str(cell) for cell in obs[name].tolist()]
    of_item: dict[int, str] = {}
    for place, word in zip(where.tolist(), words, strict=True):
        of_item.setdefault(place, word)
    labels = [of_item[k] or f"\0{k}" for k in range(n_items)]  # an item without a cluster is its own
    firsts = {label: k for k, label in enumerate(dict.fromkeys(labels))}
    return np.array([firsts[label] for label in labels])
