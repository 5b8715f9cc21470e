"""One training run: AdamW, short warm-up, cosine decay to zero, a single epoch."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from isoperf.errors import MissingExtraError, OptionError
from isoperf.lab.corpus import Corpus, windows
from isoperf.lab.model import ModelConfig, init_params, mean_loss
from isoperf.lab.optimiser import TrainState, adamw, learning_rate_at, start_state

if TYPE_CHECKING:
    import jax

    from isoperf.lab.model import Params

BATCH_WINDOWS = 4
"""Windows in a batch: small, so that the shortest run still has many steps."""
STEPS_PER_CALL = 16
"""Steps compiled into one call, so that Python costs nothing next to a step."""
EVALUATION_BATCH = 8
CURVE_STRIDE = 8
"""Checkpoints are scored on every eighth validation window only, to be cheap."""
CURVE_POINTS = 12


@dataclass(frozen=True)
class RunConfig:
    """What sets one run apart.

    Attributes
    ----------
        model: shape of the transformer.
        n_tokens: bytes trained on, each once.
        learning_rate: peak learning rate of AdamW.
        seed: seeds both the initial weights and the order of the text.
    """

    model: ModelConfig
    n_tokens: int
    learning_rate: float
    seed: int = 0

    @property
    def batch_size_tokens(self) -> int:
        """Bytes predicted in one step."""
        return BATCH_WINDOWS * self.model.context

    @property
    def n_steps(self) -> int:
        """Optimiser steps in the run."""
        return self.n_tokens // self.batch_size_tokens

    @property
    def flops(self) -> int:
        """Training FLOPs of the run; see `ModelConfig.flops_per_token`."""
        return self.model.flops_per_token * self.n_tokens


class CurvePoint(NamedTuple):
    """Loss on a fixed eighth of the validation text during the run, in nats per byte."""

    n_tokens: int
    loss: float


@dataclass(frozen=True)
class RunResult:
    """What a run measured.

    Attributes
    ----------
        loss: validation loss at the end, nats per byte.
        train_loss: mean loss of the last batches (5 %, at least 32), each taken
            before its own update, nats per byte.
        wall_seconds: time of training and scoring, compilation left out.
        curve: checkpoints about evenly spaced in the logarithm of tokens seen.
    """

    loss: float
    train_loss: float
    wall_seconds: float
    curve: tuple[CurvePoint, ...]


class _Compiled(NamedTuple):
    start: Callable[[int], TrainState]
    advance: Callable[..., tuple[TrainState, jax.Array]]
    score: Callable[[Params, NDArray[np.uint8]], jax.Array]


def require_jax() -> None:
    """Raise `MissingExtraError` where jax cannot be imported."""
    try:
        import jax  # noqa: F401
    except ImportError as error:
        raise MissingExtraError(
            'the lab trains with jax, which is not installed: pip install "isoperf[lab]"'
        ) from error


def train_run(config: RunConfig, corpus: Corpus) -> RunResult:
    """Train one model from its own initial weights and score it on the held-out text."""
    require_jax()
    compiled = _compile(config.model)
    batches = training_batches(config, corpus)
    validation = _whole_batches(windows(corpus.validation, config.model.context))
    _warm_up(compiled, config, batches, validation)
    begin = time.perf_counter()
    losses, curve, params = _fit(compiled, config, batches, validation[::CURVE_STRIDE])
    loss = _score(compiled, params, validation)
    seconds = time.perf_counter() - begin
    last = losses[-max(32, len(losses) // 20) :]
    return RunResult(loss, float(np.mean(last)), seconds, curve)


def training_batches(config: RunConfig, corpus: Corpus) -> NDArray[np.uint8]:
    """The run's own draw of the text, shape (n_steps, windows, context + 1)."""
    check_fits(config, corpus)
    text = windows(corpus.train, config.model.context)
    order = np.random.default_rng(config.seed).permutation(len(text))
    return text[order[: config.n_steps * BATCH_WINDOWS]].reshape(config.n_steps, BATCH_WINDOWS, -1)


def check_fits(config: RunConfig, corpus: Corpus) -> None:
    """Refuse a run which the text is too short for, or which is shorter than a step."""
    n_windows = (len(corpus.train) - 1) // config.model.context
    if not 1 <= config.n_steps <= n_windows // BATCH_WINDOWS:
        raise OptionError(
            f"a run on {config.n_tokens} bytes does not fit: the training text has "
            f"{len(corpus.train)} bytes, a step takes {config.batch_size_tokens}, "
            "and no byte is shown twice; choose a token count between the two"
        )


def checkpoint_steps(n_steps: int) -> tuple[int, ...]:
    """Steps after which the curve is scored: about evenly spaced in their logarithm."""
    first = min(2 * STEPS_PER_CALL, n_steps)
    wanted = np.geomspace(first, n_steps, CURVE_POINTS)
    rounded = STEPS_PER_CALL * np.round(wanted / STEPS_PER_CALL).astype(int)
    return tuple(sorted({int(step) for step in rounded if 0 < step < n_steps} | {n_steps}))


def _fit(
    compiled: _Compiled, config: RunConfig, batches: NDArray[np.uint8], subset: NDArray[np.uint8]
) -> tuple[NDArray[np.float64], tuple[CurvePoint, ...], Params]:
    state = compiled.start(config.seed)
    stops = set(checkpoint_steps(len(batches)))
    losses: list[NDArray[np.float64]] = []
    curve: list[CurvePoint] = []
    for done, chunk in _chunks(batches):
        state, chunk_loss = compiled.advance(state, chunk, len(batches), config.learning_rate)
        losses.append(np.asarray(chunk_loss, dtype=np.float64))
        if done in stops:
            tokens = done * config.batch_size_tokens
            curve.append(CurvePoint(tokens, _score(compiled, state.params, subset)))
    return np.concatenate(losses), tuple(curve), state.params


def _chunks(batches: NDArray[np.uint8]) -> Iterator[tuple[int, NDArray[np.uint8]]]:
    """Steps done after the chunk, and the chunk."""
    for start in range(0, len(batches), STEPS_PER_CALL):
        chunk = batches[start : start + STEPS_PER_CALL]
        yield start + len(chunk), chunk


def _warm_up(
    compiled: _Compiled,
    config: RunConfig,
    batches: NDArray[np.uint8],
    validation: NDArray[np.uint8],
) -> None:
    """Compile for the shapes of this run before the clock starts."""
    state = compiled.start(config.seed)
    last = batches[len(batches) - len(batches) % STEPS_PER_CALL :]
    for chunk in (batches[:STEPS_PER_CALL], last):
        if len(chunk):
            state, _ = compiled.advance(state, chunk, len(batches), config.learning_rate)
    _score(compiled, state.params, validation)
    _score(compiled, state.params, validation[::CURVE_STRIDE])


def _score(compiled: _Compiled, params: Params, text: NDArray[np.uint8]) -> float:
    return float(compiled.score(params, text))


def _whole_batches(text: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Windows in batches for scoring, shape (n, EVALUATION_BATCH, context + 1)."""
    n_batches = len(text) // EVALUATION_BATCH
    return text[: n_batches * EVALUATION_BATCH].reshape(n_batches, EVALUATION_BATCH, -1)


@lru_cache(maxsize=2)
def _compile(model: ModelConfig) -> _Compiled:
    import jax
    import jax.numpy as jnp

    def start(seed: int) -> TrainState:
        return start_state(init_params(model, jax.random.key(seed)))

    def advance(state: TrainState, batches: jax.Array, n_steps: int, peak: float) -> tuple[TrainState, jax.Array]:
        def step(state: TrainState, batch: jax.Array) -> tuple[TrainState, jax.Array]:
            loss, gradient = jax.value_and_grad(lambda p: mean_loss(model, p, batch))(state.params)
            rate = learning_rate_at(state.step, n_steps, peak)
            return adamw(state, gradient, rate), loss

        return jax.lax.scan(step, state, batches)

    def score(params: Params, text: jax.Array) -> jax.Array:
        return jnp.mean(jax.lax.map(lambda batch: mean_loss(model, params, batch), text))

    return _Compiled(start, jax.jit(advance, donate_argnums=0), jax.jit(score))
