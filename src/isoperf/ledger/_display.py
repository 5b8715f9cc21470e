"""Bills and prices as a notebook shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isoperf.report.blocks import Column, Table
from isoperf.report.cells import number
from isoperf.report.fragment import blocks_fragment

if TYPE_CHECKING:
    from isoperf.ledger.ledger import Ledger
    from isoperf.ledger.prices import PriceTable

__all__ = ["ledger_fragment", "prices_fragment"]


def ledger_fragment(ledger: Ledger) -> str:
    """Return the lines of a bill under the sum of each currency."""
    heads = ("item", "quantity", "unit", "rate", "amount", "currency", "basis", "source")
    rows = tuple(
        (line.item, line.quantity, line.unit, line.rate, line.amount, line.currency, line.basis, str(line.source))
        for line in ledger.lines
    )
    totals = " and ".join(f"{number(amount)} {currency}" for currency, amount in ledger.totals().items())
    return blocks_fragment((Table(f"{totals or '0'} in {len(rows)} lines, {ledger.basis}", heads, rows),))


def prices_fragment(table: PriceTable) -> str:
    """Return one row for each model or device, with the rates that are known."""
    kinds = list(dict.fromkeys(kind for price in table.prices.values() for kind in price.rates))
    heads: tuple[Column | str, ...] = (
        "name",
        *(Column(kind.replace("_", " "), table.currency) for kind in kinds),
        "source",
    )
    rows = tuple(
        (name, *(price.rates.get(kind) for kind in kinds), str(price.source)) for name, price in table.prices.items()
    )
    note = "Tokens are priced by the million; a rate that is absent is unknown, not free."
    return blocks_fragment((Table(f"Prices in {table.currency}", heads, rows, note),))
