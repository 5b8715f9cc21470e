"""A forecast told to a person."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.special import ndtri

from isoperf.columns import COLUMNS
from isoperf.estimate import Estimate, Status
from isoperf.fitting.figures import along, fit_figure, is_joint, residual_figure
from isoperf.fitting.optimum import compute_optimal
from isoperf.fitting.points import target_inputs
from isoperf.fitting.result import BEYOND
from isoperf.fitting.show import cautions, fit_blocks, fit_warnings, source_name, told_provenance
from isoperf.fitting.show_study import law_table
from isoperf.predict.laws.forecast import Forecast
from isoperf.report import Block, Caveat, Column, Figure, Heading, Layer, Line, Points, Prose, Report, Table
from isoperf.report.cells import number, said

__all__ = ["forecast_blocks", "forecast_report", "reach_figure", "within"]

STEPS = 60
FEW_CURVES = 3  # forecasts need room in the legend
MOST_TOLD = 2  # targets told in sentences; the table has all


def forecast_report(made: Forecast) -> Report:
    """Forecast first, then the laws behind it, then the fit."""
    details = (residual_figure(made.fit),) if np.isfinite(made.fit.objective) else ()
    blocks = [
        *forecast_blocks(made),
        Heading("Which law"),
        *law_table(made.study),
        *fit_blocks(made.fit, details),
    ]
    provenance = told_provenance(made.fit.provenance)
    return Report(f"Forecast from {source_name(made.fit.provenance)}", tuple(blocks), provenance)


def forecast_blocks(made: Forecast) -> list[Block]:
    """The forecast itself."""
    return [Heading("In short"), Prose(_answer(made)), *_warnings(made), _table(made), reach_figure(made)]


def within(known: Estimate) -> Estimate:
    """Leave out of a table what every row of it would repeat: the unit, and that a forecast lies beyond the data."""
    return replace(known, unit="", status=Status.OK if known.status is Status.EXTRAPOLATED else known.status)


def _table(made: Forecast) -> Table:
    output = made.fit.binding[made.fit.law.output]
    names = list(made.targets.columns)
    columns = (
        *(Column("compute" if name == "flops" else name, _unit(made, name)) for name in names),
        Column(output, made.runs.unit, "prediction with the interval for a new run"),
        Column("law alone", "", "interval of the chosen law's parameters alone"),
        Column("reach", "", "scale over the largest measured"),
    )
    rows = tuple(
        (*(row[name] for name in names), within(run), within(law), f"{np.exp(reach):.3g}x")
        for row, run, law, reach in zip(
            made.targets.to_dicts(), made.runs, made.law, made.outlook.distance, strict=True
        )
    )
    optimal = "Sizes are the compute-optimal ones for each budget. " if made.optimal else ""
    reach = "Reach: how far beyond the largest run measured. "
    return Table(f"Forecast of {output}", columns, rows, optimal + reach + _parts(made))


def _unit(made: Forecast, column: str) -> str:
    known = COLUMNS.get(column)
    return made.targets.units.get(column, "") or (known.unit if known else "")


def _answer(made: Forecast) -> str:
    output = made.fit.binding[made.fit.law.output]
    rehearsed = len(made.study.rehearsals.origins)
    basis = (
        f"The width comes from {rehearsed} rehearsals, each predicting larger runs from smaller ones."
        if rehearsed
        else "The table is too small for a rehearsal, so the width rests on assumption: read it as a guess."
    )
    level = f"; brackets should hold {made.runs.level:.0%} of such runs" if made.runs[0].low is not None else ""
    rows = list(zip(made.targets.to_dicts(), made.runs, strict=True))
    told = [
        f"A new run with {_listed([_word(made, name, float(row[name])) for name in made.targets.columns])} is expected "
        f"to measure {output} **{said(run)}** {run.unit}".rstrip()
        for row, run in rows[:MOST_TOLD]
    ]
    more = "" if len(rows) <= MOST_TOLD else f" The table below tells all {len(rows)}."
    return "\n\n".join([f"{told[0]} (`{made.fit.law.name}`{level}).", *(f"{text}." for text in told[1:]), basis + more])


def _word(made: Forecast, column: str, value: float) -> str:
    unit = _unit(made, column)
    return f"{number(value, unit)} {unit}" if unit in ("FLOPs", "params", "tokens") else f"{column} {number(value)}"


def _listed(words: list[str]) -> str:
    return " and ".join(words) if len(words) < 3 else f"{', '.join(words[:-1])} and {words[-1]}"


def _parts(made: Forecast) -> str:
    parts = made.outlook.parts
    shares = {
        "parameters": parts.fit[0],
        "choice of law": parts.law[0],
        "run-to-run noise": parts.noise[0],
        "misfit of any law": parts.misfit[0],
    }
    unit = 100.0 if made.study.rehearsals.log else 1.0
    sign = " %" if made.study.rehearsals.log else ""
    listed = ", ".join(f"{name} {value * unit:.2g}{sign}" for name, value in shares.items())
    return f"Standard deviation of the first row, part by part: {listed}.{_widened(made)}"


def _widened(made: Forecast) -> str:
    """Say how many standard deviations the interval of the first row spans, where rehearsals asked for many."""
    run, parts = made.runs[0], made.outlook.parts
    if run.value is None or run.high is None or run.value <= 0 or not made.study.rehearsals.origins:
        return ""
    half = np.log(run.high / run.value) if made.study.rehearsals.log else run.high - run.value
    times = float(half / parts.total[0])
    plain = float(ndtri((1 + made.runs.level) / 2))
    if times < 1.5 * plain:
        return ""
    return (
        f" The interval spans {times:.2g} of them on either side, not the usual {plain:.2g}, because rehearsals "
        "missed by as much or were few."
    )


def _warnings(made: Forecast) -> list[Caveat]:
    found = fit_warnings(made.fit) if made.status in (Status.TOO_FEW, Status.NOT_CONVERGED) else cautions(made.fit)
    far = float(np.exp(made.outlook.distance.max()))
    origins = made.study.rehearsals.origins
    rehearsed = max((float(np.exp(origin.distance.max())) for origin in origins), default=1.0)
    if far > BEYOND:
        text = f"The farthest target lies {far:.3g} times beyond the largest run measured"
        seen = f"; rehearsals reached {rehearsed:.3g} times." if origins else "."
        serious = far > 1.5 * rehearsed
        note = " Beyond that the interval has not been tested." if serious else ""
        found.append(Caveat(text + seen + note, kind="warning" if serious else "note"))
    low = float(np.nanmin(made.runs.low)) if np.isfinite(made.runs.low).any() else np.inf
    if low <= 0 < float(made.fit.observed.min()) and not made.study.rehearsals.log:
        output = made.fit.binding[made.fit.law.output]
        found.append(
            Caveat(
                f"The interval reaches down to {low:.3g}, though every measured {output} is above 0: "
                f"`{made.fit.law.name}` says little that far out. Add runs nearer the target."
            )
        )
    winner = min(made.study.scores.values(), key=lambda s: s.error, default=None)
    if winner is not None and winner.baseline:
        found.append(Caveat(f"The baseline `{winner.law}` predicted held-out runs better than any law."))
    return found


def reach_figure(made: Forecast) -> Figure:
    """Measured runs, the law over them, and forecasts with their intervals along the scale."""
    fit, runs = made.fit, made.runs
    known = next(data for data in made.study.candidates if data.law.name == fit.law.name)
    asked = target_inputs(made.targets, [known])[fit.law.name]
    at = along(fit.law, dict(zip(fit.law.inputs, asked, strict=True)))
    ahead: list[Layer] = [Points("forecast", at, runs.value, low=runs.low, high=runs.high, role="plan")]
    optimal = made.optimal and is_joint(fit)
    if optimal:
        budgets = np.geomspace(float(fit.law.scale(fit.inputs).min()), float(at.max()) * 1.3, STEPS)
        best = compute_optimal(fit.law, dict(fit.values), budgets).output[0]
        ahead.insert(0, Line("compute-optimal", budgets, best, role="plan", dashed=True))
    drawn = fit_figure(fit, ahead=tuple(ahead), sizes=0 if optimal else FEW_CURVES)
    path = "The dashed line is the law at its compute-optimal size." if optimal else ""
    caption = f"{drawn.caption} {path} Bars on forecasts hold {runs.level:.0%} of new runs."
    return replace(drawn, caption=" ".join(caption.split()))
