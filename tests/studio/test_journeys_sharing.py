"""Journeys out of the studio: an answer as one file, and in the project's store for the command line."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.studio.journey import answered, ask, twin
from tests.studio.server import COMMAND, Studio, variables
from tests.studio.watching import Opener

pytestmark = pytest.mark.browser


def test_an_answer_is_shared_and_kept(opened: Opener, studio: Studio, tmp_path: Path) -> None:
    page = opened("/")
    ask(page, "fit", "stdlib_lm", law="chinchilla", n_bootstrap="20")
    said = answered(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Share as one HTML file").click()
    shared = tmp_path / download.value.suggested_filename
    download.value.save_as(shared)
    assert shared.name.startswith("fit-") and shared.suffix == ".html"

    other = opened(offline=True)
    # The file brings its own policy; what it asks for would be noted as a request to elsewhere.
    opened.allowed.append(shared.as_uri())
    other.goto(shared.as_uri())
    other.locator(".plot .main-svg").first.wait_for()
    n_figures = page.locator("#report .plot").count()
    assert other.locator(".plot .main-svg").count() >= n_figures
    assert other.locator(".plot.failed").count() == 0
    assert other.locator("main p").first.inner_text() == page.locator("#report p").first.inner_text()

    page.get_by_label("Keep in the project's store as").fill("first-fit")
    page.get_by_role("button", name="Keep", exact=True).click()
    page.wait_for_url("**/kept/first-fit")
    assert twin(page)["entry"]["kind"] == "report"
    assert page.locator("#kept-command").inner_text() == "isoperf export first-fit first-fit.html"
    words = [*COMMAND, "ls"]
    listed = subprocess.run(
        words, cwd=studio.folder, env=variables(), check=True, capture_output=True, text=True
    ).stdout
    assert "first-fit" in listed
    page.goto(f"{studio.url}/")
    assert page.get_by_role("link", name="first-fit").count() == 1
    assert said


def test_a_name_that_is_taken_or_impossible_is_refused(opened: Opener, studio: Studio) -> None:
    opened.allowed.append("status of 422")
    page = opened("/")
    ask(page, "fit", "stdlib_lm", law="power_law", x="n_params", n_bootstrap="20")
    answered(page)
    place = page.url
    page.get_by_label("Keep in the project's store as").fill("kept-twice")
    page.get_by_role("button", name="Keep", exact=True).click()
    page.wait_for_url("**/kept/kept-twice")
    page.goto(place)
    page.get_by_label("Keep in the project's store as").fill("kept-twice")
    page.get_by_role("button", name="Keep", exact=True).click()
    page.get_by_role("alert").wait_for()
    assert "kept-twice" in page.get_by_role("alert").inner_text()


def test_an_answer_is_removed(opened: Opener, studio: Studio) -> None:
    page = opened("/")
    ask(page, "bill", "planted_usage")
    page.locator("#report, [role=alert]").first.wait_for()
    id = page.url.rpartition("/")[2]
    page.get_by_role("button", name="Remove").click()
    page.wait_for_url("**/answers")
    assert page.locator(f"a[href='/answers/{id}']").count() == 0
    assert not (studio.folder / ".isoperf/studio/answers" / id).exists()
