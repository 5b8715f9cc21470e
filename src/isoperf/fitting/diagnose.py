"""Say how far a fit can be trusted: what the data determine and what they leave open."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from isoperf.estimate import Status
from isoperf.fitting.engine import Search
from isoperf.fitting.problem import Problem

__all__ = ["Diagnosis", "diagnose", "parameter_status", "worst"]

Floats = NDArray[np.float64]
RANK_TOLERANCE = 1e-7  # below this share of the largest singular value a direction is undetermined
LOADING = 0.1
FAINT = 1e-9  # relative change of the prediction below which a parameter does nothing
SEVERITY = (
    Status.TOO_FEW,
    Status.NOT_CONVERGED,
    Status.NOT_IDENTIFIED,
    Status.AT_BOUND,
    Status.EXTRAPOLATED,
    Status.OK,
)


@dataclass(frozen=True)
class Diagnosis:
    """Facts about the optimum.

    Attributes
    ----------
    condition : largest over smallest singular value of the Jacobian with unit columns.
    undetermined : (p,) parameters that move along a direction the data do not see.
    at_bound : (p,) parameters that ended on a bound.
    quadratic_share : share of rows whose residual lies in the quadratic zone of the cost.
    """

    condition: float
    undetermined: NDArray[np.bool_]
    at_bound: NDArray[np.bool_]
    quadratic_share: float


def worst(statuses: tuple[Status, ...]) -> Status:
    """The most serious of several statuses."""
    return next((status for status in SEVERITY if status in statuses), Status.OK)


def diagnose(found: Search) -> Diagnosis:
    """Read the geometry of the optimum from its Jacobian."""
    problem, u = found.problem, found.u
    residual, jacobian = problem.linearise(u[None])
    low, high = problem.bounds
    room = 1e-9 * (1 + np.abs(u))
    at_bound = (u <= low + room) | (u >= high - room)
    visible = _visible(problem, u, jacobian[0])
    condition, undetermined = _rank(visible, ~at_bound)
    inside = float(np.mean(np.abs(residual[0]) <= problem.noise.delta))
    return Diagnosis(condition, undetermined, at_bound, inside)


def _visible(problem: Problem, u: Floats, jacobian: Floats) -> Floats:
    """Change of the residuals per step of natural size, (p, n); zero where too faint for double precision."""
    typical = np.array([param.start[1] - param.start[0] for param in problem.law.params])
    size = np.where(problem.log, 1.0, np.maximum(np.abs(u), typical))
    moved = np.nan_to_num(jacobian * size[:, None], posinf=0.0, neginf=0.0)
    unit = 1.0 if problem.noise.log else float(np.abs(problem.y).max())
    faint = np.abs(moved).max(axis=1) <= FAINT * unit
    return np.where(faint[:, None], 0.0, moved)


def _rank(columns: Floats, free: NDArray[np.bool_]) -> tuple[float, NDArray[np.bool_]]:
    """Condition number over the free parameters, and which of all load on null directions; (p, n) in."""
    left, singular = _singular(columns)
    null = singular <= RANK_TOLERANCE * max(singular.max(), 1e-300)
    undetermined = np.asarray((np.abs(left[:, null]) > LOADING).any(axis=1))
    if not free.any():
        return 1.0, undetermined
    singular = _singular(columns[free])[1]
    return float(singular.max() / singular.min()) if singular.min() > 0 else float("inf"), undetermined


def _singular(columns: Floats) -> tuple[Floats, Floats]:
    """Left vectors (p, p) and singular values (p,) of (p, n) columns scaled to length 1."""
    norm = np.linalg.norm(columns, axis=1)
    unit = columns / np.where(norm > 0, norm, 1.0)[:, None]
    # the triangular factor has the same left vectors and singular values, and only p columns
    small = np.zeros((len(unit), len(unit)))
    factor = np.asarray(np.linalg.qr(unit.T, mode="r"))
    small[:, : len(factor)] = factor.T
    left, singular, _ = np.linalg.svd(small)
    return left, singular


def parameter_status(diagnosis: Diagnosis, found: Search, draws: Floats, n_points: int) -> tuple[Status, ...]:
    """One status per parameter; ``draws`` is (R, p) in search coordinates, possibly empty.

    ``n_points`` counts the rows that differ in their inputs.
    """
    n_params = len(diagnosis.at_bound)
    if n_points <= n_params:
        return (Status.TOO_FEW,) * n_params
    if not found.converged:
        return (Status.NOT_CONVERGED,) * n_params
    low, high = found.problem.bounds
    often = np.zeros(n_params, dtype=bool)
    if len(draws):
        room = 1e-9 * (1 + np.abs(draws))
        often = ((draws <= low + room) | (draws >= high - room)).mean(axis=0) > 0.25
    loose = found.problem.log & _wide(draws, n_params)
    return tuple(
        Status.NOT_IDENTIFIED
        if diagnosis.undetermined[j] or loose[j]
        else Status.AT_BOUND
        if diagnosis.at_bound[j] or often[j]
        else Status.OK
        for j in range(n_params)
    )


def _wide(draws: Floats, n_params: int) -> NDArray[np.bool_]:
    """Parameters whose 90 % interval spans more than 25 search units: eleven decades of a logarithm."""
    if not len(draws):
        return np.zeros(n_params, dtype=bool)
    low, high = np.nanquantile(draws, [0.05, 0.95], axis=0)
    return np.asarray(high - low > 25.0)
