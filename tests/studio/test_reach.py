"""Every page for everybody: by keyboard alone, on a phone, in the dark, for those who cannot see it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.studio.journey import answered
from tests.studio.server import Studio
from tests.studio.shown import Shown
from tests.studio.watching import Opener

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
# The style sheet's --paper.
PAPER = {False: "rgb(253, 252, 250)", True: "rgb(20, 23, 27)"}
TABS = 150


@pytest.fixture(scope="module")
def shown(browser: Browser, studio: Studio, tmp_path_factory: pytest.TempPathFactory) -> Shown:
    page = browser.new_page()
    page.set_default_timeout(60_000)
    page.goto(studio.url)
    made = Shown.in_studio(studio, page, tmp_path_factory.mktemp("shown"))
    page.close()
    return made


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until something has the focus, which then can be seen to have it."""
    for _ in range(TABS):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            line = "getComputedStyle(document.activeElement).outlineStyle"
            assert page.evaluate(line) != "none", f"{selector} does not show its focus"
            return
    raise AssertionError(f"{selector} was not reached in {TABS} steps")


def test_from_the_first_page_to_an_answer_by_keyboard(opened: Opener) -> None:
    page = opened("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    tab_to(page, "a[href='/tables/data/stdlib_lm']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/tables/data/stdlib_lm")
    tab_to(page, "[data-filter]")
    page.keyboard.type("fit law measured parameters")
    tab_to(page, "a[href^='/ask/fit?']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/ask/fit?*")
    assert page.locator("#field-data").input_value() == "stdlib_lm"
    tab_to(page, "#field-law")
    page.keyboard.type("chinchilla")
    tab_to(page, "details > summary")
    page.keyboard.press("Enter")
    tab_to(page, "#field-n_bootstrap")
    page.keyboard.type("20")
    page.keyboard.press("Enter")
    page.wait_for_url("**/answers/*")
    assert "chinchilla" in answered(page)
    # Within the answer: axes, legend, tables that scroll, the command to copy.
    for selector in (".axes button", ".legend button", "#report .scroll", "[data-copy]"):
        if page.locator(selector).count():
            page.evaluate("document.activeElement.blur()")
            tab_to(page, selector)


@pytest.mark.parametrize("dark", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["light", "dark"])
def test_every_page_fits_a_phone(opened: Opener, shown: Shown, dark: bool) -> None:
    opened.allowed.extend(["status of 404", "status of 422"])
    page = opened("/", phone=True, dark=dark)
    for name, path in shown.pages.items():
        page.goto(opened.studio.url + path)
        page.wait_for_load_state("networkidle")
        width, visible = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert width <= visible == 390, name
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == PAPER[dark], name


def test_the_theme_is_turned_and_kept(opened: Opener, shown: Shown) -> None:
    page = opened(shown.pages["answer"])
    page.locator(".main-svg").first.wait_for()
    ink = "getComputedStyle(document.querySelector('.plot .xtitle')).fill"
    light = page.evaluate(ink)
    page.get_by_role("button", name="Dark").click()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == PAPER[True]
    page.wait_for_function(f"light => {ink} !== light", arg=light)
    page.goto(opened.studio.url + "/questions")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == PAPER[True]
    assert page.get_by_role("button", name="Light").is_visible()


@pytest.mark.parametrize(
    ("phone", "dark"),
    [
        pytest.param(False, False, id="wide-light"),
        pytest.param(True, True, id="phone-dark"),
        pytest.param(False, True, id="wide-dark", marks=pytest.mark.slow),
        pytest.param(True, False, id="phone-light", marks=pytest.mark.slow),
    ],
)
def test_no_page_shuts_anybody_out(opened: Opener, shown: Shown, phone: bool, dark: bool) -> None:
    opened.allowed.extend(["status of 404", "status of 422"])
    page = opened("/", phone=phone, dark=dark)
    found = {}
    for name, path in shown.pages.items():
        page.goto(opened.studio.url + path)
        page.wait_for_load_state("networkidle")
        found[name] = audit(page)
    assert {name: one for name, one in found.items() if one} == {}


def audit(page: Page) -> list[str]:
    """Return what axe-core finds serious or worse."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    result: dict[str, Any] = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [
        f"{one['impact']}: {one['id']}: {node['target']} {node.get('failureSummary', '')[:200]}"
        for one in result["violations"]
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"][:3]
    ]


def test_the_audit_would_have_found_something(opened: Opener) -> None:
    page = opened("/questions")
    page.evaluate(
        "document.querySelector('main').insertAdjacentHTML('beforeend', '<input><img src=\"/static/icon.svg\">')"
    )
    assert {one.split(": ")[1] for one in audit(page)} >= {"label", "image-alt"}
