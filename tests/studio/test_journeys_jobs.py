"""Journeys that take their time: a league watched and cancelled, a study that grows while its page is open."""

from __future__ import annotations

import re
import subprocess

import pytest

from tests.studio.journey import ask, twin
from tests.studio.server import COMMAND, Studio, until, variables
from tests.studio.watching import Opener

pytestmark = pytest.mark.browser


def test_a_league_shows_its_progress_and_is_cancelled(opened: Opener, studio: Studio) -> None:
    page = opened("/")
    until(lambda: studio.workers(), "a worker is ready")
    # Laws and guests on three scales: about a minute on an idle machine.
    ask(page, "league", "stdlib_lm")
    asked = page.url.removeprefix(studio.url)
    page.get_by_text(re.compile(r"\d+ of \d+")).wait_for()
    bar = page.get_by_role("progressbar", name="Progress")
    assert int(bar.get_attribute("max") or 0) > 1
    passed = page.locator(".passed").inner_text()
    page.wait_for_function("was => document.querySelector('.passed').innerText !== was", arg=passed)
    at_work = studio.workers()
    assert studio.seconds_worked(over=1.0) > 0.2
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("alert").wait_for()
    assert "cancelled" in page.get_by_role("alert").inner_text()
    assert page.get_by_role("button", name="Cancel").count() == 0
    # Others may rest, with answers that have sliders; the one that worked is gone, and nobody works.
    until(lambda: at_work - studio.workers(), "the process that worked has ended")
    until(lambda: len(studio.workers()) <= len(at_work), "at most one spare process has taken its place")
    until(lambda: studio.seconds_worked(over=1.0) < 0.2, "nobody works")
    assert twin(page)["state"] == "cancelled"
    page.goto(f"{studio.url}/answers")
    assert page.locator("li", has=page.locator(f"a[href='{asked}']")).locator(".state").inner_text() == "cancelled"
    # The question is still there to be asked again.
    page.locator(f"main a[href='{asked}']").click()
    page.get_by_role("link", name="Ask again with changes").click()
    page.wait_for_url("**/ask/league?*")
    assert page.locator("#field-data").input_value() == "stdlib_lm"


def test_a_league_runs_to_its_end(opened: Opener) -> None:
    page = opened("/")
    page.goto(f"{opened.studio.url}/ask/league?data=stdlib_lm")
    page.locator("#field-factors").fill("3")
    page.locator("#field-laws").fill("power_law")
    page.locator("#field-guests").uncheck()
    page.get_by_role("button", name="Ask").click()
    page.locator("#report table").first.wait_for()
    said = page.locator("#report").inner_text()
    assert "chinchilla" in said and "last_value" in said
    command = page.locator("#spoken-command").inner_text()
    assert command == "isoperf league stdlib_lm --laws power_law --no-guests --factors 3"


def test_a_study_is_followed_while_it_grows(opened: Opener, studio: Studio) -> None:
    pytest.importorskip("optuna", reason="isoperf[tune] is not installed")
    tune(studio, budget=3)
    page = opened("/studies")
    page.get_by_role("link", name="sweep.journal").click()
    page.get_by_text("3 complete trials; smaller loss is better.").wait_for()
    page.locator(".plot .main-svg").first.wait_for()
    page.evaluate("window.same = true")
    tune(studio, budget=7)
    page.get_by_text("7 complete trials").wait_for()
    assert page.evaluate("window.same") is True  # followed, not loaded again
    page.wait_for_function("document.querySelectorAll('.plot .points path.point').length === 7")
    goal = twin(page)["groups"][0]["goals"][0]
    best = goal["best"][0]
    assert best["settings"] == [best["value"]]  # the command prints its parameter as its loss
    assert f"The best loss so far is {best['value']:g}" in page.locator("main").inner_text()
    assert best["value"] == min(one["value"] for one in goal["best"])
    # While nothing changes the page is left alone, so that a zoom stays.
    page.evaluate("document.querySelector('.plot').dataset.kept = 'yes'")
    with page.expect_response(lambda one: "/trials" in one.url) as asked:
        pass
    assert asked.value.status == 204
    assert page.locator(".plot").get_attribute("data-kept") == "yes"


def tune(studio: Studio, budget: int) -> None:
    """Go on with a study in the project's folder, as on the command line."""
    words = ["tune", "--command", "echo loss={x}", "--param", "x=1..99", "--minimise", "loss", "--sampler", "random"]
    words += ["--budget", str(budget), "--study", "sweep.journal"]
    subprocess.run([*COMMAND, *words], cwd=studio.folder, env=variables(), check=True, capture_output=True)
