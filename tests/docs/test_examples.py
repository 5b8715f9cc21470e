"""Every ``>>>`` example of the library and of the pages gives what it says."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
from pathlib import Path

import pytest

import isoperf

ROOT = Path(__file__).parents[2]
OPTIONS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
TITLED = re.compile(r"^(`{3,})\w+ title=.*?^\1$", re.MULTILINE | re.DOTALL)
WRITTEN = [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))]
PAGES = [page for page in WRITTEN if ">>> " in page.read_text("utf-8")]
MODULES = [
    module.name
    for module in pkgutil.walk_packages(isoperf.__path__, "isoperf.")
    if not module.name.endswith("__main__")
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_of_module(name: str) -> None:
    result = doctest.testmod(importlib.import_module(name), optionflags=OPTIONS)
    assert result.failed == 0, f"{result.failed} of {result.attempted} examples in {name} failed"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_examples_of_page(page: Path) -> None:
    # A titled block is a file, whose examples run where it is laid.
    text = TITLED.sub("", page.read_text("utf-8"))
    # A fence that closes right under the output would be read as part of it.
    text = re.sub(r"^```.*$", "", text, flags=re.MULTILINE)
    examples = doctest.DocTestParser().get_doctest(text, {}, page.name, str(page), 0)
    result = doctest.DocTestRunner(optionflags=OPTIONS).run(examples)
    assert result.failed == 0, f"{result.failed} of {result.attempted} examples in {page.name} failed"
