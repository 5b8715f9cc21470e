"""Plans over any inputs, in any unit, within any limits."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from isoperf import DataError, Law, LawError, OptionError, Param, Reference, plan
from isoperf.fitting.allocate import allocate
from isoperf.fitting.costs import serving_flops, training_flops
from isoperf.fitting.optimum import compute_optimal, solve_input
from isoperf.fitting.space import Space
from isoperf.laws import get
from isoperf.report import Table
from isoperf.scale.budget._terms import Prices
from isoperf.scale.budget.plan import Plan
from tests.surface.shell import run
from tests.unit.tables import TRUTH, Floats, chinchilla_runs

FEW: dict[str, Any] = {"n_bootstrap": 60}
RATES = {"price_per_gpu_hour": 2.0, "flops_per_second": 400e12, "mfu": 0.5}
PER_FLOP = 2.0 / (400e12 * 0.5 * 3600)


@functools.cache
def runs() -> dict[str, Floats]:
    return chinchilla_runs(40)


@functools.cache
def planned(**options: Any) -> Plan:
    return plan(runs(), law="chinchilla", **{**FEW, **options})


@functools.cache
def usual() -> Plan:
    return planned(flops=(1e23,))


@functools.cache
def served() -> Plan:
    return planned(flops=(1e23,), target_loss=(2.1,), inference_tokens=1e12)


def test_every_draw_is_split_as_the_closed_path_does() -> None:
    """Against the bisection on the slope along a line of equal compute."""
    made = usual()
    draws = {name: made.fit.draws[:, j] for j, name in enumerate(made.fit.law.names)}
    own, each = (compute_optimal(made.fit.law, values, 1e23).n_params[:, 0] for values in (made.fit.values, draws))
    known = made.budgets[0].n_params
    assert known.value == pytest.approx(own[0], rel=1e-8)
    assert (known.low, known.high) == pytest.approx(tuple(np.quantile(each, [0.05, 0.95])), rel=1e-8)
    assert made.budgets[0].flops == pytest.approx(1e23)


@pytest.mark.parametrize(("option", "amount", "unit"), [("dollars", 1.0, "USD"), ("gpu_hours", 0.5, "GPU-hours")])
def test_money_and_hours_are_compute_at_a_price(option: str, amount: float, unit: str) -> None:
    other = planned(**{option: amount * 1e23 * PER_FLOP}, **RATES)
    budget = other.budgets[0]
    assert budget.unit == other.unit == unit
    assert budget.flops == pytest.approx(1e23)
    assert budget.n_params.value == pytest.approx(usual().budgets[0].n_params.value, rel=1e-8)
    assert {"USD": "dollars"}.get(unit, unit) in other.report().markdown()


def test_a_target_is_told_in_money_where_there_are_prices() -> None:
    plain, money = planned(target_loss=(2.1,)), planned(target_loss=(2.1,), **RATES)
    assert money.unit == "USD"
    flops = plain.targets[0].flops.value
    assert flops is not None
    assert money.targets[0].flops.value == pytest.approx(flops)
    assert money.targets[0].cost.value == pytest.approx(flops * PER_FLOP)
    assert plain.targets[0].cost == plain.targets[0].flops


def test_service_calls_for_a_smaller_model_trained_longer() -> None:
    budget, alone = served().budgets[0], usual().budgets[0]
    assert budget.n_params.value is not None and budget.n_tokens.value is not None and alone.n_params.value is not None
    assert budget.n_params.value < alone.n_params.value
    whole = 6 * budget.n_params.value * budget.n_tokens.value + 2 * budget.n_params.value * 1e12
    assert whole == pytest.approx(1e23)
    assert sum(part.value or 0 for part in budget.spent.values()) == pytest.approx(1e23)
    assert set(budget.spent) == {"training", "serving"}
    assert budget.flops == pytest.approx(budget.spent["training"].value)
    beside = budget.served
    assert beside is not None and beside.n_params.value is not None and beside.saving.value is not None
    assert beside.size.value == pytest.approx(budget.n_params.value / beside.n_params.value)
    assert beside.size.low is not None and beside.size.high is not None
    assert beside.size.low < beside.size.high < 1
    assert 0 < beside.saving.value < 1
    assert "cheapest to train" in served().report().markdown()


def test_a_served_target_costs_least_over_its_life() -> None:
    """Against the allocator on the plan's own law."""
    target, fit = served().targets[0], served().fit
    assert target.cost.value is not None and target.n_params.value is not None
    best = allocate(
        get("chinchilla"), fit.values, target.cost.value, cost=training_flops() + serving_flops(1e12),
        space=Space({"n_params": (1.0, 1e18), "n_tokens": (1.0, 1e20)}),
    )  # fmt: skip
    assert best.output[0] == pytest.approx(2.1, rel=1e-6)
    assert best.inputs["n_params"][0] == pytest.approx(target.n_params.value, rel=1e-3)
    assert target.served is not None and target.served.size.value is not None and target.served.size.value < 1


@pytest.mark.parametrize(
    ("options", "size", "tokens", "end"),
    [
        ({"flops": 1e24, "at_most": {"n_params": 7e9}}, 7e9, 1e24 / 42e9, ("n_params", "the most allowed")),
        ({"flops": 1e24, "at_most": {"n_tokens": 1e11}}, 1e24 / 6e11, 1e11, ("n_tokens", "the most allowed")),
        ({"flops": 1e20, "at_least": {"n_params": 5e9}}, 5e9, 1e20 / 30e9, ("n_params", "the least allowed")),
        (
            {"flops": 6e20, "at_most": {"tokens_per_param": 4.0}},
            5e9,
            2e10,
            ("tokens_per_param", "the most allowed"),
        ),
    ],
)
def test_limits_bind_and_are_told(options: dict[str, Any], size: float, tokens: float, end: tuple[str, str]) -> None:
    made = plan(runs(), law="chinchilla", **options, **FEW)
    budget = made.budgets[0]
    assert budget.n_params.value == pytest.approx(size) and budget.n_tokens.value == pytest.approx(tokens)
    assert budget.ends == dict([end])
    assert "the limit binds" in made.report().markdown()


def test_a_fixed_size_is_no_choice() -> None:
    made = plan(runs(), law="chinchilla", flops=(1e22,), target_loss=(2.2,), fix={"n_params": 3e9}, **FEW)
    assert made.budgets[0].n_params.value == 3e9 and made.budgets[0].n_params.low is None
    assert made.budgets[0].n_tokens.value == pytest.approx(1e22 / 18e9)
    needed = solve_input(made.fit.law, made.fit.values, 2.2, "n_tokens", {"n_params": 3e9})[0]
    assert made.targets[0].flops.value == pytest.approx(18e9 * needed)
    assert made.targets[0].n_tokens.value == pytest.approx(needed)
    assert made.fixed == ("n_params",) and made.detours == ()
    assert made.ok == (made.fit.status.value == "ok")


def test_what_is_given_for_a_target_leaves_the_budget_free() -> None:
    made = plan(runs(), law="chinchilla", flops=(1e23,), target_loss=(2.2,), n_tokens=2e11, **FEW)
    assert made.targets[0].n_tokens.value == 2e11 and made.targets[0].given == "n_tokens fixed"
    assert made.budgets[0].n_params.value == pytest.approx(usual().budgets[0].n_params.value)


def test_the_frontier_falls_and_holds_the_plan() -> None:
    made = usual()
    losses = [b.loss.value for b in made.frontier]
    assert losses == sorted(losses, key=lambda x: -(x or 0)) and len(losses) == 5
    middle = next(b for b in made.frontier if b.amount == pytest.approx(1e23))
    assert middle.n_params.value == pytest.approx(made.budgets[0].n_params.value)
    assert all(b.n_params.low is not None and b.loss.low is not None for b in made.frontier)
    titles = [block.title for block in made.report().blocks if isinstance(block, Table)]
    assert "Best plan for every budget" in titles and "What not knowing the law exactly costs" in titles


def test_regret_is_what_other_draws_would_have_gained() -> None:
    """Recomputed draw by draw from the fit."""
    made = usual()
    values = {name: made.fit.draws[:, j] for j, name in enumerate(made.fit.law.names)}
    best = allocate(
        made.fit.law, values, 1e23, cost=training_flops(), space=Space({"n_params": (1, 1e18), "n_tokens": (1, 1e20)})
    )
    at = {name: known.value or np.nan for name, known in made.budgets[0].inputs.items()}
    lost = made.fit.law.predict(values, **at) - best.output
    assert (lost > -1e-12).all()
    regret = made.budgets[0].regret
    assert regret.expected == pytest.approx(float(lost.mean()), rel=1e-6)
    assert regret.high == pytest.approx(float(np.quantile(lost, 0.9)), rel=1e-6)


REPEATED = {
    "irreducible_loss": 1.87,
    "param_scale": 521.0,
    "token_scale": 1488.0,
    "param_exponent": 0.353,
    "token_exponent": 0.353,
    "repeat_decay": 15.4,
    "excess_decay": 5.3,
}


@functools.cache
def repeated_runs() -> dict[str, Floats]:
    rng = np.random.default_rng(1)
    n = 90
    columns = {"n_params": np.exp(rng.uniform(np.log(2e7), np.log(5e9), n))}
    columns["n_unique_tokens"] = np.exp(rng.uniform(np.log(1e8), np.log(3e10), n))
    columns["n_tokens"] = columns["n_unique_tokens"] * np.exp(rng.uniform(0, np.log(40), n))
    clean = get("repeated_data").predict(REPEATED, **columns)
    return {**columns, "loss": np.asarray(clean) * np.exp(0.002 * rng.standard_normal(n))}


def test_few_unique_tokens_call_for_a_smaller_model() -> None:
    """Within 15 % of the allocation of the law that made the runs."""
    made = plan(repeated_runs(), law="repeated_data", flops=(1e22,), unique_tokens=2.5e10, n_bootstrap=30)
    budget = made.budgets[0]
    truth = allocate(
        get("repeated_data"), REPEATED, 1e22, cost=training_flops(),
        space=Space({"n_params": (1.0, 1e18), "n_tokens": (1.0, 1e20)}, {"n_unique_tokens": 2.5e10}),
    )  # fmt: skip
    assert budget.n_params.value == pytest.approx(truth.inputs["n_params"][0], rel=0.15)
    assert budget.inputs["n_unique_tokens"].value == 2.5e10 and made.fixed == ("n_unique_tokens",)


def test_unique_tokens_that_cost_money_are_bought_in_measure() -> None:
    rates = {"price_per_gpu_hour": 2.0, "flops_per_second": 400e12}
    made = plan(repeated_runs(), law="repeated_data", dollars=(3e4,), price_per_token=1e-6, n_bootstrap=30, **rates)  # type: ignore[arg-type]
    budget = made.budgets[0]
    bought, seen = budget.inputs["n_unique_tokens"].value, budget.n_tokens.value
    assert bought is not None and seen is not None
    assert bought < seen  # repeating is cheaper than buying as many as are seen
    assert budget.spent["data"].value == pytest.approx(1e-6 * bought)
    assert sum(part.value or 0 for part in budget.spent.values()) == pytest.approx(3e4)


class BitPenalty(Law):
    """Loss with a penalty for few bits, and a free input with a best value."""

    name = "bit_penalty"
    inputs = ("n_tokens", "weight_bits", "depth_ratio")
    output = "loss"
    params = (
        Param("floor", "E", linear=True, bounds=(0, 100)),
        Param("scale", "B", log=True, linear=True),
        Param("exponent", "β", bounds=(0, 2), start=(0.1, 0.9)),
        Param("bit_scale", log=True, linear=True),
        Param("depth_scale", log=True, linear=True),
    )
    reference = Reference("a test", "")

    def formula(self, p: Any, n_tokens: Any, weight_bits: Any, depth_ratio: Any) -> Any:
        off = np.log(depth_ratio / 60.0) ** 2
        return p.floor + p.scale * n_tokens**-p.exponent + p.bit_scale * 2.0**-weight_bits + p.depth_scale * off


@functools.cache
def own_runs() -> dict[str, Floats]:
    rng = np.random.default_rng(2)
    n = 80
    columns = {
        "n_tokens": np.exp(rng.uniform(np.log(1e8), np.log(1e11), n)),
        "weight_bits": rng.choice([2.0, 3.0, 4.0, 6.0, 8.0], n),
        "depth_ratio": np.exp(rng.uniform(np.log(10.0), np.log(300.0), n)),
    }
    truth = {"floor": 1.8, "scale": 900.0, "exponent": 0.33, "bit_scale": 1.5, "depth_scale": 0.02}
    clean = BitPenalty().predict(truth, **columns)
    return {**columns, "loss": np.asarray(clean) * np.exp(0.002 * rng.standard_normal(n))}


def own_price(n_tokens: Any, weight_bits: Any) -> Any:
    return 1e-6 * n_tokens * weight_bits


def test_a_law_of_ones_own_is_planned_with_a_cost_of_ones_own() -> None:
    made = plan(own_runs(), law=BitPenalty, dollars=(1e4, 1e5), cost=own_price, **FEW)
    assert made.unit == "USD" and made.cost == "own_price"
    for budget in made.budgets:
        bits, tokens = budget.inputs["weight_bits"].value, budget.inputs["n_tokens"].value
        assert bits in (2.0, 3.0, 4.0, 6.0, 8.0) and tokens is not None
        assert own_price(tokens, bits) == pytest.approx(budget.amount)
        assert budget.inputs["depth_ratio"].value == pytest.approx(60.0, rel=0.1)  # free, with a best value of its own
        assert np.isnan(budget.flops) and budget.tokens_per_param.value is None
        with pytest.raises(LawError, match="no n_params; its inputs are n_tokens, weight_bits, depth_ratio"):
            _ = budget.n_params
    allowed = plan(
        own_runs(), law=BitPenalty, dollars=(1e5,), cost=own_price, choices={"weight_bits": (3.0, 12.0)}, **FEW
    )
    assert allowed.budgets[0].inputs["weight_bits"].value in (3.0, 12.0)
    assert {d.input for d in made.detours} == {"weight_bits", "depth_ratio"}
    assert all((d.loss_increase.value or 0) > 0 for d in made.detours)
    json.dumps(made.as_dict(), allow_nan=False)
    assert "depth_ratio" in made.report().markdown()


def test_the_cost_is_told_with_what_multiplies_it() -> None:
    prices = Prices(6.0, inference_tokens=1e12, flops_per_second=1e15, price_per_gpu_hour=2.0)
    assert prices.whole("FLOPs", ("n_params", "n_tokens")).text == "6 N D + 2 N x 1T tokens served"
    both = ("n_params", "n_tokens", "n_streams", "weight_bits")
    assert prices.whole("USD", both).text == "(6 N D + 2 N x 1T tokens served) x n_streams x bits/16"
    # a law without tokens: what it costs is to serve
    served = prices.whole("FLOPs", ("n_params", "n_streams"))
    assert served(n_params=1e9, n_streams=4.0) == 8e21


def test_the_best_listed_value_is_the_best_of_all() -> None:
    """Against one plan for every bit width."""
    made = plan(own_runs(), law=BitPenalty, dollars=(1e4,), cost=own_price, **FEW)
    each = {
        bits: plan(own_runs(), law=BitPenalty, dollars=(1e4,), cost=own_price, fix={"weight_bits": bits}, **FEW)
        for bits in (2.0, 3.0, 4.0, 6.0, 8.0)
    }
    values = {bits: one.budgets[0].loss.value or np.inf for bits, one in each.items()}
    assert made.budgets[0].inputs["weight_bits"].value == min(values, key=lambda bits: values[bits])


class Sources(Law):
    """Loss in tokens and the shares of two sources."""

    name = "sources"
    inputs = ("n_tokens", "web", "code")
    output = "loss"
    params = (
        Param("floor", linear=True, bounds=(0, 100)),
        Param("web_scale", log=True, linear=True),
        Param("code_scale", log=True, linear=True),
    )
    reference = Reference("a test", "")

    def formula(self, p: Any, n_tokens: Any, web: Any, code: Any) -> Any:
        return p.floor + p.web_scale / (web * n_tokens**0.3) + p.code_scale / (code * n_tokens**0.3)


def test_shares_of_a_mixture_add_up_to_one() -> None:
    """Least a/w + b/(1-w): w = √a / (√a + √b)."""
    rng = np.random.default_rng(3)
    web = rng.uniform(0.1, 0.9, 60)
    columns = {"n_tokens": np.exp(rng.uniform(np.log(1e8), np.log(1e11), 60)), "web": web, "code": 1 - web}
    clean = Sources().predict({"floor": 1.5, "web_scale": 90.0, "code_scale": 10.0}, **columns)
    table = {**columns, "loss": np.asarray(clean) * np.exp(0.001 * rng.standard_normal(60))}
    made = plan(table, law=Sources, flops=(1e12,), cost=lambda n_tokens: n_tokens, mixture=("web", "code"), **FEW)
    shares = {name: made.budgets[0].inputs[name].value or 0.0 for name in ("web", "code")}
    assert sum(shares.values()) == pytest.approx(1.0)
    assert shares["web"] == pytest.approx(0.75, abs=0.02)
    assert {d.input for d in made.detours} == {"web", "code"}


def test_accuracy_is_raised() -> None:
    table = {**{k: v for k, v in runs().items() if k != "loss"}}
    clean = get("chinchilla").predict({**TRUTH, "irreducible_loss": 0.2}, **table)
    rng = np.random.default_rng(4)

    class Rising(Law):
        """Accuracy in sizes."""

        name = "rising"
        inputs = ("n_params", "n_tokens")
        output = "accuracy"
        params = (
            Param("top", linear=True, bounds=(0, 1)),
            Param("param_scale", log=True, linear=True),
            Param("token_scale", log=True, linear=True),
        )
        reference = Reference("a test", "")

        def formula(self, p: Any, n_params: Any, n_tokens: Any) -> Any:
            return p.top - p.param_scale * n_params**-0.3478 - p.token_scale * n_tokens**-0.3659

    table["accuracy"] = (1 - np.asarray(clean) / 3) * np.exp(0.001 * rng.standard_normal(len(clean)))
    made = plan(table, law=Rising, flops=(1e22,), **FEW)
    # the trade-off of the runs, so their best size, but for noise
    wanted = float(compute_optimal(get("chinchilla"), TRUTH, 1e22).n_params[0, 0])
    assert made.budgets[0].n_params.value == pytest.approx(wanted, rel=0.5)
    rise = [b.loss.value or 0.0 for b in made.frontier]
    assert rise == sorted(rise)
    assert all((d.loss_increase.value or 1.0) > 0 for d in made.detours)


class Overfit(Law):
    """Loss that rises again after a best number of tokens."""

    name = "overfit"
    inputs = ("n_tokens",)
    output = "loss"
    params = (Param("floor", bounds=(0, 10)), Param("bend", log=True), Param("best", log=True, start=(1e6, 1e9)))
    reference = Reference("a test", "")

    def formula(self, p: Any, n_tokens: Any) -> Any:
        return p.floor + p.bend * np.log(n_tokens / p.best) ** 2


def test_money_is_left_where_more_would_harm() -> None:
    rng = np.random.default_rng(5)
    tokens = np.geomspace(1e6, 1e9, 40)
    loss = (2 + 0.05 * np.log(tokens / 4e7) ** 2) * np.exp(0.002 * rng.standard_normal(40))
    table = {"n_tokens": tokens, "loss": loss}
    price = {"law": Overfit, "cost": lambda n_tokens: n_tokens, **FEW}
    assert plan(table, flops=(1e9,), **price).budgets[0].n_tokens.value == pytest.approx(1e9)
    thrifty = plan(table, flops=(1e9,), spend="up_to", **price).budgets[0]
    assert thrifty.n_tokens.value == pytest.approx(4e7, rel=0.05)
    assert thrifty.n_tokens.low is not None


@pytest.mark.parametrize(
    ("options", "kind", "message"),
    [
        ({}, OptionError, "nothing to plan: give .*flops.* dollars.* gpu_hours.* target_loss"),
        ({"flops": 1e22, "dollars": 5.0}, OptionError, "in one unit, not in flops and dollars"),
        ({"flops": 1e22, "better": "most"}, OptionError, "better must be auto, lower or higher"),
        ({"dollars": 5.0}, OptionError, "needs price_per_gpu_hour=... and device=.*flops_per_second"),
        ({"gpu_hours": 5.0}, OptionError, "needs device=.*flops_per_second"),
        ({"flops": 1e22, "mfu": 40.0}, OptionError, "mfu is a share of the peak rate, at most 1; found 40"),
        ({"flops": 1e22, "inference_tokens": -1.0}, OptionError, "inference_tokens must be above 0"),
        ({"flops": 1e22, "at_most": {"n_parms": 1e9}}, OptionError, "no input 'n_parms' to limit.*n_params"),
        ({"flops": 1e22, "fix": {"n_params": -1e9}}, OptionError, "n_params must be above 0 and finite, found -1e"),
        ({"flops": 1e22, "unique_tokens": 1e9}, OptionError, "counts every repeat as new"),
        ({"flops": 1e22, "cost": "free"}, OptionError, "no cost 'free'.*auto, training"),
        ({"flops": 1e22, "price_per_token": 1.0}, OptionError, "price_per_token is in dollars"),
        ({"flops": 1e15, "at_least": {"n_params": 1e12, "n_tokens": 1e12}}, OptionError, "pays for nothing within"),
        (
            {"flops": 1e22, "at_least": {"n_params": 1e12}, "at_most": {"n_params": 1e9}},
            OptionError,
            "at least 1e\\+12 and at most 1e\\+09",
        ),
        ({"flops": 1e22, "cost": lambda price: price}, OptionError, "asks for price; the law's inputs are"),
        (
            {"flops": 1e22, "cost": lambda n_params, n_tokens: n_params * n_tokens, "inference_tokens": 1e9},
            OptionError,
            "stands for the whole cost",
        ),
    ],
)
def test_what_cannot_be_planned_is_refused(options: dict[str, Any], kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        plan(runs(), law="chinchilla", n_bootstrap=20, **options)


def test_repeats_need_a_law_that_knows_them() -> None:
    with pytest.raises(OptionError, match="a column n_unique_tokens"):
        plan(runs(), flops=(1e22,), unique_tokens=1e9, n_bootstrap=20)
    with pytest.raises(DataError):
        plan(runs(), law="repeated_data", flops=(1e22,), unique_tokens=1e9, n_bootstrap=20)


def _csv(folder: Path) -> str:
    path = folder / "runs.csv"
    table = runs()
    rows = [",".join(repr(float(x)) for x in row) for row in zip(*table.values(), strict=True)]
    path.write_text("\n".join([",".join(table), *rows]) + "\n")
    return str(path)


def test_the_command_line_reads_as_people_write(tmp_path: Path) -> None:
    ran = run(
        "plan", _csv(tmp_path), "--law", "chinchilla", "--n-bootstrap", "30", "--dollars", "50k",
        "--price-per-gpu-hour", "2", "--flops-per-second", "400e12", "--mfu", "0.4", "--inference-tokens", "1e12",
        "--at-most", "n_params=7B", "--at-least", "n_params=1e8", "--json", "--quiet",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    told = json.loads(ran.out)
    budget = told["budgets"][0]
    assert (budget["amount"], budget["unit"]) == (5e4, "USD")
    assert budget["n_params"]["value"] <= 7e9 and set(budget["spent"]) == {"training", "serving"}
    assert len(told["frontier"]) == 5


def test_a_cost_from_a_file_and_a_list_of_values(tmp_path: Path) -> None:
    prices = tmp_path / "prices.py"
    prices.write_text("def labels(n_params, n_tokens):\n    return n_params * n_tokens / 1e20\n")
    ran = run(
        "plan", _csv(tmp_path), "--law", "chinchilla", "--n-bootstrap", "30", "--dollars", "10",
        "--cost", f"{prices}:labels", "--choices", "n_params=100M,1B", "--json", "--quiet",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    budget = json.loads(ran.out)["budgets"][0]
    assert budget["n_params"]["value"] in (1e8, 1e9)
    assert budget["n_params"]["value"] * budget["n_tokens"]["value"] == pytest.approx(1e21)
    wrong = run("plan", _csv(tmp_path), "--flops", "1e22", "--cost", f"{prices}:label", "--quiet")
    assert wrong.code == 2 and "no function 'label'; it has labels" in wrong.err
    bad = run("plan", _csv(tmp_path), "--flops", "1e22", "--at-most", "n_params", "--quiet")
    assert bad.code == 2 and "n_params=7e9" in bad.err
