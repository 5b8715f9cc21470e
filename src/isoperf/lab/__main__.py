"""Command line: `python -m isoperf.lab --out runs.csv [--quick] [--sizes 16,32]`."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from isoperf.errors import IsoperfError, OptionError, OutputError
from isoperf.lab import grid
from isoperf.lab.corpus import Corpus, stdlib_corpus
from isoperf.lab.provenance import check_same_text, write_provenance
from isoperf.lab.train import RunConfig, RunResult, require_jax

ONE_THREAD = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
SCORING_TOKENS = 220_000
"""What scoring a run costs, in trained tokens: it only steers the time left shown."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the lab; the exit code is 0, an error's own, or 130 after Ctrl-C."""
    options = _parser().parse_args(arguments)
    # One thread by default: small matrices gain little from more, and the sums
    # then do not depend on how many cores there are.
    os.environ.setdefault("XLA_FLAGS", ONE_THREAD)
    console = Console(stderr=True)
    try:
        return _run(options, console)
    except IsoperfError as error:
        console.print(f"error: {error}", style="red", highlight=False, markup=False)
        return error.exit_code
    except KeyboardInterrupt:
        console.print(f"stopped; finished runs are in {options.out}; rerun to go on")
        return 130


def _run(options: argparse.Namespace, console: Console) -> int:
    require_jax()
    _check_out(options.out)
    runs = _planned(options)
    corpus = stdlib_corpus()
    check_same_text(options.out, corpus)
    grid.open_tables(options.out)
    write_provenance(options.out, corpus, runs, 0.0, _command(options))
    begin = time.perf_counter()
    try:
        _train_all(runs, corpus, options.out, console)
    finally:
        elapsed = time.perf_counter() - begin
        write_provenance(options.out, corpus, runs, elapsed, _command(options))
    return 0


def _check_out(out: Path) -> None:
    if out.suffix != ".csv":
        raise OptionError(f"the table is a .csv file, not {out.name}; try --out runs.csv")
    if not out.parent.is_dir():
        raise OutputError(f"there is no directory {out.parent}; create it first")


def _train_all(runs: Sequence[RunConfig], corpus: Corpus, out: Path, console: Console) -> None:
    # The time left rests on the last half hour's pace: dear runs are also faster per FLOP.
    with Progress(*_columns(), console=console, speed_estimate_period=1800) as progress:
        task = progress.add_task("runs", total=sum(map(_cost, runs)), done=0, of=len(runs))
        for count, (run, result) in enumerate(grid.run_grid(runs, corpus, out), start=1):
            progress.update(task, advance=_cost(run), done=count)
            if result:
                progress.console.print(_line(count, len(runs), run, result), highlight=False)


def _columns() -> tuple[TextColumn | BarColumn | TimeElapsedColumn | TimeRemainingColumn, ...]:
    return (
        TextColumn("{task.fields[done]}/{task.fields[of]} runs"),
        BarColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )


def _line(count: int, of: int, run: RunConfig, result: RunResult) -> str:
    return (
        f"{count:3d}/{of} {grid.run_name(run):20s} n_params {run.model.n_params:8d} "
        f"loss {result.loss:.4f} nats/byte  {result.wall_seconds:6.1f} s"
    )


def _cost(run: RunConfig) -> float:
    return float(run.model.flops_per_token * (run.n_tokens + SCORING_TOKENS))


def _planned(options: argparse.Namespace) -> tuple[RunConfig, ...]:
    sizes = options.sizes or (grid.QUICK_D_MODELS if options.quick else grid.D_MODELS)
    tokens = options.tokens or (grid.QUICK_N_TOKENS if options.quick else grid.N_TOKENS)
    return grid.plan(sizes, tokens)


def _command(options: argparse.Namespace) -> str:
    parts = ["python -m isoperf.lab", f"--out {options.out.name}"]
    parts += ["--quick"] if options.quick else []
    for name in ("sizes", "tokens"):
        if values := getattr(options, name):
            parts.append(f"--{name} {','.join(map(str, values))}")
    return " ".join(parts)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m isoperf.lab",
        description="Train a grid of small byte-level language models on the standard library's "
        "own source and table parameters, tokens, FLOPs and loss. Rerun to resume.",
    )
    parser.add_argument("--out", type=Path, required=True, help="table to write, a .csv file")
    parser.add_argument("--quick", action="store_true", help="nine small cells, about a minute")
    parser.add_argument("--sizes", type=_integers, help="widths (d_model), e.g. 16,32,64")
    parser.add_argument("--tokens", type=_integers, help="bytes trained on, e.g. 131072,262144")
    return parser


def _integers(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part.replace("_", "")) for part in text.split(","))
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"whole numbers with commas between are needed, not {text!r}; try 16,32,64"
        ) from error


if __name__ == "__main__":
    sys.exit(main())
