"""Words and numbers in a picture: escaped, measured, and shortened where there is no room."""

from __future__ import annotations

import textwrap
import unicodedata
from html import escape

from isoperf.report.cells import clean

__all__ = ["label", "measure", "px", "shortened", "wrapped", "xml"]

_EM = 0.56  # width of a letter of the usual fonts, on average, in font sizes


def xml(text: str) -> str:
    """Return text for an element or attribute; what XML cannot hold is replaced."""
    return escape("".join("\ufffd" if char in "\ufffe\uffff" else char for char in clean(text)))


def px(value: float) -> str:
    """Write a coordinate to a tenth of a pixel."""
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def measure(text: str, size: float) -> float:
    """Return about how wide a text will be."""
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return _EM * size * (len(text) + 0.8 * wide)


def shortened(text: str, size: float, room: float) -> str:
    """Return a text that fits into ``room`` pixels, one way or another."""
    text = " ".join(clean(text).split())
    if measure(text, size) <= room:
        return text
    while text and measure(f"{text}…", size) > room:
        text = text[:-1]
    return f"{text.rstrip()}…"


def wrapped(text: str, size: float, room: float, most: int = 2) -> list[str]:
    """Return a text as lines of at most ``room`` pixels."""
    fits = max(int(room / (_EM * size)), 1)
    lines = textwrap.wrap(" ".join(clean(text).split()), fits, max_lines=most, placeholder=" …")
    return [shortened(line, size, room) for line in lines]


def label(x: float, y: float, text: str, anchor: str = "start", extra: str = "") -> str:
    """Return a text that begins, has its middle or ends at a place."""
    side = "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text x="{px(x)}" y="{px(y)}"{side}{extra}>{xml(text)}</text>'
