"""A package of capabilities that sleep, fail, grow and move, as a worker of the studio meets them."""

from __future__ import annotations

from pathlib import Path

__all__ = ["install"]

_NAMES = ("nap", "refuse", "burst", "grow", "line")
_MODULE = '''
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from isoperf.capability import capability
from isoperf.errors import OptionError
from isoperf.report import Prose, Report
from isoperf.report.controls import Control

declared = capability(job="predict", needs=(), sources=(), checked="by hand", example="isoperf nap")


@dataclass(frozen=True)
class Said:
    text: str
    ok: bool = True

    def report(self) -> Report:
        return Report(self.text, (Prose(self.text),))

    def as_dict(self) -> dict[str, Any]:
        return {"text": self.text}


@dataclass(frozen=True)
class Line:
    slope: float
    seconds: float

    def report(self) -> Report:
        return self.moved({"x": 2.0})

    def as_dict(self) -> dict[str, Any]:
        return {"slope": self.slope}

    def controls(self) -> tuple[Control, ...]:
        return (Control("x", "place", "m", 0.0, 10.0, 2.0),)

    def moved(self, values: Mapping[str, float]) -> Report:
        time.sleep(self.seconds)
        if values["x"] == 9.0:
            raise OptionError("the line is broken at 9.")
        return Report("Line", (Prose(f"y is {self.slope * values['x']:g}."),))


@declared
def nap(data: Any = None, *, seconds: float = 60.0, steps: int = 1, children: int = 0, progress: Any = None) -> Said:
    """Sleep in steps, beside children that sleep too."""
    for _ in range(children):
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    for step in range(steps):
        progress(step, steps)
        time.sleep(seconds / steps)
    return Said("slept", ok=False)


@declared
def refuse(data: Any = None, *, by: str = "size") -> Said:
    """Refuse whatever is asked."""
    raise OptionError(f"by={by!r} is refused; try where(\\"loss > 0\\").")


@declared
def burst(data: Any = None) -> Said:
    """Fail as a bug would."""
    raise KeyError("first\\nsecond")


@declared
def grow(data: Any = None, *, size: float = 6.5e9) -> Said:
    """Ask for more bytes than there are."""
    return Said(str(np.empty(int(size), np.uint8).size))


@declared
def line(data: Any = None, *, slope: float = 3.0, seconds: float = 0.0) -> Line:
    """Answer again when its place is moved."""
    return Line(slope, seconds)
'''


def install(folder: Path) -> Path:
    """Write the package as an installer would, and return the folder to look for modules in."""
    facts = folder / "studio_methods-1.0.dist-info"
    facts.mkdir(parents=True)
    (folder / "studio_methods.py").write_text(_MODULE)
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: studio-methods\nVersion: 1.0\n")
    entries = "".join(f"{name} = studio_methods:{name}\n" for name in _NAMES)
    (facts / "entry_points.txt").write_text(f"[isoperf.capabilities]\n{entries}")
    return folder
