"""Reports as one page that needs nothing else."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import pytest

from isoperf.errors import MissingExtraError
from isoperf.estimate import Estimate, Status
from isoperf.report import Axis, Caveat, Column, Facts, Figure, Heading, Line, Points, Prose, Report, Table
from isoperf.report import html as page
from tests.unit.report_example import example, forecast


class Page(HTMLParser):
    """Elements of a page in order: (name, attributes, text directly inside)."""

    VOID = ("meta", "link", "img", "br", "hr", "input", "path", "circle")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None], list[str]]] = []
        self.open: list[int] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs) -> None:
        self.elements.append((tag, dict(attrs), []))
        if tag not in self.VOID:
            self.open.append(len(self.elements) - 1)

    def handle_endtag(self, tag) -> None:
        if tag not in self.VOID:
            assert self.elements[self.open.pop()][0] == tag, f"</{tag}> closes something else"

    def handle_data(self, data) -> None:
        if self.open:
            self.elements[self.open[-1]][2].append(data)

    def all(self, tag: str, **wanted: str) -> list[tuple[dict[str, str | None], str]]:
        return [
            (attrs, "".join(text))
            for name, attrs, text in self.elements
            if name == tag and all(attrs.get(key.rstrip("_")) == value for key, value in wanted.items())
        ]


@pytest.fixture(scope="module")
def text() -> str:
    return example().html()


@pytest.fixture(scope="module")
def parsed(text) -> Page:
    return Page(text)


def test_every_element_is_closed(parsed) -> None:
    assert parsed.open == []


def test_the_page_names_its_language_title_and_parts(parsed) -> None:
    assert parsed.all("html")[0][0]["lang"] == "en"
    assert parsed.all("title")[0][1] == parsed.all("h1")[0][1] == "Forecast and plan"
    links = {attrs["href"]: words for attrs, words in parsed.all("a") if str(attrs["href"]).startswith("#")}
    headings = {f"#{attrs['id']}": words for level in ("h2", "h3") for attrs, words in parsed.all(level)}
    assert links == headings
    assert list(links.values()) == ["Forecast", "Which law", "Plan", "Assumptions"]
    identifiers = [attrs["id"] for _, attrs, _ in parsed.elements if "id" in attrs]
    assert len(identifiers) == len(set(identifiers))


def test_nothing_is_loaded_from_elsewhere(parsed) -> None:
    for name, attrs, _ in parsed.elements:
        assert not {"src", "srcset", "data", "poster", "action", "background"} & set(attrs), name
        assert name not in ("link", "iframe", "object", "embed", "img", "base")
        if "href" in attrs:
            assert name == "a"
    outside = [attrs["href"] for attrs, _ in parsed.all("a") if not str(attrs["href"]).startswith("#")]
    assert outside == ["https://arxiv.org/abs/2404.10102"]
    style = "".join(words for _, words in parsed.all("style"))
    assert "url(" not in style
    assert "@import" not in style


def test_only_the_scripts_of_the_page_may_run(parsed) -> None:
    (policy,) = (attrs["content"] for attrs, _ in parsed.all("meta") if attrs.get("http-equiv"))
    assert str(policy).startswith("default-src 'none';")
    assert "unsafe-inline" not in str(policy).split("script-src")[1].split(";")[0]
    scripts = [words for attrs, words in parsed.all("script") if not attrs.get("type")]
    assert len(scripts) == 2
    for script in scripts:
        digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
        assert f"'sha256-{digest}'" in str(policy)


def test_the_button_that_would_send_data_away_is_not_among_those_asked_for(parsed) -> None:
    script = parsed.all("script")[-1][1]
    assert "modeBarButtons: [[" in script
    assert "sendChartToCloud" not in script
    assert 'plotlyServerURL: ""' in script


def test_figures_are_data_with_words_for_those_who_cannot_see_them(parsed) -> None:
    plots = parsed.all("div", class_="plot")
    specs = [json.loads(words) for _, words in parsed.all("script", type="application/json")]
    assert len(plots) == len(specs) == len(parsed.all("noscript")) == len(parsed.all("figcaption")) == 5
    assert plots[1][0]["role"] == "group"  # it holds buttons of its own, so it is no picture
    assert plots[1][0]["aria-label"] == (
        "Residuals: measured / predicted − 1 against n_params (parameters). Shows no error, fitted runs."
    )
    assert [len(spec["data"]) for spec in specs] == [7, 1, 1, 6, 12]


def test_every_colour_that_a_figure_names_is_in_the_style_sheet(text, parsed) -> None:
    specs = "".join(words for _, words in parsed.all("script", type="application/json"))
    named = set(re.findall(r'"@([a-z0-9]+)', specs)) | set(re.findall(r"var\(--([a-z0-9-]+)\)", text))
    style = parsed.all("style")[0][1]
    known = set(re.findall(r"--([a-z0-9-]+):", style))
    assert {"data", "heldout", "fit", "alternative", "plan", "muted", "series5"} <= named
    assert named - known == set()


def test_a_report_without_figures_is_small() -> None:
    assert len(Report("r", (Prose("p"),)).html()) < 40_000


def test_weak_estimates_carry_a_tag_with_its_meaning() -> None:
    table = Table("t", ("a",), ((Estimate(1.5, 1.0, 2.0, 0.9, "s", Status.AT_BOUND),),))
    parsed = Page(Report("r", (table,)).html())
    (tag,) = parsed.all("abbr", class_="tag")
    assert tag == ({"class": "tag", "title": Status.AT_BOUND.meaning}, "at_bound")
    assert parsed.all("span", class_="interval") == [({"class": "interval", "title": "90% interval"}, "[1.00, 2.00]")]
    assert parsed.all("span", class_="cell-unit")[0][1] == "s"


HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&amp;$title"


def test_text_is_never_markup() -> None:
    layers = (Points(HOSTILE, [1], [1], labels=[HOSTILE]), Line(HOSTILE, [1], [1]))
    status = Estimate(1.0, unit=HOSTILE)
    blocks = (
        Heading(HOSTILE),
        Prose(f"{HOSTILE} `{HOSTILE}` **{HOSTILE}**"),
        Caveat(HOSTILE),
        Facts(HOSTILE, ((HOSTILE, HOSTILE),)),
        Table(HOSTILE, (Column(HOSTILE, HOSTILE, HOSTILE), "b"), ((HOSTILE, status),), HOSTILE),
        Figure(HOSTILE, Axis(HOSTILE, HOSTILE), Axis(HOSTILE, HOSTILE), layers, HOSTILE),
        Heading("b"),
        Heading("c"),
    )
    parsed = Page(Report(HOSTILE, blocks, {HOSTILE: HOSTILE}).html())
    assert parsed.open == []
    assert [attrs.get("type") for attrs, _ in parsed.all("script")] == ["application/json", None, None]
    assert parsed.all("img") == []
    assert not any(name.startswith("on") for _, attrs, _ in parsed.elements for name in attrs)
    assert parsed.all("title")[0][1] == parsed.all("h1")[0][1] == parsed.all("h2")[0][1] == HOSTILE
    spec = json.loads(parsed.all("script")[0][1])
    # Plotly reads a little HTML itself, so it gets the text escaped.
    assert all("<img" not in str(value) for value in json.loads(json.dumps(spec["data"])))


def test_addresses_in_prose_become_links_and_other_schemes_do_not() -> None:
    parsed = Page(Report("r", (Prose('See https://example.org/a?b=1&c="d". Not javascript:alert(1).'),)).html())
    assert parsed.all("a") == [
        (
            {"href": "https://example.org/a?b=1&c=", "rel": "noopener noreferrer"},
            "https://example.org/a?b=1&c=",
        )
    ]


def test_a_figure_without_a_finite_value_says_so() -> None:
    figure = Figure("Empty", Axis("x", log=True), Axis("y"), (Points("p", [-1.0], [2.0]),))
    parsed = Page(Report("r", (figure,)).html())
    assert "No value here is finite, so there is nothing to draw." in [words for _, words in parsed.all("p")]
    assert parsed.all("div", class_="plot") == []


def test_a_missing_plotly_names_what_to_install(monkeypatch) -> None:
    page._plotly.cache_clear()
    monkeypatch.setattr(page, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match="pip install plotly"):
        Report("r", (forecast(),)).html()
    assert "</html>" in Report("r", (Prose("p"),)).html()


def _luminance(color: str) -> float:
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("side", [0, 1], ids=["light", "dark"])
def test_text_and_marks_can_be_told_from_what_is_behind_them(parsed, side) -> None:
    """WCAG 2.2: 4.5 for text (1.4.3) and 3 for parts of graphics (1.4.11)."""
    style = parsed.all("style")[0][1]
    pairs = re.findall(r"--([a-z0-9-]+): light-dark\((#\w{6}), (#\w{6})\)", style)
    colors = {name: (light, dark)[side] for name, light, dark in pairs}
    for text, backs in {
        "ink": ("paper", "raised", "sunken", "warning-back", "note-back"),
        "quiet": ("paper", "raised", "sunken"),
        "link": ("paper", "raised"),
        "warning": ("warning-back",),
        "note": ("note-back",),
    }.items():
        for back in backs:
            assert _contrast(colors[text], colors[back]) >= 4.5, (text, back)
    marks = [name for name in colors if re.fullmatch(r"data|heldout|fit|alternative|plan|muted|(series|ramp)\d", name)]
    assert len(marks) == 6 + 8 + 9
    for mark in marks:
        assert _contrast(colors[mark], colors["raised"]) >= 3, mark
