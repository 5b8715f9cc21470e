"""Answers: waited for, read, moved by sliders, shared, kept, taken away."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Any
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from isoperf.errors import IsoperfError, OptionError
from isoperf.request.spoken import as_command, as_python
from isoperf.store import StoredReport
from isoperf.studio.page import page, wants_json
from isoperf.studio.pages.tables import answer_line

__all__ = ["ROUTES"]

LISTED = 200
WAITING = ("waiting", "running")


def answers(request: Request) -> Response:
    """List what was asked, the newest first."""
    found = request.app.state.answers.list(LISTED)
    return page(request, "answers.html", {"answers": [answer_line(one) for one in found]})


def answer(request: Request) -> Response:
    """Show an answer, or how far it is."""
    return page(request, "answer.html", _shown(request))


def progress(request: Request) -> Response:
    """Show how far an answer is; when it is there, tell the page to load again."""
    shown = _shown(request, whole=False)
    response = page(request, "progress.html", shown)
    if shown["state"] not in WAITING:
        response.headers["HX-Refresh"] = "true"
    return response


def cancel(request: Request) -> Response:
    """End the work on an answer."""
    found = _answer(request)
    request.app.state.jobs.cancel(found.id)
    return RedirectResponse(f"/answers/{found.id}", 303)


def remove(request: Request) -> Response:
    """Take an answer away."""
    found = _answer(request)
    request.app.state.jobs.remove(found.id)
    return RedirectResponse("/answers", 303)


def share(request: Request) -> Response:
    """Give the answer as one file that opens without a network."""
    found = _answer(request)
    text = request.app.state.answers.page(found.id)
    headers = {"Content-Disposition": f'attachment; filename="{found.request.name}-{found.id}.html"'}
    return Response(text, media_type="text/html", headers=headers)


async def keep(request: Request) -> Response:
    """Keep the answer in the project's store under a name, where the command line finds it."""
    found, form = _answer(request), await request.form()
    kept, name = request.app.state.answers, str(form.get("name", "")).strip()
    if found.state != "done":
        raise OptionError("there is no answer to keep yet.")

    def store() -> None:
        report = StoredReport(found.title, kept.report(found.id), kept.page(found.id))
        request.app.state.workspace.store.add(name, report)

    await run_in_threadpool(store)
    return RedirectResponse(f"/kept/{name}", 303)


def one_kept(request: Request) -> Response:
    """Show what the store says of a report or fit that it keeps."""
    entry = _entry(request)
    return page(request, "kept.html", {"entry": entry.as_dict(), "when": entry.when})


def kept_page(request: Request) -> Response:
    """Give a kept report as its page, a kept fit as JSON."""
    entry = _entry(request)
    found = request.app.state.workspace.store.get(entry.name)
    if isinstance(found, StoredReport):
        text, kind, suffix = found.html(), "text/html", "html"
    else:
        text, kind, suffix = found.to_json(), "application/json", "json"
    headers = {"Content-Disposition": f'attachment; filename="{entry.name}.{suffix}"'}
    return Response(text, media_type=kind, headers=headers)


async def live(request: Request) -> Response:
    """Move the sliders of an answer and show what it says then."""
    found, form = _answer(request), await request.form()
    values: dict[str, float] = {}
    for name, text in form.items():
        if name != "csrf":
            values[name] = _number(name, str(text))
    moved = await asyncio.wrap_future(request.app.state.jobs.move(found.id, values))
    if moved is None:  # a newer move took its place
        return Response(status_code=204)
    return page(request, "moved.html", {"title": moved["title"], "values": values, "_main": moved["main"]})


ROUTES = (
    Route("/answers", answers),
    Route("/answers/{id}", answer),
    Route("/answers/{id}/progress", progress),
    Route("/answers/{id}/cancel", cancel, methods=["POST"]),
    Route("/answers/{id}/remove", remove, methods=["POST"]),
    Route("/answers/{id}/share", share),
    Route("/answers/{id}/keep", keep, methods=["POST"]),
    Route("/answers/{id}/live", live, methods=["POST"]),
    Route("/kept/{name}", one_kept),
    Route("/kept/{name}/page", kept_page),
)


def _answer(request: Request) -> Any:
    found = request.app.state.answers.get(str(request.path_params["id"]))
    if found is None:
        raise OptionError("there is no such answer; it may have been taken away.")
    return found


def _entry(request: Request) -> Any:
    entry = request.app.state.workspace.store.entry(str(request.path_params["name"]))
    if entry.kind == "table":
        raise OptionError(f"{entry.name!r} is a table; the page of tables has it.")
    return entry


def _shown(request: Request, whole: bool = True) -> dict[str, Any]:
    found, kept = _answer(request), request.app.state.answers
    done = found.state == "done"
    question = found.request
    shown = {
        **answer_line(found),
        "done": found.done,
        "total": found.total,
        "ended": found.ended,
        "seconds": round(found.seconds, 1),
        "ok": found.ok,
        "waiting": found.state in WAITING,
        "options": dict(question.options),
        "ask_again": f"/ask/{question.name}?"
        + urlencode({**question.tables, **question.options, "where": "\n".join(question.columns.where)}),
    }
    if not whole:
        return shown
    return {
        **shown,
        "spoken": _spoken(question),
        "controls": [asdict(one) for one in kept.controls(found.id)] if done else [],
        "result": kept.result(found.id) if done and wants_json(request) else None,
        "_main": "" if not done or wants_json(request) else kept.fragment(found.id),
    }


def _spoken(question: Any) -> dict[str, str]:
    try:
        return {"command": as_command(question), "python": as_python(question), "problem": ""}
    except IsoperfError as problem:
        return {"command": "", "python": "", "problem": str(problem)}


def _number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise OptionError(f"{name}={text!r} is no number.") from None
