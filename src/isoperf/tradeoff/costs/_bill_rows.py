"""What each row of a table of usage cost: seconds, energy, carbon, money and memory, and what each rests on."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from isoperf.cells import at
from isoperf.errors import DataError
from isoperf.ledger.charges import (
    SECONDS_PER_HOUR,
    Charge,
    carbon_of,
    device_time_line,
    energy_of,
    hours_of,
    time_of,
    unknown,
)
from isoperf.ledger.devices import Device, device
from isoperf.ledger.energy import JOULES_PER_KWH, check_pue
from isoperf.ledger.grid import WORLD, Grid, grid, own_grid
from isoperf.ledger.ledger import Basis, Ledger, Line, weakest
from isoperf.ledger.prices import HEADERS, PriceTable, TokenCounts, token_lines
from isoperf.observations import Observations
from isoperf.tradeoff.costs._bill_columns import known_numbers, words

__all__ = ["TALLIES", "RowBill", "Terms", "bill_rows", "summed"]

TALLIES = ("cost", "energy", "co2", "seconds", "memory")
BITS = 16.0


@dataclass(frozen=True)
class RowBill:
    """Tallies of one row by name, and the lines that make its cost."""

    charges: dict[str, Charge]
    ledger: Ledger

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        told = {name: one.as_dict() for name, one in self.charges.items()}
        return {**told, "lines": [line.as_dict() for line in self.ledger.lines]}


@dataclass(frozen=True)
class Terms:
    """What holds for every row that says nothing else."""

    prices: PriceTable | None
    device: Device | None
    grid: Grid | None
    pue: float
    mfu: float | None

    @property
    def currency(self) -> str:
        """Of every cost."""
        return self.prices.currency if self.prices else "USD"


def summed(charges: Iterable[Charge]) -> Charge:
    """Sum of several; unknown if one is, memory is the largest."""
    parts = list(charges)
    known = [one.value for one in parts if one.value is not None]
    total = (max(known) if parts[0].unit == "GB" else sum(known)) if len(known) == len(parts) else None
    how = "; ".join(dict.fromkeys(one.how for one in parts))
    return Charge(total, parts[0].unit, weakest(one.basis for one in parts), how)


def bill_rows(obs: Observations, terms: Terms) -> list[RowBill]:
    """Bill every row.

    Raises
    ------
    DataError : a number makes no sense, a price that is needed is unknown, currencies are mixed, or
        nothing at all can be told.
    """
    rows = _Rows(obs, terms)
    found = [rows.bill(i) for i in range(len(obs))]
    if not any(one.charges[name].value is not None for one in found for name in ("cost", "energy", "co2")):
        raise DataError(
            f"{at(obs.source)}neither energy nor cost of any row can be told. Needed: energy, or seconds with power "
            "or a known device (its column, or device=), or cost_usd, or a price table for the models or devices "
            f"named. Found: {', '.join(obs.columns)}."
        )
    return found


class _Rows:
    """Columns of the table, read once."""

    def __init__(self, obs: Observations, terms: Terms) -> None:
        self.obs, self.terms = obs, terms
        self.seconds = known_numbers(obs, "seconds", "wall_seconds", "train_time")
        self.hours = known_numbers(obs, "gpu_hours")
        self.count = known_numbers(obs, "n_devices", positive=True)
        self.power, self.energy = known_numbers(obs, "power"), known_numbers(obs, "energy")
        self.cost, self.co2 = known_numbers(obs, "cost_usd"), known_numbers(obs, "co2_kg")
        self.memory = known_numbers(obs, "memory")
        self.params, self.bits = known_numbers(obs, "n_params"), known_numbers(obs, "weight_bits", positive=True)
        self.flops, self.intensity = known_numbers(obs, "flops"), known_numbers(obs, "carbon_intensity")
        self.pue = known_numbers(obs, "pue", positive=True)
        self.tokens = [known_numbers(obs, f"n_tokens_{part}") for part in ("in", "out", "cached", "reasoning")] + [
            known_numbers(obs, "n_calls")
        ]
        self.models, self.devices, self.grids = words(obs, "model"), words(obs, "device"), words(obs, "grid")

    def bill(self, i: int) -> RowBill:
        machine = device(self.devices[i]) if self.devices[i] and self._needs_device(i) else self.terms.device
        seconds, used = self._time(i, machine)
        energy = self._energy(i, machine, used)
        ledger, cost = self._cost(i, machine, used)
        made = (cost, energy, self._carbon(i, energy), seconds, self._memory(i))
        return RowBill(dict(zip(TALLIES, made, strict=True)), ledger)

    def _needs_device(self, i: int) -> bool:
        """Whether the row cannot do without the catalogue's figures of its device."""
        return bool(np.isnan(self.energy[i]) and np.isnan(self.power[i])) or not np.isnan(self.flops[i])

    def _time(self, i: int, machine: Device | None) -> tuple[Charge, Charge]:
        """Seconds of the row, and device-seconds."""
        many = self.count[i] if np.isfinite(self.count[i]) else 1.0
        each = "" if np.isfinite(self.count[i]) else "; one device"
        taken, hours = self.seconds[i], self.hours[i]
        if np.isfinite(hours):
            used = Charge(SECONDS_PER_HOUR * hours, "s", "measured", "hours of devices given")
            clock = Charge(taken, "s", "measured", "given") if np.isfinite(taken) else None
            guess = Charge(
                SECONDS_PER_HOUR * hours / many, "s", "computed" if not each else "assumed", f"device hours{each}"
            )
            return clock or guess, used
        if np.isfinite(taken):
            return Charge(taken, "s", "measured", "given"), Charge(
                taken * many, "s", "measured" if not each else "assumed", f"seconds times devices{each}"
            )
        if np.isfinite(self.flops[i]) and machine is not None and self.terms.mfu:
            peak = machine.rate("bf16" if "bf16" in machine.peaks else "fp16")
            asked = Charge(float(self.flops[i]), "FLOPs", "measured", "operations given")
            used = time_of(asked, peak, self.terms.mfu, machine.name)
            return used.through(lambda x: x / many, "s", "assumed", used.how + each), used
        open_ = unknown("s", "no seconds given")
        return open_, open_

    def _energy(self, i: int, machine: Device | None, used: Charge) -> Charge:
        pue = check_pue(float(self.pue[i])) if np.isfinite(self.pue[i]) else self.terms.pue
        over = "" if pue == 1 else f", overhead {pue:g}"
        if np.isfinite(self.energy[i]):
            basis: Basis = "measured" if pue == 1 else "computed"
            return Charge(self.energy[i] * pue / JOULES_PER_KWH, "kWh", basis, f"energy given{over}")
        if used.value is None:
            return unknown("kWh", "no energy and no time given")
        power = float(self.power[i]) if np.isfinite(self.power[i]) else None
        return energy_of(used, machine, power=power, pue=pue)

    def _carbon(self, i: int, energy: Charge) -> Charge:
        if np.isfinite(self.co2[i]):
            return Charge(float(self.co2[i]), "kg", "measured", "carbon given")
        return carbon_of(energy, self._grid(i))

    def _grid(self, i: int) -> Grid:
        if np.isfinite(self.intensity[i]):
            return own_grid(float(self.intensity[i]), "the table")
        return grid(self.grids[i]) if self.grids[i] else self.terms.grid or WORLD

    def _cost(self, i: int, machine: Device | None, used: Charge) -> tuple[Ledger, Charge]:
        currency = self.terms.currency
        if np.isfinite(self.cost[i]):
            if currency != "USD":
                raise DataError(
                    f"{at(self.obs.source)}row {i + 1} gives cost_usd but the price table is in {currency}. "
                    "Costs in two currencies are not added up; convert one of them at a rate of one day."
                )
            return Ledger(()), Charge(float(self.cost[i]), currency, "measured", "cost given")
        if self.terms.prices is None:
            return Ledger(()), Charge(None, currency, "assumed", "no price table and no cost given")
        lines = [*self._token_lines(i), *self._device_lines(i, machine, used)]
        if not lines:
            return Ledger(()), Charge(None, currency, "assumed", "nothing that the price table prices")
        ledger = Ledger(tuple(lines))
        told = "; ".join(dict.fromkeys(str(line.source) for line in lines))
        return ledger, Charge(ledger.total(), currency, weakest((ledger.basis, "computed")), f"prices of {told}")

    def _token_lines(self, i: int) -> tuple[Line, ...]:
        counts = [float(column[i]) for column in self.tokens]
        given = [math.isfinite(count) for count in counts]
        prices, model = self.terms.prices, self.models[i]
        if prices is None or not any(given):
            return ()
        if not model:
            raise DataError(
                f"{at(self.obs.source)}row {i + 1} has tokens or calls but no model, so no price: {HEADERS}."
            )
        try:
            return token_lines(
                prices[model], TokenCounts(*(x if ok else 0.0 for x, ok in zip(counts, given, strict=True)))
            )
        except DataError as error:
            raise DataError(f"{at(self.obs.source)}row {i + 1}: {error}") from None

    def _device_lines(self, i: int, machine: Device | None, used: Charge) -> tuple[Line, ...]:
        prices, named = self.terms.prices, self.devices[i] or (machine.name if machine else "")
        hours = hours_of(used).value
        if prices is None or not named or hours is None:
            return ()
        names = (named, machine.name) if machine is not None else (named,)
        if not any(name in prices for name in names) and any(np.isfinite(column[i]) for column in self.tokens):
            return ()  # paid by the token
        price = prices.first(*names)
        return (device_time_line(price.name, price, hours, used.basis),)

    def _memory(self, i: int) -> Charge:
        if np.isfinite(self.memory[i]):
            return Charge(self.memory[i] / 1e9, "GB", "measured", "given")
        if np.isfinite(self.params[i]):
            stated = np.isfinite(self.bits[i])
            bits = self.bits[i] if stated else BITS
            how = f"weights alone at {bits:g} bits"
            return Charge(float(self.params[i] * bits / 8e9), "GB", "computed" if stated else "assumed", how)
        return Charge(None, "GB", "assumed", "not given")
