"""The page of columns, from the glossary."""

from __future__ import annotations

from pathlib import Path

from docs._generate.markdown import MADE, code, plain, table
from isoperf.columns import COLUMNS, ColumnSpec

INTRODUCTION = """\
# Columns

A table says what it holds by the names of its columns. Isoperf knows the names below, and
never guesses: where yours differ, it says which of your columns looks like the one it needs,
and you map it, with `rename={"val_loss": "loss"}` in Python or `--map loss=val_loss` on the
command line.

Values are in base units. A cell or a column name may carry another unit, such as `1.4B`,
`12 ms` or `ttft_ms`; it is converted on entry and the conversion is noted.

"""


def pages(docs: Path) -> dict[str, str]:
    """Return the page."""
    header = ("Column", "Unit", "Meaning", "Often called")
    return {"columns.md": MADE + INTRODUCTION + table(header, map(_row, COLUMNS.values()))}


def _row(spec: ColumnSpec) -> tuple[str, ...]:
    units = " or ".join(unit for unit in (spec.unit, *spec.other_units) if unit)
    values = "words" if spec.kind == "word" else "above 0" if spec.positive else ""
    meaning = plain(spec.meaning) + (f" ({values})" if values else "")
    return code(spec.name), units, meaning, ", ".join(map(code, spec.synonyms))
