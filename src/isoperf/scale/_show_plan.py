"""A plan told to a person."""

from __future__ import annotations

import numpy as np

from isoperf.estimate import Estimate, Status
from isoperf.fitting.contours import contour_figure
from isoperf.fitting.figures import fit_figure, residual_figure
from isoperf.fitting.result import BEYOND
from isoperf.fitting.show import cautions, fit_blocks, fit_warnings, source_name, told_provenance
from isoperf.fitting.show_study import law_table
from isoperf.identities import FLOPS_PER_PARAM_TOKEN
from isoperf.report import Block, Caveat, Column, Heading, Points, Prose, Report, Table
from isoperf.report.cells import number, said
from isoperf.scale.plan import Plan

__all__ = ["plan_blocks", "plan_report"]


def plan_report(made: Plan) -> Report:
    """The plan first, then the fit it rests on."""
    drawn = (fit_figure(made.fit), residual_figure(made.fit)) if np.isfinite(made.fit.objective) else ()
    blocks = [*plan_blocks(made), Heading("Which law"), *law_table(made.study), *fit_blocks(made.fit, drawn)]
    provenance = told_provenance(made.fit.provenance)
    return Report(f"Plan from {source_name(made.fit.provenance)}", tuple(blocks), provenance)


def plan_blocks(made: Plan, heading: str = "In short") -> list[Block]:
    """The plan itself."""
    blocks: list[Block] = [Heading(heading), Prose(_answer(made)), *_warnings(made)]
    if made.budgets:
        blocks.append(_budget_table(made))
    if made.targets:
        blocks.append(_target_table(made))
    blocks.append(_detour_table(made))
    drawn = contour_figure(made.fit, _planned(made))
    return [*blocks, drawn] if drawn else blocks


def _planned(made: Plan) -> Points | None:
    """Planned sizes over compute, with their intervals where every one is known."""
    known = [(b.flops, b.n_params.value, b.n_params) for b in made.budgets if b.n_params.value is not None]
    if not known:
        return None
    flops, sizes, estimates = zip(*known, strict=True)
    ends = [(e.low, e.high) for e in estimates if e.low is not None and e.high is not None]
    if len(ends) < len(known):
        return Points("plan", flops, sizes, role="plan")
    return Points("plan", flops, sizes, [low for low, _ in ends], [high for _, high in ends], role="plan")


def _answer(made: Plan) -> str:
    sentences = [
        f"With {number(b.flops, 'FLOPs')} FLOPs, train **{said(b.n_params)} parameters** on "
        f"**{said(b.n_tokens)} tokens** and expect a {_output(made)} of **{said(b.loss)}**."
        for b in made.budgets[:2]
    ]
    for target in made.targets[:2]:
        if target.reached == 0 and target.flops.value is None and len(made.fit.draws):
            given = f" with {target.given}" if target.given else ""
            sentences.append(
                f"A {_output(made)} of {target.loss:g}{given} is **out of reach**: no fit ever gets there."
            )
        elif target.flops.low is None:
            sentences.append(
                f"Whether a {_output(made)} of {target.loss:g} can be reached at all, **the data do not decide**: "
                f"{1 - target.reached:.0%} of the fits never reach it."
            )
        else:
            sentences.append(f"A {_output(made)} of {target.loss:g} needs **{said(target.flops)} FLOPs**.")
    return "\n\n".join(sentences)


def _output(made: Plan) -> str:
    return made.fit.binding[made.fit.law.output]


def _warnings(made: Plan) -> list[Caveat]:
    found = fit_warnings(made.fit) if made.status is not Status.OK else cautions(made.fit)
    data = made.study.data
    asked = [b.flops for b in made.budgets] + [t.flops.value for t in made.targets if t.flops.value is not None]
    far = max(asked, default=0.0) / made.flops_per_param_token * FLOPS_PER_PARAM_TOKEN / float(data.scale.max())
    if far > BEYOND:
        text = f"The plan reaches {far:.3g} times beyond the largest run measured: what it says there is extrapolated."
        found.append(Caveat(text, kind="note"))
    ratios = data.inputs[1] / data.inputs[0] if data.law.inputs == ("n_params", "n_tokens") else None
    for b in made.budgets:
        if b.n_params.value is None:
            found.append(
                Caveat(
                    f"At {number(b.flops, 'FLOPs')} FLOPs the best split lies beyond 1e-4 to 1e8 tokens per "
                    "parameter: **the data do not decide**. Add runs on both sides of the optimum."
                )
            )
        ratio = b.tokens_per_param.value
        if ratio is not None and ratios is not None and not ratios.min() <= ratio <= ratios.max():
            found.append(
                Caveat(
                    f"{ratio:.3g} tokens per parameter at {number(b.flops, 'FLOPs')} FLOPs lies outside the measured "
                    f"{ratios.min():.3g} to {ratios.max():.3g}: the optimum itself is extrapolated."
                )
            )
    return found


def _budget_table(made: Plan) -> Table:
    columns = (
        Column("compute", "FLOPs"),
        Column("n_params", "params"),
        Column("n_tokens", "tokens"),
        Column("tokens/param"),
        Column(_output(made), made.fit.unit, "what a run there will measure"),
    )
    rows = tuple(
        (
            b.flops,
            _cell(b.n_params),
            _cell(b.n_tokens),
            _cell(b.tokens_per_param),
            _cell(b.loss),
        )
        for b in made.budgets
    )
    note = (
        f"C = {made.flops_per_param_token:g} N D, with N = n_params and D = n_tokens. Intervals of sizes come from the "
        f"laws' bootstrap refits, that of {_output(made)} from how new runs scattered about predictions."
    )
    return Table("Compute-optimal runs", columns, rows, f"{note} {_by_law(made)}".rstrip())


def _by_law(made: Plan) -> str:
    """Say what each law alone would train, where several have a say."""
    budget = made.budgets[0]
    shares = {name: share for name, share in made.shares.items() if share >= 0.01 and name in budget.by_law}
    if len(shares) < 2:
        return ""
    each = ", ".join(
        f"{name} {number(budget.by_law[name], 'params')} ({share:.0%} of the draws)" for name, share in shares.items()
    )
    return f"Size at {number(budget.flops, 'FLOPs')} FLOPs by each law alone: {each}."


def _cell(known: Estimate) -> Estimate:
    """Leave out what the note above says of every row: that a plan lies beyond the data."""
    status = Status.OK if known.status is Status.EXTRAPOLATED else known.status
    return Estimate(known.value, known.low, known.high, known.level, "", status)


def _target_table(made: Plan) -> Table:
    columns = (
        Column(f"target {_output(made)}", made.fit.unit),
        Column("compute", "FLOPs"),
        Column("n_params", "params"),
        Column("n_tokens", "tokens"),
        Column("reached", "%", "share of the fits that reach it"),
    )
    rows = tuple((t.loss, _cell(t.flops), _cell(t.n_params), _cell(t.n_tokens), 100 * t.reached) for t in made.targets)
    given = made.targets[0].given
    note = f"With {given}." if given else "At the compute-optimal split."
    return Table(
        "What a target needs", columns, rows, f"{note} Reached: share of the fits that get there; unknown below 95%."
    )


def _detour_table(made: Plan) -> Table:
    columns = (
        Column("size", "x optimal"),
        Column(f"{_output(made)} increase", "%", "at the same compute"),
        Column("extra compute", "%", "longer training of that size until it makes up for it"),
    )
    rows = tuple((d.factor, _percent(d.loss_increase), _percent(d.extra_compute)) for d in made.detours)
    at = made.budgets[0].flops if made.budgets else float(made.study.data.scale.max())
    note = "Extra compute: training that size longer until it makes up for it."
    return Table(f"Price of leaving the optimum at {number(at, 'FLOPs')} FLOPs", columns, rows, note)


def _percent(known: Estimate) -> Estimate:
    """Write a share in percent; one that many draws never reach is not known."""
    if known.low is None and known.status is Status.TOO_FEW:
        return Estimate(None, status=Status.NOT_IDENTIFIED)
    times = [None if v is None else 100 * v for v in (known.value, known.low, known.high)]
    return Estimate(times[0], times[1], times[2], known.level, "", known.status)
