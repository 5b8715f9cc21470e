"""What the store's commands share: which store is meant, and how a short answer is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from isoperf.cli.output import Answer, Output, deliver
from isoperf.errors import OptionError

if TYPE_CHECKING:
    from isoperf.store import Store

__all__ = ["opened", "place_option", "size_of", "told_in"]


def place_option() -> click.Option:
    """Return the option that names the store."""
    text = "the store's folder or database; by default ISOPERF_STORE, or .isoperf here or in a folder above"
    return click.Option(["--store"], metavar="PLACE", help=text)


def opened(folder: str | None) -> Store:
    """Return the store named, or the project's.

    Raises
    ------
    OptionError : none is named, and there is none here or above.
    """
    from isoperf.store import Store, find

    store = Store(folder) if folder else find()
    if store is None:
        raise OptionError("there is no store here or in a folder above. Make one with `isoperf init`, or say --store.")
    return store


def told_in(title: str, told: str, plain: dict[str, Any], given: dict[str, Any]) -> None:
    """Tell a short answer, or write it for machines."""
    from isoperf.report import Prose, Report

    deliver(Answer(Report(title, (Prose(told),) if told else ()), plain), Output.taken_from(given))


def size_of(n_bytes: int) -> str:
    """Return bytes in words."""
    return f"{n_bytes / 1e6:.3g} MB" if n_bytes >= 1e6 else f"{n_bytes / 1e3:.3g} kB"
