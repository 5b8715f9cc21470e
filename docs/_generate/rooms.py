"""Floors from pyproject's import contract, and who imports whom from the code itself."""

from __future__ import annotations

import importlib
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

import grimp

__all__ = ["Rooms", "rooms"]

PACKAGE = "isoperf"


@dataclass(frozen=True)
class Rooms:
    """The package's rooms.

    Attributes
    ----------
    floors : rooms that exist, top floor first, in the order of the contract.
    about : first line of each room's docstring.
    knows : the rooms that each imports from directly.
    """

    floors: tuple[tuple[str, ...], ...]
    about: dict[str, str]
    knows: dict[str, frozenset[str]]

    def roads(self) -> set[tuple[str, str]]:
        """Return the imports that no chain of others makes plain; rooms that know each other keep all of theirs."""
        reach = {room: self._reach(room) for room in self.knows}
        return {
            (room, one)
            for room, known in self.knows.items()
            for one in known
            if not any(one in reach[near] and not {room, near} & (reach[near] | reach[one]) for near in known - {one})
        }

    def _reach(self, room: str) -> set[str]:
        """Return every room that this one knows by any chain."""
        found: set[str] = set()
        waiting = [room]
        while waiting:
            fresh = self.knows[waiting.pop()] - found
            found |= fresh
            waiting += fresh
        return found


def rooms(pyproject: Path) -> Rooms:
    """Read the floors, and the imports that the linter sees: those inside functions too, those for types alone not."""
    contracts = tomllib.loads(pyproject.read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    (layers,) = [one["layers"] for one in contracts if one["type"] == "layers"]
    graph = grimp.build_graph(PACKAGE, exclude_type_checking_imports=True, cache_dir=None)
    present = {name.rpartition(".")[2] for name in graph.find_children(PACKAGE)}
    for room in present:
        graph.squash_module(f"{PACKAGE}.{room}")
    floors = tuple(tuple(name for name in re.findall(r"\w+", layer) if name in present) for layer in layers)
    return Rooms(
        tuple(floor for floor in floors if floor),
        {room: _about(room) for room in sorted(present)},
        {room: _known(graph, room) for room in sorted(present)},
    )


def _known(graph: grimp.ImportGraph, room: str) -> frozenset[str]:
    found = graph.find_modules_directly_imported_by(f"{PACKAGE}.{room}")
    return frozenset(one.rpartition(".")[2] for one in found if one.startswith(f"{PACKAGE}.")) - {room}


def _about(room: str) -> str:
    return (importlib.import_module(f"{PACKAGE}.{room}").__doc__ or "").partition("\n")[0]
