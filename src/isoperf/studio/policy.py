"""The headers of every response: what a page may load, who may show it, and who may keep it."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.responses import HTMLResponse

__all__ = ["PAGE_POLICY", "REPORT_POLICY", "ReportPage", "harden"]

PAGE_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "img-src 'self' data: blob:",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
REPORT_POLICY = "; ".join(
    (
        "sandbox allow-scripts allow-downloads",
        "default-src 'none'",
        "script-src 'unsafe-inline'",
        "style-src 'unsafe-inline'",
        "img-src data: blob:",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
"""Of a stored report, which carries its scripts and styles: in a sandbox it has an origin of its own.

So it can neither read the studio's cookies nor ask it anything. The report's own policy, in its
head, names its scripts by their hashes and holds besides this one.
"""
_STATIC = "/static/"
_ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    # Not no-referrer: a browser then sends `Origin: null` with the studio's own forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


class ReportPage(HTMLResponse):
    """A report that brings its own scripts and styles, shown in a sandbox."""

    def __init__(self, content: str | bytes, status_code: int = 200) -> None:
        super().__init__(content, status_code, {"Content-Security-Policy": REPORT_POLICY})


def harden(headers: MutableHeaders, path: str) -> None:
    """Set what every response has; no response may loosen the policy, but for a report in its sandbox."""
    is_report = headers.get("Content-Security-Policy") == REPORT_POLICY
    headers.update(_ALWAYS)
    if is_report:
        # A browser shows no page that is both in a sandbox and cut off from its opener.
        headers["Cross-Origin-Opener-Policy"] = "unsafe-none"
    else:
        headers["Content-Security-Policy"] = PAGE_POLICY
        headers["Cross-Origin-Opener-Policy"] = "same-origin"
    if not path.startswith(_STATIC):
        headers["Cache-Control"] = "no-store"
    elif "Cache-Control" not in headers:
        headers["Cache-Control"] = "no-cache"
