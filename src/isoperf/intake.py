"""How named columns from anywhere become typed columns in base units, with every change noted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isoperf.cells import Place, at, has_half, read_cells, read_words
from isoperf.columns import COLUMNS, ColumnSpec, split_header
from isoperf.errors import DataError, UnitError, did_you_mean
from isoperf.units import COUNT_UNITS, NAME_SUFFIXES, Unit, find_unit

__all__ = ["Intake", "check_name", "rename_columns", "take_in"]

TEXT = "text"


@dataclass
class Intake:
    """Typed columns, their units, and what was converted on the way."""

    columns: dict[str, NDArray[Any]] = field(default_factory=dict)
    units: dict[str, str] = field(default_factory=dict)
    conversions: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What a column is to be called, and the unit its bare numbers are in."""

    name: str
    unit: Unit | None
    label: str
    origin: str = ""


def take_in(columns: Mapping[str, Any], *, units: Mapping[str, str], rename: Mapping[str, str], source: str) -> Intake:
    """Rename, type and convert columns.

    Parameters
    ----------
    columns : name -> cells of shape (n,).
    units : name (theirs or ours) -> unit of the numbers given, or ``"text"`` to keep words.
    rename : theirs -> ours.
    source : named in messages.
    """
    ours = rename_columns(list(columns), rename, source)
    _check_units(units, [*columns, *ours], source)
    result = Intake()
    for (theirs, cells), name in zip(columns.items(), ours, strict=True):
        declared = units.get(name, units.get(theirs, ""))
        plan = _plan(theirs, name, declared, ours, source)
        _take_column(result, plan, cells, declared, source)
    _check_lengths(result.columns, source)
    return result


def rename_columns(names: list[str], rename: Mapping[str, str], source: str) -> list[str]:
    """Return the names after renaming; refuse unknown and colliding ones."""
    for theirs in rename:
        if theirs not in names:
            raise DataError(
                f"{at(source)}there is no column {theirs!r} to rename.{did_you_mean(theirs, names)} "
                f"Columns found: {', '.join(names)}."
            )
    renamed = [rename.get(name, name) for name in names]
    for name in renamed:
        check_name(name, source)
        if renamed.count(name) > 1:
            origins = [old for old, new in zip(names, renamed, strict=True) if new == name]
            raise DataError(
                f"{at(source)}{len(origins)} columns would be called {name!r} "
                f"({', '.join(map(repr, origins))}). Rename or drop all but one."
            )
    return renamed


def check_name(name: object, source: str) -> None:
    """Refuse a column's name that is no text, or that could not be written.

    Raises
    ------
    DataError : it is empty, no text, or holds half a character.
    """
    if not isinstance(name, str) or not name.strip():
        raise DataError(f"{at(source)}a column is named {name!r}; every column needs a name in text.")
    if has_half(name):
        raise DataError(
            f"{at(source)}the name of column {name!r} holds half a character, which no text can. "
            "Rename it, or write the table as UTF-8 again."
        )


def _check_units(units: Mapping[str, str], names: list[str], source: str) -> None:
    for name in units:
        if name not in names:
            raise DataError(f"{at(source)}units= names {name!r}, which is no column.{did_you_mean(name, names)}")


def _check_lengths(columns: Mapping[str, NDArray[Any]], source: str) -> None:
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        shown = ", ".join(f"{name} {n}" for name, n in lengths.items())
        raise DataError(f"{at(source)}columns differ in length ({shown}). Every column needs one cell per row.")


def _take_column(result: Intake, plan: _Plan, cells: Any, declared: str, source: str) -> None:
    spec = COLUMNS.get(plan.name)
    place = Place(source, plan.origin or plan.name)
    if declared == TEXT or (spec and spec.kind == "word"):
        result.columns[plan.name], result.units[plan.name] = read_words(cells, place), ""
        return
    expected = plan.label if find_unit(plan.label) else ""
    typed = read_cells(cells, expected, place, strict=spec is not None)
    values, notes = typed.values, [typed.note] if typed.note else []
    if plan.unit and plan.unit.scale != 1 and not typed.unit and typed.values.dtype != object:
        values = _scaled(values, plan.unit.scale)
        notes.append(f"{plan.origin or plan.name} * {plan.unit.scale:g}")
    result.columns[plan.name] = values
    result.units[plan.name] = "" if values.dtype == object else typed.unit or plan.label
    if notes:
        result.conversions[plan.name] = "; ".join(notes)


def _scaled(values: NDArray[Any], scale: float) -> NDArray[Any]:
    """Multiply, or divide where that rounds better (12 ms is 0.012 s exactly as written)."""
    inverse = 1 / scale
    with np.errstate(over="ignore"):
        return values / round(inverse) if scale < 1 and abs(inverse - round(inverse)) < 1e-6 else values * scale


def _plan(theirs: str, name: str, declared: str, taken: list[str], source: str) -> _Plan:
    spec = COLUMNS.get(name)
    if declared and declared != TEXT:
        unit, label = _declared(name, spec, declared, source)
        return _Plan(name, unit, label, f"{theirs} [{declared}]" if unit and unit.scale != 1 else "")
    said = _by_suffix(theirs, name, taken) or _by_header(theirs, name, taken, source)
    return said or _Plan(name, None, spec.unit if spec else "")


def _declared(name: str, spec: ColumnSpec | None, declared: str, source: str) -> tuple[Unit | None, str]:
    """Check a declared unit against the glossary; an unknown unit is a label where that is allowed."""
    accepted = (spec.unit, *spec.other_units) if spec else ("",)
    unit = find_unit(declared, accepted[0])
    label = declared if unit is None else unit.name or accepted[0]
    if spec and spec.unit and label not in accepted:
        needed = " or ".join(accepted)
        raise UnitError(
            f"{at(source)}units= says that {name!r} is in {declared!r}, but {name} ({spec.meaning}) is in "
            f"{needed}. Give a multiple of that, or give the column another name."
        )
    return unit, label


def _by_suffix(theirs: str, name: str, taken: list[str]) -> _Plan | None:
    """Read a unit off a name such as ``ttft_ms``, for columns whose own unit agrees."""
    if theirs in COLUMNS:
        return None
    for suffix in sorted(NAME_SUFFIXES, key=len, reverse=True):
        if not theirs.lower().endswith(f"_{suffix}"):
            continue
        stem = theirs[: -len(suffix) - 1]
        targets = [name] if name != theirs else [stem, f"{stem}_seconds", f"{stem}_usd"]
        unit = Unit(*NAME_SUFFIXES[suffix])
        for target in targets:
            spec = COLUMNS.get(target)
            free = target == name or target not in taken
            if spec and free and _agrees(unit.name, spec.unit):
                return _Plan(target, Unit(spec.unit, float(unit.scale)), spec.unit, theirs)
    return None


def _by_header(theirs: str, name: str, taken: list[str], source: str) -> _Plan | None:
    """Read the unit in a header such as ``ttft (ms)``; refuse one that a column told to be another cannot have."""
    stem, said = split_header(theirs)
    target = stem if name == theirs else name
    spec = COLUMNS.get(target)
    if not said or spec is None or not spec.unit or (name == theirs and target in taken):
        return None
    unit = find_unit(said, spec.unit)
    if unit is None or not (unit.name or spec.unit in COUNT_UNITS):
        return None
    label = unit.name or spec.unit
    if label not in (spec.unit, *spec.other_units):
        if name == theirs:
            return None
        raise UnitError(
            f"{at(source)}the header {theirs!r} says {said!r}, but {target} ({spec.meaning}) is in {spec.unit}. "
            f'Map it to another column, or say what its numbers are in: units={{"{target}": "{spec.unit}"}}.'
        )
    return _Plan(target, Unit(label, unit.scale), label, theirs)


def _agrees(suffix_unit: str, unit: str) -> bool:
    return suffix_unit == unit or (suffix_unit == "count" and unit in COUNT_UNITS)
