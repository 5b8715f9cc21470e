"""Figures of a fitted law: the fit with its band, its residuals, and iso-loss contours."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from isoperf.columns import COLUMNS
from isoperf.fitting.data import LawData
from isoperf.fitting.optimum import FLOPS_PER_PARAM_TOKEN, compute_optimal
from isoperf.fitting.result import Fit
from isoperf.report import Axis, Band, Contour, Figure, Layer, Line, Points, Rule

__all__ = ["axis", "contour_figure", "fit_figure", "residual_figure"]

Floats = NDArray[np.float64]
MAX_CURVES = 5
STEPS = 60
MARGIN = 1.3
ROLES = ("fit", "alternative", "plan", "heldout", "muted")


def axis(column: str, unit: str = "", *, log: bool = False) -> Axis:
    """Describe the axis of a known column, or of any other by its name."""
    known = COLUMNS.get(column)
    return Axis(column, unit or (known.unit if known else ""), log)


def fit_figure(fit: Fit, unseen: LawData | None = None) -> Figure:
    """The law over its data: one curve with its band, or one per size when there are two inputs.

    ``unseen`` rows are drawn in as held out.
    """
    law, x_name = fit.law, fit.law.inputs[-1] if len(fit.law.inputs) == 2 else fit.law.inputs[0]
    layers: list[Layer] = []
    if len(law.inputs) == 2:
        layers.extend(_curves_per_level(fit, law.inputs[0], x_name))
        what = f"one line per {law.inputs[0]}"
    elif len(law.inputs) == 1:
        layers.extend(_curve(fit, x_name))
        what = "line and band"
    else:
        return residual_figure(fit)
    if unseen is not None:
        at = unseen.inputs[fit.law.inputs.index(x_name)]
        labels = [f"{_short(level)}" for level in unseen.inputs[0]]
        layers.append(Points("held out", at, unseen.y, labels=labels, role="heldout"))
    positive = bool((fit.inputs[x_name] > 0).all())
    return Figure(
        f"{fit.binding[law.output]} against {fit.binding[x_name]}",
        axis(fit.binding[x_name], fit.units.get(x_name, ""), log=positive),
        axis(fit.binding[law.output], fit.unit, log=fit.noise.log),
        tuple(layers),
        f"{law.title}: {what}, with the {fit.level:.0%} interval of the law itself.",
    )


def _curve(fit: Fit, x_name: str) -> list[Layer]:
    x = fit.inputs[x_name]
    grid = _spread(x)
    known = fit.predict(**{x_name: grid})
    layers: list[Layer] = [Points("measured", x, fit.observed)]
    if np.isfinite(known.low).all():
        layers.insert(0, Band(f"{fit.level:.0%} interval", grid, known.low, known.high))
    return [*layers, Line(fit.law.name, grid, known.value)]


def _curves_per_level(fit: Fit, level_name: str, x_name: str) -> list[Layer]:
    levels, x = fit.inputs[level_name], fit.inputs[x_name]
    layers: list[Layer] = []
    for centre in _representatives(levels):
        near = np.abs(np.log(levels / centre)) < 0.12
        grid = _spread(x[near])
        known = fit.predict(**{level_name: np.full(STEPS, centre), x_name: grid})
        label = f"{_short(centre)} {level_name.removeprefix('n_')}"
        if np.isfinite(known.low).all():
            layers.append(Band(label, grid, known.low, known.high))
        layers.append(Line(label, grid, known.value))
    words = [f"{_short(level)} {level_name.removeprefix('n_')}" for level in levels]
    return [*layers, Points("measured", x, fit.observed, labels=words)]


def _representatives(levels: Floats) -> Floats:
    """A few levels spread over those that were measured most."""
    distinct = np.unique(levels)
    if len(distinct) <= MAX_CURVES:
        return distinct
    return distinct[np.unique(np.linspace(0, len(distinct) - 1, MAX_CURVES).round().astype(int))]


def _spread(x: Floats) -> Floats:
    if (x > 0).all():
        return np.geomspace(x.min() / MARGIN, x.max() * MARGIN, STEPS)
    return np.linspace(x.min(), x.max(), STEPS)


def _short(x: float) -> str:
    from isoperf.estimate import format_number

    return format_number(float(x), 3)


def residual_figure(fit: Fit) -> Figure:
    """What the law leaves over, along the scale."""
    inputs = dict(fit.inputs)
    scale = fit.law.scale(inputs)
    sign = np.expm1(fit.residuals) * 100 if fit.noise.log else fit.residuals
    band = (np.exp(2 * fit.sd) - 1) * 100 if fit.noise.log else 2 * fit.sd
    joint = {"n_params", "n_tokens"} <= set(inputs)
    label = "flops" if joint else fit.binding[fit.law.inputs[0]]
    unit = "%" if fit.noise.log else fit.unit
    return Figure(
        "Residuals",
        axis(label, log=bool((scale > 0).all())),
        Axis("measured minus law", unit),
        (
            Rule("no error", y=0.0),
            Rule("+2 sd", y=float(band)),
            Rule("-2 sd", y=-float(band)),
            Points("residual", scale, sign),
        ),
        "A pattern here is something the law does not describe; scatter is noise.",
    )


def contour_figure(fit: Fit, marks: Iterable[tuple[float, float]] = (), *, flops_to: float = 0.0) -> Figure | None:
    """Lines of equal loss over compute and size, with the compute-optimal path; ``None`` without both inputs.

    Parameters
    ----------
    marks : planned (flops, n_params) points; flops_to : draw the plane at least this far.
    """
    if set(fit.law.inputs) != {"n_params", "n_tokens"} or not fit.n_rows:
        return None
    size, flops = fit.inputs["n_params"], fit.law.scale(dict(fit.inputs))
    planned = list(marks)
    far = max([flops.max() * 3, flops_to, *(c * 1.5 for c, _ in planned)])
    budgets = np.geomspace(flops.min() / 1.5, far, 48)
    path = compute_optimal(fit.law, dict(fit.values), budgets).n_params[0]
    tall = [size.max(), *(n for _, n in planned), *path[np.isfinite(path)]]
    low = [size.min(), *path[np.isfinite(path)]]
    sizes = np.geomspace(min(low) / 1.5, max(tall) * 1.5, 40)
    c, n = np.meshgrid(budgets, sizes)
    z = np.asarray(fit.law.predict(fit.values, n_params=n, n_tokens=c / (FLOPS_PER_PARAM_TOKEN * n)))
    cap = float(np.nanmax(fit.observed)) * 1.1
    z = np.where(z <= cap, z, np.nan)
    layers: list[Layer] = [
        Contour(fit.binding[fit.law.output], budgets, sizes, z),
        Line("compute-optimal", budgets, path, role="plan"),
        Points("measured", flops, size, role="data"),
    ]
    if planned:
        layers.append(Points("plan", [c for c, _ in planned], [n for _, n in planned], role="plan"))
    return Figure(
        "Equal loss over compute and size",
        axis("flops", log=True),
        axis("n_params", log=True),
        tuple(layers),
        "Along a contour every point is equally good; the compute-optimal path takes the cheapest of each.",
    )
