"""A byte-level decoder-only transformer in plain jax.numpy.

Pre-norm blocks with RMSNorm, rotary positions, multi-head causal attention, a
four-fold GELU MLP and no biases; the output head is the byte embedding
(tied). Depth and the number of heads are the same at every size, so the model
family differs in width alone and the loss can fall smoothly with size.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import jax

    Params = dict[str, jax.Array]

VOCABULARY = 256
"""One token for each byte value."""
MLP_RATIO = 4
"""Width of the hidden layer of the MLP, in units of d_model."""
ROTARY_BASE = 10_000.0
NORM_EPSILON = 1e-6


@dataclass(frozen=True)
class ModelConfig:
    """Shape of one transformer.

    Attributes
    ----------
        d_model: width of the residual stream.
        n_layers: number of blocks.
        n_heads: attention heads of a block; must divide d_model into even parts.
        context: tokens a window holds.
    """

    d_model: int
    n_layers: int = 3
    n_heads: int = 4
    context: int = 128

    @property
    def n_params_nonembedding(self) -> int:
        """All parameters but the tied embedding: blocks and norm gains."""
        block = (4 + 2 * MLP_RATIO) * self.d_model**2 + 2 * self.d_model
        return self.n_layers * block + self.d_model

    @property
    def n_params(self) -> int:
        """All parameters, the tied embedding counted once."""
        return self.n_params_nonembedding + VOCABULARY * self.d_model

    @property
    def flops_per_token(self) -> int:
        """Training FLOPs per token: 6 x (L (12 d^2 + 2 T d) + 256 d).

        The bracket counts the multiply-adds of one forward pass: the weight
        matrices of the L blocks (12 d^2 each), attention scores and attention
        output over a window of T tokens (T d each, the masked half counted
        too since it is computed), and the output head (256 d). A multiply-add
        is two FLOPs and the backward pass does twice the forward pass's work.
        Look-ups, norms, softmax and the optimiser are left out.
        """
        d = self.d_model
        block = (4 + 2 * MLP_RATIO) * d**2 + 2 * self.context * d
        return 6 * (self.n_layers * block + VOCABULARY * d)


def init_params(config: ModelConfig, key: jax.Array) -> Params:
    """Draw initial weights.

    Matrices are Gaussian with standard deviation fan_in^-1/2; those which write
    to the residual stream are divided by sqrt(2 n_layers) more. Matrices of the
    blocks are stacked: shape (n_layers, fan_in, fan_out).
    """
    import jax
    import jax.numpy as jnp

    d, n, hidden = config.d_model, config.n_layers, MLP_RATIO * config.d_model
    keys = jax.random.split(key, 5)
    residual = (2 * n) ** -0.5

    def normal(i: int, shape: tuple[int, ...], scale: float) -> jax.Array:
        return scale * jax.random.normal(keys[i], shape, dtype=jnp.float32)

    return {
        "embedding": normal(0, (VOCABULARY, d), d**-0.5),
        "qkv": normal(1, (n, d, 3 * d), d**-0.5),
        "attention_out": normal(2, (n, d, d), residual * d**-0.5),
        "mlp_in": normal(3, (n, d, hidden), d**-0.5),
        "mlp_out": normal(4, (n, hidden, d), residual * hidden**-0.5),
        "attention_norm": jnp.ones((n, d)),
        "mlp_norm": jnp.ones((n, d)),
        "final_norm": jnp.ones((d,)),
    }


def logits(config: ModelConfig, params: Params, tokens: jax.Array) -> jax.Array:
    """Scores of the next byte.

    Args:
        config: shape of the model.
        params: weights, as made by `init_params`.
        tokens: byte values, shape (batch, context).

    Returns
    -------
        Unnormalised log-probabilities, shape (batch, context, 256).
    """
    x = params["embedding"][tokens] * config.d_model**0.5
    for layer in range(config.n_layers):
        x = x + _attention(config, params, layer, x)
        x = x + _mlp(params, layer, x)
    return _rms_norm(x, params["final_norm"]) @ params["embedding"].T


def mean_loss(config: ModelConfig, params: Params, batch: jax.Array) -> jax.Array:
    """Mean cross-entropy in nats per byte.

    Args:
        config: shape of the model.
        params: weights.
        batch: windows of byte values, shape (batch, context + 1).
    """
    import jax
    import jax.numpy as jnp

    batch = batch.astype(jnp.int32)
    scores = logits(config, params, batch[:, :-1])
    # One-hot product rather than a gather: its gradient needs no scatter.
    target = jax.nn.one_hot(batch[:, 1:], VOCABULARY, dtype=scores.dtype)
    return jnp.mean(jax.nn.logsumexp(scores, axis=-1) - jnp.sum(scores * target, axis=-1))


def _attention(config: ModelConfig, params: Params, layer: int, x: jax.Array) -> jax.Array:
    import jax
    import jax.numpy as jnp

    batch, length, d = x.shape
    heads = (batch, length, 3, config.n_heads, d // config.n_heads)
    qkv = (_rms_norm(x, params["attention_norm"][layer]) @ params["qkv"][layer]).reshape(heads)
    q, k, v = (qkv[:, :, i].transpose(0, 2, 1, 3) for i in range(3))
    scores = _rotate(q) @ _rotate(k).transpose(0, 1, 3, 2) * heads[-1] ** -0.5
    causal = jnp.tril(jnp.ones((length, length), dtype=bool))
    weights = jax.nn.softmax(jnp.where(causal, scores, -1e9), axis=-1)
    mixed = (weights @ v).transpose(0, 2, 1, 3).reshape(batch, length, d)
    return mixed @ params["attention_out"][layer]


def _mlp(params: Params, layer: int, x: jax.Array) -> jax.Array:
    import jax

    hidden = _rms_norm(x, params["mlp_norm"][layer]) @ params["mlp_in"][layer]
    return jax.nn.gelu(hidden) @ params["mlp_out"][layer]


def _rms_norm(x: jax.Array, gain: jax.Array) -> jax.Array:
    import jax
    import jax.numpy as jnp

    return x * jax.lax.rsqrt(jnp.mean(x * x, axis=-1, keepdims=True) + NORM_EPSILON) * gain


def _rotate(x: jax.Array) -> jax.Array:
    """Rotary position embedding of x, shape (batch, heads, length, head width)."""
    import jax.numpy as jnp

    half = x.shape[-1] // 2
    frequency = ROTARY_BASE ** (-jnp.arange(half) / half)
    angle = jnp.arange(x.shape[-2])[:, None] * frequency[None, :]
    cos, sin = jnp.cos(angle), jnp.sin(angle)
    a, b = x[..., :half], x[..., half:]
    return jnp.concatenate([a * cos - b * sin, a * sin + b * cos], axis=-1)
