"""Tables of runs that follow a known law, for tests of the fitting room."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from isoperf.fitting.noise import noise_model
from isoperf.fitting.problem import Problem
from isoperf.laws import get
from isoperf.laws.base import Noise

__all__ = ["TRUTH", "Floats", "chinchilla_problem", "chinchilla_runs", "curve"]

Floats = NDArray[np.float64]
# Close to the refit of Besiroglu et al. 2024; any plausible values would do.
TRUTH = {
    "irreducible_loss": 1.8169,
    "param_scale": 482.0,
    "token_scale": 2085.4,
    "param_exponent": 0.3478,
    "token_exponent": 0.3659,
}


def chinchilla_runs(n: int = 60, *, sd: float = 0.005, seed: int = 0, **fixed: float) -> dict[str, Floats]:
    """Columns of n runs at random sizes with relative noise ``sd``; ``fixed`` holds an input constant."""
    rng = np.random.default_rng(seed)
    table = {
        "n_params": np.exp(rng.uniform(np.log(4e7), np.log(1.6e10), n)),
        "n_tokens": np.exp(rng.uniform(np.log(1e9), np.log(5e11), n)),
    }
    table |= {name: np.full(n, value) for name, value in fixed.items()}
    clean = np.asarray(get("chinchilla").predict(TRUTH, **table))
    return {**table, "loss": clean * np.exp(sd * rng.standard_normal(n))}


def chinchilla_problem(runs: dict[str, Floats], noise: Noise = "log_huber", delta: float = 5e-3) -> Problem:
    """Bind columns of runs to the joint law with a fixed turning point."""
    model = noise_model(noise, delta, runs["loss"], "loss")
    return Problem(get("chinchilla"), (runs["n_params"], runs["n_tokens"]), runs["loss"], model)


def curve(n: int = 40, *, sd: float = 0.01, seed: int = 0) -> dict[str, Floats]:
    """Columns x and y of a falling power law above a floor with relative noise ``sd``."""
    rng = np.random.default_rng(seed)
    x = np.geomspace(1e3, 1e7, n)
    return {"x": x, "y": (1.5 + 40.0 * x**-0.4) * np.exp(sd * rng.standard_normal(n))}
