"""Which files a pattern or a folder of plain tables stands for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from isoperf.errors import DataError
from isoperf.readers import excel, json, parquet
from isoperf.readers._source import Source
from isoperf.readers.tools import recognise

__all__ = ["Tables", "labels", "plain_tables"]

# Notes are often .txt files, so a folder's are not taken for tables.
_KINDS = {
    "CSV": (".csv", ".csv.gz", ".tsv", ".tsv.gz"),
    "JSON": tuple(suffix for suffix in json.SUFFIXES if suffix.startswith(".json") and "jsonl" not in suffix),
    "JSON Lines": tuple(suffix for suffix in json.SUFFIXES if "jsonl" in suffix or "ndjson" in suffix),
    "Parquet": parquet.SUFFIXES,
    "Excel": excel.SUFFIXES,
}
_SHOWN = 3


@dataclass(frozen=True)
class Tables:
    """Files to be stacked, and how messages speak of them.

    Attributes
    ----------
    place : the pattern, or the folder's name.
    paths : the files, in order.
    labels : what the column ``file`` calls them.
    left : notes on what was left out.
    """

    place: str
    paths: Sequence[Path]
    labels: Sequence[str]
    left: tuple[str, ...] = ()
    holds: str = "matches"
    advice: str = "Narrow the pattern."


def labels(paths: Sequence[Path]) -> list[str]:
    """Name each file as briefly as tells them apart."""
    names = [path.name for path in paths]
    return names if len(set(names)) == len(names) else [path.as_posix() for path in paths]


def plain_tables(path: Path) -> Tables | None:
    """Return the tables in a folder that no tool wrote; None for files, tools' folders, and those without tables.

    Raises
    ------
    DataError : the tables are of several kinds, so which are meant is not clear.
    """
    source = Source(path)
    if not source.is_folder or recognise(source) is not None:
        return None
    files = [one for one in source.files("*") if not _hidden(one.relative_to(path))]
    kinds = {kind: [one for one in files if one.name.lower().endswith(ends)] for kind, ends in _KINDS.items()}
    kinds = {kind: held for kind, held in kinds.items() if held}
    if not kinds:
        return None
    if len(kinds) > 1:
        said = ", ".join(f"{held[0].relative_to(path).as_posix()} is {kind}" for kind, held in kinds.items())
        raise DataError(
            f"{source.name} holds tables of several kinds ({said}). Name those that are meant with a pattern, "
            f"such as '{source.name}/*{next(iter(kinds.values()))[0].suffix}'."
        )
    tables = next(iter(kinds.values()))
    left = [one.relative_to(path).as_posix() for one in files if one not in set(tables)]
    more = f" and {len(left) - _SHOWN} more" if len(left) > _SHOWN else ""
    note = (f"files that are no tables: {', '.join(left[:_SHOWN])}{more}",) if left else ()
    names = [one.relative_to(path).as_posix() for one in tables]
    advice = "Name those that are meant with a pattern, such as 'folder/*.csv'."
    return Tables(source.name, tables, names, note, "holds", advice)


def _hidden(path: Path) -> bool:
    return any(part.startswith((".", "_")) for part in path.parts)
