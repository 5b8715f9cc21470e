"""The arithmetic of a plan over any inputs: optimum, reach and price for every law and draw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isoperf.columns import COLUMNS
from isoperf.errors import OptionError
from isoperf.estimate import Estimate, Status, finite_or_none
from isoperf.fitting.allocate import Aim, Allocation, Spend, allocate, least_cost, solve_for, solve_paid
from isoperf.fitting.costs import Cost, training_flops
from isoperf.fitting.space import Space, derived
from isoperf.laws.base import Law
from isoperf.scale.budget._answers import Budget, Detour, Regret, Served, Target
from isoperf.scale.budget._panel import UNREACHED, Answer, Panel, Values, follow
from isoperf.scale.budget._spaces import Spaces

__all__ = ["Allotter"]

Floats = NDArray[np.float64]
NEAR, FAR = (0.5, 0.7, 1.4, 2.0), (0.25, 0.5, 2.0, 4.0)  # factors by which an input may be off
THINNED = 200  # draws for questions beside the plan itself
NEARLY = 1e-5  # a limit is met when its column is so near
COMPUTING = ("training", "serving")  # parts of a cost that are compute
FARTHEST = 1e12  # how much more of the paid input a detour may take


@dataclass(frozen=True)
class Allotter:
    """Plans over any inputs and any cost."""

    panel: Panel
    cost: Cost
    where: Spaces
    aim: Aim
    per_param_token: float
    spend: Spend = "all"

    @property
    def names(self) -> tuple[str, ...]:
        """Inputs of the law, in order."""
        return self.panel.law.inputs

    @property
    def unit(self) -> str:
        """What budgets count."""
        return self.cost.unit

    def budget(self, amount: float) -> Budget:
        """Return the best use of one budget.

        Raises
        ------
        OptionError : it pays for nothing within the limits.
        """
        made = self.attempt(amount)
        if made is None:
            raise OptionError(self._out_of_reach(amount))
        return made

    def attempt(self, amount: float, most: int | None = None) -> Budget | None:
        """Return the best use of one budget, ``None`` when it pays for nothing; ``most`` thins the draws."""
        found = self.panel.ask(lambda law, values: self._columns(law, self._allot(law, values, amount)), most)
        answers = dict(zip(self._words, found, strict=True))
        at = {name: self.panel.own(answers[name]) for name in self.names}
        if not np.isfinite(self.panel.own(answers["cost"])):
            return None
        status = self.panel.status(at)
        followed = self.panel.ask(lambda law, values: (follow(law, values, at),), most)[0]
        lost = followed.minus(answers["output"]) if self.aim == "least" else answers["output"].minus(followed)
        inputs = self._estimates(answers, status)
        several = len(self.cost.parts) > 1
        spent = {p: self.panel.estimate(answers[f"{p} cost"], self.unit, status) for p in self.cost.parts if several}
        return Budget(
            float(amount),
            self.unit,
            self._training(at),
            inputs,
            self.panel.estimate(answers["tokens/param"], "tokens/param", status),
            self.panel.loss(at, status),
            answers[self.names[0]].best,
            self.panel.regret(lost) if np.isfinite(list(at.values())).all() else Regret(None, None, self.panel.level),
            spent,
            self._ends(answers),
            self._served(answers, most or THINNED) if most is None else None,
            self._compute(answers, Status.OK),
        )

    def target(self, loss: float) -> Target:
        """Return the least cost that reaches an output."""
        found = self.panel.ask(lambda law, values: self._columns(law, self._reach(law, values, np.array([loss]))))
        answers = dict(zip(self._words, found, strict=True))
        cost, flops = answers["cost"], answers["flops"]
        drawn = self.panel.mixture(cost)
        reached = float(np.isfinite(drawn).mean()) if len(drawn) else 0.0
        own = self.panel.own(cost)
        if not np.isfinite(own) or reached < 1 - UNREACHED:
            asked = {**{name: answers[name] for name in self.names}, "cost": cost, "flops": flops}
            told = {
                name: Estimate(finite_or_none(self.panel.own(one)), unit=self._unit(name), status=Status.NOT_IDENTIFIED)
                for name, one in asked.items()
            }
            inputs = {name: told[name] for name in self.names}
            open_ = {part: Estimate(None, unit="FLOPs", status=Status.NOT_IDENTIFIED) for part in self._computing}
            return Target(loss, told["flops"], told["cost"], inputs, reached, self._given, compute=open_)
        status = self.panel.status({name: self.panel.own(answers[name]) for name in self.names})
        return Target(
            loss,
            self.panel.estimate(flops, "FLOPs", status),
            self.panel.estimate(cost, self.unit, status),
            self._estimates(answers, status),
            reached,
            self._given,
            self._served(answers, THINNED),
            self._ends(answers),
            self._compute(answers, status),
        )

    def detours(self, amount: float) -> tuple[Detour, ...]:
        """Return the price of every input away from its best value, at the same cost."""
        own = self._allot(self.panel.law, self.panel.fits[self.panel.known.chosen].values, amount)
        steps = [(name, factor) for name in self.names for factor in self._factors(name, own)]

        def prices(law: Law, values: Values) -> tuple[Floats, ...]:
            best = self._allot(law, values, amount)
            return tuple(x for name, factor in steps for x in self._price(law, values, best, own, name, factor))

        answers = self.panel.ask(prices)
        found = []
        for (name, factor), rise, extra in zip(steps, answers[::2], answers[1::2], strict=True):
            if np.isfinite(self.panel.own(rise)):  # else the budget does not pay for it
                lost, needed = (self.panel.estimate(one, "", Status.OK) for one in (rise, extra))
                found.append(Detour(factor, lost, needed, name))
        return tuple(found)

    def _allot(self, law: Law, values: Values, amount: float) -> Allocation:
        return self._known(
            allocate(law, values, amount, cost=self.cost, space=self.where.allowed, aim=self.aim, spend=self.spend),
            self.where.allowed,
        )

    def _reach(self, law: Law, values: Values, target: Floats, *, plain: bool = False) -> Allocation:
        """Least cost of an output; ``plain`` leaves out service and the user's limits on sizes."""
        space = self.where.open if plain else self.where.allowed
        cost = self.cost.training() if plain else self.cost
        return self._known(least_cost(law, values, target, cost=cost, space=space, aim=self.aim), space)

    def _known(self, found: Allocation, space: Space) -> Allocation:
        """Unknown where the optimum lies at an end that stands for no limit."""
        endless = [
            found.edges[name] == end
            for name, end in self.where.allowed.endless
            if name in found.edges and name in space.ranges
        ]
        lost = np.any(endless, axis=0) if endless else np.zeros(found.cost.shape, dtype=bool)
        if self.where.ratios:
            ratio = found.inputs["n_tokens"] / found.inputs["n_params"]
            lost = lost | (ratio < self.where.ratios[0]) | (ratio > self.where.ratios[1])
        inputs = {name: np.where(lost & self._free(name), np.nan, x) for name, x in found.inputs.items()}
        return Allocation(inputs, np.where(lost, np.nan, found.output), found.cost, found.edges, found.paid)

    @property
    def _computing(self) -> tuple[str, ...]:
        """Parts of the cost that are counted in operations."""
        return tuple(part for part in self.cost.parts if part in COMPUTING)

    def _compute(self, answers: Mapping[str, Answer], status: Status) -> dict[str, Estimate]:
        """Operations of every part that accelerators work on; exact where the budget fixes them."""
        found = {}
        for part in self._computing:
            known = self.panel.estimate(answers[f"{part} cost"], self.unit, status)
            found[part] = _as_flops(known, self.cost.weights.get(part, 1.0))
        return found

    def _free(self, name: str) -> bool:
        return name in self.where.allowed.ranges

    @property
    def _words(self) -> list[str]:
        """Names of the quantities that `_columns` returns."""
        parts = [f"{part} cost" for part in self.cost.parts]
        return [*self.names, "output", "cost", "flops", "tokens/param", *parts, *(f"{n} end" for n in self.names)]

    def _columns(self, law: Law, found: Allocation) -> tuple[Floats, ...]:
        x = found.inputs
        rows = found.cost.shape
        ratio = x["n_tokens"] / x["n_params"] if {"n_params", "n_tokens"} <= set(x) else np.full(rows, np.nan)
        parts = [np.broadcast_to(self.cost.part(part, x), rows) for part in self.cost.parts]
        ends = [self._place(name, found) for name in self.names]
        sizes = [x[name] for name in self.names]
        return (*sizes, found.output, found.cost, np.broadcast_to(self._flops(x), rows), ratio, *parts, *ends)

    def _place(self, name: str, found: Allocation) -> Floats:
        """Return -1 or 1 where an input lies at an end, 0 inside."""
        values = self.where.allowed.choices.get(name)
        if values and len(values) > 1:
            x = found.inputs[name]
            return np.where(x == max(values), 1.0, np.where(x == min(values), -1.0, 0.0))
        return np.asarray(found.edges.get(name, np.zeros(found.cost.shape)), dtype=float)

    def _flops(self, inputs: Mapping[str, Any]) -> Any:
        try:
            return training_flops(self.per_param_token)(**inputs)
        except OptionError:  # a law without sizes
            return np.nan

    def _training(self, at: Mapping[str, float]) -> float:
        return float(self._flops(at))

    def _unit(self, name: str) -> str:
        if name in ("cost", "flops"):
            return self.unit if name == "cost" else "FLOPs"
        known = COLUMNS.get(self.panel.known.data.binding[name])
        return known.unit if known else ""

    def _estimates(self, answers: Mapping[str, Answer], status: Status) -> dict[str, Estimate]:
        fixed = self.where.allowed.fixed
        return {
            name: Estimate(float(fixed[name]), unit=self._unit(name))
            if name in fixed
            else self.panel.estimate(answers[name], self._unit(name), status)
            for name in self.names
        }

    def _ends(self, answers: Mapping[str, Answer]) -> dict[str, str]:
        """Say which inputs the chosen law would move further if it were allowed."""
        places = {name: int(self.panel.own(answers[f"{name} end"])) for name in self.names}
        at = {name: self.panel.own(answers[name]) for name in self.names}
        limited = {
            name: f"the {word} allowed"
            for name, ends in self.where.allowed.limits.items()
            for word, end in zip(("least", "most"), ends, strict=True)
            if abs(derived(name, at) - end) <= NEARLY * end < np.inf
        }
        return limited | {
            name: self.where.words[name, end]
            for name, end in places.items()
            if (name, end) in self.where.words and (name, end) not in self.where.allowed.endless
        }

    @property
    def _given(self) -> str:
        fixed = [f"{name} fixed" for name in self.where.allowed.fixed]
        return ", ".join(fixed)

    def _served(self, answers: Mapping[str, Answer], most: int) -> Served | None:
        """Set the plan beside the run of least training cost that ends at the same output."""
        if not {"training", "serving"} <= set(self.cost.parts) or "n_params" not in self.names:
            return None

        def beside(law: Law, values: Values) -> tuple[Floats, ...]:
            name = next(one for one, fit in self.panel.fits.items() if fit.law.name == law.name)
            rows = max(len(np.atleast_1d(np.asarray(v))) for v in values.values())
            kept = {
                word: np.array([answers[word].best[name]]) if rows == 1 else _thin(answers[word].draws[name], rows)
                for word in ("n_params", "cost", "output")
            }
            plain = self._reach(law, values, kept["output"], plain=True)
            whole = np.asarray(self.cost(**plain.inputs))
            size = plain.inputs["n_params"]
            return size, kept["n_params"] / size, 1 - kept["cost"] / whole

        size, ratio, saving = self.panel.ask(beside, most)
        told = (self.panel.estimate(x, u, Status.OK) for x, u in ((size, "params"), (ratio, ""), (saving, "")))
        return Served(*told)

    def _factors(self, name: str, best: Allocation) -> tuple[float, ...]:
        """Steps away from the best value: half and double, or the next values of a list."""
        space, own = self.where.allowed, float(best.inputs[name][0])
        if name == best.paid or name in space.fixed or not np.isfinite(own):
            return ()
        if name in space.choices:
            values = sorted(space.choices[name])
            place = values.index(own)
            near = [values[i] for i in (place - 1, place + 1) if 0 <= i < len(values)]
            return tuple(value / own for value in near if own)
        if name in space.shares:
            return tuple(factor for factor in NEAR if 0 < own * factor < 1)
        if (name, -1) in self.where.allowed.endless or (name, 1) in self.where.allowed.endless:
            return NEAR if "serving" in self.cost.parts else FAR
        low, high = space.ranges[name]
        return tuple(factor for factor in NEAR if low <= own * factor <= high)

    def _price(
        self, law: Law, values: Values, best: Allocation, own: Allocation, name: str, factor: float
    ) -> tuple[Floats, Floats]:
        """Relative loss of output, and the share of extra cost that would make up for it, (R,) each."""
        space, moved = self.where.allowed, dict(best.inputs)
        # a listed value is one and the same for every draw, a free input is off by a factor
        moved[name] = (
            np.full(best.cost.shape, factor * own.inputs[name][0]) if name in space.choices else moved[name] * factor
        )
        for other in space.shares:
            if other != name and name in space.shares:
                moved[other] = moved[other] * (1 - moved[name]) / (1 - best.inputs[name])
        low, high = space.ranges[best.paid]
        moved[best.paid] = solve_paid(self.cost, best.cost, best.paid, moved, (low, high))
        columns = {key: np.atleast_1d(np.asarray(v, dtype=float)) for key, v in values.items()}
        output = np.asarray(law.predict(columns, **{key: moved[key] for key in law.inputs}))
        high = min(high, float(np.nanmax(moved[best.paid], initial=low)) * FARTHEST)
        needed = solve_for(law, values, best.output, best.paid, moved, between=(low, high), aim=self.aim)
        rise = output / best.output - 1 if self.aim == "least" else 1 - output / best.output
        with np.errstate(invalid="ignore"):
            extra = np.asarray(self.cost(**{**moved, best.paid: needed})) / best.cost - 1
        return rise, extra

    def _out_of_reach(self, amount: float) -> str:
        space = self.where.allowed
        ends = [
            f"{name} at least {low:.3g}" for name, (low, _) in space.ranges.items() if (name, -1) not in space.endless
        ]
        ends += [f"{name} between {low:g} and {high:g}" for name, (low, high) in space.limits.items()]
        held = [f"{name} = {value:g}" for name, value in space.fixed.items()]
        limits = ", ".join([*ends, *held]) or "sizes that are above 0"
        return (
            f"a budget of {amount:.4g} {self.unit} pays for nothing within the limits ({limits}). Raise it, or loosen "
            "at_least, at_most and fix."
        )


def _thin(draws: Floats, rows: int) -> Floats:
    return np.asarray(draws[np.linspace(0, len(draws) - 1, rows).astype(int)])


def _as_flops(known: Estimate, weight: float) -> Estimate:
    """Undo the price of an operation; an interval of rounding errors is none."""
    value, low, high = (None if x is None else x / weight for x in (known.value, known.low, known.high))
    if value is not None and low is not None and high is not None and high - low <= NEARLY * value:
        low = high = None
    return Estimate(value, low, high, known.level if low is not None else None, "FLOPs", known.status)
