"""An itemised bill: every line with quantity, unit, rate, source and what it rests on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from isoperf.errors import DataError
from isoperf.ledger._numbers import amounts
from isoperf.ledger.sources import Source

__all__ = ["Basis", "Ledger", "Line", "weakest"]

Basis = Literal["measured", "computed", "assumed"]
_ORDER: tuple[Basis, ...] = ("measured", "computed", "assumed")


def weakest(bases: Iterable[Basis]) -> Basis:
    """Return what a sum rests on: the least of what its parts rest on.

    Examples
    --------
    >>> weakest(["measured", "assumed", "computed"])
    'assumed'
    """
    return max(bases, key=_ORDER.index, default="measured")


@dataclass(frozen=True, slots=True)
class Line:
    """One line: ``quantity`` in ``unit`` at ``rate`` per unit.

    Attributes
    ----------
    currency : of the amount, such as USD; or the unit of another tally, such as kWh.
    basis : whether the quantity was measured, computed from what was, or assumed.

    Raises
    ------
    DataError : quantity or rate is negative or unknown, or no currency is named.
    """

    item: str
    quantity: float
    unit: str
    rate: float
    currency: str
    source: Source
    basis: Basis = "computed"

    def __post_init__(self) -> None:
        amounts(f"quantity of {self.item!r}", self.quantity)
        amounts(f"rate of {self.item!r}", self.rate)
        if not self.currency.strip():
            raise DataError(f"line {self.item!r} names no currency. Say one, such as USD.")

    @property
    def amount(self) -> float:
        """Quantity times rate."""
        return self.quantity * self.rate

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "item": self.item,
            "quantity": self.quantity,
            "unit": self.unit,
            "rate": self.rate,
            "currency": self.currency,
            "amount": self.amount,
            "source": str(self.source),
            "basis": self.basis,
        }


@dataclass(frozen=True)
class Ledger:
    """Lines with their totals.

    Examples
    --------
    >>> source = Source("price list", 2026)
    >>> bill = Ledger((Line("device time", 192.0, "hours", 2.0, "USD", source),))
    >>> bill.total()
    384.0
    """

    lines: tuple[Line, ...]

    def _repr_html_(self) -> str:
        from isoperf.ledger._display import ledger_fragment

        return ledger_fragment(self)

    def totals(self) -> dict[str, float]:
        """Sum of each currency."""
        found: dict[str, float] = {}
        for line in self.lines:
            found[line.currency] = found.get(line.currency, 0.0) + line.amount
        return found

    def total(self) -> float:
        """The one sum; 0 without lines.

        Raises
        ------
        DataError : lines are in several currencies.
        """
        found = self.totals()
        if len(found) > 1:
            raise DataError(
                f"the bill is in {' and '.join(sorted(found))}; amounts in several currencies are not added up. "
                "Convert them at a rate of one day, or ask for totals of each."
            )
        return next(iter(found.values()), 0.0)

    @property
    def basis(self) -> Basis:
        """What the total rests on."""
        return weakest(line.basis for line in self.lines)

    def days_apart(self) -> int | None:
        """Days between the oldest and the newest dated source; None with fewer than two dates."""
        days = [line.source.date for line in self.lines if line.source.date is not None]
        return (max(days) - min(days)).days if len(days) > 1 else None

    def check_dates(self, max_days: int) -> Ledger:
        """Refuse prices of days further apart.

        Raises
        ------
        DataError : naming the days.
        """
        apart = self.days_apart()
        if apart is not None and apart > max_days:
            days = sorted(line.source.date for line in self.lines if line.source.date is not None)
            raise DataError(
                f"prices are of days from {days[0]} to {days[-1]}, {apart} days apart; at most {max_days} are allowed. "
                "Bring them up to date, or allow more."
            )
        return self
