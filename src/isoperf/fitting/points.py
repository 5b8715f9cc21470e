"""Where to predict: target rows for every candidate law at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from isoperf.errors import OptionError
from isoperf.fitting.data import LawData
from isoperf.observations import Observations

__all__ = ["target_inputs", "target_table"]

Floats = NDArray[np.float64]


def target_inputs(targets: Observations, candidates: Iterable[LawData]) -> dict[str, list[Floats]]:
    """Take each law's inputs from a table of targets, derived columns included.

    Raises
    ------
    DataError : a column that a law needs is missing from the targets.
    """
    found = {}
    for data in candidates:
        columns = [data.binding[word] for word in data.law.inputs]
        ready = targets.require(*columns)
        found[data.law.name] = [ready.numeric(column, positive=True) for column in columns]
    return found


def target_table(columns: Mapping[str, tuple[float, ...]]) -> Observations:
    """Make a table of targets out of option values; single values are repeated.

    Raises
    ------
    OptionError : lengths differ, or a value is not positive.
    """
    given = {name: tuple(float(v) for v in values) for name, values in columns.items() if values}
    sizes = {len(values) for values in given.values()} - {1}
    if len(sizes) > 1:
        lengths = ", ".join(f"{name} has {len(values)}" for name, values in given.items())
        raise OptionError(f"targets differ in length: {lengths}. Give one value, or as many of each.")
    for name, values in given.items():
        if not all(np.isfinite(v) and v > 0 for v in values):
            raise OptionError(f"{name} must be above 0 and finite, found {', '.join(f'{v:g}' for v in values)}.")
    size = max((len(v) for v in given.values()), default=0)
    full = {name: values * size if len(values) == 1 else values for name, values in given.items()}
    return Observations.from_columns({k: np.array(v) for k, v in full.items()}, source="targets")
