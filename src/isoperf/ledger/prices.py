"""Prices of tokens, calls and device hours, read from the user's table; none is built in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from isoperf.errors import DataError, did_you_mean
from isoperf.ledger.ledger import Line
from isoperf.ledger.sources import Source, read_date
from isoperf.observations import Observations

__all__ = ["HEADERS", "Price", "PriceTable", "TokenCounts", "read_prices", "token_lines"]

MILLION = 1e6
_COLUMN = re.compile(
    r"(input|output|cached|cache_read|reasoning)_(?:([a-z]{3})_)?per_mtok|(?:([a-z]{3})_)?per_(call|device_hour)"
)
HEADERS = (
    "model (or device), input_per_mtok, output_per_mtok, cached_per_mtok, per_call, per_device_hour, "
    "currency, date, source"
)
_ASKS = {
    "input": "input_per_mtok",
    "output": "output_per_mtok",
    "cached": "cached_per_mtok",
    "reasoning": "reasoning_per_mtok",
    "call": "per_call",
    "device_hour": "per_device_hour",
}


@dataclass(frozen=True)
class Price:
    """What a model or device costs.

    Attributes
    ----------
    rates : ``input``, ``output``, ``cached`` and ``reasoning`` per million tokens, ``call`` per request,
        ``device_hour`` per hour of one device; a rate that is absent is unknown, not free.
    """

    name: str
    rates: Mapping[str, float]
    currency: str
    source: Source

    def rate(self, kind: str) -> float:
        """Return one rate.

        Raises
        ------
        DataError : it is unknown; says which column to supply.
        """
        if kind not in self.rates:
            raise DataError(
                f"the price table has no {kind.replace('_', ' ')} price of {self.name!r}, which the usage needs. "
                f"Fill in its cell of the column {_ASKS[kind]}; write 0 if it is free."
            )
        return self.rates[kind]


@dataclass(frozen=True)
class PriceTable:
    """Prices by the name of a model or device, all in one currency."""

    prices: Mapping[str, Price] = field(default_factory=dict)
    currency: str = "USD"

    def _repr_html_(self) -> str:
        from isoperf.ledger._display import prices_fragment

        return prices_fragment(self)

    def __contains__(self, name: object) -> bool:
        return name in self.prices

    def __getitem__(self, name: str) -> Price:
        if name not in self.prices:
            near = did_you_mean(name, self.prices)
            raise DataError(
                f"no price of {name!r} is known; none is built in.{near} "
                f"Give a price table with a row for it: {HEADERS}."
            )
        return self.prices[name]

    def first(self, *names: str) -> Price:
        """Return the price of the first name that has one: what the user calls a device, then the catalogue.

        Raises
        ------
        DataError : none has.
        """
        return self[next((name for name in names if name in self), names[0])]


@dataclass(frozen=True, slots=True)
class TokenCounts:
    """Tokens and calls of one row of usage.

    Attributes
    ----------
    n_in : tokens read, cached ones among them. n_out : tokens written, reasoning ones among them.
    n_cached, n_reasoning : parts of these two that have a price of their own. n_calls : requests.
    """

    n_in: float = 0.0
    n_out: float = 0.0
    n_cached: float = 0.0
    n_reasoning: float = 0.0
    n_calls: float = 0.0

    def __post_init__(self) -> None:
        values = (self.n_in, self.n_out, self.n_cached, self.n_reasoning, self.n_calls)
        if not all(np.isfinite(values)) or min(values) < 0:
            raise DataError(f"counts of tokens and calls must be known and 0 or more; found {values}.")
        for part, whole, names in (
            (self.n_cached, self.n_in, ("n_tokens_cached", "n_tokens_in")),
            (self.n_reasoning, self.n_out, ("n_tokens_reasoning", "n_tokens_out")),
        ):
            if part > whole:
                raise DataError(
                    f"{names[0]} ({part:g}) is above {names[1]} ({whole:g}), of which it is a part. If your counts lie "
                    f"beside each other, add {names[0]} to {names[1]}."
                )


def token_lines(price: Price, counts: TokenCounts) -> tuple[Line, ...]:
    """Lines of a bill for tokens and calls; cached and reasoning tokens are charged once.

    Reasoning tokens cost what other output costs unless the table has a price of their own.

    Raises
    ------
    DataError : a rate that is needed is unknown.
    """
    own = counts.n_reasoning if "reasoning" in price.rates else 0.0
    parts = (
        ("input", "tokens read", counts.n_in - counts.n_cached),
        ("cached", "tokens read from cache", counts.n_cached),
        ("output", "tokens written", counts.n_out - own),
        ("reasoning", "tokens of reasoning", own),
    )
    lines = [
        Line(f"{price.name}: {what}", n, "tokens", price.rate(kind) / MILLION, price.currency, price.source)
        for kind, what, n in parts
        if n
    ]
    if counts.n_calls and "call" in price.rates:
        lines.append(
            Line(f"{price.name}: calls", counts.n_calls, "calls", price.rate("call"), price.currency, price.source)
        )
    return tuple(lines)


def read_prices(table: Observations) -> PriceTable:
    """Read a price table: one row per model or device.

    Columns are ``model`` or ``device``; ``input_per_mtok``, ``output_per_mtok``, ``cached_per_mtok``,
    ``reasoning_per_mtok`` (a currency may stand in the name, as in ``input_usd_per_mtok``);
    ``per_call``, ``per_device_hour``; ``currency`` (USD when absent), ``date`` and ``source``.

    Raises
    ------
    DataError : a price is negative, a name comes twice, or currencies are mixed.
    """
    keys = [key for key in ("model", "device") if table.has(key)]
    columns = {name: _kind(name) for name in table.columns if _kind(name)}
    if not keys or not columns:
        raise DataError(f"{table.source}: a price table needs {HEADERS}; found {', '.join(table.columns)}.")
    spoken = {code.upper() for kind in columns.values() if kind and (code := kind[1])}
    found: dict[str, Price] = {}
    for row in range(len(table)):
        name = next((text for key in keys if (text := str(table[key][row]).strip())), "")
        if not name or name in found:
            what = f"{name!r} comes a second time" if name else "no model or device is named"
            raise DataError(f"{table.source}: row {row + 1}: {what}. Each price needs one row with a name of its own.")
        found[name] = _price(table, row, name, {column: kind[0] for column, kind in columns.items() if kind}, spoken)
    currencies = sorted({one.currency for one in found.values()})
    if len(currencies) > 1:
        raise DataError(
            f"{table.source}: prices are in {' and '.join(currencies)}, which cannot be added up. "
            "Convert them to one currency at a rate of one day."
        )
    return PriceTable(found, currencies[0] if currencies else "USD")


def _kind(column: str) -> tuple[str, str] | None:
    match = _COLUMN.fullmatch(column.lower())
    if match is None:
        return None
    kind, code, other, unit = match.groups()
    return (unit, other or "") if unit else ("cached" if kind == "cache_read" else kind, code or "")


def _price(table: Observations, row: int, name: str, columns: Mapping[str, str], spoken: set[str]) -> Price:
    rates: dict[str, float] = {}
    for column, kind in columns.items():
        if table.is_words(column):
            raise DataError(f"{table.source}: column {column!r} holds text; prices are numbers.")
        value = float(table[column][row])
        if np.isnan(value):
            continue
        if value < 0 or np.isinf(value):
            raise DataError(f"{table.source}: row {row + 1}, {column} of {name!r} is {value:g}; prices are 0 or more.")
        rates[kind] = value
    said = _text(table, "currency", row).upper()
    currencies = sorted(spoken | ({said} if said else set())) or ["USD"]
    if len(currencies) > 1:
        raise DataError(
            f"{table.source}: row {row + 1}: {name!r} has prices in {' and '.join(currencies)}. Keep to one currency."
        )
    when = _text(table, "date", row)
    source = Source(_text(table, "source", row) or table.source, date=read_date(when) if when else None)
    return Price(name, rates, currencies[0], source)


def _text(table: Observations, column: str, row: int) -> str:
    """Return a cell as text; an absent column or cell is empty."""
    if not table.has(column):
        return ""
    cell = table[column][row]
    return "" if isinstance(cell, float) and np.isnan(cell) else str(cell).strip()
