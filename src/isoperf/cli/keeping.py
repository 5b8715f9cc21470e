"""``--keep NAME``: a command's result goes into the project's store, under a name that was free beforehand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from isoperf.capability import Result

if TYPE_CHECKING:
    from isoperf.store import Store

__all__ = ["Keep", "keep_options"]

_REPLACE = "isoperf.replace"


@dataclass(frozen=True)
class Keep:
    """Where a result is to be kept.

    Attributes
    ----------
    replace : put it in the place of what has the name.
    """

    store: Store
    name: str
    replace: bool

    def keep(self, result: Result) -> str:
        """Keep a result's report, and its fit if it has one, and say so."""
        entries = self.store.keep(self.name, result, replace=self.replace, source=_asked())
        listed = " and ".join(f"`{entry.name}` ({entry.kind})" for entry in entries)
        return f"kept as {listed} in {self.store.place}"


def keep_options() -> list[click.Option]:
    """Return the options that keep a result."""
    return [
        click.Option(
            ["--keep"],
            metavar="NAME",
            callback=_keep,
            help="also keep its report, and NAME-fit if it has a fit, in the project's store",
        ),
        click.Option(
            ["--replace"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            callback=_note,
            help="let --keep take the place of what has that name",
        ),
    ]


def _note(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    ctx.meta[_REPLACE] = value


def _keep(ctx: click.Context, param: click.Parameter, value: str | None) -> Keep | None:
    """Refuse a name that is taken before the work begins, not after."""
    replace = bool(ctx.meta.get(_REPLACE))
    if value is None and replace:
        raise click.UsageError("--replace is for what --keep NAME keeps. Give both, or leave it out.", ctx)
    if value is None or ctx.resilient_parsing:
        return None
    from isoperf.store import place_of

    store, name = place_of(value)
    store.check_free(name, replace=replace)
    return Keep(store, name, replace)


def _asked() -> str:
    """Return the command and its table, without the address of a store, which may hold a password."""
    context = click.get_current_context(silent=True)
    if context is None:
        return "memory"
    data = context.params.get("data")
    shown = f"store:{data.rpartition('/')[2]}" if data and data.startswith("store:") else data
    return f"{context.command_path} {shown}" if shown else context.command_path
