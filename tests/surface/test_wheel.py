"""The built wheel holds what an installed Isoperf needs."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        return set(wheel.namelist())


def test_wheel_holds_every_file_of_the_package(names: set[str]) -> None:
    source = ROOT / "src"
    files = (path.relative_to(source) for path in (source / "isoperf").rglob("*") if path.is_file())
    wanted = {path.as_posix() for path in files if not any(map(_is_cache, path.parts))}
    assert wanted <= names, f"missing: {sorted(wanted - names)}"


def _is_cache(part: str) -> bool:
    return part == "__pycache__" or part.startswith(".")


def test_wheel_holds_types_tables_and_licence(names: set[str]) -> None:
    assert {"isoperf/py.typed", "isoperf/datasets/bundled/stdlib_lm.csv"} <= names
    assert any(name.endswith("licenses/LICENSE") for name in names)
