"""What an option's value may be, from a parameter's type: quantities, lists, choices, words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import click

from isoperf.columns import COLUMNS
from isoperf.errors import UnitError
from isoperf.quantity import parse_quantity

__all__ = ["ListOf", "NamedValues", "Pairs", "Quantity", "WholeNumber", "WordOr"]

if TYPE_CHECKING:
    _Kind = click.ParamType[Any]
else:
    _Kind = click.ParamType  # older versions of click cannot subscript it


class Quantity(_Kind):
    """A number as people write it (``7B``, ``1e21``, ``90%``), in the base unit given."""

    name = "number"

    def __init__(self, unit: str = "") -> None:
        self.unit = unit

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read the text into base units."""
        try:
            return parse_quantity(value, self.unit) if isinstance(value, str) else float(value)
        except UnitError as error:
            self.fail(str(error), param, ctx)


class WholeNumber(_Kind):
    """A whole number, with a multiplier if wanted (``2k``)."""

    name = "integer"

    def __init__(self, least: float | None = None) -> None:
        self.least = least

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read the text; a fraction is refused."""
        whole = self._whole(value, param, ctx)
        if self.least is not None and whole < self.least:
            self.fail(f"it must be {self.least:g} or above, found {whole}.", param, ctx)
        return whole

    def _whole(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            return int(value)  # exact beyond 2**53, where a quantity is not
        except ValueError:
            number = Quantity().convert(value, param, ctx)
        if not number.is_integer():
            self.fail(f"{value!r} is {number:g}; a whole number is needed.", param, ctx)
        return int(number)


class WordOr(_Kind):
    """One of a few words, or else a value of another kind."""

    def __init__(self, words: Sequence[str], other: _Kind) -> None:
        self.words, self.other = tuple(words), other
        self.name = f"{'|'.join(self.words)}|{other.name}"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the word itself, or what the other kind makes of it."""
        if value in self.words:
            return value
        try:
            return self.other.convert(value, param, ctx)
        except click.BadParameter as error:
            self.fail(f"{error.message} Or say {' or '.join(self.words)}.", param, ctx)


class ListOf(_Kind):
    """Values with commas between them."""

    def __init__(self, item: _Kind) -> None:
        self.item = item
        self.name = f"{item.name},..."

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[Any, ...]:
        """Read every piece; ``1,000`` is refused, for it may mean a thousand."""
        if not isinstance(value, str):
            return (value,)
        pieces = [piece.strip() for piece in value.strip().removesuffix(",").split(",")]
        for before, piece in pairwise(pieces):
            if re.fullmatch(r"0\d\d\b.*", piece):
                self.fail(
                    f"{value!r}: commas divide a list, so {before + ',' + piece!r} would be two values. "
                    f"Write {before + piece} for one.",
                    param,
                    ctx,
                )
        return tuple(self.item.convert(piece, param, ctx) for piece in pieces)


class Pairs(_Kind):
    """``name=value``, or several with commas between them; all are gathered in one mapping."""

    name = "name=value"

    def __init__(self, example: str) -> None:
        self.example = example

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[tuple[str, str], ...]:
        """Split at the first equals sign of each pair."""
        pairs = [piece.partition("=") for piece in re.split(r",(?=\s*\w+=)", str(value))]
        if not all(name.strip() and other.strip() for name, _, other in pairs):
            self.fail(f"{value!r} is no pair with an equals sign, such as {self.example}.", param, ctx)
        return tuple((name.strip(), other.strip()) for name, _, other in pairs)


class NamedValues(Pairs):
    """``input=quantity``, or a list of quantities, in the unit of the column of that name."""

    def __init__(self, listed: bool) -> None:
        super().__init__("weight_bits=4,8,16" if listed else "n_params=7e9")
        self.listed = listed
        self.name = "name=value,..." if listed else "name=value"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[Any, ...]:
        """Read the quantities of every pair."""
        found = []
        for name, text in super().convert(value, param, ctx):
            known = COLUMNS.get(name)
            kind = Quantity(known.unit if known else "")
            read = ListOf(kind) if self.listed else kind
            found.append((name, read.convert(text, param, ctx)))
        return tuple(found)
