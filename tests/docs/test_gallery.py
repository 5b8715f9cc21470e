"""The gallery shows every example, and what it shows is what the example does today."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from docs import draw as command
from docs._generate import gallery, pictures
from isoperf.report import Axis, Figure, Line
from tests.docs.pages import ROOT

FOLDER = ROOT / "docs" / gallery.FOLDER
NAMES = [script.stem for script in gallery.SCRIPTS]
LARGEST = 1_000_000  # bytes of everything drawn and kept


def index() -> str:
    return gallery.pages(ROOT / "docs")["gallery/index.md"]


def test_every_example_has_one_card_and_a_page() -> None:
    titles = re.findall(r"^\*\*\[.+\]\((\w+)\.md\)\*\*$", index(), re.MULTILINE)
    assert sorted(titles) == NAMES
    assert {f"gallery/{name}.md" for name in NAMES} < gallery.pages(ROOT / "docs").keys()


@pytest.mark.parametrize("name", NAMES)
def test_every_card_has_a_picture_or_what_is_printed(name: str) -> None:
    found = pictures.drawn(FOLDER, name)
    assert found.figures or found.output.strip(), f"nothing is drawn of it: run python -m docs.draw {name}"
    for figure in found.figures:
        assert ET.fromstring(figure).tag == "{http://www.w3.org/2000/svg}svg"
        assert "<script" not in figure


def test_pictures_are_small_and_none_is_left_over() -> None:
    kept = [path for path in FOLDER.iterdir() if path.suffix in (".svg", ".txt")]
    assert sum(path.stat().st_size for path in kept) < LARGEST
    assert {path.stem.partition("-")[0] for path in kept} == set(NAMES)


@pytest.mark.parametrize("name", ["fit_chinchilla_form", "learning_curve_trace", "length_decay", "policy_portfolio"])
def test_an_example_is_drawn_as_it_is_kept(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "DOCS", tmp_path)
    assert command.main([name]) == 0
    made = pictures.drawn(tmp_path / gallery.FOLDER, name)
    assert not pictures.outdated(pictures.drawn(FOLDER, name), made), f"run python -m docs.draw {name}"


def test_drawing_refuses_what_is_no_example(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["fit_everything"]) == 2
    assert "no example fit_everything" in capsys.readouterr().err


def test_cards_stand_under_the_job_of_what_they_use() -> None:
    parts = dict(zip(gallery.TITLES, re.split(r"^## .+$", index(), flags=re.MULTILINE)[1:], strict=True))
    # The four jobs of their commands and rooms, by hand.
    placed = {"fit_chinchilla_form": "predict", "plan_budget": "scale", "subnetwork_search": "optimise"}
    for name, job in {**placed, "tool_threshold": "tradeoff"}.items():
        assert f"({name}.md)**" in parts[job]
    assert "[`plan`](../jobs/plan.md) · law [`chinchilla`](../laws/chinchilla.md)" in parts["scale"]


def test_what_an_example_shows_is_cut_and_escaped() -> None:
    figure = Figure("a", Axis("x"), Axis("y"), (Line("l", [1, 2], [1, 2]),))
    many = {f"name_{n}": Figure(f"a {n}", figure.x, figure.y, figure.layers) for n in range(9)}
    made = pictures.shown({"one": figure, "same": figure, **many}, "<b>" + "x" * 500 + "\n" * 60 + "end\n")
    assert len(made.figures) == pictures.MOST_FIGURES
    assert max(map(len, made.output.splitlines())) == pictures.WIDEST and made.output.endswith("…\n")
    one = gallery.Example("a", "s", "", (), (), ())
    assert "&lt;b&gt;" in gallery._card(one, pictures.Picture((), made.output))


def test_words_that_change_are_told_and_numbers_are_not() -> None:
    old = pictures.Picture((), "loss 1.23 [1.1, 1.3], slope -0.5\n")
    assert not pictures.outdated(old, pictures.Picture((), "loss 1.24 [1.0, 1.4], slope 0.1\n"))
    assert "now:\nerror" in pictures.outdated(old, pictures.Picture((), "error 1.23 [1.1, 1.3], slope -0.5\n"))
    assert "1 pictures" in pictures.outdated(pictures.Picture(("x",), ""), pictures.Picture((), ""))
