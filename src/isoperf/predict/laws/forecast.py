"""Forecast what a run will score at given size, tokens or compute, with an honest interval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from isoperf.capability import Option, Reference, capability
from isoperf.estimate import Estimates, Status, check_level
from isoperf.fitting.candidates import candidates
from isoperf.fitting.cautions import with_cautions
from isoperf.fitting.fit_law import fit_law
from isoperf.fitting.points import target_inputs
from isoperf.fitting.result import WITHOUT_INTERVAL, Fit
from isoperf.fitting.study import Outlook, Study, study
from isoperf.observations import Observations
from isoperf.options import Data, Delta, LawName, Level, NoiseName, Progress, Seed, Values, X, Y
from isoperf.predict.laws._targets import DERIVABLE, Targets
from isoperf.readers import load
from isoperf.report import Report, Shown
from isoperf.report.controls import Control, settled

__all__ = ["Forecast", "forecast"]

Floats = NDArray[np.float64]
MOVED = 30.0  # how far a slider moves a size, as a factor either way


@dataclass(frozen=True)
class Forecast(Shown):
    """What new runs will measure.

    Attributes
    ----------
    targets : the rows asked about.
    runs : (m,) prediction with the interval for a new run: parameters, choice of law, noise, misfit.
    law : (m,) the same prediction with the interval of the chosen law's parameters only.
    fit : the chosen law fitted to all rows; study : candidates, rehearsals and scores behind it.
    optimal : whether sizes were not given and the compute-optimal ones were taken.
    """

    targets: Observations
    runs: Estimates
    law: Estimates
    fit: Fit
    study: Study
    outlook: Outlook
    optimal: bool
    _asked: Targets | None = field(default=None, repr=False, compare=False)

    @property
    def status(self) -> Status:
        """The fit's status; being extrapolated is what a forecast is for and does not count."""
        return self.fit.status

    @property
    def ok(self) -> bool:
        """Whether the fit behind the forecast can be trusted."""
        return self.status is Status.OK

    def controls(self) -> tuple[Control, ...]:
        """Return what can be moved: each size of the run asked about, when it is one run."""
        given = self._asked.given if self._asked is not None else {}
        if any(len(values) != 1 or values[0] <= 0 for values in given.values()) or given.keys() >= DERIVABLE:
            return ()
        unit = self.targets.units
        return tuple(
            Control(name, name, unit.get(name, ""), at / MOVED, at * MOVED, at, log=True)
            for name, (at,) in given.items()
        )

    def moved(self, values: Mapping[str, float]) -> Report:
        """Return the report of the same forecast for a run of another size.

        Raises
        ------
        OptionError : a name is not that of a control, or its value lies outside it.
        """
        at = settled(self.controls(), values)
        asked = Targets({name: (value,) for name, value in at.items()})
        table, optimal = asked.settle(self.fit)
        return foresee(self.study, self.fit, table, self.runs.level, optimal=optimal).report()

    def report(self) -> Report:
        """Return the forecast for people."""
        from isoperf.predict.laws._show_forecast import forecast_report

        return forecast_report(self)

    def as_dict(self) -> dict[str, Any]:
        """Return the forecast for machines."""
        return {
            "forecast": [
                {**row, self.fit.binding[self.fit.law.output]: run.as_dict(), "law_interval": law.as_dict()}
                for row, run, law in zip(self.targets.to_dicts(), self.runs, self.law, strict=True)
            ],
            "compute_optimal_sizes": self.optimal,
            "law": self.fit.law.name,
            "laws": {
                name: {"held_out_error": score.error, "bias": score.bias, "weight": self.study.weights.get(name, 0.0)}
                for name, score in self.study.scores.items()
            },
            "fit": self.fit.as_dict(),
        }


@capability(
    job="predict",
    needs=("loss (or y)", "n_params and n_tokens, flops, or x"),
    sources=(
        Reference("Hoffmann et al. 2022", "arXiv:2203.15556"),
        Reference("Gadre et al. 2024", "arXiv:2403.08540"),
        Reference("Choshen et al. 2024", "arXiv:2410.11840", "held-out larger scales"),
    ),
    checked="coverage of its intervals measured on held-out larger scales of public tables; see the table in the docs",
    example="isoperf forecast stdlib_lm --n-params 2M --n-tokens 16M",
)
def forecast(
    data: Data,
    *,
    n_params: Annotated[Values, Option("sizes of the runs to forecast", unit="params")] = (),
    n_tokens: Annotated[Values, Option("tokens they will see", unit="tokens")] = (),
    n_unique_tokens: Annotated[Values, Option("distinct tokens, for the repeated-data law", unit="tokens")] = (),
    flops: Annotated[
        Values, Option("training compute; without sizes the compute-optimal ones are taken", unit="FLOPs")
    ] = (),
    x_at: Annotated[Values, Option("values of the x column, for laws of one input")] = (),
    at: Annotated[Data | None, Option("table of runs to forecast instead, with the law's columns")] = None,
    law: LawName = "auto",
    x: X = None,
    y: Y = None,
    noise: NoiseName = "auto",
    delta: Delta = "auto",
    n_bootstrap: Annotated[int, Option("bootstrap refits of the chosen law")] = 1000,
    level: Level = 0.9,
    seed: Seed = 0,
    progress: Progress | None = None,
) -> Forecast:
    """Forecast what a run will score.

    Candidate laws are fitted to ever smaller parts of the table and asked for the larger
    runs that are already known; the best of these rehearsals chooses the law, and their
    errors set the width of the interval.

    Raises
    ------
    OptionError : no target was given, or one that the laws cannot use.
    """
    obs = load(data)
    level = check_level(level)
    found = candidates(obs, law=law, x=x, y=y)
    name = "auto" if isinstance(law, str) and law == "auto" else found[0].law.name
    sizes = {"n_params": n_params, "n_tokens": n_tokens, "n_unique_tokens": n_unique_tokens, "flops": flops}
    targets = Targets.of(sizes, x=x, x_at=x_at, at=at)
    found = [one for one in found if one.law.name == name or targets.suit(one)] or found
    known = study(found, law=name, noise=noise, delta=delta, seed=seed, progress=progress)
    fitted = fit_law(known.data, noise=known.noise, delta=delta, n_bootstrap=n_bootstrap, level=level, seed=seed)
    fitted = with_cautions(fitted, obs)
    table, optimal = targets.settle(fitted)
    return replace(foresee(known, fitted, table, level, optimal=optimal), _asked=targets)


def foresee(known: Study, fitted: Fit, targets: Observations, level: float, *, optimal: bool = False) -> Forecast:
    """Predict a table of targets from a study already made."""
    points = target_inputs(targets, known.candidates)
    ahead = known.outlook(points, level, law=fitted.law.name)
    arrays = dict(zip(fitted.law.inputs, points[fitted.law.name], strict=True))
    plain = fitted.predict(level=level, **arrays)
    # a fit that cannot be trusted bears an interval only where rehearsals stand behind it
    guess = fitted.status in WITHOUT_INTERVAL and not known.rehearsals.origins
    value = np.where(np.isfinite(plain.value), ahead.value, np.nan)
    low, high = (np.where(guess | np.isnan(value), np.nan, end) for end in (ahead.low, ahead.high))
    runs = Estimates(value, low, high, level, fitted.unit, plain.status)
    return Forecast(targets, runs, plain, fitted, known, ahead, optimal)
