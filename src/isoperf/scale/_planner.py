"""The arithmetic of a plan: optimum, reach and price for every law and draw."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from isoperf.estimate import Estimate, Status, finite_or_none
from isoperf.fitting.optimum import compute_optimal, flops_for_loss, solve_input
from isoperf.fitting.points import target_inputs, target_table
from isoperf.fitting.result import BEYOND, Fit
from isoperf.fitting.study import Study
from isoperf.identities import FLOPS_PER_PARAM_TOKEN
from isoperf.laws.base import Law
from isoperf.scale._answers import Budget, Detour, Target

__all__ = ["DETOURS", "Planner"]

Floats = NDArray[np.float64]
Values = Mapping[str, ArrayLike]
Question = Callable[[Law, Values], tuple[Floats, ...]]
DETOURS = (0.25, 0.5, 2.0, 4.0)
UNREACHED = 0.05  # share of draws that may miss a target before the answer is "cannot tell"


@dataclass(frozen=True)
class _Answer:
    """One quantity by law: at its best values, and (R,) for its draws, none where it has none."""

    best: Mapping[str, float]
    draws: Mapping[str, Floats]


@dataclass(frozen=True)
class Planner:
    """Candidate laws fitted to one table, asked about sizes; ``k`` is the compute rule C = k N D."""

    known: Study
    fits: Mapping[str, Fit]
    shares: Mapping[str, float]
    k: float
    level: float

    def budget(self, flops: float) -> Budget:
        """Return the compute-optimal run of one budget."""

        def split(law: Law, values: Values) -> tuple[Floats, ...]:
            found = compute_optimal(law, values, flops, flops_per_param_token=self.k)
            n, d = found.n_params[:, 0], found.n_tokens[:, 0]
            return n, d, d / n

        sizes, tokens, ratio = self._ask(split)
        status = self._status(flops)
        return Budget(
            float(flops),
            self._estimate(sizes, "params", status),
            self._estimate(tokens, "tokens", status),
            self._estimate(ratio, "tokens/param", status),
            self._loss(self._own(sizes), self._own(tokens), status),
            sizes.best,
        )

    def target(self, loss: float, given: Mapping[str, float]) -> Target:
        """Return the least compute that reaches a loss, at the best split or with one side given."""
        answers = self._ask(lambda law, values: self._reach(law, values, loss, given))
        cost = answers[0]
        drawn = self._mixture(cost)
        reached = float(np.isfinite(drawn).mean()) if len(drawn) else 0.0
        told = list(zip(answers, ("FLOPs", "params", "tokens"), strict=True))
        if not np.isfinite(self._own(cost)) or reached < 1 - UNREACHED:
            flops, n_params, n_tokens = (
                Estimate(finite_or_none(self._own(one)), unit=unit, status=Status.NOT_IDENTIFIED) for one, unit in told
            )
        else:
            status = self._status(self._own(cost))
            flops, n_params, n_tokens = (self._estimate(one, unit, status) for one, unit in told)
        return Target(loss, flops, n_params, n_tokens, reached, ", ".join(f"{name} fixed" for name in given))

    def detour(self, flops: float, factor: float) -> Detour:
        """Return the price of a size that is not the optimal one."""
        rise, extra = self._ask(lambda law, values: self._price(law, values, flops, factor))
        return Detour(factor, self._estimate(rise, "", Status.OK), self._estimate(extra, "", Status.OK))

    def _ask(self, question: Question) -> list[_Answer]:
        """Put a question to every law; one answer for each quantity it asks for."""
        best = {name: question(fit.law, fit.values) for name, fit in self.fits.items()}
        n_answers = len(best[self.known.chosen])
        nothing = (np.empty(0),) * n_answers
        drawn = {name: question(fit.law, _drawn(fit)) if len(fit.draws) else nothing for name, fit in self.fits.items()}
        return [
            _Answer({name: float(x[i][0]) for name, x in best.items()}, {name: x[i] for name, x in drawn.items()})
            for i in range(n_answers)
        ]

    def _own(self, answer: _Answer) -> float:
        """What the chosen law says."""
        return answer.best[self.known.chosen]

    def _mixture(self, answer: _Answer) -> Floats:
        """Draws of all laws together, each law as often as its weight says."""
        size = max(map(len, answer.draws.values()))
        total = sum(self.shares[name] for name in answer.draws)
        parts = [
            draws[np.linspace(0, len(draws) - 1, max(1, round(size * self.shares[name] / total))).astype(int)]
            for name, draws in answer.draws.items()
            if len(draws)
        ]
        return np.concatenate(parts) if parts else np.empty(0)

    def _estimate(self, answer: _Answer, unit: str, status: Status) -> Estimate:
        value = self._own(answer)
        if not np.isfinite(value):
            return Estimate(None, unit=unit, status=Status.AT_BOUND)
        return Estimate.from_draws(value, self._mixture(answer), level=self.level, unit=unit, status=status)

    def _status(self, flops: float) -> Status:
        """Whether a run of this compute lies beyond those measured, whatever the compute rule."""
        far = flops / self.k * FLOPS_PER_PARAM_TOKEN > self.known.data.scale.max() * BEYOND
        return Status.EXTRAPOLATED if far else Status.OK

    def _loss(self, n_params: float, n_tokens: float, status: Status) -> Estimate:
        unit = self.fits[self.known.chosen].unit
        if not np.isfinite(n_params):
            return Estimate(None, unit=unit, status=Status.AT_BOUND)
        table = target_table({"n_params": (n_params,), "n_tokens": (n_tokens,)})
        ahead = self.known.outlook(target_inputs(table, self.known.candidates), self.level)
        value, low, high = (float(x[0]) for x in (ahead.value, ahead.low, ahead.high))
        return Estimate(value, low, high, self.level, unit, status)

    def _reach(self, law: Law, values: Values, loss: float, given: Mapping[str, float]) -> tuple[Floats, ...]:
        """Compute, parameters and tokens at which a law reaches a loss, (R,) each."""
        if "n_params" in given:
            d = solve_input(law, values, loss, "n_tokens", given)
            n = np.full(d.shape, given["n_params"])
            return self.k * n * d, n, d
        if "n_tokens" in given:
            n = solve_input(law, values, loss, "n_params", given)
            d = np.full(n.shape, given["n_tokens"])
            return self.k * n * d, n, d
        flops = flops_for_loss(law, values, loss, flops_per_param_token=self.k)
        n = compute_optimal(law, values, flops[:, None], flops_per_param_token=self.k).n_params[:, 0]
        return flops, n, flops / self.k / n

    def _price(self, law: Law, values: Values, flops: float, factor: float) -> tuple[Floats, ...]:
        """Relative rise in loss, and the share of extra compute that would make up for it, (R,) each."""
        best = compute_optimal(law, values, flops, flops_per_param_token=self.k)
        n, d = best.n_params[:, 0] * factor, best.n_tokens[:, 0] / factor
        columns = {name: np.atleast_1d(np.asarray(v, dtype=float)) for name, v in values.items()}
        loss = np.asarray(law.predict(columns, n_params=n, n_tokens=d))
        # the same shape of model, trained longer at the same size, until the optimal loss is reached
        needed = _tokens_for(law, columns, n, best.output[:, 0])
        return loss / best.output[:, 0] - 1, needed / d - 1


def _drawn(fit: Fit) -> dict[str, Floats]:
    return {name: fit.draws[:, j] for j, name in enumerate(fit.law.names)}


def _tokens_for(law: Law, columns: Mapping[str, Floats], n_params: Floats, loss: Floats) -> Floats:
    """Tokens at which each draw's own model size reaches its own loss, (R,); NaN where never."""
    low, high = np.zeros(len(n_params)), np.full(len(n_params), np.log(1e30))

    def output(log_tokens: Floats) -> Floats:
        return np.asarray(law.predict(columns, n_params=n_params, n_tokens=np.exp(log_tokens)))

    reachable = output(high) <= loss
    for _ in range(80):
        middle = 0.5 * (low + high)
        above = output(middle) > loss
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return np.where(reachable, np.exp(0.5 * (low + high)), np.nan)
