"""The page of commands, from what each answers to ``--help``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from docs._generate.markdown import MADE
from isoperf.cli import app

INTRODUCTION = """\
# Commands

Each command calls the function of the same name and prints its report. `--json` prints the
same answer for machines.

"""


def pages(docs: Path) -> dict[str, str]:
    """Return the page."""
    return {"cli.md": MADE + INTRODUCTION + "\n".join(_sections(app, None, "isoperf"))}


def _sections(command: click.Command, parent: click.Context | None, name: str) -> Iterator[str]:
    context = click.Context(command, parent, name, terminal_width=88, max_content_width=88)
    yield f"## {context.command_path}\n\n```text\n{command.get_help(context).rstrip()}\n```\n"
    if isinstance(command, click.Group):
        for child in command.list_commands(context):
            found = command.get_command(context, child)
            if found and not found.hidden:
                yield from _sections(found, context, child)
