"""Reports on a terminal and as Markdown."""

from __future__ import annotations

import io

import pytest
from markdown_it import MarkdownIt
from rich.cells import cell_len
from rich.console import Console

from isoperf.estimate import Estimate, Status
from isoperf.report import Axis, Band, Caveat, Facts, Figure, Heading, Line, Points, Prose, Report, Table
from tests.unit.report_example import example, laws_table, plan_table


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
def test_no_line_is_wider_than_the_terminal(width) -> None:
    lines = example().text(width=width).splitlines()
    assert max(map(cell_len, lines)) <= width


def test_every_block_is_in_the_text() -> None:
    text = example().text(width=100)
    said = (
        "Forecast and plan\n",
        "At 5.76e23 FLOPs a run at 3e21 FLOPs would help most.",
        "warning: The budget is 192 times",
        "note: ",
        "Which law",
        "0.41 [0.30, 0.55]",
        "not_identified: the data do not determine this value.",
        "Brackets hold the 90% interval.",
        "Loss at the compute-optimal size",
        "contours are in the HTML report",
        "12.35M",
        "sha256:3f1c0e9a",
    )
    assert [part for part in said if part not in text] == []


def test_colour_is_sent_only_when_it_is_asked_for(monkeypatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[" not in example().text(width=80)
    assert "\x1b[" in example().text(width=80, color=True)


def test_a_table_that_is_too_wide_puts_intervals_below_and_then_lists_records() -> None:
    report = Report("r", (laws_table(),))
    assert "0.41 [0.30, 0.55]  1.817 [1.770, 1.860]" in " ".join(report.text(width=80).split(" "))
    stacked = report.text(width=55).splitlines()
    assert any(line.split() == ["[0.30,", "0.55]", "[1.770,", "1.860]"] for line in stacked)
    assert "error (%)           0.41 [0.30, 0.55]" in report.text(width=42)


def test_numbers_are_never_broken_across_lines() -> None:
    for width in range(40, 130, 5):
        text = Report("r", (plan_table(),)).text(width=width)
        assert "[56B, 107B]" in text
        assert "[1.900, 1.990]" in text


def test_markup_and_escape_codes_of_the_data_are_shown_not_obeyed() -> None:
    hostile = "[red]x[/red] \x1b[2J :smile:"
    blocks = (
        Heading(hostile),
        Prose(hostile),
        Facts(hostile, ((hostile, hostile),)),
        Table(hostile, ("a",), ((hostile,),)),
    )
    text = Report(hostile, blocks).text(width=100)
    assert "\x1b" not in text
    # The title, the heading, the prose, three in the facts, and the table's title and cell.
    assert text.count("[red]x[/red] \ufffd[2J :smile:") == 8


def test_an_ascii_terminal_gets_question_marks_and_no_error() -> None:
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding="ascii", errors="strict")
    Report("α", (Prose("β"), *example().blocks)).print(Console(file=file, width=80))
    file.flush()
    said = raw.getvalue().decode("ascii")
    assert said.startswith("?\n")
    assert "figure: Residuals (in the HTML report)" in said


def test_print_draws_on_the_console_given() -> None:
    console = Console(file=io.StringIO(), width=80)
    Report("Title", (Prose("word"),)).print(console)
    assert console.file.getvalue() == "Title\n\nword\n\n"  # type: ignore[attr-defined]


def test_a_figure_without_a_finite_value_says_where_to_look() -> None:
    figure = Figure("Empty", Axis("x", log=True), Axis("y"), (Points("p", [-1.0], [float("nan")]),))
    assert "figure: Empty (in the HTML report)" in Report("r", (figure,)).text(width=80)


def test_markdown_reads_back_as_the_same_structure() -> None:
    tokens = MarkdownIt("commonmark").enable("table").parse(example().markdown())
    kinds = [token.type for token in tokens]
    headings = [tokens[i + 1].content for i, kind in enumerate(kinds) if kind == "heading_open"]
    assert headings == ["Forecast and plan", "Forecast", "Which law", "Plan", "Assumptions"]
    assert kinds.count("table_open") == 2
    assert kinds.count("blockquote_open") == 2
    assert kinds.count("fence") == 5
    cells = [tokens[i + 1].content for i, kind in enumerate(kinds) if kind == "td_open"]
    assert cells[:4] == ["chinchilla", "0.41 [0.30, 0.55]", "1.817 [1.770, 1.860]", "0.7"]


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "a | b",
        "*x* _y_ **z",
        "[link](https://example.org)",
        "1. item",
        "- item",
        "# head",
        "> quote",
        "&lt;b&gt;",
        "back\\slash `tick",
        "~~gone~~",
        "![i](j)",
    ],
)
def test_text_stays_text_in_markdown(text) -> None:
    table = Table(text, (text,), ((text,),))
    report = Report(text, (Heading(text), Prose(text), Caveat(text), Facts(text, ((text, text),)), table))
    found = [
        "".join(child.content for child in token.children or () if child.type in ("text", "softbreak"))
        for token in MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(report.markdown())
        if token.type == "inline"
    ]
    written = [line.removeprefix("[!WARNING]") for line in found]
    assert written == [text, text, text, text, text, f"{text}: {text}", text, text, text]


def test_a_weak_estimate_is_marked_in_markdown() -> None:
    table = Table("t", ("a",), ((Estimate(1.0, status=Status.NOT_CONVERGED),),))
    assert "| 1 (not_converged) |" in Report("r", (table,)).markdown()
    assert "not_converged: the search did not settle." in Report("r", (table,)).markdown()


def test_a_family_of_lines_is_named_by_its_first_and_last() -> None:
    lines = [Line(f"{n} params", [1, 2], [n, n + 1]) for n in (1, 2, 3, 4)]
    bands = [Band(line.name, [1, 2], [0, 0], [9, 9]) for line in lines]
    figure = Figure("f", Axis("x"), Axis("y"), (*bands, *lines, Line("other", [1, 2], [5, 5], role="alternative")))
    text = Report("r", (figure,)).text(width=80)
    assert "─ 1 params … 4 params   ─ other" in text and "░ 1 params" not in text


def test_a_figure_that_is_not_sketched_is_named() -> None:
    figure = Figure("Residuals", Axis("x"), Axis("y"), (Points("p", [1, 2], [1, 2]),), sketched=False)
    assert Report("r", (figure,)).text(width=80) == "r\n\nfigure: Residuals (in the HTML report)\n\n"
    assert "│" not in Report("r", (figure,)).markdown()


def test_a_table_that_just_fits_keeps_every_column_whole() -> None:
    cells = [Estimate(1.05, 0.94, 1.17, 0.9)] * 3
    table = Table("t", ("compute (FLOPs)", "n_params", *("loss (nats/byte)",) * 3, "reach"), ((1, 2, *cells, "3.96x"),))
    for width in range(60, 120):
        text = Report("r", (table,)).text(width=width)
        assert "3.96x" in text and text.count("[0.94, 1.17]") == 3
        assert max(map(len, text.splitlines())) <= width
