"""A plan told to a person."""

from __future__ import annotations

import numpy as np

from isoperf.columns import COLUMNS
from isoperf.estimate import Estimate, Status
from isoperf.fitting.contours import contour_figure
from isoperf.fitting.figures import fit_figure, residual_figure
from isoperf.fitting.result import BEYOND
from isoperf.fitting.show import cautions, fit_blocks, fit_warnings, source_name, told_provenance
from isoperf.fitting.show_study import law_table
from isoperf.identities import FLOPS_PER_PARAM_TOKEN
from isoperf.report import (
    Axis,
    Band,
    Block,
    Caveat,
    Cell,
    Column,
    Figure,
    Heading,
    Layer,
    Line,
    Points,
    Prose,
    Report,
    Table,
)
from isoperf.report.cells import number, said
from isoperf.scale.budget._answers import Budget, Served, Target
from isoperf.scale.budget._show_costs import cost_blocks, cost_sentence
from isoperf.scale.budget.plan import Plan

__all__ = ["plan_blocks", "plan_report"]

Rows = tuple[tuple[Cell, ...], ...]


def plan_report(made: Plan) -> Report:
    """The plan first, then the fit it rests on."""
    drawn = (fit_figure(made.fit), residual_figure(made.fit)) if np.isfinite(made.fit.objective) else ()
    blocks = [
        *plan_blocks(made),
        *_beyond(made),
        Heading("Which law"),
        *law_table(made.study),
        *fit_blocks(made.fit, drawn),
    ]
    provenance = told_provenance(made.fit.provenance)
    return Report(f"Plan from {source_name(made.fit.provenance)}", tuple(blocks), provenance)


def plan_blocks(made: Plan, heading: str = "In short") -> list[Block]:
    """The plan itself."""
    blocks: list[Block] = [Heading(heading), Prose(_answer(made)), *_warnings(made)]
    if made.budgets:
        blocks.append(_budget_table(made))
    blocks += _spent_table(made)
    if made.targets:
        blocks.append(_target_table(made))
    blocks += cost_blocks(made)
    if made.detours:
        blocks.append(_detour_table(made))
    drawn = contour_figure(made.fit, _planned(made)) if _sized(made) else None
    blocks += [drawn] if drawn else []
    return blocks


def _beyond(made: Plan) -> list[Block]:
    """What the plan risks, and what other budgets would buy."""
    blocks: list[Block] = []
    if any(b.regret.expected is not None for b in made.budgets):
        blocks.append(_regret_table(made))
    return [*blocks, _frontier_table(made), _frontier_figure(made)] if len(made.frontier) > 1 else blocks


def _sized(made: Plan) -> bool:
    return set(made.fit.law.inputs) == {"n_params", "n_tokens"}


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
    sentences = [_budget_sentence(made, b) for b in made.budgets[:2]]
    for target in made.targets[:2]:
        if target.reached == 0 and target.cost.value is None and len(made.fit.draws):
            given = f" with {target.given}" if target.given else ""
            sentences.append(
                f"A {_output(made)} of {target.loss:g}{given} is **out of reach**: no fit ever gets there."
            )
        elif target.cost.low is None:
            sentences.append(
                f"Whether a {_output(made)} of {target.loss:g} can be reached at all, **the data do not decide**: "
                f"{1 - target.reached:.0%} of the fits never reach it."
            )
        else:
            sentences.append(_target_sentence(made, target))
    return "\n\n".join(one for one in (*sentences, cost_sentence(made)) if one)


def _budget_sentence(made: Plan, b: Budget) -> str:
    start, rest = f"With {_amount(b.amount, b.unit)}, ", ""
    if set(b.inputs) >= {"n_params", "n_tokens"}:
        start += f"train **{said(b.n_params)} parameters** on **{said(b.n_tokens)} tokens**"
        others = [name for name in b.inputs if name not in ("n_params", "n_tokens")]
        rest = " with " + ", ".join(f"{name} {said(b.inputs[name])}" for name in others) if others else ""
    else:
        start += "take " + ", ".join(f"**{name} {said(known)}**" for name, known in b.inputs.items())
    return f"{start}{rest} and expect a {_output(made)} of **{said(b.loss)}**.{_served(b.served)}"


def _target_sentence(made: Plan, target: Target) -> str:
    sentence = f"A {_output(made)} of {target.loss:g} needs **{said(target.cost)} {_unit_word(made.unit)}**"
    if not target.served or not {"n_params", "n_tokens"} <= set(target.inputs):
        return f"{sentence}."
    sizes = f"{said(target.n_params)} parameters on {said(target.n_tokens)} tokens"
    return f"{sentence}: {sizes}.{_served(target.served)}"


def _served(served: Served | None) -> str:
    if served is None or served.size.value is None or served.saving.value is None:
        return ""
    beside = (
        f" That is **{said(served.size)} times** the size of the model of the same quality that is cheapest to train, "
        f"{said(served.n_params)} parameters"
    )
    if served.saving.value < 0:
        dearer = _percent(_turned(served.saving))
        return f"{beside}: the limits make the whole {said(dearer, '%')}% dearer than that model would be."
    return f"{beside}, and saves {said(_percent(served.saving), '%')}% of the whole cost."


def _turned(known: Estimate) -> Estimate:
    """Return the estimate with its sign changed."""
    value, low, high = (None if x is None else -x for x in (known.value, known.low, known.high))
    return Estimate(value, high, low, known.level, known.unit, known.status)


def _amount(amount: float, unit: str) -> str:
    return f"{number(amount, unit if unit == 'FLOPs' else '')} {_unit_word(unit)}"


def _unit_word(unit: str) -> str:
    return {"USD": "dollars"}.get(unit, unit)


def _output(made: Plan) -> str:
    return made.fit.binding[made.fit.law.output]


def _warnings(made: Plan) -> list[Caveat]:
    found = fit_warnings(made.fit) if made.status is not Status.OK else cautions(made.fit)
    data = made.study.data
    asked = [b.flops for b in made.budgets] + [t.flops.value for t in made.targets if t.flops.value is not None]
    usual = made.flops_per_param_token / FLOPS_PER_PARAM_TOKEN
    far = max((x for x in asked if np.isfinite(x)), default=0.0) / usual / float(data.scale.max())
    if far > BEYOND and {"n_params", "n_tokens"} <= set(data.law.inputs):
        text = f"The plan reaches {far:.3g} times beyond the largest run measured: what it says there is extrapolated."
        found.append(Caveat(text, kind="note"))
    for b in made.budgets:
        found += [*_no_optimum(b), *_ratio(made, b), *_outside(made, b)]
        found += [
            Caveat(f"`{name}` is {_placed(name, b)}{words}: the limit binds.", kind="note")
            for name, words in b.ends.items()
        ]
    return found


def _no_optimum(b: Budget) -> list[Caveat]:
    if all(known.value is not None for known in b.inputs.values()):
        return []
    where = (
        "beyond 1e-4 to 1e8 tokens per parameter" if set(b.inputs) == {"n_params", "n_tokens"} else "at no finite size"
    )
    return [
        Caveat(
            f"At {_amount(b.amount, b.unit)} the best split lies {where}: **the data do not decide**. "
            "Add runs on both sides of the optimum."
        )
    ]


def _ratio(made: Plan, b: Budget) -> list[Caveat]:
    data = made.study.data
    inputs = dict(zip(data.law.inputs, data.inputs, strict=True))
    ratio = b.tokens_per_param.value
    if ratio is None or not {"n_params", "n_tokens"} <= set(inputs):
        return []
    ratios = inputs["n_tokens"] / inputs["n_params"]
    if ratios.min() <= ratio <= ratios.max():
        return []
    return [
        Caveat(
            f"{ratio:.3g} tokens per parameter at {_amount(b.amount, b.unit)} lies outside the measured "
            f"{ratios.min():.3g} to {ratios.max():.3g}: the optimum itself is extrapolated."
        )
    ]


def _outside(made: Plan, b: Budget) -> list[Caveat]:
    """Inputs that are no sizes and were set beyond what was measured."""
    data, found = made.study.data, []
    for name, x in zip(data.law.inputs, data.inputs, strict=True):
        value = b.inputs[name].value
        known = COLUMNS.get(name)
        size = known is not None and known.unit in ("params", "tokens", "examples")
        if not size and value is not None and not x.min() / BEYOND <= value <= x.max() * BEYOND:
            text = f"`{name}` = {value:.4g} lies outside the measured {x.min():.4g} to {x.max():.4g}."
            found.append(Caveat(text))
    return found


def _placed(name: str, b: Budget) -> str:
    return f"{_cell_text(b.inputs[name])}, " if name in b.inputs else ""


def _cell_text(known: Estimate) -> str:
    return number(known.value, known.unit)


def _input_columns(made: Plan) -> tuple[Column, ...]:
    """One column for every input that is not held at one value."""
    units = {name: known.unit for b in (*made.budgets, *made.frontier) for name, known in b.inputs.items()}
    units |= {name: known.unit for t in made.targets for name, known in t.inputs.items()}
    return tuple(Column(name, unit) for name, unit in units.items() if name not in made.fixed)


def _budget_column(made: Plan) -> Column:
    return Column({"FLOPs": "compute", "USD": "cost", "GPU-hours": "cost"}.get(made.unit, "cost"), made.unit)


def _budget_table(made: Plan) -> Table:
    inputs = _input_columns(made)
    ratio = any(b.tokens_per_param.value is not None for b in made.budgets)
    columns = (
        _budget_column(made),
        *inputs,
        *((Column("tokens/param"),) if ratio else ()),
        Column(_output(made), made.fit.unit, "what a run there will measure"),
    )
    rows: Rows = tuple(
        (
            b.amount,
            *(_cell(b.inputs[column.name]) for column in inputs),
            *((_cell(b.tokens_per_param),) if ratio else ()),
            _cell(b.loss),
        )
        for b in made.budgets
    )
    free = not made.fixed and not any(b.ends for b in made.budgets)
    alone = free and made.cost == f"{made.flops_per_param_token:g} N D" and made.unit == "FLOPs"
    title = "Compute-optimal runs" if alone else "Best runs"
    return Table(title, columns, rows, f"{_terms(made)} {_by_law(made)}".rstrip())


def _regret_table(made: Plan) -> Table:
    columns = (
        _budget_column(made),
        Column("regret", made.fit.unit, "on average over refits"),
        Column(f"in {made.level:.0%} at most", made.fit.unit),
        Column(f"of the {_output(made)}", "%", "the average over the expected output"),
    )
    rows: Rows = tuple(
        (b.amount, _short(b.regret.expected), _short(b.regret.high), _share(b.regret.expected, b.loss.value))
        for b in made.budgets
    )
    note = "Regret: what the plan gives away when another refit, or another law by its weight, is the truth."
    return Table("What not knowing the law exactly costs", columns, rows, note)


def _short(x: float | None) -> float | None:
    return None if x is None else float(f"{x:.2g}")


def _share(part: float | None, whole: float | None) -> float | None:
    return None if part is None or not whole else 100 * part / whole


def _terms(made: Plan) -> str:
    """Say how cost is counted, and where the intervals come from."""
    held = [f"{name} = {_cell_text(b.inputs[name])}" for b in made.budgets[:1] for name in made.fixed]
    sizes = [name for name in ("n_params", "n_tokens") if name in made.fit.law.inputs]
    named = f", with N = {sizes[0]} and D = {sizes[1]}" if len(sizes) == 2 and " N D" in made.cost else ""
    symbol = "C" if made.unit == "FLOPs" else "cost"
    parts = [f"{symbol} = {_priced(made)}{named}."] if made.cost else []
    if held:
        parts.append(f"Held: {', '.join(held)}.")
    parts.append(
        f"Intervals of inputs come from the laws' bootstrap refits, that of {_output(made)} from how new runs "
        "scattered about predictions."
    )
    return " ".join(parts)


def _priced(made: Plan) -> str:
    return made.cost if made.unit == "FLOPs" else f"{made.cost}, in {_unit_word(made.unit)}"


def _spent_table(made: Plan) -> list[Block]:
    parts = list(dict.fromkeys(part for b in made.budgets for part in b.spent))
    if not parts:
        return []
    unit = made.unit
    rows: Rows = tuple((b.amount, *(_cell(b.spent[part]) for part in parts)) for b in made.budgets)
    return [Table("What it is spent on", (_budget_column(made), *(Column(part, unit) for part in parts)), rows)]


def _by_law(made: Plan) -> str:
    """Say what each law alone would train, where several have a say."""
    budget, name = made.budgets[0], made.fit.law.inputs[0]
    shares = {law: share for law, share in made.shares.items() if share >= 0.01 and law in budget.by_law}
    if len(shares) < 2 or name in made.fixed:
        return ""
    unit = budget.inputs[name].unit
    each = ", ".join(
        f"{law} {number(budget.by_law[law], unit)} ({share:.0%} of the draws)" for law, share in shares.items()
    )
    return (
        f"{'Size' if name == 'n_params' else name} at {_amount(budget.amount, budget.unit)} by each law alone: {each}."
    )


def _cell(known: Estimate) -> Estimate:
    """Leave out what the note above says of every row: that a plan lies beyond the data."""
    status = Status.OK if known.status is Status.EXTRAPOLATED else known.status
    return Estimate(known.value, known.low, known.high, known.level, "", status)


def _target_table(made: Plan) -> Table:
    inputs = _input_columns(made)
    columns = (
        Column(f"target {_output(made)}", made.fit.unit),
        _budget_column(made),
        *inputs,
        Column("reached", "%", "share of the fits that reach it"),
    )
    rows: Rows = tuple(
        (t.loss, _cell(t.cost), *(_cell(t.inputs[column.name]) for column in inputs), 100 * t.reached)
        for t in made.targets
    )
    given = made.targets[0].given
    note = f"With {given}." if given else "At the cheapest inputs that reach it."
    return Table(
        "What a target needs", columns, rows, f"{note} Reached: share of the fits that get there; unknown below 95%."
    )


def _detour_table(made: Plan) -> Table:
    several = len({d.input for d in made.detours}) > 1 or made.detours[0].input != "n_params"
    columns = (
        *((Column("input"), Column("factor", "x best")) if several else (Column("size", "x optimal"),)),
        Column(f"{_output(made)} {'increase' if _falls(made) else 'lost'}", "%", "at the same cost"),
        Column("extra compute" if made.unit == "FLOPs" else "extra cost", "%", "what would make up for it"),
    )
    rows: Rows = tuple(
        (*((d.input,) if several else ()), d.factor, _percent(d.loss_increase), _percent(d.extra_compute))
        for d in made.detours
    )
    note = (
        "The other inputs stay, and what the budget fixes makes room. Extra: what it takes to make up for it."
        if several
        else "Extra compute: training that size longer until it makes up for it."
    )
    return Table(f"Price of leaving the optimum at {_amount(made.detours_at, made.unit)}", columns, rows, note)


def _falls(made: Plan) -> bool:
    """Whether less of the output is better: more budget brings it down."""
    known = [b.loss.value for b in made.frontier if b.loss.value is not None]
    return len(known) < 2 or known[-1] <= known[0]


def _frontier_table(made: Plan) -> Table:
    inputs = _input_columns(made)
    columns = (_budget_column(made), *inputs, Column(_output(made), made.fit.unit))
    rows: Rows = tuple(
        (b.amount, *(_cell(b.inputs[column.name]) for column in inputs), _cell(b.loss)) for b in made.frontier
    )
    return Table("Best plan for every budget", columns, rows, "Fewer refits make these intervals than those above.")


def _frontier_figure(made: Plan) -> Figure:
    known = [b for b in made.frontier if b.loss.value is not None]
    x = [b.amount for b in known]
    layers: list[Layer] = []
    banded = [b for b in known if b.loss.low is not None and b.loss.high is not None]
    if banded:
        low, high = [b.loss.low or 0.0 for b in banded], [b.loss.high or 0.0 for b in banded]
        layers.append(Band("interval for a new run", [b.amount for b in banded], low, high))
    layers.append(Line("best plan", x, [b.loss.value or 0.0 for b in known]))
    asked = [b for b in made.budgets if b.loss.value is not None]
    if asked:
        layers.append(Points("plan", [b.amount for b in asked], [b.loss.value or 0.0 for b in asked], role="plan"))
    name = {"FLOPs": "compute"}.get(made.unit, "cost")
    return Figure(
        f"{_output(made)} of the best plan over budgets".capitalize(),
        Axis(name, made.unit, log=True),
        Axis(_output(made), made.fit.unit),
        tuple(layers),
        "Every point of the line is the best use of that budget.",
        sketched=False,
    )


def _percent(known: Estimate) -> Estimate:
    """Write a share in percent; one that many draws never reach is not known."""
    if known.low is None and known.status in (Status.TOO_FEW, Status.AT_BOUND):
        return Estimate(None, status=Status.NOT_IDENTIFIED)
    times = [None if v is None else 100 * v for v in (known.value, known.low, known.high)]
    return Estimate(times[0], times[1], times[2], known.level, "", known.status)
