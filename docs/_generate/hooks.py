"""Hooks of the site: formulas become MathML, and a folder in the navigation lists its pages."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from latex2mathml.converter import convert

_DISPLAY = re.compile(r"^\$\$\n(.+?)\n\$\$$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"\\\((.+?)\\\)")


def on_config(config: Any) -> Any:
    """Replace each navigation entry that ends in a slash by the pages of that folder, if it has any."""
    docs = Path(config["docs_dir"])
    entries = [{title: _pages(target, docs) for title, target in entry.items()} for entry in config["nav"]]
    config["nav"] = [entry for entry in entries if all(entry.values())]
    return config


def _pages(target: Any, docs: Path) -> Any:
    if not (isinstance(target, str) and target.endswith("/")):
        return target
    names = sorted(path.name for path in (docs / target).glob("*.md"))
    return [f"{target}{name}" for name in sorted(names, key=lambda name: name != "index.md")]


def on_page_markdown(markdown: str, **_: Any) -> str:
    r"""Turn ``$$`` blocks and ``\(...\)`` into MathML, which browsers draw without a script."""
    markdown = _DISPLAY.sub(lambda m: f'<div class="formula">{_mathml(m[1], "block")}</div>', markdown)
    # A line that began with <math> itself would be read as a block of its own.
    return _INLINE.sub(lambda m: f"<span>{_mathml(m[1], 'inline')}</span>", markdown)


def _mathml(tex: str, display: str) -> str:
    return str(convert(tex.replace("\n", " "), display=display))
