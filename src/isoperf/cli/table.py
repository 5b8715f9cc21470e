"""The argument that names a command's table, and the options that go with it."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

import click
from click.shell_completion import CompletionItem

from isoperf.cli.nearest import nearest_option
from isoperf.request.kinds import Pairs
from isoperf.request.tables import stored_names

__all__ = ["TableCommand", "spread_pairs", "table_argument", "table_options"]

PAIR_OPTIONS = ("--map", "--units")
_PAIR = re.compile(r"[A-Za-z_]\w*=.")


class TableCommand(click.Command):
    """A command whose ``--map`` and ``--units`` take several pairs."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Repeat the option before every further pair."""
        try:
            return super().parse_args(ctx, spread_pairs(args, PAIR_OPTIONS))
        except click.NoSuchOption as error:
            known = [name for param in self.params for name in param.opts]
            if meant := nearest_option(error.option_name, known):
                raise click.UsageError(f"No such option '{error.option_name}'. Did you mean '{meant}'?", ctx) from None
            raise


def table_argument(required: bool = True, name: str = "data") -> click.Argument:
    """Return the argument that names the table."""
    metavar = name.upper() if required else f"[{name.upper()}]"
    return click.Argument([name], metavar=metavar, required=required, type=str, shell_complete=_complete)


def table_options() -> list[click.Option]:
    """Return the options that go with the table."""
    return [
        click.Option(
            ["--map"],
            type=Pairs("loss=val_loss"),
            metavar="OURS=THEIRS...",
            help="read their column as ours, such as loss=val_loss n_params=N",
            multiple=True,
        ),
        click.Option(
            ["--where"],
            multiple=True,
            metavar="CONDITION",
            help="keep the rows that meet it, such as 'n_params > 100M'; repeat it and all must hold",
        ),
        click.Option(
            ["--units"],
            type=Pairs("ttft=ms"),
            metavar="COLUMN=UNIT...",
            help="unit of a column's numbers, such as ttft=ms; text keeps words",
            multiple=True,
        ),
        click.Option(["--sheet"], help="sheet of a workbook that has several"),
    ]


def spread_pairs(args: Sequence[str], options: Collection[str]) -> list[str]:
    """Repeat an option before every further pair, so that ``--map a=b c=d`` is two of them."""
    spread: list[str] = []
    option, waiting = "", False
    for arg in args:
        name, sign, _ = arg.partition("=")
        if name in options:
            option, waiting = name, not sign
        elif waiting:
            waiting = False
        elif option and _PAIR.match(arg):
            spread.append(option)
        else:
            option = ""
        spread.append(arg)
    return spread


def _complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Offer files and the names of tables."""
    from isoperf import datasets

    known = (*datasets.names(), *stored_names())
    names = [CompletionItem(name) for name in dict.fromkeys(known) if name.startswith(incomplete)]
    return [CompletionItem(incomplete, type="file"), *names]
