"""Which questions a table can answer, from what each capability says it needs."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from isoperf.capability import JOBS, discover, get
from isoperf.columns import COLUMNS
from isoperf.observations import Observations

# What most people come for, in the order in which it is offered where several suit a table alike.
_COMMON = (
    "forecast", "plan", "compare", "fit", "next_runs", "league", "validate", "choose", "frontier", "compare_evals",
    "benchmark_noise", "rank_models", "pass_at_k", "cost_of_pass", "bill", "tune", "stop_early", "downstream", "trace",
)  # fmt: skip
_PLACES = {name: place for place, name in enumerate(_COMMON)}

__all__ = ["TITLES", "all_questions", "questions_for"]

TITLES = {"predict": "Predict", "scale": "Scale", "optimise": "Optimise", "tradeoff": "Trade off"}


@cache
def all_questions() -> tuple[dict[str, Any], ...]:
    """Return every question by job and topic, with what it needs, in plain values."""
    return tuple(
        {
            "name": entry.name,
            "job": entry.job,
            "title": TITLES.get(entry.job, "From other packages"),
            "topic": entry.topic.rstrip("."),
            "summary": entry.summary.rstrip("."),
            "needs": list(get(entry.name).needs),
        }
        for job in (*JOBS, "")
        for entry in discover().values()
        if entry.job == job
    )


def questions_for(table: Observations) -> list[dict[str, Any]]:
    """Return every question with how well the table suits it: the columns it names that are there, best first."""
    rated = [{**one, **_suits(one["needs"], table)} for one in all_questions()]
    return sorted(rated, key=lambda one: (-one["fit"], _PLACES.get(one["name"], len(_PLACES))))


def _suits(needs: list[str], table: Observations) -> dict[str, Any]:
    """Count the needs that name columns of the glossary, and those that the table meets."""
    named = [(need, _columns(need)) for need in needs]
    told = [(need, columns) for need, columns in named if columns]
    met = [need for need, columns in told if any(table.has(name) for name in columns)]
    missing = [need for need, columns in told if need not in met]
    return {"fit": len(met) / len(told) if told else 0.0, "missing": missing}


def _columns(need: str) -> list[str]:
    return [word for word in re.findall(r"[a-z][a-z0-9_]*", need) if word in COLUMNS]
