"""Laws, one per file; a new file in this folder is a new law everywhere."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path

from isoperf.errors import LawError, did_you_mean
from isoperf.laws.base import Law, Noise, Param, Reference

__all__ = ["Law", "Noise", "Param", "Reference", "discover", "get"]


@cache
def discover() -> Mapping[str, Law]:
    """Return every law by name: those of this folder, then those of the entry point ``isoperf.laws``."""
    found: dict[str, Law] = {}
    for path in sorted(Path(__file__).parent.glob("[a-z]*.py")):
        if path.stem != "base":
            module = importlib.import_module(f"{__name__}.{path.stem}")
            for law in _laws_in(module):
                found[law.name] = law
    for point in entry_points(group="isoperf.laws"):
        law = point.load()()
        found.setdefault(law.name, law)
    return found


def _laws_in(module: object) -> list[Law]:
    classes = [value for value in vars(module).values() if inspect.isclass(value)]
    home = getattr(module, "__name__", "")
    return [
        kind() for kind in classes
        if issubclass(kind, Law) and not inspect.isabstract(kind) and kind.__module__ == home
    ]  # fmt: skip


def get(law: str | Law | type[Law]) -> Law:
    """Return a law by name; a law of the user's own passes through.

    Raises
    ------
    LawError : no law has that name; the message lists those that exist.
    """
    if isinstance(law, Law):
        return law
    if inspect.isclass(law) and issubclass(law, Law):
        return law()
    known = discover()
    if str(law) not in known:
        raise LawError(
            f"no law {law!r}.{did_you_mean(str(law), known)} Known: {', '.join(known)}. "
            "A law of your own is a subclass of isoperf.Law; pass the class itself."
        )
    return known[str(law)]
