"""The root command: every capability and a few commands of its own, none imported before it is asked for."""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from typing import Any

import click
from click.shell_completion import CompletionItem

from isoperf.capability import Entry, discover
from isoperf.cli.commands.completion import completion
from isoperf.cli.commands.data import data
from isoperf.cli.commands.demo import demo
from isoperf.cli.commands.import_ import import_
from isoperf.cli.commands.laws import laws
from isoperf.cli.commands.store import COMMANDS as STORE_COMMANDS
from isoperf.cli.commands.studio import studio
from isoperf.cli.guard import guarded
from isoperf.cli.nearest import OFTEN, unknown_command

__all__ = ["App", "app", "main"]

FIRST_SECTION = "Most asked"
OWN_SECTION = "Data and laws"
FOREIGN_SECTION = "From other packages"
_TITLES = {"predict": "Predict", "scale": "Scale", "optimise": "Optimise", "tradeoff": "Trade off"}


class App(click.Group):
    """A group whose commands are the capabilities found, each imported when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return every command's name, in the order of the help page."""
        return [name for rows in _sections(self).values() for name, _ in rows]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a capability and return its command."""
        if cmd_name in self.commands:
            return self.commands[cmd_name]
        name = cmd_name.replace("-", "_")
        if name not in discover():
            return None
        from isoperf.cli.method import method_command

        return method_command(name)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command asked for; an unknown one is refused with the nearest name."""
        name = args[0]
        found = self.get_command(ctx, name)
        if found is None and not ctx.resilient_parsing and not name.startswith("-"):
            if name == "help":
                return self._explained(ctx, args[1:])
            ctx.fail(unknown_command(name, self.list_commands(ctx)))
        return name, found, args[1:]

    def _explained(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """Take ``help`` and ``help forecast`` for what they mean, though help is an option."""
        if args:
            return self.resolve_command(ctx, [args[0], "--help"])
        click.echo(ctx.get_help())
        ctx.exit()

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands: those to begin with, then all, one section for each job."""
        sections = _sections(self)
        summaries = dict(row for rows in sections.values() for row in rows)
        with formatter.section(FIRST_SECTION):
            formatter.write_dl([(name, summaries[name]) for name in OFTEN if name in summaries])
        for title, rows in sections.items():
            with formatter.section(title):
                formatter.write_dl(rows)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete a command's name without importing it."""
        rows = [row for rows in _sections(self).values() for row in rows]
        found = [CompletionItem(name, help=text) for name, text in rows if name.startswith(incomplete)]
        return [*found, *click.Command.shell_complete(self, ctx, incomplete)]

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run a command line; every failure becomes one message and an exit code."""
        run = super().main
        code = guarded(lambda: run(args, prog_name or "isoperf", complete_var, standalone_mode=False, **extra))
        if standalone_mode:
            sys.exit(code)
        return code


def _sections(group: click.Group) -> dict[str, list[tuple[str, str]]]:
    """Return name and summary of every command, by section: one for each topic of a job."""
    found: dict[str, list[tuple[str, str]]] = {}
    for entry in discover().values():
        name = entry.name.replace("_", "-")
        if name not in group.commands:
            found.setdefault(_title(entry), []).append((name, entry.summary))
    own = [(name, command.get_short_help_str(100)) for name, command in group.commands.items()]
    return {**found, OWN_SECTION: own}


def _title(entry: Entry) -> str:
    """Return the heading a command stands under: the job, and what the topic's folder says."""
    if entry.job not in _TITLES:
        return FOREIGN_SECTION
    about = entry.topic.rstrip(".")
    return f"{_TITLES[entry.job]}: {about[:1].lower()}{about[1:]}"


@click.group(
    "isoperf",
    cls=App,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="'isoperf demo' shows a whole answer on a table that comes with the package.",
)
@click.version_option(package_name="isoperf", message="%(prog)s %(version)s")
@click.pass_context
def app(ctx: click.Context) -> None:
    """From measured runs to laws with honest uncertainty, and from laws to decisions."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


for _command in (demo, studio, data, import_, *STORE_COMMANDS, laws, completion):
    app.add_command(_command)


def main(args: Sequence[str] | None = None) -> int:
    """Run a command line, the process's own by default, and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a character gets `?` for it, not an error.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    code: int = app.main(args, standalone_mode=False)
    return code
