"""Checks of columns, and the messages that say what is wrong with them."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isoperf.cells import at
from isoperf.columns import COLUMNS, meant, suggest
from isoperf.errors import DataError, UnitError, did_you_mean, list_rows
from isoperf.identities import IDENTITIES
from isoperf.quantity import read_quantity

__all__ = ["missing_column", "refuse_cells"]


def missing_column(names: Sequence[str], available: Sequence[str], source: str) -> DataError:
    """Describe absent columns: what there is, which may be meant, and how to say so."""
    absent = ", ".join(map(repr, names))
    head = f"column {absent} is missing" if len(names) == 1 else f"columns {absent} are missing"
    found = f"Columns found: {', '.join(available)}."
    advice = "".join(_advice(name, available) for name in names)
    return DataError(f"{at(source)}{head}. {found}{advice}{_all_at_once(names, available)}")


def _all_at_once(names: Sequence[str], available: Sequence[str]) -> str:
    """Write one renaming of whatever goes by another name, so that the next column is not asked for after this one."""
    pairs = {near[0]: name for name in names if (near := suggest(name, available))}
    if not pairs:
        return ""
    for theirs in available:
        ours = meant(theirs, {*available, *names, *pairs.values()})
        if theirs not in COLUMNS and theirs not in pairs and ours and COLUMNS[ours].kind == "number":
            pairs[theirs] = ours
    return f" All at once, if their names say what they are: {_renaming(pairs)}." if len(pairs) > 1 else ""


def _renaming(pairs: Mapping[str, str]) -> str:
    mapped = " ".join(shlex.quote(f"{ours}={theirs}") for theirs, ours in pairs.items())
    return f"rename={dict(pairs)!r} or --map {mapped} on the command line"


def _advice(name: str, available: Sequence[str]) -> str:
    near = suggest(name, available)
    if near:
        others = f" (or {', '.join(map(repr, near[1:4]))})" if near[1:] else ""
        return f" If {near[0]!r}{others} is meant, say {_renaming({near[0]: name})}."
    ways = [" and ".join(identity.inputs) for identity in IDENTITIES if identity.output == name]
    spec = COLUMNS.get(name)
    what = f" {name} is {spec.meaning}." if spec else ""
    derive = f" It is derived when {' or '.join(ways)} are there." if ways else ""
    return did_you_mean(name, available) + what + derive or f" Add {name!r} or rename a column to it."


def refuse_cells(
    values: NDArray[Any], name: str, *, source: str, positive: bool = False, only_text: bool = False
) -> None:
    """Raise DataError if a number column holds text, missing, infinite or non-positive cells."""
    where = f"{at(source)}column {name!r}"
    if values.dtype == object:
        raise _text_refused(values, where)
    if only_text:
        return
    finite = np.isfinite(values)
    if not finite.all():
        _refuse_unfinished(values, finite, name, where)
    if positive and (values <= 0).any():
        rows = np.flatnonzero(values <= 0) + 1
        verb = "is" if len(rows) == 1 else "are"
        spec = COLUMNS.get(name)
        what = f" ({spec.meaning})" if spec else ""
        raise DataError(
            f"{where} has {_count(len(rows))} that {verb} not positive ({list_rows(rows)}; smallest "
            f"{values.min():g}). {name}{what} must be above 0. Correct them, or drop them with "
            f"where({_condition(name)})."
        )


def _refuse_unfinished(values: NDArray[Any], finite: NDArray[np.bool_], name: str, where: str) -> None:
    missing = np.isnan(values)
    if missing.any():
        rows = np.flatnonzero(missing) + 1
        raise DataError(
            f"{where} has {_count(len(rows), 'missing ')} ({list_rows(rows)}). Every row needs a number. "
            f'Fill them in, or drop the rows with where("{name} is not missing").'
        )
    rows = np.flatnonzero(~finite) + 1
    raise DataError(
        f"{where} has {_count(len(rows), 'infinite ')} ({list_rows(rows)}: {values[rows[0] - 1]:g}). "
        f'Finite numbers are needed. Drop the rows with where("{name} < 1e308 and {name} > -1e308").'
    )


def _condition(name: str) -> str:
    return f'"{name} > 0"' if name.isidentifier() else f'"`{name}` > 0"'


def _count(n: int, what: str = "") -> str:
    return f"1 {what}value" if n == 1 else f"{n} {what}values"


def _text_refused(values: NDArray[Any], where: str) -> DataError:
    """Name the words in a number column; when most cells are numbers, only those that are not."""
    words = [row for row, cell in enumerate(values, 1) if cell and not _is_number(cell)]
    shown = words or [row for row, cell in enumerate(values, 1) if cell] or [0]
    first = repr(values[shown[0] - 1]) if shown != [0] else "nothing at all"
    return DataError(
        f"{where} holds text in {len(shown)} of {len(values)} values ({list_rows(shown)}; first {first}). "
        "Numbers or quantities such as 1.4B are needed. Correct these cells, or rename another column to it."
    )


def _is_number(cell: str) -> bool:
    try:
        read_quantity(cell)
    except UnitError:
        return False
    return True
