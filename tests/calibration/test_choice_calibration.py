"""How often the candidate said to be best with some probability is the best.

True values are planted: five candidates normal around a common mean, with a spread from a quarter of the noise in
a value to three times it. Measured with 1,500 tables each (probability said -> share that was the best):

- spread a quarter of the noise: shared 0.12 -> 0.16, 0.27 -> 0.24, 0.47 -> 0.31; flat 0.69 -> 0.31, 0.87 -> 0.31;
- equal to it: shared 0.09 -> 0.07, 0.28 -> 0.31, 0.48 -> 0.55, 0.69 -> 0.65; flat 0.69 -> 0.55, 0.89 -> 0.73;
- three times it: shared 0.29 -> 0.32, 0.49 -> 0.54, 0.69 -> 0.69, 0.94 -> 0.94; flat 0.70 -> 0.64, 0.94 -> 0.93;
- the three together: shared 0.08 -> 0.08, 0.28 -> 0.28, 0.48 -> 0.47, 0.69 -> 0.63, 0.93 -> 0.93;
- a quarter, two of five ahead by four times the noise: 0.30 -> 0.46, 0.50 -> 0.50, 0.70 -> 0.55, 0.89 -> 0.62, and
  what is called settled at 90% is the best in 66% of 184 tables;
- equal to it, with a noisy limit: shared 0.29 -> 0.28, 0.49 -> 0.54, 0.69 -> 0.71, 0.90 -> 0.92.

Candidates called settled at 90% are the best in 1 of 1, 91 and 97% of cases by spread; with a flat prior in 33, 80
and 96%. The chosen value overstates itself by 0.022, 0.016 and 0.007 as measured (noise 0.02), by 0.006, -0.002 and
-0.006 after it is pulled towards the others.
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from isoperf.observations import Observations
from isoperf.tradeoff.frontiers.choose import Advice, Prior, choose

pytestmark = [pytest.mark.slow, pytest.mark.calibration]
Floats = NDArray[Any]
M, REPEATS, NOISE = 5, 1500, 0.02


@functools.cache
def simulated(
    spread: float, prior: Prior, *, limited: bool = False, ahead: float = 0.0, seed: int = 1
) -> tuple[Floats, Floats, Floats]:
    """Return probabilities said, whether true, and overstatement (raw, pulled) of the chosen value.

    ``ahead`` is by how much the first two lie before the others.
    """
    rng = np.random.default_rng(seed)
    said, true, over = [], [], []
    for _ in range(REPEATS):
        truth = 0.6 + spread * rng.normal(size=M) + ahead * (np.arange(M) < 2)
        columns = {
            "model": [f"m{i}" for i in range(M)],
            "accuracy": truth + NOISE * rng.normal(size=M),
            "standard_error": np.full(M, NOISE),
        }
        able = np.ones(M, dtype=bool)
        if limited:
            cost = rng.uniform(0.5, 1.5, M)
            able = cost <= 1
            columns |= {"cost_usd": np.maximum(cost + 0.1 * rng.normal(size=M), 0), "cost_usd_se": np.full(M, 0.1)}
        limit = ("cost_usd<=1",) if limited else ()
        obs = Observations.from_columns(columns)
        made = choose(
            obs, maximise="accuracy", limit=limit, prior=prior, n_bootstrap=400, seed=int(rng.integers(10**6))
        )
        best = int(np.where(able, truth, -1).argmax()) if able.any() else -1
        for one in made.candidates:
            said.append(one.best_probability or 0.0)
            true.append(one.name == f"m{best}")
        if made.chosen is not None:
            i = int(made.chosen[1:])
            over.append(((made.candidate(made.chosen).value.value or 0) - truth[i], made_pulled(made) - truth[i]))
    return np.array(said), np.array(true), np.array(over)


def made_pulled(made: Advice) -> float:
    return np.nan if made.pulled is None else float(made.pulled.value or 0.0)


def reliability(said: Floats, true: Floats) -> list[tuple[float, float, int]]:
    """Mean probability said, share true and count, in five equal bins that hold at least 100."""
    found = []
    for low in (0.0, 0.2, 0.4, 0.6, 0.8):
        rows = (said >= low) & (said < low + 0.2 + (low == 0.8))
        if rows.sum() >= 100:
            found.append((float(said[rows].mean()), float(true[rows].mean()), int(rows.sum())))
    return found


@pytest.mark.parametrize("spread", [NOISE, 3 * NOISE])
def test_probability_best_is_calibrated(spread: float) -> None:
    for said, true, n in reliability(*simulated(spread, "shared")[:2]):
        slack = 0.06 + 2 * (said * (1 - said) / n) ** 0.5  # the prior does not know the spread that was planted
        assert abs(true - said) < slack, (said, true, n)


def test_over_spreads_that_nobody_knows_it_is_calibrated() -> None:
    """What is said too much of near-ties is said too little of wider ones: tables of both look alike."""
    parts = [simulated(spread, "shared")[:2] for spread in (NOISE / 4, NOISE, 3 * NOISE)]
    said, true = (np.concatenate(one) for one in zip(*parts, strict=True))
    for one, share, n in reliability(said, true):
        assert abs(share - one) < 0.03 + 2 * (one * (1 - one) / n) ** 0.5, (one, share, n)


def test_two_that_lead_the_others_by_far_are_told_apart_too_surely() -> None:
    """The fault that the page admits: one spread for all is too wide for the two ahead."""
    said, true, _ = simulated(NOISE / 4, "shared", ahead=4 * NOISE)
    sure = said >= 0.9
    assert sure.sum() > 20 and 0.4 < true[sure].mean() < 0.87
    alone = reliability(said, true)
    assert max(one - share for one, share, _ in alone) > 0.1


def test_with_noisy_limits_too() -> None:
    for said, true, n in reliability(*simulated(NOISE, "shared", limited=True)[:2]):
        assert abs(true - said) < 0.06 + 2 * (said * (1 - said) / n) ** 0.5, (said, true, n)


def test_what_is_called_settled_is_the_best() -> None:
    for spread in (NOISE / 4, NOISE, 3 * NOISE):
        said, true, _ = simulated(spread, "shared")
        sure = said >= 0.9
        assert sure.sum() < 20 or true[sure].mean() > 0.87, (spread, sure.sum(), true[sure].mean())


def test_the_winners_curse_is_mostly_taken_off() -> None:
    _, _, over = simulated(NOISE, "shared")
    raw, pulled = over.mean(axis=0)
    assert raw > 0.012 and abs(pulled) < 0.3 * raw
