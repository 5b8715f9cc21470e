"""Show a whole answer on the table that comes with the package."""

from __future__ import annotations

import webbrowser
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from isoperf.cli.output import Output, deliver, with_output
from isoperf.cli.progress import bar

__all__ = ["demo"]

PAGE = Path("isoperf-demo.html")


@click.command(short_help="Show a whole answer on the table that comes with the package.")
@click.option("--open", "opened", is_flag=True, help=f"open the report in a browser; by default {PAGE}")
@with_output
def demo(opened: bool, **given: Any) -> None:
    """Show a whole answer, from measured runs to a decision, on the table that comes with the package."""
    output = Output.taken_from(given)
    if opened and output.report is None:
        output = replace(output, report=PAGE)
    with bar("demo", output.quiet) as progress:
        from isoperf.demo import run

        result = run(progress=progress)
    written = deliver(result, output)
    if opened and written is not None and not webbrowser.open(written.as_uri()):
        click.echo(f"no browser was found; open {written} yourself.", err=True)
