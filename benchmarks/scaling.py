"""How the time of a fit grows with its rows and with its bootstrap refits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.markdown import number, seconds, table
from benchmarks.protocol import Job
from benchmarks.runner import Contender, NotRun, Trial, launch
from benchmarks.table import simulated_runs
from benchmarks.tools import with_draws

__all__ = ["markdown", "measure"]

TITLE = "Growth with rows and with refits"
ROWS = (100, 1_000, 10_000, 100_000)
DRAWS = (100, 1_000, 10_000)
LIMIT = 20.0  # seconds that one run may be expected to take
BASE_ROWS = 240


def measure() -> dict[str, Any]:
    """Time fits of simulated runs: over rows without refits, then over refits at 240 rows."""
    fixed = simulated_runs(BASE_ROWS).columns()
    return {
        "rows": _sweep(ROWS, with_draws(0), lambda size, _: Job(**simulated_runs(size).columns())),
        "draws": _sweep(DRAWS, with_draws(1), lambda size, _: Job(**fixed, n_draws=size)),
    }


def _sweep(
    sizes: Sequence[int], tools: Sequence[Contender], job: Callable[[int, Contender], Job]
) -> list[dict[str, Any]]:
    records: list[dict[str, Any]] = []
    last: dict[str, tuple[int, float]] = {}
    for size in sizes:
        for tool in tools:
            trial = _within_limit(tool, size, last.get(tool.name)) or launch(tool, job(size, tool))
            if isinstance(trial, Trial):
                last[tool.name] = (size, trial.outcome.seconds)
            records.append({"name": tool.name, "size": size, **_record(trial)})
    return records


def _within_limit(tool: Contender, size: int, last: tuple[int, float] | None) -> NotRun | None:
    """Return a refusal where growth in proportion to the size would pass the limit."""
    expected = 0.0 if last is None else last[1] * size / last[0]
    return NotRun(f"about {expected:.0f} s expected") if expected > LIMIT else None


def _record(trial: Trial | NotRun) -> dict[str, Any]:
    if isinstance(trial, NotRun):
        return {"not_run": trial.reason}
    found = trial.outcome
    return {
        "seconds": found.seconds,
        "cpu_seconds": found.cpu_seconds,
        "peak_megabytes": found.peak_megabytes,
    }


def markdown(result: dict[str, Any]) -> str:
    """Return the section of the page."""
    return f"""## {TITLE}

Runs simulated from the law (parameters 3e7 to 3e10, tokens 1e9 to 1e12, 0.6 % noise); one run each, in
seconds of wall time and megabytes at the peak of the process.

### Rows, no refits

{_table("rows", result["rows"])}

### Bootstrap refits, {BASE_ROWS} rows

{_table("refits", result["draws"])}"""


def _table(what: str, records: list[dict[str, Any]]) -> str:
    names = list(dict.fromkeys(record["name"] for record in records))
    sizes = list(dict.fromkeys(record["size"] for record in records))
    cells = {(record["name"], record["size"]): record for record in records}
    header = [what, *(f"{name}, {unit}" for name in names for unit in ("s", "MB"))]
    rows = [[f"{size:,}", *(cell for name in names for cell in _cells(cells[name, size]))] for size in sizes]
    return table(header, rows)


def _cells(record: dict[str, Any]) -> list[str]:
    if "not_run" in record:
        return [f"not run: {record['not_run']}", "-"]
    return [seconds(record["seconds"]), number(record["peak_megabytes"], 3)]


if __name__ == "__main__":
    from benchmarks.page import main

    raise SystemExit(main(["scaling"]))
