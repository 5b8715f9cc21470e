"""The one place where a capability is declared, found and read.

A capability is a plain typed function in a module of its own name, inside a topic's folder
of one of the job rooms (``predict``, ``scale``, ``optimise``, ``tradeoff``)::

    @capability(job="predict", needs=("loss",), sources=(...), checked="...", example="...")
    def forecast(data: Data, *, law: str = "auto", ...) -> Forecast: ...

A file whose name begins with an underscore is a helper of its room and declares nothing.
Options that several capabilities share are in ``isoperf.options``.

The decorator returns the function itself, so editors and callers see nothing unusual.
The command line, the method list, the conformance tests and later the studio read the
declaration. Listing capabilities imports none of them: the name is the file's name and
the summary is the first line of the file.
"""

from __future__ import annotations

import importlib
import inspect
import sys
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar, runtime_checkable

from isoperf.errors import OptionError, did_you_mean
from isoperf.reference import Reference

if typing.TYPE_CHECKING:
    from isoperf.report import Report

__all__ = [
    "JOBS",
    "Capability",
    "Entry",
    "Job",
    "Option",
    "Parameter",
    "Reference",
    "Result",
    "capability",
    "discover",
    "get",
]

Job = Literal["predict", "scale", "optimise", "tradeoff"]
JOBS: tuple[Job, ...] = typing.get_args(Job)
F = TypeVar("F", bound=Callable[..., Any])
_ATTRIBUTE = "__capability__"
HOOKS = ("progress",)  # callables that a surface passes itself; not options


@dataclass(frozen=True, slots=True)
class Option:
    """What a surface needs to know about a parameter: ``Annotated[float, Option("...")]``.

    ``table`` marks a further table, which a surface reads as it reads the first one; ``least`` is
    the smallest number that makes sense. ``local`` marks what reaches out of the question, such as a
    program to run or a file to write: a surface whose words come from elsewhere does not offer it.
    """

    help: str
    unit: str = ""
    table: bool = False
    least: float | None = None
    local: bool = False


@dataclass(frozen=True, slots=True)
class Parameter:
    """One option of a capability as a surface sees it."""

    name: str
    type: Any
    default: Any
    required: bool
    help: str
    unit: str
    table: bool = False
    least: float | None = None
    local: bool = False


@runtime_checkable
class Result(Protocol):
    """What every capability returns."""

    def report(self) -> Report:
        """Return the answer for people."""
        ...

    def as_dict(self) -> dict[str, Any]:
        """Return the answer for machines; JSON-ready."""
        ...


@dataclass(frozen=True)
class Capability:
    """A declared function with all that its surfaces need."""

    name: str
    job: Job
    function: Callable[..., Result]
    summary: str
    needs: tuple[str, ...]
    sources: tuple[Reference, ...]
    checked: str
    example: str
    experimental: bool = False
    parameters: tuple[Parameter, ...] = ()

    def __call__(self, *args: Any, **kwargs: Any) -> Result:
        """Call the declared function."""
        return self.function(*args, **kwargs)


def capability(
    *,
    job: Job,
    needs: tuple[str, ...],
    sources: tuple[Reference, ...],
    checked: str,
    example: str,
    experimental: bool = False,
) -> Callable[[F], F]:
    """Declare the decorated function as a capability and return it unchanged.

    Parameters
    ----------
    job : which of the four questions it answers.
    needs : what the table must hold, one phrase each, such as ``"loss (or y)"``.
    sources : the papers it comes from.
    checked : how it was checked, in one sentence.
    example : a command line that runs on bundled data.
    experimental : its interface and numbers may still change; every surface says so.
    """

    def declare(function: F) -> F:
        summary = (inspect.getdoc(function) or "").partition("\n")[0]
        declared = Capability(
            name=function.__name__,
            job=job,
            function=function,
            summary=summary,
            needs=needs,
            sources=sources,
            checked=checked,
            example=example,
            experimental=experimental,
        )
        setattr(function, _ATTRIBUTE, declared)
        return function

    return declare


@dataclass(frozen=True, slots=True)
class Entry:
    """A capability known by name only; nothing of it is imported.

    ``topic`` is what its folder says of itself; empty for a capability of another package.
    """

    name: str
    job: str
    module: str
    summary: str
    topic: str = ""


def discover() -> Mapping[str, Entry]:
    """Return every capability by name, without importing any."""
    return dict(_discovered(tuple(sys.path)))


@lru_cache(maxsize=4)
def _discovered(paths: tuple[str, ...]) -> Mapping[str, Entry]:
    """Look through the folders of the jobs and the packages on these paths, once."""
    found: dict[str, Entry] = {}
    root = Path(__file__).parent
    for job in JOBS:
        for folder in sorted((root / job).glob("[a-z]*/")):
            topic = _summary(folder / "__init__.py")
            for path in sorted(folder.glob("[a-z]*.py")):
                module = f"isoperf.{job}.{folder.name}.{path.stem}"
                found[path.stem] = Entry(path.stem, job, module, _summary(path), topic)
    for point in entry_points(group="isoperf.capabilities"):
        found.setdefault(point.name, Entry(point.name, "", point.module, f"from {point.module}"))
    return found


def _summary(path: Path) -> str:
    """Return the first line of a module's docstring by reading only its head."""
    with path.open(encoding="utf-8") as file:
        head = file.readline().strip()
    return head.strip('"').strip() if head.startswith('"""') else ""


def get(name: str) -> Capability:
    """Import one capability and return its declaration.

    Raises
    ------
    OptionError : no capability has that name.
    """
    entries = discover()
    if name not in entries:
        known = ", ".join(sorted(entries))
        raise OptionError(f"no capability {name!r}.{did_you_mean(name, entries)} Known: {known}.")
    function = getattr(importlib.import_module(entries[name].module), name)
    declared: Capability = getattr(function, _ATTRIBUTE)
    return _with_parameters(declared)


def _with_parameters(declared: Capability) -> Capability:
    hints = typing.get_type_hints(declared.function, include_extras=True)
    signature = inspect.signature(declared.function)
    options = tuple(
        _parameter(parameter, hints[name])
        for name, parameter in signature.parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY and name not in HOOKS
    )
    return replace(declared, parameters=options)


def _parameter(parameter: inspect.Parameter, hint: Any) -> Parameter:
    notes = [note for note in getattr(hint, "__metadata__", ()) if isinstance(note, Option)]
    note = notes[0] if notes else Option("")
    required = parameter.default is inspect.Parameter.empty
    default = None if required else parameter.default
    base = hint.__origin__ if notes else hint
    return Parameter(parameter.name, base, default, required, note.help, note.unit, note.table, note.least, note.local)
