"""Configurations of a bill: what a run of each costs, how it scores, and which one dominates it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from isoperf.errors import DataError
from isoperf.estimate import Estimate, Status
from isoperf.frontier.dominance import non_dominated
from isoperf.grouping import codes_of
from isoperf.ledger.charges import Charge
from isoperf.observations import Observations
from isoperf.tradeoff.costs._bill_columns import Floats, words
from isoperf.tradeoff.costs._bill_rows import TALLIES, RowBill, summed

__all__ = ["Against", "BilledConfiguration", "configurations"]

Against = Literal["co2", "cost"]


@dataclass(frozen=True)
class BilledConfiguration:
    """One configuration: mean over its runs of what all rows of a run cost.

    Attributes
    ----------
    charges : by tally: cost, energy, co2, seconds, memory (the largest of its rows).
    score : mean over runs of the score of each run's last row that has one.
    dominated_by : a configuration that scores at least as well for no more carbon, and is better in one;
        None when there is none, or when this one cannot be compared.
    compared : whether score and carbon (or cost, where no carbon is told at all) are both known.
    """

    name: str
    n_rows: int
    n_runs: int
    charges: dict[str, Charge]
    score: Estimate
    dominated_by: str | None
    compared: bool

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "configuration": self.name,
            "n_rows": self.n_rows,
            "n_runs": self.n_runs,
            **{name: one.as_dict() for name, one in self.charges.items()},
            "score": self.score.as_dict(),
            "dominated_by": self.dominated_by,
            "compared": self.compared,
        }


def configurations(
    obs: Observations, made: Sequence[RowBill], names: Sequence[str], column: str | None, lower: bool
) -> tuple[tuple[BilledConfiguration, ...], Against]:
    """Put rows of one name together; compare on score and carbon, or on score and cost where no carbon is told."""
    scores, runs = _scores(obs, column), words(obs, "run")
    codes, firsts = codes_of(np.array(names, dtype=object))
    groups = [np.flatnonzero(codes == k).tolist() for k in range(len(firsts))]
    parts = [_of_runs(group, made, runs, scores) for group in groups]
    labels = [names[first] for first in firsts]
    against: Against = "co2" if any(charges["co2"].value is not None for charges, _, _ in parts) else "cost"
    points = np.array([[score, _or_nan(charges[against].value)] for charges, score, _ in parts])
    known, better = _dominated(_rounded(points * np.array([1.0 if lower else -1.0, 1.0])))
    found = tuple(
        BilledConfiguration(
            labels[k],
            len(groups[k]),
            n_runs,
            charges,
            Estimate(score) if np.isfinite(score) else Estimate(None, status=Status.NOT_IDENTIFIED),
            None if better[k] is None else labels[better[k] or 0],
            bool(known[k]),
        )
        for k, (charges, score, n_runs) in enumerate(parts)
    )
    return found, against


def _scores(obs: Observations, column: str | None) -> Floats:
    if column is None:
        return np.full(len(obs), np.nan)
    if obs.is_words(column):
        obs.require(column)  # says which rows, where the glossary knows the column
        raise DataError(f"{obs.source}: column {column!r} holds text; scores are numbers.")
    return np.where(np.isfinite(obs[column]), obs[column], np.nan)


def _of_runs(
    group: Sequence[int], made: Sequence[RowBill], runs: Sequence[str], scores: Floats
) -> tuple[dict[str, Charge], float, int]:
    """Mean over the runs of a configuration of their sums, mean of their last scores, and how many there are."""
    members: dict[str, list[int]] = {}
    for i in group:
        members.setdefault(runs[i], []).append(i)
    charges = {}
    for name in TALLIES:
        whole = summed(made[i].charges[name] for i in group)
        each = 1 if name == "memory" else len(members)
        value = None if whole.value is None else whole.value / each
        charges[name] = Charge(value, whole.unit, whole.basis, whole.how)
    last = [[scores[i] for i in rows if np.isfinite(scores[i])][-1:] for rows in members.values()]
    found = [one[0] for one in last if one]
    return charges, float(np.mean(found)) if found else np.nan, len(members)


def _dominated(losses: Floats) -> tuple[NDArray[np.bool_], list[int | None]]:
    """Which rows are known, and for each the one that dominates it with the least spent; None where none does."""
    known = np.asarray(np.isfinite(losses).all(axis=1))
    front = non_dominated(losses)
    ahead: list[int] = np.flatnonzero(front).tolist()
    found: list[int | None] = []
    for k in range(len(losses)):
        better = [j for j in ahead if bool((losses[j] <= losses[k]).all())]
        found.append(min(better, key=lambda j: float(losses[j, 1])) if known[k] and not front[k] else None)
    return known, found


def _rounded(x: Floats) -> Floats:
    """Round to twelve digits, so that sums made in different orders can be equal."""
    scale = 10.0 ** np.floor(np.log10(np.where((x == 0) | ~np.isfinite(x), 1.0, np.abs(x))))
    return np.asarray(np.round(x / scale, 12) * scale)


def _or_nan(value: float | None) -> float:
    return np.nan if value is None else value
