"""The tables of errors and of statuses, from the classes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from docs._generate.markdown import between, code, plain, table
from isoperf.errors import IsoperfError
from isoperf.estimate import Status


def pages(docs: Path) -> dict[str, str]:
    """Return the page with its tables made anew."""
    page = (docs / "errors.md").read_text(encoding="utf-8")
    header = ("Error", "Is also a", "Exit code", "Raised when")
    page = between(page, "errors", table(header, _rows(IsoperfError)))
    statuses = ((code(status.value), status.meaning) for status in Status)
    return {"errors.md": between(page, "statuses", table(("Status", "Meaning"), statuses))}


def _rows(error: type[IsoperfError]) -> Iterator[tuple[str, ...]]:
    also = [base.__name__ for base in error.__bases__ if base is not Exception]
    meaning = (error.__doc__ or "").strip().partition("\n")[0]
    yield code(error.__name__), ", ".join(map(code, also)), str(error.exit_code), plain(meaning)
    for child in sorted(error.__subclasses__(), key=lambda kind: kind.__name__):
        if child.__module__ == IsoperfError.__module__:
            yield from _rows(child)
