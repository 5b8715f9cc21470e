"""What every law must keep, whoever wrote it: each check raises ``AssertionError`` and says why."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from types import SimpleNamespace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from isoperf.fitting.dual import gradient
from isoperf.fitting.engine import search
from isoperf.fitting.noise import noise_model
from isoperf.fitting.problem import Problem
from isoperf.laws import get
from isoperf.laws.base import Law

__all__ = ["check_broadcasting", "check_finite", "check_gradient", "check_law", "check_linear", "check_recovery"]

Floats = NDArray[np.float64]
EXTREMES = (1e-9, 1.0, 1e30)


def check_law(
    law: Law | type[Law], values: Mapping[str, float], inputs: Mapping[str, ArrayLike], *, tolerance: float = 1e-6
) -> None:
    """Run every check on a law.

    Parameters
    ----------
    values : a realistic value of each parameter.
    inputs : (n,) array per input, of a design that determines the parameters.
    tolerance : relative error allowed when they are recovered from data without noise.

    Raises
    ------
    AssertionError : a check failed; the message names it. LawError : a parameter or input is missing.

    Examples
    --------
    >>> import numpy as np
    >>> from isoperf.laws.power_law import PowerLaw
    >>> check_law(PowerLaw, dict(scale=5.0, exponent=0.3), dict(x=np.geomspace(1, 1e6, 40)))
    """
    one = get(law)
    columns = {name: np.asarray(x, dtype=float) for name, x in inputs.items()}
    one.predict(values, **columns)
    check_broadcasting(one, values, columns)
    check_gradient(one, values, columns)
    check_linear(one, values, columns)
    check_finite(one, values)
    check_recovery(one, values, columns, tolerance=tolerance)


def check_broadcasting(law: Law, values: Mapping[str, float], inputs: Mapping[str, Floats]) -> None:
    """A batch of parameter vectors gives what each gives alone."""
    theta, columns = _around(law, values), _columns(law, inputs)
    together = _evaluate(law, theta, columns)
    for row, own in zip(together, theta, strict=True):
        alone = law.predict(dict(zip(law.names, own, strict=True)), **inputs)
        _ensure(np.allclose(row, alone, rtol=1e-13, atol=0), f"{law.name}: a batch differs from one by one")


def check_gradient(law: Law, values: Mapping[str, float], inputs: Mapping[str, Floats]) -> None:
    """The exact gradient equals a five-point finite difference."""
    theta, columns = _around(law, values), _columns(law, inputs)
    value, jacobian = gradient(law, theta, columns)
    _ensure(
        np.allclose(value, _evaluate(law, theta, columns), rtol=1e-12, atol=0),
        f"{law.name}: dual numbers change values",
    )
    for j, name in enumerate(law.names):
        step = 1e-4 * np.abs(theta[:, j])
        moved = {times: _evaluate(law, _moved(theta, j, times * step), columns) for times in (-2, -1, 1, 2)}
        # error of order step^4: about 1e-16 relative here, so rounding decides
        slope = (8 * (moved[1] - moved[-1]) - (moved[2] - moved[-2])) / (12 * step[:, None])
        rounding = 1e-14 * np.abs(value).max() / step[:, None]
        error = np.abs(jacobian[j] - slope)
        _ensure(bool((error <= 1e-7 * np.abs(slope) + 10 * rounding).all()), f"{law.name}: gradient in {name} is wrong")


def check_linear(law: Law, values: Mapping[str, float], inputs: Mapping[str, Floats]) -> None:
    """The formula is jointly linear in the parameters marked so, and zero when they all are."""
    linear = np.array([param.linear for param in law.params])
    if not linear.any():
        return
    theta, columns = _around(law, values), _columns(law, inputs)
    rng = np.random.default_rng(3)
    first, second, total = theta.copy(), theta.copy(), theta.copy()
    first[:, linear] *= rng.uniform(0.1, 3, linear.sum())
    second[:, linear] *= rng.uniform(-3, 3, linear.sum())
    total[:, linear] = 2.0 * first[:, linear] - 0.5 * second[:, linear]
    parts = 2.0 * _evaluate(law, first, columns), -0.5 * _evaluate(law, second, columns)
    scale = float((np.abs(parts[0]) + np.abs(parts[1])).max())
    error = np.abs(_evaluate(law, total, columns) - parts[0] - parts[1])
    _ensure(bool((error <= 1e-12 * scale).all()), f"{law.name}: a parameter marked linear is not")


def check_finite(law: Law, values: Mapping[str, float]) -> None:
    """Output and gradient stay finite, without a floating-point warning, at inputs from 1e-9 to 1e30."""
    columns = tuple(np.array(list(itertools.product(EXTREMES, repeat=len(law.inputs)))).T)
    theta = _vector(law, values)
    with np.errstate(over="raise", invalid="raise", divide="raise", under="ignore"):
        try:
            output = _evaluate(law, theta, columns)
        except FloatingPointError as problem:
            raise AssertionError(f"{law.name}: {problem} at extreme inputs") from problem
    _ensure(bool(np.isfinite(output).all()), f"{law.name}: output is not finite at extreme inputs")
    _ensure(
        all(bool(np.isfinite(x).all()) for x in gradient(law, theta, columns)),
        f"{law.name}: gradient is not finite at extreme inputs",
    )


def check_recovery(
    law: Law, values: Mapping[str, float], inputs: Mapping[str, Floats], *, tolerance: float = 1e-6, seed: int = 0
) -> None:
    """Data made with the values, without noise, give them back."""
    y = np.asarray(law.predict(values, **inputs))
    problem = Problem(law, _columns(law, inputs), y, noise_model(law.noise, "auto", y, law.output))
    found = search(problem, np.ones(len(y)), np.random.default_rng(seed))
    _ensure(found.converged, f"{law.name}: the search did not settle on clean data")
    for name, got in zip(law.names, found.problem.to_values(found.u), strict=True):
        near = abs(got - values[name]) <= tolerance * abs(values[name])
        _ensure(bool(near), f"{law.name}: {name} came back as {got:.8g}, planted {values[name]:.8g}")


def _ensure(kept: bool, message: str) -> None:
    if not kept:
        raise AssertionError(message)


def _vector(law: Law, values: Mapping[str, float]) -> Floats:
    """(1, p) parameter values in order."""
    return np.array([[values[name] for name in law.names]], dtype=float)


def _around(law: Law, values: Mapping[str, float], n: int = 8) -> Floats:
    """(n, p) values within 20 % of the given ones."""
    return np.asarray(_vector(law, values) * np.random.default_rng(7).uniform(0.8, 1.2, (n, len(law.params))))


def _columns(law: Law, inputs: Mapping[str, Floats]) -> tuple[Floats, ...]:
    return tuple(inputs[name] for name in law.inputs)


def _moved(theta: Floats, j: int, by: Floats) -> Floats:
    shifted = theta.copy()
    shifted[:, j] += by
    return shifted


def _evaluate(law: Law, theta: Floats, columns: tuple[Floats, ...]) -> Floats:
    p = SimpleNamespace(**{name: theta[:, j : j + 1] for j, name in enumerate(law.names)})
    return np.asarray(np.broadcast_to(law.formula(p, *columns), (len(theta), len(columns[0]))))
