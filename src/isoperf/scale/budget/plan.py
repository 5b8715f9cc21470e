"""Plan the next run: best sizes for a budget, the cost of a target loss, the price of missing the optimum."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Literal

import numpy as np

from isoperf.capability import Option, Reference, capability
from isoperf.estimate import Status, check_level
from isoperf.fitting.cautions import with_cautions
from isoperf.fitting.fit_law import fit_law
from isoperf.fitting.result import Fit
from isoperf.fitting.study import Study, study
from isoperf.identities import FLOPS_PER_PARAM_TOKEN
from isoperf.options import Data, Delta, LawName, Level, NoiseName, PriceTableOption, Progress, Seed, Values, Y, several
from isoperf.readers import load
from isoperf.report import Report, Shown
from isoperf.report.controls import Control, settled
from isoperf.scale.budget._allotter import Allotter
from isoperf.scale.budget._answers import Budget, Detour, Regret, Served, Target, as_dict
from isoperf.scale.budget._panel import Panel
from isoperf.scale.budget._rates import MFU, Dtype, Machine, Rates, rates_of
from isoperf.scale.budget._request import able, checked
from isoperf.scale.budget._run_costs import RunCost, run_costs
from isoperf.scale.budget._spaces import spaces
from isoperf.scale.budget._terms import Prices, Terms, aim_of, with_prices

__all__ = ["Budget", "Detour", "Plan", "Rates", "Regret", "RunCost", "Served", "Target", "plan"]

LEAST_SHARE = 0.01  # laws of less weight would hardly move an interval and cost a bootstrap each
FRONTIER, AROUND, FRONTIER_DRAWS = 7, 10.0, 100
MOVED = 100.0  # how far a slider moves the budget, as a factor either way


@dataclass(frozen=True)
class Plan(Shown):
    """Where the next unit of compute, or of money, should go.

    Attributes
    ----------
    budgets, targets : what was asked.
    detours : price of inputs away from their best values, at ``detours_at`` of the budget's unit.
    frontier : the best plans over a range of budgets, each with its intervals.
    unit : what budgets count; cost : its formula, in words; fixed : inputs held at one value.
    costs : of every planned run, where the accelerator is known. rates : the numbers that they rest on.
    """

    budgets: tuple[Budget, ...]
    targets: tuple[Target, ...]
    detours: tuple[Detour, ...]
    fit: Fit
    study: Study
    shares: Mapping[str, float]
    flops_per_param_token: float
    level: float
    frontier: tuple[Budget, ...] = ()
    unit: str = "FLOPs"
    cost: str = ""
    detours_at: float = 0.0
    fixed: tuple[str, ...] = ()
    costs: tuple[RunCost, ...] = ()
    rates: Rates = field(default_factory=Rates)
    _planner: Allotter | None = field(default=None, repr=False, compare=False)
    _reaching: Allotter | None = field(default=None, repr=False, compare=False)

    @property
    def status(self) -> Status:
        """The fit's status."""
        return self.fit.status

    @property
    def ok(self) -> bool:
        """Whether the fit is trusted and every answer is known."""
        free = [known for b in self.budgets for name, known in b.inputs.items() if name not in self.fixed]
        return self.status is Status.OK and all(x.low is not None for x in (*free, *(t.cost for t in self.targets)))

    def controls(self) -> tuple[Control, ...]:
        """Return what can be moved: the first budget, or the first target loss."""
        if self._planner is None or not np.isfinite(self.fit.objective):
            return ()
        if self.budgets:
            amount = self.budgets[0].amount
            return (Control("budget", "budget", self.unit, amount / MOVED, amount * MOVED, amount, log=True),)
        loss = self.targets[0].loss if self.targets else np.nan
        near = sorted((float(self.study.data.y.min()), 0.98 * loss))
        return (Control("target_loss", "target loss", self.fit.unit, near[0] * 0.9, max(near[1], 1.1 * loss), loss),)

    def moved(self, values: Mapping[str, float]) -> Report:
        """Return the report of the same plan for another budget, or another target.

        Raises
        ------
        OptionError : a name is not that of a control, or its value lies outside it.
        """
        at = settled(self.controls(), values)
        assert self._planner is not None and self._reaching is not None  # there are no controls without them
        budgets = (at["budget"],) if "budget" in at else ()
        targets = (at["target_loss"],) if "target_loss" in at else ()
        return _allot(self, self._planner, self._reaching, budgets, targets).report()

    def report(self) -> Report:
        """Return the plan for people."""
        from isoperf.scale.budget._show_plan import plan_report

        return plan_report(self)

    def as_dict(self) -> dict[str, Any]:
        """Return the plan for machines."""
        return {
            "budgets": [as_dict(budget) for budget in self.budgets],
            "targets": [as_dict(target) for target in self.targets],
            "detours": [as_dict(detour) for detour in self.detours],
            "frontier": [as_dict(budget) for budget in self.frontier],
            "costs": [one.as_dict() for one in self.costs],
            "rates": [one.as_dict() for one in self.rates.told()],
            "unit": self.unit,
            "cost": self.cost,
            "law": self.fit.law.name,
            "law_shares": dict(self.shares),
            "flops_per_param_token": self.flops_per_param_token,
            "fit": self.fit.as_dict(),
        }


@capability(
    job="scale",
    needs=("loss (or y)", "the law's inputs: n_params and n_tokens unless the law says otherwise"),
    sources=(
        Reference("Hoffmann et al. 2022", "arXiv:2203.15556", "section 3.3 and appendix A"),
        Reference("Besiroglu et al. 2024", "arXiv:2404.10102"),
        Reference(
            "Sardana et al. 2024",
            "arXiv:2401.00448",
            "sections 2 and 3",
            title="Beyond Chinchilla-Optimal: Accounting for Inference in Language Model Scaling Laws",
            checked="three printed examples: quality of 7B, 13B and 30B with 1e11 to 1e13 tokens served",
            unchecked="prices with separate rates for reading and writing tokens are not told apart",
        ),
        Reference("Muennighoff et al. 2023", "arXiv:2305.16264", "section 5 and the public code"),
    ),
    checked="equals the closed form of Hoffmann et al.; 73B parameters at 5.76e23 FLOPs on the reconstructed points; "
    "the printed examples of Sardana et al.; the allocation of Muennighoff et al.; never worse than dense search",
    example="isoperf plan stdlib_lm --flops 1e14,1e15",
)
def plan(
    data: Data,
    *,
    prices: PriceTableOption = None,
    flops: Annotated[Values, Option("budgets of compute to split", unit="FLOPs")] = (),
    dollars: Annotated[Values, Option("budgets in money; needs a device and its price", unit="USD")] = (),
    gpu_hours: Annotated[Values, Option("budgets in accelerator-hours; needs a device", unit="GPU-hours")] = (),
    target_loss: Annotated[Values, Option("losses to reach; finds the least cost")] = (),
    inference_tokens: Annotated[
        float | None, Option("tokens the model will serve in its life; serving then counts as cost", unit="tokens")
    ] = None,
    unique_tokens: Annotated[
        float | None, Option("distinct tokens there are; more are repeats, worth less", unit="tokens")
    ] = None,
    at_most: Annotated[
        Mapping[str, float] | None, Option("upper limits, such as n_params=7e9 or tokens_per_param=500")
    ] = None,
    at_least: Annotated[Mapping[str, float] | None, Option("lower limits")] = None,
    fix: Annotated[Mapping[str, float] | None, Option("inputs held at a value, such as n_experts=8")] = None,
    choices: Annotated[
        Mapping[str, tuple[float, ...]] | None, Option("allowed values of inputs, such as weight_bits=4,8,16")
    ] = None,
    mixture: Annotated[tuple[str, ...], Option("inputs that are shares and add up to one")] = (),
    n_params: Annotated[float | None, Option("with target_loss: fix the size, find the tokens", unit="params")] = None,
    n_tokens: Annotated[float | None, Option("with target_loss: fix the tokens, find the size", unit="tokens")] = None,
    law: LawName = "auto",
    y: Y = None,
    better: Annotated[
        Literal["auto", "lower", "higher"], Option("whether lower or higher output is better; auto goes by the column")
    ] = "auto",
    spend: Annotated[
        Literal["all", "up_to"], Option("whether budgets are spent to the end, or less where more would harm")
    ] = "all",
    cost: Annotated[
        str | Callable[..., Any],
        Option("auto counts bits, streams and members; training is k N D alone; or your own as costs.py:function"),
    ] = "auto",
    flops_per_param_token: Annotated[
        float, Option("compute rule C = k N D; 6 counts forward and backward passes, serving takes a third of it")
    ] = FLOPS_PER_PARAM_TOKEN,
    device: Annotated[
        str | None, Option("accelerator of the catalogue, such as H100-SXM-80GB; priced by the second table")
    ] = None,
    dtype: Annotated[Dtype, Option("number format of the device's peak")] = "bf16",
    n_gpus: Annotated[int | None, Option("accelerators that train at once; tells days", least=1)] = None,
    price_per_gpu_hour: Annotated[
        float | None, Option("price of an accelerator-hour, in place of the table's", unit="USD")
    ] = None,
    flops_per_second: Annotated[
        float | None, Option("peak rate of one accelerator, in place of the catalogue's", unit="FLOPs/s")
    ] = None,
    mfu: Annotated[float, Option("share of the peak that training reaches")] = MFU,
    inference_mfu: Annotated[
        float | None, Option("share of the peak that serving reaches; as training unless said")
    ] = None,
    price_per_token: Annotated[float | None, Option("price of one distinct training token", unit="USD")] = None,
    power: Annotated[float | None, Option("mean power of one accelerator, in place of its limit", unit="W")] = None,
    pue: Annotated[float, Option("energy of the data centre over that of its devices, 1 or more")] = 1.0,
    region: Annotated[str | None, Option("country of the electricity, such as DEU or Germany; tells carbon")] = None,
    carbon_intensity: Annotated[
        float | None, Option("g of CO2 equivalent per kWh, in place of a country's mean")
    ] = None,
    noise: NoiseName = "auto",
    delta: Delta = "auto",
    n_bootstrap: Annotated[int, Option("bootstrap refits of each law")] = 1000,
    level: Level = 0.9,
    seed: Seed = 0,
    progress: Progress | None = None,
) -> Plan:
    """Make the best of a budget: sizes, tokens and every other input of a law.

    With ``law="auto"`` the laws that predicted held-out scales well all have a say in the
    intervals, by weight; with a named law only its own bootstrap draws do. Sizes may leave the
    measured range; other inputs keep to it, and to the measured values where these are a few
    whole numbers, unless limits or choices say otherwise. With a device every run comes with its
    accelerator hours, days, dollars, energy and carbon; what cannot be told says why.

    Raises
    ------
    OptionError : neither budgets nor targets, values that are not positive, prices that are missing, or
        limits that exclude each other.
    LawError : the law has no inputs to choose.
    """
    obs = load(data)
    level = check_level(level)
    asked = {"flops": several("flops", flops), "gpu_hours": several("gpu_hours", gpu_hours)}
    asked["dollars"] = several("dollars", dollars)
    target_loss = several("target_loss", target_loss)
    rates = rates_of(
        Machine(
            device, dtype, flops_per_second, mfu, inference_mfu, price_per_gpu_hour, prices, power, pue, region,
            carbon_intensity, n_gpus,
        )
    )  # fmt: skip
    paid = Prices(
        flops_per_param_token, inference_tokens, rates.flops_per_second, mfu, inference_mfu,
        rates.price_per_gpu_hour, price_per_token, unique_tokens, cost, rates.no_price,
    )  # fmt: skip
    unit, budgets = checked(asked, target_loss, n_params, n_tokens, paid)
    terms = Terms(at_most or {}, at_least or {}, fix or {}, choices or {}, mixture)
    found = able(obs, law, y, paid)
    automatic = isinstance(law, str) and law == "auto"
    name = "auto" if automatic else found[0].law.name
    known = study(found, law=name, noise=noise, delta=delta, seed=seed, progress=progress)
    shares = dict(known.weights) if automatic else {known.chosen: 1.0}
    fits = {
        one: fit_law(
            known.by_name(one), noise=known.noise, delta=delta, n_bootstrap=n_bootstrap, level=level, seed=seed
        )
        for one, share in shares.items()
        if share >= LEAST_SHARE or one == known.chosen
    }
    fits[known.chosen] = with_cautions(fits[known.chosen], obs)
    panel = Panel(known, fits, shares, level)
    made = Plan((), (), (), fits[known.chosen], known, shares, flops_per_param_token, level, unit=unit, rates=rates)
    given = {one: value for one, value in (("n_params", n_params), ("n_tokens", n_tokens)) if value}
    whole = paid.whole(unit, known.data.law.inputs)
    terms = with_prices(terms, paid, known.data)

    def allotter(fixed: Mapping[str, float]) -> Allotter:
        where = spaces(known.data, whole, replace(terms, fix={**terms.fix, **fixed}))
        return Allotter(panel, whole, where, aim_of(known.data, better), flops_per_param_token, spend)

    return _allot(made, allotter({}), allotter(given), budgets, target_loss)


def _allot(made: Plan, planner: Allotter, reaching: Allotter, budgets: Values, target_loss: Values) -> Plan:
    """Answer what was asked, and what comes with it; ``reaching`` holds what is given for targets alone."""
    targets = tuple(reaching.target(loss) for loss in target_loss)
    known = [t.cost.value for t in targets if t.cost.value is not None]
    at = budgets[0] if budgets else known[0] if known else 0.0
    around = [planner.attempt(amount, FRONTIER_DRAWS) for amount in _around(budgets or known)]
    planned = tuple(planner.budget(amount) for amount in budgets)
    return replace(
        made,
        budgets=planned,
        targets=targets,
        detours=planner.detours(at) if at else (),
        frontier=tuple(one for one in around if one is not None),
        cost=planner.cost.text,
        detours_at=at,
        fixed=tuple(planner.where.allowed.fixed),
        costs=run_costs(planned, targets, made.fit.binding[made.fit.law.output], made.rates),
        _planner=planner,
        _reaching=reaching,
    )


def _around(asked: Sequence[float]) -> list[float]:
    """Return budgets from a tenth of the least asked, or needed, to ten times the most."""
    if not asked:
        return []
    low, high = min(asked) / AROUND, max(asked) * AROUND
    halves = round(2 * np.log10(high / low))
    steps = halves + 1 if halves < FRONTIER else FRONTIER
    return [float(x) for x in np.geomspace(low, high, steps)]
