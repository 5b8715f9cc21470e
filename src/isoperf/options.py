"""Options that several capabilities share, declared once."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from isoperf.capability import Option
from isoperf.errors import OptionError
from isoperf.executors import Where
from isoperf.fitting.engine import Progress
from isoperf.fitting.noise import Delta as DeltaChoice
from isoperf.fitting.noise import NoiseChoice
from isoperf.fitting.resample import Bootstrap as BootstrapChoice
from isoperf.laws.base import Law
from isoperf.readers import Data

__all__ = [
    "Bootstrap",
    "Data",
    "Delta",
    "Executor",
    "LawName",
    "Level",
    "NStarts",
    "NoiseName",
    "PriceTableOption",
    "Progress",
    "Seed",
    "Values",
    "X",
    "Y",
    "several",
]

Values: TypeAlias = tuple[float, ...]
LawName: TypeAlias = Annotated[
    str | Law | type[Law],
    Option("law to fit: its name, your own as file.py:Class, or auto, which chooses by held-out scale"),
]
X: TypeAlias = Annotated[str | None, Option("column on the horizontal axis, for laws of one input")]
Y: TypeAlias = Annotated[str | None, Option("column to explain, when it is not the usual one, such as loss")]
NoiseName: TypeAlias = Annotated[
    NoiseChoice, Option("how residuals count: relative (log) or absolute, robust (huber) or squared")
]
Delta: TypeAlias = Annotated[
    DeltaChoice, Option("residual at which a robust cost turns linear; auto is 1.345 robust standard deviations")
]
Bootstrap: TypeAlias = Annotated[BootstrapChoice, Option("what is drawn again: rows, whole runs, or residuals")]
NStarts: TypeAlias = Annotated[int, Option("starts polished after the dense grid")]
Level: TypeAlias = Annotated[float, Option("share of outcomes that the interval should hold")]
PriceTableOption: TypeAlias = Annotated[
    Data | None,
    Option(
        "table of prices by model or device, such as per_device_hour or input_per_mtok, with date and source",
        table=True,
    ),
]
Executor: TypeAlias = Annotated[
    Where,
    Option(
        "where long work runs: local or local:4 (processes), serial, dask:tcp://HOST:8786 or ray:auto; same results",
        local=True,
    ),
]
Seed: TypeAlias = Annotated[int, Option("the one source of chance; same seed, same result", least=0)]


def several(name: str, given: ArrayLike) -> Values:
    """Take one number, or several, as a tuple: ``forecast(runs, n_params=7e9)`` is what people write.

    Raises
    ------
    OptionError : something else was given.
    """
    try:
        return tuple(np.atleast_1d(np.asarray(given, dtype=float)).ravel().tolist())
    except (TypeError, ValueError):
        raise OptionError(f"{name} must be a number or several, such as 7e9 or (1e9, 7e9); found {given!r}.") from None
