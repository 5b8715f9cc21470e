"""A forecast told to a person."""

from __future__ import annotations

import numpy as np

from isoperf.estimate import Estimate, Status
from isoperf.fitting.figures import axis
from isoperf.fitting.show import fit_blocks, fit_warnings
from isoperf.fitting.study import Study
from isoperf.predict.forecast import Forecast
from isoperf.report import Block, Caveat, Column, Figure, Heading, Points, Prose, Report, Table

__all__ = ["forecast_blocks", "forecast_report", "law_table", "reach_figure"]


def forecast_report(made: Forecast) -> Report:
    """Forecast first, then the laws behind it, then the fit."""
    source = made.fit.provenance.get("source", "data")
    blocks = [*forecast_blocks(made), Heading("Which law"), *law_table(made.study), *fit_blocks(made.fit)]
    return Report(f"Forecast from {source}", tuple(blocks), dict(made.fit.provenance))


def forecast_blocks(made: Forecast) -> list[Block]:
    """The forecast itself."""
    output = made.fit.binding[made.fit.law.output]
    names = [name for name in made.targets.columns]
    columns = (
        *(Column(name, made.targets.units.get(name, "")) for name in names),
        Column(output, made.runs.unit, "prediction with the interval for a new run"),
        Column("law only", made.runs.unit, "interval of the chosen law's parameters alone"),
        Column("reach", "", "compute over the largest measured"),
    )
    rows = [
        (
            *(row[name] for name in names),
            run,
            Estimate(law.value, law.low, law.high, law.level),
            f"{np.exp(reach):.3g}x",
        )
        for row, run, law, reach in zip(
            made.targets.to_dicts(), made.runs, made.law, made.outlook.distance, strict=True
        )
    ]
    optimal = "Sizes are the compute-optimal ones for each budget. " if made.optimal else ""
    table = Table(f"Forecast of {output}", columns, tuple(rows), optimal + _parts(made))
    return [Heading("Forecast"), Prose(_answer(made)), *_warnings(made), table, reach_figure(made)]


def _answer(made: Forecast) -> str:
    run, output = made.runs[0], made.fit.binding[made.fit.law.output]
    rehearsed = len(made.study.rehearsals.origins)
    basis = (
        f"The width comes from {rehearsed} rehearsals, each predicting larger runs from smaller ones."
        if rehearsed
        else "The table is too small for a rehearsal, so the width rests on assumption: read it as a guess."
    )
    return (
        f"A new run is expected at **{run}** {output} (`{made.fit.law.name}`; "
        f"the interval should hold {made.runs.level:.0%} of such runs). {basis}"
    )


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
    return f"Standard deviation of the first row, part by part: {listed}."


def _warnings(made: Forecast) -> list[Caveat]:
    found = fit_warnings(made.fit) if made.status in (Status.TOO_FEW, Status.NOT_CONVERGED) else []
    far = float(np.exp(made.outlook.distance.max()))
    origins = made.study.rehearsals.origins
    rehearsed = max((float(np.exp(origin.distance.max())) for origin in origins), default=1.0)
    if far > 1.001:
        text = f"The farthest target lies {far:.3g} times beyond the largest compute measured"
        seen = f"; rehearsals reached {rehearsed:.3g} times." if origins else "."
        serious = far > 1.5 * rehearsed
        note = " Beyond that the interval has not been tested." if serious else ""
        found.append(Caveat(text + seen + note, kind="warning" if serious else "note"))
    winner = min(made.study.scores.values(), key=lambda s: s.error, default=None)
    if winner is not None and winner.baseline:
        found.append(Caveat(f"The baseline `{winner.law}` predicted held-out runs better than any law."))
    return found


def reach_figure(made: Forecast) -> Figure:
    """Measured rows and forecasts along the scale."""
    law, output = made.fit.law, made.fit.binding[made.fit.law.output]
    scale = law.scale(dict(made.fit.inputs))
    joint = {"n_params", "n_tokens"} <= set(law.inputs)
    label = "flops" if joint else made.fit.binding[law.inputs[0]]
    at = scale.max() * np.exp(made.outlook.distance)
    runs = made.runs
    return Figure(
        f"{output}: measured and forecast",
        axis(label, log=True),
        axis(output, made.fit.unit, log=made.fit.noise.log),
        (
            Points("measured", scale, made.fit.observed),
            Points("forecast", at, runs.value, low=runs.low, high=runs.high, role="plan"),
        ),
        f"Bars hold {runs.level:.0%} of new runs.",
    )


def law_table(known: Study) -> list[Block]:
    """How every law fared at scales it had not seen."""
    if not known.scores:
        return [Caveat("Too few rows to rehearse: the law was chosen by a corrected information criterion.")]
    unit = "%" if known.rehearsals.log else ""
    factor = 100.0 if known.rehearsals.log else 1.0
    rows = tuple(
        (
            f"**{s.law}**" if s.law == known.chosen else s.law,
            s.n_params,
            s.error * factor,
            s.bias * factor,
            known.weights.get(s.law, 0.0),
            "baseline" if s.baseline else "chosen" if s.law == known.chosen else "",
        )
        for s in sorted(known.scores.values(), key=lambda s: s.error)
    )
    columns = (
        Column("law"),
        Column("parameters"),
        Column("held-out error", unit, "typical absolute error on larger runs than it was fitted to"),
        Column("bias", unit, "predicted minus measured"),
        Column("weight", "", "share in the spread between laws"),
        Column("role"),
    )
    note = (
        f"From {len(known.rehearsals.origins)} rehearsals: fit up to a scale, predict the rows beyond. A law with "
        "fewer parameters within one standard error of the best is preferred; baselines are never chosen."
    )
    return [Table("Laws by held-out error", columns, rows, note)]
