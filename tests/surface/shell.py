"""Run a command line in this process and look at what came out; make tables to run it on."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from click.testing import CliRunner

from isoperf.cli import app

SCRIPT = "import sys; from isoperf.cli import main; sys.exit(main())"
HEADER = "n_params,n_tokens,loss"


@dataclass(frozen=True)
class Ran:
    """What a command line left behind."""

    code: int
    out: str
    err: str


def run(*args: str, given: str | bytes | None = None) -> Ran:
    """Run in this process, where a warning is an error."""
    done = CliRunner().invoke(app, list(args), input=given)
    return Ran(done.exit_code, done.stdout, done.stderr)


def run_process(*args: str, given: str = "", **options: object) -> Ran:
    """Run in a process of its own, as a user does."""
    command = [sys.executable, "-c", SCRIPT, *args]
    done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=120, **options)  # type: ignore[call-overload]
    return Ran(done.returncode, done.stdout, done.stderr)


def grid_rows() -> list[str]:
    """Return 20 rows of a joint law in parameters and tokens with 0.3 % noise."""
    n = np.repeat([1e6, 3e6, 1e7, 3e7], 5)
    d = np.tile([1e8, 3e8, 1e9, 3e9, 1e10], 4)
    noise = np.exp(np.random.default_rng(0).normal(0, 0.003, n.size))
    loss = (1.7 + 400 * n**-0.34 + 410 * d**-0.28) * noise
    return [f"{a:.6g},{b:.6g},{c:.6g}" for a, b, c in zip(n, d, loss, strict=True)]


def table_text(rows: Sequence[str] | None = None, header: str = HEADER, end: str = "\n") -> str:
    """Return a table as text; the grid when no rows are given."""
    return end.join([header, *(grid_rows() if rows is None else rows)]) + end


def with_cell(cell: str, row: int = 3, column: int = 2) -> str:
    """Return the grid with one cell replaced; rows count from 0, so ``row=3`` is row 4 in messages."""
    rows = [line.split(",") for line in grid_rows()]
    rows[row][column] = cell
    return table_text([",".join(cells) for cells in rows])


def write(folder: Path, name: str, content: str | bytes) -> str:
    """Write a file byte for byte and return its path."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)
