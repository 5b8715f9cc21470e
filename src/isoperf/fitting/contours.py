"""Lines of equal loss over compute and size, with the compute-optimal path."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from isoperf.fitting.figures import axis, is_joint
from isoperf.fitting.optimum import compute_optimal
from isoperf.fitting.result import Fit
from isoperf.identities import FLOPS_PER_PARAM_TOKEN
from isoperf.report import Contour, Figure, Layer, Line, Points, Rule

__all__ = ["contour_figure"]

Floats = NDArray[np.float64]
AROUND = 8.0  # contours reach this factor beyond the tokens per parameter measured or planned
BUDGETS, SIZES = 56, 48


def contour_figure(fit: Fit, planned: Points | None = None) -> Figure | None:
    """Lines of equal loss near the runs and the plan; ``None`` without parameters and tokens.

    Parameters
    ----------
    planned : planned sizes over compute, with their intervals.
    """
    if not is_joint(fit) or not fit.n_rows:
        return None
    size, flops = fit.inputs["n_params"], fit.law.scale(fit.inputs)
    budgets = np.geomspace(flops.min() / 1.5, max([flops.max() * 3, *_xs(planned, 1.5)]), BUDGETS)
    path = compute_optimal(fit.law, dict(fit.values), budgets).n_params[0]
    spots = np.concatenate([size, path[np.isfinite(path)], _sizes(planned)])
    sizes = np.geomspace(spots.min() / 1.5, spots.max() * 1.5, SIZES)
    layers: list[Layer] = [
        Contour(f"equal {fit.binding[fit.law.output]}", budgets, sizes, _heights(fit, budgets, sizes, path)),
        Line("compute-optimal", budgets, path, role="plan"),
        Points("measured", flops, size, role="data"),
        Rule("largest run measured", x=float(flops.max())),
    ]
    return Figure(
        "Equal loss over compute and size",
        axis("flops", log=True),
        axis("n_params", log=True),
        (*layers, planned) if planned else tuple(layers),
        "Along a contour every run ends at the same loss; the compute-optimal path takes the cheapest point of each.",
        sketched=False,
    )


def _xs(planned: Points | None, factor: float) -> list[float]:
    return [x * factor for x in planned.x] if planned else []


def _sizes(planned: Points | None) -> Floats:
    if planned is None:
        return np.empty(0)
    return np.array([*planned.y, *(planned.low or ()), *(planned.high or ())], dtype=float)


def _heights(fit: Fit, budgets: Floats, sizes: Floats, path: Floats) -> Floats:
    """The law over the grid; unknown far from the runs and the path, and where it is worse than any run."""
    c, n = np.meshgrid(budgets, sizes)
    tokens = c / (FLOPS_PER_PARAM_TOKEN * n)
    z = np.asarray(fit.law.predict(fit.values, n_params=n, n_tokens=tokens))
    ratio = fit.inputs["n_tokens"] / fit.inputs["n_params"]
    low, high = ratio.min() / AROUND, ratio.max() * AROUND
    with np.errstate(invalid="ignore"):
        best = budgets / (FLOPS_PER_PARAM_TOKEN * path**2)
    low, high = np.fmin(low, best / AROUND), np.fmax(high, best * AROUND)
    near = (tokens / n >= low) & (tokens / n <= high) & (z <= float(np.nanmax(fit.observed)) * 1.1)
    return np.where(near, z, np.nan)
