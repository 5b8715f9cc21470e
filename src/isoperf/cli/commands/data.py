"""List the named tables, or show one, or any file."""

from __future__ import annotations

import fnmatch
import shlex
from typing import TYPE_CHECKING, Any

from isoperf.cli.output import Answer, Output, deliver, output_options
from isoperf.cli.table import TableCommand, table_argument, table_options
from isoperf.request.tables import TableOptions, is_named, read_table

if TYPE_CHECKING:
    from isoperf.datasets import TableInfo
    from isoperf.observations import Observations
    from isoperf.report import Block, Report, Table

__all__ = ["data"]

HEAD = 3


def _answer(data: str | None, **given: Any) -> None:
    output, options = Output.taken_from(given), TableOptions.taken_from(given)
    if data is None:
        deliver(_list(), output)
    elif is_named(data):
        deliver(_named(data, options), output)
    else:
        table = read_table(data, options)
        plain = {"source": table.source, **_plain_table(table)}
        deliver(Answer(_report(table.source, _shown(table, None), table), plain), output)


data = TableCommand(
    "data",
    callback=_answer,
    params=[table_argument(required=False), *table_options(), *output_options(strict=False)],
    help="List the tables that have names, or show one: description, licence, columns and first rows. "
    "DATA may also be a file, or - for standard input: this shows what Isoperf reads in it.",
    short_help="List the named tables, or show one, or any file.",
)


def _list() -> Answer:
    from isoperf import datasets
    from isoperf.report import Column, Prose, Report, Table

    known = [datasets.info(name) for name in datasets.names()]
    columns = (Column("table"), Column("rows"), Column("kind"), Column("comes by"), Column("what it holds"))
    rows = tuple((one.name, one.rows, one.kind, one.availability, one.title) for one in known)
    advice = Prose("`isoperf data NAME` shows one; any command takes a name in place of a file.")
    report = Report(f"{len(known)} named tables", (Table("", columns, rows), advice))
    return Answer(report, {"tables": [one.as_dict() for one in known]})


def _named(name: str, options: TableOptions) -> Answer:
    """Describe a named table; its rows are shown when they are on this machine."""
    from isoperf import datasets
    from isoperf.errors import DataError

    about, table, absent = datasets.info(name), None, ""
    try:
        datasets.path(name)
    except DataError as error:
        absent = str(error)
    if not absent:
        table = read_table(name, options)
    shown = _shown(table, about) if table is not None else (_described(about), _absent(about, absent))
    plain = {
        **about.as_dict(),
        **(_plain_table(table) if table is not None else {"summary": None, "head": None}),
    }
    return Answer(_report(f"{name}: {about.title}", (_facts(about), *_notes(about), *shown), table), plain)


def _report(title: str, blocks: tuple[Block, ...], table: Observations | None) -> Report:
    from isoperf.report import Report

    return Report(title, blocks, {"data": table.fingerprint} if table is not None else {})


def _shown(table: Observations, about: TableInfo | None) -> tuple[Table, ...]:
    return _columns(table), _meanings(table, about), _head(table)


def _facts(about: TableInfo) -> Block:
    from isoperf.report import Facts

    facts = {
        "rows": f"{about.rows} ({'one for each run' if about.kind == 'runs' else 'several for each curve'})",
        "citation": about.citation,
        "licence": about.licence,
        "source": about.source,
        "comes by": about.availability,
    }
    return Facts("", tuple(facts.items()))


def _notes(about: TableInfo) -> list[Block]:
    from isoperf.report import Caveat

    return [Caveat(note, kind="note") for note in about.notes]


def _absent(about: TableInfo, reason: str) -> Block:
    from isoperf.report import Caveat

    if about.availability == "download":
        reason = "Its rows are not on this machine: they are downloaded when a command first uses them."
    return Caveat(reason)


def _columns(table: Observations) -> Table:
    """Every column's unit, range and missing cells."""
    from isoperf.report import Column, Table

    rows = tuple(
        (c.column, "words", None, None, None, c.missing)
        if c.kind == "word"
        else (c.column, c.unit, c.min, c.median, c.max, c.missing)
        for c in table.describe()
    )
    headers = ("column", "unit", "least", "median", "most", "missing")
    size = "1 row" if len(table) == 1 else f"{len(table)} rows"
    return Table(f"Columns ({size})", tuple(map(Column, headers)), rows)


def _meanings(table: Observations, about: TableInfo | None) -> Table:
    from isoperf.report import Column, Table

    rows = tuple((name, _meaning(name, table, about)) for name in table.columns)
    return Table("What they mean", (Column("column"), Column("meaning")), rows)


def _described(about: TableInfo) -> Table:
    from isoperf.report import Column, Table

    return Table("Columns", (Column("column"), Column("meaning")), tuple(about.columns.items()))


def _meaning(column: str, table: Observations, about: TableInfo | None) -> str:
    from isoperf.columns import COLUMNS

    known = about.columns if about else {}
    said = known.get(column) or next((m for c, m in known.items() if fnmatch.fnmatchcase(column, c)), "")
    meaning = said or (COLUMNS[column].meaning if column in COLUMNS else _perhaps(column, table))
    derived, converted = table.derived.get(column), table.conversions.get(column)
    made = f"derived: {derived}" if derived else f"converted: {converted}" if converted else ""
    return "; ".join(piece for piece in (meaning, made) if piece)


def _perhaps(column: str, table: Observations) -> str:
    """Say what a column of another name may be, and how to have it read so."""
    from isoperf.columns import meant

    ours = meant(column, table)
    return f"perhaps {ours}: --map {shlex.quote(f'{ours}={column}')}" if ours else "a column of your own"


def _head(table: Observations) -> Table:
    """Return the first rows, each as a column: tables are often wider than terminals."""
    from isoperf.report import Column, Table

    first = _first(table)
    rows = tuple((name, *(row[name] for row in first)) for name in table.columns)
    return Table("First rows", (Column("column"), *(Column(f"row {i}") for i in range(1, len(first) + 1))), rows)


def _first(table: Observations) -> list[dict[str, Any]]:
    return table.take(list(range(min(HEAD, len(table))))).to_dicts()


def _plain_table(table: Observations) -> dict[str, Any]:
    """Return what was read for machines."""
    return {
        "n_rows": len(table),
        "fingerprint": table.fingerprint,
        "summary": [one._asdict() for one in table.describe()],
        "head": _first(table),
    }
