"""Rows for laws and readers that no hand-written table names yet, so that a new one is on its page at once."""

from __future__ import annotations

import re
from pathlib import Path

from docs._generate.markdown import between, code, docstring, table
from isoperf.laws import Law, discover
from isoperf.readers.tools import Tool, tools

_MARK = "more: generated"
_NOT = re.compile(r"\bNot (.+?)\.(?:\s|$)", re.DOTALL)
_LAWS = "Newer laws, by what their own pages say of them:\n\n"
_TOOLS = "Newer formats, by what their readers say of them:\n\n"


def pages(docs: Path) -> dict[str, str]:
    """Return both pages with the rows that are missing above them."""
    made = {}
    for name, rows in (("how-to-choose.md", _laws), ("connectors.md", _tools)):
        page = (docs / name).read_text(encoding="utf-8")
        made[name] = between(page, "more", rows(page.partition(f"<!-- {_MARK} -->")[0]))
    return made


def _laws(above: str) -> str:
    header = ("You varied", "Law", "Parameters", "Runs", "Not when", "Method")
    rows = [_law(law) for name, law in discover().items() if f"(laws/{name}.md)" not in above]
    return _LAWS + table(header, rows) if rows else ""


def _law(law: Law) -> tuple[str, ...]:
    text, _ = docstring(type(law))
    no = _NOT.search(text)
    inputs, name, count = ", ".join(map(code, law.inputs)), f"[`{law.name}`](laws/{law.name}.md)", len(law.params)
    least = f"{count + 3} and more"
    return inputs, name, str(count), least, no[1] if no else "", "[`fit`](jobs/fit.md)"


def _tools(above: str) -> str:
    titles = {line.split("|")[1].strip() for line in above.splitlines() if line.startswith("| ")}
    rows = [_tool(tool) for tool in tools() if tool.title not in titles]
    return _TOOLS + table(("format", "what is read", "tables"), rows) if rows else ""


def _tool(tool: Tool) -> tuple[str, ...]:
    about = (tool.read.__doc__ or "").partition("\n")[0]
    return tool.title, about, ", ".join(map(code, tool.tables))
