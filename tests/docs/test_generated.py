"""Generated pages say what the code says today."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from docs._generate import markdown

LOADS = re.compile(r"<(?:script|link|img|iframe)[^>]*(?:src|href)=[\"']?https?://[^>]*>")
ROOT = Path(__file__).parents[2]


def test_no_generated_page_is_stale() -> None:
    command = [sys.executable, "-m", "docs.generate", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_site_builds_without_a_warning(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    pages = list(tmp_path.rglob("*.html"))
    assert tmp_path / "index.html" in pages
    loads = [(page.name, found) for page in pages for found in LOADS.findall(page.read_text("utf-8"))]
    assert not loads, "the site loads from outside"


def test_a_docstring_becomes_markdown() -> None:
    def documented() -> None:
        r"""First line.

        .. math:: y = a\,x^{-b}

        Read ``a`` with :meth:`care`.

        Inputs
        ------
        x : (n,) array, above
            zero.

        Examples
        --------
        >>> 1 + 1
        2
        """

    body, sections = markdown.docstring(documented)
    assert body == "$$\ny = a\\,x^{-b}\n$$\n\nRead `a` with `care`.\n"
    assert sections == {
        "Inputs": "- `x`: (n,) array, above zero.\n",
        "Examples": "```python\n>>> 1 + 1\n2\n```\n",
    }


def test_a_table_cell_cannot_break_its_table() -> None:
    assert markdown.table(["a|b"], [["x\ny"]]) == "| a\\|b |\n| --- |\n| x y |\n"


def test_a_marker_must_be_on_the_page() -> None:
    page = "top\n<!-- t: generated -->\nold\n<!-- end -->\nbottom\n"
    assert markdown.between(page, "t", "new") == "top\n<!-- t: generated -->\n\nnew\n<!-- end -->\nbottom\n"
    with pytest.raises(ValueError, match="no '<!-- u: generated -->'"):
        markdown.between(page, "u", "new")
