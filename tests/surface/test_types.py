"""The library passes mypy's strict mode, and its tests and documentation tools pass mypy."""

from __future__ import annotations

import subprocess
import sys
from importlib.resources import files
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_mypy() -> None:
    done = subprocess.run([sys.executable, "-m", "mypy"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_types_are_for_users_too() -> None:
    assert files("isoperf").joinpath("py.typed").is_file()
