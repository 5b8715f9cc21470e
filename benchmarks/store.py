"""The project store at ten million rows: time and peak memory of an import and of typical queries.

``python -m benchmarks.store`` prints the table; ``--rows`` changes the size, and ``--postgres`` measures a
PostgreSQL server started for it, with its own settings, in place of a folder. Every step is a process of its
own, so that a peak is that of the step alone; the server's memory is not in it.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.markdown import table

ROWS = 10_000_000
Row = tuple[str, str, str]
SQL = {
    "count and mean of the rows that meet a condition": (
        "select count(*) as n, avg(loss) as mean from runs where n_params > 1e9 and loss < 2.5"
    ),
    "best loss of each of 10,000 runs, the ten lowest": (
        "select run, min(loss) as best, max(n_tokens) as n_tokens from runs group by run order by best limit 10"
    ),
    "mean by optimizer and size, joined to prices": (
        "select r.optimizer, p.price, count(*) as n, avg(r.loss) as mean from runs r "
        "join prices p on r.optimizer = p.optimizer group by r.optimizer, p.price order by mean"
    ),
}
PRICES = "{'optimizer': ['adamw', 'lion', 'muon', 'sgd'], 'price': [1.0, 1.1, 1.2, 0.9]}"
START = "import sys, time, polars\nfrom isoperf import Store\nstore = Store(sys.argv[1])\nbegun = time.perf_counter()\n"
# The peak that Linux counts from the start of the program; getrusage also counts the process it came from.
END = (
    "\nseconds = time.perf_counter() - begun\n"
    "peak = next(line for line in open('/proc/self/status') if line.startswith('VmHWM')).split()[1]\n"
    "print(seconds, int(peak) / 1024)"
)
DUCKDB = (
    "import sys, time, duckdb\nfrom isoperf import Store\nstore = Store(sys.argv[1])\n"
    "begun = time.perf_counter()\nbase = duckdb.connect()\n"
    "for entry in store.ls():\n"
    "    files = [str(store.path / 'objects' / part.file) for part in entry.parts]\n"
    "    base.from_parquet(files).create_view(entry.name)\n"
)


def main(arguments: list[str]) -> int:
    """Measure every step and print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.store", description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--postgres", action="store_true")
    given = parser.parse_args(arguments)
    n_rows, measured = given.rows, _served if given.postgres else _measured
    with tempfile.TemporaryDirectory() as folder:
        rows = list(measured(Path(folder), n_rows))
    print(f"{n_rows:,} rows of 4 numbers and 2 words\n")
    print(table(("step", "wall s", "peak MB"), rows))
    return 0


def _measured(folder: Path, n_rows: int) -> Iterator[Row]:
    _write(folder, n_rows)
    for suffix in ("parquet", "csv"):
        store, source = folder / suffix, folder / f"runs.{suffix}"
        yield _import(source, str(store))
    size = sum(path.stat().st_size for path in (store / "objects").iterdir()) / 1e6
    yield (f"(the store takes {size:.0f} MB)", "", "")
    yield from _asked(str(store))
    if importlib.util.find_spec("duckdb"):
        for name, sql in SQL.items():
            yield _step(f"{name}, by DuckDB on the same files", f"{DUCKDB}base.sql({sql!r}).fetchall()", str(store))
    yield from _used(folder, str(store))


def _served(folder: Path, n_rows: int) -> Iterator[Row]:
    from tests.unit.store_servers import Server

    os.environ["ISOPERF_CACHE"] = str(folder / "near")
    _write(folder, n_rows)
    server = Server(settings=())
    try:
        for suffix in ("csv", "parquet"):
            yield _import(folder / f"runs.{suffix}", server.fresh())
        size = server.ask("SELECT pg_total_relation_size('isoperf.piece')")[0][0] / 1e6
        yield (f"(the store takes {size:.0f} MB)", "", "")
        yield from _asked(server.url())
        os.environ["ISOPERF_CACHE"] = str(folder / "far")
        for again in ("first use on another machine: all is fetched; ", ""):
            name, sql = next(iter(SQL.items()))
            yield _step(f"{again}query: {name}", f"{START}store.query({sql!r})", server.url())
        yield from _used(folder, server.url())
        yield _step("check, every byte read from the server", START + "assert store.check() == []", server.url())
    finally:
        server.close()


def _write(folder: Path, n_rows: int) -> None:
    frame = _runs(n_rows)
    frame.write_parquet(folder / "runs.parquet")
    frame.write_csv(folder / "runs.csv")


def _import(source: Path, place: str) -> Row:
    code = f"store.create().add('runs', {str(source)!r})\nstore.add('prices', {PRICES})"
    return _step(f"import of a {source.stat().st_size / 1e6:.0f} MB {source.suffix[1:]} file", START + code, place)


def _asked(place: str) -> Iterator[Row]:
    for name, sql in SQL.items():
        yield _step(f"query: {name}", f"{START}store.query({sql!r})", place)


def _used(folder: Path, place: str) -> Iterator[Row]:
    yield _step("get, the whole table as Observations", START + "store.get('runs')", place)
    yield _step("export of everything as CSV", f"{START}store.export({str(folder / 'out')!r}, format='csv')", place)
    more = "store.add('runs', store.query('select * from runs limit 1000'), append=True)"
    yield _step("append of 1,000 rows", START + more, place)


def _runs(n_rows: int) -> pl.DataFrame:
    rng = np.random.default_rng(0)
    n_params, n_tokens = 10 ** rng.uniform(6, 11, n_rows), 10 ** rng.uniform(8, 13, n_rows)
    loss = 1.7 + 400 * n_params**-0.34 + 410 * n_tokens**-0.28 + rng.normal(0, 0.01, n_rows)
    runs = pl.Series("run", [f"run-{k:05d}" for k in range(10_000)])
    optimizers = pl.Series("optimizer", ["adamw", "lion", "muon", "sgd"])
    return pl.DataFrame(
        {
            "run": runs.gather(rng.integers(0, 10_000, n_rows)),
            "optimizer": optimizers.gather(rng.integers(0, 4, n_rows)),
            "n_params": n_params.round(),
            "n_tokens": n_tokens.round(),
            "step": np.arange(n_rows, dtype=float) // 10_000,
            "loss": loss.round(4),
        }
    )


def _step(name: str, code: str, place: str) -> Row:
    begun = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", code + END, place], capture_output=True, text=True)
    if done.returncode:
        return name, f"failed after {time.perf_counter() - begun:.0f} s: {done.stderr.splitlines()[-1]}", ""
    seconds, peak = map(float, done.stdout.split()[-2:])
    return name, f"{seconds:.2f}", f"{peak:.0f}"


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
