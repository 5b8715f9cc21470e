"""Take the fenced blocks out of a page, and lay out the table that the pages speak of."""

from __future__ import annotations

import re
from pathlib import Path

import isoperf

ROOT = Path(__file__).parents[2]
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def fences(page: str, language: str) -> list[str]:
    """Return what stands in every fenced block of one language, in order."""
    found = _FENCE.findall((ROOT / page).read_text("utf-8"))
    return [text for name, text in found if name == language]


def commands(page: str) -> list[str]:
    """Return every ``isoperf`` command line of a page's ``sh`` blocks."""
    lines = [line for text in fences(page, "sh") for line in text.splitlines()]
    return [line for line in lines if line.startswith("isoperf ")]


def write_runs(folder: Path) -> None:
    """Write ``runs.csv``: the finished runs of the bundled table."""
    runs = isoperf.datasets.load("stdlib_lm").where("n_steps > 1000")
    rows = zip(runs["run"], runs["n_params"], runs["n_tokens"], runs["loss"], strict=True)
    lines = [f"{run},{n:.0f},{d:.0f},{loss}" for run, n, d, loss in rows]
    (folder / "runs.csv").write_text("\n".join(["run,n_params,n_tokens,loss", *lines]) + "\n", "utf-8")


def numbers_apart(text: str) -> tuple[str, list[float]]:
    """Return a text on one line with ``#`` for each number, and the numbers."""
    line = " ".join(re.sub(r"[─]+", "", text).split())
    number = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?:e[+-]?\d+)?")
    return number.sub("#", line), [float(found) for found in number.findall(line)]


def shows(output: str, excerpt: str, tolerance: float) -> bool:
    """Whether an output holds an excerpt: the same words, and numbers that differ by a share at most."""
    words, values = numbers_apart(output)
    wanted, numbers = numbers_apart(excerpt)
    at = words.find(wanted)
    while at >= 0:
        first = words[:at].count("#")
        pairs = zip(numbers, values[first : first + len(numbers)], strict=True)
        if all(abs(a - b) <= tolerance * max(abs(a), abs(b)) for a, b in pairs):
            return True
        at = words.find(wanted, at + 1)
    return False
