"""The store and what it keeps, as a notebook shows them."""

from __future__ import annotations

from collections.abc import Sequence

from isoperf.report.blocks import Column, Facts, Table
from isoperf.report.fragment import blocks_fragment
from isoperf.store.entry import Entry, StoredReport

__all__ = ["entry_fragment", "store_fragment", "stored_report_fragment"]


def store_fragment(place: str, entries: Sequence[Entry]) -> str:
    """Return one row for each thing the store keeps."""
    heads = ("name", "kind", "rows", Column("size", "bytes"), "title or source", Column("written", "UTC"))
    rows = tuple(
        (e.name, e.kind, e.n_rows if e.kind == "table" else None, e.n_bytes, e.title or e.source, e.when)
        for e in entries
    )
    return blocks_fragment((Table(f"Store in {place}: {len(rows)} kept", heads, rows),))


def entry_fragment(entry: Entry) -> str:
    """Return what the store says of a thing."""
    size = f"{entry.n_rows:,} rows, " if entry.kind == "table" else ""
    facts = (("kind", entry.kind), ("title", entry.title), ("source", entry.source), ("written", f"{entry.when} UTC"))
    known = tuple((key, value) for key, value in (*facts, ("size", f"{size}{entry.n_bytes:,} bytes")) if value)
    rows = tuple((name, entry.units.get(name, ""), kind) for name, kind in entry.columns.items())
    columns = (Table("Columns", ("column", "unit", "kind"), rows),) if rows else ()
    return blocks_fragment((Facts("", known), *columns), entry.name)


def stored_report_fragment(report: StoredReport) -> str:
    """Return the parts of a stored report by name; its page is in `html`."""
    blocks = [block for block in report.plain.get("blocks", ()) if isinstance(block, dict)]
    named = [(str(block.get("type", "")), str(block.get("title") or block.get("text", ""))) for block in blocks]
    rows = tuple((kind, name if len(name) <= 120 else f"{name[:119]}…") for kind, name in named)
    return blocks_fragment(
        (Table("Parts", ("part", "what it says"), rows, "html() returns the whole page."),), report.title
    )
