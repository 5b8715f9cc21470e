"""The allocator against closed forms, dense search and its own inverse."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from isoperf.errors import OptionError
from isoperf.fitting.allocate import allocate, least_cost, solve_for, solve_paid
from isoperf.fitting.costs import (
    Cost,
    data_price,
    own_cost,
    serving_flops,
    training_flops,
)
from isoperf.fitting.space import Space
from isoperf.laws import get
from isoperf.laws.base import Law, Param, Reference
from isoperf.scale.budget._conversion import dollars, gpu_hours
from tests.unit.tables import TRUTH, Floats

CHINCHILLA = get("chinchilla")
SIZES = Space({"n_params": (1.0, 1e18), "n_tokens": (1.0, 1e20)})
# log and linear axes, kinks and choices: README constants of Muennighoff et al. 2023
REPEATED = {
    "irreducible_loss": np.exp(0.6254804),
    "param_scale": np.exp(6.255414),
    "token_scale": np.exp(7.3049974),
    "param_exponent": 0.3526596,
    "token_exponent": 0.3526596,
    "repeat_decay": 15.387756,
    "excess_decay": 5.309743,
}


def draws(values: Mapping[str, float], n: int, spread: float = 0.1) -> dict[str, Floats]:
    rng = np.random.default_rng(0)
    return {name: value * rng.uniform(1 - spread, 1 + spread, n) for name, value in values.items()}


class LowBits(Law):
    """Loss of training in low precision, N_eff = N (1 - exp(-P/γ))^3 (Kumar et al. 2024)."""

    name = "low_bits"
    inputs = ("n_params", "n_tokens", "weight_bits")
    output = "loss"
    params = (
        Param("floor", "E"),
        Param("a", "A", log=True),
        Param("b", "B", log=True),
        Param("alpha", "α"),
        Param("beta", "β"),
        Param("gamma", "γ", log=True),
    )
    reference = Reference("a test", "")

    def formula(self, p: Any, n_params: Any, n_tokens: Any, weight_bits: Any) -> Any:
        effective = n_params * (1 - np.exp(-weight_bits / p.gamma)) ** 3
        return p.floor + p.a * effective**-p.alpha + p.b * n_tokens**-p.beta


BITS = {"floor": 2.7, "a": 4300.0, "b": 18000.0, "alpha": 0.5, "beta": 0.52, "gamma": 2.6}


class Mixed(Law):
    """Loss that falls with the tokens of each of three sources."""

    name = "mixed"
    inputs = ("n_tokens", "web", "code", "books")
    output = "loss"
    params = (Param("web_scale", log=True), Param("code_scale", log=True), Param("books_scale", log=True))
    reference = Reference("a test", "")

    def formula(self, p: Any, n_tokens: Any, web: Any, code: Any, books: Any) -> Any:
        return (p.web_scale**2 / web + p.code_scale**2 / code + p.books_scale**2 / books) / n_tokens


class Hump(Law):
    """Accuracy that rises with tokens up to a point and then falls: over-fitting."""

    name = "hump"
    inputs = ("n_tokens", "rate")
    output = "accuracy"
    params = (Param("peak", log=True), Param("best_rate", log=True))
    reference = Reference("a test", "")

    def formula(self, p: Any, n_tokens: Any, rate: Any) -> Any:
        return 1 / (1 + np.log(n_tokens / p.peak) ** 2 + np.log(rate / p.best_rate) ** 2)


@pytest.mark.parametrize("budget", [1e18, 3.3e22, 1e27])
def test_chinchilla_has_the_closed_form_of_its_authors(budget: float) -> None:
    """N* = G (C/6)^a, equation 4 of Hoffmann et al. 2022, for every draw."""
    values = draws(TRUTH, 50)
    found = allocate(CHINCHILLA, values, budget, cost=training_flops(), space=SIZES)
    alpha, beta = values["param_exponent"], values["token_exponent"]
    g = (alpha * values["param_scale"] / (beta * values["token_scale"])) ** (1 / (alpha + beta))
    wanted = g * (budget / 6) ** (beta / (alpha + beta))
    np.testing.assert_allclose(found.inputs["n_params"], wanted, rtol=1e-9)
    np.testing.assert_allclose(found.cost, budget, rtol=1e-12)
    assert found.paid == "n_tokens"
    assert not any(edge.any() for edge in found.edges.values())


@pytest.mark.paper("arXiv:2411.04330")
@pytest.mark.parametrize("budget", [1e17, 1e21, 1e25])
def test_the_best_precision_is_a_constant_of_its_law(budget: float) -> None:
    """Kumar et al. 2024: with C = (6/16) N D P the best P solves e^x = 1 + 3x, x = P/γ, at any budget: 1.9038 γ."""
    values = draws(BITS, 20)
    space = Space({**SIZES.ranges, "weight_bits": (1.0, 32.0)})
    found = allocate(LowBits(), values, budget, cost=training_flops(), space=space)
    np.testing.assert_allclose(found.inputs["weight_bits"] / values["gamma"], 1.9038, atol=5e-5)
    x = found.inputs
    np.testing.assert_allclose(6 / 16 * x["n_params"] * x["n_tokens"] * x["weight_bits"], budget, rtol=1e-9)


def test_allowed_bit_widths_are_the_best_of_the_list() -> None:
    listed = Space(SIZES.ranges, choices={"weight_bits": (3.0, 4.0, 8.0, 16.0)})
    found = allocate(LowBits(), BITS, 1e21, cost=training_flops(), space=listed)
    each = {
        bits: allocate(
            LowBits(), BITS, 1e21, cost=training_flops(), space=Space(SIZES.ranges, {"weight_bits": bits})
        ).output[0]
        for bits in listed.choices["weight_bits"]
    }
    assert found.output[0] == min(each.values())
    assert found.inputs["weight_bits"][0] == min(each, key=lambda bits: each[bits]) == 4.0


def test_many_combinations_are_sifted_without_losing_the_best() -> None:
    """Against every combination tried for every draw."""

    class Two(Law):
        """Two widths that both matter; only the wider one costs."""

        name = "two"
        inputs = ("n_params", "n_tokens", "weight_bits", "activation_bits")
        output = "loss"
        params = LowBits.params
        reference = Reference("a test", "")

        def formula(self, p: Any, n_params: Any, n_tokens: Any, weight_bits: Any, activation_bits: Any) -> Any:
            return LowBits().formula(p, n_params * (1 - np.exp(-activation_bits)), n_tokens, weight_bits)

    widths = tuple(float(bits) for bits in range(2, 10))
    values = draws(BITS, 15, 0.3)
    space = Space(SIZES.ranges, choices={"weight_bits": widths, "activation_bits": widths})
    found = allocate(Two(), values, 1e21, cost=training_flops(), space=space)
    each = [
        allocate(Two(), values, 1e21, cost=training_flops(), space=Space(SIZES.ranges, fixed)).output
        for fixed in space.combinations()
    ]
    np.testing.assert_allclose(found.output, np.min(each, axis=0), rtol=1e-12)
    np.testing.assert_array_equal(found.inputs["weight_bits"], found.inputs["activation_bits"])


def test_mixture_weights_add_up_to_one() -> None:
    """Least Σ c²/w on the simplex: w in proportion to c (Lagrange)."""
    values = {"web_scale": [3.0, 1.0], "code_scale": [1.0, 1.0], "books_scale": [0.5, 8.0]}
    space = Space({"n_tokens": (1.0, 1e15)}, shares=("web", "code", "books"))
    found = allocate(Mixed(), values, 1e6, cost=lambda n_tokens, **_: n_tokens, space=space)
    shares = np.array([found.inputs[name] for name in ("web", "code", "books")])
    scales = np.array([values[name] for name in ("web_scale", "code_scale", "books_scale")])
    np.testing.assert_allclose(shares, scales / scales.sum(axis=0), rtol=1e-6)
    np.testing.assert_allclose(shares.sum(axis=0), 1.0, rtol=1e-12)


def _surface(
    law: Law, cost: Callable[..., Any], budget: float, space: Space, paid: str, side: int
) -> dict[str, Floats]:
    """Every point of a dense grid on the budget's surface; tokens from bisection of the cost."""
    axes = [name for name in space.ranges if name != paid]
    ranges = [space.ranges[name] for name in axes]
    lines = [np.geomspace(*r, side) if r[0] > 0 and r[1] / r[0] > 10 else np.linspace(*r, side) for r in ranges]
    point = dict(zip(axes, (x.ravel() for x in np.meshgrid(*lines)), strict=True))
    point |= {name: np.full(side ** len(axes), value) for name, value in space.fixed.items()}
    low, high = (np.full(side ** len(axes), np.log(end)) for end in space.ranges[paid])
    for _ in range(80):
        middle = 0.5 * (low + high)
        under = cost(**point, **{paid: np.exp(middle)}) < budget
        low, high = np.where(under, middle, low), np.where(under, high, middle)
    kept = cost(**point, **{paid: np.exp(low)}) <= budget * (1 + 1e-9)
    return {name: x[kept] for name, x in {**point, paid: np.exp(low)}.items()}


def _capped(**inputs: Any) -> Any:
    """A cost with a kink and a curve in tokens."""
    return 6 * inputs["n_params"] * inputs["n_tokens"] + 1e9 * np.minimum(inputs["n_tokens"], 3e11) ** 1.1


CASES: dict[str, tuple[Law, Mapping[str, float], Callable[..., Any], Space]] = {
    "served": (CHINCHILLA, TRUTH, training_flops() + serving_flops(3e12), SIZES),
    "repeated": (get("repeated_data"), REPEATED, training_flops(), Space(SIZES.ranges, {"n_unique_tokens": 25e9})),
    "few tokens": (
        get("repeated_data"),
        REPEATED,
        training_flops(),
        Space({"n_params": (1e6, 1e14), "n_tokens": (1e6, 4e10)}, {"n_unique_tokens": 1e10}),
    ),
    "priced data": (
        get("repeated_data"),
        REPEATED,
        dollars(gpu_hours(training_flops(), 4e14, 0.4), 2.0).times(1e15, "USD") + data_price(1e10),
        Space({"n_params": (1e5, 1e14), "n_tokens": (1e6, 1e15), "n_unique_tokens": (1e6, 1e13)}),
    ),
    "kinked cost": (CHINCHILLA, TRUTH, _capped, SIZES),
    "bits in a box": (LowBits(), BITS, training_flops(), Space({**SIZES.ranges, "weight_bits": (6.0, 16.0)})),
    "size at most": (CHINCHILLA, TRUTH, training_flops(), Space({"n_params": (1.0, 1e9), "n_tokens": (1.0, 1e20)})),
}


@pytest.mark.parametrize("case", CASES)
def test_no_point_of_a_dense_search_is_better(case: str) -> None:
    law, truth, cost, space = CASES[case]
    values, budget = draws(truth, 12), 1e22
    found = allocate(law, values, budget, cost=cost, space=space)
    assert (found.cost <= budget * (1 + 1e-9)).all()
    for name, (low, high) in space.ranges.items():
        assert ((found.inputs[name] >= low * (1 - 1e-12)) & (found.inputs[name] <= high * (1 + 1e-12))).all()
    grid = _surface(law, cost, budget, space, "n_tokens", 40_000 if len(space.ranges) == 2 else 300)
    for row in range(len(found.output)):
        own = {name: x[row] for name, x in values.items()}
        assert found.output[row] <= np.nanmin(law.predict(own, **grid)) + 1e-12, row


def test_units_change_nothing() -> None:
    """Dollars for FLOPs, and tokens counted in thousands: the same plan."""
    values, rate = draws(TRUTH, 10), 2.0 / (400e12 * 0.4 * 3600)
    plain = allocate(CHINCHILLA, values, 1e22, cost=training_flops() + serving_flops(1e12), space=SIZES)
    paid = dollars(gpu_hours(training_flops() + serving_flops(1e12), 400e12, 0.4), 2.0)
    money = allocate(CHINCHILLA, values, 1e22 * rate, cost=paid, space=SIZES)
    np.testing.assert_allclose(money.inputs["n_params"], plain.inputs["n_params"], rtol=1e-8)
    np.testing.assert_allclose(money.cost, 1e22 * rate, rtol=1e-9)
    scaled = {**values, "token_scale": values["token_scale"] * 1e3 ** -values["token_exponent"]}
    thousands = allocate(CHINCHILLA, scaled, 1e22, cost=training_flops(6e3) + serving_flops(1e12), space=SIZES)
    np.testing.assert_allclose(thousands.inputs["n_params"], plain.inputs["n_params"], rtol=1e-8)
    np.testing.assert_allclose(1e3 * thousands.inputs["n_tokens"], plain.inputs["n_tokens"], rtol=1e-8)
    np.testing.assert_allclose(thousands.output, plain.output, rtol=1e-12)


def test_a_limit_that_binds_is_told() -> None:
    capped = Space({"n_params": (1.0, 1e9), "n_tokens": (1.0, 1e20)})
    found = allocate(CHINCHILLA, TRUTH, 1e24, cost=training_flops(), space=capped)
    assert found.inputs["n_params"][0] == pytest.approx(1e9, rel=1e-12)
    assert found.edges["n_params"][0] == 1 and found.edges["n_tokens"][0] == 0
    few = allocate(
        CHINCHILLA, TRUTH, 1e24, cost=training_flops(), space=Space({"n_params": (1.0, 1e18), "n_tokens": (1.0, 1e9)})
    )
    # no more tokens to be had: the rest of the budget makes the model larger
    assert few.edges["n_tokens"][0] == 1
    assert few.inputs["n_params"][0] == pytest.approx(1e24 / 6e9, rel=1e-6)


class Abyss(Law):
    """Chinchilla, but a model of next to nothing is said to be perfect: a law far from its data."""

    name = "abyss"
    inputs = ("n_params", "n_tokens")
    output = "loss"
    params = CHINCHILLA.params
    reference = Reference("a test", "")

    def formula(self, p: Any, n_params: Any, n_tokens: Any) -> Any:
        return CHINCHILLA.formula(p, n_params, n_tokens) * (1 - 1 / (1 + (n_params / 1e3) ** 2))


def test_an_optimum_inside_is_preferred_to_an_end_that_means_nothing() -> None:
    values = draws(TRUTH, 5)
    wanted = allocate(CHINCHILLA, values, 1e22, cost=training_flops(), space=SIZES)
    endless = frozenset((name, end) for name in SIZES.ranges for end in (-1, 1))
    inside = allocate(Abyss(), values, 1e22, cost=training_flops(), space=Space(SIZES.ranges, endless=endless))
    np.testing.assert_allclose(inside.inputs["n_params"], wanted.inputs["n_params"], rtol=1e-6)
    anywhere = allocate(Abyss(), values, 1e22, cost=training_flops(), space=SIZES)
    assert (anywhere.inputs["n_params"] < 1e3).all() and (anywhere.edges["n_params"] == -1).all()


def test_a_budget_that_pays_for_nothing_is_unknown() -> None:
    space = Space({"n_params": (1e9, 1e12), "n_tokens": (1e9, 1e15)})
    found = allocate(CHINCHILLA, TRUTH, [1e17, 1e22], cost=training_flops(), space=space)
    assert np.isnan(found.output[0]) and np.isnan(found.inputs["n_params"][0])
    assert np.isfinite(found.output[1])


@pytest.mark.parametrize("endless", [frozenset(), frozenset((n, e) for n in SIZES.ranges for e in (-1, 1))])
def test_what_follows_from_the_inputs_can_be_limited(endless: frozenset[tuple[str, int]]) -> None:
    """At most r tokens per parameter with D = C / 6N: N = √(C / 6r) where the best ratio is higher."""
    budget = 1e23
    free = allocate(CHINCHILLA, TRUTH, budget, cost=training_flops(), space=SIZES)
    ratio = free.inputs["n_tokens"][0] / free.inputs["n_params"][0]
    for limits in ((0.0, ratio / 3), (3 * ratio, np.inf)):
        space = Space(SIZES.ranges, limits={"tokens_per_param": limits}, endless=endless)
        found = allocate(CHINCHILLA, TRUTH, budget, cost=training_flops(), space=space)
        end = limits[1] if np.isfinite(limits[1]) else limits[0]
        assert found.inputs["n_params"][0] == pytest.approx(np.sqrt(budget / 6 / end), rel=1e-6)


def test_a_narrow_gap_between_limits_is_found() -> None:
    """Service takes the budget at N = 5e4; only 5 % below is D = (C/N - 2T)/6 at most 600 N: 3600 N^2 + 2T N = C."""
    space = Space({"n_params": (1e-3, 1e18), "n_tokens": (1e-3, 1e20)}, limits={"tokens_per_param": (0.0, 600.0)})
    cost = training_flops() + serving_flops(1e9)
    found = allocate(CHINCHILLA, draws(TRUTH, 5), 1e14, cost=cost, space=space)
    wanted = (-2e9 + np.sqrt(4e18 + 4 * 3600 * 1e14)) / 7200
    assert 4.6e4 < wanted < 5e4
    np.testing.assert_allclose(found.inputs["n_params"], wanted, rtol=1e-6)
    nowhere = Space(space.ranges, limits={"tokens_per_param": (0.0, 600.0), "n_tokens": (1e9, np.inf)})
    assert np.isnan(allocate(CHINCHILLA, TRUTH, 1e14, cost=cost, space=nowhere).output).all()


def test_shares_can_be_limited() -> None:
    values = {"web_scale": 3.0, "code_scale": 1.0, "books_scale": 0.5}
    space = Space({"n_tokens": (1.0, 1e15)}, shares=("web", "code", "books"), limits={"web": (0.0, 0.5)})
    found = allocate(Mixed(), values, 1e6, cost=lambda n_tokens, **_: n_tokens, space=space)
    # the rest in proportion to the scales, as without a limit
    assert [found.inputs[name][0] for name in space.shares] == pytest.approx([0.5, 1 / 3, 1 / 6], rel=1e-4)


def test_each_parameter_vector_can_have_its_own_budget() -> None:
    budgets = np.geomspace(1e18, 1e26, 9)
    found = allocate(CHINCHILLA, TRUTH, budgets, cost=training_flops(), space=SIZES)
    each = [allocate(CHINCHILLA, TRUTH, c, cost=training_flops(), space=SIZES).inputs["n_params"][0] for c in budgets]
    np.testing.assert_allclose(found.inputs["n_params"], each, rtol=1e-9)


def test_scores_are_raised_and_money_may_be_left() -> None:
    """The hump's best is (peak, best_rate) itself, which costs less than the budget."""
    space = Space({"n_tokens": (1e3, 1e12), "rate": (1e-5, 1e1)})
    found = allocate(
        Hump(), {"peak": 1e7, "best_rate": 3e-3}, 1e10, cost=lambda n_tokens, rate: n_tokens, space=space,
        aim="most", spend="up_to",
    )  # fmt: skip
    assert found.inputs["n_tokens"][0] == pytest.approx(1e7, rel=1e-5)
    assert found.inputs["rate"][0] == pytest.approx(3e-3, rel=1e-5)
    assert found.output[0] == pytest.approx(1.0)
    assert found.cost[0] == pytest.approx(1e7, rel=1e-5)


@pytest.mark.parametrize("served", [0.0, 1e11, 1e14])
def test_the_least_cost_undoes_the_best_use_of_a_budget(served: float) -> None:
    cost = training_flops() + serving_flops(served) if served else training_flops()
    values = draws(TRUTH, 8)
    best = allocate(CHINCHILLA, values, 3e25, cost=cost, space=SIZES)
    back = least_cost(CHINCHILLA, values, best.output, cost=cost, space=SIZES)
    np.testing.assert_allclose(back.cost, 3e25, rtol=1e-6)
    np.testing.assert_allclose(back.inputs["n_params"], best.inputs["n_params"], rtol=2e-3)
    np.testing.assert_allclose(back.output, best.output, rtol=1e-9)


def test_a_target_below_the_floor_is_out_of_reach() -> None:
    found = least_cost(CHINCHILLA, TRUTH, [1.7, 2.2], cost=training_flops(), space=SIZES)
    assert np.isnan(found.cost[0]) and np.isfinite(found.cost[1])


def test_one_input_follows_from_a_target_or_a_price() -> None:
    values = draws(TRUTH, 6)
    at = {"n_params": np.full(6, 1e9), "n_tokens": np.full(6, 2e10)}
    target = CHINCHILLA.predict(values, **at)
    np.testing.assert_allclose(solve_for(CHINCHILLA, values, target, "n_tokens", at), 2e10, rtol=1e-9)
    np.testing.assert_allclose(solve_paid(training_flops(), 1.2e20, "n_tokens", at, (1.0, 1e20)), 2e10, rtol=1e-12)
    assert np.isnan(solve_for(CHINCHILLA, TRUTH, 1.0, "n_tokens", {"n_params": 1e9}))


def test_costs_count_what_the_inputs_say() -> None:
    plain = {"n_params": 1e9, "n_tokens": 2e10}
    assert training_flops()(**plain) == 6 * 1e9 * 2e10
    assert training_flops()(**plain, n_params_active=2e8) == 6 * 2e8 * 2e10
    assert training_flops()(**plain, weight_bits=8.0) == 3 * 1e9 * 2e10
    assert training_flops()(**plain, weight_bits=4.0, activation_bits=8.0) == 3 * 1e9 * 2e10
    assert training_flops()(**plain, n_streams=4.0) == 24 * 1e9 * 2e10
    assert training_flops(plain=True)(**plain, weight_bits=8.0, n_members=3.0) == 6 * 1e9 * 2e10
    assert serving_flops(1e12)(**plain) == 2 * 1e9 * 1e12
    assert serving_flops(1e12)(**plain, weight_bits=16.0, post_bits=4.0) == 0.5 * 1e9 * 1e12
    both = training_flops() + serving_flops(1e12)
    hours = gpu_hours(both, 1e15, 0.5, 0.1)
    assert hours(**plain) == pytest.approx((6e9 * 2e10 / 0.5 + 2e9 * 1e12 / 0.1) / 1e15 / 3600)
    money = dollars(hours, 2.0) + data_price(1e-6, 1e10)
    assert money(**plain) == pytest.approx(2 * hours(**plain) + 1e4)
    assert money(**plain, n_unique_tokens=5e9) == pytest.approx(2 * hours(**plain) + 5e3)
    assert money.unit == "USD" and money.training()(**plain) < money(**plain)
    with pytest.raises(OptionError, match="cost in USD to one in FLOPs"):
        training_flops() + data_price(1e-6)


def test_a_cost_of_ones_own_takes_the_inputs_it_names() -> None:
    def labels(n_tokens: Any, price: float = 2.0) -> Any:
        return price * n_tokens

    cost = own_cost(labels, ("n_params", "n_tokens"), "USD")
    assert isinstance(cost, Cost) and cost.unit == "USD" and cost.text == "labels"
    assert cost(n_params=5.0, n_tokens=3.0) == 6.0
    with pytest.raises(OptionError, match=r"'labels' asks for n_tokens; the law's inputs are n_params, bits"):
        own_cost(labels, ("n_params", "bits"), "USD")


@pytest.mark.parametrize(
    ("space", "cost", "message"),
    [
        (Space({"n_params": (1.0, 2.0)}), training_flops(), "nothing said of n_tokens; the law's inputs are"),
        (Space({**SIZES.ranges, "bits": (1.0, 2.0)}), training_flops(), "no input bits"),
        (Space(SIZES.ranges), lambda **_: 1.0, "no free input costs anything"),
        (Space({"n_tokens": (1.0, 9.0)}, {"n_params": 1.0}), lambda n_params, **_: n_params, "costs anything"),
    ],
)
def test_what_cannot_be_decided_is_refused(space: Space, cost: Any, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        allocate(CHINCHILLA, TRUTH, 1e20, cost=cost, space=space)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"ranges": {"a": (1.0, 2.0)}, "fixed": {"a": 1.0}}, "a: fixed, free, a list and a share exclude"),
        ({"ranges": {"a": (2.0, 1.0)}}, "a cannot lie between 2 and 1"),
        ({"choices": {"a": ()}}, "empty"),
        ({"shares": ("a",)}, "a alone cannot be a mixture"),
        ({"choices": {"a": tuple(range(80)), "b": tuple(range(80))}}, "6400 combinations; at most 5000"),
    ],
)
def test_a_space_that_contradicts_itself_is_refused(parts: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        Space(**parts)
