"""A fit told to a person."""

from __future__ import annotations

import numpy as np

from isoperf.estimate import Estimate, Status, format_number
from isoperf.fitting.figures import contour_figure, fit_figure, residual_figure
from isoperf.fitting.result import Fit
from isoperf.report import Block, Caveat, Column, Facts, Figure, Heading, Prose, Report, Table

__all__ = ["fit_blocks", "fit_report", "fit_warnings", "parameter_table"]


def fit_report(fit: Fit) -> Report:
    """Parameters, how well they are known, figures, warnings."""
    title = f"{fit.law.name} fitted to {fit.provenance.get('source', 'data')}"
    return Report(title, tuple(fit_blocks(fit)), dict(fit.provenance))


def fit_blocks(fit: Fit) -> list[Block]:
    """Blocks that describe a fit, for reports of their own and as part of others."""
    figures: list[Figure] = [fit_figure(fit), residual_figure(fit)] if np.isfinite(fit.objective) else []
    contour = contour_figure(fit) if fit.status not in (Status.TOO_FEW, Status.NOT_CONVERGED) else None
    return [
        Heading("Fit"),
        Prose(_sentence(fit)),
        *fit_warnings(fit),
        parameter_table(fit),
        *figures,
        *([contour] if contour else []),
        Facts("How it was fitted", _facts(fit)),
    ]


def _sentence(fit: Fit) -> str:
    scale = f"{np.expm1(fit.sd):.2%} of the value" if fit.noise.log else f"{fit.sd:.4g} {fit.unit}".rstrip()
    return (
        f"`{fit.law.name}` ({fit.law.title}) through {fit.n_rows} rows of {fit.provenance.get('source', 'data')}. "
        f"Measured values scatter about it by {scale} (one standard deviation)."
    )


def parameter_table(fit: Fit) -> Table:
    """One row per parameter with its interval."""
    rows = []
    for param in fit.law.params:
        known = fit.parameters()[param.name]
        bare = Estimate(known.value, known.low, known.high, known.level, "", known.status)
        rows.append((param.name, param.symbol, bare, known.unit))
    columns = (Column("parameter"), Column("symbol"), Column("value"), Column("unit"))
    return Table(
        "Parameters",
        columns,
        tuple(rows),
        f"Intervals hold {fit.level:.0%} of {len(fit.draws)} bootstrap refits. Coefficients and exponents move "
        "together: compare predictions, not coefficients, across papers.",
    )


def fit_warnings(fit: Fit) -> list[Caveat]:
    """What a reader must know before using the fit."""
    found = []
    for name, status in fit.param_status.items():
        if status is not Status.OK:
            found.append(f"`{name}` is **{status.value}**: {status.meaning}. {_advice(status)}")
    if fit.status is Status.TOO_FEW:
        need = len(fit.law.params) + 1
        found = [
            f"**too_few**: {fit.n_rows} rows cannot determine {len(fit.law.params)} parameters; at least {need} "
            "rows that differ in their inputs are needed, and twice as many to be sure."
        ]
    facts = fit.diagnostics
    if fit.status is not Status.TOO_FEW and facts.n_agree < 2 <= facts.n_starts:
        found.append("Only one of the starts reached the best objective: a better optimum may have been missed.")
    if len(fit.draws) and facts.settled < 0.99:
        found.append(f"{1 - facts.settled:.1%} of the bootstrap refits did not settle.")
    derived = [name for name in fit.provenance if name.startswith("derived ")]
    notes = [f"`{d.removeprefix('derived ')}` was derived: {fit.provenance[d]}." for d in derived]
    return [Caveat(text) for text in found] + [Caveat(text, kind="note") for text in notes]


def _advice(status: Status) -> str:
    return {
        Status.NOT_IDENTIFIED: "Vary the inputs it multiplies over a wider range, or choose a law without it.",
        Status.AT_BOUND: "The law may not suit these rows; compare others with `validate`.",
        Status.NOT_CONVERGED: "Raise the number of starts, or choose a simpler law.",
    }.get(status, "")


def _facts(fit: Fit) -> tuple[tuple[str, str], ...]:
    facts, noise = fit.diagnostics, fit.noise
    scale = "relative (log)" if noise.log else "absolute"
    turning = f", turning linear at {noise.delta:.3g}" if noise.robust else ""
    condition = f"{facts.condition:.3g}" if np.isfinite(facts.condition) else "infinite"
    return (
        ("noise model", f"{noise.name}: {scale} residuals{turning}"),
        ("objective", f"{fit.objective:.6g} (sum of costs over {fit.n_rows} rows)"),
        ("rows in the quadratic zone", f"{facts.quadratic_share:.0%}"),
        ("starts", f"{facts.n_agree} of {facts.n_starts} within 1 % of the best objective"),
        ("condition number", condition),
        ("residual standard deviation", f"{facts.residual_sd:.4g} (robust {facts.robust_sd:.4g})"),
        ("columns", ", ".join(f"{w} = {c}" if w != c else w for w, c in fit.binding.items())),
        ("data range", "; ".join(_range(fit, name) for name in fit.law.inputs)),
    )


def _range(fit: Fit, name: str) -> str:
    x = fit.inputs[name]
    return f"{fit.binding[name]} {format_number(float(x.min()))} to {format_number(float(x.max()))}"
