"""Many tables as one batch: rows padded to the longest, padding without weight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from isoperf.fitting.noise import NoiseModel
from isoperf.fitting.problem import Problem
from isoperf.fitting.solve import Solution, solve

__all__ = ["Piece", "solve_pieces"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Piece:
    """Fits of one table: starts (b, p), row weights (n,) or (b, n), and outputs (b, n) where they differ."""

    problem: Problem
    start: Floats
    weights: Floats
    outputs: Floats | None = None


def solve_pieces(pieces: Sequence[Piece], *, tolerance: float, max_steps: int) -> list[Solution]:
    """Polish the fits of several tables in one batch; the same answers as one by one."""
    same = all(piece.problem is pieces[0].problem for piece in pieces)
    stacked, weights = _share(pieces) if same else _stack(pieces)
    start = np.concatenate([piece.start for piece in pieces])
    whole = solve(stacked, start, weights, tolerance=tolerance, max_steps=max_steps)
    ends = np.cumsum([len(piece.start) for piece in pieces])[:-1]
    parts = zip(*(np.split(values, ends) for values in (whole.u, whole.objective, whole.converged)), strict=True)
    return [Solution(*part) for part in parts]


def _share(pieces: Sequence[Piece]) -> tuple[Problem, Floats]:
    """Pieces of one table: its inputs need no copies."""
    problem = pieces[0].problem
    if len(pieces) == 1:
        weights, outputs = pieces[0].weights, pieces[0].outputs
    else:
        weights = np.concatenate([np.broadcast_to(p.weights, (len(p.start), problem.n_rows)) for p in pieces])
        made = [piece.outputs for piece in pieces if piece.outputs is not None]
        outputs = np.concatenate(made) if made else None
    if outputs is not None:
        problem = Problem(problem.law, problem.inputs, outputs, problem.noise)
    return problem, weights


def _stack(pieces: Sequence[Piece]) -> tuple[Problem, Floats]:
    first = pieces[0].problem
    width = max(piece.problem.n_rows for piece in pieces)

    def tall(piece: Piece, values: Floats, fill: Literal["edge", "constant"] = "edge") -> Floats:
        """Repeat a row for every fit of a piece and pad it with its last value, or with zeros."""
        rows = np.broadcast_to(values, (len(piece.start), piece.problem.n_rows))
        return np.pad(rows, ((0, 0), (0, width - piece.problem.n_rows)), mode=fill)

    inputs = tuple(
        np.concatenate([tall(piece, piece.problem.inputs[j]) for piece in pieces]) for j in range(len(first.inputs))
    )
    y = np.concatenate([tall(p, p.problem.y if p.outputs is None else p.outputs) for p in pieces])
    weights = np.concatenate([tall(p, p.weights, "constant") for p in pieces])
    delta = np.concatenate([np.full((len(p.start), 1), p.problem.noise.delta) for p in pieces])
    return Problem(first.law, inputs, y, NoiseModel(first.noise.name, delta)), weights
