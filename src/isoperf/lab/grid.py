"""The grid of runs, and the table that grows by one line whenever a run ends."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from isoperf.errors import DataError, OptionError
from isoperf.lab.corpus import Corpus
from isoperf.lab.model import ModelConfig
from isoperf.lab.sweep import learning_rate_rule
from isoperf.lab.train import BATCH_WINDOWS, RunConfig, RunResult, check_fits, train_run

D_MODELS = (16, 24, 32, 48, 64, 96, 128, 160)
"""Widths of the full grid: 13 thousand to 964 thousand parameters."""
N_TOKENS = tuple(131_072 * 2**i for i in range(7))
"""Bytes trained on in the full grid: 131 thousand to 8.4 million."""
WIDTH_STEP = 8
"""Widths are multiples of this: four heads, each of an even width."""
QUICK_D_MODELS = (16, 24, 32)
QUICK_N_TOKENS = (16_384, 32_768, 65_536)
SEEDS = (0, 1, 2)
REPEATED_UP_TO_FLOPS = 1e12
"""Cells no dearer than this are run with every seed, the others with the first."""

UNITS = {
    "run": "name of the run: d_model, n_tokens, seed",
    "n_params": "parameters, the tied embedding counted once",
    "n_params_nonembedding": "parameters without the tied embedding",
    "n_layers": "transformer blocks",
    "d_model": "width of the residual stream",
    "n_tokens": "bytes trained on, each once",
    "flops": "FLOPs of training: 6 n_tokens (L (12 d^2 + 2 T d) + 256 d), a multiply-add is two",
    "loss": "validation loss at the end, nats per byte",
    "train_loss": "mean loss of the last batches (5 %, at least 32), nats per byte",
    "learning_rate": "peak learning rate of AdamW",
    "batch_size_tokens": "bytes in a step",
    "n_steps": "optimiser steps",
    "seed": "seed of the initial weights and of the order of the text",
    "wall_seconds": "seconds of training and scoring, compilation left out",
}
"""Columns of the table in order, each with its meaning and unit."""
CURVE_UNITS = {
    "run": "name of the run, as in the table",
    "n_params": "parameters, the tied embedding counted once",
    "n_tokens": "bytes seen so far",
    "loss": "loss on a fixed eighth of the validation text, nats per byte",
}
"""Columns of the curves; before its last point a run's learning rate has not decayed."""


@dataclass(frozen=True)
class Table:
    """A CSV file to which whole records are appended durably.

    A record is written with one write and forced to disk, so an interruption
    can tear the last line at most; `repair` drops a torn line.
    """

    path: Path
    columns: tuple[str, ...]

    def repair(self) -> None:
        """Make the file end on a whole line, and write the header if there is none."""
        content = self.path.read_bytes() if self.path.exists() else b""
        whole = content[: content.rfind(b"\n") + 1]
        header = ",".join(self.columns).encode() + b"\n"
        if not (whole.startswith(header) or header.startswith(content)):
            raise DataError(
                f"{self.path} is not a table of this lab: its columns are not "
                f"{', '.join(self.columns)}; choose another file for the output"
            )
        if whole != content or not whole:
            replace_file(self.path, whole or header)

    def append(self, rows: Iterable[Sequence[object]]) -> None:
        """Append the rows with one write and wait until they are on disk."""
        with self.path.open("ab") as file:
            file.write(_csv(rows))
            file.flush()
            os.fsync(file.fileno())

    def read(self) -> list[dict[str, str]]:
        """The rows, each a mapping from column to text."""
        with self.path.open(newline="") as file:
            return list(csv.DictReader(file))

    def keep_runs(self, runs: set[str]) -> None:
        """Drop the rows of all runs but these."""
        kept = [tuple(row.values()) for row in self.read() if row["run"] in runs]
        replace_file(self.path, _csv([self.columns, *kept]))


def curves_path(out: Path) -> Path:
    """Where the learning curves of a table lie: `runs.csv` -> `runs_curves.csv`."""
    return out.with_name(f"{out.stem}_curves.csv")


def run_name(config: RunConfig) -> str:
    """Name of a run, unique in the grid: width, tokens, seed."""
    return f"d{config.model.d_model}_t{config.n_tokens}_s{config.seed}"


def plan(
    d_models: Sequence[int] = D_MODELS,
    n_tokens: Sequence[int] = N_TOKENS,
    seeds: Sequence[int] = SEEDS,
) -> tuple[RunConfig, ...]:
    """All runs of a grid, the cheapest first.

    Args:
        d_models: widths; each a multiple of eight, so that heads are even.
        n_tokens: bytes to train on; each a multiple of the 512 of a step.
        seeds: the first is used in every cell, the others in cheap cells.
    """
    _check(d_models, n_tokens)
    cells = [
        RunConfig(ModelConfig(width), tokens, learning_rate_rule(width), seed)
        for width in d_models
        for tokens in n_tokens
        for seed in seeds
    ]
    kept = (run for run in cells if run.seed == seeds[0] or run.flops <= REPEATED_UP_TO_FLOPS)
    return tuple(sorted(kept, key=lambda run: (run.flops, run.seed)))


def run_grid(runs: Sequence[RunConfig], corpus: Corpus, out: Path) -> Iterator[tuple[RunConfig, RunResult | None]]:
    """Train what is missing from the table at `out`, and yield each run as it ends.

    Runs already in the table are yielded first, without a result. The rows of
    a run's curve are written before its row in the table; whatever curve rows
    an interruption has left without a run are dropped on resuming.
    """
    for run in runs:
        check_fits(run, corpus)
    table, curves = open_tables(out)
    done = {row["run"] for row in table.read()}
    yield from ((run, None) for run in runs if run_name(run) in done)
    for run in runs:
        if run_name(run) not in done:
            result = train_run(run, corpus)
            curves.append(curve_rows(run, result))
            table.append([table_row(run, result)])
            yield run, result


def open_tables(out: Path) -> tuple[Table, Table]:
    """The table and its curves, both on disk, repaired, and in step with each other."""
    table = Table(out, tuple(UNITS))
    curves = Table(curves_path(out), tuple(CURVE_UNITS))
    for file in (table, curves):
        file.repair()
    curves.keep_runs({row["run"] for row in table.read()})
    return table, curves


def table_row(run: RunConfig, result: RunResult) -> tuple[object, ...]:
    """One row in the order of `UNITS`."""
    return (
        run_name(run),
        run.model.n_params,
        run.model.n_params_nonembedding,
        run.model.n_layers,
        run.model.d_model,
        run.n_tokens,
        run.flops,
        f"{result.loss:.7g}",
        f"{result.train_loss:.7g}",
        run.learning_rate,
        run.batch_size_tokens,
        run.n_steps,
        run.seed,
        f"{result.wall_seconds:.3f}",
    )


def curve_rows(run: RunConfig, result: RunResult) -> list[tuple[object, ...]]:
    """Rows of a run's learning curve in the order of `CURVE_UNITS`."""
    return [(run_name(run), run.model.n_params, point.n_tokens, f"{point.loss:.7g}") for point in result.curve]


def _check(d_models: Sequence[int], n_tokens: Sequence[int]) -> None:
    _check_multiples("widths", d_models, WIDTH_STEP, "16, 32, 64")
    _check_multiples("token counts", n_tokens, BATCH_WINDOWS * ModelConfig(16).context, "131072")


def _check_multiples(what: str, values: Sequence[int], step: int, examples: str) -> None:
    if bad := [value for value in values if value < step or value % step]:
        raise OptionError(f"{what} must be multiples of {step}; got {bad}; try {examples}")


def _csv(rows: Iterable[Sequence[object]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def replace_file(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees the old content or the new, never a part."""
    scratch = path.with_name(path.name + ".part")
    with scratch.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    scratch.replace(path)
