"""One page for each law and a list of them, from the laws themselves."""

from __future__ import annotations

import sys
from pathlib import Path

from docs._generate.markdown import MADE, code, docstring, table
from isoperf.laws import Law, Param, discover

INTRODUCTION = """\
# Laws

A law is a pure function from parameters and columns to one output. It holds no data: fitting
it to a table gives values, draws and a status for each parameter. A new file in
`src/isoperf/laws/` is a new law everywhere; see [Contributing](../contributing.md).

"""


def pages(docs: Path) -> dict[str, str]:
    """Return the list and each law's page."""
    laws = discover()
    found = {f"laws/{name}.md": _page(law) for name, law in laws.items()}
    header = ("Law", "What it says", "Inputs", "Output", "From")
    rows = (_row(name, law) for name, law in laws.items())
    return {"laws/index.md": MADE + INTRODUCTION + table(header, rows), **found}


def _row(name: str, law: Law) -> tuple[str, ...]:
    inputs = ", ".join(map(code, law.inputs))
    return f"[`{name}`]({name}.md)", law.title, inputs, code(law.output), str(law.reference)


def _page(law: Law) -> str:
    body, sections = docstring(type(law))
    if "Examples" in sections:
        sections["Examples"] = _with_import(law, sections["Examples"])
    facts = f"`{law.name}`: {', '.join(map(code, law.inputs))} → {code(law.output)}"
    if law.baseline:
        facts += " (a baseline, to be beaten)"
    text = f"{MADE}# {law.title}\n\n{facts}\n\n{body}\n## Parameters\n\n{_parameters(law)}"
    return text + "".join(f"\n## {title}\n\n{piece}" for title, piece in sections.items())


def _with_import(law: Law, example: str) -> str:
    kind = type(law)
    lines = ">>> import numpy as np\n" if "np." in example else ""
    beside = [name for name in getattr(sys.modules[kind.__module__], "__all__", ()) if f"{name}(" in example]
    names = sorted({kind.__name__, *beside})
    lines += f">>> from {kind.__module__} import {', '.join(names)}\n"
    return example.replace(">>> ", f"{lines}>>> ", 1)


def _parameters(law: Law) -> str:
    header = ("Parameter", "Symbol", "Unit", "Allowed values")
    rows = ((code(p.name), p.symbol, _unit(p, law), p.allowed) for p in law.params)
    return table(header, rows)


def _unit(param: Param, law: Law) -> str:
    return f"that of {code(param.unit)}" if param.unit in (law.output, *law.inputs) else param.unit
