"""Leave the largest runs out of public tables: errors and interval coverage per table and law.

Run ``python -m benchmarks.extrapolation``; it writes ``docs/honesty/extrapolation.md`` and
``benchmarks/extrapolation.json``; ``--page`` writes the page again from the stored numbers.
Tables that are not at hand are named as not run.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from isoperf import datasets, validate
from isoperf.errors import DataError, IsoperfError
from isoperf.observations import Observations
from isoperf.predict.validate import Split

ROOT = Path(__file__).parent
NUMBERS = ROOT / "extrapolation.json"
PAGE = ROOT.parent / "docs" / "honesty" / "extrapolation.md"
LEVEL = 0.9
MISFITS = (0.0, 0.001, 0.002, 0.003, 0.004, 0.005, 0.006, 0.008, 0.01)


@dataclass(frozen=True)
class Source:
    """How a named table becomes one or more comparable sets of final, single-pass runs."""

    table: str
    prepare: Callable[[Observations], Observations]
    by: tuple[str, ...] = ()
    why: str = ""


def _best(obs: Observations) -> Observations:
    """Keep the lowest loss of every size and token count: the best-tuned run of each cell."""
    order = np.lexsort((obs["loss"], obs["n_tokens"], obs["n_params"]))
    sizes = np.stack([obs["n_params"][order], obs["n_tokens"][order]])
    new = np.r_[True, (np.diff(sizes, axis=1) != 0).any(axis=0)]
    return obs.take(np.sort(order[new]))


def _sized(obs: Observations) -> Observations:
    """Take the count without embeddings where it is the only one, and drop rows that lack it."""
    named = obs.rename({"n_params_nonembedding": "n_params"}) if not obs.has("n_params") else obs
    named = named.drop("flops") if named.has("flops") else named
    return named.take(np.flatnonzero(np.isfinite(named["n_params"]) & np.isfinite(named["loss"])))


def _same(obs: Observations) -> Observations:
    return obs


DECAYED = 'decay == "chinchilla" and param_count == "standard"'
SOURCES = (
    Source("chinchilla", _same, (), "as in the published refit"),
    Source("gadre_overtraining", _same, ("dataset",), "all token multipliers"),
    Source(
        "isoflops",
        lambda obs: obs.where("outlier == 0"),
        ("family",),
        "points that the source marks as outliers left out; a second reading of the Chinchilla figure",
    ),
    Source("porian_isoflops", lambda obs: obs.where(DECAYED), ("dataset",), "runs whose learning rate had decayed"),
    Source("olmo_ladder", _sized, (), "parameters without embeddings"),
    Source("repeated_data", lambda obs: obs.where("n_epochs <= 1.001"), (), "single pass only"),
    Source("steplaw_dense", lambda obs: _best(_sized(obs)), (), "best run of every size and token count"),
    Source("loss_to_loss", _same, ("dataset",), ""),
    Source("xlstm_isoflops", _same, ("family",), "finished runs"),
    Source("misfitting", _best, (), "best run of every size and token count"),
    Source("stdlib_lm", _same, (), "the bundled table"),
)


def groups(source: Source) -> Iterator[tuple[str, Observations]]:
    """Load a table and divide it into the sets that one law should describe."""
    obs = source.prepare(datasets.load(source.table, offline=True))
    if not source.by:
        yield source.table, obs
        return
    for label, part in obs.groups(*source.by).items():
        yield f"{source.table} / {label}", part


@dataclass(frozen=True)
class Case:
    """One split of one set: the validation's findings and what its intervals would be at other misfits."""

    table: str
    split: Split
    inside: dict[float, float]


def cases(level: float, seed: int) -> Iterator[Case]:
    """Validate every set at 3x, 10x and 30x."""
    for source in SOURCES:
        try:
            for name, obs in groups(source):
                yield from _cases(name, obs, level, seed)
        except IsoperfError as problem:
            print(f"{source.table}: not run: {problem}", flush=True)


def _cases(name: str, obs: Observations, level: float, seed: int) -> Iterator[Case]:
    started = time.perf_counter()
    try:
        made = validate(obs, level=level, seed=seed)
    except DataError as problem:
        print(f"{name}: not run: {problem}", flush=True)
        return
    for split in made.made:
        yield Case(name, split, {misfit: _coverage(split, level, misfit) for misfit in MISFITS})
    print(f"{name}: {len(obs)} rows, {len(made.made)} splits, {time.perf_counter() - started:.1f} s", flush=True)


def _coverage(split: Split, level: float, misfit: float) -> float:
    ahead = split.study.outlook(split.later, level, misfit=misfit)
    return float(((split.truth >= ahead.low) & (split.truth <= ahead.high)).mean())


def left_out(found: list[Case], level: float) -> tuple[float, list[float]]:
    """Coverage over rows when the misfit used for a table is set on the other tables only, and the values set."""
    covered = rows = 0.0
    values = []
    for table in sorted({case.table.partition(" / ")[0] for case in found}):
        others = [case for case in found if not case.table.startswith(table)]
        own = [case for case in found if case.table.startswith(table)]
        gaps = {m: abs(_pooled(others, m) - level) for m in MISFITS}
        best = min(gaps, key=lambda m: gaps[m])
        values.append(best)
        covered += sum(case.inside[best] * case.split.n_test for case in own)
        rows += sum(case.split.n_test for case in own)
    return covered / rows, values


def _pooled(found: list[Case], misfit: float) -> float:
    rows = sum(case.split.n_test for case in found)
    return sum(case.inside[misfit] * case.split.n_test for case in found) / rows


def records(found: list[Case]) -> list[dict[str, Any]]:
    """One plain record per set, split and law."""
    return [
        {"table": c.table, "split": c.split.name, "n_train": c.split.n_train, "n_test": c.split.n_test, **vars(law)}
        for c in found
        for law in c.split.laws
    ]


def summary(rows: list[dict[str, Any]], law: str) -> dict[str, float]:
    """Errors and coverage of one law, or of the ``chosen`` one, over all splits."""
    own = [r for r in rows if (r["chosen"] if law == "chosen" else r["law"] == law)]
    weight = np.array([r["n_test"] for r in own], dtype=float)
    tables = sorted({r["table"] for r in own})

    def by_table(key: str) -> float:
        return float(np.mean([np.mean([r[key] for r in own if r["table"] == table]) for table in tables]))

    return {
        "error_median": float(np.median([r["error"] for r in own])),
        "error_high": float(np.quantile([r["error"] for r in own], 0.9)),
        "coverage_rows": float(np.average([r["coverage"] for r in own], weights=weight)),
        "coverage_tables": by_table("coverage"),
        "width_median": float(np.median([r["width"] for r in own])),
        "tables": float(len(tables)),
        "rows": float(weight.sum()),
    }


CURVES = ("lcdb_curves", "learning_curves_vision", "learning_curves_language")
CURVES_EACH = 12
SHORTEST = 14


def curve_records(level: float, seed: int) -> list[dict[str, Any]]:
    """Validate a seeded sample of the public learning curves of each collection."""
    rows: list[dict[str, Any]] = []
    rng = np.random.default_rng(seed)
    for table in CURVES:
        try:
            curves = datasets.load(table, offline=True).groups("curve")
        except IsoperfError as problem:
            print(f"{table}: not run: {problem}", flush=True)
            continue
        long = [curve for curve in curves.values() if len(curve) >= SHORTEST]
        for i in rng.choice(len(long), min(CURVES_EACH, len(long)), replace=False):
            rows.extend(_curve_rows(table, long[i], level, seed))
        print(f"{table}: {CURVES_EACH} of {len(long)} curves", flush=True)
    return rows


def _curve_rows(table: str, curve: Observations, level: float, seed: int) -> Iterator[dict[str, Any]]:
    try:
        made = validate(curve, x="x", y="y", level=level, seed=seed)
    except DataError:
        return  # too short for any split
    for split in made.made:
        for law in split.laws:
            yield {"table": table, "split": split.name, "n_train": split.n_train, "n_test": split.n_test, **vars(law)}


def curve_section(rows: list[dict[str, Any]]) -> list[str]:
    """What the page says about learning curves."""
    lines = [
        "## Learning curves",
        "",
        f"A seeded sample of {CURVES_EACH} curves of at least {SHORTEST} points from each collection, cut in the same "
        "way along their own axis, with the families of one input competing. These curves bend, break and saturate in "
        "ways that no family describes: the intervals hold fewer points than they promise. Read them as lower bounds.",
        "",
        "| collection | splits | rows | law | error, median (%) | coverage, rows (%) | half-width, median (%) |",
        "| --- | ---: | ---: | --- | ---: | ---: | ---: |",
    ]
    for table in sorted({r["table"] for r in rows}):
        for law in ("chosen", "last_value", "power_law"):
            own = [r for r in rows if r["table"] == table and (r["chosen"] if law == "chosen" else r["law"] == law)]
            weight = np.array([r["n_test"] for r in own], dtype=float)
            error = 100 * float(np.median([r["error"] for r in own]))
            held = 100 * float(np.average([r["coverage"] for r in own], weights=weight))
            width = 100 * float(np.median([r["width"] for r in own]))
            lines.append(
                f"| {table} | {len(own)} | {weight.sum():.0f} | {law} | {error:.2f} | {held:.2f} | {width:.2f} |"
            )
    return [*lines, ""]


LAWS = ("chosen", "chinchilla", "overtraining", "kaplan", "power_law", "last_value")


def _percent(x: float) -> str:
    return f"{100 * x:.2f}"


def page(
    rows: list[dict[str, Any]], curves: list[dict[str, Any]], left: tuple[float, list[float]], level: float
) -> str:
    """The documentation page."""
    best = summary(rows, "chosen")
    lines = [
        "# Extrapolation on public tables",
        "",
        "<!-- written by `python -m benchmarks.extrapolation`; do not edit -->",
        "",
        f"Each table is cut at 1/3, 1/10 and 1/30 of its largest compute. Laws are chosen and fitted on the smaller "
        f"runs and asked for the larger ones. Over {best['tables']:.0f} sets of runs and {best['rows']:.0f} held-out "
        f"rows the {level:.0%} interval for a new run held **{best['coverage_rows']:.1%}** of the rows "
        f"({best['coverage_tables']:.1%} when every set counts alike), with a median half-width of "
        f"{best['width_median']:.1%} of the value.",
        "",
        f"The misfit constant of the intervals was set on these tables. Set on all tables but one, and used on that "
        f"one, it gives {left[0]:.1%} of the rows; the values so found lie between {min(left[1]):g} and "
        f"{max(left[1]):g}.",
        "",
        "## By law",
        "",
        "| law | error, median (%) | error, 90th percentile (%) | coverage, rows (%) | coverage, sets (%) "
        "| median half-width (%) |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for law in LAWS:
        s = summary(rows, law)
        cells = [s["error_median"], s["error_high"], s["coverage_rows"], s["coverage_tables"], s["width_median"]]
        lines.append(f"| {law} | " + " | ".join(_percent(c) for c in cells) + " |")
    lines += [
        "",
        "Errors are mean absolute ones of a split; the median and the 90th percentile are over splits. `chosen` is "
        "the law that the smaller runs chose. Baselines (`power_law` and `last_value` in compute) are never chosen.",
        "",
        *curve_section(curves),
        "## By table and law",
        "",
        "Bias and error are predicted over measured minus 1, mean signed and mean absolute, in percent.",
        "",
        "| set | split | learnt | predicted | law | bias | error | worst | coverage | half-width |",
        "| --- | --- | ---: | ---: | --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for r in rows:
        name = f"**{r['law']}**" if r["chosen"] else r["law"]
        values = " | ".join(_percent(r[k]) for k in ("bias", "error", "worst", "coverage", "width"))
        lines.append(f"| {r['table']} | {r['split']} | {r['n_train']} | {r['n_test']} | {name} | {values} |")
    lines += ["", "## The sets", "", "| table | rows taken |", "| --- | --- |"]
    lines += [f"| {s.table} | {s.why or 'all'} |" for s in SOURCES]
    lines += [
        "",
        "Left out on purpose: runs whose learning rate had not decayed, several passes over the same tokens, and "
        "checkpoints along one run, which are other laws.",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, unless asked for the page alone, and write the page from the stored numbers."""
    if "--page" not in sys.argv:
        found = list(cases(LEVEL, seed=0))
        stored = {"sets": records(found), "curves": curve_records(LEVEL, seed=0), "left_out": left_out(found, LEVEL)}
        NUMBERS.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")
    stored = json.loads(NUMBERS.read_text(encoding="utf-8"))
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(stored["sets"], stored["curves"], stored["left_out"], LEVEL), encoding="utf-8")


if __name__ == "__main__":
    main()
