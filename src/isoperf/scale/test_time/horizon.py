"""Say how long a task a model carries out before it errs, and whether length or its own errors wear it down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from isoperf.capability import Option, Reference, capability
from isoperf.errors import DataError, OptionError
from isoperf.estimate import Estimate, Status, check_draws, check_level, check_seed
from isoperf.evals.means import mean_score
from isoperf.fitting.fit_law import versions
from isoperf.options import Data, Level, Seed
from isoperf.readers import load
from isoperf.report import Report, Shown
from isoperf.scale.test_time._step_columns import clusters_of, counted, drawn, outcomes, parts, words
from isoperf.testtime._draws import Draws, Floats, draw_clusters
from isoperf.testtime.horizon import Decay, StepAccuracy, fit_counts, horizon_length

__all__ = ["Horizons", "Persistence", "Wear", "horizon"]


@dataclass(frozen=True, eq=False)
class Persistence:
    """One model under one kind of history.

    Attributes
    ----------
    accuracy : of all steps. constant : horizon were that accuracy the same at every step; at_least : its lower
        end where no step went wrong.
    decay : shape of the fitted decline, in the turn or its logarithm. slope : of the log odds of a right step.
    declining : horizon by the product of the fitted accuracies.
    turns, observed, fitted : (m,) turns with the share right and the fitted accuracy.
    """

    model: str
    history: str
    n_runs: int
    n_steps: int
    accuracy: Estimate
    constant: Estimate
    at_least: float | None
    decay: Decay
    slope: Estimate
    declining: Estimate
    turns: Floats
    observed: Floats
    fitted: Floats

    @property
    def falls(self) -> bool | None:
        """Whether accuracy falls with the turn; None where the rows cannot tell."""
        return {-1: True, 1: False}.get(self.slope.sign)

    @property
    def horizon(self) -> Estimate:
        """Horizon by the declining accuracy where a change is sure, else by the constant one."""
        return self.constant if self.falls is None else self.declining

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "model": self.model,
            "history": self.history,
            "n_runs": self.n_runs,
            "n_steps": self.n_steps,
            "accuracy": self.accuracy.as_dict(),
            "horizon": self.horizon.as_dict(),
            "constant": self.constant.as_dict(),
            "at_least": self.at_least,
            "decay": self.decay,
            "slope": self.slope.as_dict(),
            "falls": self.falls,
            "declining": self.declining.as_dict(),
            "last_turn": float(self.turns[-1]),
        }


@dataclass(frozen=True)
class Wear:
    """What lowers the accuracy of one model.

    Attributes
    ----------
    own_errors : accuracy lost to a history with errors, at the same turns. length : accuracy lost from the first to
        the last shared turn while the history is clean.
    """

    model: str
    history: str
    n_turns: int
    own_errors: Estimate
    length: Estimate

    @staticmethod
    def verdict(effect: Estimate) -> str:
        """``lowers``, ``raises``, or ``cannot tell``."""
        if effect.low is None or effect.high is None or effect.low <= 0 <= effect.high:
            return "cannot tell"
        return "lowers" if effect.low > 0 else "raises"

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "model": self.model,
            "history": self.history,
            "n_turns": self.n_turns,
            "own_errors": {**self.own_errors.as_dict(), "verdict": self.verdict(self.own_errors)},
            "length": {**self.length.as_dict(), "verdict": self.verdict(self.length)},
        }


@dataclass(frozen=True, eq=False)
class Horizons(Shown):
    """Horizons of every model and kind of history, and what wears the models down where both kinds were run."""

    conditions: tuple[Persistence, ...]
    wear: tuple[Wear, ...]
    success: float
    level: float
    seed: int
    source: str
    fingerprint: str

    @property
    def ok(self) -> bool:
        """Whether every horizon is determined by the rows, none of them beyond the turns seen."""
        return all(one.horizon.status is Status.OK for one in self.conditions)

    def report(self) -> Report:
        """Return the answer for people."""
        from isoperf.scale.test_time._show_horizon import horizon_report

        return horizon_report(self)

    def as_dict(self) -> dict[str, Any]:
        """Return the answer for machines."""
        return {
            "conditions": [one.as_dict() for one in self.conditions],
            "wear": [one.as_dict() for one in self.wear],
            "success": self.success,
            "level": self.level,
            "provenance": self.provenance,
        }

    @property
    def provenance(self) -> dict[str, str]:
        """Where the numbers come from."""
        return {"source": self.source, "data": self.fingerprint, "seed": str(self.seed), **versions()}


@capability(
    job="scale",
    needs=(
        "turn (counted from 1)",
        "correct (1 or 0, one row per step)",
        "run",
        "optional: model; history, clean or with errors put into it",
    ),
    sources=(
        Reference(
            "Sinha et al. 2025",
            "arXiv:2509.09677",
            "horizon length, self-conditioning",
            title="The Illusion of Diminishing Returns: Measuring Long Horizon Execution in LLMs",
            checked="ln s / ln p at printed accuracies; planted decays and effects recovered, null effects not found",
            unchecked="the paper's own runs; the shapes of decay and the two effects as we define them are ours",
        ),
    ),
    checked="69 and 693 steps at accuracies 0.99 and 0.999; 90 % intervals hold planted effects in simulation",
    example="isoperf horizon planted_horizons",
)
def horizon(
    data: Data,
    *,
    success: Annotated[float, Option("chance of a run without error that defines the horizon")] = 0.5,
    by: Annotated[str, Option("column that names the model")] = "model",
    history: Annotated[str, Option("column that says what history the run was given")] = "history",
    clean: Annotated[str, Option("word in that column for a history without errors")] = "clean",
    n_bootstrap: Annotated[int, Option("times whole runs are drawn again")] = 400,
    level: Level = 0.9,
    seed: Seed = 0,
) -> Horizons:
    """Turn accuracy per step into the length of task that is carried out, letting accuracy decay with the turn.

    Where some runs were given a clean history and others one with errors in it, the loss of accuracy is
    split: at the same turns, errors in the history (self-conditioning); with a clean history, length.
    Steps of one run hang together, so runs are drawn again whole; runs of the same name under both histories
    stay together.

    Raises
    ------
    DataError : turns are not counted from 1, or outcomes are not 1 or 0. OptionError : an option cannot be used.
    """
    check_level(level)
    check_draws(n_bootstrap, none=False)
    check_seed(seed)
    if not 0 < success < 1:
        raise OptionError(f"success must be a probability between 0 and 1, such as 0.5; found {success!r}.")
    obs = load(data).require("turn", "correct", "run")
    turn, right = counted(obs, "turn", 1), outcomes(obs, "correct")
    models = words(obs, by, default="model", option="by")
    histories = words(obs, history, default="history", option="history")
    clusters = clusters_of(obs, "run")
    rng = np.random.default_rng(seed)
    conditions: list[Persistence] = []
    wear: list[Wear] = []
    for model, rows in parts(models, len(obs)):
        draws = draw_clusters(clusters[rows].astype(str), rows.size, n_bootstrap, rng)
        arms = {}
        for name, own in parts(None if histories is None else histories[rows], rows.size):
            at = rows[own]
            made = _Steps.of(turn[at], right[at], clusters[at], draws, own)
            arms[name] = made
            conditions.append(_persistence(model, name if histories is not None else "", made, success, level))
        if histories is not None and clean not in arms and len(arms) > 1:
            raise OptionError(f"clean={clean!r}: {model} has no such history. Found: {', '.join(arms)}.")
        wear += [
            _wear(model, name, arms[clean], one, level) for name, one in arms.items() if clean in arms and name != clean
        ]
    return Horizons(tuple(conditions), tuple(wear), success, level, seed, obs.source, obs.fingerprint)


@dataclass(frozen=True, eq=False)
class _Steps:
    """Steps of one condition: outcomes and runs (s,); steps and right ones by turn, plain (1, m) and drawn (b, m)."""

    right: Floats
    runs: NDArray[Any]
    turns: Floats
    n: Floats
    c: Floats
    drawn_n: Floats
    drawn_c: Floats

    @classmethod
    def of(cls, turn: Floats, right: Floats, runs: NDArray[Any], draws: Draws, rows: NDArray[np.intp]) -> _Steps:
        turns, codes = np.unique(turn, return_inverse=True)
        codes, m = codes.reshape(-1), turns.size
        return cls(
            right,
            runs,
            turns,
            np.bincount(codes)[None].astype(float),
            np.bincount(codes, right)[None].astype(float),
            draws.table(np.ones(right.size), codes, m, rows),
            draws.table(right, codes, m, rows),
        )

    def fitted(self, decay: Decay) -> tuple[StepAccuracy, StepAccuracy]:
        """The fit, and the fits of all draws."""
        plain = fit_counts(self.turns, self.n, self.c, decay=decay)
        return plain, fit_counts(self.turns, self.drawn_n, self.drawn_c, decay=decay)

    @property
    def decay(self) -> Decay:
        """The shape that explains the steps better."""
        shapes: tuple[Decay, Decay] = ("turn", "log_turn")
        return max(
            shapes, key=lambda shape: float(fit_counts(self.turns, self.n, self.c, decay=shape).log_likelihood[0])
        )

    def by_turn(self, turns: Floats) -> tuple[Floats, Floats]:
        """Share right at some of the turns (k,), and in every draw (b, k); NaN where none was drawn."""
        at = np.searchsorted(self.turns, turns)
        with np.errstate(invalid="ignore"):
            return (self.c / self.n)[0, at], (self.drawn_c / self.drawn_n)[:, at]


def _persistence(model: str, history: str, steps: _Steps, success: float, level: float) -> Persistence:
    n_runs, turns = np.unique(steps.runs.astype(str)).size, steps.turns
    accuracy = mean_score(steps.right, clusters=steps.runs.astype(str), bounds=(0.0, 1.0), level=level).mean
    able = n_runs >= 2 and turns.size >= 2
    decay = steps.decay if able else "constant"
    best, some = steps.fitted(decay)
    slope = declining = Estimate(None, unit="steps", status=Status.NOT_IDENTIFIED if able else Status.TOO_FEW)
    if able and 0 < steps.right.mean() < 1:
        length = float(best.horizon(success)[0])
        status = Status.EXTRAPOLATED if length > turns[-1] else Status.OK
        declining = drawn(length, some.horizon(success), level, unit="steps", status=status)
        slope = drawn(float(best.slope[0]), some.slope, level)
    return Persistence(
        model=model,
        history=history,
        n_runs=n_runs,
        n_steps=steps.right.size,
        accuracy=accuracy,
        constant=_ends(accuracy, success, level, turns[-1]),
        at_least=_least(accuracy, success),
        decay=decay,
        slope=Estimate(slope.value, slope.low, slope.high, slope.level, "", slope.status),
        declining=declining,
        turns=turns,
        observed=steps.by_turn(turns)[0],
        fitted=best.at(turns)[0],
    )


def _ends(accuracy: Estimate, success: float, level: float, last: float) -> Estimate:
    """Horizon of a constant accuracy; its interval is that of the accuracy, since longer goes with better."""
    value, low, high = (
        None if p is None else float(horizon_length(min(max(p, 0.0), 1.0), success))
        for p in (accuracy.value, accuracy.low, accuracy.high)
    )
    if value is None or not np.isfinite(value):
        return Estimate(None, unit="steps", status=Status.NOT_IDENTIFIED)
    if low is None or high is None or not np.isfinite(high):
        return Estimate(value, unit="steps", status=Status.TOO_FEW)
    return Estimate(value, low, high, level, "steps", Status.EXTRAPOLATED if value > last else Status.OK)


def _least(accuracy: Estimate, success: float) -> float | None:
    if accuracy.value != 1.0 or accuracy.low is None:
        return None
    return float(horizon_length(accuracy.low, success))


def _wear(model: str, name: str, clean: _Steps, other: _Steps, level: float) -> Wear:
    shared = np.intersect1d(clean.turns, other.turns)
    if not shared.size:
        raise DataError(
            f"{model}: runs with history {name!r} share no turn with clean ones. Run both for the same turns."
        )
    tidy, tidy_draws = clean.by_turn(shared)
    marred, marred_draws = other.by_turn(shared)
    lost = drawn(float((tidy - marred).mean()), _mean_known(tidy_draws - marred_draws), level)
    if shared.size < 2:
        return Wear(model, name, 1, _told(lost, clean, other), Estimate(None, status=Status.TOO_FEW))
    plain, draws = (one.at(shared[[0, -1]]) for one in clean.fitted(clean.decay))
    length = drawn(float(plain[0, 0] - plain[0, 1]), draws[:, 0] - draws[:, 1], level)
    return Wear(model, name, shared.size, _told(lost, clean, other), _told(length, clean))


def _mean_known(draws: Floats) -> Floats:
    """Mean over the turns that have weight in a draw; NaN where none has."""
    known = np.isfinite(draws)
    n = known.sum(axis=1)
    return np.where(n > 0, np.where(known, draws, 0.0).sum(axis=1) / np.maximum(n, 1), np.nan)


def _told(effect: Estimate, *arms: _Steps) -> Estimate:
    """Few runs, or steps that are all alike, say nothing of the spread."""
    few = any(np.unique(one.runs.astype(str)).size < 5 for one in arms)
    alike = effect.low is not None and effect.low == effect.high
    return Estimate(effect.value, status=Status.TOO_FEW) if few or alike else effect
