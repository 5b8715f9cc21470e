"""Figures as SVG pictures, and the pieces they are made of."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import numpy as np
import pytest

from isoperf.errors import OptionError
from isoperf.report import Axis, Band, Bars, Contour, Figure, Line, Points, Rule
from isoperf.report.isolines import isolines
from isoperf.report.layers import ROLES
from isoperf.report.palette import palette
from isoperf.report.svg_frame import scale
from tests.unit.report_example import example

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = "</text></svg><script>alert('x')</script>&\"\x00\x1b]\ud800\ufffe"
X, Y = Axis("compute", "FLOPs", log=True), Axis("loss", "nats/token")


def parsed(figure: Figure) -> ET.Element:
    return ET.fromstring(figure.svg())


def texts(root: ET.Element) -> list[str]:
    return [element.text or "" for element in root.iter(f"{SVG}text")]


def numbers(path: str) -> list[float]:
    return [float(found) for found in re.findall(r"-?\d+(?:\.\d+)?", path)]


@pytest.mark.parametrize("figure", example().figures, ids=lambda figure: figure.title)
def test_every_kind_of_figure_is_well_formed_and_inert(figure: Figure) -> None:
    root = parsed(figure)
    assert root.find(f"{SVG}title").text == figure.title  # type: ignore[union-attr]
    assert figure.y.title in root.find(f"{SVG}desc").text  # type: ignore[union-attr,operator]
    assert (root.get("width"), root.get("height")) == tuple(root.get("viewBox", "").split()[2:])
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
        *("svg", "title", "desc", "style", "rect", "g", "path", "circle", "text"),
    }
    assert not any(name.startswith("on") or "href" in name for element in root.iter() for name in element.attrib)
    assert "url(" not in figure.svg() and "@import" not in figure.svg()


def test_names_cannot_leave_their_element() -> None:
    layers = (
        Points(HOSTILE, [1e3, 1e4], [1, 2], labels=[HOSTILE, "b"]),
        Line(HOSTILE + "2", [1e3, 1e4], [1, 2]),
        Contour(HOSTILE + "3", [1e3, 1e4], [1, 2], [[1, 2], [3, 4]]),
    )
    root = parsed(Figure(HOSTILE, Axis(HOSTILE, HOSTILE), Axis(HOSTILE), layers, HOSTILE))
    assert root.find(f".//{SVG}script") is None
    assert any("<script>" in text for text in texts(root)), "the name is shown as words"
    bars = Bars(HOSTILE, (HOSTILE, "b"), (1.0, 2.0))
    assert parsed(Figure("bars", Axis("x"), Axis("y"), (bars,))).find(f".//{SVG}script") is None


def test_points_lie_where_the_axes_say() -> None:
    # Equal ratios on the logarithmic axis are equal steps: 1e18, 1e20, 1e22.
    root = parsed(Figure("a", X, Y, (Points("runs", [1e18, 1e20, 1e22], [1.0, 3.0, 2.0]),)))
    (path,) = [e.get("d", "") for e in root.iter(f"{SVG}path") if e.get("class") == "edged"]
    places = [(float(x), float(y)) for x, y in re.findall(r"M([\d.]+) ([\d.]+)", path)]
    (x0, y0), (x1, y1), (x2, y2) = places
    assert x1 - x0 == pytest.approx(x2 - x1, abs=0.11)
    assert y1 < y2 < y0 and y0 - y2 == pytest.approx(y2 - y1, abs=0.11)


def test_error_bars_and_bands_span_their_interval() -> None:
    root = parsed(Figure("a", X, Y, (Points("runs", [1e18, 1e20], [1.0, 3.0], [0.5, 2.0], [1.5, 4.0]),)))
    (path,) = [e.get("d", "") for e in root.iter(f"{SVG}path") if e.get("stroke-width") == "1.3"]
    (top, bottom), (top2, bottom2) = [(float(a), float(b)) for a, b in re.findall(r" ([\d.]+)V([\d.]+)", path)]
    assert bottom2 - top2 == pytest.approx(2 * (bottom - top), abs=0.3)
    band = parsed(Figure("a", X, Y, (Band("b", [1e18, 1e19, 1e20], [1, math.nan, 1], [2, 2, 2]),)))
    (area,) = [e.get("d", "") for e in band.iter(f"{SVG}path") if e.get("fill-opacity") == ".16"]
    assert area.count("M") == 2, "an unknown edge divides the band"


def test_a_line_breaks_where_it_is_unknown() -> None:
    root = parsed(Figure("a", X, Y, (Line("l", [1, 10, 100, 1e3, 1e4], [1, 2, math.nan, 2, 1]),)))
    (path,) = [e.get("d", "") for e in root.iter(f"{SVG}path") if e.get("stroke-linejoin")]
    assert path.count("M") == 2


@pytest.mark.parametrize(("values", "log"), [([1e18, 1e24], True), ([0.8, 0.81], False), ([3.0, 40.0], True)])
def test_ticks_are_true_and_apart(values: list[float], log: bool) -> None:
    figure = Figure("a", Axis("x", log=log), Y, (Line("l", values, [1, 2]),))
    root = parsed(figure)
    middle = [e for e in root.iter(f"{SVG}text") if e.get("text-anchor") == "middle"]
    ticks = [(float(e.get("x", "")), float(e.text or "")) for e in middle if re.fullmatch(r"[\d.e+]+", e.text or "")]
    assert 2 <= len(ticks) <= 9
    places = [math.log10(value) if log else value for _, value in ticks]
    slope = np.diff([x for x, _ in ticks]) / np.diff(places)
    assert slope == pytest.approx(slope[0], rel=0.01)
    assert min(np.diff([x for x, _ in ticks])) > 20


def test_log_axis_runs_intervals_below_zero_to_its_edge() -> None:
    layer = Points("runs", [1.0], [1.0], [-1.0], [2.0])
    root = parsed(Figure("a", Axis("x"), Axis("y", log=True), (layer, Line("l", [0, 2], [0.1, 10]))))
    (path,) = [e.get("d", "") for e in root.iter(f"{SVG}path") if e.get("stroke-width") == "1.3"]
    (reach,) = re.findall(r" ([\d.]+)V([\d.]+)", path)
    assert float(reach[1]) == max(
        float(y) for e in root.iter(f"{SVG}path") for y in re.findall(r"V([\d.]+)", e.get("d", ""))
    )


def test_bars_are_as_long_as_their_values() -> None:
    figure = Figure("a", Axis("law"), Axis("error"), (Bars("e", ("a", "b", "c" * 200), (1.0, 2.0, -1.0)),))
    root = parsed(figure)
    (path,) = [e.get("d", "") for e in root.iter(f"{SVG}path") if e.get("fill-opacity") == ".8"]
    lengths = [float(end) - float(start) for start, end in re.findall(r"M([\d.]+) [\d.]+H([\d.]+)", path)]
    assert lengths[1] == pytest.approx(2 * lengths[0], abs=0.3) and lengths[2] == pytest.approx(-lengths[0], abs=0.3)
    assert any(text.endswith("…") for text in texts(root)), "a long name is shortened"


def test_a_crowd_stays_small() -> None:
    rng = np.random.default_rng(0)
    many = Points("runs", 10 ** rng.uniform(18, 24, 100_000), rng.uniform(1, 3, 100_000))
    long = Line("curve", np.geomspace(1e18, 1e24, 100_000), rng.uniform(1, 3, 100_000))
    svg = Figure("a", X, Y, (many, long)).svg()
    ET.fromstring(svg)
    assert len(svg) < 1_500_000
    # Every pixel across keeps the ends of the curve's range: uniform values reach within 5% of 1 and 3.
    assert len(svg) > 10_000


def test_isolines_of_a_plane_are_straight_and_of_a_cone_round() -> None:
    x, y = np.linspace(-1, 1, 41).tolist(), np.linspace(-1, 1, 31).tolist()
    (line,) = isolines(x, y, np.add.outer(y, x).tolist(), 0.5)
    assert all(a + b == pytest.approx(0.5) for a, b in line)
    (circle,) = isolines(x, y, np.hypot.outer(y, x).tolist(), 0.7)
    assert circle[0] == circle[-1]
    assert all(math.hypot(a, b) == pytest.approx(0.7, abs=0.01) for a, b in circle)
    length = sum(math.dist(a, b) for a, b in pairwise(circle))
    assert length == pytest.approx(2 * math.pi * 0.7, rel=0.01)


def test_isolines_at_a_saddle_do_not_cross_and_leave_gaps_for_the_unknown() -> None:
    saddle = [[1.0, 0.0], [0.0, 1.0]]
    assert [len(path) for path in isolines([0, 1], [0, 1], saddle, 0.4)] == [2, 2]
    assert isolines([0, 1], [0, 1], [[1.0, math.nan], [0.0, 1.0]], 0.5) == []


def test_nothing_to_draw_is_said() -> None:
    root = parsed(Figure("a", X, Y, (Line("l", [math.nan], [1]),)))
    assert any("nothing to draw" in text for text in texts(root))


def test_a_rule_beyond_the_data_is_drawn_inside() -> None:
    root = parsed(Figure("a", X, Y, (Line("l", [1e18, 1e19], [1, 2]), Rule("far", x=1e22), Rule("no place", x=-1.0))))
    rules = [e.get("d", "") for e in root.iter(f"{SVG}path") if e.get("stroke-dasharray") == "4,4"]
    (inside,) = [path for path in rules if "V" in path]
    assert 16 < numbers(inside)[0] < 624


def test_text_and_roles_stand_out_from_the_page_by_day_and_night() -> None:
    # WCAG 2: 4.5 for text, 3 for graphics, on the page painted below.
    def luminance(color: str) -> float:
        parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    for name, least in [("ink", 4.5), ("quiet", 4.5), *((role, 3.0) for role in ROLES)]:
        for color, page in zip(palette()[name], palette()["raised"], strict=True):
            dark, bright = sorted((luminance(color), luminance(page)))
            assert (bright + 0.05) / (dark + 0.05) >= least, f"{name}: {color} on {page}"


def test_a_figure_is_saved_as_svg_alone(tmp_path) -> None:
    figure = example().figures[0]
    assert ET.parse(figure.save(tmp_path / "a.svg")).getroot().tag == f"{SVG}svg"
    with pytest.raises(OptionError, match=r"does not end in \.svg"):
        figure.save(tmp_path / "a.png")


def test_an_axis_that_may_begin_at_zero_does() -> None:
    laid = scale(Axis("y"), [1.0, 4.0], 0, 100, zero=True)
    assert laid and laid.span[0] == 0 and laid.at(0.0) == 0
