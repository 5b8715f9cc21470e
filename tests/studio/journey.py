"""Steps that many journeys take, in the words of who takes them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from playwright.sync_api import Page

__all__ = ["RUNS", "answered", "ask", "drop", "numbers", "twin"]


def _runs() -> str:
    """Return runs of Chinchilla's law with E 1.7, A 400, B 410, exponents 0.34 and 0.28, and noise of 0.2 %."""
    rng = np.random.default_rng(0)
    rows = ["n_params,n_tokens,loss,family"]
    for n in np.geomspace(5e7, 5e9, 8):
        for d in np.geomspace(1e9, 1e11, 6):
            loss = (1.7 + 400 * n**-0.34 + 410 * d**-0.28) * np.exp(rng.normal(0, 0.002))
            rows.append(f"{n:.5g},{d:.5g},{loss:.5f},{'small' if n < 1e9 else 'large'}")
    return "\n".join(rows) + "\n"


RUNS = _runs()


def drop(page: Page, folder: Path, file: str, content: str | bytes) -> str:
    """Choose a file on the first page, and return what its table is called."""
    path = folder / file
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    page.goto(f"{_origin(page)}/")
    page.set_input_files("#file", path)
    page.wait_for_url("**/tables/store/*")
    return page.url.rpartition("/")[2]


def ask(page: Page, question: str, table: str, **fields: str) -> None:
    """Fill in the form of a question and send it."""
    page.goto(f"{_origin(page)}/ask/{question}?data={table}")
    for name, text in fields.items():
        field = page.locator(f"#field-{name}")
        if not field.is_visible():
            page.get_by_text("More options").click()
        if field.evaluate("one => one.tagName") == "SELECT":
            field.select_option(text)
        else:
            field.fill(text)
    page.get_by_role("button", name="Ask").click()
    page.wait_for_url("**/answers/*")


def answered(page: Page) -> str:
    """Wait until the answer is there, and return what it says."""
    page.locator("#report, [role=alert]").first.wait_for()
    assert page.locator("[role=alert]").count() == 0, page.locator("[role=alert]").inner_text()
    if page.locator("#report .plot").count():
        page.locator("#report .plot .main-svg").first.wait_for()
    return page.locator("#report").inner_text()


def twin(page: Page) -> dict[str, Any]:
    """Return the page for programs."""
    address = page.url + ("&" if "?" in page.url else "?") + "format=json"
    return dict(json.loads(page.request.get(address).text()))


def numbers(text: str) -> list[str]:
    """Return the numbers of a text as they are written."""
    return re.findall(r"-?\d[\d.,]*(?:e-?\d+)?[KMBT]?", text)


def _origin(page: Page) -> str:
    return "/".join(page.url.split("/")[:3])
