"""Isoperf: from measured runs to laws with honest uncertainty, and from laws to decisions."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from isoperf.errors import (
        DataError,
        FitError,
        IsoperfError,
        LawError,
        MissingExtraError,
        OptionError,
        OutputError,
        UnitError,
    )
    from isoperf.estimate import Estimate, Estimates, Status
    from isoperf.fitting.result import Fit
    from isoperf.laws.base import Law, Param
    from isoperf.observations import Observations
    from isoperf.predict.fit import fit
    from isoperf.predict.fit_groups import Fits, fit_groups
    from isoperf.predict.forecast import Forecast, forecast
    from isoperf.predict.trace import Trace, trace
    from isoperf.predict.validate import Validation, validate
    from isoperf.readers import load
    from isoperf.reference import Reference
    from isoperf.report import Report
    from isoperf.scale.plan import Plan, plan

_HOMES = {
    "DataError": "errors",
    "Estimate": "estimate",
    "Estimates": "estimate",
    "Fit": "fitting.result",
    "FitError": "errors",
    "Fits": "predict.fit_groups",
    "Forecast": "predict.forecast",
    "IsoperfError": "errors",
    "Law": "laws.base",
    "LawError": "errors",
    "MissingExtraError": "errors",
    "Observations": "observations",
    "OptionError": "errors",
    "OutputError": "errors",
    "Param": "laws.base",
    "Plan": "scale.plan",
    "Reference": "reference",
    "Report": "report",
    "Status": "estimate",
    "Trace": "predict.trace",
    "UnitError": "errors",
    "Validation": "predict.validate",
    "fit": "predict.fit",
    "fit_groups": "predict.fit_groups",
    "forecast": "predict.forecast",
    "load": "readers",
    "plan": "scale.plan",
    "trace": "predict.trace",
    "validate": "predict.validate",
}

__all__ = [
    "DataError",
    "Estimate",
    "Estimates",
    "Fit",
    "FitError",
    "Fits",
    "Forecast",
    "IsoperfError",
    "Law",
    "LawError",
    "MissingExtraError",
    "Observations",
    "OptionError",
    "OutputError",
    "Param",
    "Plan",
    "Reference",
    "Report",
    "Status",
    "Trace",
    "UnitError",
    "Validation",
    "datasets",
    "fit",
    "fit_groups",
    "forecast",
    "laws",
    "load",
    "plan",
    "trace",
    "validate",
]


def __getattr__(name: str) -> Any:
    """Import a name when it is first used, so that ``import isoperf`` stays light."""
    if name in ("datasets", "laws"):
        return importlib.import_module(f"isoperf.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module 'isoperf' has no attribute {name!r}")
    return getattr(importlib.import_module(f"isoperf.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
