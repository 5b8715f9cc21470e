"""What the pages tell a reader to type works, and answers what they show."""

from __future__ import annotations

import json
import os
import re
import shlex
import tomllib
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from isoperf import datasets, laws
from isoperf.cli import app
from isoperf.readers._blob import Blob
from tests.docs.pages import ROOT, commands, fences, shows, write_runs

JOBS = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs" / "jobs").glob("*.md"))
SNIPPETS = [
    "README.md",
    "docs/start.md",
    "docs/how-to-choose.md",
    "docs/own-law.md",
    "docs/searchers.md",
    "docs/many-machines.md",
    *JOBS,
]
COMMANDS = [(page, line) for page in ["README.md", "docs/start.md", *JOBS] for line in commands(page)]
# Bootstrap draws differ a little between versions of NumPy; words do not.
TOLERANCE = 0.1
# Figures that README repeats, by the measured page they come from.
QUOTED = {
    "docs/honesty/league.md": ["230 contests", "89 sets", "2.3%", "88.6%", "0.935", "1.32", "0.852", "89.7%"],
    "docs/honesty/next-runs.md": ["0.726", "0.764", "0.627"],
    "docs/benchmarks.md": ["0.0889", "0.0551", "0.715", "0.134", "0.949", "1.64", "85.4 %", "97.9 %", "50.0 %"],
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in an empty folder with ``runs.csv``, at a terminal of 100 columns."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    write_runs(tmp_path)
    return tmp_path


@pytest.mark.parametrize("page", SNIPPETS)
def test_python_of_page_runs(page: str, folder: Path) -> None:
    assert _executed(page), f"{page} shows no Python"


def test_method_of_own_law_page_is_a_command(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    facts = folder / "site" / "my_package-1.0.dist-info"
    facts.mkdir(parents=True)
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: my_package\nVersion: 1.0\n")
    tables = [tomllib.loads(text)["project"]["entry-points"] for text in fences("docs/own-law.md", "toml")]
    (method,) = [table["isoperf.capabilities"] for table in tables if "isoperf.capabilities" in table]
    entries = "".join(f"{name} = {place}\n" for name, place in method.items())
    (facts / "entry_points.txt").write_text(f"[isoperf.capabilities]\n{entries}")
    (source,) = [text for text in fences("docs/own-law.md", "python") if "@capability" in text]
    package = folder / "site" / "my_package"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "spent.py").write_text(source)
    monkeypatch.syspath_prepend(str(folder / "site"))
    done = _run("isoperf spent runs.csv --json")
    rows = [line.split(",") for line in (folder / "runs.csv").read_text().splitlines()[1:]]
    spent = sum(6 * float(n) * float(d) for _, n, d, _ in rows)
    assert json.loads(done.stdout)["flops"] == pytest.approx(spent, rel=1e-12)


def test_format_of_own_law_page_reads_its_cells(folder: Path) -> None:
    read = _executed("docs/own-law.md")["read"]
    blob = Blob("a.cells", b"n_params  loss\n70M  3.42\n160M  3.21\n")
    assert read(blob) == {"n_params": ["70M", "160M"], "loss": ["3.42", "3.21"]}


@pytest.mark.parametrize(("page", "line"), COMMANDS, ids=lambda part: part[:60])
def test_command_of_page_runs(page: str, line: str, folder: Path) -> None:
    assert _run(line).exit_code == 0


@pytest.mark.parametrize("page", [page for page in JOBS if fences(page, "text")])
def test_job_shows_what_its_command_prints(page: str, folder: Path) -> None:
    output = _run(commands(page)[0]).stdout
    for part in fences(page, "text")[0].split("\n\n"):
        # Rows of a table may be left out between those shown.
        told = shows(output, part, TOLERANCE) or all(shows(output, line, TOLERANCE) for line in part.splitlines())
        assert told, f"{page} shows what is not printed:\n{part}\n\nThe command printed:\n{output}"


def test_readme_shows_what_the_demo_prints(folder: Path) -> None:
    output = _run("isoperf demo").stdout
    for part in fences("README.md", "text")[0].split("\n\n"):
        assert shows(output, part, TOLERANCE), f"README shows what the demo does not print:\n{part}"


def test_readme_shows_other_numbers_than_printed_only_within_the_tolerance() -> None:
    assert shows("a loss of 1.00 [0.9, 1.1]", "loss of 1.05 [0.9,\n1.1]", TOLERANCE)
    assert not shows("a loss of 1.00 [0.9, 1.1]", "loss of 1.25 [0.9, 1.1]", TOLERANCE)
    assert not shows("a loss of 1.00", "an error of 1.00", TOLERANCE)


@pytest.mark.parametrize("page", QUOTED)
def test_readme_repeats_measured_figures(page: str) -> None:
    readme, measured = (ROOT / "README.md").read_text("utf-8"), (ROOT / page).read_text("utf-8")
    for figure in QUOTED[page]:
        assert figure in readme, f"{figure} left README: update the list here"
        assert figure in measured, f"{figure} in README is no longer on {page}"


def test_readme_counts_the_laws_there_are() -> None:
    # Said in tens, so that one law more leaves README as it is.
    said = re.search(r"\| laws \| (\d+)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert said and int(said[1]) <= len(laws.discover()) < int(said[1]) + 10


def _executed(page: str) -> dict[str, Any]:
    """Run the Python of a page, block after block, and return the names it leaves; nothing if it has none."""
    blocks = [text for text in fences(page, "python") if not text.startswith(">>> ")]
    names: dict[str, Any] = {"__name__": "page"} if blocks else {}
    for number, text in enumerate(blocks, 1):
        exec(compile(text, f"{page}, block {number}", "exec", dont_inherit=True), names)
    return names


def _run(line: str) -> Result:
    """Run a command line in this process; skip where it asks for a table that is not here."""
    words = shlex.split(line, comments=True)[1:]
    table = words[1] if len(words) > 1 else ""
    if (
        table in datasets.names()
        and datasets.info(table).availability != "bundled"
        and not os.environ.get("ISOPERF_DATA")
    ):
        pytest.skip(f"the public table {table} is absent: set ISOPERF_DATA")
    return CliRunner().invoke(app, words)
