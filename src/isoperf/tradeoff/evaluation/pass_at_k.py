"""Say how many problems are solved in k attempts, by which model, and in more attempts than were made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from isoperf.capability import Option, Reference, capability
from isoperf.errors import OptionError
from isoperf.estimate import Estimate, Status, check_draws, check_level, check_seed
from isoperf.evals.coverage import CoverageLaw, fit_coverage
from isoperf.evals.means import mean_score
from isoperf.evals.paired import Difference, paired_difference, unpaired_difference
from isoperf.evals.rates import Over, best_of_k, mean_pass_at_k
from isoperf.evals.rates import pass_at_k as rate_of
from isoperf.fitting.fit_law import versions
from isoperf.options import Data, Level, Seed, Values, several
from isoperf.readers import load
from isoperf.report import Report, Shown
from isoperf.tradeoff.evaluation._attempts import Attempts, read_attempts

__all__ = ["AttemptCurve", "AttemptDifference", "AttemptPoint", "PassAtK", "pass_at_k"]


@dataclass(frozen=True)
class AttemptPoint:
    """Share of problems solved in k attempts.

    Attributes
    ----------
    rate : measured without bias, or by the law where some problem has fewer than k answers.
    best : share right when one of k answers is chosen by its score; None without scores.
    """

    k: int
    rate: Estimate
    by_law: bool
    best: Estimate | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        best = None if self.best is None else self.best.as_dict()
        return {"k": self.k, "rate": self.rate.as_dict(), "by_law": self.by_law, "best": best}


@dataclass(frozen=True)
class AttemptCurve:
    """One model on one benchmark.

    Attributes
    ----------
    law : of coverage, fitted to the counts. departs : values of k at which the measured share's
        interval leaves the law out. attempts : needed per problem for the target, if one was set.
    """

    model: str
    benchmark: str
    n_items: int
    fewest: int
    most: int
    points: tuple[AttemptPoint, ...]
    law: CoverageLaw
    departs: tuple[int, ...]
    attempts: Estimate | None
    n_solved: int

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        law = self.law
        known = law.status not in (Status.TOO_FEW, Status.NOT_IDENTIFIED)
        return {
            "model": self.model,
            "benchmark": self.benchmark,
            "n_items": self.n_items,
            "n_solved": self.n_solved,
            "n_samples": [self.fewest, self.most],
            "points": [one.as_dict() for one in self.points],
            "law": {
                "alpha": law.alpha if known else None,
                "beta": law.beta if known else None,
                "unsolvable": law.unsolvable if known else None,
                "status": law.status.value,
                "departs": list(self.departs),
            },
            "attempts": None if self.attempts is None else self.attempts.as_dict(),
        }


@dataclass(frozen=True)
class AttemptDifference:
    """Difference of two models in k attempts, ``model`` minus ``baseline``; paired on ``n_shared`` problems."""

    benchmark: str
    model: str
    baseline: str
    k: int
    difference: Estimate
    p_value: float | None
    n_shared: int

    @property
    def better(self) -> str | None:
        """The model that is ahead, None where the interval holds 0."""
        return {1: self.model, -1: self.baseline}.get(self.difference.sign)

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {**vars(self), "difference": self.difference.as_dict(), "better": self.better}


@dataclass(frozen=True)
class PassAtK(Shown):
    """Shares of problems solved in k attempts.

    Attributes
    ----------
    curves : one per model and benchmark. differences : of every model against the baseline, at every
        k that both measured.
    """

    curves: tuple[AttemptCurve, ...]
    differences: tuple[AttemptDifference, ...]
    k: tuple[int, ...]
    target: float | None
    over: Over
    level: float
    seed: int
    source: str
    fingerprint: str

    @property
    def ok(self) -> bool:
        """Whether every share asked for has an interval and none is extrapolated."""
        return all(one.rate.status is Status.OK for curve in self.curves for one in curve.points)

    def curve(self, model: str, benchmark: str | None = None) -> AttemptCurve:
        """Return one model's curve.

        Raises
        ------
        OptionError : there is none.
        """
        for one in self.curves:
            if one.model == model and benchmark in (None, one.benchmark):
                return one
        known = ", ".join(dict.fromkeys(one.model for one in self.curves))
        raise OptionError(f"there is no curve of {model!r}. Models: {known}.")

    def report(self) -> Report:
        """Return the answer for people."""
        from isoperf.tradeoff.evaluation._show_pass_at_k import pass_at_k_report

        return pass_at_k_report(self)

    def as_dict(self) -> dict[str, Any]:
        """Return the answer for machines."""
        return {
            "k": list(self.k),
            "curves": [one.as_dict() for one in self.curves],
            "differences": [one.as_dict() for one in self.differences],
            "target": self.target,
            "over": self.over,
            "level": self.level,
            "provenance": self.provenance,
        }

    @property
    def provenance(self) -> dict[str, str]:
        """Where the numbers come from."""
        return {"source": self.source, "data": self.fingerprint, "seed": str(self.seed), **versions()}


@capability(
    job="tradeoff",
    needs=(
        "n_samples and n_correct, or correct with one row per answer",
        "item",
        "model and benchmark where they vary",
    ),
    sources=(
        Reference("Chen et al. 2021", "arXiv:2107.03374", "equation 1: the estimator without bias"),
        Reference("Brown et al. 2024", "arXiv:2407.21787", "coverage by repeated sampling"),
        Reference("Schaeffer et al. 2025", "arXiv:2502.17578", "power laws of coverage from the spread of difficulty"),
    ),
    checked="all 707 published pass@k of seven Pythia models to 1e-9; enumeration; from 200 answers per problem the "
    "law's interval holds their pass@10,000",
    example="isoperf pass-at-k planted_attempts --k 1,10,50,1000",
)
def pass_at_k(
    data: Data,
    *,
    k: Annotated[Values, Option("numbers of attempts; 1, 10, 100, ... up to ten times those made when absent")] = (),
    by: Annotated[str, Option("column that names the model")] = "model",
    item: Annotated[str, Option("column that names the problem")] = "item",
    baseline: Annotated[
        str | None, Option("model the others are compared with; the best in one attempt when absent")
    ] = None,
    score: Annotated[str | None, Option("column of scores by which one of k answers is chosen (best of k)")] = None,
    target: Annotated[float | None, Option("share of problems to be solved: how many attempts does it take?")] = None,
    over: Annotated[
        Over, Option("what the intervals are about: other problems of the kind, or other answers to these")
    ] = "problems",
    n_bootstrap: Annotated[int, Option("draws of problems for the law's intervals")] = 300,
    level: Level = 0.9,
    seed: Seed = 0,
) -> PassAtK:
    """Find the share of problems solved in k attempts, measured and carried on.

    Up to the number of answers drawn the share is estimated without bias, problem by problem, so
    problems may have been sampled unequally. Beyond, a law carries it on: success rates that are
    Beta distributed over problems, fitted to the counts. Models are compared on the problems
    they share.

    Raises
    ------
    OptionError : a column, model or number of attempts cannot be used.
    DataError : counts are not whole, or more are right than were drawn.
    """
    obs = load(data)
    level = check_level(level)
    if target is not None and not 0 < target < 1:
        raise OptionError(f"target is a share of problems between 0 and 1, such as 0.9; found {target!r}.")
    check_draws(n_bootstrap, none=False)
    check_seed(seed)
    groups = read_attempts(obs, by=by, item=item, score=score)
    ks = _attempts_asked(several("k", k), groups)
    rng = np.random.default_rng(seed)
    curves = tuple(_curve(one, ks, target, over, n_bootstrap, level, rng) for one in groups)
    differences = _differences(groups, ks, baseline, level, rng)
    return PassAtK(curves, differences, ks, target, over, level, seed, obs.source, obs.fingerprint)


def _attempts_asked(k: Values, groups: Sequence[Attempts]) -> tuple[int, ...]:
    if any(one < 1 or one != round(one) for one in k):
        raise OptionError(f"k must be whole numbers of 1 or more; found {', '.join(f'{one:g}' for one in k)}.")
    if k:
        return tuple(sorted({int(one) for one in k}))
    fewest = int(min(one.n.min() for one in groups))
    powers = [10**i for i in range(int(np.log10(fewest)) + 1)]
    return tuple(sorted({*powers, fewest, powers[-1] * 10}))


def _curve(
    one: Attempts,
    ks: Sequence[int],
    target: float | None,
    over: Over,
    n_bootstrap: int,
    level: float,
    rng: np.random.Generator,
) -> AttemptCurve:
    law = fit_coverage(one.n, one.c, n_bootstrap=n_bootstrap, level=level, rng=rng)
    points, departs = [], []
    for k in ks:
        measured = mean_pass_at_k(one.n, one.c, k, over=over, level=level) if k <= one.n.min() else None
        best = _best(one, k, level) if measured is not None else None
        points.append(AttemptPoint(k, law.at(k) if measured is None else measured, measured is None, best))
        if measured is not None and measured.low is not None and measured.high is not None and np.isfinite(law.alpha):
            departs += [] if measured.low <= float(law(k)) <= measured.high else [k]
    return AttemptCurve(
        one.model,
        one.benchmark,
        one.n.size,
        int(one.n.min()),
        int(one.n.max()),
        tuple(points),
        law,
        tuple(departs),
        None if target is None else law.attempts_for(target),
        int((one.c > 0).sum()),
    )


def _best(one: Attempts, k: int, level: float) -> Estimate | None:
    """Share right when the answer of highest score among k is taken."""
    if not one.scored:
        return None
    rates = [best_of_k(scores, right, k) for scores, right in one.scored]
    return mean_score(rates, bounds=(0.0, 1.0), level=level).mean


def _differences(
    groups: Sequence[Attempts], ks: Sequence[int], baseline: str | None, level: float, rng: np.random.Generator
) -> tuple[AttemptDifference, ...]:
    """Every model against the baseline, within each benchmark."""
    if baseline is not None and baseline not in {one.model for one in groups}:
        known = ", ".join(dict.fromkeys(one.model for one in groups))
        raise OptionError(f"baseline={baseline!r}: no such model. Models: {known}.")
    found = []
    for benchmark in dict.fromkeys(one.benchmark for one in groups):
        here = [one for one in groups if one.benchmark == benchmark]
        named = [one for one in here if one.model == baseline]
        if baseline is not None and not named:
            continue
        base = named[0] if named else max(here, key=lambda one: float((one.c / one.n).mean()))
        for one in here:
            if one is not base:
                found += [_difference(one, base, k, level, rng) for k in ks if k <= min(one.n.min(), base.n.min())]
    return tuple(found)


def _difference(one: Attempts, base: Attempts, k: int, level: float, rng: np.random.Generator) -> AttemptDifference:
    shared, i, j = np.intersect1d(one.items.astype(str), base.items.astype(str), return_indices=True)
    a, b = rate_of(one.n, one.c, k), rate_of(base.n, base.c, k)
    made: Difference
    if shared.size >= 2:
        made = paired_difference(a[i], b[j], bounds=(0.0, 1.0), level=level, rng=rng)
    else:
        made = unpaired_difference(a, b, level=level)
    return AttemptDifference(one.benchmark, one.model, base.model, k, made.difference, made.p_value, int(shared.size))
