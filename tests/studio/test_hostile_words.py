"""Words that would like to be code, wherever a user's words are shown; the page's policy is switched off."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.studio.journey import answered, ask, drop
from tests.studio.shown import JOURNAL
from tests.studio.watching import Opener

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

SCRIPT = "<script>hit()</script>"
IMAGE = '"><img src=x onerror=hit()>'
QUOTE = "' onfocus=hit() autofocus x='"
LINK = '<a href="javascript:hit()">hit</a>'
TEMPLATE = "{{ 7 * 7 }}${hit()}"
ALL = (SCRIPT, IMAGE, QUOTE, LINK, TEMPLATE, "</script><script>hit()</script>", "<svg onload=hit()>")


def unhurt(page: Page) -> None:
    """See that no word has become an element, an attribute or a script."""
    page.wait_for_load_state("networkidle")
    made = page.evaluate(
        """() => [...document.querySelectorAll(
            "[onerror], [onload], [onfocus], [onclick], [onmouseover], main img, main iframe, main svg[onload], " +
            "a[href^='javascript'], a[*|href^='javascript'], script:not([src]):not([type='application/json'])"
        )].map((one) => one.outerHTML.slice(0, 200))"""
    )
    assert made == [], page.url
    assert page.evaluate("window.hits || 0") == 0, page.url


def hostile(opened: Opener) -> Page:
    """Open a page in which nothing but escaping keeps words from running."""
    page = opened(bypass_csp=True)
    page.add_init_script("window.hit = () => { window.hits = (window.hits || 0) + 1; };")
    page.on("dialog", lambda one: opened.noted.append(f"dialogue: {one.message}"))
    page.goto(opened.studio.url)
    return page


def csv(*rows: list[str]) -> str:
    """Write cells with quotes where they need them."""
    return "".join(",".join('"' + cell.replace('"', '""') + '"' for cell in row) + "\n" for row in rows)


def test_names_of_files_and_columns_cells_and_groups(opened: Opener, tmp_path: Path) -> None:
    opened.allowed.append("status of 422")
    page = hostile(opened)
    columns = ["loss", "flops", "kind", *ALL]
    rows = [
        [f"{3 - k / 10}", f"1e{18 + k}", ALL[k % len(ALL)], *("1" if k else word for word in ALL)] for k in range(9)
    ]
    name = drop(page, tmp_path, f"{IMAGE.replace('/', '')}.csv", csv(columns, *rows))
    unhurt(page)
    assert SCRIPT in page.get_by_role("region", name="Columns", exact=True).inner_text()
    assert IMAGE in page.get_by_role("region", name="First rows").inner_text()
    # Groups in the legend, in the figure and beside the pointer.
    page.select_option("#draw-by", "kind")
    page.locator("#drawn .legend button").nth(3).wait_for()
    assert any(SCRIPT in one for one in page.locator("#drawn .legend button").all_inner_texts())
    page.locator("#drawn .plot").scroll_into_view_if_needed()
    for place in range(9):
        box = page.locator("#drawn .points path.point").nth(place).bounding_box()
        assert box
        page.mouse.move(box["x"] + 2, box["y"] + 2)
    page.locator("#drawn .hoverlayer .hovertext").first.wait_for()
    unhurt(page)
    page.locator("#drawn .legend button").first.click()
    # Conditions, units and roles, said again in the form and in the problem.
    page.locator("#correct summary").click()
    page.get_by_label("Keep rows that meet").fill(f"{SCRIPT}\n{IMAGE}")
    page.get_by_label("role of kind").fill(IMAGE)
    page.get_by_role("button", name="Read again").click()
    page.get_by_role("alert").wait_for()
    unhurt(page)
    assert page.get_by_label("role of kind").input_value() == IMAGE
    # In an answer: the table's words in its figures, tables, title, command and Python.
    ask(page, "compare", f"store:{name}", by="kind", x="flops", law="power_law", n_bootstrap="20", where="loss > 0")
    page.locator("#report, [role=alert]").first.wait_for()
    unhurt(page)
    page.goto(f"{opened.studio.url}/answers")
    unhurt(page)


def test_the_words_of_an_answer(opened: Opener, tmp_path: Path) -> None:
    page = hostile(opened)
    rows = [[name, f"i{k}", "10", str(n)] for n, name in enumerate(ALL[:5], 2) for k in range(6)]
    name = drop(page, tmp_path, "tried.csv", csv(["model", "item", "n_samples", "n_correct"], *rows))
    ask(page, "pass_at_k", f"store:{name}", k="1,2,5", n_bootstrap="20")
    said = answered(page)
    assert SCRIPT in said and "hit()" in said
    unhurt(page)
    page.locator("#report .plot").first.scroll_into_view_if_needed()
    for place in range(3):
        box = page.locator("#report .plot .points path.point").nth(place).bounding_box()
        assert box
        page.mouse.move(box["x"] + 2, box["y"] + 2)
    page.locator("#report .hoverlayer .hovertext").first.wait_for()
    unhurt(page)
    shared = page.request.get(page.url + "/share").text()
    file = tmp_path / "shared.html"
    file.write_text(shared)
    opened.allowed.append(file.as_uri())
    page.goto(file.as_uri())
    page.locator(".main-svg").first.wait_for()
    assert page.evaluate("window.hits || 0") == 0
    assert page.locator("main img, [onerror], [onload], main a[href^=javascript]").count() == 0


@pytest.mark.parametrize(
    "word", [pytest.param(word, id=str(k), marks=pytest.mark.slow if k > 1 else ()) for k, word in enumerate(ALL)]
)
def test_options_addresses_and_errors(opened: Opener, word: str) -> None:
    opened.allowed.extend(["status of 404", "status of 422"])
    page = hostile(opened)
    for path, given in (
        ("/ask/forecast", {"data": word, "law": word, "where": word, "n_params": word, "y": word, word: word}),
        ("/ask/" + "x", {word: word}),
        ("/tables/data/stdlib_lm/plot", {"x": word, "y": word, "by": word}),
        ("/nowhere", {"a": word}),
    ):
        page.goto(f"{opened.studio.url}{path}?{_query(given)}")
        unhurt(page)
    page.goto(f"{opened.studio.url}/ask/forecast?data=stdlib_lm")
    page.locator("#field-law").fill(word)
    page.locator("#field-y").fill(word)
    page.wait_for_timeout(600)  # the command and the Python are written while one types
    unhurt(page)
    page.get_by_role("button", name="Ask").click()
    page.locator("[role=alert]").first.wait_for()
    unhurt(page)


def test_names_of_studies(opened: Opener, tmp_path: Path) -> None:
    page = hostile(opened)
    lines = [json.loads(line) for line in JOURNAL.read_text().splitlines()]
    for line in lines:
        if line["op_code"] == 0:
            line["study_name"] = IMAGE
        if line["op_code"] == 6 and line["state"] == 1:
            line["values"] = [float(line["trial_id"])]
        if line["op_code"] == 5:
            line["param_name"] += SCRIPT
    file = tmp_path / "study.journal"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    # A name that no system forbids.
    shutil.copy(file, opened.studio.folder / '"><img src=x onerror=hit()>.journal')
    page.goto(f"{opened.studio.url}/studies")
    unhurt(page)
    page.locator("main .lines a", has_text="onerror").click()
    page.locator("main h2").first.wait_for()
    assert IMAGE in page.locator("main h2").first.inner_text()
    page.locator(".main-svg").first.wait_for()
    unhurt(page)


def _query(given: dict[str, str]) -> str:
    from urllib.parse import urlencode

    return urlencode(given)
