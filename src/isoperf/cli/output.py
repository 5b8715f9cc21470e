"""How an answer leaves a command: drawn on the terminal, as JSON, as a file, or refused as too weak."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from isoperf.capability import Result
from isoperf.cli.keeping import Keep, keep_options
from isoperf.errors import FitError, did_you_mean
from isoperf.estimate import Status

if TYPE_CHECKING:
    from isoperf.report import Report

__all__ = ["Answer", "Output", "deliver", "output_options", "with_output"]

REPORT_SUFFIXES = ("html", "htm", "md", "markdown", "json", "txt", "text")


@dataclass(frozen=True)
class Output:
    """What the user wants to see of an answer, and where."""

    json: bool = False
    report: Path | None = None
    tables: Path | None = None
    strict: bool = False
    quiet: bool = False
    keep: Keep | None = None

    @classmethod
    def taken_from(cls, given: dict[str, Any]) -> Output:
        """Take the output's options out of a command's."""
        names = ("json", "report", "tables", "strict", "quiet", "keep")
        return cls(**{name: given.pop(name) for name in names if name in given})


@dataclass(frozen=True)
class Answer:
    """An answer that is already told: its report, and plain values for JSON."""

    told: Report
    plain: dict[str, Any]

    def report(self) -> Report:
        """Return the answer for people."""
        return self.told

    def as_dict(self) -> dict[str, Any]:
        """Return the answer for machines."""
        return self.plain


def deliver(result: Result, output: Output) -> Path | None:
    """Show a result as asked, and return where its report was written.

    Raises
    ------
    OutputError : the report cannot be written or kept.
    FitError : ``strict`` was asked for and the result is not to be trusted.
    """
    if output.json:
        from isoperf.report.plain import plain_result

        click.echo(json.dumps(plain_result(result.as_dict()), indent=2, allow_nan=False))
    elif not output.quiet:
        result.report().print()
    written = None
    if output.report is not None:
        written = result.report().save(output.report).resolve()
        if not output.quiet:
            click.echo(f"report written to {written}", err=True)
    if output.tables is not None:
        saved = result.report().save_tables(output.tables)
        if not output.quiet:
            click.echo(f"{len(saved)} table{'s' * (len(saved) != 1)} written to {output.tables.resolve()}", err=True)
    if output.keep is not None:
        told = output.keep.keep(result)
        if not output.quiet:
            click.echo(told, err=True)
    if output.strict:
        _require_ok(result)
    return written


def _require_ok(result: Result) -> None:
    if getattr(result, "ok", True):
        return
    status: Status | None = getattr(result, "status", None)
    reason = "part of it is unknown"
    if status is not None and status is not Status.OK:
        reason = f"its status is {status.value} ({status.meaning})"
    raise FitError(
        f"the result is not trustworthy: {reason}, and --strict asks for one that is. Add runs that vary "
        "what is asked, choose a simpler law, or leave out --strict and read the warnings."
    )


def output_options(strict: bool = True) -> list[click.Option]:
    """Return the options that say how the answer is shown; of a result, also whether it is kept and trusted."""
    found = [
        click.Option(["--json"], is_flag=True, help="print the answer for machines, and nothing else"),
        click.Option(
            ["--report"],
            metavar="FILE",
            callback=_report_path,
            help="also write the report: .html, .md, .json or .txt",
        ),
        click.Option(
            ["--tables"],
            metavar="FOLDER",
            type=click.Path(path_type=Path, file_okay=False),
            help="also write each of its tables there as CSV",
        ),
    ]
    if strict:
        text = "end with exit code 4 when the result is not trustworthy"
        found += [*keep_options(), click.Option(["--strict"], is_flag=True, help=text)]
    text = "print no report and no progress"
    return [*found, click.Option(["--quiet", "-q"], is_flag=True, help=text)]


def with_output(function: Callable[..., None]) -> Callable[..., None]:
    """Add the output options to a command written by hand."""
    for option in reversed(output_options(strict=False)):
        function.__dict__.setdefault("__click_params__", []).append(option)
    return function


def _report_path(ctx: click.Context, param: click.Parameter, value: str | None) -> Path | None:
    """Refuse a file that could not be written before the work begins, not after."""
    if value is None:
        return None
    path = Path(value)
    suffix = path.suffix.lstrip(".").lower()
    if suffix not in REPORT_SUFFIXES:
        found = f"the suffix '.{suffix}'" if suffix else "no suffix"
        near = did_you_mean(suffix, REPORT_SUFFIXES)
        raise click.BadParameter(f"{value!r} has {found}.{near} Use .html, .md, .json or .txt.", ctx, param)
    if not path.parent.is_dir():
        raise click.BadParameter(f"there is no folder '{path.parent}'. Create it, or choose another.", ctx, param)
    return path
