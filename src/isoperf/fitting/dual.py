"""Exact gradients of any law: numbers that carry their derivatives (forward mode)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isoperf.errors import LawError
from isoperf.laws.base import Law

__all__ = ["Dual", "gradient"]

Floats = NDArray[np.float64]
Tangents = dict[int, Any]


class Dual(np.lib.mixins.NDArrayOperatorsMixin):
    """An array with its derivative in each parameter it depends on.

    Derivatives that are zero are not stored, and each keeps the smallest shape that
    broadcasts, so ``B * D ** -b`` costs one exponential and two products.
    """

    __slots__ = ("tangents", "value")

    def __init__(self, value: Any, tangents: Tangents) -> None:
        self.value = value
        self.tangents = tangents

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *args: Any, **kwargs: Any) -> Any:
        rule = _RULES.get(ufunc.__name__)
        if rule is None or method != "__call__" or kwargs:
            used = ufunc.__name__ if method == "__call__" else f"{ufunc.__name__}.{method}"
            raise LawError(
                f"a law's formula used np.{used}, whose gradient is not known. Write it with arithmetic, "
                f"np.where and np.{', np.'.join(sorted(_RULES))}."
            )
        return rule(*args)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if func is np.where and len(args) == 3:
            return _where(*args)
        return NotImplemented

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the value."""
        return tuple(np.shape(self.value))


def _value(x: Any) -> Any:
    return x.value if isinstance(x, Dual) else x


def _tangents(x: Any) -> Tangents:
    return x.tangents if isinstance(x, Dual) else {}


def _chain(value: Any, *parts: tuple[Any, Any]) -> Dual:
    """Sum slope * tangent over the operands: the chain rule."""
    total: Tangents = {}
    for operand, slope in parts:
        for key, tangent in _tangents(operand).items():
            term = tangent * slope
            total[key] = total[key] + term if key in total else term
    return Dual(value, total)


def _add(a: Any, b: Any) -> Dual:
    return _chain(_value(a) + _value(b), (a, 1.0), (b, 1.0))


def _subtract(a: Any, b: Any) -> Dual:
    return _chain(_value(a) - _value(b), (a, 1.0), (b, -1.0))


def _multiply(a: Any, b: Any) -> Dual:
    return _chain(_value(a) * _value(b), (a, _value(b)), (b, _value(a)))


def _divide(a: Any, b: Any) -> Dual:
    ratio = _value(a) / _value(b)
    return _chain(ratio, (a, 1.0 / _value(b)), (b, -ratio / _value(b)))


def _power(a: Any, b: Any) -> Dual:
    if not isinstance(b, Dual):
        return _chain(_value(a) ** b, (a, b * _value(a) ** (b - 1.0)))
    log_base = np.log(_value(a))
    value = np.exp(_value(b) * log_base)
    return _chain(value, (b, value * log_base), (a, value * _value(b) / _value(a)) if isinstance(a, Dual) else (0, 0))


def _logaddexp(a: Any, b: Any) -> Dual:
    value = np.logaddexp(_value(a), _value(b))
    return _chain(value, (a, np.exp(_value(a) - value)), (b, np.exp(_value(b) - value)))


def _unary(function: Callable[[Any], Any], slope: Callable[[Any, Any], Any]) -> Callable[[Any], Dual]:
    def rule(a: Any) -> Dual:
        value = function(a.value)
        return _chain(value, (a, slope(a.value, value)))

    return rule


def _where(condition: Any, a: Any, b: Any) -> Dual:
    chosen = np.asarray(_value(condition), dtype=bool)
    value = np.where(chosen, _value(a), _value(b))
    keys = {**_tangents(a), **_tangents(b)}
    pick = {k: np.where(chosen, _tangents(a).get(k, 0.0), _tangents(b).get(k, 0.0)) for k in keys}
    return Dual(value, pick)


def _compare(ufunc: np.ufunc) -> Callable[[Any, Any], Any]:
    return lambda a, b: ufunc(_value(a), _value(b))


_RULES: dict[str, Callable[..., Any]] = {
    "add": _add,
    "subtract": _subtract,
    "multiply": _multiply,
    "divide": _divide,
    "power": _power,
    "float_power": _power,
    "negative": _unary(np.negative, lambda x, y: -1.0),
    "positive": _unary(np.positive, lambda x, y: 1.0),
    "exp": _unary(np.exp, lambda x, y: y),
    "exp2": _unary(np.exp2, lambda x, y: y * np.log(2.0)),
    "expm1": _unary(np.expm1, lambda x, y: y + 1.0),
    "log": _unary(np.log, lambda x, y: 1.0 / x),
    "log2": _unary(np.log2, lambda x, y: 1.0 / (x * np.log(2.0))),
    "log10": _unary(np.log10, lambda x, y: 1.0 / (x * np.log(10.0))),
    "log1p": _unary(np.log1p, lambda x, y: 1.0 / (1.0 + x)),
    "sqrt": _unary(np.sqrt, lambda x, y: 0.5 / y),
    "square": _unary(np.square, lambda x, y: 2.0 * x),
    "reciprocal": _unary(np.reciprocal, lambda x, y: -y * y),
    "absolute": _unary(np.absolute, lambda x, y: np.sign(x)),
    "arctan": _unary(np.arctan, lambda x, y: 1.0 / (1.0 + x * x)),
    "tanh": _unary(np.tanh, lambda x, y: 1.0 - y * y),
    "logaddexp": _logaddexp,
    "maximum": lambda a, b: _where(_value(a) >= _value(b), a, b),
    "minimum": lambda a, b: _where(_value(a) <= _value(b), a, b),
    **{f.__name__: _compare(f) for f in (np.less, np.less_equal, np.greater, np.greater_equal, np.equal)},
}


def gradient(law: Law, theta: Floats, inputs: Sequence[Floats]) -> tuple[Floats, Floats]:
    """Evaluate a law and its derivatives for a batch of parameter vectors.

    Parameters
    ----------
    theta : (B, p) parameter values in natural units.
    inputs : one (n,) or (B, n) array per input of the law.

    Returns
    -------
    value : (B, n); jacobian : (p, B, n), derivative in each parameter.
    """
    columns = [theta[:, j : j + 1] for j in range(theta.shape[1])]
    duals = {name: Dual(columns[j], {j: 1.0}) for j, name in enumerate(law.names)}
    with np.errstate(all="ignore"):
        result = law.formula(SimpleNamespace(**duals), *inputs)
    shape = (theta.shape[0], np.shape(inputs[0])[-1] if inputs else 1)
    value = np.broadcast_to(_value(result), shape)
    jacobian = np.zeros((theta.shape[1], *shape))
    for j, tangent in _tangents(result).items():
        jacobian[j] = tangent
    return value, jacobian
