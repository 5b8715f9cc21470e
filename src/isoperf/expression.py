"""Row conditions such as ``n_params > 1e8 and family in ("a", "b")``: a small language, no eval.

::

    condition   = test { ("and" | "or") test }, with "not" and parentheses
    test        = value (< <= > >= == !=) value [(< ...) value]
                | value ["not"] "in" "(" value {"," value} ")"
                | value "is" ["not"] "missing"
    value       = column | `column with spaces` | quantity such as 1.4B or 12 ms | "text"

A missing cell meets no comparison, not even ``!=``.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from isoperf.errors import DataError, OptionError, UnitError
from isoperf.quantity import read_quantity
from isoperf.units import find_unit

__all__ = ["Cells", "Mask", "parse_condition"]

Mask = NDArray[np.bool_]


class Cells(NamedTuple):
    """A column as a condition sees it."""

    name: str
    values: NDArray[Any]
    unit: str

    @property
    def is_words(self) -> bool:
        """Whether the column holds text."""
        return self.values.dtype == object


@dataclass(frozen=True, slots=True)
class _Literal:
    text: str
    quoted: bool


@dataclass(frozen=True, slots=True)
class _Column:
    name: str


Lookup = Callable[[str], Cells]
Condition = Callable[[Lookup], Mask]
_Value = _Literal | _Column

_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
_KEYWORDS = {"and", "or", "not", "in", "is", "missing"}
_TOKEN = re.compile(
    r"""\s*(?:(?P<number>[+-]?\$?(?:[0-9][0-9_]*\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?[A-Za-zµμ%$/-]*)
    |(?P<word>[A-Za-z_][\w.]*)|(?P<column>`[^`]+`)|(?P<text>"[^"]*"|'[^']*')
    |(?P<op><=|>=|==|!=|<|>|\(|\)|,))""",
    re.VERBOSE,
)
_MAX_DEPTH = 50


def parse_condition(text: str) -> Condition:
    """Parse a condition; the result takes a column lookup and returns the rows that meet it.

    Raises
    ------
    OptionError : the text is not a condition; the message points at the place.
    """
    parser = _Parser(text)
    condition = parser.any_of()
    parser.expect_end()
    return condition


class _Parser:
    """Recursive descent over the tokens of one condition."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = _tokens(text)
        self.place = 0
        self.depth = 0

    def any_of(self) -> Condition:
        parts = [self._all_of()]
        while self._take("or"):
            parts.append(self._all_of())
        return _join(parts, np.logical_or)

    def _all_of(self) -> Condition:
        parts = [self._one()]
        while self._take("and"):
            parts.append(self._one())
        return _join(parts, np.logical_and)

    def _one(self) -> Condition:
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise OptionError(f"the condition is nested more than {_MAX_DEPTH} deep. Write it flatter.")
        try:
            if self._take("not"):
                inner = self._one()
                return lambda lookup: ~inner(lookup)
            if self._take("("):
                inner = self.any_of()
                self._need(")")
                return inner
            return self._test()
        finally:
            self.depth -= 1

    def _test(self) -> Condition:
        left = self._value()
        if self._take("is"):
            wanted = not self._take("not")
            self._need("missing")
            return lambda lookup: _is_missing(_column(left), lookup) == wanted
        if self._take("not"):
            self._need("in")
            return self._membership(left, inside=False)
        if self._take("in"):
            return self._membership(left, inside=True)
        return self._comparison(left)

    def _comparison(self, left: _Value) -> Condition:
        parts: list[Condition] = []
        while (sign := self._peek()[1]) in _COMPARE:
            self.place += 1
            right = self._value()
            parts.append(_comparison(left, sign, right))
            left = right
        if not parts:
            raise self._error("a comparison such as < 4 or == 'text'")
        return _join(parts, np.logical_and)

    def _membership(self, left: _Value, inside: bool) -> Condition:
        column = _column(left)
        self._need("(")
        parts = [_comparison(left, "==", self._value())]
        while self._take(","):
            parts.append(_comparison(left, "==", self._value()))
        self._need(")")
        found = _join(parts, np.logical_or)
        if inside:
            return found
        return lambda lookup: ~found(lookup) & ~_is_missing(column, lookup)

    def _value(self) -> _Value:
        kind, text = self._peek()
        if kind in {"", "op"} or (kind == "word" and text in _KEYWORDS):
            raise self._error("a column, number or 'text'")
        self.place += 1
        if kind == "number":
            return _Literal(self._with_unit(text), quoted=False)
        if kind == "text":
            return _Literal(text[1:-1], quoted=True)
        return _Column(text.strip("`"))

    def _with_unit(self, number: str) -> str:
        """Join a number to a unit written after a space, as in ``12 ms``."""
        kind, word = self._peek()
        if kind == "word" and word not in _KEYWORDS and find_unit(word) is not None:
            self.place += 1
            return f"{number} {word}"
        return number

    def _peek(self) -> tuple[str, str]:
        return self.tokens[self.place] if self.place < len(self.tokens) else ("", "")

    def _take(self, text: str) -> bool:
        kind, found = self._peek()
        if kind not in {"word", "op"} or found != text:
            return False
        self.place += 1
        return True

    def _need(self, text: str) -> None:
        if not self._take(text):
            raise self._error(repr(text))

    def expect_end(self) -> None:
        if self.place < len(self.tokens):
            raise self._error("'and', 'or' or the end")

    def _error(self, needed: str) -> OptionError:
        found = self._peek()[1] or "the end"
        return OptionError(
            f"cannot read the condition {self.text!r}: found {found} where {needed} is needed. "
            "Write it like n_params > 1e8 and loss < 4, or family == 'a'."
        )


def _tokens(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    place, end = 0, len(text.rstrip())
    while place < end:
        match = _TOKEN.match(text, place)
        if match is None:
            hint = " Use == to compare." if text[place:].lstrip().startswith("=") else ""
            raise OptionError(
                f"cannot read the condition {text!r} from {text[place:].strip()[:20]!r} on.{hint} "
                "Put column names with spaces or signs in `backticks` and text in quotes."
            )
        kind = str(match.lastgroup)
        found.append((kind, match[kind]))
        place = match.end()
    return found


def _join(parts: list[Condition], combine: Any) -> Condition:
    if len(parts) == 1:
        return parts[0]
    return lambda lookup: np.asarray(combine.reduce([part(lookup) for part in parts]), dtype=np.bool_)


def _column(value: _Value) -> str:
    if isinstance(value, _Column):
        return value.name
    raise OptionError(f"{value.text!r} is a value; 'in' and 'is missing' need a column on their left.")


def _is_missing(name: str, lookup: Lookup) -> Mask:
    cells = lookup(name)
    missing = cells.values == "" if cells.is_words else np.isnan(cells.values)
    return np.asarray(missing, dtype=np.bool_)


def _comparison(left: _Value, sign: str, right: _Value) -> Condition:
    if not isinstance(left, _Column) and not isinstance(right, _Column):
        raise OptionError(f"{left.text} {sign} {right.text} compares two values; name a column on one side.")

    def compare(lookup: Lookup) -> Mask:
        sides = [lookup(side.name) if isinstance(side, _Column) else side for side in (left, right)]
        columns = [side for side in sides if isinstance(side, Cells)]
        if len({column.is_words for column in columns}) > 1:
            names = " and ".join(repr(column.name) for column in columns)
            raise DataError(f"columns {names} cannot be compared: one holds text. Compare columns of one kind.")
        first, second = (
            side.values if isinstance(side, Cells) else _constant(side, columns[0], sign) for side in sides
        )
        met = np.asarray(_COMPARE[sign](first, second), dtype=np.bool_)
        for column in columns:
            met &= ~_is_missing(column.name, lookup)
        return met

    return compare


def _constant(value: _Literal, column: Cells, sign: str) -> str | float:
    """Read a literal as the column it is compared with needs it."""
    if column.is_words:
        if sign not in {"==", "!="} and not value.quoted:
            raise DataError(
                f"column {column.name!r} holds text (such as {_sample(column)!r}), so it cannot be "
                f"{sign} {value.text}. Compare text with == or in."
            )
        return value.text
    if value.quoted:
        raise DataError(
            f"column {column.name!r} holds numbers, so it cannot be {sign} {value.text!r}. "
            "Write the number without quotes."
        )
    try:
        return read_quantity(value.text, column.unit).value
    except UnitError as error:
        raise UnitError(f"in the condition on column {column.name!r}: {error}") from None


def _sample(column: Cells) -> str:
    return str(next((word for word in column.values if word), ""))
