"""The page's colours, each light and dark, for pictures that carry their own style."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files

__all__ = ["asset", "color_css", "colored", "palette", "squeezed"]

_COLOR = re.compile(r"--(\w+): light-dark\((#\w+), (#\w+)\);")


@cache
def asset(name: str) -> str:
    """Return a style sheet or script that reports are made with."""
    return files("isoperf.report").joinpath("assets", name).read_text(encoding="utf-8")


@cache
def palette() -> Mapping[str, tuple[str, str]]:
    """Return the style sheet's colours by name, the light one first."""
    return {name: (day, night) for name, day, night in _COLOR.findall(asset("report.css"))}


def colored(name: str) -> str:
    """Return the attributes that make ``currentColor`` that colour; the light one where styles are not read."""
    return f'class="c-{name}" color="{palette()[name][0]}"'


def color_css(names: Iterable[str]) -> str:
    """Return rules that set the text colour of ``c-NAME`` by the page's brightness.

    ``light-dark`` is unknown to some programs that draw SVG; there the attribute beside the class holds.
    """
    rules = (f".isoperf .c-{name}{{color:light-dark({','.join(palette()[name])})}}" for name in sorted(set(names)))
    return squeezed(asset("picture.css")) + "".join(rules)


@cache
def squeezed(css: str) -> str:
    """Return a style sheet without the space that only people need."""
    return re.sub(r"\s*([{};,])\s*", r"\1", re.sub(r"\s+", " ", css)).replace(";}", "}").strip()
