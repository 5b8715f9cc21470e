"""The arithmetic of a plan: optimum, reach and price for every law and draw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isoperf.estimate import Estimate, Status
from isoperf.fitting.optimum import compute_optimal, flops_for_loss, solve_input
from isoperf.fitting.points import target_inputs, target_table
from isoperf.fitting.result import Fit
from isoperf.fitting.study import Study
from isoperf.identities import FLOPS_PER_PARAM_TOKEN
from isoperf.scale._answers import Budget, Detour, Target

__all__ = ["DETOURS", "Planner"]

Floats = NDArray[np.float64]
DETOURS = (0.25, 0.5, 2.0, 4.0)
UNREACHED = 0.05  # share of draws that may miss a target before the answer is "cannot tell"


@dataclass(frozen=True)
class Planner:
    """Candidate laws fitted to one table, asked about sizes; ``k`` is the compute rule C = k N D."""

    known: Study
    fits: Mapping[str, Fit]
    shares: Mapping[str, float]
    k: float
    level: float

    def _mixture(self, per_law: Mapping[str, Floats]) -> Floats:
        """Draws of all laws together, each law as often as its weight says."""
        size = max(len(draws) for draws in per_law.values())
        total = sum(self.shares[name] for name in per_law)
        parts = [
            draws[np.linspace(0, len(draws) - 1, max(1, round(size * self.shares[name] / total))).astype(int)]
            for name, draws in per_law.items()
            if len(draws)
        ]
        return np.concatenate(parts) if parts else np.empty(0)

    def _estimate(self, value: float, per_law: Mapping[str, Floats], unit: str, status: Status) -> Estimate:
        draws = self._mixture(per_law)
        if not np.isfinite(value):
            return Estimate(None, unit=unit, status=Status.AT_BOUND)
        return Estimate.from_draws(value, draws, level=self.level, unit=unit, status=status)

    def _draws(self, fit: Fit) -> dict[str, Floats]:
        return {name: fit.draws[:, j] for j, name in enumerate(fit.law.names)}

    def budget(self, flops: float) -> Budget:
        """Return the compute-optimal run of one budget."""
        sizes, tokens, best = {}, {}, {}
        for name, fit in self.fits.items():
            best[name] = compute_optimal(fit.law, dict(fit.values), flops, flops_per_param_token=self.k)
            if len(fit.draws):
                drawn = compute_optimal(fit.law, self._draws(fit), flops, flops_per_param_token=self.k)
                sizes[name], tokens[name] = drawn.n_params[:, 0], drawn.n_tokens[:, 0]
            else:
                sizes[name], tokens[name] = np.empty(0), np.empty(0)
        own = best[self.known.chosen]
        n, d = float(own.n_params[0, 0]), float(own.n_tokens[0, 0])
        far = flops / self.k * FLOPS_PER_PARAM_TOKEN > self.known.data.scale.max() * 1.001
        status = Status.EXTRAPOLATED if far else Status.OK
        ratio = {name: tokens[name] / sizes[name] for name in sizes}
        return Budget(
            float(flops),
            self._estimate(n, sizes, "params", status),
            self._estimate(d, tokens, "tokens", status),
            self._estimate(d / n, ratio, "tokens/param", status),
            self._loss(n, d, status),
            {name: float(one.n_params[0, 0]) for name, one in best.items()},
        )

    def _loss(self, n_params: float, n_tokens: float, status: Status) -> Estimate:
        unit = self.fits[self.known.chosen].unit
        if not np.isfinite(n_params):
            return Estimate(None, unit=unit, status=Status.AT_BOUND)
        table = target_table({"n_params": (n_params,), "n_tokens": (n_tokens,)})
        ahead = self.known.outlook(target_inputs(table, self.known.candidates), self.level)
        value, low, high = (float(x[0]) for x in (ahead.value, ahead.low, ahead.high))
        return Estimate(value, low, high, self.level, unit, status)

    def target(self, loss: float, given: Mapping[str, float]) -> Target:
        """Return the least compute that reaches a loss, at the best split or with one side given."""
        flops, sizes, tokens = {}, {}, {}
        values: dict[str, tuple[float, float, float]] = {}
        for name, fit in self.fits.items():
            best_c, best_n, best_d = self._reach(fit, dict(fit.values), loss, given)
            values[name] = (float(best_c[0]), float(best_n[0]), float(best_d[0]))
            drawn = self._reach(fit, self._draws(fit), loss, given) if len(fit.draws) else (np.empty(0),) * 3
            flops[name], sizes[name], tokens[name] = drawn
        c, n, d = values[self.known.chosen]
        mixed = self._mixture(flops)
        reached = float(np.isfinite(mixed).mean()) if len(mixed) else 0.0
        far = np.isfinite(c) and c / self.k * FLOPS_PER_PARAM_TOKEN > self.known.data.scale.max() * 1.001
        status = Status.EXTRAPOLATED if bool(far) else Status.OK
        if not np.isfinite(c) or reached < 1 - UNREACHED:
            cost, size, data = (
                Estimate(_known(v), unit=unit, status=Status.NOT_IDENTIFIED)
                for v, unit in ((c, "FLOPs"), (n, "params"), (d, "tokens"))
            )
            return Target(loss, cost, size, data, reached, _words(given))
        return Target(
            loss,
            self._estimate(c, flops, "FLOPs", status),
            self._estimate(n, sizes, "params", status),
            self._estimate(d, tokens, "tokens", status),
            reached,
            _words(given),
        )

    def _reach(
        self, fit: Fit, values: Mapping[str, Any], loss: float, given: Mapping[str, float]
    ) -> tuple[Floats, Floats, Floats]:
        """Compute, parameters and tokens at which a law reaches a loss, (R,) each."""
        if given:
            (name, value), unknown = (
                next(iter(given.items())),
                next(iter({"n_params", "n_tokens"} - set(given))),
            )
            found = solve_input(fit.law, values, loss, unknown, given)
            fixed = np.full(found.shape, value)
            n, d = (fixed, found) if name == "n_params" else (found, fixed)
            return self.k * n * d, n, d
        flops = flops_for_loss(fit.law, values, loss, flops_per_param_token=self.k)
        n = compute_optimal(fit.law, values, flops[:, None], flops_per_param_token=self.k).n_params[:, 0]
        return flops, n, flops / self.k / n

    def detour(self, flops: float, factor: float) -> Detour:
        """Return the price of a size that is not the optimal one."""
        rise, extra = {}, {}
        values: dict[str, tuple[float, float]] = {}
        for name, fit in self.fits.items():
            up, more = self._price(fit, dict(fit.values), flops, factor)
            values[name] = (float(up[0]), float(more[0]))
            rise[name], extra[name] = (
                self._price(fit, self._draws(fit), flops, factor) if len(fit.draws) else (np.empty(0), np.empty(0))
            )
        own_rise, own_extra = values[self.known.chosen]
        return Detour(
            factor,
            self._estimate(own_rise, rise, "", Status.OK),
            self._estimate(own_extra, extra, "", Status.OK),
        )

    def _price(self, fit: Fit, values: Mapping[str, Any], flops: float, factor: float) -> tuple[Floats, Floats]:
        """Relative rise in loss, and the share of extra compute that would make up for it."""
        best = compute_optimal(fit.law, values, flops, flops_per_param_token=self.k)
        n, d = best.n_params[:, 0] * factor, best.n_tokens[:, 0] / factor
        columns = {name: np.atleast_1d(np.asarray(v, dtype=float)) for name, v in values.items()}
        loss = np.asarray(fit.law.predict(columns, n_params=n, n_tokens=d))
        # the same shape of model, trained longer at the same size, until the optimal loss is reached
        needed = _tokens_for(fit, columns, n, best.output[:, 0])
        return loss / best.output[:, 0] - 1, needed / d - 1


def _tokens_for(fit: Fit, columns: Mapping[str, Floats], n_params: Floats, loss: Floats) -> Floats:
    """Tokens at which each draw's own model size reaches its own loss, (R,); NaN where never."""
    low, high = np.zeros(len(n_params)), np.full(len(n_params), np.log(1e30))

    def output(log_tokens: Floats) -> Floats:
        return np.asarray(fit.law.predict(columns, n_params=n_params, n_tokens=np.exp(log_tokens)))

    reachable = output(high) <= loss
    for _ in range(80):
        middle = 0.5 * (low + high)
        above = output(middle) > loss
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return np.where(reachable, np.exp(0.5 * (low + high)), np.nan)


def _known(x: float) -> float | None:
    return x if np.isfinite(x) else None


def _words(given: Mapping[str, float]) -> str:
    return ", ".join(f"{name} fixed" for name in given)
