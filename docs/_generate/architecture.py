"""The map of the rooms, drawn from the import contract and the imports there are, and its table for readers of text."""

from __future__ import annotations

from html import escape
from pathlib import Path

from docs._generate.markdown import between, code, plain, table
from docs._generate.rooms import Rooms, rooms

MAP = "assets/rooms.svg"
TITLES = {
    "cli": "command line",
    "studio": "studio",
    "request": "questions",
    "predict": "the four jobs",
    "options": "their options",
    "store": "tables kept",
    "trials": "while jobs run",
    "fitting": "what jobs stand on",
    "observations": "the shapes",
    "cells": "tables read",
    "executors": "where work runs",
    "columns": "words, numbers",
    "lab": "the lab",
    "errors": "errors",
}
"""What a floor is called, by one of its rooms."""
WAY = ("readers", "observations", "laws", "fitting", "estimate", "scale", "report", "cli")
"""A table's way to a decision."""

LEFT, WIDTH, STEP, TOP = 164.0, 1040.0, 84.0, 18.0
BOX, TALL = 116.0, 38.0
Place = tuple[float, float]

# The page's own switch between light and dark comes last; a browser's wish counts where there is none.
_INK = "--ink:{};--line:{};--box:{};--edge:{};--floor:{};--way:{};--on:#fff"
_LIGHT = _INK.format("#1c2b33", "#8ba3ad", "#ffffff", "#5f7d8a", "#eef4f5", "#00796b")
_DARK = _INK.format("#e4ecef", "#5d7480", "#1d2a31", "#7f9aa6", "#ffffff0d", "#26a69a")
STYLE = f"""
.rooms{{{_LIGHT};font-family:system-ui,sans-serif;color-scheme:light dark;width:100%;height:auto;display:block}}
@media (prefers-color-scheme:dark){{.rooms{{{_DARK}}}}}
[data-md-color-scheme=default] .rooms{{{_LIGHT}}}
[data-md-color-scheme=slate] .rooms{{{_DARK}}}
.rooms .floor{{fill:var(--floor)}}
.rooms text{{fill:var(--ink);font-size:17px}}
.rooms .name{{font-size:16px;opacity:.8}}
.rooms .room rect{{fill:var(--box);stroke:var(--edge);stroke-width:1.2}}
.rooms .room text{{text-anchor:middle}}
.rooms .way rect{{stroke:var(--way);stroke-width:2.4}}
.rooms .badge circle{{fill:var(--way)}}
.rooms .room .badge text{{fill:var(--on);font-size:12px;font-weight:700}}
.rooms path{{fill:none;stroke:var(--line);stroke-width:1.1}}
.rooms path.far{{stroke-opacity:0}}
.rooms:has(.room:is(:hover,:focus)) path.near{{stroke-opacity:.15}}
"""


def pages(docs: Path) -> dict[str, str]:
    """Return the drawing, and the page with its table made anew."""
    known = rooms(docs.parent / "pyproject.toml")
    page = (docs / "architecture.md").read_text(encoding="utf-8")
    return {MAP: drawing(known), "architecture.md": between(page, "rooms", _table(known))}


def _table(known: Rooms) -> str:
    header = ("Floor", "Room", "What it holds", "Imports from")
    rows = []
    for floor in known.floors:
        for place, room in enumerate(floor):
            others = ", ".join(map(code, sorted(known.knows[room]))) or "nothing"
            rows.append(("" if place else _title(floor), code(room), plain(known.about[room]), others))
    return table(header, rows)


def _title(floor: tuple[str, ...]) -> str:
    return next((TITLES[room] for room in floor if room in TITLES), "")


def drawing(known: Rooms) -> str:
    """Return the map as SVG that reads in light and dark, on its own and inside a page."""
    places = _places(known)
    tall = TOP + STEP * len(known.floors)
    roads = known.roads()
    edges = [(a, b) for a in sorted(places) for b in sorted(known.knows[a])]
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="rooms" viewBox="0 0 {WIDTH:.0f} {tall:.0f}" role="img" '
        'aria-labelledby="rooms-title rooms-about">',
        '<title id="rooms-title">The floors and rooms of Isoperf</title>',
        f'<desc id="rooms-about">{escape(_described(known))}</desc>',
        f"<style>{STYLE}{_hovers(places)}</style>",
        *(_floor(level, floor) for level, floor in enumerate(known.floors)),
        *(_road(a, b, places, (a, b) in roads) for a, b in edges),
        *(_room(room, places[room], known.about[room]) for room in sorted(places)),
        "</svg>",
    ]
    return "\n".join(part for part in parts if part) + "\n"


def _described(known: Rooms) -> str:
    floors = "; ".join(f"{_title(floor)}: {', '.join(floor)}" for floor in known.floors)
    return f"From top to bottom, each importing only from floors below it. {floors}. A table says who imports whom."


def _places(known: Rooms) -> dict[str, Place]:
    """Return the middle of each room; rooms stand near those that use them."""
    users = {room: [one for one in known.knows if room in known.knows[one]] for room in known.knows}
    places: dict[str, Place] = {}
    for level, floor in enumerate(known.floors):
        wished = {room: _mean([places[one][0] for one in users[room] if one in places]) for room in floor}
        ordered = sorted(floor, key=lambda room, wished=wished: (wished[room], room))  # type: ignore[misc]
        gap = (WIDTH - LEFT) / len(floor)
        for nth, room in enumerate(ordered):
            places[room] = (LEFT + gap * (nth + 0.5), TOP + STEP * level + 24)
    return places


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else LEFT + (WIDTH - LEFT) / 2


def _floor(level: int, floor: tuple[str, ...]) -> str:
    y = TOP + STEP * level - 4
    band = f'<rect class="floor" x="4" y="{y:.0f}" width="{WIDTH - 8:.0f}" height="56" rx="8"/>'
    return f'{band}<text class="name" x="16" y="{y + 33:.0f}">{escape(_title(floor))}</text>'


def _road(a: str, b: str, places: dict[str, Place], near: bool) -> str:
    (x, y), (u, v) = places[a], places[b]
    if y == v:  # neighbours on a floor: a bow below it
        low = y + TALL / 2
        line = f"M{x:.0f} {low:.0f}C{x:.0f} {low + 22:.0f} {u:.0f} {low + 22:.0f} {u:.0f} {low:.0f}"
    else:
        y, v = y + TALL / 2, v - TALL / 2
        bend = min(40.0, (v - y) / 2)
        line = f"M{x:.0f} {y:.0f}C{x:.0f} {y + bend:.0f} {u:.0f} {v - bend:.0f} {u:.0f} {v:.0f}"
    return f'<path class="{"near" if near else "far"} of-{a} of-{b}" d="{line}"/>'


def _room(room: str, place: Place, about: str) -> str:
    x, y = place
    step = WAY.index(room) + 1 if room in WAY else 0
    badge = (
        f'<g class="badge"><circle cx="{x - BOX / 2:.0f}" cy="{y - TALL / 2:.0f}" r="9"/>'
        f'<text x="{x - BOX / 2:.0f}" y="{y - TALL / 2 + 4:.0f}">{step}</text></g>'
        if step
        else ""
    )
    kind = "room way" if step else "room"
    return (
        f'<g class="{kind}" id="room-{room}" tabindex="0"><title>{escape(room)}: {escape(plain(about))}</title>'
        f'<rect x="{x - BOX / 2:.0f}" y="{y - TALL / 2:.0f}" width="{BOX:.0f}" height="{TALL:.0f}" rx="6"/>'
        f'<text x="{x:.0f}" y="{y + 5:.0f}">{escape(room)}</text>{badge}</g>'
    )


def _hovers(places: dict[str, Place]) -> str:
    """Show all of a room's own roads while it is pointed at."""
    rule = ".rooms:has(#room-{0}:is(:hover,:focus)) path.of-{0}{{stroke-opacity:1;stroke:var(--way);stroke-width:1.6}}"
    return "".join(rule.format(room) + "\n" for room in sorted(places))
