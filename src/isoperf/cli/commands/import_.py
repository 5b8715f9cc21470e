"""Read what a tool wrote and write it as a table in base units."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from isoperf.cli.output import Answer, Output, deliver, output_options
from isoperf.cli.table import TableCommand, table_options
from isoperf.request.tables import TableOptions, read_source

if TYPE_CHECKING:
    from isoperf.observations import Observations
    from isoperf.readers import Reading
    from isoperf.report import Block, Report

__all__ = ["import_"]

SUFFIXES = (".parquet", ".csv", ".jsonl")


def _target(ctx: click.Context, param: click.Parameter, value: str | None) -> Path | None:
    """Refuse a file that could not be written before the work begins."""
    if value is None:
        return None
    path = Path(value)
    if path.suffix.lower() not in SUFFIXES:
        raise click.BadParameter(f"{value!r} has another suffix. Use {', '.join(SUFFIXES)}.", ctx, param)
    if not path.parent.is_dir():
        raise click.BadParameter(f"there is no folder '{path.parent}'. Create it, or choose another.", ctx, param)
    return path


def _answer(source: str, to: Path | None, **given: Any) -> None:
    output, options = Output.taken_from(given), TableOptions.taken_from(given)
    reading = read_source(source, options)
    written = None
    if to is not None:
        from isoperf.report.save import write_whole

        written = write_whole(to, _written(reading.table, to.suffix.lower()))
    deliver(Answer(_report(reading, written), _plain(reading, written)), output)


import_ = TableCommand(
    "import",
    callback=_answer,
    params=[
        click.Argument(["source"], type=click.Path()),
        click.Option(
            ["--to"], metavar="FILE", callback=_target, help="write the table: .parquet, .csv or .jsonl, in base units"
        ),
        *table_options(),
        *output_options(strict=False),
    ],
    help="Read what a tool wrote: MLflow, Weights & Biases, TensorBoard, Optuna, vLLM, GuideLLM, the LM Evaluation "
    "Harness, HELM, CodeCarbon and others. Says which format it is, what was read with which unit, and what was "
    "left out and why. SOURCE is a file, a tool's folder, or a pattern such as 'runs/*.csv'. Every other command "
    "reads the same sources; this one keeps the table.",
    short_help="Read what a tool wrote, and keep it as a table.",
)


def _written(table: Observations, suffix: str) -> bytes:
    """Return the table as a file's bytes; a missing cell is empty, or null."""
    if suffix == ".jsonl":
        from isoperf.report.plain import plain_value

        rows = (json.dumps(plain_value(row), allow_nan=False, ensure_ascii=False) for row in table.to_dicts())
        return "".join(f"{row}\n" for row in rows).encode()
    frame, file = table.to_polars(), io.BytesIO()
    if suffix == ".csv":
        frame.write_csv(file)
    else:
        frame.write_parquet(file)
    return file.getvalue()


def _report(reading: Reading, written: Path | None) -> Report:
    from isoperf.report import Caveat, Facts, Report

    table = reading.table
    facts = [("format", reading.format), ("rows", str(len(table)))]
    facts += [("other tables", ", ".join(f"--sheet {name}" for name in reading.other_tables))] * bool(
        reading.other_tables
    )
    facts += [("written to", str(written))] * bool(written)
    blocks: list[Block] = [Facts("", tuple(facts)), _columns(table)]
    blocks += [Caveat(f"Left out or changed: {note}.", kind="note") for note in reading.skipped]
    return Report(f"{table.source}: {reading.format}", tuple(blocks), {"data": table.fingerprint})


def _columns(table: Observations) -> Block:
    from isoperf.report import Column, Table

    rows = tuple(
        (one.column, "words" if one.kind == "word" else one.unit, len(table) - one.missing, one.missing,
         table.conversions.get(one.column, ""))
        for one in table.describe()
    )  # fmt: skip
    headers = ("column", "unit", "cells", "missing", "converted")
    return Table("Columns", tuple(map(Column, headers)), rows)


def _plain(reading: Reading, written: Path | None) -> dict[str, Any]:
    table = reading.table
    return {
        "source": table.source,
        "format": reading.format,
        "n_rows": len(table),
        "other_tables": list(reading.other_tables),
        "skipped": list(reading.skipped),
        "written": None if written is None else str(written),
        "fingerprint": table.fingerprint,
        "summary": [one._asdict() for one in table.describe()],
        "conversions": dict(table.conversions),
    }
