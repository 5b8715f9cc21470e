"""Time of a computation from its operations and bytes: never faster than either allows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from isoperf.errors import DataError
from isoperf.estimate import Estimate, Status, check_draws, check_level
from isoperf.ledger._numbers import Floats, amounts
from isoperf.ledger.devices import Device
from isoperf.ledger.transformer import Transformer

__all__ = [
    "Efficiency",
    "compute_seconds",
    "decode_seconds",
    "fit_efficiency",
    "idealised_seconds",
    "prefill_seconds",
    "ridge",
    "roofline_seconds",
]


def ridge(peak: float, bandwidth: float) -> float:
    """Operations per byte at which compute and memory take the same time."""
    return float(amounts("peak", peak, positive=True) / amounts("bandwidth", bandwidth, positive=True))


def compute_seconds(flops: ArrayLike, *, peak: float, efficiency: float = 1.0) -> Floats:
    """Seconds that operations take at a share of the peak, memory left aside.

    Parameters
    ----------
    flops : (n,) operations. peak : per second. efficiency : share of the peak that is reached (MFU), above 0.

    Examples
    --------
    >>> float(compute_seconds(3.12e18, peak=312e12, efficiency=0.5))
    20000.0
    """
    rate = amounts("peak", peak, positive=True) * amounts("compute_efficiency", efficiency, positive=True)
    return np.asarray(amounts("flops", flops) / rate)


def roofline_seconds(
    flops: ArrayLike,
    bytes_moved: ArrayLike,
    *,
    peak: float,
    bandwidth: float,
    compute_efficiency: float = 1.0,
    bandwidth_efficiency: float = 1.0,
) -> Floats:
    """Return max(operations / rate, bytes / bandwidth), in seconds; efficiencies of 1 give the bound.

    Parameters
    ----------
    flops, bytes_moved : (n,) of each phase or kernel.
    peak : operations per second in the number format used. bandwidth : bytes per second.
    compute_efficiency, bandwidth_efficiency : shares that are reached, see `fit_efficiency`.
    """
    speed = amounts("bandwidth", bandwidth, positive=True)
    speed = speed * amounts("bandwidth_efficiency", bandwidth_efficiency, positive=True)
    computing = compute_seconds(flops, peak=peak, efficiency=compute_efficiency)
    return np.maximum(computing, amounts("bytes_moved", bytes_moved) / speed)


def prefill_seconds(
    model: Transformer, n_tokens: ArrayLike, device: Device, *, dtype: str = "bf16", bytes_per_param: float = 2.0
) -> Floats:
    """Least time to read a prompt of ``n_tokens``: its operations, or one pass over the weights."""
    flops = model.forward_flops(n_tokens)
    moved = np.full(np.shape(flops), model.weight_bytes(bytes_per_param))
    return roofline_seconds(flops, moved, peak=device.rate(dtype), bandwidth=device.bandwidth)


def decode_seconds(
    model: Transformer,
    batch: ArrayLike,
    n_context: ArrayLike,
    device: Device,
    *,
    dtype: str = "bf16",
    bytes_per_param: float = 2.0,
    bytes_per_value: float = 2.0,
) -> Floats:
    """Least time of one step that adds a token to each of ``batch`` sequences of ``n_context`` tokens.

    All weights are read once; with experts that is an upper bound for small batches.
    """
    many, context = amounts("batch", batch, positive=True), amounts("n_context", n_context)
    flops = many * model.forward_flops(1, context)
    moved = model.weight_bytes(bytes_per_param) + many * context * model.kv_bytes_per_token(bytes_per_value)
    return roofline_seconds(flops, moved, peak=device.rate(dtype), bandwidth=device.bandwidth)


def idealised_seconds(
    n_prompt: float, n_output: float, prompt_table: Mapping[float, float], per_token: float, *, overhead: float = 0.0
) -> float:
    """Time of a request on dedicated hardware: prompt from a measured table, then one step per further token.

    Parameters
    ----------
    n_prompt, n_output : tokens read and written.
    prompt_table : prompt length -> seconds measured. The smallest length that holds the prompt is
        scaled by prompt over length; beyond the table the largest is scaled.
    per_token : seconds for each output token after the first.

    Notes
    -----
    Scaling makes tiny prompts too cheap: measured times are flat below about 64 tokens.

    References
    ----------
    Narayanan et al. 2023, Cheaply Estimating Inference Efficiency Metrics for Autoregressive
    Transformer Models.

    Examples
    --------
    >>> round(idealised_seconds(24, 100, {32: 0.089}, 0.081), 5)
    8.08575
    """
    if not prompt_table:
        raise DataError("prompt_table is empty. Give at least one measured prompt length with its seconds.")
    lengths = np.sort(amounts("prompt lengths", list(prompt_table), positive=True))
    asked = float(amounts("n_prompt", n_prompt, positive=True))
    at = float(lengths[min(int(np.searchsorted(lengths, asked)), len(lengths) - 1)])
    measured = float(amounts("prompt seconds", prompt_table[at], positive=True))
    steps = max(float(amounts("n_output", n_output)) - 1, 0.0)
    rate = float(amounts("per_token", per_token))
    return measured * asked / at + steps * rate + float(amounts("overhead", overhead))


@dataclass(frozen=True)
class Efficiency:
    """Shares of the peaks that a profile reached; ``error`` is the typical relative miss of the time.

    Attributes
    ----------
    compute, bandwidth : unknown where no row was bound by it. n_compute, n_memory : rows bound by each.
    """

    compute: Estimate
    bandwidth: Estimate
    error: float
    n_compute: int
    n_memory: int


def fit_efficiency(
    flops: ArrayLike,
    bytes_moved: ArrayLike,
    seconds: ArrayLike,
    *,
    peak: float,
    bandwidth: float,
    n_bootstrap: int = 200,
    level: float = 0.9,
    seed: int = 0,
) -> Efficiency:
    """Fit the two efficiencies of a roofline to measured times, by least squares of log time.

    Parameters
    ----------
    flops, bytes_moved, seconds : (n,) rows of a profile.
    peak, bandwidth : of the device.

    Raises
    ------
    DataError : rows differ in number, or hold values that are not above 0.
    """
    check_level(level)
    check_draws(n_bootstrap)
    compute = amounts("flops", flops, positive=True) / float(amounts("peak", peak, positive=True))
    memory = amounts("bytes_moved", bytes_moved, positive=True) / float(amounts("bandwidth", bandwidth, positive=True))
    time = amounts("seconds", seconds, positive=True)
    if not compute.shape == memory.shape == time.shape or compute.ndim != 1 or not len(time):
        raise DataError(
            f"a profile needs as many operations as bytes and seconds; found {compute.shape}, "
            f"{memory.shape} and {time.shape}."
        )
    table = np.log(np.stack([compute, memory, time]))
    best, k = _split(table)
    rng = np.random.default_rng(seed)
    draws = np.array([_split(table[:, rng.integers(0, len(time), len(time))])[0] for _ in range(n_bootstrap)])
    made = [_share(best[j], draws.reshape(-1, 2)[:, j], level, len(time)) for j in range(2)]
    known = np.where(np.isfinite(best), best, np.inf)
    miss = np.max(table[:2] - known[:, None], axis=0) - table[2]
    return Efficiency(made[0], made[1], float(np.sqrt(np.mean(miss**2))), len(time) - k, k)


def _share(log_share: float, draws: Floats, level: float, n: int) -> Estimate:
    if not np.isfinite(log_share):
        return Estimate(None, status=Status.NOT_IDENTIFIED)
    status = Status.TOO_FEW if n < 3 else Status.OK
    if not draws.size:
        return Estimate(float(np.exp(log_share)), status=status)
    return Estimate.from_draws(float(np.exp(log_share)), np.exp(draws), level=level, status=status)


def _split(table: Floats) -> tuple[Floats, int]:
    """Best logs of both efficiencies, shape (2,), and how many rows memory binds.

    Rows by rising intensity are bound by memory up to some place and by compute beyond it, so
    trying every place finds the optimum.
    """
    order = np.argsort(table[0] - table[1], kind="stable")
    compute, memory = table[0, order] - table[2, order], table[1, order] - table[2, order]
    found: tuple[float, Floats, int] = (np.inf, np.full(2, np.nan), 0)
    for k in range(len(order) + 1):
        shares = np.array([compute[k:].mean() if k < len(order) else np.nan, memory[:k].mean() if k else np.nan])
        bound = np.fmax(compute - shares[0], memory - shares[1])
        cost = float((bound**2).sum())
        if cost < found[0] - 1e-12:
            found = (cost, shares, k)
    return found[1], found[2]
