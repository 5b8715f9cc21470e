"""The library's advice in the words of a surface: options instead of Python arguments."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from isoperf.errors import IsoperfError

__all__ = ["in_options", "naming_options"]

_QUOTED = r"""(['"])((?:(?!\{q}).)*)\{q}"""
_FIRST, _SECOND = _QUOTED.format(q=1), _QUOTED.format(q=3)
_RULES = (
    (rf"rename=\{{{_FIRST}: {_SECOND}(?:, [^{{}}]*)?\}} or --map", "--map"),
    (r" on the command line\b", ""),
    (rf"rename=\{{{_FIRST}: {_SECOND}\}}", r"--map \4=\2"),
    (rf"units=\{{{_FIRST}: {_SECOND}\}}", r"--units \2=\4"),
    (r'\bat_most=\{"(\w+)": \.\.\.\}', r"--at-most \1=..."),
    (r'\bwhere\("([^"]*)"\)', r"--where '\1'"),
    (rf"\bwhere={_FIRST}", r"--where '\2'"),
    (r"\bwhere=\.\.\.", "--where"),
    (r"\bunits=(?=[\s.])", "--units"),
    (r"\bformat='html'", "the suffix in --report"),
    (
        r"is a subclass of isoperf\.Law; pass the class itself",
        "comes in through the entry point isoperf.laws",
    ),
    (r"(?<![\w-])(x|y|law|sheet)=(?=['\"])", r"--\1 "),
    (r"(--[\w-]+) \('([^'()]*)', '([^'()]*)'\)", r"\1 \2,\3"),
)


def in_options(message: str) -> str:
    """Return a message with arguments such as ``where("loss > 0")`` written as ``--where 'loss > 0'``."""
    for pattern, option in _RULES:
        message = re.sub(pattern, option, message)
    return message


@contextmanager
def naming_options(parameters: Iterable[str]) -> Iterator[None]:
    """Write parameters as options in the message of what goes wrong inside: ``by='x'`` becomes ``--by 'x'``."""
    try:
        yield
    except IsoperfError as error:
        error.args = (_named(str(error), parameters),)
        raise


def _named(message: str, parameters: Iterable[str]) -> str:
    for name in parameters:
        option = "--" + name.replace("_", "-")
        message = re.sub(rf"(?<![\w.{{(-]){name}=(?=['\"(.])", f"{option} ", message)
        message = re.sub(rf"(?<![\w.{{(-]){name}=(?=\s)", option, message)
        message = re.sub(rf"^{name}(?= (must|cannot)\b|: )", option, message)
    return message
