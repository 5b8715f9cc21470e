"""The guide that adds a law, a reader and an analysis, followed in a copy of the repository."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from tests.docs.pages import ROOT

PAGE = "docs/adding.md"
ADDED = " (add)"
TITLED = re.compile(r'^(`{3,})\w+ title="([^"]+)"\n(.*?)^\1$', re.MULTILINE | re.DOTALL)
BLOCKS = {name: text for _, name, text in TITLED.findall((ROOT / PAGE).read_text("utf-8"))}
FILES = {name: text for name, text in BLOCKS.items() if not name.endswith(ADDED)}
LINES = {name.removesuffix(ADDED): text for name, text in BLOCKS.items() if name.endswith(ADDED)}
BEFORE: dict[str, str] = {}
MAIN = "import sys; from isoperf.cli import main; sys.exit(main())"
NEW = ("half_saturation", "hyperfine", "repeat_noise", "repeat-noise")
# What asks of every law, tool, method or page at once, and so of the new ones.
WHOLE = (
    "every_law_has", "page_on_connectors", "counts_of_parameters", "readme_counts", "says_what_its_traps",
    "every_capability_is_public", "frozen", "same_stub",
)  # fmt: skip
CHECKED = [
    "tests/conformance/test_laws.py", "tests/conformance/test_recovery.py", "tests/conformance/test_capabilities.py",
    "tests/conformance/test_bad_input.py", "tests/docs/test_pages.py", "tests/docs/test_choosing.py",
    "tests/surface/test_public_names.py", "tests/unit/test_connectors.py",
    *(name for name in FILES if name.startswith("tests/") and "/test_" in name),
]  # fmt: skip


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the repository, lay the guide's files into it, and make the generated pages anew."""
    place = tmp_path_factory.mktemp("guide") / "isoperf"
    for name in ("src", "tests", "docs"):
        shutil.copytree(ROOT / name, place / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path in (*ROOT.glob("*.md"), *ROOT.glob("*.toml"), *ROOT.glob("*.yml")):
        shutil.copy(path, place)
    BEFORE.update(held(place))
    for name, text in FILES.items():
        assert (place / name).parent.is_dir(), f"{name} has no folder to stand in"
        (place / name).write_text(text, "utf-8")
    for name, text in LINES.items():
        with (place / name).open("a", encoding="utf-8") as file:
            file.write(text)
    (place / "generated").write_text(run(place, "-m", "docs.generate"))
    return place


def held(place: Path) -> dict[str, str]:
    """Return a digest of every file."""
    paths = (path for path in place.rglob("*") if path.is_file() and path.suffix != ".pyc")
    return {path.relative_to(place).as_posix(): sha256(path.read_bytes()).hexdigest() for path in paths}


def run(place: Path, *arguments: str, folder: Path | None = None) -> str:
    """Run Python with the copy's package, and return what it printed."""
    env = {**os.environ, "PYTHONPATH": str(place / "src"), "COLUMNS": "100"}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder or place, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_the_guide_lays_new_files_only() -> None:
    assert len(FILES) == 8
    assert not [name for name in FILES if (ROOT / name).exists()], "the example is in the package: take another"
    assert LINES.keys() == {"src/isoperf/__init__.pyi", "tests/surface/public_names.txt"}


def test_nothing_else_changes_but_generated_pages(copy: Path) -> None:
    """A page belongs to docs.generate if that command writes it: the law's page, and pages with generated parts."""
    after = held(copy)
    changed = {name for name in after | BEFORE if after.get(name) != BEFORE.get(name)}
    generated = set(re.findall(r"^changed: (.+)$", (copy / "generated").read_text(), re.MULTILINE))
    assert changed - generated - {"generated"} == FILES.keys() | LINES.keys()
    assert "docs/laws/half_saturation.md" in generated


def test_the_files_are_in_the_house_style(copy: Path) -> None:
    python = [name for name in FILES if name.endswith(".py")]
    run(copy, "-m", "ruff", "check", "--no-cache", *python)
    run(copy, "-m", "ruff", "format", "--check", "--no-cache", *python)


def test_the_repository_accepts_them(copy: Path) -> None:
    words = " or ".join((*NEW, *WHOLE))
    told = run(copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-k", words, *CHECKED)
    passed = re.search(r"(\d+) passed", told)
    assert passed and int(passed[1]) >= 50, told


def test_its_commands_run(copy: Path, tmp_path: Path) -> None:
    x = [0.02, 0.06, 0.11, 0.22, 0.56, 1.10]  # Bates and Watts 1988: puromycin, the first of each pair
    y = [76, 97, 123, 159, 191, 207]
    (tmp_path / "rates.csv").write_text("x,y\n" + "".join(f"{a},{b}\n" for a, b in zip(x, y, strict=True)))
    timed = {"command": "sleep 1", "mean": 1.0, "times": [1.0, 1.01, 0.2], "exit_codes": [0, 0, 1]}
    (tmp_path / "timed.json").write_text(json.dumps({"results": [timed]}))
    told = {line: run(copy, "-c", MAIN, *line.split()[1:], folder=tmp_path) for line in commands_of_the_guide()}
    assert len(told) == 4
    law, fit, imported, noise = told.values()
    assert "saturates at a ceiling" in law
    assert "half_saturation" in fit and "ceiling" in fit
    assert "hyperfine" in imported and "1 run that failed" in imported
    assert (tmp_path / "timed.csv").read_text().splitlines()[0] == "command,seconds"
    assert "Noise of loss" in noise
    page = " ".join(run(copy, "-c", MAIN, "--help").split())
    assert "repeat-noise Say how far repeats of one configuration differ" in page


def commands_of_the_guide() -> list[str]:
    """Every command outside the files that the guide lays."""
    text = TITLED.sub("", (ROOT / PAGE).read_text("utf-8"))
    blocks = re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.startswith("isoperf ")]
