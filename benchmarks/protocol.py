"""The words exchanged with a tool's process: a job in, an outcome out, both as JSON."""

from __future__ import annotations

import contextlib
import json
import resource
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field, replace
from typing import Any

__all__ = ["Band", "Job", "Outcome", "Stopwatch", "serve", "timed"]


@dataclass(frozen=True)
class Job:
    """A table to fit, how many uncertainty draws to make, and where to predict."""

    n_params: list[float]
    n_tokens: list[float]
    loss: list[float]
    n_draws: int = 0
    seed: int = 0
    at_params: list[float] = field(default_factory=list)
    at_tokens: list[float] = field(default_factory=list)
    levels: list[float] = field(default_factory=list)
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Band:
    """A central interval for one new run at each asked point; ``low`` and ``high`` have shape (m,)."""

    level: float
    low: list[float]
    high: list[float]


@dataclass(frozen=True)
class Outcome:
    """What a tool found and how long its own call took (imports before the call are not counted)."""

    law: dict[str, float]
    seconds: float
    cpu_seconds: float
    version: str
    standard_errors: dict[str, float] | None = None
    predicted: list[float] = field(default_factory=list)
    bands: list[Band] = field(default_factory=list)
    peak_megabytes: float | None = None

    @classmethod
    def from_json(cls, text: str) -> Outcome:
        """Read what :func:`serve` wrote."""
        raw = json.loads(text)
        return cls(**{**raw, "bands": [Band(**band) for band in raw["bands"]]})


@dataclass
class Stopwatch:
    """Wall and processor seconds of a block, worker processes included once they have ended."""

    seconds: float = 0.0
    cpu_seconds: float = 0.0


@contextlib.contextmanager
def timed() -> Iterator[Stopwatch]:
    """Time the block."""
    watch = Stopwatch()
    wall, cpu = time.perf_counter(), _cpu_seconds()
    yield watch
    watch.seconds, watch.cpu_seconds = time.perf_counter() - wall, _cpu_seconds() - cpu


def _cpu_seconds() -> float:
    usages = (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def serve(run: Callable[[Job], Outcome]) -> None:
    """Answer one job from standard input; whatever the tool prints goes to standard error."""
    job = Job(**json.load(sys.stdin))
    with contextlib.redirect_stdout(sys.stderr):
        outcome = run(job)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # Linux counts it in KiB
    outcome = replace(outcome, peak_megabytes=peak)
    json.dump(asdict(outcome), sys.stdout)
