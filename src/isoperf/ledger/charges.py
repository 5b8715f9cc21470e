"""Amounts with what they rest on, and how one follows from another: operations, time, energy, carbon, money."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from isoperf.estimate import Estimate, Status
from isoperf.ledger.devices import Device
from isoperf.ledger.energy import co2_kg, energy_kwh
from isoperf.ledger.grid import Grid
from isoperf.ledger.ledger import Basis, Line, weakest
from isoperf.ledger.prices import Price
from isoperf.ledger.roofline import compute_seconds

__all__ = [
    "SECONDS_PER_HOUR",
    "Charge",
    "carbon_of",
    "device_time_line",
    "energy_of",
    "hours_of",
    "money_of",
    "time_of",
    "unknown",
]

SECONDS_PER_HOUR = 3600.0


@dataclass(frozen=True)
class Charge:
    """One amount: its value (unknown is None), what it rests on, and how it came about.

    ``low`` and ``high`` bound the central interval of ``level``, where the amount is known no better; ``how`` of an
    unknown amount is the reason.
    """

    value: float | None
    unit: str
    basis: Basis
    how: str
    low: float | None = None
    high: float | None = None
    level: float | None = None
    trust: Status = Status.OK

    @property
    def estimate(self) -> Estimate:
        """The value with its interval and status."""
        if self.value is None:
            return Estimate(None, unit=self.unit, status=Status.NOT_IDENTIFIED)
        return Estimate(self.value, self.low, self.high, self.level, self.unit, self.trust)

    def through(self, rule: Callable[[float], Any], unit: str, basis: Basis, how: str) -> Charge:
        """Return what follows from it by a rising rule, ends included; what rests on the unknown is unknown too."""
        if self.value is None:
            return unknown(unit, self.how)
        value, low, high = (None if x is None else float(rule(x)) for x in (self.value, self.low, self.high))
        return Charge(value, unit, weakest((self.basis, basis)), how, low, high, self.level, self.trust)

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {**self.estimate.as_dict(), "basis": self.basis if self.value is not None else None, "how": self.how}


def unknown(unit: str, why: str) -> Charge:
    """Return an amount that cannot be told, with the reason."""
    return Charge(None, unit, "assumed", why)


def time_of(flops: Charge, peak: float, mfu: float, name: str) -> Charge:
    """Seconds of one device that operations take at a share of its peak; the share is an assumption."""
    how = f"operations at {100 * mfu:.3g}% of the peak of {name}"
    return flops.through(lambda x: compute_seconds(x, peak=peak, efficiency=mfu), "s", "assumed", how)


def hours_of(used: Charge, unit: str = "GPU-hours") -> Charge:
    """Hours of one device."""
    return used.through(lambda x: x / SECONDS_PER_HOUR, unit, "computed", used.how)


def energy_of(used: Charge, machine: Device | None, *, power: float | None = None, pue: float = 1.0) -> Charge:
    """Energy of seconds of one device: at a power that was given, else at the limit of the device."""
    over = "" if pue == 1 else f", overhead {pue:g}"
    if power is not None:
        how = f"power given times device time{over}"
        return used.through(lambda x: energy_kwh(power, x, pue=pue), "kWh", "computed", how)
    if machine is None or machine.power is None:
        return unknown(
            "kWh", "no power and no device given" if machine is None else f"no power of {machine.name} is stated"
        )
    limit = machine.power
    how = f"power limit of {machine.name}, {limit:g} W, times device time{over}"
    return used.through(lambda x: energy_kwh(limit, x, pue=pue), "kWh", "assumed", how)


def carbon_of(energy: Charge, place: Grid | None) -> Charge:
    """Carbon of energy from a grid."""
    if energy.value is None:
        return unknown("kg", "energy unknown")
    if place is None:
        return unknown("kg", "no region and no carbon intensity given")
    how = f"energy at {place.carbon_intensity:g} g/kWh ({place.name}, {place.source})"
    basis: Basis = "assumed" if place.assumed else "computed"
    return energy.through(lambda x: co2_kg(x, place.carbon_intensity), "kg", basis, how)


def device_time_line(name: str, price: Price, hours: float, basis: Basis) -> Line:
    """Line of a bill for hours of one device.

    Raises
    ------
    DataError : the price table has no price of its hour.
    """
    rate = price.rate("device_hour")
    return Line(f"{name}: device time", hours, "hours", rate, price.currency, price.source, basis)


def money_of(hours: Charge, name: str, price: Price) -> Charge:
    """Money that hours of one device cost."""
    how = f"prices of {price.source}"
    return hours.through(
        lambda x: device_time_line(name, price, x, hours.basis).amount, price.currency, "computed", how
    )
