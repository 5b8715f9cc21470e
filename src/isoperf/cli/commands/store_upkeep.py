"""Upkeep of the project's store from the command line: remove, check, clean."""

from __future__ import annotations

from typing import Any

import click

from isoperf.cli.commands.store_parts import opened, place_option, size_of, told_in
from isoperf.cli.output import output_options
from isoperf.errors import DataError

__all__ = ["UPKEEP"]


def _remove(names: tuple[str, ...], store: str | None, **given: Any) -> None:
    kept = opened(store)
    for name in names:  # so that a mistyped one is refused before any is gone
        kept.entry(name)
    freed = sum(kept.remove(name) for name in dict.fromkeys(name.lower() for name in names))
    title = f"{', '.join(names)} removed"
    told_in(title, f"{size_of(freed)} freed.", {"store": kept.place, "removed": list(names), "freed": freed}, given)


def _check(store: str | None, **given: Any) -> None:
    kept = opened(store)
    entries, faults = kept.ls(), kept.check()
    n_files, n_bytes = sum(len(entry.parts) for entry in entries), sum(entry.n_bytes for entry in entries)
    read = f"{n_files} files of {len(entries)} entries were read, {size_of(n_bytes)}"
    title = f"{kept.place} is whole" if not faults else f"{kept.place} is damaged"
    told = f"{read}: every one has the SHA-256 it was stored with." if not faults else f"{read}. " + " ".join(faults)
    told_in(title, told, {"store": kept.place, "n_files": n_files, "n_bytes": n_bytes, "faults": faults}, given)
    if faults:
        raise DataError(
            f"{len(faults)} of {n_files} files in the store {kept.place} are damaged. Restore them from a copy, or "
            "put their content in again: isoperf add FILE --name NAME --replace."
        )


def _clean(store: str | None, **given: Any) -> None:
    kept = opened(store)
    freed = kept.clean()
    told = f"{size_of(freed)} freed." if freed else "Nothing was left behind: every file belongs to an entry."
    told_in(f"{kept.place} cleaned", told, {"store": kept.place, "freed": freed}, given)


remove = click.Command(
    "remove",
    callback=_remove,
    params=[
        click.Argument(["names"], nargs=-1, required=True, metavar="NAME..."),
        place_option(),
        *output_options(strict=False),
    ],
    help="Take entries out of the project's store, and free their room. Content that another entry has too stays.",
    short_help="Take entries out of the project's store.",
)
check = click.Command(
    "check",
    callback=_check,
    params=[place_option(), *output_options(strict=False)],
    help="Read every file of the project's store, and compare its SHA-256 with that of when it was stored. "
    "The exit code is 3 when one is damaged.",
    short_help="Read every file of the project's store and name what is damaged.",
)
clean = click.Command(
    "clean",
    callback=_clean,
    params=[place_option(), *output_options(strict=False)],
    help="Delete what a killed writer left in the project's store, and say how much room that freed.",
    short_help="Delete what a killed writer left in the project's store.",
)
UPKEEP = (remove, check, clean)
