"""The page on the architecture: its map is the code's, and every name on its way exists."""

from __future__ import annotations

import importlib
import re
from xml.etree import ElementTree

from docs._generate import architecture
from docs._generate.rooms import rooms
from isoperf.capability import JOBS
from tests.docs.pages import ROOT

KNOWN = rooms(ROOT / "pyproject.toml")
PAGE = (ROOT / "docs" / "architecture.md").read_text("utf-8")
SVG = "{http://www.w3.org/2000/svg}"


def test_the_map_holds_every_room_once_and_an_accessible_name() -> None:
    root = ElementTree.fromstring(architecture.drawing(KNOWN))
    drawn = [group.get("id", "").removeprefix("room-") for group in root.iter(f"{SVG}g") if group.get("id")]
    package = ROOT / "src" / "isoperf"
    there = {path.stem for path in package.glob("[a-z]*.py")}
    there |= {path.parent.name for path in package.glob("*/__init__.py")}
    assert sorted(drawn) == sorted(there)
    title, about = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None and about is not None and root.get("role") == "img"
    assert root.get("aria-labelledby") == f"{title.get('id')} {about.get('id')}"
    assert all(room in (about.text or "") for room in there)


def test_lines_run_down_or_stay_on_a_floor() -> None:
    floor = {room: level for level, names in enumerate(KNOWN.floors) for room in names}
    assert all(floor[a] <= floor[b] for a in KNOWN.knows for b in KNOWN.knows[a])
    assert {(a, b) for a in JOBS for b in KNOWN.knows[a] if floor[a] == floor[b]} <= {
        (a, b) for a in JOBS for b in JOBS
    }


def test_a_line_left_out_can_be_gone_along_others() -> None:
    """Whoever follows the lines drawn reaches exactly the rooms that imports reach."""
    roads = KNOWN.roads()
    drawn = {room: {b for a, b in roads if a == room} for room in KNOWN.knows}
    assert len(roads) < sum(map(len, KNOWN.knows.values()))
    for room in KNOWN.knows:
        assert _reached(room, drawn) == _reached(room, KNOWN.knows)


def _reached(room, lines) -> set[str]:
    found: set[str] = set()
    waiting = [room]
    while waiting:
        fresh = set(lines[waiting.pop()]) - found
        found |= fresh
        waiting += fresh
    return found


def test_every_floor_has_a_title_and_every_title_a_room() -> None:
    for floor in KNOWN.floors:
        assert sum(room in architecture.TITLES for room in floor) == 1, f"give {floor} a title in architecture.TITLES"
    assert set(architecture.WAY) <= set(KNOWN.knows)


def test_colours_follow_the_page_before_the_browser() -> None:
    style = architecture.STYLE
    assert "width:100%" in style, "a figure without a width of its own would shrink to nothing in the page"
    order = ["prefers-color-scheme:dark", "[data-md-color-scheme=default]", "[data-md-color-scheme=slate]"]
    assert [style.index(one) for one in order] == sorted(style.index(one) for one in order)


def test_names_on_the_way_exist_and_are_in_its_rooms() -> None:
    way = PAGE.partition("## A table's way")[2].partition("\n## ")[0]
    names = re.findall(r"`(isoperf\.[\w.]+)`", way)
    assert len(names) >= 8
    for name in names:
        module, _, last = name.rpartition(".")
        assert hasattr(importlib.import_module(module), last), name
    steps = re.findall(r"^\d\. .*?`(\w+)`", way, re.MULTILINE)
    assert tuple(steps) == architecture.WAY


def test_folders_of_the_table_exist() -> None:
    table = PAGE.partition("## Where to add what")[2].partition("\n## ")[0]
    places = [
        place
        for row in table.splitlines()
        if row.startswith("| ")
        for place in re.findall(r"`([\w/.]+)`", row.split("|")[2])
    ]
    assert len(places) >= 15
    for place in places:
        assert (ROOT / place).exists() or (ROOT / "src" / "isoperf" / place).exists(), place
