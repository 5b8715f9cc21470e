"""The pages for those who come from another tool: their code runs where the tool is installed, ours always."""

from __future__ import annotations

import ast
import contextlib
import importlib.util
import io
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from isoperf.cli import app
from tests.docs.pages import ROOT, commands, fences, shows, write_runs
from tests.unit.lm_eval_files import answers, write_run

FOLDER = ROOT / "docs" / "coming-from"
PAGES = sorted(path.relative_to(ROOT).as_posix() for path in FOLDER.glob("*.md") if path.stem != "index")
TOOLS = {"pandas": "curve-fit", "chinchilla": "chinchilla", "optuna": "optuna", "lm_eval": "lm-eval"}
PARTS = ["What you do now", "The same here", "Your words", "What you gain", "What you lose"]
SLOW = {"chinchilla"}  # starts processes of its own, which a test must not
MEASURED = {"benchmarks.md", "honesty/tuning.md"}
TOLERANCE = 0.1  # draws of a bootstrap differ a little between versions of NumPy


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand beside ``runs.csv`` and ``out``, two runs of the harness that share their questions."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    write_runs(tmp_path)
    for name, gain, seed in (("a", 0.0, 0), ("b", 0.4, 1)):
        tasks = {task: answers(n, gain, seed=seed) for task, n in (("arithmetic", 200), ("reading", 300))}
        write_run(tmp_path / "out", tasks, model=f"org/model-{name}")
    return tmp_path


def imported(text: str) -> set[str]:
    """Return the packages that a block imports."""
    lines = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import | ast.ImportFrom)]
    names = [
        [alias.name for alias in one.names] if isinstance(one, ast.Import) else [one.module or ""] for one in lines
    ]
    return {name.partition(".")[0] for some in names for name in some}


def can_run(text: str) -> bool:
    """Whether everything it imports is here."""
    needed = imported(text)
    return not needed & SLOW and all(importlib.util.find_spec(name) is not None for name in needed)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::RuntimeWarning")  # of the other tools
@pytest.mark.parametrize("page", PAGES)
def test_page_runs_and_shows_what_it_prints(page: str, folder: Path) -> None:
    names: dict[str, Any] = {"__name__": "page"}
    printed = io.StringIO()
    ran = []
    for number, text in enumerate(fences(page, "python"), start=1):
        if can_run(text):
            with contextlib.redirect_stdout(printed):
                exec(compile(text, f"{page}, block {number}", "exec", dont_inherit=True), names)
            ran.append(text)
    assert any("isoperf" in imported(text) for text in ran), "the side of Isoperf runs without the other tool"
    for part in fences(page, "text"):
        for line in part.splitlines():
            assert shows(printed.getvalue(), line, TOLERANCE), f"{page} shows {line!r}; printed:\n{printed.getvalue()}"
    for line in commands(page):
        done = CliRunner().invoke(app, shlex.split(line)[1:])
        assert done.exit_code == 0, f"{line}: {done.output}"


@pytest.mark.parametrize("page", PAGES)
def test_page_says_what_is_gained_and_what_is_lost(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == PARTS
    lost = text.partition("## What you lose")[2]
    assert lost.count("\n- ") >= 2
    words = text.partition("## Your words")[2].partition("\n## ")[0]
    assert words.count("\n| ") >= 8


def test_every_tool_has_its_page_with_its_own_code() -> None:
    assert {f"docs/coming-from/{stem}.md" for stem in TOOLS.values()} == set(PAGES)
    for package, stem in TOOLS.items():
        first, *_ = fences(f"docs/coming-from/{stem}.md", "python")
        assert package in imported(first)


@pytest.mark.parametrize("page", PAGES)
def test_figures_beside_a_measured_page_are_on_it(page: str) -> None:
    """A sentence that ends in a link to a page of measurements takes its numbers with a point from there."""
    text = (ROOT / page).read_text("utf-8").partition("## What you gain")[2]
    for item in re.split(r"\n- |\n\n", text):
        linked = [name for name in MEASURED if f"(../{name})" in item]
        for name in linked:
            source = (ROOT / "docs" / name).read_text("utf-8")
            said = re.sub(r"\(\.\./[\w/.]+\)", "", item)
            for number in re.findall(r"(?<![\w.])\d+\.\d+(?![\w.]*\.\d)", said):
                assert number in source, f"{number} in {page} is not on {name}"
