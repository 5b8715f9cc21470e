"""Who may come in: by the name they call the studio, by the token they show, by the page they come from."""

from __future__ import annotations

import hmac
import ipaddress
import re
from hashlib import sha256
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import RedirectResponse, Response
from starlette.types import Scope

from isoperf.errors import OptionError
from isoperf.studio.refusal import Refusal
from isoperf.studio.settings import LOOPBACK, Settings

__all__ = ["TOKEN_COOKIE", "Door", "check_exposure"]

TOKEN_COOKIE = "isoperf_token"
_HOST = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::([0-9]{1,5}))?")
_PORTS = {"http": 80, "https": 443}
_LOCKED = (
    "This studio asks for its token. Open the address that was printed where it was started: it ends in ?token=... "
    "(reload this page if you just did). A program sends the header Authorization: Bearer TOKEN."
)


def check_exposure(settings: Settings) -> None:
    """Refuse to be open to a network without a token.

    Raises
    ------
    OptionError : the host is not this machine alone, and there is no token.
    """
    if not settings.token and not _is_loopback(settings.host):
        raise OptionError(
            f"host {settings.host!r} is open to others than this machine, and no token was set. "
            f"Set a token, or listen on {LOOPBACK[0]}."
        )


def _is_loopback(host: str) -> bool:
    try:
        return host in LOOPBACK or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Door:
    """Checks a request's headers alone; each method raises `Refusal`."""

    def __init__(self, settings: Settings) -> None:
        self._hosts = settings.known_hosts
        self._token = settings.token.encode()
        # Cookies go to every port of a host, so the token itself is not put into one.
        self._pass = hmac.new(settings.secret.encode(), b"token\0" + self._token, sha256).hexdigest()

    def check_host(self, scope: Scope) -> None:
        """Refuse names that are not the studio's: a page elsewhere may have had its name point here."""
        name, _ = _host(scope)
        if name not in self._hosts:
            raise Refusal(421, f"This studio is not called {name!r}. Open it as {' or '.join(sorted(self._hosts))}.")

    def check_token(self, scope: Scope) -> Response | None:
        """Refuse who shows no token; return the answer to who shows it in the address."""
        if not self._token:
            return None
        asked = HTTPConnection(scope)
        shown = asked.query_params.get("token", "")
        if scope["method"] == "GET" and shown and self._is_token(shown):
            return self._let_in(scope)
        kind, _, bearer = asked.headers.get("authorization", "").partition(" ")
        cookie = asked.cookies.get(TOKEN_COOKIE, "")
        if hmac.compare_digest(cookie.encode(), self._pass.encode()):
            return None
        if kind.lower() == "bearer" and self._is_token(bearer.strip()):
            return None
        raise Refusal(401, _LOCKED, {"WWW-Authenticate": "Bearer"})

    def check_origin(self, scope: Scope) -> None:
        """Refuse what another site's page sends."""
        headers = Headers(scope=scope)
        if headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
            raise Refusal(403, "This request was sent by a page of another site. Use the studio's own pages.")
        for name in ("origin", "referer"):
            for value in headers.getlist(name):
                if _origin(value) != (scope["scheme"], *_host(scope)):
                    raise Refusal(403, f"This request came from {value!r}, which is not the studio's own page.")

    def _is_token(self, shown: str) -> bool:
        return hmac.compare_digest(shown.encode(errors="replace"), self._token)

    def _let_in(self, scope: Scope) -> Response:
        """Send the browser to the same address without the token, with a cookie in its place."""
        kept = [pair for pair in parse_qsl(scope["query_string"].decode("latin-1"), True) if pair[0] != "token"]
        # One slash alone: an address that begins with two names another host.
        place = "/" + quote(scope["path"].lstrip("/"))
        answer = RedirectResponse(place + (f"?{urlencode(kept)}" if kept else ""), 303)
        answer.set_cookie(
            TOKEN_COOKIE, self._pass, path="/", httponly=True, samesite="strict", secure=scope["scheme"] == "https"
        )
        return answer


def _host(scope: Scope) -> tuple[str, int]:
    """Return the name and port that the request calls the studio by."""
    named = Headers(scope=scope).getlist("host")
    found = _HOST.fullmatch(named[0]) if len(named) == 1 else None
    if found is None:
        raise Refusal(400, f"One Host header is needed, such as {LOOPBACK[0]}:8765; this request has {named}.")
    address, name, port = found.groups()
    return (address or name).lower(), int(port or _PORTS.get(scope["scheme"], 0))


def _origin(url: str) -> tuple[str, str, int] | None:
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)
    except ValueError:
        return None
