"""A form's fields from the declaration of a capability: nothing is said twice."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache
from typing import Any, Literal

from isoperf.capability import Capability, Parameter, get
from isoperf.request.fields import choices_of, is_number, runs_code, shown_default, takes_several, takes_table
from isoperf.request.request import FIRST, first_table, offered

__all__ = ["Field", "as_options", "fields_of", "prose_of"]

Kind = Literal["table", "choice", "flag", "column", "law", "text"]
# What most people never change stands in a part of the form that opens when asked for.
_RARE = frozenset(
    {"bootstrap", "delta", "executor", "level", "n_bootstrap", "n_draws", "n_starts", "noise", "processes", "seed"}
)

# Files of Python are for one's own command line: the studio refuses them, so its forms do not offer them.
_OWN_CODE = re.compile(r"[,;](?: or)? your own as \w+\.py:\w+")


@dataclass(frozen=True)
class Field:
    """One field of a form.

    Attributes
    ----------
    name : the parameter; label : the same for people; help, unit : from its declaration.
    kind : how it is asked for; choices : the words to choose from, or to suggest.
    default : what holds when nothing is said, as text; value : what was said.
    several : whether it takes a list with commas; rare : whether it stands behind "More options".
    problem : what is wrong with the value.
    """

    name: str
    label: str
    help: str
    unit: str
    kind: Kind
    choices: tuple[str, ...]
    default: str
    required: bool
    several: bool
    numeric: bool
    rare: bool
    value: str = ""
    problem: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


def fields_of(
    name: str, given: Mapping[str, str], columns: tuple[str, ...] = (), problems: Mapping[str, str] | None = None
) -> tuple[Field, ...]:
    """Return the fields of a capability's form, with what was given already.

    Parameters
    ----------
    name : the capability; given : parameter -> text.
    columns : the columns of the table, which fields that name one suggest.
    problems : parameter -> what is wrong with its text.
    """
    problems = problems or {}
    return tuple(
        replace(
            field,
            value=given.get(field.name, ""),
            problem=problems.get(field.name, ""),
            choices=columns if field.kind == "column" else field.choices,
        )
        for field in _declared(name)
    )


def as_options(name: str, form: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Divide what a form sent into tables and options; fields left empty, or at their default, are absent."""
    tables: dict[str, str] = {}
    options: dict[str, str] = {}
    for field in _declared(name):
        text = form.get(field.name, "").strip()
        if field.kind == "flag":
            if field.name in form and text != field.default:
                options[field.name] = text
        elif text and field.kind == "table":
            tables[field.name] = text
        elif text and text != field.default:
            options[field.name] = text
    return tables, options


@cache
def _declared(name: str) -> tuple[Field, ...]:
    method = get(name)
    return (_field(first_table(method)), *(_field(parameter) for parameter in offered(method)))


def _field(parameter: Parameter) -> Field:
    kind = _kind(parameter)
    default = "" if parameter.default in (None, (), "") else shown_default(parameter)
    if isinstance(default, tuple):
        default = ",".join(map(str, default))
    return Field(
        name=parameter.name,
        label="table" if parameter.name == FIRST else parameter.name.replace("_", " "),
        help=_OWN_CODE.sub("", parameter.help),
        unit=parameter.unit,
        kind=kind,
        choices=_choices(parameter, kind),
        default=("on" if parameter.default else "off") if kind == "flag" else str(default),
        required=parameter.required,
        several=kind == "text" and takes_several(parameter),
        numeric=is_number(parameter),
        rare=parameter.name in _RARE,
    )


def _kind(parameter: Parameter) -> Kind:
    if takes_table(parameter) or parameter.name == FIRST:
        return "table"
    if parameter.type is bool:
        return "flag"
    if parameter.name.endswith("law") and runs_code(parameter):
        return "law"
    if re.match(r"(score )?columns?\b", parameter.help):
        return "column"
    return "choice" if choices_of(parameter) and not is_number(parameter) else "text"


def _choices(parameter: Parameter, kind: Kind) -> tuple[str, ...]:
    if kind == "law":
        from isoperf import laws

        return ("auto", *laws.discover()) if parameter.default == "auto" else tuple(laws.discover())
    return () if kind in ("table", "flag") else choices_of(parameter)


def prose_of(method: Capability) -> tuple[str, ...]:
    """Return the paragraphs of a capability's docstring after its first line, up to its sections."""
    text = inspect.getdoc(method.function) or ""
    body = re.split(r"\n[^\n]+\n-{3,}\n", text, maxsplit=1)[0].partition("\n")[2]
    return tuple(" ".join(part.split()).replace("``", "`") for part in body.split("\n\n") if part.strip())
