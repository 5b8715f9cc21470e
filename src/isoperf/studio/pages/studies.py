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
from isoperf.studio.page import page, wants_json

__all__ = ["ROUTES"]

SUFFIXES = (".journal", ".db", ".sqlite", ".log")
MOST_FILES = 50
BEST = 5
KNOWN, DIRECTION = ("study", "trial", "seconds"), "higher_is_better"


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
    """Show the trials alone, for a page that is open already; nothing where it has seen them all."""
    if request.query_params.get("seen") == _seen(_file(request)) and not wants_json(request):
        return Response(status_code=204)
    return page(request, "trials.html", _shown(request))


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


def _file(request: Request) -> Path:
    name = str(request.path_params["file"])
    known = {one.name: one for one in _files(_folder(request))}
    if name not in known:
        raise OptionError(f"there is no study {name!r} in the project's folder.")
    return known[name]


def _seen(file: Path) -> str:
    """Return a mark that changes with the file, and with what SQLite keeps beside it for a while."""
    parts = (file, file.with_name(f"{file.name}-wal"))
    return ".".join(f"{one.stat().st_mtime_ns:x}-{one.stat().st_size:x}" for one in parts if one.is_file())


def _shown(request: Request) -> dict[str, Any]:
    file = _file(request)
    shown = {"file": file.name, "seen": _seen(file), "problem": "", "groups": []}
    try:
        table = load(file)
    except IsoperfError as problem:
        return {**shown, "problem": str(problem)}
    if "trial" not in table or "study" not in table:
        return {**shown, "problem": f"{file.name} is read, but holds no trials."}
    groups = table.groups("study")
    return {
        **shown,
        "groups": [_group(title, one, i) for i, (title, one) in enumerate(groups.items())],
    }


def _group(title: str, table: Observations, number: int) -> dict[str, Any]:
    goals = _goals(table)
    settings = [name for name in table.columns if name not in (*KNOWN, *goals) and not name.startswith(DIRECTION)]
    settings = [name for name in settings if any(map(_given, table[name]))]
    return {
        "title": title,
        "n_trials": len(table),
        "settings": settings,
        "goals": [_goal(table, name, higher, settings) for name, higher in goals.items()],
        "_figures": [
            _drawn(title, name, table[name], higher, 100 * number + place)
            for place, (name, higher) in enumerate(goals.items())
        ],
    }


def _goals(table: Observations) -> dict[str, bool]:
    """Return what a study's trials are judged by, and whether greater is better: the columns before the directions."""
    directions = [name for name in table.columns if name.startswith(DIRECTION)]
    if not directions:
        return {}
    place = table.columns.index(directions[0])
    names = list(table.columns[place - len(directions) : place])
    if not all(any(map(_given, table[name])) for name in names):  # they are another study's
        own = [name for name in table.columns if name not in (*KNOWN, *directions) and any(map(_given, table[name]))]
        names = own[-len(directions) :]
    words = [name for name in names if table.is_words(name)]
    return {} if words else {name: bool(table[way][0]) for name, way in zip(names, directions, strict=False)}


def _goal(table: Observations, goal: str, higher: bool, settings: list[str]) -> dict[str, Any]:
    values = table[goal]
    signed = np.where(np.isfinite(values), -values if higher else values, np.inf)
    best = [
        {
            "trial": str(table["trial"][at]),
            "value": _finite(values[at]),
            "settings": [_cell(table[name][at]) for name in settings],
        }
        for at in np.argsort(signed, kind="stable")[:BEST]
        if math.isfinite(signed[at])
    ]
    return {"name": goal, "higher_is_better": higher, "best": best}


def _drawn(title: str, goal: str, values: Any, higher: bool, number: int) -> str:
    at = np.arange(1, len(values) + 1)
    known = np.isfinite(values)
    best = np.fmax.accumulate(values) if higher else np.fmin.accumulate(values)
    if known.sum() < 2:
        return ""
    layers = (Points("trials", at[known], values[known]), Line("best so far", at[known], best[known]))
    return html_figure(Figure(f"{title}: {goal} by trial", Axis("trial"), Axis(goal), layers), number)


def _given(cell: Any) -> bool:
    return bool(cell) if isinstance(cell, str) else bool(np.isfinite(cell))


def _cell(value: Any) -> Any:
    return _finite(float(value)) if isinstance(value, float | np.floating) else str(value)


def _finite(value: float) -> float | None:
    return float(value) if math.isfinite(value) else None
