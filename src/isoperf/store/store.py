"""The store itself: add, look, take out, ask, give away."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, final

from isoperf.errors import DataError, OptionError, OutputError
from isoperf.fitting.result import Fit
from isoperf.laws.base import Law
from isoperf.observations import Observations
from isoperf.store.appending import appended
from isoperf.store.backend import Change, backend
from isoperf.store.documents import drafted, fits_of, read_report
from isoperf.store.entry import Entry, StoredReport, check_name, unknown_name
from isoperf.store.exporting import export_file, export_folder
from isoperf.store.importing import Ragged, TableSource, document, kept_report, pieces
from isoperf.store.objects import Draft
from isoperf.store.queries import select
from isoperf.store.tables import described, read_table, slices, write_table

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Store"]

T = TypeVar("T")
ATTEMPTS = 5


@final
class Store:
    """Tables, fits and reports by name, in one folder or in a PostgreSQL database.

    What `add` has returned is on the disk: it outlives a killed process, a full disk and a second
    writer. A folder holds an SQLite catalogue and Parquet and JSON files named by their SHA-256; a
    database holds the same in its schema ``isoperf``, for all who may connect to it.

    Parameters
    ----------
    path : the store's folder, which need not exist before `create`; or the address of a database,
        ``postgresql://user@host/database``. Its password is never shown.

    Examples
    --------
    >>> import tempfile
    >>> store = Store(tempfile.mkdtemp()).create()
    >>> entry = store.add("runs", {"n_params": [1e8, 1e9], "loss": [3.1, 2.6]})
    >>> store.get("runs")["loss"].tolist()
    [3.1, 2.6]
    >>> store.query("select min(loss) as best from runs")["best"].to_list()
    [2.6]
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._backend = backend(path)

    def __repr__(self) -> str:
        return f"Store({self.place!r})"

    @property
    def place(self) -> str:
        """The folder, or the address of the database without password and options."""
        return self._backend.place

    @property
    def path(self) -> Path:
        """The folder.

        Raises
        ------
        OptionError : the store is in a database.
        """
        if self._backend.folder is None:
            raise OptionError(f"the store {self.place} is in a database and has no folder. Use store.place to name it.")
        return self._backend.folder

    def _repr_html_(self) -> str:
        from isoperf.store.display import store_fragment

        return store_fragment(self.place, self.ls())

    def create(self) -> Store:
        """Make the store, unless it is one already, and return it.

        Raises
        ------
        OptionError : the folder, or the schema ``isoperf`` of the database, holds something else.
        OutputError : it cannot be written.
        """
        self._backend.create()
        return self

    def add(
        self,
        name: str,
        thing: Any,
        *,
        append: bool = False,
        replace: bool = False,
        rename: Mapping[str, str] | None = None,
        units: Mapping[str, str] | None = None,
        where: str | None = None,
        sheet: str | None = None,
    ) -> Entry:
        """Store a table, a fit or a report; when this returns, it is safe.

        Parameters
        ----------
        name : letters, digits, ``_`` and ``-``; case does not matter.
        thing : anything `isoperf.load` takes; a Fit; a Report or a result that has one; or the path of
            a JSON file of a fit or report.
        append : add the rows to a table of that name, which must have the same columns and units.
        replace : put it in the place of whatever has that name.
        rename, units, where, sheet : how a table is to be understood, as for `isoperf.load`.

        Raises
        ------
        OptionError : the name is taken or unusable, or the folder is no store.
        DataError : the table cannot be read, or does not match the one it is to be added to.
        OutputError : the disk is full or refuses; the store is as it was.
        """
        check_name(name)
        if append and replace:
            raise OptionError("append= and replace= exclude each other. Choose one.")
        self._refuse_taken(name, append, replace)
        found = document(thing)
        source = TableSource(thing, rename, units, where, sheet)
        if found is not None and (rename or units or where or sheet):
            raise OptionError("rename=, units=, where= and sheet= are for tables; this is a fit or a report.")
        with self._backend.drafting() as draft:
            new = self._drafted_table(draft, name, source) if found is None else drafted(draft, name, found)
            listed = self._list([new], draft, append, replace)
        self._tidy(replace)
        return listed[0]

    def keep(self, name: str, result: Any, *, replace: bool = False, source: str = "memory") -> tuple[Entry, ...]:
        """Store a result's report under a name, and the fit that it is or has under ``NAME-fit``, together.

        A result with several fits has each under ``NAME-`` and the name of its attribute.

        Parameters
        ----------
        result : what a capability returned.
        source : what the entries say of where they came from.

        Raises
        ------
        OptionError : a name is taken or unusable, or the store is none.
        OutputError : the disk is full or refuses; the store is as it was.
        """
        self.check_free(name, replace=replace)
        things: dict[str, Fit | StoredReport] = {name: kept_report(result.report())}
        things |= {f"{name}-{key}": fit for key, fit in fits_of(result).items()}
        for one in things:
            check_name(one)
        with self._backend.drafting() as draft:
            new = [drafted(draft, one, thing, source) for one, thing in things.items()]
            listed = self._list(new, draft, False, replace)
        self._tidy(replace)
        return tuple(listed)

    def check_free(self, name: str, *, replace: bool = False) -> None:
        """Refuse a name that `keep` could not use, before the work that it is for.

        Raises
        ------
        OptionError : ``NAME`` or ``NAME-fit`` is taken or unusable, or the store is none.
        """
        for one in (name, f"{name}-fit"):
            self._refuse_taken(check_name(one), False, replace)

    def ls(self) -> tuple[Entry, ...]:
        """Return every entry, in alphabetical order."""
        with self._backend.reading() as look:
            return tuple(look.entries().values())

    def entry(self, name: str) -> Entry:
        """Return what the store says of one entry.

        Raises
        ------
        OptionError : nothing has that name; the message offers the nearest.
        """
        with self._backend.reading() as look:
            found = look.entry(name)
            if found is None:
                raise unknown_name(name, look.entries(), self.place)
            return found

    def get(self, name: str, *, law: Law | type[Law] | None = None) -> Observations | Fit | StoredReport:
        """Return what is stored under a name.

        Parameters
        ----------
        law : the law of a fit, when it is one of your own.

        Raises
        ------
        OptionError : nothing has that name; the message offers the nearest.
        DataError : its file is damaged.
        """
        return self._steady(lambda: self._read(self.entry(name), law))

    def table(self, name: str) -> Observations:
        """Return a stored table; as `get`, for tables alone."""
        found = self.get(name)
        if not isinstance(found, Observations):
            kind = "fit" if isinstance(found, Fit) else "report"
            raise OptionError(f"{name!r} in the store {self.place} is a {kind}, where a table is needed.")
        return found

    def query(self, sql: str) -> pl.DataFrame:
        """Answer a SELECT over the stored tables, each named as it is stored.

        The SQL is polars'; nothing can be changed with it. A name with ``-`` goes in double quotes.

        Raises
        ------
        OptionError : the text is no SELECT, or names a table or column that is not there.
        """
        return self._steady(lambda: select(sql, {e.name: e for e in self.ls() if e.kind == "table"}, self._paths))

    def export(self, target: str | os.PathLike[str], names: Iterable[str] = (), *, format: str = "parquet") -> Path:
        """Write entries as plain files: Parquet or CSV for tables, JSON for fits, JSON and HTML for reports.

        Parameters
        ----------
        target : a new folder; or, for one entry, a file whose suffix decides the format.
        names : what to write; everything when empty.
        format : of the tables in a folder, ``parquet`` or ``csv``.

        Raises
        ------
        OptionError : an unknown name or format, or a target that is there already.
        OutputError : it cannot be written; nothing half-written is left.
        """
        path, wanted = Path(target), list(names)
        if path.suffix and len(wanted) == 1:
            return self._steady(lambda: export_file(self.entry(wanted[0]), self._paths, path))
        return self._steady(
            lambda: export_folder([self.entry(n) for n in wanted] or self.ls(), self._paths, path, format)
        )

    def remove(self, name: str) -> int:
        """Take an entry out of the store, free its room, and return the bytes freed.

        Content that another entry has too stays for it.

        Raises
        ------
        OptionError : nothing has that name.
        """
        with self._backend.writing() as change:
            if change.entry(name) is None:
                raise unknown_name(name, change.entries(), self.place)
            change.remove(name)
        return self.clean()

    def clean(self) -> int:
        """Delete files that no entry names, as after a crash, and return the bytes freed."""
        with self._backend.writing() as change:
            return change.sweep()

    def check(self) -> list[str]:
        """Read every file and return what is wrong, a line each; an empty list says that all is whole."""
        faults = ((entry.name, self._backend.fault(part)) for entry in self.ls() for part in entry.parts)
        return [f"{name}: {fault}" for name, fault in faults if fault]

    def _list(self, new: Sequence[Entry], draft: Draft, append: bool, replace: bool) -> list[Entry]:
        """Put the files in place and name them in the list, in one step for everybody else."""
        try:
            with self._backend.writing(draft) as change:
                return [self._listed(change, one, append, replace) for one in new]
        except OutputError:
            with contextlib.suppress(OutputError):
                self.clean()  # gives back what the files took on a full disk
            raise

    def _listed(self, change: Change, new: Entry, append: bool, replace: bool) -> Entry:
        old = change.entry(new.name)
        self._check_free(old, new.name, append, replace)
        if not (append and old):
            change.put(new)
            return new
        longer = appended(old, new)
        change.extend(longer, len(old.parts))
        return longer

    def _tidy(self, replaced: bool) -> None:
        self._backend.sweep_drafts()
        if replaced:
            with contextlib.suppress(OutputError):  # what was added is safe whether or not the old files go
                self.clean()

    def _refuse_taken(self, name: str, append: bool, replace: bool) -> None:
        with self._backend.reading() as look:
            old = look.entry(name)
        self._check_free(old, name, append, replace)

    def _check_free(self, old: Entry | None, name: str, append: bool, replace: bool) -> None:
        if append and old is None:
            raise unknown_name(name, [entry.name for entry in self.ls()], self.place)
        if old is not None and not (append or replace):
            raise OptionError(
                f"the store {self.place} has a {old.kind} called {old.name!r} already, written {old.when} UTC. "
                "Choose another name, or ask to replace it, or to append rows to it."
            )

    def _drafted_table(self, draft: Draft, name: str, source: TableSource) -> Entry:
        """Write a table's files, piece by piece where the pieces agree."""
        try:
            tables = self._written(draft, pieces(source))
        except Ragged:
            draft.forget()
            tables = self._written(draft, slices(source.whole()))
        return Entry(name, "table", "", tables.source, time.time(), **described(tables), parts=tuple(draft.parts))

    def _written(self, draft: Draft, tables: Iterable[Observations]) -> Observations:
        """Write every piece and return the first, which says what their columns are."""
        first: Observations | None = None
        for table in tables:
            first = first or table
            draft.write(".parquet", lambda path, table=table: write_table(table, path), len(table))  # type: ignore[misc]
        if first is None or not len(first):
            raise DataError("the table has no rows. At least one is needed.")
        return first

    def _paths(self, entry: Entry) -> list[Path]:
        return [self._backend.path(part) for part in entry.parts]

    def _read(self, entry: Entry, law: Law | type[Law] | None) -> Observations | Fit | StoredReport:
        paths = self._paths(entry)
        if entry.kind == "table":
            return read_table(entry, paths)
        if entry.kind == "fit":
            return Fit.from_json(paths[0].read_bytes(), law=law)
        return read_report(entry, paths)

    def _steady(self, look: Callable[[], T]) -> T:
        """Look again when another process has replaced an entry between its listing and its reading."""
        for _ in range(ATTEMPTS - 1):
            try:
                return look()
            except FileNotFoundError:
                continue
        try:
            return look()
        except FileNotFoundError as error:
            raise DataError(
                f"a file of the store {self.place} is gone ({error.filename or error}). "
                "Restore it from a copy, or add its content again."
            ) from error
