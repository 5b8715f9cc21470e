"""The table that a question is about: a file, standard input or a named table, with its columns put right."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isoperf.errors import OptionError, did_you_mean

if TYPE_CHECKING:
    from isoperf.observations import Observations
    from isoperf.readers import Reading

__all__ = [
    "TableOptions",
    "as_arguments",
    "is_named",
    "known_table",
    "read_source",
    "read_table",
    "stored_names",
    "stored_reference",
]

Pair = tuple[str, str]
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class TableOptions:
    """How the columns of a table are to be understood.

    Attributes
    ----------
    map : (ours, theirs) pairs; units : (column, unit) pairs.
    where : conditions that every row must meet; sheet : sheet of a workbook.
    """

    map: tuple[Pair, ...] = ()
    units: tuple[Pair, ...] = ()
    where: tuple[str, ...] = ()
    sheet: str | None = None

    @classmethod
    def taken_from(cls, given: dict[str, Any]) -> TableOptions:
        """Take the table's options out of a command's."""
        pairs = {name: tuple(p for group in given.pop(name) for p in group) for name in ("map", "units")}
        return cls(where=given.pop("where"), sheet=given.pop("sheet"), **pairs)


def read_table(data: str, options: TableOptions, progress: Progress | None = None) -> Observations:
    """Load a file, standard input (``-``) or a named table.

    Raises
    ------
    OptionError : there is no such file or table, or an option that it does not take.
    DataError : the table cannot be read, or no row is left.
    """
    from isoperf import datasets
    from isoperf.readers import load

    named = is_named(data)
    source: Any = datasets.load(data, progress=progress) if named else stored_reference(data) or data
    if named and (options.units or options.sheet is not None):
        raise OptionError(f"{data} is a named table, in base units and without sheets. Leave out --units and --sheet.")
    table = load(
        source,
        rename=_renaming(options.map),
        units=_settled(options.units, "--units"),
        sheet=options.sheet,
    )
    for condition in options.where:
        table = load(table, where=condition)
    return table


def read_source(source: str, options: TableOptions) -> Reading:
    """Read a file, a tool's folder, a pattern or a named table, and say what was recognised and left out.

    Raises
    ------
    DataError : it cannot be read, or no row is left.
    """
    from isoperf.readers import Reading, load, read_path

    if not Path(source).exists() and (is_named(source) or stored_reference(source)):
        return Reading(read_table(source, options), "a table that is known by name")
    reading = read_path(source, _renaming(options.map), _settled(options.units, "--units"), options.sheet)
    for condition in options.where:
        reading = replace(reading, table=load(reading.table, where=condition))
    return reading


def is_named(data: str) -> bool:
    """Whether a table's name is meant rather than a file; a file of that name wins.

    Raises
    ------
    OptionError : a bare word that is neither.
    """
    path = Path(data)
    if data == "-" or (path.exists() and not path.is_dir()) or stored_reference(data):
        return False
    from isoperf import datasets

    names = datasets.names()
    if data in names:
        return True
    if path.suffix or path.is_dir() or len(path.parts) != 1 or "://" in data:
        return False
    files = [entry.name for entry in Path().iterdir() if entry.is_file()]
    near = did_you_mean(data, [*names, *stored_names(), *files, *(Path(file).stem for file in files)])
    raise OptionError(
        f"no file and no table is called {data!r}.{near} Give a file's path, - for standard input, or the "
        "name of a table (isoperf data lists them)."
    )


def as_arguments(options: TableOptions) -> dict[str, Any]:
    """Return the options as the arguments of `isoperf.load`; of several conditions, all must hold."""
    several = (f"({condition})" for condition in options.where)
    where = " and ".join(several if len(options.where) > 1 else options.where) or None
    units = _settled(options.units, "--units")
    return {"rename": _renaming(options.map), "units": units, "where": where, "sheet": options.sheet}


def stored_reference(data: str) -> str:
    """Return ``store:NAME`` for a table of the project's store, or nothing; a file of that name wins."""
    if data.startswith("store:"):
        return data
    from isoperf.store import held

    path = Path(data)
    return f"store:{data}" if data != "-" and (not path.exists() or path.is_dir()) and held(data) else ""


def stored_names() -> tuple[str, ...]:
    """Return the names of the tables in the project's store, none where there is no store."""
    from isoperf.store import find

    store = find()
    return tuple(entry.name for entry in store.ls() if entry.kind == "table") if store else ()


def _renaming(pairs: Iterable[Pair]) -> dict[str, str]:
    """Return theirs -> ours; a column of theirs can become only one of ours."""
    ours = _settled(pairs, "--map")
    theirs: dict[str, str] = {}
    for name, column in ours.items():
        if column in theirs:
            raise OptionError(
                f"--map reads {column!r} both as {theirs[column]!r} and as {name!r}. Give it one meaning."
            )
        theirs[column] = name
    return theirs


def _settled(pairs: Iterable[Pair], option: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in pairs:
        if found.setdefault(name, value) != value:
            raise OptionError(f"{option} gives {name!r} twice: {found[name]!r} and {value!r}. Give it once.")
    return found


def known_table(data: str) -> bool:
    """Whether a word is the name of a table that comes with the package, or of a stored one; never a file."""
    from isoperf import datasets

    stored = data.removeprefix("store:")
    return data in datasets.names() or stored.lower() in {name.lower() for name in stored_names()}
