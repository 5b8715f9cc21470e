"""Python files that users name in place of a law, a forecaster or a cost: the one place that runs them."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from isoperf.errors import IsoperfError

__all__ = ["none_run", "run_file"]

_allowed = True


def run_file(path: Path, what: str, error: type[IsoperfError]) -> ModuleType:
    """Run a Python file and return it as a module.

    Parameters
    ----------
    path : the file; what : what is looked for in it, such as ``"law"``, for messages.
    error : the kind of error to raise.

    Raises
    ------
    IsoperfError : of the kind given; files may not be run here, there is none, or it fails.
    """
    if not _allowed:
        raise error(
            f"{what} file {str(path)!r} would have to be run, which is not allowed here. Name an installed {what}."
        )
    if not path.is_file():
        raise error(f"{what} file {str(path)!r} does not exist. Give the path of a Python file that defines a {what}.")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise error(f"{what} file {str(path)!r} cannot be read as Python.")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as problem:
        raise error(f"{what} file {str(path)!r} does not run: {type(problem).__name__}: {problem}.") from problem
    return module


@contextmanager
def none_run() -> Iterator[None]:
    """Refuse to run any file inside, in every thread: for surfaces whose words come from elsewhere."""
    global _allowed
    before, _allowed = _allowed, False
    try:
        yield
    finally:
        _allowed = before
