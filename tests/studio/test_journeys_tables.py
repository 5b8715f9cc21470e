"""Journeys with a table: dropped, understood, corrected, drawn, refused."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.studio.journey import RUNS, drop, twin
from tests.studio.server import Studio
from tests.studio.watching import Opener

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

SERVED = "size,ttft_ms,delay,who\n" + "".join(f"{n}e8,{n * 20},{n * 30},{'a' if n < 5 else 'b'}\n" for n in range(1, 9))


def row(page: Page, name: str) -> list[str]:
    """Return what the table of columns says of one, without the cell that names it."""
    columns = page.get_by_role("region", name="Columns", exact=True)
    return (
        columns.locator("tr", has=page.get_by_role("rowheader", name=name, exact=True)).locator("td").all_inner_texts()
    )


def test_a_dropped_file_shows_its_roles_and_units(opened: Opener, tmp_path: Path) -> None:
    page = opened("/")
    # As a mouse does it: the file is let go over the page's drop area.
    given = page.evaluate_handle(
        "text => { const t = new DataTransfer(); t.items.add(new File([text], 'runs.csv')); return t; }", RUNS
    )
    page.dispatch_event("[data-drop]", "dragover", {"dataTransfer": given})
    assert "over" in (page.get_attribute("[data-drop]", "class") or "")
    page.dispatch_event("[data-drop]", "drop", {"dataTransfer": given})
    page.wait_for_url(re.compile("/tables/store/runs"))
    assert "48 rows, 4 columns, read from runs.csv" in page.locator(".lead").inner_text()
    # 48 runs from 50M to 5B parameters, as `journey` makes them.
    meaning, unit, least, _, most, missing = row(page, "n_params")
    assert "parameters" in meaning and (unit, least, most, missing) == ("params", "50M", "5B", "–")
    assert row(page, "loss")[1] == "nats/token"
    assert row(page, "family")[1] == "words"
    page.locator("#drawn .main-svg").first.wait_for()
    assert page.locator("#drawn .points path.point").count() == 48
    page.select_option("#draw-by", "family")
    page.locator("#drawn .legend button").nth(1).wait_for()
    assert sorted(page.locator("#drawn .legend button").all_inner_texts()) == ["large", "small"]
    assert page.locator("#asked li:visible a[href*='/ask/forecast']").count() == 1


def test_roles_units_and_rows_are_corrected(opened: Opener, tmp_path: Path) -> None:
    page = opened("/")
    name = drop(page, tmp_path, "served.csv", SERVED)
    # 20 to 160 ms, read by the column's name.
    assert row(page, "ttft")[1:5] == ["s", "0.02", "0.09", "0.16"]
    assert row(page, "size")[0].startswith("a column of your own; perhaps n_params")
    assert page.get_by_label("role of size").input_value() == "n_params"
    page.get_by_label("role of delay").fill("tpot")
    page.get_by_label("unit of delay").fill("ms")
    page.get_by_label("Keep rows that meet").fill("n_params > 200M\nwho == 'a'")
    page.get_by_role("button", name="Read again").click()
    page.get_by_text("2 rows, 4 columns").wait_for()  # sizes 3e8 and 4e8 alone
    assert row(page, "n_params")[1:5] == ["params", "300M", "350M", "400M"]
    assert row(page, "tpot")[1:5] == ["s", "0.09", "0.105", "0.12"]
    assert "delay" in row(page, "tpot")[0]  # said to be converted, and how
    # What was said stays in the form, and the file can be read in another way again.
    page.locator("#correct summary").click()
    assert page.get_by_label("role of delay").input_value() == "tpot"
    page.get_by_label("Keep rows that meet").fill("")
    page.get_by_role("button", name="Read again").click()
    page.get_by_text("8 rows, 4 columns").wait_for()
    known = {one["name"]: one for one in twin(page)["columns"]}
    assert (known["tpot"]["min"], known["tpot"]["unit"]) == (pytest.approx(0.03), "s")
    assert page.url.endswith(name)


def test_a_correction_that_cannot_be_is_refused_and_kept_in_the_form(opened: Opener, tmp_path: Path) -> None:
    opened.allowed.append("status of 422")
    page = opened("/")
    drop(page, tmp_path, "served.csv", SERVED)
    page.get_by_label("unit of ttft_ms").fill("parsec")
    page.get_by_label("Keep rows that meet").fill("size > 1")
    page.get_by_role("button", name="Read again").click()
    problem = page.get_by_role("alert")
    problem.wait_for()
    assert "column 'size' is missing" in problem.inner_text()
    assert page.get_by_label("unit of ttft_ms").input_value() == "parsec"
    assert page.get_by_label("Keep rows that meet").input_value() == "size > 1"
    assert row(page, "ttft")[1:3] == ["s", "0.02"]


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("broken.parquet", b"PAR1" + b"\0" * 40, "damaged Parquet"),
        ("empty.csv", b"", "empty"),
        ("model.pkl", b"\x80\x04.", "may run code"),
        ("picture.png", b"\x89PNG", ".png"),
        ("one.csv", b"a,b\n", "no rows"),
    ],
    ids=["damaged", "empty", "pickle", "unknown", "no-rows"],
)
def test_a_file_that_cannot_be_read_is_refused_in_words(
    opened: Opener, studio: Studio, tmp_path: Path, file: str, content: bytes, said: str
) -> None:
    opened.allowed.append("status of 422")
    page = opened("/")
    (tmp_path / file).write_bytes(content)
    page.set_input_files("#file", tmp_path / file)
    problem = page.get_by_role("alert")
    problem.wait_for()
    assert said in problem.inner_text()
    assert str(studio.folder) not in problem.inner_text()
    assert not list((studio.folder / ".isoperf/studio/incoming").iterdir())


def test_two_files_of_one_name_are_two_tables_and_one_is_removed(opened: Opener, tmp_path: Path) -> None:
    page = opened("/")
    first = drop(page, tmp_path, "twice.csv", "loss,flops\n1,1e18\n")
    second = drop(page, tmp_path, "twice.csv", "loss,flops\n2,1e19\n")
    assert (first, second) == ("twice", "twice_2")
    page.on("dialog", lambda one: one.accept())
    page.get_by_role("button", name="Remove this table").click()
    page.wait_for_url("**/")
    names = page.locator("main a[href^='/tables/store/']").all_inner_texts()
    assert first in names and second not in names
