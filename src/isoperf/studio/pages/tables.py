"""Tables: dropped, listed, looked at, corrected, drawn, taken out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from isoperf.columns import COLUMNS
from isoperf.errors import IsoperfError, OptionError
from isoperf.observations import Observations
from isoperf.request.spoken import load_call
from isoperf.request.tables import TableOptions
from isoperf.request.wording import in_options
from isoperf.studio.intake import check_size, receive
from isoperf.studio.page import page, wants_json
from isoperf.studio.suited import questions_for
from isoperf.studio.tableview import HEAD, column_rows, first_rows, numbers_of, plot
from isoperf.studio.workspace import Reference, Workspace

__all__ = ["ROUTES"]

MOST_FILES = 50


def home(request: Request) -> Response:
    """Show where to begin: a place to drop a file, the tables, what was asked lately."""
    return page(request, "home.html", _home(request))


async def upload(request: Request) -> Response:
    """Take files in and show the table of the last one."""
    state = request.app.state
    try:
        async with request.form(max_files=MOST_FILES, max_fields=MOST_FILES) as form:
            files = [one for one in form.getlist("file") if isinstance(one, UploadFile) and one.filename]
            if not files:
                raise OptionError("no file was sent. Choose one, or drop it on the page.")
            for file in files:
                received = await receive(file, state.settings, state.settings.folder / "incoming")
                added = await run_in_threadpool(_take, state.workspace, received.name, received.path, state.settings)
    except IsoperfError as problem:
        shown = await run_in_threadpool(_home, request)
        return page(request, "home.html", {**shown, "problem": str(problem)}, 422)
    return RedirectResponse(added.path, 303)


def table(request: Request) -> Response:
    """Show one table."""
    return page(request, "table.html", _described(request, _reference(request)))


def drawing(request: Request) -> Response:
    """Draw two columns of a table."""
    reference, asked = _reference(request), request.query_params
    found = request.app.state.workspace.table(reference)
    drawable = numbers_of(found)
    x, y, by = asked.get("x", ""), asked.get("y", ""), asked.get("by", "")
    for name in (x, y):
        if name not in drawable:
            raise OptionError(f"{name!r} is no column of numbers in {reference.name}.")
    return page(request, "drawing.html", {"x": x, "y": y, "_figure": plot(found, x, y, by)})


async def correct(request: Request) -> Response:
    """Read a table's file again with its columns understood as the form says."""
    reference, form = _reference(request), await request.form()
    workspace = request.app.state.workspace
    options = await run_in_threadpool(_options, workspace, reference, form)
    try:
        await run_in_threadpool(workspace.correct, reference, options)
    except IsoperfError as problem:
        shown = await run_in_threadpool(_described, request, reference)
        shown["original"] |= {**_plain_options(options), "suggested": {}}
        return page(request, "table.html", {**shown, "problem": in_options(str(problem))}, 422)
    return RedirectResponse(reference.path, 303)


def remove(request: Request) -> Response:
    """Take a table out of the store."""
    request.app.state.workspace.remove(_reference(request))
    return RedirectResponse("/", 303)


ROUTES = (
    Route("/", home),
    Route("/tables", upload, methods=["POST"]),
    Route("/tables/{kind}/{name}", table),
    Route("/tables/{kind}/{name}/plot", drawing),
    Route("/tables/{kind}/{name}/columns", correct, methods=["POST"]),
    Route("/tables/{kind}/{name}/remove", remove, methods=["POST"]),
)


def _home(request: Request) -> dict[str, Any]:
    state = request.app.state
    stored, kept = state.workspace.everything()
    return {
        "problem": "",
        "stored": stored,
        "bundled": state.workspace.bundled(),
        "kept": kept,
        "answers": [answer_line(one) for one in state.answers.list(8)],
        "store": state.workspace.store.place,
        "limit_mb": state.settings.max_upload // 1_000_000,
    }


def answer_line(one: Any) -> dict[str, Any]:
    """Return an answer in one line."""
    return {
        "id": one.id,
        "title": one.title or one.request.name.replace("_", " "),
        "state": one.state,
        "name": one.request.name,
        "tables": dict(one.request.tables),
        "began": one.began,
        "message": one.message,
    }


def _take(workspace: Workspace, name: str, path: Path, settings: Any) -> Reference:
    try:
        check_size(path, settings)
    except IsoperfError:
        path.unlink(missing_ok=True)
        raise
    try:
        return workspace.add(name, path)
    except IsoperfError as problem:  # the name it was sent under, without the studio's own letters in it
        problem.args = (in_options(str(problem).replace(path.name, f"{name}{path.suffix}")),)
        raise


def _reference(request: Request) -> Reference:
    return Reference.parse(f"{request.path_params['kind']}:{request.path_params['name']}")


def _described(request: Request, reference: Reference) -> dict[str, Any]:
    workspace = request.app.state.workspace
    original = workspace.original(reference)
    seen = workspace.seen(reference, _looked_at)
    return {
        **seen,
        "problem": "",
        "reference": str(reference),
        "name": reference.name,
        "kind": reference.kind,
        "path_of_table": reference.path,
        "original": _plain_original(original, seen["columns"]),
        "python": "import isoperf\n\ntable = " + load_call(str(reference)) + "\n",
        "glossary": [] if wants_json(request) else [(one.name, one.meaning) for one in COLUMNS.values()],
    }


def _looked_at(table: Observations) -> dict[str, Any]:
    drawable = numbers_of(table)
    return {
        "n_rows": len(table),
        "columns": column_rows(table),
        "head": first_rows(table),
        "n_head": HEAD,
        "drawable": drawable,
        "words": [name for name in table.columns if table.is_words(name)],
        "pair": _pair(drawable),
        "questions": questions_for(table),
    }


def _plain_original(original: Any, columns: list[dict[str, Any]]) -> dict[str, Any] | None:
    if original is None:
        return None
    return {
        "file": original.file.name,
        "format": original.format,
        "raw_columns": list(original.columns),
        "suggested": {one["name"]: one["perhaps"] for one in columns if one["perhaps"]},
        "sheets": list(original.sheets),
        "skipped": list(original.skipped),
        **_plain_options(original.options),
    }


def _plain_options(options: TableOptions) -> dict[str, Any]:
    return {
        "map": {theirs: ours for ours, theirs in options.map},
        "units": dict(options.units),
        "where": list(options.where),
        "sheet": options.sheet or "",
    }


def _pair(drawable: list[str]) -> list[str]:
    """Choose two columns worth seeing at first: a cost across, a result upwards."""
    across = [
        n for n in ("flops", "n_tokens", "n_params", "step", "cost_usd", "n_samples", "request_rate") if n in drawable
    ]
    upward = [n for n in ("loss", "error", "accuracy", "score", "ttft", "value", "seconds") if n in drawable]
    rest = [name for name in drawable if name not in (*across, *upward)]
    return [*(across or rest or drawable)[:1], *(upward or rest[::-1] or drawable)[:1]]


def _options(workspace: Workspace, reference: Reference, form: FormData) -> TableOptions:
    """Return what the form of columns says: pairs ``role.THEIRS`` and ``unit.OURS``, conditions, a sheet."""
    original = workspace.original(reference)
    if original is None:
        raise OptionError(f"the file of {reference.name!r} is not kept here, so that it cannot be read again.")
    said = {name: str(value).strip() for name, value in form.items()}
    sheet = said.get("sheet") or None
    raw = original.columns if sheet == original.options.sheet else ()
    roles = {name: said.get(f"role.{name}", "") for name in raw}
    pairs = tuple((ours, theirs) for theirs, ours in roles.items() if ours and ours != theirs)
    units = tuple((roles[name] or name, said[f"unit.{name}"]) for name in raw if said.get(f"unit.{name}"))
    where = tuple(line.strip() for line in said.get("where", "").splitlines() if line.strip())
    return TableOptions(map=pairs, units=units, where=where, sheet=sheet)
