"""The public names are those listed in a file: adding or losing one is a decision, seen in a diff."""

from __future__ import annotations

import ast
import importlib
import inspect
import pickle
import subprocess
import sys
from pathlib import Path

import pytest

import isoperf
from isoperf.capability import discover

FROZEN = Path(__file__).with_name("public_names.txt")
PUBLIC = dir(isoperf)
# `isoperf.frontier` is the room of array functions, so the capability of that name is told apart.
RENAMED = {"frontier": "find_frontier"}


def test_public_names_are_the_frozen_ones() -> None:
    frozen = set(FROZEN.read_text(encoding="utf-8").split())
    new, lost = sorted(set(PUBLIC) - frozen), sorted(frozen - set(PUBLIC))
    assert not (new or lost), f"new {new}, lost {lost}; if meant, edit {FROZEN.name} and the changelog"


def test_star_import_gives_the_public_names_and_no_others() -> None:
    given: dict[str, object] = {}
    exec("from isoperf import *", given)
    assert sorted(set(given) - {"__builtins__"}) == PUBLIC == sorted(set(PUBLIC))


def test_running_package_and_type_checkers_read_the_same_stub() -> None:
    docstring, *lines = ast.parse(Path(inspect.getfile(isoperf)).with_suffix(".pyi").read_text(encoding="utf-8")).body
    assert isinstance(docstring, ast.Expr)
    assert all(isinstance(line, ast.ImportFrom) and len(line.names) == 1 for line in lines), "one name a line"
    seen = [alias.asname for line in lines if isinstance(line, ast.ImportFrom) for alias in line.names]
    assert len(seen) == len(set(seen)), "a name stands twice"
    # Checkers take `import a` and `import a as b` in a stub for private, and only `import a as a` for public.
    assert all(alias.asname == alias.name for line in lines for alias in getattr(line, "names", ()))
    for line in lines:
        assert isinstance(line, ast.ImportFrom) and line.module
        home, name = importlib.import_module(line.module), line.names[0].name
        assert getattr(isoperf, name) is getattr(home, name), f"isoperf.{name} is not what {line.module} holds"
    assert sorted(filter(None, seen)) == PUBLIC


def test_every_capability_is_public() -> None:
    own = {name: entry for name, entry in discover().items() if entry.module.startswith("isoperf.")}
    assert len(own) > 50
    missing = [f"{entry.module}.{name}" for name, entry in own.items() if RENAMED.get(name, name) not in PUBLIC]
    assert not missing, f"add a line to src/isoperf/__init__.pyi for each of {missing}"


@pytest.mark.parametrize("name", PUBLIC)
def test_public_name_exists_and_is_documented(name: str) -> None:
    value = getattr(isoperf, name)
    if callable(value):
        assert value.__doc__, f"isoperf.{name} has no docstring"


def test_unknown_name_is_an_error_at_run_time_and_for_type_checkers() -> None:
    with pytest.raises(AttributeError, match="module 'isoperf' has no attribute 'no_such_name'"):
        _ = isoperf.no_such_name  # type: ignore[attr-defined]  # an unused comment would be mypy's complaint


def test_public_names_survive_pickling_and_reloading() -> None:
    assert pickle.loads(pickle.dumps([isoperf.fit, isoperf.Estimate])) == [isoperf.fit, isoperf.Estimate]
    # Elsewhere, since a reloaded package would be another one for the tests that follow.
    script = "import importlib, isoperf; fit = isoperf.fit; assert importlib.reload(isoperf).fit is fit"
    subprocess.run([sys.executable, "-c", script], check=True)
