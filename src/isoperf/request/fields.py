"""What a parameter of a capability takes as text, by the parameter's type."""

from __future__ import annotations

import functools
import operator
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any, Literal

import click

from isoperf.capability import Parameter
from isoperf.errors import OptionError
from isoperf.estimate import format_number
from isoperf.request.kinds import ListOf, NamedValues, Quantity, WholeNumber, WordOr

__all__ = [
    "choices_of",
    "gathered",
    "is_number",
    "kind_of",
    "read_text",
    "runs_code",
    "shown_default",
    "takes_several",
    "takes_table",
]

_COUNTS = ("params", "tokens", "examples")  # units in which 177M is read as a count
_TRUE, _FALSE = ("on", "true", "yes", "1"), ("off", "false", "no", "0")


def read_text(parameter: Parameter, text: str) -> Any:
    """Return the value that a text gives a parameter.

    Raises
    ------
    OptionError : the text is none of its kind; the message names the parameter.
    """
    if parameter.type is bool:
        if text.strip().lower() in (*_TRUE, *_FALSE):
            return text.strip().lower() in _TRUE
        raise OptionError(f"{parameter.name}={text!r} is neither on nor off.")
    kind = kind_of(parameter)
    try:
        value = kind.convert(text.strip(), None, None)
    except click.BadParameter as error:
        raise OptionError(f"{parameter.name}: {error.message}") from None
    return gathered(parameter, (value,) if isinstance(kind, ListOf | NamedValues) else value)


def gathered(parameter: Parameter, value: Any) -> Any:
    """Join what was given in several pieces into the one list or mapping that is meant."""
    hint = _without_none(parameter.type)
    if _is_list(hint) or _is_mapping(hint):
        value = tuple(item for group in value for item in group)
    return dict(value) if _is_mapping(hint) else value


def choices_of(parameter: Parameter) -> tuple[str, ...]:
    """Return the words that a parameter knows; other values may be allowed as well."""
    hint = _without_none(parameter.type)
    if typing.get_origin(hint) is Literal:
        return typing.get_args(hint)
    return tuple(_split(hint)[0])


def takes_table(parameter: Parameter) -> bool:
    """Whether the parameter is a further table."""
    return parameter.table or any(getattr(part, "__name__", "") == "Observations" for part in _parts(parameter.type))


def takes_several(parameter: Parameter) -> bool:
    """Whether the text is a list, with commas."""
    return isinstance(kind_of(parameter), ListOf | NamedValues)


def is_number(parameter: Parameter) -> bool:
    """Whether the text is one number, or a word in its place."""
    kind = kind_of(parameter) if parameter.type is not bool else None
    return isinstance(kind, Quantity | WholeNumber) or (isinstance(kind, WordOr) and kind.other.name != "text")


def runs_code(parameter: Parameter) -> bool:
    """Whether a text may name a Python file, which would be run: for a class or function of one's own."""
    return not takes_table(parameter) and any(
        typing.get_origin(part) in (type, Callable) for part in _parts(parameter.type)
    )


def shown_default(parameter: Parameter) -> Any:
    """Write a default as people do, ``177M`` or ``8e+10``; values given to a capability are never read from it."""
    return _shown(parameter.default, parameter.unit)


def kind_of(parameter: Parameter) -> click.ParamType[Any]:
    """Return how texts for a parameter are read.

    Raises
    ------
    OptionError : the parameter's type cannot be written as text.
    """
    try:
        return _of(_without_none(parameter.type), parameter)
    except TypeError:
        raise OptionError(
            f"parameter {parameter.name!r} has the type {parameter.type}, which has no form on the command "
            "line. Use a number, text, bool, Literal, or a tuple of numbers or texts."
        ) from None


def _shown(default: Any, unit: str) -> Any:
    if isinstance(default, tuple):
        return tuple(_shown(value, unit) for value in default)
    if not isinstance(default, float):
        return default
    return format_number(default) if unit in _COUNTS else f"{default:.10g}".replace("e+", "e")


def _of(hint: Any, parameter: Parameter) -> click.ParamType[Any]:
    """Return the kind of value for a type; TypeError when there is none."""
    if hint is Any or hint is str or (_is_union(hint) and str in typing.get_args(hint)):
        return click.STRING
    if hint is float:
        return Quantity(parameter.unit)
    if hint is int:
        return WholeNumber(parameter.least)
    if _is_list(hint):
        return ListOf(_of(typing.get_args(hint)[0], parameter))
    if _is_mapping(hint):
        return NamedValues(listed=_is_list(typing.get_args(hint)[1]))
    if typing.get_origin(hint) is Literal:
        return click.Choice(typing.get_args(hint))
    words, others = _split(hint)
    if words and len(others) == 1:
        return WordOr(words, _of(others[0], parameter))
    raise TypeError(hint)


def _without_none(hint: Any) -> Any:
    """Return ``T`` for ``T | None``; an absent option is how None is said."""
    parts = typing.get_args(hint) if _is_union(hint) else ()
    left = [part for part in parts if part is not types.NoneType]
    return functools.reduce(operator.or_, left) if left else hint


def _split(hint: Any) -> tuple[list[str], list[Any]]:
    """Divide a union into the words of its Literals and its other members."""
    words: list[str] = []
    others: list[Any] = []
    for part in typing.get_args(hint) if _is_union(hint) else ():
        literal = typing.get_origin(part) is Literal
        words.extend(typing.get_args(part) if literal else ())
        others.extend(() if literal else (part,))
    return words, others


def _is_union(hint: Any) -> bool:
    return typing.get_origin(hint) in (typing.Union, types.UnionType)


def _is_list(hint: Any) -> bool:
    args = typing.get_args(hint)
    return typing.get_origin(hint) is tuple and len(args) == 2 and args[1] is Ellipsis


def _is_mapping(hint: Any) -> bool:
    return typing.get_origin(hint) is Mapping


def _parts(hint: Any) -> list[Any]:
    """Return the members of a union, or of a list's items, whatever is nested in what."""
    if _is_union(hint):
        return [inner for part in typing.get_args(hint) for inner in _parts(part)]
    return _parts(typing.get_args(hint)[0]) if _is_list(hint) else [hint]
