"""The project's store from the command line: init, add, ls, query, export, and its upkeep."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from isoperf.cli.commands.store_parts import opened, place_option, size_of, told_in
from isoperf.cli.commands.store_upkeep import UPKEEP
from isoperf.cli.output import Answer, Output, deliver, output_options
from isoperf.cli.table import TableCommand, table_argument, table_options
from isoperf.errors import OptionError
from isoperf.request.tables import TableOptions, as_arguments, is_named, read_table, stored_reference

if TYPE_CHECKING:
    import polars as pl

    from isoperf.report import Block, Column, Report
    from isoperf.store import Entry, Store

__all__ = ["COMMANDS"]

SHOWN = 50  # rows of an answer that the terminal shows
QUERY_SUFFIXES = (".csv", ".parquet", ".json")


def _init(folder: str | None, **given: Any) -> None:
    from isoperf.store import Store
    from isoperf.store.finding import FOLDER

    store = Store(folder or FOLDER).create()
    named = f" In other folders, say --store {store.place}, or set ISOPERF_STORE." if folder else ""
    told = f"`isoperf add FILE` keeps a table, and every command then takes its name.{named}"
    told_in(f"store in {store.place}", told, {"store": store.place}, given)


def _add(data: str, name: str | None, append: bool, replace: bool, store: str | None, **given: Any) -> None:
    options = TableOptions.taken_from(given)
    kept = opened(store)
    name = name or _stem(data)
    if is_named(data):
        entry = kept.add(name, read_table(data, options), append=append, replace=replace)
    else:
        source = stored_reference(data) or data
        entry = kept.add(name, source, append=append, replace=replace, **as_arguments(options))
    what = f"{entry.n_rows} rows, {len(entry.columns)} columns" if entry.kind == "table" else entry.title
    used = f" `isoperf fit {entry.name}` reads it here, store:{entry.name} anywhere in the project." * (
        entry.kind == "table"
    )
    told = f"{entry.kind} `{entry.name}` is kept in {kept.place}: {what}.{used}"
    told_in(f"{entry.name} added", told, {"store": kept.place, "entry": entry.as_dict()}, given)


def _ls(name: str | None, store: str | None, **given: Any) -> None:
    kept = opened(store)
    if name is None:
        entries = kept.ls()
        answer = Answer(_list(kept, entries), {"store": kept.place, "entries": [e.as_dict() for e in entries]})
    else:
        entry = kept.entry(name)
        answer = Answer(_page(entry), {"store": kept.place, "entry": entry.as_dict()})
    deliver(answer, Output.taken_from(given))


def _query(sql: str, to: Path | None, store: str | None, **given: Any) -> None:
    found = opened(store).query(sql)
    if to is not None:
        _write(found, to)
    rows = found.to_dicts() if given["json"] else []
    plain = {"n_rows": found.height, "columns": found.columns, "rows": rows, "written": str(to) if to else None}
    deliver(Answer(_result(found, to), plain), Output.taken_from(given))


def _export(names: tuple[str, ...], to: Path | None, format: str, store: str | None, **given: Any) -> None:
    if to is None and names and ("." in names[-1] or "/" in names[-1]):  # which no name in a store has
        *names_left, last = names
        names, to = tuple(names_left), Path(last)
    if to is None:
        raise OptionError("export needs a place to write to. Say --to FOLDER, or `isoperf export NAME FILE.csv`.")
    written = opened(store).export(to, names, format=format)
    told_in(f"written to {written}", "", {"written": str(written)}, given)


def _stem(data: str) -> str:
    """Return the name that a file gives its table."""
    if data == "-":
        raise OptionError("a table from standard input needs a name. Say --name.")
    stem = Path(data.removeprefix("store:")).name.partition(".")[0]
    return re.sub(r"[^\w-]+", "_", stem, flags=re.ASCII).strip("_-") or data


def _list(store: Store, entries: tuple[Entry, ...]) -> Report:
    from isoperf.report import Column, Prose, Report, Table

    headers = ("name", "kind", "rows", "what it holds", "size", "written (UTC)")
    rows = tuple(
        (e.name, e.kind, e.n_rows or None, e.title or _brief(e), size_of(e.n_bytes), e.when[:-3]) for e in entries
    )
    advice = Prose("`isoperf ls NAME` shows one; any command takes a table's name in place of a file.")
    count = f"{len(entries)} {'entry' if len(entries) == 1 else 'entries'}"
    return Report(f"{store.place}: {count}", (Table("", tuple(map(Column, headers)), rows), advice))


def _brief(entry: Entry) -> str:
    names = list(entry.columns)
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _page(entry: Entry) -> Report:
    from isoperf.report import Column, Facts, Report, Table

    facts = {"kind": entry.kind, "rows": str(entry.n_rows), "holds": entry.title, "from": entry.source}
    facts |= {"written": f"{entry.when} UTC", "size": size_of(entry.n_bytes)}
    shown = tuple((key, value) for key, value in facts.items() if value not in ("", "0"))
    blocks: list[Block] = [Facts("", shown)]
    if entry.columns:
        rows = tuple(
            (name, "words" if kind == "word" else entry.units.get(name, ""), _made(entry, name))
            for name, kind in entry.columns.items()
        )
        blocks.append(Table("Columns", (Column("column"), Column("unit"), Column("made")), rows))
    return Report(entry.name, tuple(blocks))


def _made(entry: Entry, column: str) -> str:
    derived, converted = entry.derived.get(column), entry.conversions.get(column)
    return f"derived: {derived}" if derived else f"converted: {converted}" if converted else ""


def _result(found: pl.DataFrame, to: Path | None) -> Report:
    from isoperf.report import Column, Prose, Report, Table

    headers: tuple[Column | str, ...] = tuple(Column(name) for name in found.columns)
    rows = tuple(tuple(map(_cell, row)) for row in found.head(SHOWN).iter_rows())
    blocks: list[Block] = [Table("", headers, rows)]
    if to is not None:
        blocks.append(Prose(f"All rows are in {to}."))
    elif found.height > SHOWN:
        blocks.append(Prose(f"The first {SHOWN} rows are shown; --to FILE writes all."))
    return Report("1 row" if found.height == 1 else f"{found.height} rows", tuple(blocks))


def _cell(value: Any) -> Any:
    return value if value is None or isinstance(value, (str, int, float)) else str(value)


def _write(found: pl.DataFrame, path: Path) -> None:
    import io

    from isoperf.report.save import write_whole

    file = io.BytesIO()
    writers: dict[str, Callable[[io.BytesIO], object]] = {
        ".csv": found.write_csv,
        ".parquet": found.write_parquet,
        ".json": found.write_json,
    }
    writers[path.suffix.lower()](file)
    write_whole(path, file.getvalue())


def _query_file(ctx: click.Context, param: click.Parameter, value: str | None) -> Path | None:
    """Refuse a file that could not be written before the work begins."""
    if value is None:
        return None
    if Path(value).suffix.lower() not in QUERY_SUFFIXES:
        raise click.BadParameter(f"{value!r} has another suffix. Use {', '.join(QUERY_SUFFIXES)}.", ctx, param)
    return Path(value)


init = click.Command(
    "init",
    callback=_init,
    params=[click.Argument(["folder"], metavar="[PLACE]", required=False), *output_options(strict=False)],
    help="Make a store for the tables, fits and reports of a project. It is the folder .isoperf here, or PLACE: "
    "another folder, or a PostgreSQL database for a team, postgresql://USER@HOST/DATABASE. What is in a store "
    "survives crashes, full disks and several writers at a time.",
    short_help="Make a store for the tables, fits and reports of a project.",
)
add = TableCommand(
    "add",
    callback=_add,
    params=[
        table_argument(),
        click.Option(["--name"], help="name in the store; by default the file's, without its ending"),
        click.Option(["--append"], is_flag=True, help="add the rows to the table of that name"),
        click.Option(["--replace"], is_flag=True, help="put it in the place of what has that name"),
        place_option(),
        *table_options(),
        *output_options(strict=False),
    ],
    help="Keep a table in the project's store, in base units. DATA is whatever other commands read; or the JSON file "
    "of a fit (Fit.to_json) or of a report (--report FILE.json).",
    short_help="Keep a table, a fit or a report in the project's store.",
)
ls = click.Command(
    "ls",
    callback=_ls,
    params=[click.Argument(["name"], required=False), place_option(), *output_options(strict=False)],
    help="List what the project's store holds, or show one entry: its columns, units and where it came from.",
    short_help="List what the project's store holds.",
)
query = click.Command(
    "query",
    callback=_query,
    params=[
        click.Argument(["sql"]),
        click.Option(["--to"], metavar="FILE", callback=_query_file, help="write all rows: .csv, .parquet or .json"),
        place_option(),
        *output_options(strict=False),
    ],
    help="Answer an SQL SELECT over the stored tables. A name with - in it goes in double quotes. Nothing is changed.",
    short_help="Answer an SQL SELECT over the stored tables.",
    epilog="\b\nTry:\n  isoperf query 'select n_params, min(loss) from runs group by n_params order by 1'",
)
export = click.Command(
    "export",
    callback=_export,
    params=[
        click.Argument(["names"], nargs=-1, metavar="[NAME]... [FILE]"),
        click.Option(
            ["--to"],
            metavar="PATH",
            type=click.Path(path_type=Path),
            help="a new folder; of one name, a file, which may also stand last without --to",
        ),
        click.Option(
            ["--format"], type=click.Choice(["parquet", "csv"]), default="parquet", show_default=True,
            help="format of the tables in a folder",
        ),
        place_option(),
        *output_options(strict=False),
    ],
    help="Write what the store holds as plain files: everything, or the entries named.",
    short_help="Write what the store holds as plain files.",
)  # fmt: skip
COMMANDS = (init, add, ls, query, export, *UPKEEP)
