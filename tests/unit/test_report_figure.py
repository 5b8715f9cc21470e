"""Figures described for Plotly and sketched in characters."""

from __future__ import annotations

import json
import math
import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from isoperf.report import Axis, Band, Bars, Contour, Figure, Line, Points, Report, Rule
from isoperf.report.paint import SYMBOLS, layer_colors
from isoperf.report.plotly import contour_levels, plotly_figure
from isoperf.report.sketch import sketch_text
from isoperf.report.ticks import ticks
from tests.unit.report_example import forecast, iso_loss, laws_bars, profiles

X, Y = Axis("x", "FLOPs", log=True), Axis("y", "nats/token")


def test_the_trace_of_each_layer() -> None:
    drawn = plotly_figure(forecast())
    assert [trace["type"] for trace in drawn.data] == ["scatter"] * 7
    assert [trace.get("fill") for trace in drawn.data] == [None, "tonexty", None, None, None, None, None]
    assert [shape["x0"] for shape in drawn.layout["shapes"]] == [3e20]
    assert [entry.parts for entry in drawn.legend] == [
        ("t0", "t1"),
        ("t2",),
        ("t3",),
        ("t4",),
        ("t5",),
        ("s0",),
        ("t6",),
    ]


def test_held_out_points_differ_by_shape_and_by_colour() -> None:
    _, _, _, runs, held, _, _ = forecast().layers
    by_name = {trace["name"]: trace["marker"] for trace in plotly_figure(forecast()).data if "marker" in trace}
    assert by_name[runs.name]["symbol"] != by_name[held.name]["symbol"]
    assert by_name[runs.name]["color"] != by_name[held.name]["color"]
    assert len(set(SYMBOLS.values())) == len(SYMBOLS)


def test_axes_are_logarithmic_where_said_and_leave_a_margin() -> None:
    layout = plotly_figure(Figure("f", X, Y, (Points("p", [1e18, 1e22], [2.0, 3.0]),))).layout
    assert layout["xaxis"]["type"] == "log"
    # Four decades and one nat, each with 5 % on both sides.
    assert layout["xaxis"]["range"] == pytest.approx([17.8, 22.2])
    assert layout["yaxis"]["range"] == pytest.approx([1.95, 3.05])
    assert layout["xaxis"]["title"]["text"] == "x (FLOPs)"


def test_pointing_at_a_value_says_it_with_its_unit_and_interval() -> None:
    points = Points("runs", [1.4e9], [2.31], [2.2], [2.4], labels=["run <7>"])
    (trace,) = plotly_figure(Figure("f", X, Y, (points,))).data
    assert trace["hovertext"] == ["<b>runs</b><br>run &lt;7&gt;<br>x: 1.4e9 FLOPs<br>y: 2.31 [2.20, 2.40] nats/token"]
    assert trace["error_y"]["array"] == pytest.approx([0.09])
    assert trace["error_y"]["arrayminus"] == pytest.approx([0.11])
    lower, upper = plotly_figure(Figure("f", X, Y, (Band("band", [1e9], [2.0], [3.0]),))).data
    assert upper["hovertext"] == lower["hovertext"] == ["<b>band</b><br>x: 1e9 FLOPs<br>y: [2.00, 3.00] nats/token"]


def test_a_band_that_falls_below_zero_stays_visible_on_a_log_axis() -> None:
    figure = Figure("f", X, X, (Band("b", [1, 2, 3], [-1.0, 0.5, 1.0], [2.0, 3.0, math.nan]),))
    lower, upper = plotly_figure(figure).data
    assert (lower["x"], lower["y"]) == ([1.0, 2.0], [0.5, 0.5])
    assert upper["y"] == [2.0, 3.0]


def test_contours_are_drawn_at_the_levels_asked_for() -> None:
    contour = Contour("z", [1, 2], [1, 2], [[1, 2], [3, 4]], levels=[1.5, 3.5])
    pointer, *levels = plotly_figure(Figure("f", Y, Y, (contour,))).data
    assert pointer["type"] == "heatmap"
    assert [(trace["contours"]["start"], trace["contours"]["end"]) for trace in levels] == [
        (1.5, 1.5),
        (3.5, 3.5),
    ]
    assert all(trace["contours"]["showlabels"] for trace in levels)


def test_chosen_levels_divide_the_grid_into_equal_shares() -> None:
    contour = Contour("z", range(1, 10), [1], [[1, 2, 3, 4, 5, 6, 7, 8, 9]])
    assert contour_levels(contour) == (1, 2, 3, 4, 5, 6, 7, 8, 9)
    assert contour_levels(contour, count=3) == (2, 5, 8)
    assert contour_levels(Contour("z", [1], [1], [[math.nan]])) == ()


def test_one_layer_has_its_roles_colour_and_several_differ() -> None:
    a, b = Points("a", [1], [1]), Points("b", [1], [1])
    line = Line("a", [1], [1])
    assert layer_colors(Figure("f", X, Y, (a, line))) == ["data", "fit"]
    assert layer_colors(Figure("f", X, Y, (a, line, b, line))) == ["series0", "series0", "series1", "series1"]
    many = layer_colors(Figure("f", X, Y, (a,) * 9))
    assert many == [f"ramp{i}" for i in range(9)]
    rules = (Rule("a", x=1), Rule("b", x=2))
    assert layer_colors(Figure("f", X, Y, rules)) == ["muted", "muted"]


@pytest.mark.parametrize(
    ("axis", "span", "labels"),
    [
        (X, (18.6, 23.7), ["1e19", "1e20", "1e21", "1e22", "1e23"]),
        (X, (7.5, 10.2), ["1e8", "1e9", "1e10"]),
        (X, (9.0, 10.0), ["1e9", "2e9", "5e9", "1e10"]),
        (X, (0.0, 300.0), ["1", "1e100", "1e200", "1e300"]),
        (Y, (2.1, 3.4), ["2.2", "2.4", "2.6", "2.8", "3", "3.2", "3.4"]),
        (Y, (-0.011, 0.013), ["-0.01", "-0.005", "0", "0.005", "0.01"]),
    ],
)
def test_ticks_are_round(axis, span, labels) -> None:
    assert [label for _, label in ticks(axis, span)] == labels


def test_the_sketch_puts_points_where_they_belong() -> None:
    figure = Figure("f", Axis("x"), Axis("y"), (Points("low", [0, 10], [0, 0]), Points("high", [5], [8], role="plan")))
    lines = sketch_text(figure, 60).splitlines()
    top, bottom = lines[1], lines[14]
    assert top.count("★") == 1
    assert bottom.count("•") == 2
    left, right = bottom.index("•"), bottom.rindex("•")
    assert abs(top.index("★") - (left + right) / 2) <= 1
    assert lines[16].split() == ["0", "2", "4", "6", "8", "10"]


def test_bars_are_as_long_as_their_values() -> None:
    lines = sketch_text(laws_bars(), 80).splitlines()
    length = {line.split()[0]: line.count("█") for line in lines[1:]}
    assert length["kaplan"] / length["chinchilla"] == pytest.approx(1.9 / 0.41, rel=0.1)
    assert "1.90 [1.20, 2.60]" in lines[2]


def test_a_rule_is_drawn_along_the_whole_figure() -> None:
    points = Points("p", [0, 10], [0, 10])
    across = sketch_text(Figure("f", Axis("x"), Axis("y"), (points, Rule("r", y=5))), 60).splitlines()
    assert max(sum("\u2800" < char <= "\u28ff" for char in line) for line in across) > 20
    up = sketch_text(Figure("f", Axis("x"), Axis("y"), (points, Rule("r", x=5))), 60).splitlines()
    # The sketch has 14 rows; the legend's own mark of a rule is no dot.
    assert sum(any("\u2800" < char <= "\u28ff" for char in line) for line in up) == 14


@pytest.mark.parametrize("figure", [forecast(), iso_loss(), profiles(), laws_bars()], ids=lambda figure: figure.title)
def test_a_sketch_keeps_to_its_width(figure) -> None:
    for width in (40, 60, 78):
        drawn = sketch_text(figure, width).splitlines()
        assert drawn
        assert max(map(len, drawn)) <= width


NUMBERS = st.lists(st.floats(width=64) | st.sampled_from([0.0, 1e21, 1.0]), min_size=3, max_size=3)


@given(NUMBERS, NUMBERS, NUMBERS, st.booleans(), st.booleans())
@example([math.inf] * 3, [math.inf] * 3, [1.0, 2.0, 3.0], True, False)
@example([1.0, 1.0, 1.0], [0.0, 0.0, 1.0], [sys.float_info.max] * 3, False, True)
def test_no_number_stops_a_figure_from_being_drawn(x, y, z, log_x, log_y) -> None:
    layers = (
        Points("p", x, y, z, y),
        Line("l", x, y, dashed=True),
        Band("b", x, y, z),
        Rule("r", x=x[0]),
        Rule("s", y=y[0]),
        Contour("c", x, y, [z, z, z]),
    )
    bars = Figure("f", Axis("x"), Axis("y", log=log_y), (Bars("b", ["a", "b", "c"], x, y, z),))
    report = Report("r", (Figure("f", Axis("x", log=log_x), Axis("y", log=log_y), layers), bars))
    assert max(map(len, report.text(width=60).splitlines())) <= 60
    assert report.markdown()
    assert json.loads(report.json())
    for block in report.blocks:
        assert isinstance(block, Figure)
        assert json.dumps(plotly_figure(block)[:2], allow_nan=False)


def test_a_curve_and_its_band_share_a_line_of_the_legend() -> None:
    band, line = Band("90%", [1, 2], [1, 1], [2, 2]), Line("90%", [1, 2], [1, 2])
    drawn = plotly_figure(Figure("f", X, Y, (band, Rule("± 2 sd", y=1), line, Rule("± 2 sd", y=2))))
    assert [(entry.layer, entry.parts) for entry in drawn.legend] == [
        (line, ("t0", "t1", "t2")),
        (Rule("± 2 sd", y=1), ("s0", "s1")),
    ]


def test_many_curves_without_points_of_their_own_are_set_along_the_ramp() -> None:
    lines = tuple(Line(str(n), [1], [1]) for n in range(4))
    held = Points("held out", [1], [1], role="heldout")
    colors = layer_colors(Figure("f", X, Y, (*lines, held)))
    assert colors == ["ramp0", "ramp3", "ramp5", "ramp8", "heldout"]
