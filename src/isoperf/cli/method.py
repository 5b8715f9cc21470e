"""A command from the declaration of a capability."""

from __future__ import annotations

import inspect
import re
from typing import Any

import click

from isoperf.capability import Capability, get
from isoperf.cli.options import method_option, option_values
from isoperf.cli.output import Output, deliver, output_options
from isoperf.cli.progress import bar
from isoperf.cli.table import TableCommand, table_argument, table_options
from isoperf.errors import OptionError
from isoperf.request.tables import TableOptions, read_table
from isoperf.request.wording import in_options, naming_options

__all__ = ["MethodCommand", "method_command"]


class MethodCommand(TableCommand):
    """A command that reads a table, calls a capability and shows its result."""

    def __init__(self, method: Capability) -> None:
        self.method = method
        self.others = [parameter for parameter in method.parameters if parameter.table]
        self.parts = {
            "Method": [method_option(parameter) for parameter in method.parameters if not parameter.table],
            "Table": table_options(),
            "Output": output_options(),
        }
        _check_names(method, self.parts)
        super().__init__(
            method.name.replace("_", "-"),
            callback=self.answer,
            params=[
                table_argument(_needs_table(method)),
                *(table_argument(parameter.required, parameter.name) for parameter in self.others),
                *(option for options in self.parts.values() for option in options),
            ],
            help=_help(method),
            short_help=method.summary,
            epilog=_epilog(method),
        )

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, one section for each part."""
        own = [option for option in (self.get_help_option(ctx),) if option]
        parts = {**self.parts, "Output": [*self.parts["Output"], *own]}
        for title, options in parts.items():
            if rows := [row for option in options if (row := option.get_help_record(ctx))]:
                with formatter.section(title):
                    formatter.write_dl(rows)

    def answer(self, **given: Any) -> None:
        """Read the table, call the capability, show the result."""
        output, table = Output.taken_from(given), TableOptions.taken_from(given)
        chosen = option_values(self.method.parameters, click.get_current_context())
        with bar(self.name or "", output.quiet) as progress, naming_options(p.name for p in self.method.parameters):
            if "progress" in inspect.signature(self.method.function).parameters:
                chosen["progress"] = progress
            names = {"data": given["data"], **{other.name: given[other.name] for other in self.others}}
            tables = {name: read_table(named, table, progress) for name, named in names.items() if named is not None}
            result = self.method(tables.pop("data", None), **chosen | tables)
        deliver(result, output)


def method_command(name: str) -> MethodCommand:
    """Import a capability and return its command.

    Raises
    ------
    OptionError : there is no such capability, or one of its parameters has no form here.
    """
    return MethodCommand(get(name))


def _check_names(method: Capability, parts: dict[str, list[click.Option]]) -> None:
    """Refuse a parameter that is called like one of the options every command has."""
    common = {"data", "help", *(option.name for title in ("Table", "Output") for option in parts[title])}
    taken = [parameter.name for parameter in method.parameters if parameter.name in common]
    if taken:
        raise OptionError(
            f"capability {method.name!r} has a parameter {taken[0]!r}, which every command uses for "
            "something else. Rename the parameter."
        )


def _needs_table(method: Capability) -> bool:
    """Whether the command cannot do without a table: its function's has no default."""
    first = next(iter(inspect.signature(method.function).parameters.values()))
    return first.default is inspect.Parameter.empty


def _help(method: Capability) -> str:
    """Return the docstring up to its sections."""
    text = inspect.getdoc(method.function) or method.summary
    body = re.split(r"\n[^\n]+\n-{3,}\n", text, maxsplit=1)[0].strip()
    body = in_options(body.replace("``", "`"))
    mark = "Experimental: its interface and numbers may change.\n\n" if method.experimental else ""
    others = "".join(f" {p.name.upper()} is another: {p.help}." for p in method.parameters if p.table)
    return f"{mark}{body}\n\nDATA is a file, - for standard input, or the name of a table (see isoperf data).{others}"


def _epilog(method: Capability) -> str:
    needs = "".join(f"\n  {need}" for need in method.needs)
    sources = "".join(f"\n  {source}" for source in method.sources)
    return f"\b\nNeeds:{needs}\nTry:\n  {method.example}\nFrom:{sources}"
