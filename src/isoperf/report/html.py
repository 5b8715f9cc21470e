"""A report as one page that opens without a network."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from html import escape
from importlib.resources import files
from importlib.util import find_spec
from itertools import count, groupby
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from isoperf.errors import MissingExtraError
from isoperf.report.blocks import Facts, Heading
from isoperf.report.cells import clean
from isoperf.report.figure import Figure
from isoperf.report.html_blocks import html_block, html_facts
from isoperf.report.html_figure import html_figure

if TYPE_CHECKING:
    from isoperf.report.document import Report

__all__ = ["PageParts", "as_html", "as_page", "parts_of"]

_CONTENTS_FROM = 3


@dataclass(frozen=True)
class PageParts:
    """What of a report makes its page; the rest of the page is the same for every report.

    Attributes
    ----------
    title : the report's title, as plain text.
    contents : the list of its headings, or nothing when there are few; main : its blocks; both as HTML.
    has_figures : whether the page needs the script that draws.
    """

    title: str
    contents: str
    main: str
    has_figures: bool


def as_html(report: Report) -> str:
    """Return a page with its styles, scripts and figures inside; nothing is loaded from elsewhere."""
    return as_page(parts_of(report))


def parts_of(report: Report) -> PageParts:
    """Return what `as_page` makes a page of; it can be kept, and shown on a page of another make."""
    figures = any(isinstance(block, Figure) for block in report.blocks)
    return PageParts(report.title, _contents(report), _main(report), figures)


def as_page(parts: PageParts) -> str:
    """Return the page that `as_html` would return for the report."""
    scripts = ([_plotly()] if parts.has_figures else []) + [_asset("report.js")]
    return Template(_asset("page.html")).substitute(
        title=escape(clean(parts.title)),
        policy=_policy(scripts),
        style=_asset("report.css"),
        layout="with-contents" if parts.contents else "",
        contents=parts.contents,
        main=parts.main,
        scripts="\n".join(f"<script>{script}</script>" for script in scripts),
    )


def _main(report: Report) -> str:
    numbers = count()
    parts: list[str] = []
    for are_figures, group in groupby(enumerate(report.blocks), lambda pair: isinstance(pair[1], Figure)):
        if are_figures:
            drawn = (html_figure(block, next(numbers)) for _, block in group if isinstance(block, Figure))
            parts.append(f'<div class="figures">\n{"".join(drawn)}</div>\n')
        else:
            parts.extend(html_block(block, _anchor(index)) for index, block in group)
    return "".join(parts) + _provenance(report.provenance)


def _provenance(provenance: Mapping[str, str]) -> str:
    if not provenance:
        return ""
    return html_facts(Facts("Provenance", tuple(provenance.items())), "facts provenance")


def _contents(report: Report) -> str:
    headings = [(index, block) for index, block in enumerate(report.blocks) if isinstance(block, Heading)]
    if len(headings) < _CONTENTS_FROM:
        return ""
    lines = (
        f'<li class="level{min(max(heading.level, 2), 4)}"><a href="#{_anchor(index)}">'
        f"{escape(clean(heading.text))}</a></li>\n"
        for index, heading in headings
    )
    return f'<nav aria-label="Contents"><p>Contents</p><ul>\n{"".join(lines)}</ul></nav>\n'


def _anchor(index: int) -> str:
    return f"part-{index}"


def _policy(scripts: list[str]) -> str:
    """Allow only the scripts of this page, and no request to anywhere."""
    digests = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )


@cache
def _asset(name: str) -> str:
    return files("isoperf.report").joinpath("assets", name).read_text(encoding="utf-8")


@cache
def _plotly() -> str:
    return plotly_path().read_text(encoding="utf-8").replace("</script", "<\\/script")


def plotly_path() -> Path:
    """Find the script that the plotly package carries, without importing the package.

    Raises
    ------
    MissingExtraError : it is absent.
    """
    spec = find_spec("plotly")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(folder) / "package_data" / "plotly.min.js"
        if path.is_file():
            return path
    raise MissingExtraError(
        "the figures of an HTML report need 'plotly.min.js' from the package plotly, which is absent. "
        "Install it with: pip install plotly. Or save the report as .md, .txt or .json."
    )
