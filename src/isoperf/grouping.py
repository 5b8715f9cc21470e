"""Rows that belong together: groups, runs and their last checkpoints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["codes_of", "labels_of", "last_rows"]

_COURSE = ("step", "n_tokens", "flops", "epoch")


def codes_of(labels: NDArray[Any]) -> tuple[NDArray[np.intp], list[int]]:
    """Number distinct labels by first appearance; return the codes (n,) and first row of each."""
    _, first, inverse = np.unique(labels, return_index=True, return_inverse=True)
    order = np.argsort(first)
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return rank[inverse.reshape(-1)], first[order].tolist()


def labels_of(columns: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """Label each row by its cells in some columns, as in ``dense / 7B``; shape (n,), text."""
    texts = [[_label(cell) for cell in column.tolist()] for column in columns]
    labels = np.empty(len(columns[0]) if columns else 0, dtype=object)
    labels[:] = [" / ".join(cells) for cells in zip(*texts, strict=True)]
    return labels


def _label(cell: str | float) -> str:
    if isinstance(cell, str):
        return cell
    return f"{cell:.0f}" if cell.is_integer() and abs(cell) < 1e15 else f"{cell:g}"


def last_rows(columns: Mapping[str, NDArray[Any]]) -> NDArray[np.bool_]:
    """Mark, in each run, the rows that share its last step, tokens, operations or epoch.

    Rows at the same moment (several benchmarks of one checkpoint) all count as last, and so
    does every row of a table without runs or without a column that orders them.
    """
    runs = columns.get("run")
    if runs is None or not len(runs):
        return np.ones(len(next(iter(columns.values()), ())), dtype=bool)
    codes, firsts = codes_of(runs)
    for name in _COURSE:
        course = columns.get(name)
        if course is None or course.dtype == object:
            continue
        last = np.full(len(firsts), -np.inf)
        np.fmax.at(last, codes, course)
        marked = ~(course < last[codes])
        if not marked.all():
            return np.asarray(marked & ~(np.isnan(course) & np.isfinite(last[codes])))
    return np.ones(len(runs), dtype=bool)
