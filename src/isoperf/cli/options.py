"""A command-line option from a parameter of a capability, by the parameter's type."""

from __future__ import annotations

import re
import typing
from typing import Any

import click

from isoperf.capability import Parameter
from isoperf.request.fields import gathered, kind_of, shown_default
from isoperf.request.kinds import ListOf, NamedValues

__all__ = ["method_option", "option_values"]


def method_option(parameter: Parameter) -> click.Option:
    """Return the option that sets a parameter.

    Raises
    ------
    OptionError : the parameter's type has no form on the command line.
    """
    name = parameter.name.replace("_", "-")
    text = f"{parameter.help} ({parameter.unit})" if parameter.unit else parameter.help
    if parameter.type is bool:
        flag = f"--{name}/--no-{name}" if parameter.default else f"--{name}"
        return click.Option([flag, parameter.name], is_flag=True, default=bool(parameter.default), help=text)
    kind = kind_of(parameter)
    several = isinstance(kind, ListOf | NamedValues)
    # a default of None would be taken for an answer, and a needed option would not be asked for
    default = {} if parameter.required else {"default": _default(parameter)}
    return click.Option(
        [f"--{name}", parameter.name],
        type=kind,
        multiple=several,
        metavar=_metavar(parameter, kind),
        required=parameter.required,
        show_default=True,
        help=text,
        **default,
    )


def _default(parameter: Parameter) -> Any:
    return None if parameter.default in ((), None, "") else shown_default(parameter)


def option_values(parameters: typing.Iterable[Parameter], ctx: click.Context) -> dict[str, Any]:
    """Return the values the user gave; the rest is left to the capability's own defaults."""
    given: dict[str, Any] = {}
    for parameter in parameters:
        if ctx.get_parameter_source(parameter.name) == click.core.ParameterSource.DEFAULT:
            continue
        value = ctx.params[parameter.name]
        given[parameter.name] = gathered(parameter, value)
    return given


def _metavar(parameter: Parameter, kind: click.ParamType[Any]) -> str | None:
    """Say what a text must name: a law, a column; elsewhere the kind of value, None for click's own choice."""
    several = isinstance(kind, ListOf | NamedValues)
    if kind is click.STRING or (isinstance(kind, ListOf) and kind.item is click.STRING):
        what = "LAW" if parameter.name.endswith("law") or parameter.name == "laws" else "TEXT"
        what = "COLUMN" if re.match(r"(score )?columns?\b", parameter.help) else what
        return f"{what},..." if several else what
    return kind.name.upper() if several else None
