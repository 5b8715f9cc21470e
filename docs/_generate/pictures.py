"""What an example shows: the figures it leaves behind, drawn, and the first lines that it prints."""

from __future__ import annotations

import contextlib
import io
import os
import re
import runpy
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from isoperf.report import Figure, Report, Shown

__all__ = ["Picture", "draw", "drawn", "outdated", "shown", "write"]

MOST_FIGURES = 4
SIZE = (520, 360)  # pixels; a card shows it at about four fifths
MOST_LINES = 24
WIDEST = 120
_WORD = re.compile(r"[^\W\d_]{2,}")


class Picture(NamedTuple):
    """An example's figures as SVG and its output, cut to what a page shows."""

    figures: tuple[str, ...]
    output: str


def draw(script: Path) -> Picture:
    """Run an example in an empty folder and return what it shows."""
    printed = io.StringIO()
    here = Path.cwd()
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(printed):
        os.chdir(folder)
        try:
            names = runpy.run_path(str(script), run_name="__main__")
        finally:
            os.chdir(here)
    return shown(names, printed.getvalue())


def shown(names: Mapping[str, Any], output: str) -> Picture:
    """Return what an example shows, from the names it leaves and its output."""
    figures: dict[Figure, None] = {}
    for thing in names.values():
        if isinstance(thing, Figure):
            figures[thing] = None
        elif isinstance(thing, Report):
            figures |= dict.fromkeys(thing.figures)
        elif isinstance(thing, Shown):
            figures |= dict.fromkeys(thing.report().figures)
    return Picture(tuple(figure.svg(*SIZE) for figure in list(figures)[:MOST_FIGURES]), _cut(output))


def _cut(output: str) -> str:
    lines = [line.rstrip() for line in output.rstrip().splitlines()]
    kept = [line if len(line) <= WIDEST else f"{line[: WIDEST - 1]}…" for line in lines[:MOST_LINES]]
    return "\n".join([*kept, *(["…"] if len(lines) > MOST_LINES else [])]) + "\n"


def drawn(folder: Path, name: str) -> Picture:
    """Return what was drawn of an example before; nothing of one that is new."""
    output = folder / f"{name}.txt"
    figures = [folder / file for file in _files(name)]
    return Picture(
        tuple(path.read_text("utf-8") for path in figures if path.is_file()),
        output.read_text("utf-8") if output.is_file() else "",
    )


def _files(name: str) -> list[str]:
    """Return the names that an example's pictures have."""
    return [f"{name}{f'-{number}' if number > 1 else ''}.svg" for number in range(1, MOST_FIGURES + 1)]


def write(folder: Path, name: str, picture: Picture) -> None:
    """Put pictures and output where the pages find them, in place of older ones."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in _files(name)[len(picture.figures) :]:
        (folder / file).unlink(missing_ok=True)
    for file, text in zip(_files(name), picture.figures, strict=False):
        (folder / file).write_text(text, "utf-8")
    (folder / f"{name}.txt").write_text(picture.output, "utf-8")


def outdated(old: Picture, new: Picture) -> str:
    """Say in what a drawn example differs from today's, or nothing.

    Words count and numbers do not: they differ a little between versions of NumPy.
    """
    if len(old.figures) != len(new.figures):
        return f"{len(old.figures)} pictures are drawn, and the example has {len(new.figures)}"
    pairs = [(_described(a), _described(b)) for a, b in zip(old.figures, new.figures, strict=True)]
    pairs.append((old.output, new.output))
    changed = [(a, b) for a, b in pairs if _words(a) != _words(b)]
    return f"drawn:\n{changed[0][0]}\nnow:\n{changed[0][1]}" if changed else ""


def _described(svg: str) -> str:
    return ET.fromstring(svg).findtext("{http://www.w3.org/2000/svg}desc", "")


def _words(text: str) -> list[str]:
    return [word for word in _WORD.findall(text) if word.isascii() and word != "nan"]
