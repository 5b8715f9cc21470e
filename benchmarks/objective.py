"""The joint law and its log-Huber objective, written once so that every tool is scored alike."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["DELTA", "JointLaw", "LogResiduals", "log_huber_objective", "log_huber_sum", "standard_errors"]

Array = NDArray[np.float64]
DELTA = 1e-3


@dataclass(frozen=True)
class JointLaw:
    """Loss ``E + A N^-alpha + B D^-beta`` in nats per token, with the library's parameter names."""

    irreducible_loss: float
    param_scale: float
    token_scale: float
    param_exponent: float
    token_exponent: float

    @classmethod
    def from_logs(cls, theta: ArrayLike) -> JointLaw:
        """Build from ``(log E, log A, log B, alpha, beta)``, the form the solvers search in."""
        e, a, b, alpha, beta = (float(x) for x in np.asarray(theta, dtype=np.float64))
        return cls(float(np.exp(e)), float(np.exp(a)), float(np.exp(b)), alpha, beta)

    def loss(self, n_params: ArrayLike, n_tokens: ArrayLike) -> Array:
        """Return the loss, shape (n,), in nats per token."""
        n, d = np.asarray(n_params, dtype=np.float64), np.asarray(n_tokens, dtype=np.float64)
        return np.asarray(
            self.irreducible_loss
            + self.param_scale * n**-self.param_exponent
            + self.token_scale * d**-self.token_exponent,
            dtype=np.float64,
        )

    def optimal_params(self, flops: float) -> float:
        """Return the parameter count with least loss at ``flops = 6 N D`` (Hoffmann et al. 2022, eq. 4)."""
        a, b = self.param_exponent, self.token_exponent
        ratio = a * self.param_scale / (b * self.token_scale)
        return float(ratio ** (1 / (a + b)) * (flops / 6) ** (b / (a + b)))

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self)


def log_huber_sum(residuals: ArrayLike, delta: float = DELTA) -> float:
    """Return the Huber loss summed over residuals, shape (n,): quadratic within ``delta``, linear beyond."""
    size = np.abs(np.asarray(residuals, dtype=np.float64))
    return float(np.where(size <= delta, size**2 / 2, delta * (size - delta / 2)).sum())


def log_huber_objective(
    law: JointLaw, n_params: ArrayLike, n_tokens: ArrayLike, loss: ArrayLike, delta: float = DELTA
) -> float:
    """Return the summed Huber loss of ``log predicted - log observed``: the score common to all tools."""
    observed = np.asarray(loss, dtype=np.float64)
    return log_huber_sum(np.log(law.loss(n_params, n_tokens)) - np.log(observed), delta)


def standard_errors(draws: Array) -> dict[str, float] | None:
    """Return each parameter's standard deviation over refits ``(log E, log A, log B, alpha, beta)``."""
    if not len(draws):
        return None
    spread = np.concatenate([np.exp(draws[:, :3]), draws[:, 3:]], axis=1).std(axis=0, ddof=1)
    return dict(zip(JointLaw.__dataclass_fields__, (float(s) for s in spread), strict=True))


class LogResiduals:
    """Residuals of the log loss and their Jacobian at ``(log E, log A, log B, alpha, beta)``."""

    def __init__(self, n_params: ArrayLike, n_tokens: ArrayLike, loss: ArrayLike) -> None:
        self.log_n = np.log(np.asarray(n_params, dtype=np.float64))
        self.log_d = np.log(np.asarray(n_tokens, dtype=np.float64))
        self.log_loss = np.log(np.asarray(loss, dtype=np.float64))

    def resampled(self, rng: np.random.Generator) -> LogResiduals:
        """Return the same problem on rows drawn with replacement."""
        rows = rng.integers(self.log_loss.size, size=self.log_loss.size)
        part = LogResiduals.__new__(LogResiduals)
        part.log_n, part.log_d, part.log_loss = self.log_n[rows], self.log_d[rows], self.log_loss[rows]
        return part

    def _terms(self, theta: Array) -> tuple[Array, Array]:
        """Return the three log terms' shares of the loss, shape (3, n), and the log loss, shape (n,)."""
        e, a, b, alpha, beta = theta
        logs = np.empty((3, self.log_n.size))
        logs[0], logs[1], logs[2] = e, a - alpha * self.log_n, b - beta * self.log_d
        top = logs.max(axis=0)  # subtracted so that far-off starts stay finite
        shares = np.exp(logs - top)
        total = shares.sum(axis=0)
        return shares / total, top + np.log(total)

    def values(self, theta: Array) -> Array:
        """Return the residuals, shape (n,)."""
        return self._terms(theta)[1] - self.log_loss

    def jacobian(self, theta: Array) -> Array:
        """Return their derivatives, shape (n, 5)."""
        share = self._terms(theta)[0]
        return np.stack([share[0], share[1], share[2], -share[1] * self.log_n, -share[2] * self.log_d], axis=1)

    def objective(self, theta: Array) -> tuple[float, Array]:
        """Return the summed Huber loss and its gradient, shape (5,)."""
        share, log_loss = self._terms(theta)
        residuals = log_loss - self.log_loss
        clipped = np.clip(residuals, -DELTA, DELTA)  # the Huber loss's derivative
        by_term = share * clipped
        slopes = [-(by_term[1] @ self.log_n), -(by_term[2] @ self.log_d)]
        return log_huber_sum(residuals), np.array([*by_term.sum(axis=1), *slopes])
