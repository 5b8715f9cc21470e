"""Starting up is light: what costs time loads on first use."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Callable

import pytest

HEAVY = {"jax", "matplotlib", "narwhals", "pandas", "plotly", "polars", "pyarrow", "scipy"}
HELP = (
    "import sys; sys.argv = ['isoperf', '--help']\n"
    "from isoperf.cli import main\n"
    "try: main()\n"
    "except SystemExit as stop: assert not stop.code, stop.code\n"
)
REPORT = "\nimport json, sys; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"


@pytest.mark.parametrize(
    ("script", "heavy"),
    [("import isoperf", HEAVY | {"click", "rich"}), (HELP, HEAVY)],
    ids=["import isoperf", "isoperf --help"],
)
def test_start_up_loads_nothing_heavy(
    script: str, heavy: set[str], record_property: Callable[[str, object], None]
) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    loaded = _loaded_by(script)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    record_property("cpu_seconds", after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert "isoperf" in loaded
    assert not heavy & loaded, f"{sorted(heavy & loaded)} loaded at start-up; import them where they are used"


def _loaded_by(script: str) -> set[str]:
    done = subprocess.run([sys.executable, "-c", script + REPORT], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))
