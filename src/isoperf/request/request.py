"""The question itself: a capability, the tables it is about, and its options as people write them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from isoperf.capability import Capability, Parameter, Result, get
from isoperf.errors import OptionError, did_you_mean
from isoperf.own_files import none_run
from isoperf.request.fields import read_text, runs_code, takes_table
from isoperf.request.tables import TableOptions, known_table, read_table

__all__ = ["FIRST", "Request", "first_table", "offered"]

FIRST = "data"
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Request:
    """What was asked, in words, so that it can be kept, shown and asked again.

    Attributes
    ----------
    name : the capability.
    tables : ``data``, or the name of a parameter that takes a table -> a file, a named table or ``store:NAME``.
    options : parameter -> text, as on the command line; what is absent keeps its default.
    columns : how the columns of the tables are to be understood.
    """

    name: str
    tables: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    columns: TableOptions = field(default_factory=TableOptions)

    def values(self) -> dict[str, Any]:
        """Read the options.

        Raises
        ------
        OptionError : an option is unknown or unreadable, or one that is needed is absent.
        """
        method = get(self.name)
        known = {one.name: one for one in method.parameters if not takes_table(one)}
        for name in self.options:
            if name not in known:
                raise OptionError(f"{self.name} has no option {name!r}.{did_you_mean(name, known)}")
        for parameter in method.parameters:
            if parameter.required and not (self.options.get(parameter.name) or self.tables.get(parameter.name)):
                raise OptionError(f"{self.name} needs {parameter.name!r}: {parameter.help}.")
        return {name: read_text(known[name], text) for name, text in self.options.items()}

    def answer(self, progress: Progress | None = None) -> Result:
        """Read the tables and ask.

        Raises
        ------
        IsoperfError : whatever is wrong with the tables or the options.
        """
        method, given = get(self.name), self.values()
        if "progress" in inspect.signature(method.function).parameters:
            given["progress"] = progress
        if FIRST not in self.tables and first_table(method).required:
            raise OptionError(f"{self.name} needs a table.")
        tables = {name: read_table(table, self.columns, progress) for name, table in self.tables.items()}
        return method(tables.pop(FIRST, None), **given | tables)

    def answer_confined(self, progress: Progress | None = None) -> Result:
        """Ask as `answer` does, for words from elsewhere: no file is read or run, and nothing local is done.

        Raises
        ------
        OptionError : a table is no named or stored one, or an option reaches out of the question.
        """
        method = get(self.name)
        for parameter in method.parameters:
            text = self.options.get(parameter.name, "")
            if text and parameter.local:
                raise OptionError(f"{parameter.name} is for one's own command line or Python alone.")
            if runs_code(parameter) and (":" in text or "/" in text or ".py" in text):
                raise OptionError(f"{parameter.name}={text!r} names a file. Only installed names are taken here.")
        for table in self.tables.values():
            if not known_table(table):
                raise OptionError(f"no table is called {table!r} here. Add it first.")
        with none_run():
            return self.answer(progress)


def first_table(method: Capability) -> Parameter:
    """Return the table that a capability asks for first, as a parameter."""
    first = next(iter(inspect.signature(method.function).parameters.values()))
    required = first.default is inspect.Parameter.empty
    return Parameter(FIRST, Any, None, required, "the table to ask about", "", table=True)


def offered(method: Capability) -> tuple[Parameter, ...]:
    """Return the parameters that a surface may offer to words from elsewhere."""
    return tuple(parameter for parameter in method.parameters if not parameter.local)
