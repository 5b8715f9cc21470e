"""Pages of a browser that note whatever should not happen in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.studio.server import Studio

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, Response

__all__ = ["Opener"]

WIDE, PHONE = {"width": 1300, "height": 900}, {"width": 390, "height": 844}
_OWN = ("data:", "blob:", "about:")


@dataclass
class Opener:
    """Opens pages, and knows afterwards whether they kept to themselves.

    Attributes
    ----------
    noted : complaints of the browser, exceptions, requests to elsewhere, responses without a policy, dialogues.
    allowed : parts of complaints that a test provokes.
    """

    browser: Browser
    studio: Studio
    noted: list[str] = field(default_factory=list)
    allowed: list[str] = field(default_factory=list)
    contexts: list[BrowserContext] = field(default_factory=list)

    def __call__(self, path: str = "", *, phone: bool = False, dark: bool = False, **options: Any) -> Page:
        """Open a page of the studio in a window of its own."""
        context = self.browser.new_context(
            viewport=PHONE if phone else WIDE,  # type: ignore[arg-type]
            color_scheme="dark" if dark else "light",
            **options,
        )
        context.set_default_timeout(60_000)
        self.contexts.append(context)
        page = context.new_page()
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.noted.append(f"exception: {error}"))
        page.on("request", self._asked)
        page.on("response", self._answered)
        if path:
            page.goto(self.studio.url + path)
        return page

    def close(self) -> None:
        """End every window."""
        for context in self.contexts:
            context.close()

    @property
    def wrong(self) -> list[str]:
        """What happened that no test allowed."""
        return [one for one in self.noted if not any(part in one for part in self.allowed)]

    def _said(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.noted.append(f"{message.type}: {message.text} ({message.location['url']})")

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((self.studio.url + "/", *_OWN)):
            self.noted.append(f"request to elsewhere: {request.url}")

    def _answered(self, response: Response) -> None:
        own = response.url.startswith(self.studio.url)
        if own and "default-src 'none'" not in response.headers.get("content-security-policy", ""):
            self.noted.append(f"no policy: {response.url}")
