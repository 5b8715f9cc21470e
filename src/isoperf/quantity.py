"""Quantities as people write them (``1.4B``, ``12 ms``, ``3 PF-days``), read into base units.

Base units are seconds, bytes, joules, watts, US dollars, FLOPs, nats and fractions; tokens,
params, requests and other counts are counted singly.

Some spellings mean two things, so these choices are fixed:

- ``B`` and ``b`` mean billion, except that ``B`` means byte where bytes are expected.
- ``k K M B G T`` multiply by powers of 1000; ``m`` alone is refused (million, minute or milli?).
- ``ms`` is milliseconds and nothing else; ``GB`` is 1e9 bytes, ``GiB`` 2**30; ``gb`` reads as
  ``GB``; ``Gb`` is refused, for it usually means bits.
- ``FLOPs`` counts operations; ``FLOPS``, and ``tflops`` in words, may be a count or a rate,
  and are read only where the expected unit says which.
- ``1,000`` is one thousand; a decimal comma (``3,5``) is refused.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from isoperf.errors import UnitError
from isoperf.units import Unit, find_unit

__all__ = ["Quantity", "parse_quantity", "read_quantity"]

_PLAIN = r"(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+(?:_[0-9]+)*)(?:\.[0-9]*)?|\.[0-9]+"
_POWER = re.compile(rf"([+-]?)(?:({_PLAIN})\s*[x×·*]\s*)?10(?:\^|\*\*)([+-]?[0-9]+)")
_NUMBER = re.compile(rf"([+-]?)({_PLAIN})(?:[eE]([+-]?[0-9]+))?")
_DECIMAL_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+")
_NOT_FINITE = {"nan", "inf", "+inf", "-inf", "infinity", "+infinity", "-infinity"}


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number in base units; ``unit`` is empty when the text names none."""

    value: float
    unit: str


def parse_quantity(text: str, unit: str = "") -> float:
    """Read a quantity into base units.

    Parameters
    ----------
    text : a number with an optional multiplier and unit, such as ``"300B tokens"``.
    unit : the base unit expected (``"s"``, ``"bytes"``, ``"FLOPs"``, ``"tokens"``, ...); a text
        that names another one is refused, and a bare number is taken to be in it.

    Returns
    -------
    The value in base units.

    Raises
    ------
    UnitError : the text is no quantity, its unit is not the one expected, or it overflows.

    Examples
    --------
    >>> parse_quantity("1.4B"), parse_quantity("12 ms", "s"), parse_quantity("95%")
    (1400000000.0, 0.012, 0.95)
    """
    return read_quantity(text, unit).value


def read_quantity(text: str, unit: str = "") -> Quantity:
    """Read a quantity and the base unit it names; see `parse_quantity`."""
    body = text.strip().replace("−", "-")
    dollars = re.match(r"([+-]?)\$\s*", body)
    if dollars:
        body = dollars[1] + body[dollars.end() :]
    mantissa, exponent, rest = _number(body, text, unit)
    found = _unit("USD" + rest if dollars and rest.startswith("/") else rest, unit, text)
    if dollars and not found.name:
        found = Unit("USD", found.scale)
    if unit and found.name and found.name != unit:
        raise UnitError(
            f"{text!r} is in {found.name}, but {unit} is needed here. Give the value in {unit} or a multiple."
        )
    return Quantity(_value(mantissa, exponent, found.scale, text), found.name)


def _number(body: str, text: str, unit: str) -> tuple[str, int, str]:
    """Split a text into mantissa, power of ten, and what follows."""
    match = _POWER.match(body)
    mantissa = match[2] or "1" if match else ""
    if match is None:
        match = _NUMBER.match(body)
        mantissa = match[2] if match else ""
    if match is None:
        raise UnitError(_not_a_number(body, text, unit))
    rest = body[match.end() :]
    if rest.startswith(",") and _DECIMAL_COMMA.match(body):
        raise UnitError(f"{text!r} seems to hold a decimal comma. Write it with a point, such as 3.5.")
    return match[1] + re.sub("[,_]", "", mantissa), _exponent(match[3]), rest.strip()


def _exponent(digits: str | None) -> int:
    """Read an exponent; one beyond any float is cut short, so that it overflows and is refused."""
    if not digits:
        return 0
    size = min(int(digits.lstrip("+-0")[:7] or "0"), 10**6)
    return -size if digits.startswith("-") else size


def _not_a_number(body: str, text: str, unit: str) -> str:
    needed = f"a quantity in {unit}" if unit else "a number or quantity"
    if body.lower() in _NOT_FINITE:
        return f"{text!r} is not finite; {needed} is needed, such as 1.4B or 5.76e23."
    return f"{text!r} does not start with a number; {needed} is needed, such as 1.4B or 5.76e23."


def _unit(rest: str, expected: str, text: str) -> Unit:
    found = find_unit(rest, expected)
    if found is None:
        raise UnitError(f"cannot read {rest!r} in {text!r} as a unit.{_hint(rest)}")
    return found


def _hint(rest: str) -> str:
    if rest == "m":
        return " Write M for million, min for minutes or ms for milliseconds."
    if re.fullmatch(r"[kKMGTP]b(it)?s?", rest):
        return f" Bits are not read: give bytes, such as {rest[0]}B."
    if "flop" in rest.lower() or "FLOP" in rest:
        return " FLOPS can be a count or a rate: write FLOPs for operations or FLOP/s for a rate."
    if rest.endswith("s") and rest[:-1] in {"M", "MS"}:
        return " Write ms for milliseconds."
    return " Known: k M B T, s ms min h, B KB MB GB GiB, J kWh W, USD $, FLOPs PF-days, tokens params, %."


def _value(mantissa: str, exponent: int, scale: float, text: str) -> float:
    """Join the pieces; powers of ten go through the text so that 0.07B is exactly 70000000."""
    power = round(math.log10(scale))
    if float(f"1e{power}") == scale:
        value = float(f"{mantissa}e{exponent + power}")
    else:
        value = float(f"{mantissa}e{exponent}") * scale
    if not math.isfinite(value):
        raise UnitError(f"{text!r} is too large for a 64-bit number (about 1.8e308). Check its exponent.")
    return value
