"""Add up what runs, requests or training steps cost: money, energy, carbon, time and memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from isoperf.capability import Option, Reference, capability
from isoperf.errors import DataError, OptionError, unknown_column
from isoperf.grouping import labels_of
from isoperf.ledger.charges import Charge
from isoperf.ledger.devices import device as known_device
from isoperf.ledger.energy import check_pue
from isoperf.ledger.grid import chosen_grid
from isoperf.ledger.ledger import Ledger
from isoperf.ledger.prices import read_prices
from isoperf.observations import Observations
from isoperf.options import Data, PriceTableOption
from isoperf.readers import load
from isoperf.report import Report, Shown
from isoperf.tradeoff.costs._bill_columns import words
from isoperf.tradeoff.costs._bill_groups import Against, BilledConfiguration, configurations
from isoperf.tradeoff.costs._bill_rows import TALLIES, RowBill, Terms, bill_rows, summed

__all__ = ["Bill", "BilledConfiguration", "BilledRow", "bill"]

_USUAL = ("model", "recipe", "technique", "setting", "design")
_SCORES = ("accuracy", "score")


@dataclass(frozen=True)
class BilledRow:
    """One row of the table: its configuration, its stage, its tallies by name."""

    row: int
    configuration: str
    stage: str
    bill: RowBill

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        head = {"row": self.row, "configuration": self.configuration, "stage": self.stage}
        return {**head, **self.bill.as_dict()}


@dataclass(frozen=True)
class Bill(Shown):
    """What everything cost.

    Attributes
    ----------
    rows : in the order of the table. configurations : in order of appearance.
    total : of all rows, by tally. score : the column that configurations are compared on; None without.
    against : what else they are compared on: co2, or cost where no carbon is told.
    ledger : every line of the cost. days_apart : between the oldest and newest price used.
    """

    rows: tuple[BilledRow, ...]
    configurations: tuple[BilledConfiguration, ...]
    total: dict[str, Charge]
    score: str | None
    against: Against
    lower_is_better: bool
    ledger: Ledger
    pue: float
    days_apart: int | None
    max_days: int
    source: str
    fingerprint: str

    @property
    def dominated(self) -> tuple[str, ...]:
        """Names of the dominated configurations."""
        return tuple(one.name for one in self.configurations if one.dominated_by is not None)

    def configuration(self, name: str) -> BilledConfiguration:
        """Return one configuration.

        Raises
        ------
        OptionError : there is none of that name.
        """
        for one in self.configurations:
            if one.name == name:
                return one
        raise OptionError(f"no configuration {name!r}. There are: {', '.join(c.name for c in self.configurations)}.")

    def report(self) -> Report:
        """Return the answer for people."""
        from isoperf.tradeoff.costs._show_bill import bill_report

        return bill_report(self)

    def as_dict(self) -> dict[str, Any]:
        """Return the answer for machines."""
        return {
            "total": {name: one.as_dict() for name, one in self.total.items()},
            "configurations": [one.as_dict() for one in self.configurations],
            "rows": [one.as_dict() for one in self.rows],
            "score": self.score,
            "against": self.against,
            "dominated": list(self.dominated),
            "pue": self.pue,
            "days_apart": self.days_apart,
            "provenance": {"source": self.source, "data": self.fingerprint},
        }


@capability(
    job="tradeoff",
    needs=(
        "energy, or seconds with power or device, or cost_usd, or a price table",
        "accuracy to find what is dominated (optional)",
    ),
    sources=(
        Reference(
            "Usmanova et al. 2024",
            "arXiv:2408.01453",
            "reporting the footprint of each step of training and fine-tuning",
            title="Reporting and Analysing the Environmental Impact of Language Models on the Example of Commonsense "
            "Question Answering with External Knowledge",
            checked="energy, carbon and money of a worked example to all digits; planted larger and longer-trained "
            "models that gain no accuracy are listed as dominated; codecarbon's public records are reproduced",
            unchecked="the paper's own table of runs, which was not at hand; finding what is dominated is ours",
        ),
    ),
    checked="a worked example by hand, 28 public records of codecarbon, and planted configurations that must come out "
    "as dominated",
    example="isoperf bill planted_usage planted_device_prices --region DEU --pue 1.2",
)
def bill(
    data: Data,
    *,
    prices: PriceTableOption = None,
    by: Annotated[
        tuple[str, ...], Option("columns whose values make a configuration; model and recipe where there are any")
    ] = (),
    device: Annotated[str | None, Option("accelerator of the rows that name none, such as H100-SXM-80GB")] = None,
    power: Annotated[float | None, Option("mean power of one such device, in place of its limit", unit="W")] = None,
    region: Annotated[str | None, Option("country of the electricity, such as DEU or Germany")] = None,
    carbon_intensity: Annotated[
        float | None, Option("g of CO2 equivalent per kWh, in place of a country's mean")
    ] = None,
    pue: Annotated[float, Option("energy of the data centre over that of its devices, 1 or more")] = 1.0,
    mfu: Annotated[
        float | None, Option("share of peak reached, to tell the time of rows that have operations but no seconds")
    ] = None,
    score: Annotated[str | None, Option("column of scores; accuracy or score where there is one")] = None,
    lower_is_better: Annotated[bool, Option("a lower score is better, as for a loss")] = False,
    max_days: Annotated[int, Option("days that prices may lie apart before this is said", least=0)] = 366,
) -> Bill:
    """Add up money, energy, carbon, time and memory of a table of usage.

    A row is a run, a request or a step of training. Each amount says what it rests on: measured (it
    stands in the table), computed (from what was measured, by a rate with a source) or assumed (a
    power limit, a world mean, a single device). What cannot be told stays unknown; it is never zero.
    With scores, configurations that another one beats in score and carbon are marked as dominated.

    Energy is power times time times overhead; carbon is energy times the intensity of the grid.

    Raises
    ------
    OptionError : a device, region, column or overhead cannot be used.
    DataError : a number makes no sense, a price is unknown, or currencies are mixed.
    """
    obs = load(data)
    if not len(obs):
        raise DataError(f"{obs.source}: the table has no rows; at least 1 is needed.")
    terms = _terms(prices, device, power, region, carbon_intensity, pue, mfu)
    made = bill_rows(obs, terms)
    names = _configurations(obs, by)
    column = _score_column(obs, score)
    stages = words(obs, "stage")
    rows = tuple(BilledRow(i + 1, names[i], stages[i], one) for i, one in enumerate(made))
    grouped, against = configurations(obs, made, names, column, lower_is_better)
    ledger = Ledger(tuple(line for one in made for line in one.ledger.lines))
    return Bill(
        rows,
        grouped,
        {name: summed(one.charges[name] for one in made) for name in TALLIES},
        column,
        against,
        lower_is_better,
        ledger,
        terms.pue,
        ledger.days_apart(),
        max_days,
        obs.source,
        obs.fingerprint,
    )


def _terms(
    prices: Data | None,
    device: str | None,
    power: float | None,
    region: str | None,
    intensity: float | None,
    pue: float,
    mfu: float | None,
) -> Terms:
    place = chosen_grid(region, intensity)
    if power is not None and not 0 < power < np.inf:
        raise OptionError(f"power is in W and above 0; found {power!r}.")
    if power is not None and device is None:
        raise OptionError("power is that of the device named by device; name one, or give the table a column power.")
    if mfu is not None and not 0 < mfu <= 1:
        raise OptionError(f"mfu is a share of the peak, above 0 and at most 1; found {mfu!r}.")
    machine = None if device is None else known_device(device)
    if machine is not None and power is not None:
        machine = machine.with_facts(power=power)
    table = None if prices is None else read_prices(load(prices))
    return Terms(table, machine, place, check_pue(pue), mfu)


def _configurations(obs: Observations, by: Sequence[str]) -> list[str]:
    for column in by:
        if not obs.has(column):
            raise unknown_column("by", column, obs.columns)
    columns = list(by) or [name for name in _USUAL if obs.has(name)]
    columns = columns or next(([name] for name in ("run", "name") if obs.has(name)), [])
    if not columns:
        return [f"row {i + 1}" for i in range(len(obs))]
    return [str(label) for label in labels_of([obs[name] for name in columns])]


def _score_column(obs: Observations, asked: str | None) -> str | None:
    if asked is None:
        return next((name for name in _SCORES if obs.has(name)), None)
    if not obs.has(asked):
        raise unknown_column("score", asked, obs.columns)
    return asked
