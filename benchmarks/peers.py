"""Isoperf and other fitters side by side on the 240 reconstructed Chinchilla points."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Any

from benchmarks.markdown import number, ratio, seconds, table
from benchmarks.objective import JointLaw, log_huber_objective
from benchmarks.protocol import Job
from benchmarks.runner import Contender, NotRun, Trial, launch
from benchmarks.table import Runs, chinchilla_points
from benchmarks.tools import FITS, REFITS

__all__ = ["markdown", "measure"]

TITLE = "Fitting the joint law to 240 runs"
BUDGET = 1e24
PUBLISHED = {  # Besiroglu et al. 2024, 4,000 refits, from the notebook released with the paper
    "irreducible_loss": 0.0257,
    "param_scale": 124.5,
    "token_scale": 1293.0,
    "param_exponent": 0.0154,
    "token_exponent": 0.0206,
}


def measure() -> dict[str, Any]:
    """Time and score every tool: first the fit alone, then the fit with 1,000 refits."""
    runs = chinchilla_points()
    return {"rows": len(runs), "fits": _rounds(FITS, runs), "refits": _rounds(REFITS, runs)}


def _rounds(contenders: Sequence[Contender], runs: Runs) -> list[dict[str, Any]]:
    """Run the tools in turn, round after round, so that a busy spell does not fall on one of them."""
    found: list[list[Trial | NotRun]] = [[] for _ in contenders]
    for turn in range(max(contender.repeats for contender in contenders)):
        for contender, trials in zip(contenders, found, strict=True):
            if turn < contender.repeats and not any(isinstance(trial, NotRun) for trial in trials):
                job = Job(**runs.columns(), n_draws=contender.n_draws, seed=turn, options=contender.options)
                trials.append(launch(contender, job))
    return [_record(contender, trials, runs) for contender, trials in zip(contenders, found, strict=True)]


def _record(contender: Contender, trials: list[Trial | NotRun], runs: Runs) -> dict[str, Any]:
    name = {"name": contender.name, "note": contender.note}
    missed = [trial.reason for trial in trials if isinstance(trial, NotRun)]
    done = [trial for trial in trials if isinstance(trial, Trial)]
    if missed or not done:
        return {**name, "not_run": missed[0] if missed else "no trial"}
    first = done[0].outcome
    law = JointLaw(**first.law)
    return {
        **name,
        "version": first.version,
        "repeats": len(done),
        "seconds": median(trial.outcome.seconds for trial in done),
        "cpu_seconds": median(trial.outcome.cpu_seconds for trial in done),
        "process_seconds": median(trial.process_seconds for trial in done),
        "law": law.as_dict(),
        "objective": log_huber_objective(law, runs.n_params, runs.n_tokens, runs.loss),
        "optimal_params": law.optimal_params(BUDGET),
        "standard_errors": first.standard_errors,
    }


def markdown(result: dict[str, Any]) -> str:
    """Return the section of the page."""
    return f"""## {TITLE}

The law is L(N, D) = E + A N^-α + B D^-β on the points of Hoffmann et al. 2022 that Besiroglu et al. 2024
read from its figure 4 ({result["rows"]} rows). The objective is the sum of the Huber loss (δ = 0.001) of
log residuals, computed from each tool's coefficients by the same code; lower is better. *Wall* and *CPU*
are the tool's own call, imports excluded; *process* is everything from starting Python. *N\\** is the
parameter count that the fitted law calls best at 1e24 FLOP.

### The fit alone

{_fit_table(result["fits"])}

{_notes(result["fits"])}

### With 1,000 refits for standard errors

{_refit_table(result["refits"])}

{_notes(result["refits"])}"""


def _fit_table(records: list[dict[str, Any]]) -> str:
    header = ("tool", "wall s", "x Isoperf", "CPU s", "process s", "objective x 1000", "N* at 1e24")
    base = records[0].get("seconds")
    return table(header, [_row(record, base, _fit_cells(record)) for record in records])


def _fit_cells(record: dict[str, Any]) -> list[str]:
    if "not_run" in record:
        return ["-"] * 2
    return [f"{1e3 * record['objective']:.8f}", f"{record['optimal_params'] / 1e9:.1f}B"]


def _refit_table(records: list[dict[str, Any]]) -> str:
    header = ("tool", "wall s", "x Isoperf", "CPU s", "process s", *(f"SE({x})" for x in "EABαβ"))
    base = records[0].get("seconds")
    rows = [_row(record, base, _errors(record.get("standard_errors"))) for record in records]
    published = ["published, 4,000 refits (Besiroglu et al. 2024)", *["-"] * 4, *_errors(PUBLISHED)]
    return table(header, [*rows, published])


def _errors(errors: dict[str, float] | None) -> list[str]:
    return [number(None if errors is None else errors[name], 3) for name in PUBLISHED]


def _row(record: dict[str, Any], base: float | None, rest: list[str]) -> list[str]:
    if "not_run" in record:
        return [f"{record['name']} (not run: {record['not_run']})", *["-"] * 4, *rest]
    times = [seconds(record["cpu_seconds"]), seconds(record["process_seconds"])]
    return [record["name"], seconds(record["seconds"]), ratio(record["seconds"], base), *times, *rest]


def _notes(records: list[dict[str, Any]]) -> str:
    lines = []
    for record in records:
        if "not_run" not in record:
            facts = f"version {record['version']}, median of {record['repeats']}"
            lines.append(f"- {record['name']} ({facts})" + (f": {record['note']}." if record["note"] else "."))
    return "\n".join(lines)


if __name__ == "__main__":
    from benchmarks.page import main

    raise SystemExit(main(["peers"]))
