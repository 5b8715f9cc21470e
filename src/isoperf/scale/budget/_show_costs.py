"""What planned runs cost, told to a person, with where every number comes from."""

from __future__ import annotations

from collections.abc import Iterator

from isoperf.estimate import Estimate
from isoperf.report import Block, Caveat, Cell, Column, Table
from isoperf.report.cells import number
from isoperf.scale.budget._run_costs import UNITS, RunCost
from isoperf.scale.budget.plan import Plan

__all__ = ["cost_blocks", "cost_sentence"]

_NAMES = {
    "gpu_hours": "accelerator time",
    "days": "time",
    "dollars": "money",
    "energy": "energy",
    "co2": "CO2e",
}
_WORDS = {"GPU-hours": "GPU-hours", "USD": "dollars"}


def cost_blocks(made: Plan) -> list[Block]:
    """Costs of every run, what is unknown and why, and the numbers that all of it rests on."""
    if not made.costs:
        return []
    return [*_caveats(made), _costs(made), _sources(made)]


def cost_sentence(made: Plan) -> str:
    """Say what the first run costs, as far as is known; nothing where that was asked for already."""
    trained = [one for one in made.costs if one.part == "training"]
    if not trained:
        return ""
    known = [(name, trained[0][name]) for name in UNITS if trained[0][name].value is not None]
    parts = [f"{_amount(one)}{' of CO2e' if name == 'co2' else ''}" for name, one in known]
    if not parts:
        return ""
    listed = parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
    where = f" on {made.rates.n_gpus} x {made.rates.name}" if made.rates.n_gpus else f" on {made.rates.name}"
    return f"The first run takes {listed}{where} at {100 * made.rates.mfu:.3g}% of its peak."


def _amount(known: Estimate) -> str:
    text = number(known.value)
    if known.low is not None and known.high is not None:
        text += f" [{number(known.low)}, {number(known.high)}]"
    return f"{text} {_WORDS.get(known.unit, known.unit)}"


def _caveats(made: Plan) -> list[Caveat]:
    told = [one.charges["energy"] for one in made.costs if one.charges["energy"].value is not None]
    found = []
    if any("power limit" in one.how for one in told):
        text = "**Energy rests on a power limit**, which a device reaches only under full load: rather too high. Give "
        found.append(Caveat(f"{text}the power that yours draws.", kind="note"))
    if told and made.rates.pue == 1:
        text = "Energy is that of the accelerators: no data-centre overhead is counted (PUE 1)."
        found.append(Caveat(text, kind="note"))
    if made.rates.undated:
        found.append(Caveat("The price has no date: nobody can tell whether it still holds.", kind="note"))
    return found


def _costs(made: Plan) -> Table:
    served = any(one.part == "serving" for one in made.costs)
    heads = (Column("run"), *((Column("part"),) if served else ()))
    columns = (*heads, *(Column(_NAMES[name], unit) for name, unit in UNITS.items()))
    rows = tuple((_label(one), *((one.part,) if served else ()), *_cells(one)) for one in made.costs)
    return Table("What it costs", columns, rows, _note(made))


def _label(one: RunCost) -> str:
    word = {"USD": "dollars"}.get(one.unit, one.unit)
    budget = one.unit in ("FLOPs", "USD", "GPU-hours")
    return (
        f"{number(one.amount, one.unit if one.unit == 'FLOPs' else '')} {word}" if budget else f"{word} {one.amount:g}"
    )


def _cells(one: RunCost) -> Iterator[Cell]:
    """Costs in a row; why one is unknown, the note says."""
    for name in UNITS:
        known = one[name]
        yield None if known.value is None else Estimate(known.value, known.low, known.high, known.level)


def _note(made: Plan) -> str:
    """Say why something is unknown, once for each reason."""
    why: dict[str, list[str]] = {}
    for one in made.costs:
        for name, charge in one.charges.items():
            if charge.value is None and _NAMES[name] not in why.setdefault(charge.how, []):
                why[charge.how].append(_NAMES[name])
    reasons = "; ".join(f"{' and '.join(names)} ({how})" for how, names in why.items())
    data = " Money is that of accelerators; tokens come on top." if any("data" in b.spent for b in made.budgets) else ""
    return (f"Unknown: {reasons}." if reasons else "Every amount follows from the one before it.") + data


def _sources(made: Plan) -> Table:
    rows = tuple((one.what, one.value, one.unit, one.source) for one in made.rates.told())
    return Table("What the costs rest on", ("number", "value", "unit", "from"), rows)
