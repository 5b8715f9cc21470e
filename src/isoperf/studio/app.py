"""The application: routes, what is shared between them, and how every failure looks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files
from pathlib import Path

from anyio.to_thread import current_default_thread_limiter
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from isoperf.errors import IsoperfError
from isoperf.report.html import plotly_path
from isoperf.studio.answers import Answers
from isoperf.studio.guard import Guard
from isoperf.studio.jobs import Jobs
from isoperf.studio.page import page
from isoperf.studio.pages import answers, ask, studies, tables
from isoperf.studio.settings import Settings
from isoperf.studio.workspace import Workspace

__all__ = ["create"]

THREADS = 8
_REPORT_FILES = ("report.css", "report.js")


def create(settings: Settings) -> Guard:
    """Return the application, guarded; its workers start with it and end with it.

    Raises
    ------
    OptionError : it would be open to a network without a token.
    """
    settings.folder.mkdir(parents=True, exist_ok=True)
    app = Starlette(
        routes=[
            *tables.ROUTES,
            *ask.ROUTES,
            *answers.ROUTES,
            *studies.ROUTES,
            Route("/static/plotly.js", _plotly),
            Route("/static/report/{file}", _report_file),
            Mount("/static", StaticFiles(packages=[("isoperf.studio", "static")])),
        ],
        exception_handlers={IsoperfError: _refused, HTTPException: _missing},
        lifespan=_working,
    )
    app.state.settings = settings
    app.state.workspace = Workspace(settings)
    app.state.answers = Answers(settings)
    app.state.jobs = Jobs(settings, app.state.answers)
    return Guard(app, settings)


@asynccontextmanager
async def _working(app: Starlette) -> AsyncIterator[None]:
    # Pages are made by one interpreter: more threads would wait for each other, and every reader with them.
    current_default_thread_limiter().total_tokens = THREADS
    try:
        yield
    finally:
        app.state.jobs.close()


def _refused(request: Request, problem: Exception) -> Response:
    """Say what the library refused, on a page of its own."""
    return page(request, "problem.html", {"title": "This cannot be done", "problem": str(problem)}, 422)


def _missing(request: Request, problem: Exception) -> Response:
    status = getattr(problem, "status_code", 500)
    title = "There is no such page" if status == 404 else str(getattr(problem, "detail", "This cannot be done"))
    return page(request, "problem.html", {"title": title, "problem": f"{request.method} {request.url.path}"}, status)


def _plotly(request: Request) -> Response:
    return FileResponse(plotly_path(), media_type="text/javascript", headers={"Cache-Control": "max-age=86400"})


def _report_file(request: Request) -> Response:
    name = str(request.path_params["file"])
    if name not in _REPORT_FILES:
        raise HTTPException(404)
    return FileResponse(Path(str(files("isoperf.report").joinpath("assets", name))))
