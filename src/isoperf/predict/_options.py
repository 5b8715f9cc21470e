"""Options that several capabilities share, declared once."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from isoperf.capability import Option
from isoperf.fitting.engine import Progress

__all__ = ["Data", "Delta", "LawName", "Level", "NoiseName", "Progress", "Seed", "X", "Y"]

Data: TypeAlias = Any  # anything isoperf.load takes: Observations, path, frame, records, columns
LawName: TypeAlias = Annotated[
    Any, Option("law to fit: its name, your own as file.py:Class, or auto, which chooses by held-out scale")
]
X: TypeAlias = Annotated[str | None, Option("column on the horizontal axis, for laws of one input")]
Y: TypeAlias = Annotated[str | None, Option("column to explain, when it is not the law's own (loss)")]
NoiseName: TypeAlias = Annotated[
    Literal["auto", "log_huber", "log_squared", "huber", "squared"],
    Option("how residuals count: relative (log) or absolute, robust (huber) or squared"),
]
Delta: TypeAlias = Annotated[
    float | Literal["auto"],
    Option("residual at which a robust cost turns linear; auto is 1.345 robust standard deviations"),
]
Level: TypeAlias = Annotated[float, Option("share of outcomes that the interval should hold")]
Seed: TypeAlias = Annotated[int, Option("the one source of chance; same seed, same result")]
