"""A tiny guarded application, and a way to send it what no client library would."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette", reason="the studio's extra is not installed")
pytest.importorskip("python_multipart", reason="the studio's extra is not installed")

from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from isoperf.studio.guard import Guard, Patience, ReportPage, csrf_token
from isoperf.studio.intake import receive
from isoperf.studio.settings import Settings

HOST = "127.0.0.1:8765"


def application(settings: Settings, patience: Patience | None = None, inside: bool = False) -> Any:
    """Return an application of a few pages; ``inside`` puts the guard below Starlette's own failure page."""

    async def page(request: Request) -> Response:
        return JSONResponse({"csrf": csrf_token(request)})

    async def ask(request: Request) -> Response:
        async with request.form(max_files=1, max_fields=20) as form:
            return JSONResponse({"fields": {name: str(value) for name, value in form.items()}})

    async def upload(request: Request) -> Response:
        async with request.form(max_files=1, max_fields=20) as form:
            file = form.get("file")
            if not isinstance(file, UploadFile):
                raise HTTPException(400, "no file came whole")
            kept = await receive(file, settings, settings.folder / "incoming")
        return JSONResponse({"name": kept.name, "file": kept.path.name, "n_bytes": kept.n_bytes})

    async def fail(request: Request) -> Response:
        raise RuntimeError("the secret reason")

    async def half(request: Request) -> Response:
        async def parts() -> AsyncIterator[bytes]:
            yield b"begun"
            raise RuntimeError("in the middle")

        return StreamingResponse(parts())

    async def report(request: Request) -> Response:
        return ReportPage("<script>1</script>")

    async def loose(request: Request) -> Response:
        return HTMLResponse("x", headers={"Content-Security-Policy": "default-src *", "X-Frame-Options": "ALLOWALL"})

    async def download(request: Request) -> Response:
        return HTMLResponse("x", headers={"Content-Disposition": 'attachment; filename="report.html"'})

    async def styles(request: Request) -> Response:
        return PlainTextResponse("a {}", media_type="text/css")

    routes = [
        Route("/", page),
        Route("/ask", ask, methods=["POST", "PUT", "DELETE"]),
        Route("/upload", upload, methods=["POST"]),
        Route("/fail", fail),
        Route("/half", half),
        Route("/report", report),
        Route("/loose", loose),
        Route("/download", download),
        Route("/static/style.css", styles),
    ]
    if inside:
        return Starlette(routes=routes, middleware=[Middleware(Guard, settings=settings)])
    return Guard(Starlette(routes=routes), settings, patience)


@dataclass
class Answered:
    """What came back over the bare protocol."""

    status: int = 0
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    n_sent: int = 0


def send(
    app: Any,
    method: str = "GET",
    path: str = "/",
    headers: Sequence[tuple[str, str]] = (("host", HOST),),
    parts: Iterable[bytes] = (b"",),
    query: str = "",
    pause: float = 0.0,
    ends: bool = True,
) -> Answered:
    """Send one request part by part, resting before each; without an end, nothing follows the last part."""
    answered = Answered()
    waiting = iter(parts)
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8765),
    }

    async def receive_part() -> Mapping[str, Any]:
        part = next(waiting, None)
        if part is None and not ends:
            await asyncio.sleep(60)
        await asyncio.sleep(pause)
        answered.n_sent += len(part or b"")
        return {"type": "http.request", "body": part or b"", "more_body": part is not None}

    async def send_part(message: Mapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            answered.status = message["status"]
            answered.headers = [(name.decode(), value.decode()) for name, value in message["headers"]]
        elif message["type"] == "http.response.body":
            answered.body += message.get("body", b"")

    asyncio.run(app(scope, receive_part, send_part))
    return answered


def settings_in(folder: Path, **changes: Any) -> Settings:
    """Return settings with their store in a folder."""
    return Settings(folder / "store", **changes)
