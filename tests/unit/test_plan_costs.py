"""What planned runs cost, by the ledger's devices, prices and grids.

Expected values are worked out by hand from the ledger's own entries: an H100-SXM-80GB does 989e12 operations a second
in bf16 and 1979e12 in fp8, under a limit of 700 W; a kWh in Germany holds 380.95 g, one in France 56.039 g. The price
of 2.5 USD an hour is that of ``planted_device_prices``.
"""

from __future__ import annotations

import functools
import json
from typing import Any

import numpy as np
import pytest

import isoperf
from isoperf import DataError, Estimate, OptionError, plan
from isoperf.report import Table
from isoperf.scale.budget.plan import Plan, RunCost
from tests.surface.shell import run
from tests.unit.tables import Floats, chinchilla_runs

FEW: dict[str, Any] = {"law": "chinchilla", "n_bootstrap": 40}
PRICES = {"device": ["H100-SXM-80GB"], "per_device_hour": [2.5], "date": ["2026-01-15"], "source": ["a list"]}
HOURS = 1e23 / (989e12 * 0.4 * 3600)  # 70,219 hours of one device at 40% of its peak
WHOLE: dict[str, Any] = {"device": "H100-SXM-80GB", "prices": PRICES, "n_gpus": 64, "region": "DEU", "pue": 1.1}


@functools.cache
def runs() -> dict[str, Floats]:
    return chinchilla_runs(40)


def planned(**options: Any) -> Plan:
    return plan(runs(), **FEW, **options)


@functools.cache
def priced() -> Plan:
    return planned(flops=1e23, target_loss=2.1, **WHOLE)


def values(one: RunCost) -> dict[str, float | None]:
    return {name: one[name].value for name in one.charges}


def test_every_amount_of_a_run_follows_from_the_ledgers_entries() -> None:
    first = priced().costs[0]
    assert (first.amount, first.unit, first.part) == (1e23, "FLOPs", "training")
    energy = 0.7 * HOURS * 1.1
    assert values(first) == pytest.approx(
        {"gpu_hours": HOURS, "days": HOURS / 64 / 24, "dollars": 2.5 * HOURS, "energy": energy, "co2": 0.38095 * energy}
    )
    assert all(first[name].low is None for name in first.charges)  # the budget fixes them all
    assert [one.unit for one in map(first.__getitem__, first.charges)] == ["GPU-hours", "days", "USD", "kWh", "kg"]


def test_a_target_costs_what_its_compute_does_with_its_interval() -> None:
    made = priced()
    flops, cost = made.targets[0].flops, made.costs[1]
    assert cost.amount == 2.1 and flops.value and flops.low and flops.high
    for name, factor in (("gpu_hours", 1.0), ("dollars", 2.5), ("co2", 0.7 * 1.1 * 0.38095)):
        known = cost[name]
        wanted = [factor * x / (989e12 * 0.4 * 3600) for x in (flops.value, flops.low, flops.high)]
        assert [known.value, known.low, known.high] == pytest.approx(wanted)
        assert known.level == flops.level and known.status is flops.status


def test_bill_tells_the_same_of_the_same_operations() -> None:
    """The bill of a run that was done, against the plan of it."""
    usage = {"flops": [1e23], "n_devices": [64.0]}
    done = isoperf.bill(usage, prices=PRICES, device="H100-SXM-80GB", mfu=0.4, region="DEU", pue=1.1).total
    ahead = values(priced().costs[0])
    assert ahead["dollars"] == pytest.approx(done["cost"].value) and ahead["energy"] == pytest.approx(
        done["energy"].value
    )
    assert ahead["co2"] == pytest.approx(done["co2"].value)
    assert done["seconds"].value == pytest.approx((ahead["days"] or 0) * 86400)


@pytest.mark.parametrize(("option", "per_hour"), [("dollars", 2.5), ("gpu_hours", 1.0)])
def test_a_budget_needs_no_more_than_the_device(option: str, per_hour: float) -> None:
    prices = PRICES if option == "dollars" else None
    made = planned(device="h100 sxm", prices=prices, **{option: per_hour * HOURS})
    assert made.budgets[0].flops == pytest.approx(1e23)
    assert made.budgets[0].n_params.value == pytest.approx(priced().budgets[0].n_params.value, rel=1e-6)
    assert made.costs[0]["gpu_hours"].value == pytest.approx(HOURS)


def test_what_is_typed_overrules_the_ledger() -> None:
    typed: dict[str, Any] = {"price_per_gpu_hour": 4.0, "power": 500.0, "mfu": 0.5, "carbon_intensity": 100.0}
    made = planned(flops=1e23, device="H100-SXM-80GB", prices=PRICES, dtype="fp8", **typed)
    hours = 1e23 / (1979e12 * 0.5 * 3600)
    told = values(made.costs[0])
    wanted = {"gpu_hours": hours, "dollars": 4 * hours, "energy": 0.5 * hours, "co2": 0.05 * hours}
    assert {name: told[name] for name in wanted} == pytest.approx(wanted)
    own = planned(flops=1e23, device="H100-SXM-80GB", flops_per_second=1e15)
    assert own.costs[0]["gpu_hours"].value == pytest.approx(1e23 / (1e15 * 0.4 * 3600))
    assert {one.what: one.source for one in own.rates.told()}["peak"] == "given by the user"


def test_every_number_has_its_source_and_date() -> None:
    sources = {one.what: (one.value, one.unit, one.source) for one in priced().rates.told()}
    sheet = "NVIDIA H100 data sheet, as quoted by third parties (2023)"
    assert sources["peak in bf16"] == (989e12, "FLOPs/s", sheet) and sources["power limit"] == (700.0, "W", sheet)
    assert sources["price"] == (2.5, "USD per hour", "a list (2026-01-15)")
    assert sources["carbon, Germany"][0] == 380.95 and sources["carbon, Germany"][2].endswith("(2023)")
    assert sources["share of the peak"] == (0.4, "", "an assumption; measure it")
    titles = [block.title for block in priced().report().blocks if isinstance(block, Table)]
    assert {"What it costs", "What the costs rest on"} <= set(titles)


@pytest.mark.parametrize(
    ("options", "name", "why"),
    [
        ({"device": "TPU-V5E"}, "energy", "no power of TPU-V5E is stated"),
        ({"device": "TPU-V5E", "region": "FRA"}, "co2", "energy unknown"),
        ({"device": "H100-SXM-80GB"}, "co2", "no region and no carbon intensity given"),
        ({"device": "H100-SXM-80GB"}, "dollars", "no price of H100-SXM-80GB is built in; give price_per_gpu_hour"),
        ({"device": "A100-SXM-80GB", "prices": PRICES}, "dollars", "table has no price per hour of A100-SXM-80GB"),
        ({"device": "H100-SXM-80GB"}, "days", "no n_gpus given"),
        ({"flops_per_second": 1e15}, "energy", "no power and no device given"),
        ({"device": "H100-SXM-80GB", "target_loss": 1.0}, "gpu_hours", "100% of the fits never reach the target"),
    ],
)
def test_unknown_is_never_zero_and_says_why(options: dict[str, Any], name: str, why: str) -> None:
    made = planned(**{**({"flops": 1e23} if "target_loss" not in options else {}), **options})
    charge = made.costs[0].charges[name]
    assert made.costs[0][name] == Estimate(None, unit=charge.unit, status=isoperf.Status.NOT_IDENTIFIED)
    assert why in charge.how
    assert why.split(";")[0] in " ".join(made.report().text(width=400).split())


def test_service_is_a_part_of_its_own() -> None:
    made = planned(flops=1e23, inference_tokens=1e12, device="H100-SXM-80GB", inference_mfu=0.1, n_gpus=8)
    trained, served = made.costs
    assert (trained.part, served.part) == ("training", "serving")
    work = made.budgets[0].compute
    assert sum(part.value or 0 for part in work.values()) == pytest.approx(1e23)
    assert work["training"].low is not None
    assert served["gpu_hours"].value == pytest.approx((work["serving"].value or 0) / (989e12 * 0.1 * 3600))
    assert trained["gpu_hours"].value == pytest.approx((work["training"].value or 0) / (989e12 * 0.4 * 3600))
    assert trained["days"].value is not None and served["days"].value is None


def test_a_slider_moves_the_budget_in_its_unit_and_the_costs_with_it() -> None:
    made = planned(dollars=2.5 * HOURS, **WHOLE)
    (control,) = made.controls()
    assert (control.name, control.unit, control.value) == ("budget", "USD", 2.5 * HOURS)
    table = next(
        block for block in made.moved({"budget": 5 * HOURS}).blocks
        if isinstance(block, Table) and block.title == "What it costs"
    )  # fmt: skip
    names = [column.name for column in table.headers]
    cell = table.rows[0][names.index("accelerator time")]
    assert isinstance(cell, Estimate) and cell.value == pytest.approx(2 * HOURS)


def test_machines_read_costs_and_what_they_rest_on() -> None:
    told = json.loads(json.dumps(priced().as_dict(), allow_nan=False))
    assert told["costs"][0]["dollars"]["value"] == pytest.approx(2.5 * HOURS)
    assert told["costs"][0]["dollars"]["basis"] == "assumed"  # as the share of the peak is
    assert {one["what"] for one in told["rates"]} >= {"peak in bf16", "price", "power limit", "carbon, Germany"}
    plain = planned(flops=1e23)
    assert plain.costs == () and plain.as_dict()["rates"] == []
    assert all(block.title != "What it costs" for block in plain.report().blocks if isinstance(block, Table))


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({"flops": 1e23, "device": "H100-SMX"}, OptionError, "no device 'H100-SMX'.*Did you mean"),
        ({"flops": 1e23, "device": "V100-SXM2-32GB"}, OptionError, "no peak of V100-SXM2-32GB in 'bf16'.*fp16, fp32"),
        ({"dollars": 5.0, "device": "H100"}, OptionError, "needs price_per_gpu_hour.*no price of H100-SXM-80GB"),
        ({"dollars": 5.0}, OptionError, "needs price_per_gpu_hour=... and device=.*flops_per_second"),
        ({"flops": 1e23, "prices": PRICES}, OptionError, "accelerator's name: give device"),
        ({"flops": 1e23, "region": "DEU"}, OptionError, "region tells what an accelerator's hours cost"),
        ({"flops": 1e23, "device": "H100", "region": "Germny"}, OptionError, "no carbon intensity.*Germany"),
        ({"flops": 1e23, "device": "H100", "n_gpus": 0}, OptionError, "whole number of accelerators"),
        ({"flops": 1e23, "device": "H100", "power": -1.0}, OptionError, "power is in W and above 0"),
        ({"flops": 1e23, "device": "H100", "pue": 0.9}, OptionError, "pue is .* 1 or more"),
        ({"flops": 1e23, "device": "H100", "region": "DEU", "carbon_intensity": 9.0}, OptionError, "not both"),
        ({"dollars": 5.0, "device": "H100", "cost": lambda n_params: n_params}, OptionError, "leave out .*device"),
        (
            {"flops": 1e23, "device": "H100", "prices": {**PRICES, "currency": ["EUR"]}},
            DataError,
            "prices are in EUR, and a plan counts dollars",
        ),
    ],
)
def test_what_cannot_be_counted_is_refused(options: dict[str, Any], kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        plan(runs(), law="chinchilla", n_bootstrap=20, **options)


def test_a_free_hour_in_the_table_is_no_budget() -> None:
    with pytest.raises(OptionError, match="price_per_gpu_hour must be above 0"):
        planned(dollars=5.0, device="H100", prices={**PRICES, "per_device_hour": [0.0]})
    undated = {name: cells for name, cells in PRICES.items() if name != "date"}
    made = planned(flops=1e23, device="H100", prices=undated)
    assert "The price has no date" in " ".join(made.report().text().split())


def test_the_command_line_takes_the_price_table_second() -> None:
    words = ("--law", "chinchilla", "--n-bootstrap", "40", "--device", "H100-SXM-80GB", "--json", "--quiet")
    ran = run("plan", "stdlib_lm", "planted_device_prices", "--dollars", "0.01", "--n-gpus", "2", *words)
    assert ran.code == 0, ran.err
    cost = json.loads(ran.out)["costs"][0]
    assert cost["gpu_hours"]["value"] == pytest.approx(0.004)  # a cent at 2.5 USD an hour
    assert cost["days"]["value"] == pytest.approx(0.004 / 48) and cost["co2"]["value"] is None
    wrong = run("plan", "stdlib_lm", "--dollars", "0.01", *words)
    assert wrong.code == 2 and "--price-per-gpu-hour" in wrong.err
    assert np.isfinite(cost["energy"]["value"])
