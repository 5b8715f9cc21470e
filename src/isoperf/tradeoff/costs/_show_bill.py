"""A bill, told to a person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from isoperf.estimate import Estimate, format_number
from isoperf.ledger.charges import Charge
from isoperf.ledger.ledger import Basis
from isoperf.report import Axis, Block, Caveat, Cell, Column, Figure, Heading, Layer, Points, Prose, Report, Table
from isoperf.tradeoff.costs._bill_rows import TALLIES
from isoperf.tradeoff.costs.bill import Bill, BilledConfiguration

__all__ = ["bill_report"]

NAMED, ROWS = 4, 20
_WHAT = {"co2": "carbon", "cost": "money"}
_NAMES = {"cost": "cost", "energy": "energy", "co2": "CO2e", "seconds": "time", "memory": "memory"}


def bill_report(made: Bill) -> Report:
    """The answer, the configurations, the rows, what each amount rests on."""
    told = [name for name in TALLIES if any(one.bill.charges[name].value is not None for one in made.rows)]
    blocks: list[Block] = [Heading("In short"), Prose(_answer(made, told)), *_caveats(made, told)]
    blocks.append(_configurations(made, told))
    if len(made.rows) > len(made.configurations):
        blocks.append(_rows(made, told))
    if made.ledger.lines:
        blocks.append(_lines(made))
    blocks.append(_bases(made, told))
    if sum(one.compared for one in made.configurations) > 1:
        blocks.append(_figure(made))
    return Report("What it costs", tuple(blocks), {"source": made.source, "data": made.fingerprint})


def _answer(made: Bill, told: Iterable[str]) -> str:
    parts = [_amount(made.total[name]) for name in told if name != "memory" and made.total[name].value is not None]
    rows = f"{len(made.rows)} row{'s' if len(made.rows) > 1 else ''}"
    text = [f"The {rows} took {_listed(parts)} in all." if parts else f"No sum of the {rows} can be told."]
    told_of = f"({made.score}, {_NAMES[made.against]})"
    compared = [one for one in made.configurations if one.compared]
    if len(compared) > 1 and made.dominated:
        lines = [f"{one.name} (by {one.dominated_by})" for one in compared if one.dominated_by]
        more = f", and {len(lines) - NAMED} more" if len(lines) > NAMED else ""
        text.append(
            f"**Dominated on {told_of}**, {len(lines)} of {len(compared)}: {'; '.join(lines[:NAMED])}{more}. "
            f"They take at least as much {_WHAT[made.against]} and score no better."
        )
    elif len(compared) > 1:
        text.append(
            f"No configuration is dominated on {told_of}: more {_WHAT[made.against]} buys a better {made.score} "
            "every time."
        )
    return "\n\n".join(text)


def _amount(charge: Charge) -> str:
    return f"{_number(charge)} {_unit(charge)}{' of CO2e' if charge.unit == 'kg' else ''} ({charge.basis})"


def _unit(charge: Charge) -> str:
    return "h" if charge.unit == "s" else charge.unit


def _value(charge: Charge) -> float | None:
    return charge.value / 3600 if charge.unit == "s" and charge.value is not None else charge.value


def _number(charge: Charge) -> str:
    return format_number(_value(charge))


def _listed(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _caveats(made: Bill, told: Sequence[str]) -> list[Caveat]:
    found = [*_open(made, told), *_dates(made)]
    ways = " ".join(one.bill.charges["energy"].how for one in made.rows)
    if "power limit" in ways:
        text = "**Energy rests on power limits**, which devices reach only under full load: it is too high rather "
        found.append(Caveat(text + "than too low. Give a measured power, or the energy itself."))
    if any("(world," in one.bill.charges["co2"].how for one in made.rows):
        text = (
            "**Carbon rests on the world's mean** of 475 g per kWh, codecarbon's default; grids lie between about 30 "
        )
        found.append(Caveat(text + "and 700. Name the region."))
    if "energy" in told and made.pue == 1 and "overhead" not in ways:
        text = "Energy is that of the devices: no data-centre overhead is counted (PUE 1)."
        found.append(Caveat(text, kind="note"))
    return found


def _open(made: Bill, told: Sequence[str]) -> list[Caveat]:
    found = []
    for name in told:
        rows = [str(one.row) for one in made.rows if one.bill.charges[name].value is None]
        if rows:
            some = ", ".join(rows[:NAMED]) + (f" and {len(rows) - NAMED} more" if len(rows) > NAMED else "")
            found.append(Caveat(f"The {_NAMES[name]} of row {some} is unknown, and so is every sum that needs it."))
    left = [one.name for one in made.configurations if not one.compared]
    if made.score and left and len(left) < len(made.configurations):
        more = f" and {len(left) - NAMED} more" if len(left) > NAMED else ""
        found.append(
            Caveat(f"Not compared, for lack of score or {_WHAT[made.against]}: {', '.join(left[:NAMED])}{more}.")
        )
    return found


def _dates(made: Bill) -> list[Caveat]:
    found = []
    if made.days_apart is not None and made.days_apart > made.max_days:
        found.append(
            Caveat(f"**Prices lie {made.days_apart} days apart**, more than {made.max_days}: bring them up to date.")
        )
    undated = {line.item.partition(":")[0] for line in made.ledger.lines if line.source.date is None}
    if undated:
        text = f"Prices without a date: {', '.join(sorted(undated)[:NAMED])}. Nobody can tell whether they still hold."
        found.append(Caveat(text))
    return found


def _heads(made: Bill, told: Iterable[str]) -> list[Column]:
    return [Column(_NAMES[name], _unit(made.total[name])) for name in told]


def _cells(charges: Mapping[str, Charge], told: Iterable[str]) -> list[Cell]:
    return [_value(charges[name]) for name in told]


def _configurations(made: Bill, told: list[str]) -> Table:
    scored = made.score is not None
    several = any(one.n_runs > 1 for one in made.configurations)
    columns = [Column("configuration"), *([Column("runs")] if several else []), *_heads(made, told)]
    columns += [Column(made.score or ""), Column("dominated by")] if scored else []
    rows = [_configuration(made, one, told, several=several) for one in made.configurations[:ROWS]]
    note = f"The first {ROWS} of {len(made.configurations)}; JSON has all." if len(made.configurations) > ROWS else ""
    what = "Mean over the runs of a configuration. " if several else ""
    return Table("Configurations", tuple(columns), tuple(rows), what + note)


def _configuration(made: Bill, one: BilledConfiguration, told: list[str], *, several: bool) -> tuple[Cell, ...]:
    tail: list[Cell] = []
    if made.score is not None:
        tail = [one.score.value, one.dominated_by or ("" if one.compared else "not compared")]
    return (one.name, *([one.n_runs] if several else []), *_cells(one.charges, told), *tail)


def _rows(made: Bill, told: list[str]) -> Table:
    staged = any(one.stage for one in made.rows)
    columns = [Column("row"), Column("configuration"), *([Column("stage")] if staged else []), *_heads(made, told)]
    rows = [
        (one.row, one.configuration, *([one.stage] if staged else []), *_cells(one.bill.charges, told))
        for one in made.rows[:ROWS]
    ]
    note = f"The first {ROWS} of {len(made.rows)}; JSON has all." if len(made.rows) > ROWS else ""
    return Table("Rows", tuple(columns), tuple(rows), note)


def _lines(made: Bill) -> Table:
    """Lines of one item at one rate are put together."""
    found: dict[tuple[str, str, float, str], list[float]] = {}
    for line in made.ledger.lines:
        key = (line.item, line.unit, line.rate, str(line.source))
        found.setdefault(key, []).append(line.quantity)
    currency = made.total["cost"].unit
    columns = (
        Column("item"),
        Column("quantity"),
        Column("rate", currency),
        Column("amount", currency),
        Column("source"),
    )
    rows = tuple(
        (item, f"{format_number(sum(many))} {unit}", _rate(rate, unit), sum(many) * rate, source)
        for (item, unit, rate, source), many in list(found.items())[:ROWS]
    )
    return Table("The bill", columns, rows)


def _rate(rate: float, unit: str) -> str:
    return f"{format_number(1e6 * rate)} per M" if unit == "tokens" else format_number(rate)


def _bases(made: Bill, told: Iterable[str]) -> Table:
    found: dict[tuple[str, Basis, str], int] = {}
    for name in told:
        for one in made.rows:
            charge = one.bill.charges[name]
            if charge.value is not None:
                key = (_NAMES[name], charge.basis, charge.how)
                found[key] = found.get(key, 0) + 1
    rows = tuple((what, basis, n, how) for (what, basis, how), n in list(found.items())[:ROWS])
    return Table("What each amount rests on", ("amount", "basis", "rows", "from"), rows)


def _figure(made: Bill) -> Figure:
    layers: list[Layer] = []
    for name, keep in (("on the front", False), ("dominated", True)):
        some = [one for one in made.configurations if one.compared and (one.dominated_by is not None) is keep]
        if some:
            layers.append(
                Points(
                    name,
                    [_float(one.charges[made.against].estimate) for one in some],
                    [_float(one.score) for one in some],
                    labels=[one.name for one in some],
                    role="muted" if keep else "plan",
                )
            )
    positive = all((one.charges[made.against].value or 0) > 0 for one in made.configurations if one.compared)
    return Figure(
        f"{(made.score or 'score').capitalize()} against {_WHAT[made.against]}",
        Axis(_NAMES[made.against], made.total[made.against].unit, log=positive),
        Axis(made.score or "score"),
        tuple(layers),
    )


def _float(known: Estimate) -> float:
    return float("nan") if known.value is None else known.value
