"""What the tests of the studio share: a server in its own process, a browser, pages that are watched."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.studio.server import Studio
from tests.studio.watching import Opener

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-quic",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """Start a studio with an empty store."""
    pytest.importorskip("uvicorn", reason="the studio's extra is not installed")
    studio = Studio(tmp_path_factory.mktemp("project"))
    yield studio
    studio.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start Chromium; skip where it or Playwright is absent.

    One for each module: while it runs, no other test of this process can run an event loop.
    """
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if not found:
        pytest.skip(f"no browser on PATH; looked for {', '.join(NAMES)}")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def opened(browser: Browser, studio: Studio) -> Iterator[Opener]:
    """Return what opens pages; at the end nothing may have gone wrong in any of them."""
    opener = Opener(browser, studio)
    yield opener
    opener.close()
    assert opener.wrong == []
