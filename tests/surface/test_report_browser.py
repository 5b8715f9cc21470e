"""The HTML report in a real browser: figures are drawn, nothing complains, nothing overflows."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
from html import unescape
from pathlib import Path

import pytest

from isoperf.report import Figure
from tests.unit.report_example import example

pytestmark = pytest.mark.browser

# The style sheet's --paper and --ink.
PAPER = {"light": "rgb(253, 252, 250)", "dark": "rgb(20, 23, 27)"}
INK = {"light": "rgb(31, 35, 40)", "dark": "rgb(227, 230, 234)"}
NAMES = ("chromium", "chromium-browser", "google-chrome")
# Runs beside the report in a frame of a chosen width, since a browser's own window has a least width.
PROBE = """
const frame = document.querySelector("iframe");
addEventListener("load", () => setTimeout(() => {
  const page = frame.contentDocument, width = frame.contentWindow.innerWidth;
  const all = (where) => [...page.querySelectorAll(where)];
  const seen = {
    width,
    scroll: page.documentElement.scrollWidth,
    paper: frame.contentWindow.getComputedStyle(page.body).backgroundColor,
    failed: all(".plot.failed").length,
    plots: all(".plot").map((plot) => ({
      svg: plot.querySelector("svg.main-svg").getBoundingClientRect().width / plot.clientWidth,
      points: plot.querySelectorAll(".points path.point").length,
      lines: plot.querySelectorAll(".lines path.js-line").length,
      bands: plot.querySelectorAll(".fills path.js-fill").length,
      bars: plot.querySelectorAll(".barlayer .point").length,
      levels: plot.querySelectorAll("g.contour").length,
      rules: plot.querySelectorAll(".shapelayer path").length,
      ticks: [...plot.querySelectorAll(".xtick text")].map((tick) => tick.textContent),
      ink: frame.contentWindow.getComputedStyle(plot.querySelector(".xtitle")).fill,
      buttons: [...plot.querySelectorAll(".modebar-btn")].map((button) => button.dataset.title),
    })),
  };
  page.querySelector(".theme").click();
  const first = page.querySelector(".plot");
  const held = [...first.parentElement.querySelectorAll(".legend button")]
    .find((button) => button.textContent === "held-out runs");
  held.click();
  setTimeout(() => {
    seen.after = {
      theme: page.documentElement.dataset.theme,
      ink: frame.contentWindow.getComputedStyle(first.querySelector(".xtitle")).fill,
      points: first.querySelectorAll(".points path.point").length,
      pressed: held.getAttribute("aria-pressed"),
    };
    document.body.dataset.seen = JSON.stringify(seen);
  }, 500);
}, 500));
"""


@pytest.fixture(scope="module")
def browser() -> str:
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if not found:
        pytest.skip(f"no browser on PATH; looked for {', '.join(NAMES)}")
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    example().save(folder / "report.html")
    return folder


def look(browser: str, folder: Path, width: int, dark: bool, page: str | None = None) -> tuple[str, str]:
    """Open a page and return its final elements and what the browser complained about."""
    if page is None:
        page = f"frame-{width}.html"
        frame = f'<iframe src="report.html" style="border:0;width:{width}px;height:900px"></iframe>'
        (folder / page).write_text(f"<!doctype html><body>{frame}<script>{PROBE}</script></body>")
    # A profile remembers the theme that was chosen in it, so each look has its own.
    profile = tempfile.mkdtemp(dir=folder)
    command = [
        browser,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-dev-shm-usage",
        "--allow-file-access-from-files",
        "--enable-logging=stderr",
        f"--user-data-dir={profile}",
        f"--blink-settings=preferredColorScheme={0 if dark else 1}",
        f"--window-size={max(width, 500)},900",
        "--virtual-time-budget=15000",
        "--dump-dom",
        (folder / page).as_uri(),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    said = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return done.stdout, "\n".join(said)


@pytest.mark.parametrize("width", [400, 1400])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_figure_is_drawn_and_the_page_fits(browser, folder, width, dark) -> None:
    elements, said = look(browser, folder, width, dark)
    assert said == ""
    found = re.search(r'data-seen="([^"]*)"', elements)
    assert found, "the page did not finish loading"
    seen = json.loads(unescape(found.group(1)))
    assert seen["width"] == width
    assert seen["scroll"] <= width
    assert seen["failed"] == 0
    assert seen["paper"] == PAPER["dark" if dark else "light"]
    forecast, residuals, bars, profiles, contours = seen["plots"]
    # Counted from the example: 48 runs of which 16 held out, one plan; two curves and the band's two edges.
    assert (forecast["points"], forecast["lines"], forecast["bands"], forecast["rules"]) == (49, 4, 1, 1)
    assert (residuals["points"], residuals["rules"]) == (48, 1)
    assert bars["bars"] == 3
    assert profiles["points"] == 48
    # Nine levels; the map that answers the pointer is not a contour.
    assert (contours["levels"], contours["points"], contours["lines"]) == (9, 1, 1)
    for plot in seen["plots"]:
        assert plot["svg"] == pytest.approx(1, abs=0.01)
        assert plot["ink"] == INK["dark" if dark else "light"]
        assert not any("share" in title.lower() or "cloud" in title.lower() for title in plot["buttons"])
    # The other theme after its button, and 16 of the 49 points gone after the legend's.
    other, ink = ("light", INK["light"]) if dark else ("dark", INK["dark"])
    assert seen["after"] == {"theme": other, "ink": ink, "points": 33, "pressed": "false"}
    assert {"1e20", "1e22"} <= set(forecast["ticks"])
    assert {"1B", "10B"} <= set(contours["ticks"])


def test_the_page_itself_runs_without_a_complaint(browser, folder) -> None:
    elements, said = look(browser, folder, 1400, False, "report.html")
    assert said == ""
    figures = sum(isinstance(block, Figure) for block in example().blocks)
    assert len(re.findall(r'class="plot js-plotly-plot"', elements)) == figures
    assert re.search(r'<button class="theme"[^>]*>Dark</button>', elements)


def test_the_browser_would_have_complained(browser, folder) -> None:
    """A page with a script its policy does not allow is reported, so silence above means something."""
    text = (folder / "report.html").read_text(encoding="utf-8")
    (folder / "broken.html").write_text(text.replace("</body>", "<script>var a = 1;</script></body>"))
    _, said = look(browser, folder, 1400, False, "broken.html")
    assert "Content Security Policy" in said
