"""Fits and reports as JSON and packed pages, and back."""

from __future__ import annotations

import dataclasses
import gzip
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from isoperf.errors import DataError
from isoperf.fitting.result import Fit
from isoperf.store.entry import PAGE, Entry, StoredReport
from isoperf.store.objects import Draft

__all__ = ["drafted", "fits_of", "read_report"]


def drafted(draft: Draft, name: str, found: Fit | StoredReport, source: str = "memory") -> Entry:
    """Write the files of a fit or report."""
    first = len(draft.parts)
    if isinstance(found, Fit):
        text = found.to_json()
        draft.write(".json", lambda path: path.write_text(text, encoding="utf-8"))
        return Entry(name, "fit", found.law.name, source, time.time(), parts=tuple(draft.parts[first:]))
    plain = json.dumps(found.as_dict(), indent=2, allow_nan=False) + "\n"
    draft.write(".json", lambda path: path.write_text(plain, encoding="utf-8"))
    if found.page:
        packed = gzip.compress(found.page.encode(), mtime=0)  # without the time, so that equal pages are equal files
        draft.write(PAGE, lambda path: path.write_bytes(packed))
    return Entry(name, "report", found.title, source, time.time(), parts=tuple(draft.parts[first:]))


def read_report(entry: Entry, paths: Sequence[Path]) -> StoredReport:
    """Read a report back.

    Raises
    ------
    DataError : its files are damaged.
    """
    try:
        pages = [gzip.decompress(path.read_bytes()).decode() for path in paths if path.name.endswith(PAGE)]
        return StoredReport(entry.title, json.loads(paths[0].read_bytes()), "".join(pages))
    except (ValueError, EOFError, gzip.BadGzipFile) as error:
        raise DataError(f"a file of {entry.name!r} in the store is damaged ({error}). Add the report again.") from error


def fits_of(result: Any) -> dict[str, Fit]:
    """Return the fit that a result is or has as ``fit``; of several, each by the name of its field."""
    if isinstance(result, Fit):
        return {"fit": result}
    names = [field.name for field in dataclasses.fields(result)] if dataclasses.is_dataclass(result) else ["fit"]
    found = {name: fit for name in names if isinstance(fit := getattr(result, name, None), Fit)}
    return {"fit": next(iter(found.values()))} if len(found) == 1 else found
