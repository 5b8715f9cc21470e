"""The library's advice in the words of the command line: options instead of Python arguments."""

from __future__ import annotations

import re

__all__ = ["in_options"]

_QUOTED = r"""(['"])((?:(?!\{q}).)*)\{q}"""
_FIRST, _SECOND = _QUOTED.format(q=1), _QUOTED.format(q=3)
_RULES = (
    (rf"rename=\{{{_FIRST}: {_SECOND}\}} or --map", "--map"),
    (r" on the command line\b", ""),
    (rf"rename=\{{{_FIRST}: {_SECOND}\}}", r"--map \4=\2"),
    (rf"units=\{{{_FIRST}: {_SECOND}\}}", r"--units \2=\4"),
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
)


def in_options(message: str) -> str:
    """Return a message with arguments such as ``where("loss > 0")`` written as ``--where 'loss > 0'``."""
    for pattern, option in _RULES:
        message = re.sub(pattern, option, message)
    return message
