"""Tuning as it goes: the studies whose files lie in the project's folder, drawn again every few seconds."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from isoperf.errors import IsoperfError, OptionError
from isoperf.observations import Observations
from isoperf.readers import load
from isoperf.report import Axis, Figure, Line, Points
from isoperf.report.html_figure import html_figure
from isoperf.studio.page import fragment, page

__all__ = ["ROUTES"]

SUFFIXES = (".journal", ".db", ".sqlite", ".log")
MOST_FILES = 50
BEST = 5


def studies(request: Request) -> Response:
    """List the files that look like studies."""
    folder = _folder(request)
    found = [
        {"file": one.name, "changed": one.stat().st_mtime, "n_bytes": one.stat().st_size} for one in _files(folder)
    ]
    return page(request, "studies.html", {"studies": found, "folder": str(folder)})


def study(request: Request) -> Response:
    """Show one study."""
    return page(request, "study.html", _shown(request))


def trials(request: Request) -> Response:
    """Show the trials alone, for a page that is open already."""
    return fragment(request, "trials.html", _shown(request))


ROUTES = (
    Route("/studies", studies),
    Route("/studies/{file}", study),
    Route("/studies/{file}/trials", trials),
)


def _folder(request: Request) -> Path:
    folder: Path = request.app.state.settings.store.resolve().parent
    return folder


def _files(folder: Path) -> list[Path]:
    """Return what may be a study, the newest first; links that lead out of the folder are not followed."""
    found = [one for one in folder.iterdir() if one.suffix in SUFFIXES and one.is_file() and not one.is_symlink()]
    return sorted(found, key=lambda one: -one.stat().st_mtime)[:MOST_FILES]


def _shown(request: Request) -> dict[str, Any]:
    name = str(request.path_params["file"])
    known = {one.name: one for one in _files(_folder(request))}
    if name not in known:
        raise OptionError(f"there is no study {name!r} in the project's folder.")
    try:
        table = load(known[name])
    except IsoperfError as problem:
        return {"file": name, "problem": str(problem), "groups": []}
    if "trial" not in table or "study" not in table:
        return {"file": name, "problem": f"{name} is read, but holds no trials.", "groups": []}
    groups = table.groups("study")
    return {
        "file": name,
        "problem": "",
        "groups": [_group(title, one, i) for i, (title, one) in enumerate(groups.items())],
    }


def _group(title: str, table: Observations, number: int) -> dict[str, Any]:
    goal = next((name for name in table.columns if name == "value" or name.startswith(("value_", "values_"))), "")
    values = table[goal] if goal else np.array([])
    higher = bool(goal) and "higher_is_better" in table and bool(table["higher_is_better"][0])
    signed = np.where(np.isfinite(values), -values if higher else values, np.inf)
    running = np.minimum.accumulate(signed) * (-1 if higher else 1) if len(signed) else signed
    order = np.argsort(signed, kind="stable")[:BEST]
    settings = [n for n in table.columns if n not in ("study", "trial", goal, "higher_is_better", "seconds")]
    best = [
        {"trial": str(table["trial"][at]), "value": _finite(values[at]), **{n: _cell(table[n][at]) for n in settings}}
        for at in order
        if math.isfinite(signed[at])
    ]
    return {
        "title": title,
        "n_trials": len(table),
        "goal": goal,
        "higher_is_better": higher,
        "best": best,
        "settings": settings,
        "_figure": _drawn(title, goal, values, running, number) if len(values) > 1 else "",
    }


def _drawn(title: str, goal: str, values: Any, running: Any, number: int) -> str:
    at = np.arange(1, len(values) + 1)
    layers = (Points("trials", at, values), Line("best so far", at, np.where(np.isfinite(running), running, np.nan)))
    return html_figure(Figure(f"{title}: {goal} by trial", Axis("trial"), Axis(goal), layers), number)


def _cell(value: Any) -> Any:
    return _finite(float(value)) if isinstance(value, float | np.floating) else str(value)


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
