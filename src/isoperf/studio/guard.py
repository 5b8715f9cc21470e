"""The guard: every request passes it on the way in, and every response on the way out."""

from __future__ import annotations

import secrets
import sys
import traceback
from urllib.parse import parse_qsl

from starlette.datastructures import Headers, MutableHeaders, QueryParams
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from isoperf.studio.body import Body, Patience
from isoperf.studio.door import TOKEN_COOKIE, Door, check_exposure
from isoperf.studio.marks import FIELD, HEADER, SESSION_COOKIE, Marks, csrf_token
from isoperf.studio.policy import PAGE_POLICY, REPORT_POLICY, ReportPage, harden
from isoperf.studio.refusal import Refusal, explanation
from isoperf.studio.settings import Settings

__all__ = [
    "PAGE_POLICY",
    "REPORT_POLICY",
    "SESSION_COOKIE",
    "TOKEN_COOKIE",
    "Guard",
    "Patience",
    "Refusal",
    "ReportPage",
    "csrf_token",
]

_HARMLESS = ("GET", "HEAD", "OPTIONS")
_MAX_FIELDS = 1000


class Guard:
    """An ASGI application around another, which sees only requests that may be answered.

    Parameters
    ----------
    app : the application; settings : what the studio was started with; patience : with slow bodies.

    Raises
    ------
    OptionError : the studio would be open to a network without a token.
    """

    def __init__(self, app: ASGIApp, settings: Settings, patience: Patience | None = None) -> None:
        check_exposure(settings)
        self.app = app
        self._settings = settings
        self._door = Door(settings)
        self._patience = patience or Patience()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or turn it away."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            await self._guarded(scope, receive, _Answer(scope, send))
        else:
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": "The studio has no web sockets."})

    async def _guarded(self, scope: Scope, receive: Receive, answer: _Answer) -> None:
        try:
            body = Body(scope, receive, self._settings.max_upload, self._patience)
            early = await self._checked(scope, body)
            await (early or self.app)(scope, body, answer)
            await answer.release()
        except Refusal as refusal:
            await answer.instead(explanation(scope, refusal.status_code, refusal.detail, refusal.headers))
        except ClientDisconnect:
            return
        except Exception:
            await answer.instead(_failure(scope))

    async def _checked(self, scope: Scope, body: Body) -> Response | None:
        """Return an answer to be given at once, if any."""
        self._door.check_host(scope)
        early = self._door.check_token(scope)
        if early is not None:
            return early
        marks = Marks.of(scope, self._settings.secret)
        body.check_length()
        if scope["method"] not in _HARMLESS:
            self._door.check_origin(scope)
            marks.check(await _shown(scope, body))
        return None


async def _shown(scope: Scope, body: Body) -> str:
    """Return the mark that a request shows.

    A form with a file may show it in its address: its body is too long to be read here first.
    """
    header = Headers(scope=scope).get(HEADER, "")
    if header:
        return header
    if body.kind == "multipart/form-data":
        return QueryParams(scope["query_string"]).get(FIELD, "")
    if body.kind != "application/x-www-form-urlencoded":
        return ""
    try:
        fields = parse_qsl((await body.whole()).decode("latin-1"), keep_blank_values=True, max_num_fields=_MAX_FIELDS)
    except ValueError:
        raise Refusal(400, f"The form has more than {_MAX_FIELDS} fields; the studio has none so long.") from None
    return next((value for name, value in fields if name == FIELD), "")


def _failure(scope: Scope) -> Response:
    """Write the failure where the studio was started, and a page that names it and tells nothing else."""
    number = secrets.token_hex(4)
    print(f"studio: failure {number} at {scope['method']} {scope['path']!r}", file=sys.stderr)
    traceback.print_exc(file=sys.stderr)
    return explanation(
        scope, 500, f"The studio failed here, which is a fault of its own. Its terminal tells more: failure {number}."
    )


class _Answer:
    """Stands in for ``send``: puts the headers on, and holds a failure back until its page is known."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self._scope = scope
        self._send = send
        self._held: list[Message] = []
        self._begun = False

    async def __call__(self, message: Message) -> None:
        """Pass one part of a response on."""
        if self._held or (message["type"] == "http.response.start" and message["status"] >= 500):
            self._held.append(message)
        else:
            await self._pass(message)

    async def release(self) -> None:
        """Pass on what was held, after all."""
        for message in self._held:
            await self._pass(message)

    async def instead(self, response: Response) -> None:
        """Answer with this, unless an answer has begun: then nothing whole can follow."""
        self._held.clear()
        if not self._begun:
            await response(self._scope, _nothing, self._pass)

    async def _pass(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._begun = True
            message.setdefault("headers", [])
            headers = MutableHeaders(scope=message)
            harden(headers, self._scope["path"])
            marks = self._scope.get("isoperf.marks")
            cookie = marks.cookie(self._scope["scheme"] == "https") if isinstance(marks, Marks) else None
            if cookie is not None:
                headers.append("Set-Cookie", cookie)
        await self._send(message)


async def _nothing() -> Message:
    return {"type": "http.disconnect"}
