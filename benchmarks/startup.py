"""What it costs to import a tool and to ask its command line for help."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from statistics import median
from typing import Any

from benchmarks.markdown import seconds, table
from benchmarks.protocol import Stopwatch, timed
from benchmarks.runner import NotRun, failure, find_python, run_python

__all__ = ["markdown", "measure"]

TITLE = "Start-up"


@dataclass(frozen=True)
class Command:
    """A line of Python run in a new interpreter."""

    name: str
    code: str
    package: str = ""
    variable: str = ""
    repeats: int = 9


COMMANDS = (
    Command("python -c pass", "pass"),
    Command("import isoperf", "import isoperf", "isoperf"),
    Command(
        "isoperf --help",
        "import sys; sys.argv = ['isoperf', '--help']; from isoperf.cli import main; main()",
        "isoperf",
    ),
    Command("import numpy", "import numpy"),
    Command("import scipy.optimize", "import scipy.optimize"),
    Command("import chinchilla", "import chinchilla", "chinchilla", "ISOPERF_PEER_CHINCHILLA", 3),
    Command(
        "import simple_scaling_laws",
        "import simple_scaling_laws",
        "simple_scaling_laws",
        "ISOPERF_PEER_SIMPLE_SCALING_LAWS",
        3,
    ),
    Command(
        "scaling-laws --help",
        "import sys; sys.argv = ['scaling-laws', '--help']; from simple_scaling_laws.cli import main; main()",
        "simple_scaling_laws",
        "ISOPERF_PEER_SIMPLE_SCALING_LAWS",
        3,
    ),
)


def measure() -> list[dict[str, Any]]:
    """Time the commands in turn, round after round, after one run of each that is not counted."""
    pythons = [find_python(command.package, command.variable) for command in COMMANDS]
    found: list[list[Stopwatch | NotRun]] = [[] for _ in COMMANDS]
    for turn in range(1 + max(command.repeats for command in COMMANDS)):
        for command, python, times in zip(COMMANDS, pythons, found, strict=True):
            if turn <= command.repeats and not any(isinstance(time, NotRun) for time in times):
                times.append(python if isinstance(python, NotRun) else _time(command, python))
    return [_record(command, times) for command, times in zip(COMMANDS, found, strict=True)]


def _time(command: Command, python: str) -> Stopwatch | NotRun:
    try:
        with timed() as watch:
            done = run_python(python, ["-c", command.code], timeout=60)
    except subprocess.TimeoutExpired:
        return NotRun("stopped after 60 s")
    if done.returncode != 0:
        return NotRun(failure(done.stderr))
    return watch


def _record(command: Command, times: list[Stopwatch | NotRun]) -> dict[str, Any]:
    missed = [time.reason for time in times if isinstance(time, NotRun)]
    if missed:
        return {"name": command.name, "not_run": missed[0]}
    counted = [time for time in times[1:] if isinstance(time, Stopwatch)]
    return {
        "name": command.name,
        "repeats": len(counted),
        "seconds": median(time.seconds for time in counted),
        "cpu_seconds": median(time.cpu_seconds for time in counted),
    }


def markdown(result: list[dict[str, Any]]) -> str:
    """Return the section of the page."""
    return f"""## {TITLE}

A new process each time; medians, with files already in the disk cache.

{table(("command", "CPU s", "wall s", "runs"), [_row(record) for record in result])}"""


def _row(record: dict[str, Any]) -> list[str]:
    if "not_run" in record:
        return [f"`{record['name']}` (not run: {record['not_run']})", "-", "-", "-"]
    times = [seconds(record["cpu_seconds"]), seconds(record["seconds"])]
    return [f"`{record['name']}`", *times, str(record["repeats"])]


if __name__ == "__main__":
    from benchmarks.page import main

    raise SystemExit(main(["startup"]))
