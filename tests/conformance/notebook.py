"""What an answer shown in a notebook must be: well-formed, inert, small, and deaf to hostile names."""

from __future__ import annotations

import dataclasses
import re
import xml.etree.ElementTree as ET
from typing import Any

from isoperf.estimate import Estimate
from isoperf.report import Report

LARGEST = 300_000
HOSTILE = "</td></svg></div><script>alert('x')</script><img src=x onerror=alert(1)>&\"\x00]]>"
_ALLOWED = {
    *("div", "p", "span", "strong", "code", "a", "abbr", "section", "details", "summary", "dl", "dt", "dd"),
    *("h2", "h3", "h4", "table", "thead", "tbody", "tr", "th", "td", "figure", "figcaption", "style"),
    *("svg", "title", "desc", "g", "path", "circle", "rect", "text"),
}
_FREE = {"role", "kind", "align", "status", "unit"}  # fields of a block that the library alone writes


def check_fragment(html: str) -> ET.Element:
    """Return the elements of a fragment that a notebook may show."""
    assert len(html) < LARGEST, f"{len(html):,} characters"
    assert "<script" not in html.lower()
    root = ET.fromstring(html)  # raises where it is not well formed
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert tags <= _ALLOWED, f"unexpected elements: {sorted(tags - _ALLOWED)}"
    for element in root.iter():
        for name, value in element.attrib.items():
            assert not name.startswith("on") and name != "src", f"{element.tag} has {name}"
            assert name != "href" or re.match("#|https?://", value), f"a link to {value}"
        if element.tag.endswith("style"):
            text = element.text or ""
            assert "url(" not in text and "@import" not in text and "<" not in text
    return root


def words(root: ET.Element) -> str:
    """Return all that is read, on one line."""
    return " ".join(" ".join(root.itertext()).split())


def made_hostile(report: Report) -> Report:
    """Return the report with markup at the end of every name, word and sentence in it."""
    hostile: Report = _hostile(report)
    return hostile


def _hostile(value: Any, field: str = "") -> Any:
    match value:
        case str():
            return value if field in _FREE else value + HOSTILE
        case tuple():
            return tuple(_hostile(part, field) for part in value)
        case dict():
            return {_hostile(key): _hostile(part) for key, part in value.items()}
        case Estimate():
            return dataclasses.replace(value, unit=value.unit + HOSTILE)
        case _ if dataclasses.is_dataclass(value) and not isinstance(value, type):
            kept = {f.name: _hostile(getattr(value, f.name), f.name) for f in dataclasses.fields(value)}
            return dataclasses.replace(value, **kept)
        case _:
            return value
