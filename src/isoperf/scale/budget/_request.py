"""What is asked of a plan: budgets in one unit, laws that can plan them; refused where it makes no sense."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from isoperf.errors import LawError, OptionError
from isoperf.fitting.candidates import candidates
from isoperf.fitting.data import LawData
from isoperf.laws.base import Law
from isoperf.observations import Observations
from isoperf.options import Values
from isoperf.scale.budget._terms import COSTS, Prices

__all__ = ["able", "checked"]

SIZES = {"n_params", "n_tokens"}
BUDGETS = {"flops": "FLOPs", "gpu_hours": "GPU-hours", "dollars": "USD"}


def able(obs: Observations, law: str | Law | type[Law], y: str | None, prices: Prices) -> list[LawData]:
    """Bind the laws that can plan: those of the inputs asked about, with the baselines."""
    found = candidates(obs, law=law, y=y)
    if not (isinstance(law, str) and law == "auto"):
        inputs = found[0].law.inputs
        if inputs == ("x",):
            raise LawError(
                f"law {found[0].law.name!r} has one input without a name, so nothing can be chosen. A plan needs a "
                "law in named inputs, such as chinchilla in n_params and n_tokens."
            )
        if prices.unique_tokens and not {"n_unique_tokens"} & set(inputs) and not prices.price_per_token:
            raise OptionError(
                f"law {found[0].law.name!r} counts every repeat as new, so unique_tokens says nothing to it. Take "
                'law="repeated_data", or stop before data repeat: at_most={"n_tokens": ...}.'
            )
        return found
    obs.require(*sorted(SIZES))
    wanted = SIZES | ({"n_unique_tokens"} if prices.unique_tokens and not prices.price_per_token else set())
    kept = [one for one in found if set(one.law.inputs) == wanted or one.law.baseline]
    if wanted != SIZES and all(one.law.baseline for one in kept):
        raise OptionError(
            "unique_tokens needs a law that knows repeats, and for that a column n_unique_tokens (or n_epochs) in the "
            'table. Add it, or stop before data repeat: at_most={"n_tokens": ...}.'
        )
    return kept


def checked(
    asked: Mapping[str, Values], target_loss: Values, n_params: float | None, n_tokens: float | None, prices: Prices
) -> tuple[str, Values]:
    """Refuse what cannot be planned; return the unit of budgets, and the budgets."""
    given = [name for name, values in asked.items() if values]
    if not given and not target_loss:
        raise OptionError(
            "nothing to plan: give budgets as flops=... (such as 1e21), dollars=... or gpu_hours=..., or a loss to "
            "reach as target_loss=... (such as 2.5)."
        )
    if len(given) > 1:
        raise OptionError(f"give budgets in one unit, not in {' and '.join(given)}.")
    if (n_params or n_tokens) and not target_loss:
        raise OptionError("n_params and n_tokens fix one side of a target; give target_loss too, or say fix.")
    if n_params and n_tokens:
        raise OptionError("give n_params or n_tokens, not both: the target then leaves nothing to find.")
    prices_told = {
        name: (value,) for name, value in vars(prices).items() if isinstance(value, int | float) and name != "cost"
    }
    for name, values in {**asked, "target_loss": target_loss, **prices_told}.items():
        bad = [v for v in values if not (np.isfinite(v) and v > 0)]
        if bad:
            raise OptionError(f"{name} must be above 0 and finite, found {bad[0]:g}.")
    for name in ("mfu", "inference_mfu"):
        share = getattr(prices, name)
        if share is not None and share > 1:
            raise OptionError(f"{name} is a share of the peak rate, at most 1; found {share:g}.")
    unit = BUDGETS[given[0]] if given else _unit(prices)
    own = callable(prices.cost) or prices.cost not in COSTS
    if own and (prices.inference_tokens or prices.price_per_token or prices.flops_per_second):
        raise OptionError(
            "a cost function of your own stands for the whole cost, in the budget's unit; leave out "
            "inference_tokens, device, flops_per_second and prices, or count them in it."
        )
    if not own:
        prices.need(unit)
    return unit, asked[given[0]] if given else ()


def _unit(prices: Prices) -> str:
    """Tell targets in the dearest unit that there are prices for."""
    if not prices.flops_per_second:
        return "FLOPs"
    return "USD" if prices.price_per_gpu_hour else "GPU-hours"
