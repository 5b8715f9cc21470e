"""AdamW and its learning-rate schedule, in plain jax.numpy."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import jax

    from isoperf.lab.model import Params

WARMUP_FRACTION = 0.04
"""Share of the steps over which the learning rate rises to its peak."""
BETA_1, BETA_2, ADAM_EPSILON = 0.9, 0.99, 1e-8
WEIGHT_DECAY = 0.1
"""Decoupled decay of the matrices (not of norm gains), times the learning rate."""
CLIP_NORM = 1.0


class TrainState(NamedTuple):
    """Weights, the two running moments of AdamW, and steps done (a scalar)."""

    params: Params
    mean: Params
    square: Params
    step: jax.Array


def start_state(params: Params) -> TrainState:
    """State before the first step; the arrays share no memory, so they can be donated."""
    import jax
    import jax.numpy as jnp

    zeros = jax.tree.map(jnp.zeros_like, params)
    return TrainState(params, zeros, jax.tree.map(jnp.copy, zeros), jnp.zeros(()))


def learning_rate_at(step: jax.Array, n_steps: int, peak: float) -> jax.Array:
    """Linear warm-up, then a cosine which reaches zero just after the last step.

    Args:
        step: updates done before this one.
        n_steps: updates in the whole run.
        peak: learning rate at the end of the warm-up.
    """
    import jax.numpy as jnp

    warmup = jnp.maximum(1.0, jnp.round(WARMUP_FRACTION * n_steps))
    progress = jnp.clip((step - warmup) / (n_steps - warmup), 0.0, 1.0)
    rise = jnp.minimum(1.0, (step + 1) / warmup)
    return peak * rise * 0.5 * (1.0 + jnp.cos(math.pi * progress))


def adamw(state: TrainState, gradient: Params, rate: jax.Array) -> TrainState:
    """One AdamW update with the gradient's global norm clipped.

    Args:
        state: weights and moments before the update.
        gradient: gradient of the loss, one array for each weight.
        rate: learning rate of this step.
    """
    import jax
    import jax.numpy as jnp

    norm = jnp.sqrt(sum(jnp.sum(g * g) for g in gradient.values()))
    scale = jnp.minimum(1.0, CLIP_NORM / (norm + 1e-12))
    count = state.step + 1.0
    mean = jax.tree.map(lambda m, g: BETA_1 * m + (1 - BETA_1) * scale * g, state.mean, gradient)
    square = jax.tree.map(lambda s, g: BETA_2 * s + (1 - BETA_2) * (scale * g) ** 2, state.square, gradient)
    params = {
        name: weight
        - rate
        * (
            (mean[name] / (1 - BETA_1**count)) / (jnp.sqrt(square[name] / (1 - BETA_2**count)) + ADAM_EPSILON)
            + (0.0 if "norm" in name else WEIGHT_DECAY) * weight
        )
        for name, weight in state.params.items()
    }
    return TrainState(params, mean, square, count)
