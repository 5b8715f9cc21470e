"""A plan told to a person."""

from __future__ import annotations

from isoperf.estimate import Estimate, Status, format_number
from isoperf.fitting.figures import contour_figure
from isoperf.fitting.show import fit_blocks, fit_warnings
from isoperf.report import Block, Caveat, Column, Heading, Prose, Report, Table
from isoperf.scale.plan import Plan

__all__ = ["plan_blocks", "plan_report"]


def plan_report(made: Plan) -> Report:
    """The plan first, then the fit it rests on."""
    from isoperf.predict._show_forecast import law_table

    source = made.fit.provenance.get("source", "data")
    blocks = [*plan_blocks(made), Heading("Which law"), *law_table(made.study)]
    fit = [block for block in fit_blocks(made.fit) if not _is_contour(block)]
    return Report(f"Plan from {source}", (*blocks, *fit), dict(made.fit.provenance))


def _is_contour(block: Block) -> bool:
    return getattr(block, "title", "") == "Equal loss over compute and size"


def plan_blocks(made: Plan) -> list[Block]:
    """The plan itself."""
    blocks: list[Block] = [Heading("Plan"), Prose(_answer(made)), *_warnings(made)]
    if made.budgets:
        blocks.append(_budget_table(made))
    if made.targets:
        blocks.append(_target_table(made))
    blocks.append(_detour_table(made))
    marks = [(b.flops, b.n_params.value) for b in made.budgets if b.n_params.value is not None]
    drawn = contour_figure(made.fit, [(c, n) for c, n in marks if n is not None])
    return [*blocks, drawn] if drawn else blocks


def _answer(made: Plan) -> str:
    sentences = [
        f"With {format_number(b.flops)} FLOPs, train **{_bare(b.n_params)} parameters** on "
        f"**{_bare(b.n_tokens)} tokens** and expect a loss of **{_bare(b.loss)}**."
        for b in made.budgets[:2]
    ]
    for target in made.targets[:2]:
        if target.flops.low is None:
            sentences.append(
                f"Whether a loss of {target.loss:g} can be reached at all, **the data do not decide**: "
                f"{1 - target.reached:.0%} of the fits never reach it."
            )
        else:
            sentences.append(f"A loss of {target.loss:g} needs **{_bare(target.flops)} FLOPs**.")
    return " ".join(sentences)


def _bare(known: Estimate) -> str:
    return str(Estimate(known.value, known.low, known.high, known.level))


def _warnings(made: Plan) -> list[Caveat]:
    found = fit_warnings(made.fit) if made.status is not Status.OK else []
    data = made.study.data
    far = max(
        (b.flops / made.flops_per_param_token * 6 / float(data.scale.max()) for b in made.budgets),
        default=0.0,
    )
    if far > 1.001:
        found.append(
            Caveat(f"The largest budget is {far:.3g} times the largest compute measured.", kind="note")
        )
    ratios = data.inputs[1] / data.inputs[0] if data.law.inputs == ("n_params", "n_tokens") else None
    for b in made.budgets:
        if b.n_params.value is None:
            found.append(
                Caveat(
                    f"At {format_number(b.flops)} FLOPs the best split lies beyond 1e-4 to 1e8 tokens per "
                    "parameter: **the data do not decide**. Add runs on both sides of the optimum."
                )
            )
        ratio = b.tokens_per_param.value
        if ratio is not None and ratios is not None and not ratios.min() <= ratio <= ratios.max():
            found.append(
                Caveat(
                    f"{ratio:.3g} tokens per parameter at {format_number(b.flops)} FLOPs lies outside the measured "
                    f"{ratios.min():.3g} to {ratios.max():.3g}: the optimum itself is extrapolated."
                )
            )
    return found


def _budget_table(made: Plan) -> Table:
    names = [name for name in made.shares if name in made.budgets[0].by_law]
    columns = (
        Column("budget", "FLOPs"),
        Column("n_params"),
        Column("n_tokens"),
        Column("tokens per parameter"),
        Column("loss", made.fit.unit, "what a run there will measure"),
        *((Column(f"n_params by {name}") for name in names) if len(names) > 1 else ()),
    )
    rows = tuple(
        (
            b.flops,
            _cell(b.n_params),
            _cell(b.n_tokens),
            _cell(b.tokens_per_param),
            _cell(b.loss),
            *((b.by_law[name] for name in names) if len(names) > 1 else ()),
        )
        for b in made.budgets
    )
    shares = ", ".join(f"{name} {share:.0%}" for name, share in made.shares.items() if share >= 0.01)
    note = f"Compute rule: C = {made.flops_per_param_token:g} N D. Intervals of sizes hold draws of the laws: {shares}."
    return Table("Compute-optimal runs", columns, rows, note)


def _cell(known: Estimate) -> Estimate:
    return Estimate(known.value, known.low, known.high, known.level, "", known.status)


def _target_table(made: Plan) -> Table:
    columns = (
        Column("target loss", made.fit.unit),
        Column("compute", "FLOPs"),
        Column("n_params"),
        Column("n_tokens"),
        Column("fits that reach it", "%"),
    )
    rows = tuple(
        (t.loss, _cell(t.flops), _cell(t.n_params), _cell(t.n_tokens), 100 * t.reached) for t in made.targets
    )
    given = made.targets[0].given
    note = f"With {given}." if given else "At the compute-optimal split."
    return Table(
        "What a target needs", columns, rows, f"{note} Unknown where over 5% of the fits never reach it."
    )


def _detour_table(made: Plan) -> Table:
    columns = (
        Column("size", "x optimal"),
        Column("loss increase", "%", "at the same compute"),
        Column("extra compute", "%", "longer training of that size until it makes up for it"),
    )
    rows = tuple((d.factor, _percent(d.loss_increase), _percent(d.extra_compute)) for d in made.detours)
    at = made.budgets[0].flops if made.budgets else float(made.study.data.scale.max())
    return Table(f"Price of leaving the optimum at {format_number(at)} FLOPs", columns, rows)


def _percent(known: Estimate) -> Estimate:
    times = [None if v is None else 100 * v for v in (known.value, known.low, known.high)]
    return Estimate(times[0], times[1], times[2], known.level, "", known.status)
