"""The runs a forecast is asked about: values of options, or a whole table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from isoperf.errors import OptionError
from isoperf.fitting.data import LawData
from isoperf.fitting.optimum import compute_optimal
from isoperf.fitting.points import target_table
from isoperf.fitting.result import Fit
from isoperf.identities import FLOPS_PER_PARAM_TOKEN
from isoperf.observations import Observations
from isoperf.options import Data, Values, several
from isoperf.readers import load

__all__ = ["DERIVABLE", "Targets"]

DERIVABLE = {"n_params", "n_tokens", "flops"}  # any two give the third
SAME = 0.01  # compute that differs by less from that of the sizes was rounded


@dataclass(frozen=True)
class Targets:
    """What was asked about: values by column, or a table with its columns ready."""

    given: Mapping[str, Values]
    table: Observations | None = None

    @classmethod
    def of(cls, sizes: Mapping[str, Values], *, x: str | None, x_at: Values, at: Data | None) -> Targets:
        """Gather the options that name targets.

        Raises
        ------
        OptionError : values without a column, or both values and a table.
        """
        x_at = several("x_at", x_at)
        if x_at and x is None:
            raise OptionError("x_at needs x: say which column its values belong to, such as x='n_tokens'.")
        asked = {**sizes, **({x: x_at} if x and x_at else {})}
        given = {column: found for column, values in asked.items() if (found := several(column, values))}
        _refuse_contradiction(given)
        if at is None:
            return cls(given)
        if given:
            raise OptionError(f"give the runs to forecast by at= or by {', '.join(given)}, not by both.")
        return cls({}, load(at))

    def suit(self, data: LawData) -> bool:
        """Whether the targets say, or imply, every input of a law."""
        named = set(self.given if self.table is None else self.table.columns)
        known = named | (DERIVABLE if named & DERIVABLE else set())
        return {data.binding[word] for word in data.law.inputs} <= known

    def settle(self, fitted: Fit) -> tuple[Observations, bool]:
        """Return the rows to predict, and whether their sizes are compute-optimal ones since only compute was given.

        Raises
        ------
        OptionError : nothing was asked, or not all that the law needs.
        """
        if self.table is not None:
            return self.table, False
        needed = [fitted.binding[word] for word in fitted.law.inputs]
        if not self.given:
            words = ["x_at" if column == fitted.binding.get("x") else column for column in needed]
            wanted = f"{' and '.join(f'{word}=...' for word in words)}{' or flops=...' if len(needed) > 1 else ''}"
            raise OptionError(f"nothing to forecast: give {wanted} of the runs to come.")
        if list(self.given) == ["flops"] and set(fitted.law.inputs) == {"n_params", "n_tokens"}:
            return _optimal(target_table(self.given), fitted), True
        missing = [column for column in needed if column not in self.given]
        if missing and not (set(needed) <= DERIVABLE and len(self.given.keys() & DERIVABLE) >= 2):
            options = ["x_at" if column == fitted.binding.get("x") else column for column in missing]
            raise OptionError(
                f"law {fitted.law.name!r} needs {' and '.join(needed)} of each run; {' and '.join(missing)} not given. "
                f"Give {' and '.join(options)} too."
            )
        return target_table(self.given), False


def _refuse_contradiction(given: Mapping[str, Values]) -> None:
    """Refuse compute that is not that of the sizes given with it."""
    if not given.keys() >= DERIVABLE:
        return
    table = target_table({name: given[name] for name in sorted(DERIVABLE)})
    implied = FLOPS_PER_PARAM_TOKEN * table["n_params"] * table["n_tokens"]
    off = np.abs(table["flops"] / implied - 1) > SAME
    if off.any():
        k = int(np.argmax(off))
        raise OptionError(
            f"flops={table['flops'][k]:.4g} contradicts n_params={table['n_params'][k]:.4g} and n_tokens="
            f"{table['n_tokens'][k]:.4g}, which take {implied[k]:.4g} FLOPs at {FLOPS_PER_PARAM_TOKEN:g} per parameter "
            "and token. Give two of the three."
        )


def _optimal(budgets: Observations, fitted: Fit) -> Observations:
    """Add compute-optimal sizes to a table of budgets."""
    best = compute_optimal(fitted.law, fitted.values, budgets["flops"])
    if not np.isfinite(best.n_params).all():
        raise OptionError(
            "no compute-optimal size between 1e-4 and 1e8 tokens per parameter for this fit; "
            "give n_params and n_tokens."
        )
    sized = budgets.with_column("n_params", best.n_params[0], unit="params", derived="compute-optimal")
    return sized.with_column("n_tokens", best.n_tokens[0], unit="tokens", derived="compute-optimal")
