"""Predict the scores of the largest models of public tables from the smaller ones, in two steps and by baselines.

Run ``python -m benchmarks.downstream``; it writes ``docs/honesty/downstream.md`` and
``benchmarks/downstream.json``; ``--page`` writes the page again from the stored numbers, ``--contests``
holds the contests alone anew, in which every forecaster and law takes part as in ``isoperf league``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isoperf import datasets, league, validate
from isoperf.datasets.sets import SCORE_SETS, divide, final_pythia, ladder_sizes
from isoperf.observations import Observations
from isoperf.predict._forecasters._hidden_scores import Foreseen
from isoperf.predict.scores.downstream import Downstream, downstream

Floats = NDArray[np.float64]
ROOT = Path(__file__).parent
NUMBERS = ROOT / "downstream.json"
KEPT = ROOT / "downstream.jsonl"
PAGE = ROOT.parent / "docs" / "honesty" / "downstream.md"
SMALL = ("190M", "370M", "760M", "1B")
# shares of the questions, not checked against the source's scripts
MMLU = {"stem": 0.215, "humanities": 0.335, "social_sciences": 0.219, "other": 0.231}
EIGHT = {  # the source's name of each task, and the relative error that it publishes for 13B on 5T tokens
    "mmlu": ("", 0.0067),
    "hellaswag": ("hellaswag_val", 0.0254),
    "arc_challenge": ("arc_challenge_test", 0.1745),
    "arc_easy": ("arc_easy_test", 0.1139),
    "piqa": ("piqa_val", 0.0106),
    "csqa": ("csqa_val", 0.0473),
    "socialiqa": ("socialiqa_val", 0.0268),
    "openbookqa": ("openbookqa_test", 0.0776),
}
ACTUAL = {  # the source's target: a mean over the last evaluations
    "mmlu": 0.51614,
    "hellaswag": 0.83191,
    "arc_challenge": 0.63805,
    "arc_easy": 0.87172,
    "piqa": 0.82960,
    "csqa": 0.74103,
    "socialiqa": 0.61597,
    "openbookqa": 0.48640,
}
ONE_MODEL = 1e-9  # a share that leaves out the largest model alone
COVERED = 0.85
FACTORS = (3.0, 10.0, 30.0)
WAYS = ("two steps", "by compute", "last score")


def ladder() -> Observations:
    """The ladder's runs with sizes for every model."""
    return ladder_sizes(datasets.load("olmo_ladder", offline=True))


def published_ladder() -> Observations:
    """The sixteen runs that the source learns from, the 13B target, and its eight tasks."""
    obs = ladder()
    family = np.asarray(obs["family"]).astype(str)
    rerun = np.char.endswith(np.asarray(obs["run"]).astype(str), "rerun")
    small = np.isin(family, SMALL) & np.isin(obs["overtraining"], [1, 2, 5, 10]) & ~rerun
    obs = obs.where(small | (family == "peteish13"))
    columns: dict[str, Any] = {name: obs[name] for name in ("run", "n_params", "n_tokens")}
    for task, (name, _) in EIGHT.items():
        parts = {name: 1.0} if name else {f"mmlu_{part}_test": share for part, share in MMLU.items()}
        columns[f"task_loss_{task}"] = sum(w * obs[f"task_loss_{part}"] for part, w in parts.items())
        columns[f"accuracy_{task}"] = sum(w * obs[f"accuracy_{part}_rc"] for part, w in parts.items())
    return Observations.from_columns(columns, units={"run": "text"}, source="olmo_ladder, eight tasks")


def pythia(n_shot: int) -> Observations:
    """Final accuracies of the Pythia models, beside the logarithm of their perplexity on LAMBADA."""
    return final_pythia(datasets.load("pythia_evals", offline=True)).where(f"n_shot == {n_shot}").drop("n_shot")


def sets() -> Iterator[tuple[str, Observations, dict[str, Any]]]:
    """Name, table and cut of every set."""
    obs = ladder()
    rows = [name for name in obs.columns if name.startswith("accuracy_") and name.endswith("_rc")]
    able = tuple(name for name in rows if obs.has(f"task_loss_{name[9:-3]}"))
    small = obs.where("n_params < 4e9")
    yield "olmo_ladder, 3B from 190M-1B", small, {"scores": able, "train_below": 2e21}
    yield "olmo_ladder, 7B and 13B from 190M-3B", obs, {"scores": able, "train_below": 2e22}
    tall = obs.where("n_params < 2e9 or n_params > 1e10")
    yield "olmo_ladder, 13B from 190M-1B", tall, {"scores": able, "train_below": 2e22}
    gadre = datasets.load("gadre_overtraining", offline=True)
    for name in dict.fromkeys(np.asarray(gadre["dataset"]).astype(str)):
        part = gadre.where(np.asarray(gadre["dataset"]).astype(str) == name)
        cut = float(np.sort(6 * part["n_params"] * part["n_tokens"])[-2])
        yield f"gadre_overtraining, {name}, largest run", part, {"losses": ("loss",), "train_below": cut}
        # 1.4B and 7B models from those up to 411M
        smaller = part["n_params"] < 1e9
        below = float((6 * part["n_params"] * part["n_tokens"])[smaller].max())
        sized = part.where(smaller | (6 * part["n_params"] * part["n_tokens"] > below))
        yield f"gadre_overtraining, {name}, from 411M", sized, {"losses": ("loss",), "train_below": below}
    for n_shot in (0, 5):
        yield f"pythia_evals, {n_shot}-shot, 12B from 70M-6.9B", pythia(n_shot), {"train_below": 1.5e22}


def _numbers(made: Downstream) -> dict[str, Any]:
    held = [(task.benchmark, one) for task in made.tasks for one in task.held_out]
    return {
        "law": made.law,
        "link": made.link,
        "tasks": len(made.tasks),
        "rows": [
            {
                "task": task,
                "measured": one.measured,
                "inside": one.inside,
                "two steps": one.score.value,
                "by compute": one.by_compute,
                "last score": one.last,
            }
            for task, one in held
        ],
    }


def measure() -> dict[str, Any]:
    """Run every set, and the source's own question."""
    found: dict[str, Any] = {"sets": {}}
    for name, obs, options in sets():
        found["sets"][name] = _numbers(downstream(obs, n_bootstrap=200, **options))
        print(name, flush=True)
    made = downstream(published_ladder(), train_below=1e22, n_bootstrap=200)
    found["published"] = {"law": made.law, "link": made.link, "tasks": {}}
    for task in made.tasks:
        one, name = task.held_out[0], task.benchmark.removeprefix("accuracy_")
        ways = {"two steps": one.score.value, "by compute": one.by_compute, "last score": one.last}
        errors = {way: abs(float(value or np.nan) / ACTUAL[name] - 1) for way, value in ways.items()}
        found["published"]["tasks"][name] = {"published": EIGHT[name][1], "inside": one.inside, **errors}
    found["contests"] = contests()
    return found


def contests() -> dict[str, Any]:
    """Every forecaster and law: on the largest model of every set, and in the league's contests."""
    largest: dict[str, Any] = {}
    for one in SCORE_SETS:
        for part in divide(one):
            split = validate(part.rows, method="all", hold_out=ONE_MODEL).made[0]
            hidden = split.scores
            largest[part.name] = {
                "tasks": len(set(hidden.tasks.tolist())),
                "models": hidden.models,
                "reach": round(split.reach, 2),
                "chosen": split.chosen.law,
                "errors": {
                    name: [round(float(e), 5) for e in np.abs(said[0.9].value - hidden.truth)]
                    for name, said in hidden.forecasts.items()
                },
                "inside": {name: _inside(said[0.9], hidden.truth) for name, said in hidden.forecasts.items()},
            }
            print(part.name, flush=True)
    made = league(methods=("all",), factors=FACTORS, finished=str(KEPT))
    keys = ("kind", "law", "baseline", "n_contests", "n_tables", "error", "coverage_80", "coverage_90", "width_90")
    standings = [{**{key: vars(row)[key] for key in keys}, "rank": row.rank.value} for row in made.standings]
    goals = [{"kind": g.kind, "contests": g.n_contests, "rows": g.n_rows, "ratio": g.ratio} for g in made.goals]
    return {"largest": largest, "standings": _plain(standings), "goals": goals}


def _inside(said: Foreseen, truth: Floats) -> list[bool]:
    """Whether each interval given holds the truth."""
    told = np.isfinite(said.low)
    return [bool(x) for x in ((said.low <= truth) & (truth <= said.high))[told]]


def _plain(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    def short(value: Any) -> Any:
        if not isinstance(value, float):
            return value
        return float(f"{value:.4g}") if np.isfinite(value) else None

    return [{key: short(value) for key, value in row.items()} for row in rows]


def page(found: dict[str, Any]) -> str:
    """The page for readers."""
    lines = [
        "# Scores of larger models",
        "",
        "<!-- written by `python -m benchmarks.downstream`; do not edit -->",
        "",
        "Does [`isoperf downstream`](../jobs/downstream.md) predict what larger models score better than a sigmoid of "
        "the score in compute, and better than the last score seen? Learnt from the smaller models of public tables, "
        "all options at their defaults; errors are absolute, of scores between 0 and 1, median and mean over tasks "
        "and held-out models. Inside: share of scores in the 90% interval.",
        "",
        "| set | tasks | two steps | by compute | last score | two steps, mean | by compute, mean | last, mean "
        "| inside |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    every: list[dict[str, Any]] = []
    for name, one in found["sets"].items():
        every += one["rows"]
        lines.append(f"| {name} | {one['tasks']} | {_cells(one['rows'])} |")
    lines += [f"| **all** | {sum(one['tasks'] for one in found['sets'].values())} | {_cells(every)} |", ""]
    lines += _reading(found)
    lines += ["", "## Beside the ladder's published errors", ""]
    lines += [
        "Sixteen runs of 190M to 1B parameters at 1 to 10 times 20 tokens per parameter predict the 13B model trained "
        "on 5T tokens. Relative errors; the published ones are those of the source's own chain on the same runs.",
        "",
        "| task | published | two steps | by compute | last score | |",
        "| --- | ---: | ---: | ---: | ---: | --- |",
    ]
    for name, one in found["published"]["tasks"].items():
        verdict = "smaller" if one["two steps"] <= one["published"] else "**larger**"
        numbers = " | ".join(f"{100 * one[way]:.1f}%" for way in ("published", *WAYS))
        lines.append(f"| {name} | {numbers} | {verdict} |")
    worse = [k for k, one in found["published"]["tasks"].items() if one["two steps"] > one["published"]]
    lines += ["", f"The error is the larger one on {', '.join(worse) if worse else 'none'}.", ""]
    return "\n".join([*lines, *_contest_lines(found["contests"])])


def _contest_lines(found: dict[str, Any]) -> list[str]:
    """Every forecaster and law side by side: the largest models, then the league."""
    largest = found["largest"]
    with_losses = [one for one in largest.values() if "downstream" in one["errors"]]
    names = sorted({name for one in largest.values() for name in one["errors"]}, key=_order)
    lines = [
        "## The largest model of every set, by every forecaster",
        "",
        "`isoperf validate TABLE --method all` hides the largest model and lets every forecaster, and laws of the "
        "score alone, learn from the others; compute: the hidden model's over the largest seen. Median absolute "
        "errors, in points of 100; in brackets the share of scores inside the 90% interval. Bold: the least error. "
        "`chosen` is what rehearsals among the smaller models took.",
        "",
        f"| set | tasks | compute | {' | '.join(names)} | chosen |",
        f"| --- | ---: | ---: | {' | '.join('---:' for _ in names)} | --- |",
    ]
    for name, one in largest.items():
        cells = " | ".join(_side_by_side([one], names))
        lines.append(f"| {name} | {one['tasks']} | {one['reach']:.3g}x | {cells} | {one['chosen']} |")
    n_scores = sum(len(next(iter(one["errors"].values()))) for one in with_losses)
    lines += [
        f"| **all with losses** | {n_scores} scores | | {' | '.join(_side_by_side(with_losses, names))} | |",
        "",
        "A dash: the forecaster lacks a column or left scores without a forecast, and does not take part. "
        "`observational` needs three smaller models of every hidden family, `difficulty_clusters` a cluster of items "
        "that scales: no set here gives either, and public tables of `pass_until` and `text_forecast` are not at hand, "
        "so these are checked on planted tables alone. Coverage counts forecasts that have an interval: laws fitted "
        "to few models may give none.",
        "",
        "## The league of forecasts",
        "",
        "`isoperf league --methods all` on the same sets, models within 3, 10 and 30 times of the largest compute "
        "hidden. Errors are medians over contests of the mean absolute error, in points.",
        "",
    ]
    for goal in found["goals"][:-1]:
        rows = [row for row in found["standings"] if row["kind"] == goal["kind"]]
        lines += [
            f"### {goal['kind'].capitalize()}",
            "",
            f"{goal['contests']} contests, {goal['rows']} hidden scores; in the median contest the chosen forecaster's "
            f"error is {goal['ratio']:.2f} times that of the best in hindsight.",
            "",
            "| forecaster | contests | mean rank | error | in 80% | in 90% | half-width of 90% |",
            "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
        ]
        for row in rows:
            label = f"{row['law']} (baseline)" if row["baseline"] else row["law"]
            shares = " | ".join(_hundred(row[key]) for key in ("error", "coverage_80", "coverage_90", "width_90"))
            lines.append(f"| {label} | {row['n_contests']} | {row['rank']:.2f} | {shares} |")
        chosen = next(row for row in rows if row["law"] == "chosen")
        if chosen["coverage_90"] is not None and chosen["coverage_90"] < COVERED:
            lines += ["", "Its 90% intervals are **too narrow** here."]
        lines.append("")
    return lines


def _order(name: str) -> tuple[int, str]:
    known = ("downstream", "observational", "difficulty_clusters", "sigmoid_compute", "power_law_floor", "power_law")
    return (known.index(name), name) if name in known else (len(known), name)


def _side_by_side(parts: list[dict[str, Any]], names: list[str]) -> list[str]:
    """Median error and coverage of every forecaster over the parts; a dash where it sat one out."""
    cells, medians = [], []
    for name in names:
        errors = [e for part in parts for e in part["errors"].get(name, ())]
        inside = [x for part in parts for x in part["inside"].get(name, ())]
        full = all(name in part["errors"] for part in parts)
        medians.append(float(np.median(errors)) if errors and full else float("inf"))
        share = f" ({np.mean(inside):.0%})" if inside else ""
        cells.append(f"{100 * medians[-1]:.2f}{share}" if np.isfinite(medians[-1]) else "-")
    best = int(np.argmin(medians))
    return [f"**{cell}**" if k == best else cell for k, cell in enumerate(cells)]


def _hundred(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f}"


def _cells(rows: list[dict[str, Any]]) -> str:
    truth = np.array([row["measured"] for row in rows])
    errors = [np.abs(np.array([row[way] for row in rows], dtype=float) - truth) for way in WAYS]
    medians = " | ".join(f"{np.median(e):.3f}" for e in errors)
    means = " | ".join(f"{e.mean():.3f}" for e in errors)
    return f"{medians} | {means} | {np.mean([row['inside'] for row in rows]):.0%}"


def _reading(found: dict[str, Any]) -> list[str]:
    lost = []
    for name, one in found["sets"].items():
        truth = np.array([row["measured"] for row in one["rows"]])
        errors = {w: float(np.median(np.abs(np.array([r[w] for r in one["rows"]]) - truth))) for w in WAYS}
        better = [way for way in WAYS[1:] if errors[way] < errors["two steps"]]
        if better:
            lost.append(f"{name} ({' and '.join(better)})")
    text = "It did not win everywhere. A baseline has the smaller median error on: " + "; ".join(lost) + "."
    return [
        text if lost else "Its median error is the smallest on every set.",
        "",
        "The largest run of the over-training tables has hardly less loss than the longest-trained smaller one, and "
        "many of their tasks stay at chance: there the last score is hard to beat. Choosing the laws by rehearsal and "
        "the weight with which unsure predictions are drawn to the last score were designed with these tables in "
        "view, the 13B model of the ladder included, so these are no errors on unseen data. The sets overlap: 75 "
        "different tasks are counted once for each set. Public tables of models without a loss are left "
        "out: they have no first step.",
    ]


def main() -> None:
    """Measure unless only the page is asked for, and write it."""
    if "--contests" in sys.argv:
        known = json.loads(NUMBERS.read_text(encoding="utf-8"))
        NUMBERS.write_text(json.dumps({**known, "contests": contests()}, indent=1) + "\n", encoding="utf-8")
    elif "--page" not in sys.argv:
        NUMBERS.write_text(json.dumps(measure(), indent=1) + "\n", encoding="utf-8")
    PAGE.write_text(page(json.loads(NUMBERS.read_text(encoding="utf-8"))), encoding="utf-8")


if __name__ == "__main__":
    main()
