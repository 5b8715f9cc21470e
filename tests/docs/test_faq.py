"""The page of traps: every number shown is printed by the code beside it, and every trap names its guard."""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path
from typing import Any

import pytest

from isoperf.capability import discover
from tests.docs.pages import ROOT, shows, write_runs

PAGE = ROOT / "docs" / "faq.md"
PARTS = re.split(r"^### (\d+\. .+)$", PAGE.read_text("utf-8"), flags=re.MULTILINE)
TRAPS = dict(zip(PARTS[1::2], PARTS[2::2], strict=True))
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TOLERANCE = 0.02  # draws of NumPy's generator are fixed; a bootstrap's quantiles may move in the third digit
# What stands on a page of measurements, by the trap that repeats it.
MEASURED = {"2": ("benchmarks.md", ["97.2B", "129.9B"]), "10": ("coming-from/lm-eval.md", ["0.043", "0.021"])}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand beside ``runs.csv``."""
    monkeypatch.chdir(tmp_path)
    write_runs(tmp_path)
    return tmp_path


def test_code_prints_what_the_page_shows(folder: Path) -> None:
    names: dict[str, Any] = {"__name__": "page"}
    shown = 0
    for trap, text in TRAPS.items():
        printed = io.StringIO()
        for language, block in BLOCK.findall(text):
            if language == "python":
                with contextlib.redirect_stdout(printed):
                    exec(compile(block, f"trap {trap}", "exec", dont_inherit=True), names)
            else:
                shown += 1
                for line in block.splitlines():
                    assert shows(printed.getvalue(), line, TOLERANCE), f"{trap}\nprinted:\n{printed.getvalue()}"
    assert shown >= 15


def test_traps_are_numbered_and_at_least_fifteen() -> None:
    assert [int(trap.partition(".")[0]) for trap in TRAPS] == list(range(1, len(TRAPS) + 1))
    assert len(TRAPS) >= 15


@pytest.mark.parametrize("trap", TRAPS)
def test_an_answer_is_short_has_a_number_and_names_its_guard(trap: str) -> None:
    answer = BLOCK.sub("", TRAPS[trap]).partition("\n## ")[0].strip()
    assert 2 <= len(answer.splitlines()) <= 6, "two to six lines"
    number = trap.partition(".")[0]
    assert re.search(r"\d", TRAPS[trap])
    assert BLOCK.search(TRAPS[trap]) or number in MEASURED or re.search(r"[A-Z]\w+ et al\. \d{4}", answer), "no source"
    links = re.findall(r"\]\(([\w/.-]+\.md)", answer)
    assert links, "no page that guards against it"
    for link in links:
        assert (PAGE.parent / link).is_file(), link
        job = re.fullmatch(r"jobs/([\w-]+)\.md", link)
        assert not job or job[1].replace("-", "_") in discover()


@pytest.mark.parametrize("number", MEASURED)
def test_measured_figures_are_on_their_page(number: str) -> None:
    page, figures = MEASURED[number]
    (answer,) = [text for trap, text in TRAPS.items() if trap.startswith(f"{number}. ")]
    source = (PAGE.parent / page).read_text("utf-8")
    assert all(figure in answer and figure in source for figure in figures)
