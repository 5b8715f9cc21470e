"""List the laws, or show one."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any

import click

from isoperf.cli.formula import plain_formula, plain_prose
from isoperf.cli.output import Answer, Output, deliver, with_output

if TYPE_CHECKING:
    from isoperf.laws import Law, Param
    from isoperf.report import Block, Report

__all__ = ["laws"]


@click.command(short_help="List the laws, or show one: formula, parameters, when to use it.")
@click.argument("name", required=False, metavar="[LAW]")
@with_output
def laws(name: str | None, **given: Any) -> None:
    """List the laws, or show one: its formula, parameters, source, and when to use it."""
    from isoperf.laws import discover, get

    if name is None:
        known = list(discover().values())
        answer = Answer(_list(known), {"laws": [_plain(law) for law in known]})
    else:
        law = get(name)
        answer = Answer(_page(law), {**_plain(law), "description": _text(law)})
    deliver(answer, Output.taken_from(given))


def _plain(law: Law) -> dict[str, Any]:
    return {
        "name": law.name,
        "title": law.title,
        "formula": _formulas(law),
        "inputs": list(law.inputs),
        "output": law.output,
        "baseline": law.baseline,
        "noise": law.noise,
        "reference": str(law.reference),
        "parameters": [
            {"name": p.name, "symbol": p.symbol, "unit": p.unit, "bounds": list(_bounds(p))} for p in law.params
        ],
    }


def _list(known: list[Law]) -> Report:
    from isoperf.report import Column, Prose, Report, Table

    rows = tuple(
        (law.name + (" (baseline)" if law.baseline else ""), ", ".join(law.inputs), law.output, law.title)
        for law in known
    )
    columns = (Column("law"), Column("inputs"), Column("output"), Column("what it says"))
    advice = Prose("`isoperf laws LAW` shows one; `isoperf fit DATA --law LAW` fits it.")
    return Report(f"{len(known)} laws", (Table("", columns, rows), advice))


def _page(law: Law) -> Report:
    from isoperf.report import Column, Facts, Heading, Prose, Report, Table

    body, sections = _docstring(law)
    facts = (
        ("inputs", ", ".join(law.inputs)),
        ("output", law.output),
        ("noise model", law.noise),
        ("reference", str(law.reference)),
    )
    rows = tuple((p.name, p.symbol, p.unit_in(law), p.allowed) for p in law.params)
    columns = (Column("parameter"), Column("symbol"), Column("unit"), Column("allowed values"))
    told: list[Block] = [
        block
        for title, text in sections.items()
        if title != "Examples"
        for block in (Heading(title), Prose(plain_prose(text)))
    ]
    prose = [Prose(text) for text in (*(f"`{formula}`" for formula in _formulas(law)), *body)]
    table = Table("Parameters", columns, rows)
    return Report(f"{law.name}: {law.title}", (*prose, Facts("", facts), table, *told))


def _docstring(law: Law) -> tuple[list[str], dict[str, str]]:
    """Return the paragraphs without title and formulas, then the sections by name."""
    pieces = re.split(r"^(\w[\w ]*)\n-{3,}\n", _text(law), flags=re.MULTILINE)
    paragraphs = pieces[0].strip().split("\n\n")[1:]
    body = [plain_prose(text) for text in paragraphs if not text.startswith(".. math::")]
    entries = (re.sub(r"\n(?=\w+ : )", "\n\n", piece.strip()) for piece in pieces[2::2])
    return body, dict(zip(pieces[1::2], entries, strict=True))


def _formulas(law: Law) -> list[str]:
    found = re.findall(r"^\.\. math:: (.*(?:\n[ ]+\S.*)*)", _text(law), flags=re.MULTILINE)
    return [plain_formula(latex) for latex in found]


def _text(law: Law) -> str:
    return inspect.getdoc(type(law)) or ""


def _bounds(param: Param) -> tuple[float, float]:
    low, high = param.bounds
    return (max(low, 0.0) if param.log else low), high
