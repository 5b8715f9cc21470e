"""Many contests: spread over workers, kept in a file as they end, taken up again from it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from typing import Any

import msgspec

from isoperf.errors import DataError
from isoperf.executors import Executor, LocalExecutor, Progress, SerialExecutor, run
from isoperf.predict.laws._contest import Entry, Match, contend

__all__ = ["play"]


class _Kept(msgspec.Struct):
    key: str
    entries: list[dict[str, Any]]


def play(
    contests: Sequence[Match], *, executor: Executor, keep: Path | None, progress: Progress | None = None
) -> list[Entry]:
    """Hold every contest; those found in the file ``keep`` are not held again.

    Raises
    ------
    DataError : the file holds something else. WorkerError : the engine lost its workers, or has none.
    """
    known = _read(keep) if keep is not None else {}
    missing = tuple(contest for contest in contests if contest.key not in known)
    done = len(contests) - len(missing)
    if progress is not None:
        progress(done, len(contests))
    if isinstance(executor, LocalExecutor) and not all(contest.travels for contest in missing):
        executor = SerialExecutor()
    work = run(_hold, range(len(missing)), shared=missing, executor=executor, label=lambda i: missing[i].key)
    with closing(work) as ended:
        for number, entries in ended:
            key = missing[number].key
            known[key] = entries
            done += 1
            if keep is not None:
                _append(keep, _Kept(key, [asdict(entry) for entry in entries]))
            if progress is not None:
                progress(done, len(contests))
    return [entry for contest in contests for entry in known[contest.key]]


def _hold(contests: Sequence[Match], number: int) -> list[Entry]:
    return contend(contests[number])


def _read(path: Path) -> dict[str, list[Entry]]:
    if not path.exists():
        return {}
    lines = path.read_bytes().splitlines(keepends=True)
    if lines and not lines[-1].endswith(b"\n"):  # an interrupted run may have cut its last line short
        lines.pop()
        path.write_bytes(b"".join(lines))
    try:
        found = [msgspec.json.decode(line, type=_Kept) for line in lines]
        return {one.key: [Entry(**_known(entry)) for entry in one.entries] for one in found}
    except (msgspec.DecodeError, TypeError) as problem:
        raise DataError(
            f"{path.name} does not hold the contests of a league: {problem}. Name another file to keep them in."
        ) from None


def _known(entry: dict[str, Any]) -> dict[str, Any]:
    """What JSON holds as null was no number."""
    return {name: math.nan if value is None else value for name, value in entry.items()}


def _append(path: Path, one: _Kept) -> None:
    with path.open("ab") as file:
        file.write(msgspec.json.encode(one) + b"\n")
