"""Quantities as people write them come out in base units, or are refused with a reason."""

from __future__ import annotations

import math

import pytest

from isoperf.errors import DataError, UnitError
from isoperf.quantity import Quantity, parse_quantity, read_quantity

# Expected values follow from the definitions: 1 h = 3600 s, GiB = 2**30 bytes,
# 1 kWh = 3.6e6 J, 1 PF-day = 1e15 FLOP/s for 86400 s = 8.64e19 FLOPs, 1 bit = ln 2 nats.
READ = [
    ("1.4B", 1.4e9, ""),
    ("7b", 7e9, ""),
    ("300e9", 300e9, ""),
    ("5.76e23", 5.76e23, ""),
    ("5.76×10^23", 5.76e23, ""),
    ("10^21", 1e21, ""),
    ("1_000", 1000.0, ""),
    ("1,000,000", 1e6, ""),
    ("+.5", 0.5, ""),
    ("−3", -3.0, ""),
    ("2.5 million", 2.5e6, ""),
    ("12 ms", 0.012, "s"),
    ("12ms", 0.012, "s"),
    ("3 µs", 3e-6, "s"),
    ("1.5 h", 5400.0, "s"),
    ("2 Days", 172800.0, "s"),
    ("80 GB", 80e9, "bytes"),
    ("80 gb", 80e9, "bytes"),
    ("80 GiB", 80 * 2.0**30, "bytes"),
    ("1 kWh", 3.6e6, "J"),
    ("350 W", 350.0, "W"),
    ("1e21 FLOPs", 1e21, "FLOPs"),
    ("1.3 ZFLOPs", 1.3e21, "FLOPs"),
    ("312 TFLOP/s", 312e12, "FLOPs/s"),
    ("3 PF-days", 2.592e20, "FLOPs"),
    ("3 petaflop/s-days", 2.592e20, "FLOPs"),
    ("3640 PFLOPS-days", 3640 * 8.64e19, "FLOPs"),
    ("300B tokens", 300e9, "tokens"),
    ("70M params", 70e6, "params"),
    ("0.07B", 70e6, ""),
    ("95%", 0.95, "fraction"),
    ("$12.5", 12.5, "USD"),
    ("$1.2M", 1.2e6, "USD"),
    ("$3.60/h", 0.001, "USD/s"),
    ("12 req/s", 12.0, "requests/s"),
    ("40 tokens per second", 40.0, "tokens/s"),
    ("3.35 TB/s", 3.35e12, "bytes/s"),
    ("20 tokens/param", 20.0, "tokens/param"),
    ("2 nats/token", 2.0, "nats/token"),
    ("1 bits/byte", math.log(2), "nats/byte"),
]

REFUSED = [
    ("abc", "does not start with a number"),
    ("", "does not start with a number"),
    ("nan", "is not finite"),
    ("-inf", "is not finite"),
    ("3,5", "decimal comma"),
    ("1e400", "too large"),
    ("9e999999999999999999", "too large"),
    ("2e300 T", "too large"),
    ("5m", "M for million, min for minutes or ms"),
    ("5 Ms", "Write ms for milliseconds"),
    ("5 Gb", "Bits are not read"),
    ("312 TFLOPS", "count or a rate"),
    ("12 €", "cannot read '€'"),
    ("1 2", "cannot read '2'"),
    ("3 k k", "cannot read"),
    ("3 tokens/s/s", "cannot read"),
    ("2024-01-01", "cannot read"),
]


@pytest.mark.parametrize(("text", "value", "unit"), READ)
def test_reads_value_and_unit(text: str, value: float, unit: str) -> None:
    found = read_quantity(text)
    assert found.unit == unit
    assert found.value == pytest.approx(value, rel=1e-15)


@pytest.mark.parametrize(("text", "reason"), REFUSED)
def test_refuses_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(UnitError) as caught:
        parse_quantity(text)
    assert reason in str(caught.value)
    assert repr(text) in str(caught.value)


def test_a_power_of_ten_is_exact() -> None:
    """0.07 * 1e9 in floats is 70000000.00000001; what people wrote is seventy million."""
    assert parse_quantity("0.07B") == 70_000_000


def test_the_expected_unit_settles_what_b_means() -> None:
    assert read_quantity("80 B", "bytes") == Quantity(80.0, "bytes")
    assert read_quantity("80 B", "tokens") == Quantity(80e9, "")


def test_the_expected_unit_settles_what_flops_means() -> None:
    assert read_quantity("312 TFLOPS", "FLOPs/s") == Quantity(312e12, "FLOPs/s")
    assert read_quantity("1e21 FLOPS", "FLOPs") == Quantity(1e21, "FLOPs")


def test_a_bare_number_is_in_the_expected_unit() -> None:
    assert parse_quantity("12", "s") == 12.0


@pytest.mark.parametrize(("text", "unit"), [("12 ms", "bytes"), ("300B tokens", "params"), ("95%", "s")])
def test_another_unit_is_refused_naming_both(text: str, unit: str) -> None:
    with pytest.raises(UnitError, match=f"{unit} is needed") as caught:
        parse_quantity(text, unit)
    assert read_quantity(text).unit in str(caught.value)


def test_a_unit_error_is_a_data_error_and_a_value_error() -> None:
    assert issubclass(UnitError, DataError)
    assert issubclass(UnitError, ValueError)
