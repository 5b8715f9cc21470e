r"""Formulas of docstrings as plain text: ``A\,N^{-\alpha}`` becomes ``A N^(-α)``."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["plain_formula", "plain_prose"]

_ATOM = re.compile(r"[\w.*']+|\([^()]*\)")
_STEPS = (
    (re.compile(r"\\frac\{([^{}]*)\}\{([^{}]*)\}"), lambda m: f"{_bracketed(m[1])}/{_bracketed(m[2])}"),
    (re.compile(r"\^\{([^{}]*)\}"), lambda m: f"^{_bracketed(m[1])}"),
    (re.compile(r"(?:_|\\mathrm|\\text)\{([^{}]*)\}"), lambda m: ("_" if m[0][0] == "_" else "") + m[1]),
)


def plain_formula(latex: str) -> str:
    """Return a formula on one line, with Greek letters and brackets in place of LaTeX commands."""
    text = re.sub(r"\\(?:left|right|max|min|ln|log|exp)(?![a-z])", lambda m: _kept(m[0]), latex)
    text = re.sub(r"\\(?:,|;|!|q?quad)\s*", " ", text)
    text = re.sub(r"\\([a-zA-Z]+)(?<!frac)(?<!mathrm)(?<!text)(?![a-zA-Z])", _greek, text)
    for _ in range(len(text)):
        before = text
        for pattern, becomes in _STEPS:
            text = pattern.sub(becomes, text)
        if text == before:
            break
    return " ".join(text.split())


def plain_prose(text: str) -> str:
    """Return a docstring's paragraphs with their inline formulas and code in backticks."""
    text = re.sub(r":math:`([^`]*)`", lambda m: f"`{plain_formula(m[1])}`", text)
    return text.replace("``", "`")


def _kept(command: str) -> str:
    return "" if command in (r"\left", r"\right") else command[1:]


def _greek(match: re.Match[str]) -> str:
    word = {"varepsilon": "epsilon", "lambda": "lamda"}.get(match[1], match[1])
    try:
        return unicodedata.lookup(f"GREEK SMALL LETTER {word.upper()}")
    except KeyError:
        return match[1]


def _bracketed(text: str) -> str:
    return text if _ATOM.fullmatch(text) else f"({text})"
