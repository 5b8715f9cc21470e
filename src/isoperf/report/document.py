"""The report itself: a title, blocks in order, and where the numbers come from."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from isoperf.errors import OptionError, did_you_mean
from isoperf.report.blocks import Block, Heading
from isoperf.report.figure import Figure
from isoperf.report.plain import REPORT_SCHEMA, plain_block
from isoperf.report.save import write_whole

if TYPE_CHECKING:
    from rich.console import Console

    from isoperf.report.export import TableFormat

__all__ = ["Report"]

Format = Literal["html", "md", "json", "txt"]
_SUFFIXES: Mapping[str, Format] = {
    "html": "html",
    "htm": "html",
    "md": "md",
    "markdown": "md",
    "json": "json",
    "txt": "txt",
    "text": "txt",
}


@dataclass(frozen=True)
class Report:
    """An answer for people: what the command line prints and every file format shows.

    Parameters
    ----------
    title : the report's first line.
    blocks : prose, tables, figures and caveats, in reading order.
    provenance : how the numbers came about (data fingerprint, seed, versions).
    """

    title: str
    blocks: tuple[Block, ...]
    provenance: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "blocks", tuple(self.blocks))
        object.__setattr__(self, "provenance", {str(k): str(v) for k, v in self.provenance.items()})

    def text(self, width: int | None = None, color: bool = False) -> str:
        """Return the report drawn for a terminal of ``width`` columns; the terminal's own when absent."""
        from isoperf.report.text import as_text

        return as_text(self, width, color)

    def print(self, console: Console | None = None) -> None:
        """Draw the report on a terminal."""
        from isoperf.report.text import draw

        draw(self, console)

    def _repr_html_(self) -> str:
        from isoperf.report.fragment import as_fragment

        return as_fragment(self)

    def _repr_markdown_(self) -> str:
        return self.markdown()

    @property
    def figures(self) -> tuple[Figure, ...]:
        """The pictures, in reading order; ``report.figures[0].save("a.svg")`` writes one to a file."""
        return tuple(block for block in self.blocks if isinstance(block, Figure))

    def markdown(self) -> str:
        """Return the report as Markdown with GitHub's tables."""
        from isoperf.report.markdown import as_markdown

        return as_markdown(self)

    def html(self) -> str:
        """Return one page that holds all it needs and opens without a network."""
        from isoperf.report.html import as_html

        return as_html(self)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON; unknown and not finite are ``None``."""
        return {
            "title": self.title,
            "blocks": [plain_block(block) for block in self.blocks],
            "provenance": dict(self.provenance),
            "schema": REPORT_SCHEMA,
        }

    def json(self) -> str:
        """Return the plain values as JSON text."""
        return json.dumps(self.as_dict(), indent=2, allow_nan=False) + "\n"

    def save(self, path: str | os.PathLike[str], format: Format | None = None) -> Path:
        """Write the report whole or not at all, and return where it is.

        Parameters
        ----------
        path : the file; its suffix (.html, .md, .json or .txt) decides the format.
        format : overrules the suffix.

        Raises
        ------
        OptionError : neither suffix nor ``format`` names a known format.
        OutputError : the file could not be written; whatever was there is unchanged.
        """
        return write_whole(path, self._rendered(format or _format(Path(path))))

    def save_tables(self, folder: str | os.PathLike[str], format: TableFormat = "csv") -> list[Path]:
        """Write every table to a file of its own, and return where they are.

        Parameters
        ----------
        folder : where; made if it is not there.
        format : ``csv`` or ``parquet``.

        Raises
        ------
        OptionError : the format is unknown, or there is no table.
        OutputError : a file could not be written.
        """
        from isoperf.report.export import save_tables

        return save_tables(self, folder, format)

    def joined(self, *others: Report) -> Report:
        """Return one report with the others below, each under its title as a heading."""
        blocks = list(self.blocks)
        provenance = dict(self.provenance)
        for other in others:
            blocks.append(Heading(other.title))
            blocks.extend(_lowered(block) for block in other.blocks)
            for key, value in other.provenance.items():
                name = key if provenance.get(key, value) == value else f"{other.title}: {key}"
                provenance[name] = value
        return Report(self.title, tuple(blocks), provenance)

    def _rendered(self, format: str) -> str:
        match format:
            case "html":
                return self.html()
            case "md":
                return self.markdown()
            case "json":
                return self.json()
            case "txt":
                return self.text(width=100)
            case _:
                raise OptionError(f"no report format {format!r}. Known: html, md, json, txt.")


def _format(path: Path) -> Format:
    suffix = path.suffix.lower().lstrip(".")
    if suffix not in _SUFFIXES:
        found = f"the suffix '.{suffix}'" if suffix else "no suffix"
        raise OptionError(
            f"cannot tell the report's format: '{path}' has {found}.{did_you_mean(suffix, _SUFFIXES)} "
            "Use .html, .md, .json or .txt, or say format='html'."
        )
    return _SUFFIXES[suffix]


def _lowered(block: Block) -> Block:
    return replace(block, level=block.level + 1) if isinstance(block, Heading) else block
