"""Plan the next run: compute-optimal size and tokens, the cost of a target loss, the price of missing the optimum."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from isoperf.capability import Option, Reference, capability
from isoperf.errors import LawError, OptionError
from isoperf.estimate import Status, check_level
from isoperf.fitting.candidates import candidates
from isoperf.fitting.cautions import with_cautions
from isoperf.fitting.fit_law import fit_law
from isoperf.fitting.result import Fit
from isoperf.fitting.study import Study, study
from isoperf.identities import FLOPS_PER_PARAM_TOKEN
from isoperf.options import Data, Delta, LawName, Level, NoiseName, Progress, Seed, Values, Y, several
from isoperf.readers import load
from isoperf.report import Report, Shown
from isoperf.scale._answers import Budget, Detour, Target, as_dict
from isoperf.scale._planner import DETOURS, Planner

__all__ = ["Budget", "Detour", "Plan", "Target", "plan"]

LEAST_SHARE = 0.01  # laws of less weight would hardly move an interval and cost a bootstrap each


@dataclass(frozen=True)
class Plan(Shown):
    """Where the next unit of compute should go."""

    budgets: tuple[Budget, ...]
    targets: tuple[Target, ...]
    detours: tuple[Detour, ...]
    fit: Fit
    study: Study
    shares: Mapping[str, float]
    flops_per_param_token: float
    level: float

    @property
    def status(self) -> Status:
        """The fit's status."""
        return self.fit.status

    @property
    def ok(self) -> bool:
        """Whether the fit is trusted and every answer is known."""
        known = [b.n_params.low is not None for b in self.budgets] + [t.flops.low is not None for t in self.targets]
        return self.status is Status.OK and all(known)

    def report(self) -> Report:
        """Return the plan for people."""
        from isoperf.scale._show_plan import plan_report

        return plan_report(self)

    def as_dict(self) -> dict[str, Any]:
        """Return the plan for machines."""
        return {
            "budgets": [as_dict(budget) for budget in self.budgets],
            "targets": [as_dict(target) for target in self.targets],
            "detours": [as_dict(detour) for detour in self.detours],
            "law": self.fit.law.name,
            "law_shares": dict(self.shares),
            "flops_per_param_token": self.flops_per_param_token,
            "fit": self.fit.as_dict(),
        }


@capability(
    job="scale",
    needs=("loss (or y)", "n_params", "n_tokens"),
    sources=(
        Reference("Hoffmann et al. 2022", "arXiv:2203.15556", "section 3.3 and appendix A"),
        Reference("Besiroglu et al. 2024", "arXiv:2404.10102"),
    ),
    checked="equals the closed form of Hoffmann et al.; 73B parameters at 5.76e23 FLOPs on the reconstructed points",
    example="isoperf plan stdlib_lm --flops 1e14,1e15",
)
def plan(
    data: Data,
    *,
    flops: Annotated[Values, Option("compute budgets to split", unit="FLOPs")] = (),
    target_loss: Annotated[Values, Option("losses to reach; finds the least compute")] = (),
    n_params: Annotated[float | None, Option("with target_loss: fix the size, find the tokens", unit="params")] = None,
    n_tokens: Annotated[float | None, Option("with target_loss: fix the tokens, find the size", unit="tokens")] = None,
    law: LawName = "auto",
    y: Y = None,
    flops_per_param_token: Annotated[
        float, Option("compute rule C = k N D; 6 counts forward and backward passes")
    ] = FLOPS_PER_PARAM_TOKEN,
    noise: NoiseName = "auto",
    delta: Delta = "auto",
    n_bootstrap: Annotated[int, Option("bootstrap refits of each law")] = 1000,
    level: Level = 0.9,
    seed: Seed = 0,
    progress: Progress | None = None,
) -> Plan:
    """Split compute between parameters and tokens.

    With ``law="auto"`` the laws that predicted held-out scales well all have a say in the
    intervals, by weight; with a named law only its own bootstrap draws do.

    Raises
    ------
    OptionError : neither budgets nor targets, or values that are not positive.
    LawError : the law does not trade parameters against tokens.
    """
    obs = load(data)
    level = check_level(level)
    flops, target_loss = several("flops", flops), several("target_loss", target_loss)
    _check(flops, target_loss, n_params, n_tokens, flops_per_param_token)
    automatic = isinstance(law, str) and law == "auto"
    found = candidates(obs, law=law, y=y)
    if set(found[0].law.inputs) != {"n_params", "n_tokens"} and not automatic:
        raise LawError(
            f"law {found[0].law.name!r} has inputs {', '.join(found[0].law.inputs)}; a plan needs a law in "
            "n_params and n_tokens, such as chinchilla, overtraining or kaplan."
        )
    if automatic:
        obs.require("n_params", "n_tokens")
        found = [one for one in found if set(one.law.inputs) == {"n_params", "n_tokens"} or one.law.baseline]
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
    planner = Planner(known, fits, shares, flops_per_param_token, level)
    given = {one: value for one, value in (("n_params", n_params), ("n_tokens", n_tokens)) if value}
    largest = float(known.data.scale.max()) / FLOPS_PER_PARAM_TOKEN * flops_per_param_token
    return Plan(
        tuple(planner.budget(c) for c in flops),
        tuple(planner.target(loss, given) for loss in target_loss),
        tuple(planner.detour(flops[0] if flops else largest, factor) for factor in DETOURS),
        fits[known.chosen],
        known,
        shares,
        flops_per_param_token,
        level,
    )


def _check(flops: Values, target_loss: Values, n_params: float | None, n_tokens: float | None, k: float) -> None:
    if not flops and not target_loss:
        raise OptionError("nothing to plan: give flops (compute budgets) or target_loss.")
    if (n_params or n_tokens) and not target_loss:
        raise OptionError("n_params and n_tokens fix one side of a target; give target_loss too.")
    if n_params and n_tokens:
        raise OptionError("give n_params or n_tokens, not both: the target then leaves nothing to find.")
    named = {"flops": flops, "target_loss": target_loss, "flops_per_param_token": (k,)}
    for name, values in named.items():
        bad = [v for v in values if not (np.isfinite(v) and v > 0)]
        if bad:
            raise OptionError(f"{name} must be above 0 and finite, found {bad[0]:g}.")
