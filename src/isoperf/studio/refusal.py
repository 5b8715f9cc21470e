"""A request that is turned away: its status, its reason, and how that looks to a browser or a program."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from http import HTTPStatus

from starlette.datastructures import Headers, QueryParams
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import Scope

__all__ = ["Refusal", "explanation"]

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>
<body><main><h1>{title}</h1><p>{reason}</p></main></body></html>
"""


class Refusal(HTTPException):
    """Raised where a request must not go on; ``detail`` says why, and what to do."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, detail, dict(headers or {}))


def explanation(scope: Scope, status: int, reason: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return a page that gives the reason, or its twin for a program."""
    title = HTTPStatus(status).phrase
    if _wants_json(scope):
        return JSONResponse({"title": title, "problem": reason}, status, headers)
    return HTMLResponse(_PAGE.format(title=escape(title), reason=escape(reason)), status, headers)


def _wants_json(scope: Scope) -> bool:
    accepted = Headers(scope=scope).get("accept", "")
    asked = QueryParams(scope.get("query_string", b"")).get("format") == "json"
    return asked or ("application/json" in accepted and "text/html" not in accepted)
