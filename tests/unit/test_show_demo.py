"""The demonstration's report: its sections in order, its numbers those of its parts, nothing twice."""

from __future__ import annotations

import functools

import pytest

from isoperf import demo
from isoperf.report import Facts, Figure, Heading, Points, Prose, Report, Table
from isoperf.report.cells import number
from isoperf.report.plotly import plotly_figure


@functools.cache
def shown() -> tuple[demo.Demo, Report]:
    made = demo.run()
    return made, made.report()


def test_sections_stand_in_the_order_of_the_argument() -> None:
    assert [block.text for block in shown()[1].blocks if isinstance(block, Heading)] == [
        "In short",
        "The runs",
        "Predicting unseen runs",
        "How wrong",
        "Which law",
        "The next run",
        "Fit details",
    ]


def test_the_first_words_are_the_answers() -> None:
    made, report = shown()
    first = [block.text for block in report.blocks[1:4] if isinstance(block, Prose)]
    split, budget = made.split, made.planned.budgets[0]
    assert f"mean error of {split.chosen.error:.1%}" in first[0]
    assert f"{made.validation.level:.0%} interval" in first[1]
    assert number(budget.n_params.value, "params") in first[2] and number(budget.flops, "FLOPs") in first[2]


def test_the_first_figure_holds_the_runs_held_out() -> None:
    made, report = shown()
    figure = next(block for block in report.blocks if isinstance(block, Figure))
    (held,) = (layer for layer in figure.layers if isinstance(layer, Points) and layer.role == "heldout")
    (fitted,) = (layer for layer in figure.layers if isinstance(layer, Points) and layer.role == "data")
    assert (len(held.x), len(fitted.x)) == (made.split.n_test, made.split.n_train)
    assert made.split.truth is not None
    assert sorted(held.y) == pytest.approx(sorted(made.split.truth))


def test_nothing_stands_twice_and_no_legend_is_overloaded() -> None:
    blocks = shown()[1].blocks
    titles = [block.title for block in blocks if isinstance(block, Figure | Table)]
    assert len(set(titles)) == len(titles)
    for figure in (block for block in blocks if isinstance(block, Figure)):
        assert len(plotly_figure(figure).legend) <= 7


@pytest.mark.parametrize("width", [80, 120])
def test_the_terminal_shows_one_figure_and_stays_short(width: int) -> None:
    report = shown()[1]
    text = report.text(width=width)
    assert max(map(len, text.splitlines())) <= width
    figures = [block for block in report.blocks if isinstance(block, Figure)]
    assert [figure.sketched for figure in figures] == [True, *[False] * (len(figures) - 1)]
    assert len(text.splitlines()) < 200  # about four screens; with every figure sketched it would be six


def test_where_the_numbers_come_from() -> None:
    _, report = shown()
    assert {"data", "seed", "isoperf", "numpy", "made"} <= set(report.provenance)
    facts = next(block for block in report.blocks if isinstance(block, Facts))
    assert dict(facts.items)["n_params"] == "13.4K to 964K"
