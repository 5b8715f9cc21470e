"""The demonstration's page in a real browser: all figures drawn, light and dark, wide and narrow."""

from __future__ import annotations

import json
import re
import shutil
from html import unescape
from pathlib import Path

import pytest

from isoperf import demo
from isoperf.report import Figure, Points, Report
from isoperf.report.plotly import plotly_figure
from tests.surface.test_report_browser import NAMES, PAPER, look

pytestmark = pytest.mark.browser

PROBE = """
const frame = document.querySelector("iframe");
addEventListener("load", () => setTimeout(() => {
  const page = frame.contentDocument;
  const all = (where) => [...page.querySelectorAll(where)];
  document.body.dataset.seen = JSON.stringify({
    width: frame.contentWindow.innerWidth,
    scroll: page.documentElement.scrollWidth,
    paper: frame.contentWindow.getComputedStyle(page.body).backgroundColor,
    failed: all(".plot.failed").length,
    overflowing: all("main > *, .plot svg").filter((part) =>
      part.getBoundingClientRect().right > frame.contentWindow.innerWidth + 1).length,
    plots: all(".plot").map((plot) => ({
      points: plot.querySelectorAll(".points path.point").length,
      legend: plot.parentElement.querySelectorAll(".legend button").length,
      ticks: [...plot.querySelectorAll(".xtick text, .ytick text")].map((tick) => tick.textContent),
    })),
  });
}, 500));
"""


@pytest.fixture(scope="module")
def browser() -> str:
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if not found:
        pytest.skip(f"no browser on PATH; looked for {', '.join(NAMES)}")
    return found


@pytest.fixture(scope="module")
def report() -> Report:
    return demo.run().report()


@pytest.fixture(scope="module")
def folder(report: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    report.save(folder / "demo.html")
    return folder


@pytest.mark.parametrize("width", [400, 1400])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_demo_is_drawn_and_fits(browser: str, folder: Path, report: Report, width: int, dark: bool) -> None:
    page = f"frame-{width}.html"
    frame = f'<iframe src="demo.html" style="border:0;width:{width}px;height:900px"></iframe>'
    (folder / page).write_text(f"<!doctype html><body>{frame}<script>{PROBE}</script></body>")
    elements, said = look(browser, folder, width, dark, page)
    assert said == ""
    found = re.search(r'data-seen="([^"]*)"', elements)
    assert found, "the page did not finish loading"
    seen = json.loads(unescape(found.group(1)))
    assert seen["width"] == width and seen["scroll"] <= width
    assert (seen["failed"], seen["overflowing"]) == (0, 0)
    assert seen["paper"] == PAPER["dark" if dark else "light"]
    figures = [block for block in report.blocks if isinstance(block, Figure)]
    assert len(seen["plots"]) == len(figures)
    for plot, figure in zip(seen["plots"], figures, strict=True):
        assert plot["points"] == sum(len(layer.x) for layer in figure.layers if isinstance(layer, Points))
        assert plot["legend"] == len(plotly_figure(figure).legend)
        # Compute is read in powers of ten on every one of them.
        assert any(re.fullmatch(r"[1-9]e1\d", tick) for tick in plot["ticks"])
    assert any(re.fullmatch(r"\d+K", tick) for plot in seen["plots"] for tick in plot["ticks"])
