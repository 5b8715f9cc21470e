"""Reports as plain values."""

from __future__ import annotations

import json

from isoperf.estimate import Estimate, Status
from isoperf.report import Axis, Contour, Figure, Line, Points, Report, Table
from tests.unit.report_example import example


def test_json_reads_back_as_the_plain_values() -> None:
    report = example()
    assert json.loads(report.json()) == report.as_dict()


def test_every_block_and_layer_names_its_type() -> None:
    blocks = example().as_dict()["blocks"]
    assert {block["type"] for block in blocks} == {"heading", "prose", "caveat", "facts", "table", "figure"}
    layers = {layer["type"] for block in blocks if block["type"] == "figure" for layer in block["layers"]}
    assert layers == {"points", "line", "band", "contour", "rule", "bars"}


def test_unknown_and_not_finite_are_null() -> None:
    nan, inf = float("nan"), float("inf")
    figure = Figure("f", Axis("x"), Axis("y"), (Points("p", [1, nan], [inf, 2]), Contour("c", [1], [1], [[nan]])))
    table = Table("t", ("a", "b"), ((nan, Estimate(nan, None, inf, status=Status.TOO_FEW)),))
    plain = json.loads(Report("r", (figure, table)).json())
    points, contour = plain["blocks"][0]["layers"]
    assert (points["x"], points["y"], contour["z"]) == ([1.0, None], [None, 2.0], [[None]])
    number, estimate = plain["blocks"][1]["rows"][0]
    assert number is None
    assert estimate == {
        "value": None,
        "low": None,
        "high": None,
        "level": None,
        "unit": "",
        "status": "too_few",
    }


def test_columns_are_always_written_in_full() -> None:
    plain = Report("r", (Table("t", ("a",), ()),)).as_dict()
    assert plain["blocks"][0]["columns"] == [{"name": "a", "unit": "", "help": "", "align": "auto"}]


def test_text_survives_whatever_it_holds() -> None:
    title = 'α "quoted" \ud800 </script>'
    line = Line(title, [1.0], [0.1 + 0.2])
    plain = json.loads(Report(title, (Figure(title, Axis(""), Axis(""), (line,)),)).json())
    assert plain["title"] == title
    assert plain["blocks"][0]["layers"][0]["y"] == [0.1 + 0.2]
