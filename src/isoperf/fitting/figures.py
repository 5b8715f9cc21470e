"""Figures of a fitted law: the fit with its band over the runs, and its residuals."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from isoperf.columns import COLUMNS
from isoperf.fitting.data import LawData
from isoperf.fitting.result import Fit
from isoperf.identities import FLOPS_PER_PARAM_TOKEN
from isoperf.laws.base import Law
from isoperf.report import Axis, Band, Figure, Layer, Line, Points, Rule
from isoperf.report.cells import number

__all__ = ["along", "axis", "fit_figure", "is_joint", "residual_figure", "scale_axis"]

Floats = NDArray[np.float64]
MAX_CURVES = 4
STEPS = 60
MARGIN = 1.3
NEAR = 0.12  # sizes within this distance of each other, in logs, share a curve


def axis(column: str, unit: str = "", *, log: bool = False) -> Axis:
    """Describe the axis of a known column, or of any other by its name."""
    known = COLUMNS.get(column)
    return Axis("compute" if column == "flops" else column, unit or (known.unit if known else ""), log)


def scale_axis(fit: Fit) -> Axis:
    """Describe the axis along which a law is extrapolated: compute where it is known, else the first input."""
    first = fit.law.inputs[0]
    log = bool((along(fit.law, fit.inputs) > 0).all())
    if {"n_params", "n_tokens"} <= set(fit.law.inputs):
        return axis("flops", log=log)
    return axis(fit.binding[first], fit.units.get(first, ""), log=log)


def along(law: Law, inputs: Mapping[str, Floats]) -> Floats:
    """Return where rows lie on that axis, (n,): not every law's scale grows with its first input."""
    return law.scale(inputs) if {"n_params", "n_tokens"} <= set(law.inputs) else inputs[law.inputs[0]]


def is_joint(fit: Fit) -> bool:
    """Whether the law's inputs are parameters and tokens, those two only."""
    return set(fit.law.inputs) == {"n_params", "n_tokens"}


def fit_figure(
    fit: Fit, unseen: LawData | None = None, ahead: tuple[Layer, ...] = (), *, sizes: int = MAX_CURVES
) -> Figure:
    """The law over its runs: one curve with its band, or one for each of a few sizes.

    Parameters
    ----------
    unseen : rows that the law did not see; drawn in as held out.
    ahead : layers beyond the data, such as forecasts.
    sizes : curves at most, for a law of parameters and tokens; none when something else tells the law.
    """
    x = along(fit.law, fit.inputs)
    if is_joint(fit):
        curves, what = _curves_by_size(fit, unseen, sizes), "Each line is the law at one size" if sizes else ""
    elif len(fit.law.inputs) == 1:
        curves, what = _curve(fit, _reach(x, unseen, ahead)), "The line is the law"
    else:
        curves, what = [Points("law", x, fit.law.predict(fit.values, **fit.inputs), role="fit")], "Circles are the law"
    shade = f", the shade its {fit.level:.0%} interval; single runs scatter more" if _banded(curves) else ""
    caption = f"{what}{shade}." if what else ""
    layers = [*curves, Points("measured", x, fit.observed, labels=_labels(fit.inputs))]
    if unseen is not None:
        inputs = dict(zip(unseen.law.inputs, unseen.inputs, strict=True))
        layers.append(Points("held out", _unseen(unseen), unseen.y, labels=_labels(inputs), role="heldout"))
        caption += " Diamonds are runs that it had not seen."
    if unseen is not None or ahead:
        layers.append(Rule("largest run fitted", x=float(x[fit.law.scale(fit.inputs).argmax()])))
    across = scale_axis(fit)
    up = axis(fit.binding[fit.law.output], fit.unit, log=fit.noise.log)
    title = f"{up.label[:1].upper()}{up.label[1:]} against {across.label}"
    return Figure(title, across, up, (*layers, *ahead), caption.strip())


def _banded(layers: list[Layer]) -> bool:
    return any(isinstance(layer, Band) for layer in layers)


def _reach(x: Floats, unseen: LawData | None, ahead: tuple[Layer, ...]) -> Floats:
    """Every place that the curve must span."""
    further = [np.asarray(layer.x, dtype=float) for layer in ahead if isinstance(layer, Points)]
    return np.concatenate([x, *further, *([_unseen(unseen)] if unseen is not None else [])])


def _unseen(rows: LawData) -> Floats:
    return along(rows.law, dict(zip(rows.law.inputs, rows.inputs, strict=True)))


def _curve(fit: Fit, x: Floats) -> list[Layer]:
    grid = _spread(x)
    known = fit.predict(level=fit.level, **{fit.law.inputs[0]: grid})
    line = Line(fit.law.name, grid, known.value)
    if not np.isfinite(known.low).all():
        return [line]
    return [Band(f"{fit.level:.0%} interval", grid, known.low, known.high), line]


def _curves_by_size(fit: Fit, unseen: LawData | None, most: int) -> list[Layer]:
    sizes, x = fit.inputs["n_params"], fit.law.scale(fit.inputs)
    wanted = sizes
    if unseen is not None:
        wanted = unseen.inputs[unseen.law.inputs.index("n_params")]
        sizes, x = np.concatenate([sizes, wanted]), np.concatenate([x, unseen.scale])
    layers: list[Layer] = []
    for size in _representatives(wanted, sizes, x, most):
        grid = _spread(x[_near(sizes, size)])
        tokens = grid / (FLOPS_PER_PARAM_TOKEN * size)
        known = fit.predict(level=fit.level, n_params=np.full(STEPS, size), n_tokens=tokens)
        label = f"{number(float(size), 'params')} params"
        if np.isfinite(known.low).all():
            layers.append(Band(label, grid, known.low, known.high))
        layers.append(Line(label, grid, known.value))
    return layers


def _near(sizes: Floats, size: float) -> NDArray[np.bool_]:
    return np.asarray(np.abs(np.log(sizes / size)) < NEAR)


def _representatives(wanted: Floats, sizes: Floats, x: Floats, most: int) -> Floats:
    """A few sizes spread over those wanted; ones measured at several places where there are such."""
    distinct = np.unique(wanted)
    several = np.array([len(np.unique(x[_near(sizes, size)])) > 1 for size in distinct])
    distinct = distinct[several] if several.any() else distinct
    chosen = np.unique(np.linspace(0, len(distinct) - 1, min(most, len(distinct))).round().astype(int))
    return np.asarray(distinct[chosen])


def _spread(x: Floats) -> Floats:
    if (x > 0).all():
        return np.geomspace(x.min() / MARGIN, x.max() * MARGIN, STEPS)
    return np.linspace(x.min(), x.max(), STEPS)


def _labels(inputs: Mapping[str, Floats]) -> list[str]:
    """Say of each row what its place along the axis does not."""
    if len(inputs) == 1:
        return [""] * len(next(iter(inputs.values())))
    words = [[f"{number(float(v), _unit(name))} {_unit(name) or name}" for v in x] for name, x in inputs.items()]
    return [", ".join(row) for row in zip(*words, strict=True)]


def _unit(column: str) -> str:
    known = COLUMNS.get(column)
    return known.unit if known else ""


def residual_figure(fit: Fit) -> Figure:
    """What the law leaves over, along the scale."""
    left = np.expm1(fit.residuals) * 100 if fit.noise.log else fit.residuals
    band = (np.exp(2 * fit.sd) - 1) * 100 if fit.noise.log else 2 * fit.sd
    spread = tuple(Rule("± 2 standard deviations", y=sign * float(band)) for sign in (1, -1) if np.isfinite(band))
    return Figure(
        "Residuals",
        scale_axis(fit),
        Axis("measured minus law", "%" if fit.noise.log else fit.unit),
        (Rule("the law", y=0.0), *spread, Points("run", along(fit.law, fit.inputs), left, labels=_labels(fit.inputs))),
        "A pattern here is something the law does not describe; scatter is noise.",
        sketched=False,
    )
