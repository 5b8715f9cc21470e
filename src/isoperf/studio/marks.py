"""The marks in forms, which show that a request comes from a page that the studio made for this browser."""

from __future__ import annotations

import hmac
import re
import secrets
from dataclasses import dataclass
from hashlib import sha256
from http.cookies import SimpleCookie

from starlette.requests import HTTPConnection
from starlette.types import Scope

from isoperf.errors import OptionError
from isoperf.studio.refusal import Refusal

__all__ = ["FIELD", "HEADER", "SESSION_COOKIE", "Marks", "csrf_token"]

SESSION_COOKIE = "isoperf_session"
FIELD, HEADER = "csrf", "X-CSRF-Token"
_KEY = "isoperf.marks"
_SESSION = re.compile(r"[A-Za-z0-9_-]{43}")
_UNMARKED = (
    "This request has no mark of a studio page that was made for this browser, or an old one: "
    "the studio may have been restarted. Open the page again, and send it once more. A program takes the cookie "
    f"{SESSION_COOKIE} and the mark from a page, and sends the mark as the header {HEADER}."
)


@dataclass
class Marks:
    """The session of one request, and the mark that goes with it.

    Attributes
    ----------
    session : random, from the browser's cookie, or new.
    mark : signed by the server for this session.
    is_new : whether the browser has yet to be given the session; asked : whether a page took the mark.
    """

    session: str
    mark: str
    is_new: bool
    asked: bool = False

    @classmethod
    def of(cls, scope: Scope, secret: str) -> Marks:
        """Find the session of a request, or begin one; pages find it in the scope."""
        known = HTTPConnection(scope).cookies.get(SESSION_COOKIE, "")
        is_new = _SESSION.fullmatch(known) is None
        session = secrets.token_urlsafe(32) if is_new else known
        mark = hmac.new(secret.encode(), b"csrf\0" + session.encode(), sha256).hexdigest()
        made = scope[_KEY] = cls(session, mark, is_new)
        return made

    def check(self, shown: str) -> None:
        """Refuse a mark that is not this session's."""
        if self.is_new or not hmac.compare_digest(shown.encode(errors="replace"), self.mark.encode()):
            raise Refusal(403, _UNMARKED)

    def cookie(self, is_secure: bool) -> str | None:
        """Return the header that gives the session to the browser, once a page has asked for its mark."""
        if not (self.is_new and self.asked):
            return None
        made: SimpleCookie = SimpleCookie({SESSION_COOKIE: self.session})
        for name, value in {"path": "/", "httponly": True, "samesite": "Strict", "secure": is_secure}.items():
            made[SESSION_COOKIE][name] = value
        return made.output(header="").strip()


def csrf_token(request: HTTPConnection) -> str:
    """Return the mark for a page's forms: field ``csrf``, header ``X-CSRF-Token``, or, with a file, ``?csrf=``.

    Raises
    ------
    OptionError : the application is not guarded.
    """
    marks = request.scope.get(_KEY)
    if not isinstance(marks, Marks):
        raise OptionError("pages with forms are served through isoperf.studio.guard.Guard alone. Wrap the application.")
    marks.asked = True
    return marks.mark
