"""A fit told to a person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

import numpy as np

from isoperf.estimate import Estimate, Status, format_number
from isoperf.fitting.contours import contour_figure
from isoperf.fitting.figures import fit_figure, residual_figure
from isoperf.fitting.result import Fit
from isoperf.report import Block, Caveat, Column, Facts, Figure, Heading, Prose, Report, Table
from isoperf.report.cells import number

__all__ = [
    "cautions",
    "fit_blocks",
    "fit_figures",
    "fit_report",
    "fit_warnings",
    "parameter_table",
    "source_name",
    "told_provenance",
]


def fit_report(fit: Fit) -> Report:
    """Parameters, how well they are known, figures, warnings."""
    title = f"{fit.law.name} fitted to {source_name(fit.provenance)}"
    return Report(title, tuple(fit_blocks(fit, fit_figures(fit), heading="In short")), told_provenance(fit.provenance))


def fit_blocks(fit: Fit, figures: Iterable[Figure] = (), *, heading: str = "Fit details") -> list[Block]:
    """Blocks that describe a fit, for reports of their own and as part of others."""
    return [
        Heading(heading),
        Prose(_sentence(fit)),
        *fit_warnings(fit),
        parameter_table(fit),
        *figures,
        Facts("How it was fitted", _facts(fit)),
    ]


def fit_figures(fit: Fit) -> list[Figure]:
    """Every figure that a fit can bear: the runs with the law, its residuals, lines of equal loss."""
    found = [fit_figure(fit), residual_figure(fit)] if np.isfinite(fit.objective) else []
    contour = contour_figure(fit) if fit.status not in (Status.TOO_FEW, Status.NOT_CONVERGED) else None
    return [*found, *([contour] if contour else [])]


def source_name(provenance: Mapping[str, str]) -> str:
    """Return what to call the table: a named table's own name, else its file."""
    return provenance.get("source", "data").removeprefix("isoperf.datasets:")


def told_provenance(known: Mapping[str, str]) -> dict[str, str]:
    """Return where the numbers come from as a person reads it, with the day of the report."""
    told = {name: value for name, value in known.items() if name not in ("bootstrap", "draws")}
    if "draws" in known:
        told["draws"] = f"{known['draws']} (bootstrap: {known.get('bootstrap', 'none')})"
    return {**told, "made": f"{datetime.now(UTC):%Y-%m-%d}"}


def _sentence(fit: Fit) -> str:
    rows = f"{fit.n_rows} row{'s' * (fit.n_rows != 1)} of {source_name(fit.provenance)}"
    what = f"`{fit.law.name}` ({fit.law.title}) through {rows}."
    if not np.isfinite(fit.sd):
        return f"{what} There are too few to say how far measured values scatter about it."
    scale = f"{np.expm1(fit.sd):.2%} of the value" if fit.noise.log else f"{fit.sd:.4g} {fit.unit}".rstrip()
    return f"{what} Measured values scatter about it by {scale} (one standard deviation)."


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
        f"From {len(fit.draws)} bootstrap refits. Coefficients and exponents move "
        "together: compare predictions, not coefficients, across papers.",
    )


def fit_warnings(fit: Fit) -> list[Caveat]:
    """What a reader must know before using the fit."""
    found = []
    for name, status in fit.param_status.items():
        if status is not Status.OK:
            found.append(f"`{name}` is **{status.value}**: {status.meaning}. {_advice(status)}")
    if fit.status is Status.TOO_FEW:
        found = [_too_few(fit)]
    facts = fit.diagnostics
    if fit.status is not Status.TOO_FEW and facts.n_agree < 2 <= facts.n_starts:
        found.append("Only one of the starts reached the best objective: a better optimum may have been missed.")
    if len(fit.draws) and facts.settled < 0.99:
        found.append(f"{1 - facts.settled:.1%} of the bootstrap refits did not settle.")
    notes = [f"`{column}` was derived: {formula}." for column, formula in fit.derived.items()]
    return [Caveat(text) for text in found] + cautions(fit) + [Caveat(text, kind="note") for text in notes]


def cautions(fit: Fit) -> list[Caveat]:
    """What the table says against the fit."""
    return [Caveat(text) for text in fit.cautions]


def _too_few(fit: Fit) -> str:
    if fit.law.last_only:
        return f"**too_few**: `{fit.law.name}` reads the last point only, which says nothing of its own error."
    distinct = np.unique(np.stack(list(fit.inputs.values())), axis=1).shape[1]
    need = len(fit.law.params) + 1
    return (
        f"**too_few**: {fit.n_rows} rows at {distinct} different inputs cannot determine {len(fit.law.params)} "
        f"parameters; at least {need} different inputs are needed, and twice as many to be sure."
    )


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
        ("objective", f"{format_number(fit.objective, 6)} (sum of costs over {fit.n_rows} rows)"),
        ("rows in the quadratic zone", f"{facts.quadratic_share:.0%}"),
        ("starts", f"{facts.n_agree} of {facts.n_starts} within 1 % of the best objective"),
        ("condition number", condition),
        (
            "residual standard deviation",
            f"{format_number(facts.residual_sd)} (robust {format_number(facts.robust_sd)})",
        ),
        ("columns", ", ".join(f"{w} = {c}" if w != c else w for w, c in fit.binding.items())),
        ("data range", "; ".join(_range(fit, name) for name in fit.law.inputs)),
    )


def _range(fit: Fit, name: str) -> str:
    x = fit.inputs[name]
    low, high = (number(float(end), fit.units.get(name, "")) for end in (x.min(), x.max()))
    return f"{fit.binding[name]} {low} to {high}"
