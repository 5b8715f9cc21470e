"""A report as Markdown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from isoperf.report.blocks import Block, Caveat, Facts, Heading, Prose, Table
from isoperf.report.cells import cell_text, clean, notes
from isoperf.report.figure import Figure
from isoperf.report.markup import paragraphs, spans
from isoperf.report.sketch import sketch_text

if TYPE_CHECKING:
    from isoperf.report.document import Report

__all__ = ["as_markdown"]

# Only what Markdown would read as a mark: a plain "[low, high]" or "n_params" stays as written.
_SPECIAL = re.compile(r"[\\`*<|~]|\](?=[(\[:])|&(?=#?\w+;)|(?<!\w)_|_(?!\w)")
_START = re.compile(r"^(\d*)([.)#>+=-])(?=[\s#>=-]|$)")


def as_markdown(report: Report) -> str:
    """Return the report with GitHub's tables and callouts; figures are sketched in characters."""
    parts = [f"# {_line(report.title)}", *(_block(block) for block in report.blocks)]
    if report.provenance:
        parts.append(_facts("Provenance", report.provenance))
    return "\n\n".join(part for part in parts if part) + "\n"


def _block(block: Block) -> str:
    match block:
        case Heading():
            return f"{'#' * min(max(block.level, 1), 6)} {_line(block.text)}"
        case Prose():
            return "\n\n".join(map(_marked, paragraphs(block.text)))
        case Caveat():
            return _caveat(block)
        case Facts():
            return _facts(block.title, dict(block.items))
        case Table():
            return _table(block)
        case Figure():
            return _figure(block)


def _escaped(text: str) -> str:
    return _SPECIAL.sub(lambda mark: "\\" + mark.group(), clean(text))


def _line(text: str) -> str:
    """Escape text that must stay on one line."""
    return _escaped(" ".join(text.split()))


def _marked(paragraph: str) -> str:
    written = {"plain": "{}", "code": "`{}`", "bold": "**{}**"}
    text = "".join(
        written[span.style].format(span.text if span.style == "code" else _escaped(span.text))
        for span in spans(paragraph)
    )
    return _started(text)


def _started(text: str) -> str:
    """Escape what would make a line a list, a quotation or a heading."""
    return _START.sub(r"\1\\\2", text)


def _caveat(caveat: Caveat) -> str:
    lines = "\n>\n".join(f"> {_marked(paragraph)}" for paragraph in paragraphs(caveat.text))
    return f"> [!{caveat.kind.upper()}]\n{lines}"


def _facts(title: str, items: Mapping[str, str]) -> str:
    head = [f"**{_line(title)}**", ""] if title else []
    return "\n".join([*head, *(f"- {_started(_line(key))}: {_line(value)}" for key, value in items.items())])


def _table(table: Table) -> str:
    columns = table.headers
    rule = ["---:" if table.right(index) else ":---" for index in range(len(columns))]
    rows = [[_line(cell_text(cell, column)) for cell, column in zip(row, columns, strict=True)] for row in table.rows]
    lines = [_row([_line(column.title) for column in columns]), _row(rule), *map(_row, rows)]
    below = "".join(f"\n\n{_line(note)}" for note in notes(table))
    return f"**{_line(table.title)}**\n\n" + "\n".join(lines) + below


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _figure(figure: Figure) -> str:
    drawn = sketch_text(figure, 78) if figure.sketched else ""
    parts = [f"**{_line(figure.title)}**"]
    if drawn:
        fence = "`" * (max((len(run) for run in re.findall(r"`+", drawn)), default=0) + 3)
        parts.append(f"{fence}text\n{drawn}\n{fence}")
    parts.extend(_marked(paragraph) for paragraph in paragraphs(figure.caption))
    return "\n\n".join(parts)
