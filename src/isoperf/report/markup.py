"""The inline marks of prose: `code` and **bold**, nothing else."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from isoperf.report.cells import clean

__all__ = ["Span", "paragraphs", "spans"]

_MARKS = re.compile(r"`([^`\n]+)`|(?<!\w)\*\*(\S(?:[^*\n]*\S)?)\*\*(?!\w)")


class Span(NamedTuple):
    """A stretch of text that is set in one way."""

    text: str
    style: Literal["plain", "code", "bold"] = "plain"


def paragraphs(text: str) -> list[str]:
    """Divide at blank lines; single line ends inside a paragraph become spaces."""
    pieces = re.split(r"\n\s*\n", clean(text))
    return [" ".join(piece.split()) for piece in pieces if piece.strip()]


def spans(text: str) -> list[Span]:
    """Divide a paragraph into plain, code and bold stretches."""
    found: list[Span] = []
    end = 0
    for mark in _MARKS.finditer(text):
        if mark.start() > end:
            found.append(Span(text[end : mark.start()]))
        code, bold = mark.groups()
        found.append(Span(code, "code") if code else Span(bold, "bold"))
        end = mark.end()
    if end < len(text):
        found.append(Span(text[end:]))
    return found
