"""A law as a notebook shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from isoperf.laws.base import Law

__all__ = ["law_fragment"]


def law_fragment(law: Law) -> str:
    """Return what a law says, of which columns, with which parameters."""
    from isoperf.report.blocks import Prose, Table
    from isoperf.report.fragment import blocks_fragment

    inputs = ", ".join(f"`{name}`" for name in law.inputs)
    said = Prose(f"`{law.name}`: {inputs} → `{law.output}`. From {law.reference}.")
    rows = tuple((param.name, param.symbol, param.unit_in(law), param.allowed) for param in law.params)
    return blocks_fragment((said, Table("Parameters", ("parameter", "symbol", "unit", "allowed"), rows)), law.title)
