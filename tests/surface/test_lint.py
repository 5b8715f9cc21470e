"""The code passes ruff, keeps its import floors, and names no machine and no registry."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Written in pieces, so that this file does not hold what it looks for.
FOLDERS = "|".join(["ho" + "me", "ro" + "ot", "Us" + "ers", "wo" + "rk", "tm" + "p", "mn" + "t"])
REGISTRIES = ["py" + "pi.org", "python" + "hosted.org", "registry.npm" + "js", "ana" + "conda.org"]
FORBIDDEN = {
    "a path of one machine": re.compile(rf"(?<![\w./~$}}-])/(?:{FOLDERS})/\w"),
    "a path outside the checkout": re.compile(r"\.\./" + "sha" + "red"),
    "a registry's address": re.compile("|".join(map(re.escape, REGISTRIES))),
}


@pytest.mark.parametrize("arguments", [["check"], ["format", "--check", "--diff"]], ids=" ".join)
def test_ruff(arguments: list[str]) -> None:
    done = _run("-m", "ruff", *arguments, "--no-cache", ".")
    assert done.returncode == 0, done.stdout + done.stderr


def test_rooms_import_only_from_floors_below() -> None:
    script = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    done = _run("-c", script)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_names(what: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for path, text in _texts()
        for number, line in enumerate(text.splitlines(), start=1)
        if FORBIDDEN[what].search(line)
    ]
    assert not found, f"{what} in\n" + "\n".join(found)


def test_forbidden_patterns_find_what_they_should() -> None:
    assert FORBIDDEN["a path of one machine"].search('open("/' + 'home/anne/runs.csv")')
    assert not FORBIDDEN["a path of one machine"].search("https://example.org/" + "home/anne")
    assert FORBIDDEN["a registry's address"].search("https://" + "py" + "pi.org/project/x")


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True)


def _texts() -> Iterator[tuple[Path, str]]:
    """Yield every text file that git tracks, or would if it were added."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for path in (ROOT / name for name in listed.split("\0") if name):
        if path.is_file() and b"\0" not in (content := path.read_bytes()):
            yield path, content.decode("utf-8", errors="replace")
