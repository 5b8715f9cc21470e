"""The parts of a page that are words and tables."""

from __future__ import annotations

import re
from html import escape

from isoperf.estimate import Estimate, Status, format_number
from isoperf.report.blocks import Block, Caveat, Cell, Column, Facts, Heading, Prose, Table
from isoperf.report.cells import cell_text, clean, interval, notes, unit_of, value_text
from isoperf.report.markup import paragraphs, spans

__all__ = ["html_block", "html_facts", "html_paragraphs"]

_LINK = re.compile(r"https?://[^\s<>\"'`]*[^\s<>\"'`.,;:!?)\]]")
_TAGS = {"plain": "{}", "code": "<code>{}</code>", "bold": "<strong>{}</strong>"}


def html_block(block: Block, anchor: str) -> str:
    """Return one block; a heading gets the anchor that the contents point to."""
    match block:
        case Heading():
            level = min(max(block.level, 2), 4)
            return f'<h{level} id="{anchor}">{escape(clean(block.text))}</h{level}>\n'
        case Prose():
            return html_paragraphs(block.text)
        case Caveat():
            return _caveat(block)
        case Facts():
            return html_facts(block)
        case Table():
            return _table(block, anchor)
        case _:
            raise TypeError(f"a {type(block).__name__} is not drawn here")


def html_paragraphs(text: str, before: str = "") -> str:
    """Return paragraphs with their inline marks; addresses become links."""
    first, *more = paragraphs(text) or [""]
    return "".join(f"<p>{part}</p>\n" for part in (before + _inline(first), *map(_inline, more)) if part)


def html_facts(facts: Facts, kind: str = "facts") -> str:
    """Return names and values."""
    rows = (f"<dt>{escape(clean(key))}</dt><dd>{_linked(clean(value))}</dd>\n" for key, value in facts.items)
    title = f'<p class="name above">{escape(clean(facts.title))}</p>\n' if facts.title else ""
    return f'<section class="{kind}">{title}<dl>\n{"".join(rows)}</dl></section>\n'


def _inline(text: str) -> str:
    return "".join(
        _TAGS[span.style].format(escape(span.text) if span.style == "code" else _linked(span.text))
        for span in spans(clean(text))
    )


def _linked(text: str) -> str:
    pieces: list[str] = []
    end = 0
    for link in _LINK.finditer(text):
        address = escape(link.group())
        pieces += [
            escape(text[end : link.start()]),
            f'<a href="{address}" rel="noopener noreferrer">{address}</a>',
        ]
        end = link.end()
    return "".join(pieces) + escape(text[end:])


def _caveat(caveat: Caveat) -> str:
    kind = f'<strong class="kind">{caveat.kind.capitalize()}.</strong> '
    return f'<div class="caveat {caveat.kind}" role="note">{html_paragraphs(caveat.text, kind)}</div>\n'


def _table(table: Table, anchor: str) -> str:
    right = [table.right(index) for index in range(len(table.columns))]
    head = "".join(_header(column, side) for column, side in zip(table.headers, right, strict=True))
    body = "".join(
        "<tr>"
        + "".join(_cell(cell, column, side) for cell, column, side in zip(row, table.headers, right, strict=True))
        + "</tr>\n"
        for row in table.rows
    )
    below = "".join(f'<p class="below">{_linked(note)}</p>\n' for note in notes(table))
    name = f'<p class="name above" id="{anchor}-name">{escape(clean(table.title))}</p>'
    return (
        f'<div class="table">{name}\n'
        f'<div class="scroll" role="region" aria-labelledby="{anchor}-name" tabindex="0">\n'
        f'<table aria-labelledby="{anchor}-name"><thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{body}</tbody></table></div>\n{below}</div>\n"
    )


def _header(column: Column, right: bool) -> str:
    name = escape(clean(column.name))
    if column.help:
        name = f'<abbr title="{escape(clean(column.help))}">{name}</abbr>'
    unit = f' <span class="unit">{escape(clean(column.unit))}</span>' if column.title != column.name else ""
    return f'<th scope="col"{_side(right)}>{name}{unit}</th>'


def _cell(cell: Cell, column: Column, right: bool) -> str:
    inner = _estimate(cell, column) if isinstance(cell, Estimate) else escape(cell_text(cell, column))
    return f"<td{_side(right)}>{inner}</td>"


def _estimate(estimate: Estimate, column: Column) -> str:
    unit = estimate.unit or column.unit
    parts = [escape(value_text(estimate, unit))]
    if interval(estimate):
        level = f' title="{format_number(100 * estimate.level)}% interval"' if estimate.level else ""
        parts.append(f'<span class="interval"{level}>{interval(estimate, unit)}</span>')
    if unit_of(estimate, column):
        parts.append(f'<span class="cell-unit">{escape(clean(unit_of(estimate, column)))}</span>')
    if estimate.status is not Status.OK:
        meaning = escape(estimate.status.meaning)
        parts.append(f'<abbr class="tag" title="{meaning}">{escape(estimate.status.value)}</abbr>')
    return " ".join(parts)


def _side(right: bool) -> str:
    return ' class="right"' if right else ""
