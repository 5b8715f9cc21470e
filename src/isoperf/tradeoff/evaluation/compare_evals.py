"""Say whether one model's evaluation results are better than another's, and what would settle it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Annotated, Any

import numpy as np

from isoperf.capability import Option, Reference, capability
from isoperf.errors import DataError, OptionError
from isoperf.estimate import Estimate, Status, check_draws, check_level
from isoperf.evals.multiple import benjamini_hochberg, holm
from isoperf.options import Data, Level, Seed
from isoperf.readers import load
from isoperf.report import Report, Shown
from isoperf.tradeoff.evaluation._eval_difference import BenchmarkDifference, Rules, Verdict, paired_task, recorded_task
from isoperf.tradeoff.evaluation._eval_overall import OverallDifference, overall
from isoperf.tradeoff.evaluation._eval_pairs import pair_items
from isoperf.tradeoff.evaluation._eval_scores import Scores, scores_of
from isoperf.tradeoff.evaluation._eval_sides import two_sides
from isoperf.tradeoff.evaluation._eval_tasks import Better, Task, choose_tasks

__all__ = ["BenchmarkDifference", "EvalComparison", "OverallDifference", "compare_evals"]

LONGEST = 20  # letters of a name in a table's head

MILLER = Reference(
    "Miller 2024",
    "arXiv:2411.00640",
    "paired differences, clustered standard errors, power",
    title="Adding Error Bars to Evals: A Statistical Approach to Language Model Evaluations",
    checked="paired and clustered standard errors against values worked by hand; items needed and detectable "
    "difference against the formula; coverage of the intervals on planted tables",
    unchecked="formulas are taken from notes on the paper, not from its text; exact tests, corrections for several "
    "benchmarks and intervals at 0 and 100% are not the paper's",
)
HOLM = Reference("Holm 1979", "", "step-down correction over benchmarks")
FALSE_DISCOVERY = Reference("Benjamini and Hochberg 1995", "", "false discovery rate over benchmarks")
MCNEMAR = Reference("McNemar 1947", "", "exact test of right and wrong answers in pairs")


@dataclass(frozen=True)
class EvalComparison(Shown):
    """Two models on the benchmarks they share; differences are ``a`` minus ``b``.

    Attributes
    ----------
    benchmarks : one difference each. overall : their mean, over benchmarks of one metric.
    paired : whether items were compared one by one. left_out : benchmarks not compared, and why.
    other_metrics : metrics of each benchmark that were not taken. seeds : of the runs; None where not told.
    """

    a: str
    b: str
    benchmarks: tuple[BenchmarkDifference, ...]
    overall: OverallDifference | None
    paired: bool
    left_out: dict[str, str]
    other_metrics: dict[str, tuple[str, ...]]
    assumed_higher: tuple[str, ...]
    n_groups: int
    seeds: int | None
    level: float
    power: float
    worth: float | None
    sources: tuple[str, str]
    fingerprint: str
    seed: int

    @property
    def verdict(self) -> Verdict:
        """Which model is better overall: ``a``, ``b`` or ``undecided``."""
        return self.overall.verdict if self.overall is not None else "undecided"

    @property
    def better(self) -> str | None:
        """Name of the better model, or None when the data cannot tell."""
        return {"a": self.a, "b": self.b, "undecided": None}[self.verdict]

    @property
    def labels(self) -> tuple[str, str]:
        """Names short enough for a table's head: without the maker where that tells them apart, else A and B."""
        short = self.a.rpartition("/")[2], self.b.rpartition("/")[2]
        return short if short[0] != short[1] and max(map(len, short)) <= LONGEST else ("A", "B")

    @property
    def status(self) -> Status:
        """Whether the overall difference is known."""
        return self.overall.difference.status if self.overall is not None else Status.NOT_IDENTIFIED

    @property
    def ok(self) -> bool:
        """Whether the overall difference and its interval are known."""
        return self.status is Status.OK

    def benchmark(self, name: str) -> BenchmarkDifference:
        """Return the difference on one benchmark.

        Raises
        ------
        OptionError : it was not compared.
        """
        for one in self.benchmarks:
            if one.benchmark == name:
                return one
        known = ", ".join(one.benchmark for one in self.benchmarks)
        raise OptionError(f"no benchmark {name!r} was compared. There are: {known}.")

    def report(self) -> Report:
        """Return the comparison for people."""
        from isoperf.tradeoff.evaluation._show_compare_evals import compare_evals_report

        return compare_evals_report(self)

    def as_dict(self) -> dict[str, Any]:
        """Return the comparison for machines."""
        return {
            "a": self.a,
            "b": self.b,
            "verdict": self.verdict,
            "better": self.better,
            "paired": self.paired,
            "overall": None if self.overall is None else _plain(self.overall),
            "benchmarks": [_plain(one) for one in self.benchmarks],
            "left_out": dict(self.left_out),
            "other_metrics": {name: list(metrics) for name, metrics in self.other_metrics.items()},
            "level": self.level,
            "power": self.power,
            "sources": list(self.sources),
            "data": self.fingerprint,
        }


def _plain(made: BenchmarkDifference | OverallDifference) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field in fields(made):
        value = getattr(made, field.name)
        if field.name != "units":
            found[field.name] = (
                value.as_dict() if isinstance(value, Estimate) else list(value) if isinstance(value, tuple) else value
            )
    return found


@capability(
    job="tradeoff",
    needs=("item and score (or correct), or score and standard_error", "model, or a second table"),
    sources=(MILLER, MCNEMAR, HOLM, FALSE_DISCOVERY),
    checked="paired differences, McNemar, power and adjusted p-values against printed and exact values; planted "
    "differences are found and planted ties are not",
    example="isoperf compare-evals planted_evals --models small,large",
)
def compare_evals(
    data: Data,
    *,
    other: Annotated[
        Data | None, Option("scores of the other model, where they are in a table of their own", table=True)
    ] = None,
    by: Annotated[str, Option("column that names the model")] = "model",
    models: Annotated[tuple[str, ...], Option("the two models to compare, where there are more")] = (),
    metric: Annotated[str | None, Option("metric to compare; the one that most benchmarks have when absent")] = None,
    filter: Annotated[str | None, Option("answer filter to compare; the first when absent")] = None,
    y: Annotated[str | None, Option("column of scores; score, correct or accuracy when absent")] = None,
    item: Annotated[str, Option("column that names the item; items of the same name are paired")] = "item",
    cluster: Annotated[str | None, Option("column of items that hang together; cluster when there")] = None,
    better: Annotated[Better, Option("whether higher or lower scores are better; auto goes by the metric")] = "auto",
    worth: Annotated[float | None, Option("difference worth finding; the measured one when absent")] = None,
    power: Annotated[float, Option("chance with which a difference should be found")] = 0.8,
    n_bootstrap: Annotated[int, Option("draws of items and answers, where items have several answers")] = 1000,
    level: Level = 0.95,
    seed: Seed = 0,
) -> EvalComparison:
    """Say whether one model is better than another on the benchmarks both took.

    Results of single items are compared in pairs: the same question answered by both. Where only
    the benchmarks' scores and standard errors are on record the comparison is unpaired, and says so.
    The first model named, or the first table, is A; differences are A minus B.

    Raises
    ------
    OptionError : a model, metric or option cannot be used.
    DataError : the models share no item, items come twice, or scores are out of range.
    """
    table = load(data)
    second = None if other is None else load(other)
    rules = Rules(check_level(level), power, worth, n_bootstrap, seed)
    _check(rules)
    sides = two_sides(table, second, by, tuple(models))
    a, b = (scores_of(side, y, item, cluster) for side in sides)
    if a.per_item != b.per_item:
        poor = b if a.per_item else a
        raise DataError(
            f"{poor.source}: {poor.name} has no column {item!r}, so it cannot be paired with the other model's items. "
            "Compare items with items, or the two tables of scores with standard errors."
        )
    chosen = choose_tasks(a, b, metric, filter, better)
    found = [_compared(a, b, task, rules) for task in chosen.tasks]
    judged = _judged(found, rules.level)
    seeds = None if a.seeds is None and b.seeds is None else min(n for n in (a.seeds, b.seeds) if n is not None)
    return EvalComparison(
        a.name,
        b.name,
        judged,
        overall(judged, rules),
        a.per_item,
        chosen.left_out,
        {task.benchmark: tuple(_said(*one) for one in task.others) for task in chosen.tasks if task.others},
        tuple(dict.fromkeys(task.metric for task in chosen.tasks if not task.told)),
        max(a.n_groups, b.n_groups),
        seeds,
        rules.level,
        power,
        worth,
        (a.source, b.source),
        table.fingerprint if second is None else f"{table.fingerprint} {second.fingerprint}",
        seed,
    )


def _compared(a: Scores, b: Scores, task: Task, rules: Rules) -> BenchmarkDifference:
    return paired_task(pair_items(a, b, task), task, rules) if a.per_item else recorded_task(a, b, task, rules)


def _judged(found: Sequence[BenchmarkDifference], level: float) -> tuple[BenchmarkDifference, ...]:
    p = [np.nan if one.p_value is None else one.p_value for one in found]
    known = zip(found, holm(p).tolist(), benjamini_hochberg(p).tolist(), strict=True)
    return tuple(one.judged(_known(h), _known(q), level) for one, h, q in known)


def _known(p: float) -> float | None:
    return None if np.isnan(p) else p


def _said(metric: str, answer: str) -> str:
    return f"{metric} ({answer})" if answer not in ("", "none") else metric


def _check(rules: Rules) -> None:
    if not 0 < rules.power < 1:
        raise OptionError(f"power must lie between 0 and 1, such as 0.8; found {rules.power:g}.")
    if rules.worth is not None and not rules.worth > 0:
        raise OptionError(f"worth is a difference above 0, such as 0.01; found {rules.worth:g}.")
    check_draws(rules.n_bootstrap)
