"""What an hour of an accelerator does, draws and costs: from the ledger's catalogue and prices, or as typed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from isoperf.errors import DataError, OptionError
from isoperf.ledger.devices import Device
from isoperf.ledger.devices import device as known_device
from isoperf.ledger.energy import check_pue
from isoperf.ledger.grid import Grid, chosen_grid
from isoperf.ledger.prices import Price, PriceTable, read_prices
from isoperf.ledger.sources import Source
from isoperf.readers import Data, load

__all__ = ["MFU", "Dtype", "Machine", "Rate", "Rates", "rates_of"]

Dtype = Literal["bf16", "fp16", "fp8", "fp4", "tf32", "fp32", "int8"]
MFU = 0.4
GIVEN = "given by the user"
ROW = "a second table with a row for it (device, per_device_hour, currency, date, source)"


@dataclass(frozen=True)
class Machine:
    """What the user says of the accelerators, where they stand, and what their hours cost."""

    device: str | None = None
    dtype: str = "bf16"
    flops_per_second: float | None = None
    mfu: float = MFU
    inference_mfu: float | None = None
    price_per_gpu_hour: float | None = None
    prices: Data | None = None
    power: float | None = None
    pue: float = 1.0
    region: str | None = None
    carbon_intensity: float | None = None
    n_gpus: int | None = None


@dataclass(frozen=True)
class Rate:
    """One number that costs rest on, with its source and date."""

    what: str
    value: float
    unit: str
    source: str

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return dict(vars(self))


@dataclass(frozen=True)
class Rates:
    """What costs are counted by; ``None`` where nothing is known.

    Attributes
    ----------
    peak : of one accelerator in the number format asked for, with its source.
    price : of its hour. no_price : why there is none. power : typed; else the device's limit counts.
    """

    device: Device | None = None
    peak: Rate | None = None
    price: Price | None = None
    no_price: str = ""
    power: float | None = None
    grid: Grid | None = None
    pue: float = 1.0
    mfu: float = MFU
    inference_mfu: float | None = None
    n_gpus: int | None = None

    @property
    def undated(self) -> bool:
        """Whether the price is from a table that tells no day."""
        return self.price is not None and self.price.source.text != GIVEN and self.price.source.date is None

    @property
    def name(self) -> str:
        """What the accelerator is called."""
        return self.device.name if self.device else "the accelerator"

    @property
    def flops_per_second(self) -> float | None:
        """Peak of one accelerator."""
        return None if self.peak is None else self.peak.value

    @property
    def price_per_gpu_hour(self) -> float | None:
        """Dollars for an hour of one accelerator."""
        return None if self.price is None else self.price.rate("device_hour")

    def told(self) -> Iterator[Rate]:
        """Every number that is known, with its source and date."""
        if self.peak is not None:
            yield self.peak
            yield Rate("share of the peak", self.mfu, "", "an assumption; measure it" if self.mfu == MFU else GIVEN)
        if self.inference_mfu is not None:
            yield Rate("share of the peak in service", self.inference_mfu, "", GIVEN)
        if self.price is not None:
            yield Rate("price", self.price.rate("device_hour"), "USD per hour", _dated(self.price.source))
        if self.power is not None:
            yield Rate("power", self.power, "W", GIVEN)
        elif self.device is not None and self.device.power is not None:
            yield Rate("power limit", self.device.power, "W", str(self.device.source))
        if self.pue != 1:
            yield Rate("overhead of the data centre", self.pue, "", GIVEN)
        if self.grid is not None:
            yield Rate(f"carbon, {self.grid.name}", self.grid.carbon_intensity, "g/kWh", _dated(self.grid.source))


def rates_of(told: Machine) -> Rates:
    """Look up what the ledger knows; what was typed overrules it.

    Raises
    ------
    OptionError : an unknown device or region, a number format that the device has no peak in, or a number that
        cannot be.
    DataError : the price table cannot be used.
    """
    _check(told)
    found = None if told.device is None else known_device(told.device)
    peak = _peak(told, found)
    place = chosen_grid(told.region, told.carbon_intensity)
    price, why = _price(told, found)
    pue = check_pue(told.pue)
    return Rates(found, peak, price, why, told.power, place, pue, told.mfu, told.inference_mfu, told.n_gpus)


def _check(told: Machine) -> None:
    if told.prices is not None and told.device is None:
        raise OptionError("prices are looked up by the accelerator's name: give device=..., such as 'H100-SXM-80GB'.")
    if told.power is not None and not 0 < told.power < np.inf:
        raise OptionError(f"power is in W and above 0; found {told.power!r}.")
    if told.n_gpus is not None and not (told.n_gpus >= 1 and told.n_gpus == int(told.n_gpus)):
        raise OptionError(f"n_gpus is a whole number of accelerators, 1 or more; found {told.n_gpus!r}.")
    beside = ("power", "n_gpus", "region", "carbon_intensity")
    idle = [name for name in beside if getattr(told, name) is not None] + (["pue"] if told.pue != 1 else [])
    if idle and told.device is None and told.flops_per_second is None:
        raise OptionError(
            f"{idle[0]} tells what an accelerator's hours cost, and none is known: give device=..., such as "
            "'H100-SXM-80GB', or flops_per_second=... instead."
        )


def _peak(told: Machine, found: Device | None) -> Rate | None:
    what = "peak"
    if told.flops_per_second is not None:
        return Rate(what, told.flops_per_second, "FLOPs/s", GIVEN)
    if found is None:
        return None
    try:
        rate = found.rate(told.dtype)
    except OptionError:
        raise OptionError(
            f"no peak of {found.name} in {told.dtype!r} is known; known: {', '.join(found.peaks)}. Take one of these "
            "as dtype=..., or give flops_per_second=... instead."
        ) from None
    return Rate(f"{what} in {told.dtype}", rate, "FLOPs/s", str(found.source))


def _price(told: Machine, found: Device | None) -> tuple[Price | None, str]:
    """Price of an hour, or the reason why none is known."""
    if told.price_per_gpu_hour is not None:
        name = found.name if found else "accelerator"
        return Price(name, {"device_hour": told.price_per_gpu_hour}, "USD", Source(GIVEN)), ""
    if found is None or told.device is None:
        return None, "no price per hour given"
    if told.prices is None:
        return None, f"no price of {found.name} is built in; give price_per_gpu_hour=..., or {ROW}"
    table = read_prices(load(told.prices))
    if table.currency != "USD":
        raise DataError(
            f"prices are in {table.currency}, and a plan counts dollars. Convert them at a rate of one day, or give "
            "price_per_gpu_hour=... instead."
        )
    if not any(name in table and "device_hour" in table[name].rates for name in (told.device, found.name)):
        return None, f"the price table has no price per hour of {found.name}; give price_per_gpu_hour=..., or {ROW}"
    return _hourly(table, told.device, found.name), ""


def _hourly(table: PriceTable, *names: str) -> Price:
    return table.first(*(name for name in names if name in table and "device_hour" in table[name].rates))


def _dated(source: Source) -> str:
    """Say a source; of what the user gave no date is asked."""
    return source.text if source.text == GIVEN else str(source)
