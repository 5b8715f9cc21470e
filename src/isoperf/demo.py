"""The main job on bundled real runs: fit small ones, predict larger ones, check, plan the next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from isoperf import datasets
from isoperf.estimate import format_number
from isoperf.fitting.engine import Progress
from isoperf.fitting.figures import fit_figure
from isoperf.fitting.fit_law import fit_law
from isoperf.fitting.result import Fit
from isoperf.fitting.show import fit_blocks
from isoperf.predict._show_forecast import forecast_blocks, law_table
from isoperf.predict._show_validation import validation_blocks
from isoperf.predict.forecast import Forecast, forecast
from isoperf.predict.validate import Validation, validate
from isoperf.report import Block, Caveat, Facts, Figure, Heading, Prose, Report
from isoperf.scale._show_plan import plan_blocks
from isoperf.scale.plan import Plan, plan

__all__ = ["Demo", "run"]

TABLE = "stdlib_lm"
KEPT = (
    "n_steps > 1000"  # shorter runs are still in their first descent, which no law of final losses describes
)
HELD_OUT = 0.2
GROWTH = (3.0, 10.0)


@dataclass(frozen=True)
class Demo:
    """Everything the demonstration found."""

    kept: int
    measured: int
    validation: Validation
    learnt: Fit
    ahead: Forecast
    planned: Plan
    facts: Mapping[str, str]

    @property
    def ok(self) -> bool:
        """Whether the check and the plan can be trusted."""
        return self.validation.ok and self.planned.ok

    def as_dict(self) -> dict[str, Any]:
        """Return all of it for machines."""
        return {
            "table": TABLE,
            "rows": {"measured": self.measured, "kept": self.kept, "condition": KEPT},
            "validation": self.validation.as_dict(),
            "fit_to_smaller_runs": self.learnt.as_dict(),
            "forecast": self.ahead.as_dict(),
            "plan": self.planned.as_dict(),
        }

    def report(self) -> Report:
        """Return all of it for people."""
        split = self.validation.made[0]
        assert split.study is not None
        return Report(
            "Isoperf on 110 small language models",
            (
                *self._opening(),
                *validation_blocks(self.validation),
                self._check_figure(),
                Heading("Which law"),
                *law_table(split.study),
                *forecast_blocks(self.ahead),
                *plan_blocks(self.planned),
                *_without_contour(fit_blocks(self.planned.fit)),
            ),
            dict(self.planned.fit.provenance),
        )

    def _opening(self) -> list[Block]:
        split, best = self.validation.made[0], self.validation.made[0].chosen
        next_run = self.planned.budgets[0]
        text = (
            f"Laws were fitted to the **{split.n_train} smaller** runs and asked for the **{split.n_test} largest**, "
            f"up to {split.reach:.3g} times the compute, which they had not seen. `{best.law}`, chosen on the smaller "
            f"runs alone, was off by **{best.error:.1%}** on average (worst {best.worst:.1%}); its "
            f"{self.validation.level:.0%} interval, ±{best.width:.1%}, held {best.coverage:.0%} of them. "
            f"With all runs known, the next one at {format_number(next_run.flops)} FLOPs should have "
            f"**{_plain(next_run.n_params.value)} parameters** and see **{_plain(next_run.n_tokens.value)} tokens**; "
            f"expect a loss of **{_plain(next_run.loss.value)}** nats per byte."
        )
        return [
            Heading("In short"),
            Prose(text),
            Facts("The runs", tuple(self.facts.items())),
            Caveat(
                f"{self.measured - self.kept} of {self.measured} runs took 1,000 steps or fewer and are left out: they "
                "are still in their first descent, which no law of final losses describes.",
                kind="note",
            ),
        ]

    def _check_figure(self) -> Figure:
        split = self.validation.made[0]
        assert split.study is not None
        whole = self.ahead.study.by_name(split.study.chosen)
        return fit_figure(self.learnt, whole.take(whole.scale > split.study.data.scale.max()))


def _plain(value: float | None) -> str:
    return format_number(value, 3)


def _without_contour(blocks: list[Block]) -> list[Block]:
    return [block for block in blocks if getattr(block, "title", "") != "Equal loss over compute and size"]


def run(*, seed: int = 0, progress: Progress | None = None) -> Demo:
    """Run the main job on the bundled table, in a few seconds."""
    everything = datasets.load(TABLE)
    runs = everything.where(KEPT)
    steps = _Steps(progress, 4)
    checked = validate(runs, hold_out=HELD_OUT, seed=seed)
    steps.done()
    study = checked.made[0].study
    assert study is not None
    learnt = fit_law(study.data, noise=study.noise, seed=seed)
    steps.done()
    largest = float(study.data.law.scale({k: runs[k] for k in study.data.law.inputs}).max())
    ahead = forecast(runs, flops=tuple(largest * factor for factor in GROWTH), seed=seed)
    steps.done()
    planned = plan(runs, flops=tuple(largest * factor for factor in GROWTH), seed=seed)
    steps.done()
    about = datasets.info(TABLE)
    facts = {
        "what": about.title,
        "measured by": about.citation,
        "sizes": f"{format_number(float(runs['n_params'].min()), 3)} to {format_number(float(runs['n_params'].max()), 3)} parameters",
        "tokens": f"{format_number(float(runs['n_tokens'].min()), 3)} to {format_number(float(runs['n_tokens'].max()), 3)} bytes",
        "wall time of training": f"{everything['wall_seconds'].sum() / 60:.0f} minutes on one processor core",
    }
    return Demo(len(runs), len(everything), checked, learnt, ahead, planned, facts)


class _Steps:
    """Count whole steps for a progress bar."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress, self._total, self._done = progress, total, 0

    def done(self) -> None:
        self._done += 1
        if self._progress is not None:
            self._progress(self._done, self._total)
