"""Limits as people write them, and what is to be made large."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from isoperf.columns import COLUMNS
from isoperf.errors import OptionError, UnitError
from isoperf.quantity import parse_quantity

__all__ = ["Aim", "Limit", "aim_of", "read_limits"]

Floats = NDArray[np.float64]
_LIMIT = re.compile(r"\s*(`[^`]+`|[A-Za-z_][\w.]*)\s*(<=|>=|==|<|>|=)\s*(.+?)\s*")


@dataclass(frozen=True, slots=True)
class Limit:
    """``column <= bound``, or ``>=`` where ``sign`` is -1."""

    column: str
    sign: int
    bound: float

    @property
    def text(self) -> str:
        """The limit as it was asked for."""
        return f"{self.column} {'<=' if self.sign > 0 else '>='} {self.bound:.6g}"


@dataclass(frozen=True)
class Aim:
    """What is made large: a weighted sum of columns; one column with weight 1 or -1 in the simple case."""

    weights: Mapping[str, float]
    label: str
    unit: str
    net: bool

    @property
    def objective(self) -> str | None:
        """The one column, where there is one."""
        return None if self.net else next(iter(self.weights))

    @property
    def sign(self) -> int:
        """-1 where the one column is to be made small."""
        return -1 if not self.net and next(iter(self.weights.values())) < 0 else 1

    def value(self, values: Floats, columns: Sequence[str]) -> Floats:
        """Weighted sum over the last axis of (..., d); large is good."""
        made = np.zeros(values.shape[:-1])
        for name, weight in self.weights.items():
            made = made + weight * values[..., columns.index(name)]
        return np.asarray(made)


def read_limits(texts: Sequence[str]) -> tuple[Limit, ...]:
    """Read limits such as ``cost_usd<=0.01``.

    Raises
    ------
    OptionError : a text is no limit, or a column has two of one kind.
    """
    found: list[Limit] = []
    for text in (texts,) if isinstance(texts, str) else texts:
        match = _LIMIT.fullmatch(str(text))
        if match is None or match[2] not in ("<=", ">="):
            raise OptionError(f"limit {text!r} is no limit. Write a column, <= or >=, and a number: cost_usd<=0.01.")
        column, operator, amount = match[1].strip("`"), match[2], match[3]
        known = COLUMNS.get(column)
        try:
            bound = parse_quantity(amount, known.unit if known else "")
        except UnitError as error:
            raise OptionError(f"limit {text!r}: {error}") from None
        limit = Limit(column, 1 if operator == "<=" else -1, bound)
        if any(one.column == limit.column and one.sign == limit.sign for one in found):
            raise OptionError(f"limit {text!r}: {column} has a limit of that kind already. Keep one of them.")
        found.append(limit)
    return tuple(found)


def aim_of(
    maximise: str | None,
    minimise: str | None,
    value_of: Mapping[str, float] | None,
    price_of: Mapping[str, float] | None,
    has_cost: bool,
) -> Aim:
    """Say what is to be made large: one column, or values less prices.

    Raises
    ------
    OptionError : nothing was said, or more than one thing; or a value or price is not usable.
    """
    valued = ", ".join(f"{name}={amount:g}" for name, amount in (value_of or {}).items())
    given_aims = (("maximise", maximise), ("minimise", minimise), ("value_of", valued))
    asked = [f"{name} {given}" for name, given in given_aims if given]
    if len(asked) != 1:
        found = " and ".join(asked) if asked else "nothing"
        raise OptionError(
            f"say what is best by one of maximise='accuracy', minimise='loss' or value_of=... (accuracy=0.05, dollars "
            f"for a unit of it), each with a column of the table; found {found}."
        )
    if not value_of:
        if price_of:
            raise OptionError("price_of goes with value_of: without a value there is nothing to weigh a price against.")
        column = maximise or minimise or ""
        known = COLUMNS.get(column)
        return Aim({column: 1.0 if maximise else -1.0}, column, known.unit if known else "", False)
    prices = dict(price_of) if price_of is not None else ({"cost_usd": 1.0} if has_cost else {})
    for kind, given in (("value_of", value_of), ("price_of", prices)):
        for name, amount in given.items():
            if not np.isfinite(amount) or amount < 0:
                raise OptionError(f"{kind} {name}={amount:g}: dollars for a unit of {name}, 0 or more, are needed.")
    both = sorted(set(value_of) & set(prices))
    if both:
        raise OptionError(f"{', '.join(both)} has a value and a price. Give one of them.")
    weights = {**value_of, **{name: -amount for name, amount in prices.items()}}
    return Aim(weights, "net benefit", "USD", True)
