"""Questions: listed, put together in a form, asked."""

from __future__ import annotations

import re
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from isoperf.capability import discover, get
from isoperf.errors import IsoperfError, OptionError
from isoperf.request import Request as Question
from isoperf.request.spoken import as_command, as_python
from isoperf.request.tables import TableOptions
from isoperf.studio.forms import Field, as_options, fields_of, prose_of
from isoperf.studio.page import page
from isoperf.studio.suited import TITLES, all_questions
from isoperf.studio.workspace import Reference

__all__ = ["ROUTES"]

WHERE = "where"  # the one field that no capability declares: which rows of the tables count


def questions(request: Request) -> Response:
    """List every question, by job and topic."""
    return page(request, "questions.html", {"questions": all_questions()})


def form(request: Request) -> Response:
    """Show the form of one question, filled in as the address says."""
    name = _name(request)
    return page(request, "ask.html", _form(request, name, dict(request.query_params)))


async def ask(request: Request) -> Response:
    """Ask, and go to where the answer will be; or show what is wrong in the form."""
    name, sent = _name(request), await request.form()
    said = {key: str(value) for key, value in sent.items()}
    try:
        answer = await run_in_threadpool(_start, request, name, said)
    except IsoperfError as problem:
        shown = await run_in_threadpool(_form, request, name, said, str(problem))
        return page(request, "ask.html", shown, 422)
    return RedirectResponse(f"/answers/{answer}", 303)


async def spoken(request: Request) -> Response:
    """Write the question out as a command and as Python while it is put together."""
    name, sent = _name(request), await request.form()
    said = {key: str(value) for key, value in sent.items()}
    return await run_in_threadpool(lambda: page(request, "spoken.html", {"spoken": _spoken(name, said)}))


ROUTES = (
    Route("/questions", questions),
    Route("/ask/{name}", form),
    Route("/ask/{name}", ask, methods=["POST"]),
    Route("/ask/{name}/spoken", spoken, methods=["POST"]),
)


def _name(request: Request) -> str:
    name = str(request.path_params["name"]).replace("-", "_")
    if name not in discover():
        raise OptionError(f"there is no question {name!r}. The page of questions lists them all.")
    return name


def _question(name: str, said: dict[str, str]) -> Question:
    """Return what the form asks; conditions on rows stand one a line."""
    tables, options = as_options(name, said)
    where = tuple(line.strip() for line in said.get(WHERE, "").splitlines() if line.strip())
    return Question(name, tables, options, TableOptions(where=where))


def _start(request: Request, name: str, said: dict[str, str]) -> str:
    question = _question(name, said)
    question.values()
    needed = [field for field in fields_of(name, said) if field.kind == "table" and field.required]
    for field in needed:
        if field.name not in question.tables:
            raise OptionError(f"{field.name}: choose a table.")
    for text in question.tables.values():
        request.app.state.workspace.table(Reference.parse(text))
    started: str = request.app.state.jobs.start(question)
    return started


def _form(request: Request, name: str, said: dict[str, str], problem: str = "") -> dict[str, Any]:
    method, workspace = get(name), request.app.state.workspace
    columns = _columns(workspace, said.get("data", ""))
    blamed = re.match(r"(\w+)(?=[:=])", problem)
    problems = {blamed[1]: problem} if blamed else {}
    fields = fields_of(name, said, columns, problems)
    here = {field.name for field in fields}
    return {
        "name": name,
        "summary": method.summary,
        "job": TITLES.get(method.job, ""),
        "prose": list(prose_of(method)),
        "needs": list(method.needs),
        "sources": [str(one) for one in method.sources],
        "checked": method.checked,
        "experimental": method.experimental,
        "example": method.example,
        "fields": [field.as_dict() for field in fields],
        "tables": workspace.references(),
        "problem": problem if not problems or not here & set(problems) else "",
        "spoken": _spoken(name, said),
        "where": said.get(WHERE, ""),
        "_main": [field for field in fields if not field.rare],
        "_rare": [field for field in fields if field.rare],
        "_said": any(field.value and field.value != field.default for field in fields if field.rare),
    }


def _spoken(name: str, said: dict[str, str]) -> dict[str, str]:
    try:
        question = _question(name, said)
        if not question.tables and _wants(name):
            return {"command": "", "python": "", "problem": "Choose a table first."}
        return {"command": as_command(question), "python": as_python(question), "problem": ""}
    except IsoperfError as problem:
        return {"command": "", "python": "", "problem": str(problem)}


def _wants(name: str) -> bool:
    tables: list[Field] = [field for field in fields_of(name, {}) if field.kind == "table"]
    return any(field.required for field in tables)


def _columns(workspace: Any, text: str) -> tuple[str, ...]:
    try:
        return tuple(workspace.table(Reference.parse(text)).columns) if text else ()
    except IsoperfError:
        return ()
