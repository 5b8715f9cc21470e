"""A report or a few of its blocks as a piece of a page, such as a notebook's answer."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING

from isoperf.report.blocks import Block, Caveat, Facts, Heading, Table
from isoperf.report.cells import clean
from isoperf.report.figure import Figure
from isoperf.report.html_blocks import html_block, html_facts, html_paragraphs
from isoperf.report.palette import asset, color_css, palette, squeezed
from isoperf.report.svg import as_svg, used_colors

if TYPE_CHECKING:
    from isoperf.report.document import Report

__all__ = ["MOST_ROWS", "as_fragment", "blocks_fragment"]

MOST_ROWS = 50
_MOST_CELLS = 600
_FEWEST_ROWS = 5
_SECTION = 2  # the level of headings below which parts fold


def as_fragment(report: Report) -> str:
    """Return the report with its figures drawn; it needs no script, no network and no file.

    The first section is open, later ones unfold, except those that hold a warning.
    """
    return blocks_fragment(report.blocks, report.title, tuple(report.provenance.items()))


def blocks_fragment(blocks: Iterable[Block], title: str = "", provenance: Sequence[tuple[str, str]] = ()) -> str:
    """Return blocks under a title, with the style they need."""
    blocks = (*blocks, *([Facts("Provenance", tuple(provenance))] if provenance else ()))
    mark = hashlib.sha256("\n".join([title, *map(_name, blocks)]).encode("utf-8", "replace")).hexdigest()[:8]
    parts = "".join(
        _section(section, f"isoperf-{mark}-{number}", bool(number)) for number, section in enumerate(_sections(blocks))
    )
    head = f'<p class="title">{escape(clean(title))}</p>\n' if title else ""
    text = f'<div class="isoperf isoperf-answer">\n<style>{_style(parts)}</style>\n{head}{parts}</div>\n'
    # XML holds neither of these two code points, and HTML would keep them.
    return text.replace("\ufffe", "\ufffd").replace("\uffff", "\ufffd")


def _name(block: Block) -> str:
    return block.text if isinstance(block, Heading) else str(getattr(block, "title", ""))


def _sections(blocks: Iterable[Block]) -> list[list[Block]]:
    """Divide before each section's heading; where the report begins with one, its title says enough."""
    found: list[list[Block]] = [[]]
    for number, block in enumerate(blocks):
        starts = isinstance(block, Heading) and block.level <= _SECTION
        if starts and number:
            found.append([])
        if number or not starts:
            found[-1].append(block)
    return found


def _section(blocks: Sequence[Block], anchor: str, folds: bool) -> str:
    if not folds:
        return "".join(_block(block, f"{anchor}-{index}") for index, block in enumerate(blocks))
    heading, *rest = blocks
    warns = any(isinstance(block, Caveat) and block.kind == "warning" for block in rest)
    inner = "".join(_block(block, f"{anchor}-{index}") for index, block in enumerate(rest))
    return _folded(_name(heading), inner, "section", warns)


def _folded(name: str, inner: str, kind: str, unfolded: bool = False) -> str:
    state = ' open="open"' if unfolded else ""
    return f'<details class="{kind}"{state}><summary>{escape(clean(name))}</summary>\n{inner}</details>\n'


def _block(block: Block, anchor: str) -> str:
    match block:
        case Figure():
            caption = html_paragraphs(block.caption)
            return f"<figure>{as_svg(block, style=False)}<figcaption>{caption}</figcaption></figure>\n"
        case Facts() if block.title:
            return _folded(block.title, html_facts(Facts("", block.items)), "more")
        case Table():
            return html_block(_short(block), anchor)
        case _:
            return html_block(block, anchor)


def _short(table: Table) -> Table:
    """Keep as many rows as are read in a notebook; a wide table keeps fewer."""
    most = min(MOST_ROWS, max(_FEWEST_ROWS, _MOST_CELLS // max(len(table.columns), 1)))
    if len(table.rows) <= most:
        return table
    note = f"These are the first {most} of {len(table.rows):,} rows; a saved report holds all."
    return replace(table, rows=table.rows[:most], note=f"{table.note} {note}".strip())


def _style(parts: str) -> str:
    words = "".join(
        f"--{name}:light-dark({day},{night});"
        for name, (day, night) in palette().items()
        if f"var(--{name})" in asset("notebook.css")
    )
    return f"{color_css(used_colors(parts))}.isoperf-answer{{{words}}}{squeezed(asset('notebook.css'))}"
