"""A frontier told to a person."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from isoperf.estimate import Estimate, format_number
from isoperf.fitting.show import source_name, told_provenance
from isoperf.report import Block, Caveat, Cell, Column, Heading, Prose, Report, Table
from isoperf.report.cells import number, said
from isoperf.tradeoff.frontiers._front_figure import frontier_figure
from isoperf.tradeoff.frontiers._front_parts import FamilyPair, FrontierPoint, FrontierSet, Step
from isoperf.tradeoff.frontiers.frontier import Frontier

__all__ = ["frontier_report"]

SETS, ROWS, NAMED, STEPS, FIGURES = 6, 20, 6, 12, 4


def frontier_report(made: Frontier) -> Report:
    """The answer, what to beware of, and for each set its points, steps, families and figure."""
    blocks: list[Block] = [Heading("In short"), Prose(_answer(made)), *_caveats(made)]
    for place, one in enumerate(made.sets[:SETS]):
        blocks += [] if len(made.sets) == 1 else [Heading(one.name)]
        blocks += _set_blocks(made, one, drawn=place < FIGURES)
    return Report(f"Frontier, from {source_name(made.provenance)}", tuple(blocks), told_provenance(made.provenance))


def _set_blocks(made: Frontier, one: FrontierSet, *, drawn: bool) -> list[Block]:
    blocks: list[Block] = [_points(made, one)]
    if one.steps:
        blocks.append(_steps(made, one))
    if one.projections:
        blocks.append(_projections(one))
    if one.best_up_to:
        blocks.append(_best_up_to(made, one))
    if one.families:
        blocks.append(_families(one))
    figure = frontier_figure(one, made.objectives) if drawn else None
    return [*blocks, figure] if figure is not None and not figure.empty else blocks


def _answer(made: Frontier) -> str:
    told = [_set_sentence(made, one) for one in made.sets[:SETS]]
    if len(made.sets) > SETS:
        told.append(f"{len(made.sets) - SETS} more are in the JSON.")
    return "\n\n".join(told)


def _set_sentence(made: Frontier, one: FrontierSet) -> str:
    where = f"**{one.name}**: " if len(made.sets) > 1 else ""
    aims = " and ".join(f"{aim.name} ({aim.better})" for aim in made.objectives)
    front = one.front
    able = [point for point in one.points if point.layer is not None]
    if not front:
        return f"{where}no candidate has every objective{' and keeps every limit' if made.limits else ''}."
    names = ", ".join(f"**{point.name}**" for point in front[:NAMED])
    more = f" and {len(front) - NAMED} more" if len(front) > NAMED else ""
    count = "The only candidate is" if len(able) == 1 else f"{len(front)} of {len(able)} candidates are"
    text = f"{where}{count} on the frontier of {aims}: {names}{more}."
    sure = [point for point in front if point.probability is not None and point.probability >= made.level]
    if one.noise != "none":
        text += f" {len(sure)} of them stay on it in at least {made.level:.0%} of draws of the noise."
        text += _others(one)
    if one.knee is not None:
        text += f" The front bends most at **{one.knee.name}**."
    return text + _volume(one)


def _others(one: FrontierSet) -> str:
    """Points off the measured front that may well belong to it."""
    near = [point for point in one.points if not point.on_front and (point.probability or 0) >= 0.25]
    if not near:
        return ""
    near.sort(key=lambda point: -(point.probability or 0))
    told = ", ".join(f"{point.name} ({point.probability:.0%})" for point in near[:3])
    return f" Off it as measured, but likely enough to be on it: {told}."


def _volume(one: FrontierSet) -> str:
    if one.hypervolume.value is None:
        return ""
    reference = ", ".join(number(value) for value in one.reference or ())
    scale = f", {' and '.join(one.logarithmic)} by the logarithm" if one.logarithmic else ""
    return f" It dominates {said(one.hypervolume)} of the box up to ({reference}){scale}."


def _caveats(made: Frontier) -> list[Caveat]:
    found = []
    if len(made.sets) > 1:
        found.append(
            Caveat(
                f"**No frontier joins rows of different {' and '.join(made.within)}**: a number in one is no "
                f"better or worse than a number in another. There are {len(made.sets)}, each by itself.",
                kind="note",
            )
        )
    found += [*_unnamed(made), *_missing(made), *_broken(made), *_related(made)]
    if any(one.noise == "none" for one in made.sets):
        found.append(
            Caveat(
                "**How surely a point is on the frontier cannot be told**: no noise is known. Add a column "
                f"`{made.objectives[0].name}_se`, repeats (with `seed`), or one row per item (with `item`)."
            )
        )
    curse = _curse(made)
    return [*found, *([] if curse is None else [curse]), *_copied(made)]


def _unnamed(made: Frontier) -> list[Caveat]:
    if not any(point.name.startswith("(row ") for one in made.sets for point in one.points):
        return []
    return [Caveat("No usual column names the candidates, so they go by their rows: say which does by `name`.")]


def _missing(made: Frontier) -> list[Caveat]:
    lost = [(point.name, point.missing) for one in made.sets for point in one.points if point.missing]
    if not lost:
        return []
    names = "; ".join(f"{name} lacks {', '.join(columns)}" for name, columns in lost[:NAMED])
    more = f"; {len(lost) - NAMED} more" if len(lost) > NAMED else ""
    return [Caveat(f"**Never on a frontier**, for want of an objective: {names}{more}.")]


def _broken(made: Frontier) -> list[Caveat]:
    out = [point for one in made.sets for point in one.points if point.broken and not point.missing]
    if not out:
        return []
    names = ", ".join(f"{point.name} ({', '.join(point.broken)})" for point in out[:3])
    more = f" and {len(out) - 3} more" if len(out) > 3 else ""
    return [Caveat(f"Left out by a limit: {names}{more}.", kind="note")]


def _related(made: Frontier) -> list[Caveat]:
    told = list(dict.fromkeys(str(relation) for one in made.sets for relation in one.relations))
    if not told:
        return []
    rows = max(relation.n_rows for one in made.sets for relation in one.relations)
    return [
        Caveat(
            f"**Computed, not measured apart**: {'; '.join(f'`{text}`' for text in told[:3])} (exact on all rows, up "
            f"to {rows} in a set). An objective that others determine adds no evidence of its own."
        )
    ]


def _curse(made: Frontier) -> Caveat | None:
    known = [one for one in made.sets if one.optimism is not None and one.optimism > 0]
    if not known or len(known[0].points) < 2:
        return None
    aim = made.objectives[0]
    way = "high" if aim.sign < 0 else "low"
    amounts = ", ".join(
        f"{format_number(one.optimism, 2)}{f' ({one.name})' if len(made.sets) > 1 else ''}" for one in known[:3]
    )
    return Caveat(
        f"**The best of several noisy values is {way} by luck too**: the best {aim.name} by about {amounts}, and the "
        "hypervolume with it. Measure the point you choose once more.",
        kind="note",
    )


def _copied(made: Frontier) -> list[Caveat]:
    n = sum(one.n_copies for one in made.sets)
    if not n:
        return []
    text = (
        f"{n} candidate{'s have' if n > 1 else ' has'} the same values as another. Equals are kept or dropped together."
    )
    return [Caveat(text, kind="note")]


def _points(made: Frontier, one: FrontierSet) -> Table:
    noisy, grouped = one.noise != "none", any(point.family for point in one.points)
    columns = [Column("candidate"), *([Column(made.by or "family")] if grouped else [])]
    columns += [Column(aim.name, aim.unit) for aim in made.objectives]
    columns += [*([Column("on it")] if noisy else []), Column("beaten by")]
    ranked = sorted(one.points, key=lambda point: (not point.on_front, -(point.probability or 0), point.layer or 0))
    rows = tuple(
        (
            _marked(point),
            *([point.family] if grouped else []),
            *point.values,
            *([None if point.probability is None else f"{point.probability:.0%}"] if noisy else []),
            _standing(point),
        )
        for point in ranked[:ROWS]
    )
    note = {
        "standard errors": "Noise: standard errors, independent between candidates and columns.",
        "repeated rows": "Noise: spread over repeats, with the columns of a repeat kept together.",
        "items": "Noise: items drawn again for all candidates together.",
    }.get(one.noise, "")
    if len(one.points) > ROWS:
        note += f" The first {ROWS} of {len(one.points)}; JSON has all."
    title = "Candidates, those on the frontier first" if len(made.sets) == 1 else f"Candidates of {one.name}"
    return Table(title, tuple(columns), rows, note.strip())


def _marked(point: FrontierPoint) -> str:
    marks = [word for word, told in (("knee", point.knee), ("high trade-off", point.high_trade_off)) if told]
    return f"{point.name} ({', '.join(marks)})" if marks else point.name


def _standing(point: FrontierPoint) -> str:
    if point.on_front:
        return "-"
    if point.missing:
        return f"no {', '.join(point.missing)}"
    if point.broken:
        return f"over {', '.join(point.broken)}"
    more = len(point.dominated_by) - 1
    return point.dominated_by[0] + (f" + {more}" if more else "")


def _steps(made: Frontier, one: FrontierSet) -> Table:
    first, second = made.objectives
    more = f"{'less' if second.sign < 0 else 'more'} {second.name}"
    gain = f"{'more' if first.sign < 0 else 'less'} {first.name}"
    shown = one.steps if len(one.steps) <= STEPS else _largest(one.steps)
    rows = tuple((step.start, step.end, step.more, step.gain, step.rate) for step in shown)
    note = f"Per unit: {gain} for one unit of {more}."
    if len(one.steps) > STEPS:
        note += f" The {STEPS} that bring most of {len(one.steps)}."
    return Table("What a step along the frontier brings", ("from", "to", more, gain, "per unit"), rows, note)


def _largest(steps: Sequence[Step]) -> list[Step]:
    kept = set(np.argsort([-step.gain for step in steps], kind="stable")[:STEPS].tolist())
    return [step for place, step in enumerate(steps) if place in kept]


def _projections(one: FrontierSet) -> Table:
    rows = tuple(
        (" and ".join(pair.objectives), len(pair.names), ", ".join(pair.names[:NAMED])) for pair in one.projections
    )
    only = ", ".join(one.only_jointly[:NAMED])
    more = f" and {len(one.only_jointly) - NAMED} more" if len(one.only_jointly) > NAMED else ""
    note = f"On the frontier only when all objectives count together: {only}{more}." if only else ""
    return Table("Frontiers of two objectives at a time", ("objectives", "candidates", "which"), rows, note)


def _best_up_to(made: Frontier, one: FrontierSet) -> Table:
    first, second = made.objectives
    told = one.best_up_to
    kept = np.unique(np.linspace(0, len(told) - 1, min(len(told), STEPS)).astype(int))
    rows = tuple((told[k].cost, told[k].measured, told[k].best) for k in kept)
    columns = (Column(second.name, second.unit), Column("as measured"), Column("median of draws"))
    note = "The brackets are quantiles of the running best over draws."
    return Table(f"Best {first.name} for at most this {second.name}", columns, rows, note)


def _families(one: FrontierSet) -> Table:
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (f"{pair.first} over {pair.second}", _range(pair), _difference(pair), _surely(pair), _where(pair))
        for pair in one.families[:ROWS]
    )
    note = (
        "Best at no more cost, straight between points. Lead: how much better the first is, on average over the range "
        "that both cover; nothing is said outside it."
    )
    columns = ("curves", "shared range", "mean lead", "better all along", "where surely better")
    return Table("Families compared as curves", columns, rows, note)


def _range(pair: FamilyPair) -> str:
    made = pair.comparison
    return "none" if made.low is None else f"{number(made.low)} to {number(made.high)}"


def _difference(pair: FamilyPair) -> Estimate:
    known = pair.comparison.difference
    if known.low is None and known.value is not None:
        return Estimate(known.value)
    return known


def _surely(pair: FamilyPair) -> str:
    made = pair.comparison
    if made.low is None:
        return "-"
    if made.dominates is None or made.dominated is None:
        return f"{pair.above} (as measured)" if pair.above else "neither"
    p, name = max((made.dominates, pair.first), (made.dominated, pair.second))
    return f"{name} in {p:.0%}" if p >= made.level else f"neither ({name} in {p:.0%})"


def _where(pair: FamilyPair) -> str:
    names = {"first": pair.first, "second": pair.second}
    told = [
        f"{names[one.above]} {number(one.low)} to {number(one.high)}"
        for one in pair.comparison.stretches
        if one.above is not None
    ]
    return "; ".join(told[:3]) or "nowhere"
