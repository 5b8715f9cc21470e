"""A number with its interval and how far to trust it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from html import escape
from typing import TYPE_CHECKING, Any

from isoperf.errors import OptionError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = [
    "FEWEST_DRAWS",
    "Estimate",
    "Estimates",
    "Status",
    "check_draws",
    "check_level",
    "check_seed",
    "finite_or_none",
    "format_number",
]

FEWEST_DRAWS = 20  # fewer show no interval


class Status(StrEnum):
    """How far a number can be trusted; anything but ``ok`` is said aloud everywhere."""

    OK = "ok"
    AT_BOUND = "at_bound"
    NOT_IDENTIFIED = "not_identified"
    NOT_CONVERGED = "not_converged"
    TOO_FEW = "too_few"
    EXTRAPOLATED = "extrapolated"

    @property
    def meaning(self) -> str:
        """One sentence for a person."""
        return _MEANINGS[self]


_MEANINGS = {
    Status.OK: "the data determine this value",
    Status.AT_BOUND: "the best value lies at the edge of what the law allows",
    Status.NOT_IDENTIFIED: "the data do not determine this value",
    Status.NOT_CONVERGED: "the search did not settle",
    Status.TOO_FEW: "too few rows to say",
    Status.EXTRAPOLATED: "the value lies outside the range of the data",
}


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value, its interval, unit and status.

    ``low`` and ``high`` bound the central interval that holds ``level`` of the draws.
    Unknown is ``None``, never zero: ``status`` says why.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    level: float | None = None
    unit: str = ""
    status: Status = Status.OK

    @property
    def sign(self) -> int:
        """1 or -1 where the whole interval lies above or below 0; 0 where it holds 0 or is unknown."""
        if self.low is None or self.high is None:
            return 0
        return (self.low > 0) - (self.high < 0)

    @classmethod
    def from_draws(
        cls,
        value: float,
        draws: NDArray[np.float64],
        *,
        level: float = 0.9,
        unit: str = "",
        status: Status = Status.OK,
    ) -> Estimate:
        """Summarise draws by the central interval of the given level; non-finite draws count as unknown."""
        import numpy as np

        known = draws[np.isfinite(draws)]
        point = finite_or_none(value)
        if known.size < max(FEWEST_DRAWS, 0.9 * draws.size):
            return cls(point, None, None, None, unit, status if status != "ok" else Status.TOO_FEW)
        low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
        return cls(point, float(low), float(high), level, unit, status)

    def __str__(self) -> str:
        text = format_number(self.value)
        if self.low is not None and self.high is not None:
            text += f" [{format_number(self.low)}, {format_number(self.high)}]"
        if self.unit:
            text += f" {self.unit}"
        return text if self.status is Status.OK else f"{text} ({self.status.value})"

    def _repr_html_(self) -> str:
        level = f"{100 * self.level:g}% interval; " if self.level and self.low is not None else ""
        return f'<span title="{escape(level + self.status.meaning)}">{escape(str(self))}</span>'

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON; unknown is ``None``."""
        return {
            "value": self.value,
            "low": self.low,
            "high": self.high,
            "level": self.level,
            "unit": self.unit,
            "status": self.status.value,
        }


@dataclass(frozen=True)
class Estimates:
    """A column of estimates: arrays of shape (n,) that share level and unit."""

    value: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    level: float
    unit: str
    status: tuple[Status, ...]

    def __len__(self) -> int:
        return len(self.status)

    def __iter__(self) -> Iterator[Estimate]:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, i: int) -> Estimate:
        return Estimate(
            finite_or_none(self.value[i]),
            finite_or_none(self.low[i]),
            finite_or_none(self.high[i]),
            self.level,
            self.unit,
            self.status[i],
        )

    def _repr_html_(self) -> str:
        shown = "".join(f"<tr><td>{i}</td><td>{self[i]._repr_html_()}</td></tr>" for i in range(min(len(self), 20)))
        more = f"<p>The first 20 of {len(self):,}.</p>" if len(self) > 20 else ""
        return f"<div><table><tbody>{shown}</tbody></table>{more}</div>"


def finite_or_none(x: float) -> float | None:
    """Return a plain float, or the one mark of the unknown outside arrays."""
    return float(x) if math.isfinite(x) else None


def check_level(level: float) -> float:
    """Refuse an interval level outside (0, 1).

    Raises
    ------
    OptionError : the level is not between 0 and 1.
    """
    if not 0 < level < 1:
        raise OptionError(f"level must lie between 0 and 1, such as 0.9; found {level!r}.")
    return float(level)


def check_draws(n_bootstrap: int, *, none: bool = True) -> int:
    """Refuse a number of draws from which no interval can be read; ``none``: 0 asks for no interval.

    Raises
    ------
    OptionError : the number is neither 0 nor at least 20.
    """
    if n_bootstrap < FEWEST_DRAWS and not (none and n_bootstrap == 0):
        least = f"0 or at least {FEWEST_DRAWS}" if none else f"at least {FEWEST_DRAWS}"
        raise OptionError(f"n_bootstrap must be {least}, found {n_bootstrap}; 1000 gives stable intervals.")
    return n_bootstrap


def check_seed(seed: int) -> int:
    """Refuse a negative seed.

    Raises
    ------
    OptionError : the seed is below 0.
    """
    if seed < 0:
        raise OptionError(f"seed must be 0 or above, found {seed}.")
    return seed


def format_number(x: float | None, digits: int = 4) -> str:
    """Write a number as people read it: ``73.2B``, ``0.0153``, ``5.76e23``; ``-`` if unknown."""
    if x is None or not math.isfinite(x):
        return "-"
    size = abs(x)
    for scale, suffix in ((1e12, "T"), (1e9, "B"), (1e6, "M")):
        if scale <= size < scale * 1000 and size < 1e15:
            return f"{x / scale:.{digits}g}{suffix}"
    if x != 0 and (size >= 1e6 or size < 1e-4):
        mantissa, exponent = f"{x:.{digits - 1}e}".split("e")
        return f"{mantissa.rstrip('0').rstrip('.')}e{int(exponent)}"
    if size >= 10**digits and x == round(x):
        return f"{x:.0f}"
    return f"{float(f'{x:.{digits}g}'):g}"
