"""What planned runs cost: accelerator hours, days, dollars, energy and carbon, each with what it rests on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from isoperf.estimate import Estimate
from isoperf.ledger.charges import Charge, carbon_of, energy_of, hours_of, money_of, time_of, unknown
from isoperf.scale.budget._answers import Budget, Target
from isoperf.scale.budget._rates import Rates

__all__ = ["UNITS", "RunCost", "run_costs"]

UNITS = {"gpu_hours": "GPU-hours", "days": "days", "dollars": "USD", "energy": "kWh", "co2": "kg"}
HOURS_PER_DAY = 24.0


@dataclass(frozen=True)
class RunCost:
    """Costs of one planned run, or of serving its model.

    Attributes
    ----------
    amount, unit : the budget or the target that was asked. part : training or serving.
    charges : ``gpu_hours``, ``days``, ``dollars``, ``energy`` and ``co2`` by name; what is unknown says why in ``how``.
    """

    amount: float
    unit: str
    part: str
    charges: Mapping[str, Charge]

    def __getitem__(self, name: str) -> Estimate:
        """Return one cost; unknown is None with a status, never zero."""
        return self.charges[name].estimate

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        head = {"amount": self.amount, "unit": self.unit, "part": self.part}
        return {**head, **{name: one.as_dict() for name, one in self.charges.items()}}


def run_costs(budgets: Iterable[Budget], targets: Iterable[Target], output: str, rates: Rates) -> tuple[RunCost, ...]:
    """Return the costs of every planned run; nothing where no accelerator is known."""
    if rates.peak is None:
        return ()
    return tuple(
        RunCost(amount, unit, part, _charges(flops, part, rates))
        for amount, unit, compute in _asked(budgets, targets, output)
        for part, flops in compute.items()
    )


def _asked(
    budgets: Iterable[Budget], targets: Iterable[Target], output: str
) -> Iterator[tuple[float, str, dict[str, Charge]]]:
    for b in budgets:
        why = "the best sizes are not known"
        yield b.amount, b.unit, {part: _compute(known, why) for part, known in b.compute.items()}
    for t in targets:
        why = f"{1 - t.reached:.0%} of the fits never reach the target"
        yield t.loss, output, {part: _compute(known, why) for part, known in t.compute.items()}


def _compute(known: Estimate, why: str) -> Charge:
    if known.value is None:
        return unknown("FLOPs", why)
    how = "compute of the plan"
    return Charge(known.value, "FLOPs", "computed", how, known.low, known.high, known.level, known.status)


def _charges(flops: Charge, part: str, rates: Rates) -> dict[str, Charge]:
    assert rates.peak is not None  # without it there are no costs
    mfu = rates.inference_mfu or rates.mfu if part == "serving" else rates.mfu
    used = time_of(flops, rates.peak.value, mfu, rates.name)
    hours = hours_of(used)
    energy = energy_of(used, rates.device, power=rates.power, pue=rates.pue)
    money = unknown("USD", rates.no_price) if rates.price is None else money_of(hours, rates.name, rates.price)
    return dict(
        zip(UNITS, (hours, _days(hours, part, rates), money, energy, carbon_of(energy, rates.grid)), strict=True)
    )


def _days(hours: Charge, part: str, rates: Rates) -> Charge:
    if part == "serving":
        return unknown("days", "serving goes on for as long as the model is used")
    if rates.n_gpus is None:
        return unknown("days", "no n_gpus given")
    each, how = rates.n_gpus * HOURS_PER_DAY, f"hours of {rates.n_gpus} accelerators at once"
    return hours.through(lambda x: x / each, "days", "computed", how)
