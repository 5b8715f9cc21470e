"""What reports are made of: what is kept, what is refused, how cells and notes read."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from isoperf.errors import OptionError
from isoperf.estimate import Estimate, Status
from isoperf.report import (
    Band,
    Bars,
    Caveat,
    Column,
    Contour,
    Heading,
    Line,
    Points,
    Prose,
    Report,
    Rule,
    Table,
)
from isoperf.report.cells import cell_text, clean, notes, number, said
from isoperf.report.markup import Span, paragraphs, spans


def test_arrays_are_copied_and_cannot_change() -> None:
    x = np.array([1.0, 2.0])
    line = Line("a", x, [3, 4])
    x[0] = 9
    assert line.x == (1.0, 2.0)
    assert line.y == (3.0, 4.0)
    with pytest.raises(dataclasses.FrozenInstanceError):
        line.name = "b"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Points("runs", [1, 2], [1]), "points 'runs': x has 2, y has 1"),
        (lambda: Points("runs", [1, 2], [1, 2], labels=["a"]), "labels has 1"),
        (lambda: Band("b", [1], [1], [1, 2]), "high has 2"),
        (lambda: Bars("b", ["a"], [1, 2]), "labels has 1"),
        (lambda: Line("l", [1], [1], role="red"), "no role 'red'. Known: data, heldout"),  # type: ignore[arg-type]
        (lambda: Contour("z", [1, 2, 3], [1, 2], np.zeros((3, 2))), "it needs 2 rows"),
        (lambda: Contour("z", [1, 2], [1, 2], [[1, 2], [3]]), r"rows of \[1, 2\] values"),
        (lambda: Rule("r"), "give x or y"),
        (lambda: Rule("r", x=1, y=2), "give x or y"),
        (lambda: Caveat("c", "danger"), "'warning' or a 'note', not 'danger'"),  # type: ignore[arg-type]
        (lambda: Table("t", ("a", "b"), ((1, 2), (1,))), r"row 2 has 1 cells; it needs 2 \(a, b\)"),
        (lambda: Table("t", ("a",), (([1],),)), r"a cell holds \[1\] \(list\)"),  # type: ignore[arg-type]
    ],
)
def test_what_cannot_be_drawn_is_refused_when_it_is_made(make, said) -> None:
    with pytest.raises(OptionError, match=said):
        make()


def test_numpy_scalars_become_plain_cells() -> None:
    row: Any = (np.int64(3), np.float64(0.5), np.bool_(True))
    table = Table("t", ("a", "b", "c"), (row,))
    assert table.rows == ((3, 0.5, True),)
    assert type(table.rows[0][2]) is bool


@pytest.mark.parametrize(
    ("cell", "unit", "text"),
    [
        ("a\x1b[31mb", "", "a\ufffd[31mb"),
        (True, "", "yes"),
        (None, "", "-"),
        (999_999, "", "999999"),
        (12_345_678, "", "12.35M"),
        (float("nan"), "", "-"),
        (0.00001, "", "1e-5"),
        (Estimate(2.31, 2.2, 2.4, 0.9, "nats/token"), "nats/token", "2.31 [2.20, 2.40]"),
        (Estimate(2.31, 2.2, 2.4, 0.9, "nats/token"), "", "2.31 [2.20, 2.40] nats/token"),
        (Estimate(None, status=Status.TOO_FEW), "", "- (too_few)"),
        (Estimate(1.0, 0.9, None), "", "1"),
    ],
)
def test_a_cell_reads(cell, unit, text) -> None:
    assert cell_text(cell, Column("c", unit)) == text


def test_columns_of_numbers_are_set_to_the_right_and_words_to_the_left() -> None:
    columns = (
        "name",
        "value",
        Column("forced", align="right"),
        "mixed",
        "flag",
        "empty",
        Column("l", align="left"),
    )
    rows = (("a", None, "x", 1, True, None, 1), ("b", Estimate(1.0), "y", "z", False, None, 2))
    table = Table("t", columns, rows)
    assert [table.right(i) for i in range(7)] == [False, True, True, False, False, False, False]


def test_notes_say_the_level_and_what_each_status_means_once() -> None:
    weak = Estimate(1.0, 0.5, 2.0, 0.9, status=Status.AT_BOUND)
    table = Table("t", ("a", "b"), ((weak, weak), (Estimate(1.0, 0.9, 1.1, 0.5), 3)), "A note.")
    assert notes(table) == (
        "A note.",
        "Brackets hold the 50% and 90% interval.",
        "at_bound: the best value lies at the edge of what the law allows.",
    )


def test_notes_are_silent_when_there_is_nothing_to_say() -> None:
    assert notes(Table("t", ("a",), ((Estimate(1.0),),))) == ()


def test_clean_keeps_text_and_replaces_what_a_terminal_would_obey() -> None:
    assert clean("α → β\tx\r\ny\x07\x9b\ud800\x00") == "α → β\tx\ny\ufffd\ufffd\ufffd\ufffd"


def test_inline_marks_are_code_and_bold_and_powers_are_neither() -> None:
    assert spans("a `b**c` **d e** f") == [
        Span("a "),
        Span("b**c", "code"),
        Span(" "),
        Span("d e", "bold"),
        Span(" f"),
    ]
    assert spans("A*N**-a + B*D**-b") == [Span("A*N**-a + B*D**-b")]
    assert paragraphs(" a\nb \n \n\nc") == ["a b", "c"]


def test_joined_keeps_order_lowers_headings_and_keeps_both_sources() -> None:
    one = Report("One", (Heading("h"),), {"seed": "0", "data": "x"})
    two = Report("Two", (Heading("h"), Prose("p")), {"seed": "1", "data": "x"})
    both = one.joined(two)
    assert both.title == "One"
    assert both.blocks == (Heading("h"), Heading("Two"), Heading("h", 3), Prose("p"))
    assert both.provenance == {"seed": "0", "data": "x", "Two: seed": "1"}
    assert one.blocks == (Heading("h"),)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (434_100.0, "params", "434K"),
        (999_900.0, "params", "1M"),
        (8192, "tokens", "8192"),
        (55.86e6, "tokens", "55.9M"),
        (1.4553e14, "FLOPs", "1.46e14"),
        (1e22, "FLOPs", "1e22"),
        (100.0, "FLOPs", "100"),
        (4.0, "%", "4.00"),
        (17.342, "%", "17.3"),
        (0.0, "%", "0"),
        (0.0012, "%", "0.0012"),
        (24260.0, "%", "24260"),
        (1.0712, "nats/byte", "1.071"),
        (None, "params", "-"),
    ],
)
def test_a_number_reads_as_its_unit_is_usually_written(value, unit, text) -> None:
    assert number(value, unit) == text


@pytest.mark.parametrize(
    ("ends", "text"),
    [
        ((1.0498, 0.9437, 1.1682), "1.05 [0.94, 1.17]"),
        ((0.9265, 0.8904, 4.535), "0.93 [0.89, 4.54]"),
        ((197.3, 106.4, 387.0), "197 [106, 387]"),
        ((0.0012, -2.0, 3.0), "0.00 [-2.00, 3.00]"),
        ((2.0, 2.0, 2.0), "2 [2, 2]"),
        ((3.1e-7, 2.9e-7, 3.3e-7), "3.1e-7 [2.9e-7, 3.3e-7]"),
    ],
)
def test_an_interval_decides_how_many_digits_are_shown(ends, text) -> None:
    value, low, high = ends
    assert said(Estimate(value, low, high, 0.9)) == text


def test_a_unit_that_the_name_says_is_not_said_again() -> None:
    assert Column("n_tokens", "tokens").title == "n_tokens"
    assert Column("flops", "FLOPs").title == "flops"
    assert Column("loss", "nats/token").title == "loss (nats/token)"
