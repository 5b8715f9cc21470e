"""A studio in a process of its own, started as a user starts it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.request import urlopen

__all__ = ["COMMAND", "Studio", "until", "variables"]

COMMAND = (sys.executable, "-c", "from isoperf.cli import main; main()")


class Studio:
    """The running server.

    Attributes
    ----------
    url : where it is, without a slash at the end. folder : the project's folder, which holds its store.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "studio.err"
        command = [*COMMAND, "studio", "--no-open", "--port", "0", "--store", ".isoperf"]
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(command, cwd=folder, env=variables(), stderr=log)
        until(lambda: self._announced() or self._process.poll() is not None, "the studio says where it is")
        self.url = self._announced().rstrip("/")
        assert self.url, self.log.read_text()
        until(self._answers, "the studio answers")

    def close(self) -> None:
        """End it and whatever it started."""
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def workers(self) -> set[int]:
        """Return the processes that it has, and those that they have."""
        parents = dict(_parents())
        found: set[int] = set()
        newer = {self._process.pid}
        while newer := {child for child, parent in parents.items() if parent in newer} - found:
            found |= newer
        return found

    def seconds_worked(self, over: float) -> float:
        """Return the processor's time that its processes take in a while; those that come or go do not count."""
        before = {pid: _worked(pid) for pid in self.workers()}
        time.sleep(over)
        return sum(_worked(pid) - was for pid, was in before.items() if pid in self.workers())

    def _announced(self) -> str:
        found = re.search(r"Isoperf studio: (\S+)", self.log.read_text())
        return found[1] if found else ""

    def _answers(self) -> bool:
        try:
            with urlopen(self.url) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


def variables() -> dict[str, str]:
    """Return this process's variables, with this checkout's package and no other store."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ISOPERF_STORE")}
    source = Path(__file__).parents[2] / "src"
    return {**kept, "PYTHONPATH": str(source), "OPENBLAS_NUM_THREADS": "1"}


def until(holds: Callable[[], object], what: str, seconds: float = 60.0) -> None:
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"not within {seconds:g} s: {what}"
        time.sleep(0.05)


def _worked(pid: int) -> float:
    """Return the processor's time that a process has taken (fields 14 and 15 of its stat)."""
    try:
        words = Path("/proc", str(pid), "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def _parents() -> list[tuple[int, int]]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if words[0] != "Z":
                found.append((int(entry.name), int(words[1])))
    return found
