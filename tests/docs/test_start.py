"""The page to start from, gone through from top to bottom by somebody who types what it says."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from isoperf.cli import app
from tests.docs.pages import commands, fences, shows

PAGE = "docs/start.md"


def test_a_newcomer_without_a_table_gets_through(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unlike other tests of pages this one begins in an empty folder: what is needed, the page makes."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    names = {"__name__": "page"}
    table, *ours = fences(PAGE, "text")
    (tmp_path / "mine.csv").write_text(table)
    first, *later = fences(PAGE, "python")
    exec(compile(first, PAGE, "exec", dont_inherit=True), names)
    printed = ""
    for line in commands(PAGE):
        ran = CliRunner().invoke(app, shlex.split(line)[1:])
        assert ran.exit_code == 0, f"{line}: {ran.output}"
        printed += ran.stdout
    for line in (line for text in ours for line in text.splitlines()):
        assert shows(printed, line, 0.1), f"{PAGE} shows {line!r}, which is not printed"
    assert (tmp_path / "forecast.html").stat().st_size > 1e5
    for text in later:
        exec(compile(text, PAGE, "exec", dont_inherit=True), names)
    few = CliRunner().invoke(app, ["fit", "mine.csv"])
    assert few.exit_code == 0 and "too_few" in few.stdout
