"""A question written out: as a command, and as Python that a user could have typed."""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Iterable, Mapping
from typing import Any

from isoperf.capability import get
from isoperf.request.request import FIRST, Request
from isoperf.request.tables import TableOptions, as_arguments

__all__ = ["as_command", "as_python", "load_call"]


def as_command(request: Request) -> str:
    """Return the command line that asks the same."""
    method = get(request.name)
    places = [FIRST, *(one.name for one in method.parameters if one.table)]
    words = ["isoperf", request.name.replace("_", "-")]
    words += [request.tables[place] for place in places if place in request.tables]
    further = {name: table for name, table in request.tables.items() if name not in places}
    kinds = {one.name: one for one in method.parameters}
    for name, text in {**request.options, **further}.items():
        flag = f"--{name.replace('_', '-')}"
        if name in kinds and kinds[name].type is bool:
            words.append(flag if request.values()[name] else f"--no-{flag[2:]}")
        else:
            words += [flag, text]
    words += _column_words(request.columns)
    return " ".join(shlex.quote(word) for word in words)


def as_python(request: Request) -> str:
    """Return Python that asks the same and prints the answer."""
    lines = ["import isoperf", ""]
    names: dict[str, str] = {}
    for place, table in request.tables.items():
        names[place] = _variable(table, names.values())
        lines.append(f"{names[place]} = {load_call(table, request.columns)}")
    first = [names[FIRST]] if FIRST in names else []
    given = [f"{place}={name}" for place, name in names.items() if place != FIRST]
    given += [f"{name}={_literal(value)}" for name, value in request.values().items()]
    lines.append(f"answer = isoperf.{request.name}({', '.join([*first, *given])})")
    lines.append("print(answer.report().text())")
    return "\n".join(lines) + "\n"


def load_call(table: str, columns: TableOptions = TableOptions()) -> str:  # noqa: B008 - frozen
    """Return the Python that loads a table."""
    from isoperf import datasets

    loader = "isoperf.datasets.load" if table in datasets.names() else "isoperf.load"
    options = {name: value for name, value in as_arguments(columns).items() if value}
    return f"{loader}({', '.join([repr(table), *(f'{name}={value!r}' for name, value in options.items())])})"


def _column_words(columns: TableOptions) -> list[str]:
    words = [
        word for pairs, flag in ((columns.map, "--map"), (columns.units, "--units")) for word in _pairs(flag, pairs)
    ]
    words += [word for condition in columns.where for word in ("--where", condition)]
    return [*words, "--sheet", columns.sheet] if columns.sheet else words


def _pairs(flag: str, pairs: Iterable[tuple[str, str]]) -> list[str]:
    joined = [f"{name}={value}" for name, value in pairs]
    return [flag, *joined] if joined else []


def _variable(table: str, taken: Iterable[str]) -> str:
    """Return a Python name for a table, one that is free."""
    stem = (
        re.sub(r"\W+", "_", re.sub(r"\.\w+$", "", table.rpartition("/")[2].removeprefix("store:"))).strip("_").lower()
    )
    name = stem if stem.isidentifier() and stem not in ("isoperf", "answer", "print") else "table"
    return f"{name}_2" if name in taken else name


def _literal(value: Any) -> str:
    """Write a value as people do: ``7e9`` rather than ``7000000000.0``."""
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, tuple):
        return f"({', '.join(map(_literal, value))}{',' * (len(value) == 1)})"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{name!r}: {_literal(one)}' for name, one in value.items())}}}"
    return repr(value)


def _number(value: float) -> str:
    """Write a large round number with an exponent; what is read back is the same number."""
    # Below 1e-300 a power of ten may be nothing, and what is divided by it too.
    power = math.floor(math.log10(abs(value))) if math.isfinite(value) and abs(value) > 1e-300 else 0
    short = f"{value / 10.0**power:.12g}e{power}"
    return short if abs(power) >= 6 and float(short) == value else repr(value)
