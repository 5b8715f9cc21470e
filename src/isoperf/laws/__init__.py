"""Laws, one per file; a new file in this folder is a new law everywhere."""

from __future__ import annotations

import difflib
import importlib
import inspect
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path

from isoperf.errors import LawError, did_you_mean
from isoperf.laws._restricted import parse, restrict
from isoperf.laws.base import Law, Noise, Param, Reference
from isoperf.own_files import run_file

__all__ = ["Law", "Noise", "Param", "Reference", "discover", "get", "named"]


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

    A text such as ``my_law.py`` or ``my_law.py:Product`` names a law in a Python file, which
    is run to get it. Brackets hold parameters or tie them:
    ``chinchilla[token_exponent=param_exponent, irreducible_loss=1.7]``.

    Raises
    ------
    LawError : no law has that name; the message names those that are near.
    """
    if isinstance(law, Law):
        return law
    if inspect.isclass(law) and issubclass(law, Law):
        return law()
    restricted = parse(str(law))
    if restricted is not None:
        base, held, masters = restricted
        return restrict(get(base), held, masters)
    file, _, wanted = str(law).partition(":")
    if file.endswith(".py"):
        return _from_file(Path(file), wanted)
    found = named(str(law))
    if found is None:
        raise LawError(
            f"no law {law!r}.{_near(str(law), discover())} `isoperf laws` lists them all. "
            "A law of your own is a subclass of isoperf.Law; pass the class itself, or my_law.py:ClassName."
        )
    return found


def _near(word: str, known: Iterable[str]) -> str:
    """Name up to three laws that may be meant."""
    near = difflib.get_close_matches(word, list(known), n=3, cutoff=0.6)
    return f" Did you mean {' or '.join(map(repr, near))}?" if near else ""


def named(name: str) -> Law | None:
    """Return the installed law of that name, brackets and members of families included; None where there is none.

    Unlike :func:`get` it never runs a file.
    """
    restricted = parse(name)
    if restricted is not None:
        base, held, masters = restricted
        law = named(base)
        return None if law is None else restrict(law, held, masters)
    known = discover()
    members = (law.member(name) for law in known.values())
    return known.get(name) or next((law for law in members if law is not None), None)


def _from_file(path: Path, wanted: str) -> Law:
    """Run a Python file and return the law it defines."""
    module = run_file(path, "law", LawError)
    laws = {type(one).__name__: one for one in _laws_in(module)}
    if wanted and wanted not in laws:
        raise LawError(f"{path.name} has no law {wanted!r}.{did_you_mean(wanted, laws)} It has: {_listed(laws)}.")
    if not wanted and len(laws) != 1:
        raise LawError(f"{path.name} has {len(laws)} laws ({_listed(laws)}); name one, as in {path.name}:ClassName.")
    return laws[wanted] if wanted else next(iter(laws.values()))


def _listed(laws: Mapping[str, Law]) -> str:
    return ", ".join(laws) or "none; a law is a subclass of isoperf.Law"
