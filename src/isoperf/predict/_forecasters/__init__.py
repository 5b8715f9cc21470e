"""Forecasters of scores, one per file; a new file in this folder takes part in ``validate`` and ``league``."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from isoperf.errors import LawError, OptionError, did_you_mean
from isoperf.laws import get as get_law
from isoperf.laws import named
from isoperf.laws.base import Law
from isoperf.own_files import run_file
from isoperf.predict._forecasters._of_law import OfLaw
from isoperf.predict._forecasters.base import Forecaster, Given, is_baseline

__all__ = ["ALL", "discover", "entrants", "get"]

ALL = "all"
LAWS = ("sigmoid_compute", "power_law_floor", "power_law")  # laws of the score alone that enter unasked


@cache
def discover() -> Mapping[str, Forecaster]:
    """Return every forecaster of this folder by name; laws are forecasters too, see :func:`get`."""
    found: dict[str, Forecaster] = {}
    for path in sorted(Path(__file__).parent.glob("[a-z]*.py")):
        module = importlib.import_module(f"{__name__}.{path.stem}")
        for kind in _classes(module):
            one: Forecaster = kind()
            found[one.name] = one
    return found


def _classes(module: ModuleType) -> list[type]:
    own = [value for value in vars(module).values() if inspect.isclass(value) and value.__module__ == module.__name__]
    return [kind for kind in own if callable(getattr(kind, "learn", None)) and hasattr(kind, "name")]


def get(given: Given) -> Forecaster:
    """Return a forecaster by name, of a law, or the user's own: an object, a class, or ``file.py:Class``.

    Raises
    ------
    OptionError : no forecaster or law has that name, or the file has none.
    """
    if isinstance(given, Law) or (inspect.isclass(given) and issubclass(given, Law)):
        return OfLaw(get_law(given))
    if not isinstance(given, str):
        one: Any = given() if inspect.isclass(given) else given
        if isinstance(one, Forecaster) and isinstance(one.name, str):
            return one
        raise OptionError(f"{given!r} is no forecaster: it needs a name, and learn(known, seed).")
    file, _, wanted = given.partition(":")
    if file.endswith(".py"):
        return _from_file(Path(file), wanted)
    name = given.replace("-", "_")
    if name in discover():
        return discover()[name]
    law = named(given) or named(name)
    if law is None:
        raise OptionError(
            f"no forecaster {given!r}.{did_you_mean(name, discover())} Known: {', '.join(discover())}; the name of a "
            "law; or your own as file.py:Class."
        )
    return OfLaw(law)


def _from_file(path: Path, wanted: str) -> Forecaster:
    """Run a Python file and return the forecaster, or the law, that it defines."""
    module = run_file(path, "forecaster", OptionError)
    kinds = {kind.__name__: kind for kind in _classes(module)}
    if not wanted and len(kinds) == 1:
        return get(next(iter(kinds.values())))
    if wanted in kinds:
        return get(kinds[wanted])
    try:
        return OfLaw(get_law(f"{path}:{wanted}" if wanted else str(path)))
    except LawError:
        known = ", ".join(kinds) or "none"
        raise OptionError(f"{path.name} has no forecaster or law {wanted!r}. Its forecasters: {known}.") from None


def entrants(asked: Sequence[Given]) -> list[Forecaster]:
    """Forecasters that compete: those asked for, then laws of the score alone and the baselines."""
    wanted: list[Given] = []
    for one in asked:
        wanted += list(discover().values()) if isinstance(one, str) and one == ALL else [one]
    made = [get(one) for one in wanted]
    made += [get(law) for law in LAWS] + [one for one in discover().values() if is_baseline(one)]
    return list({one.name: one for one in reversed(made)}.values())[::-1]
