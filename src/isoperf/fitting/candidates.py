"""Which laws could explain a table: those whose columns are there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from isoperf.columns import suggest
from isoperf.errors import DataError, LawError, OptionError
from isoperf.fitting.data import LawData, law_data
from isoperf.fitting.noise import NoiseChoice
from isoperf.laws import discover, get
from isoperf.laws.base import Law, Noise
from isoperf.observations import Observations

__all__ = ["candidates", "common_noise"]

CURVE_NEEDS = 'say which columns with x="..." and y="..."'


def candidates(
    obs: Observations, *, law: str | Law | type[Law] = "auto", x: str | None = None, y: str | None = None
) -> list[LawData]:
    """Bind every law that fits the columns; the one asked for comes first.

    Laws in parameters and tokens come before laws in compute alone; with ``x`` the
    single-input families compete. Baselines are included, for comparison.

    Raises
    ------
    LawError : no law suits the columns; DataError : the law asked for lacks a column.
    """
    if isinstance(law, str) and law == "auto":
        return _suited(obs, x, y)
    chosen = law_data(obs, get(law), x=x, y=y)
    rivals = [data for data in _rivals(obs, chosen, x, y) if data.law.name != chosen.law.name]
    return [chosen, *rivals]


def _suited(obs: Observations, x: str | None, y: str | None) -> list[LawData]:
    output = y or "loss"
    if x is None and not obs.has(output):
        _require(obs, output)
    if x is not None:
        return _curves(obs, x, y)
    joint = [one for one in _contenders() if one.inputs != ("x",) and _has(obs, one, output, y)]
    if any(not one.baseline for one in joint):
        bound = [law_data(obs, one, y=y) for one in joint]
        return _enough([*bound, *_baselines(obs, joint[0], y)])
    if _derivable(obs, "flops"):
        return _curves(obs, "flops", output)
    obs.require("n_params", "n_tokens", output)
    raise LawError(f"no law suits the columns {', '.join(obs.columns)}; {CURVE_NEEDS}.")


def _require(obs: Observations, output: str) -> None:
    """Ask for the column to explain; where nothing looks like it, another may be meant."""
    try:
        obs.require(output)
    except DataError as problem:
        if suggest(output, obs.columns):
            raise
        advice = 'To explain another column, name it with y="...", and what it depends on with x="..." .'
        raise DataError(f"{problem} {advice}") from None


def _rivals(obs: Observations, chosen: LawData, x: str | None, y: str | None) -> list[LawData]:
    """Laws to compare with one that was asked for."""
    law = chosen.law
    if law.inputs == ("x",):
        return _enough(_curves(obs, chosen.binding["x"], chosen.binding[law.output]))
    output = chosen.binding[law.output]
    same = [o for o in _contenders() if set(o.inputs) == set(law.inputs) and _has(obs, o, output, output)]
    rivals = [law_data(obs, one, y=output) for one in same]
    rivals += _baselines(obs, law, output)
    return [data for data in rivals if len(data.y) == len(chosen.y)]


def _curves(obs: Observations, x: str, y: str | None) -> list[LawData]:
    column = y or ("loss" if obs.has("loss") else None)
    single = [one for one in _contenders() if one.inputs == ("x",) and not one.variant_of]
    return _enough([law_data(obs, one, x=x, y=column) for one in single])


def _contenders() -> list[Law]:
    return [one for one in discover().values() if one.contender]


def _baselines(obs: Observations, law: Law, y: str | None) -> list[LawData]:
    """The last value and the pure power law: in compute where it is known, else in the law's first input."""
    x = "flops" if _derivable(obs, "flops") else law.inputs[0]
    if x in law.may_be_zero and not (obs.require(x)[x] > 0).all():
        return []  # neither has a value at 0
    laws = [one for one in discover().values() if one.baseline and one.inputs == ("x",)]
    return [law_data(obs, one, x=x, y=y or "loss") for one in laws]


def _has(obs: Observations, law: Law, output: str, y: str | None) -> bool:
    """Whether a law's inputs are at hand and its output is the one asked for."""
    right = law.output == output or (y is not None and law.output == "loss" and "loss" not in law.inputs)
    return right and output not in law.inputs and all(_derivable(obs, word) for word in law.inputs)


def _derivable(obs: Observations, column: str) -> bool:
    if obs.has(column):
        return not obs.is_words(column)
    try:
        obs.require(column)
    except DataError:
        return False
    return True


def _enough(bound: list[LawData]) -> list[LawData]:
    """Leave out laws with more parameters than the rows can bear, as long as one remains."""
    able = [data for data in bound if data.n_points >= len(data.law.params) + 2 or data.law.baseline]
    return able if any(not data.law.baseline for data in able) else bound


def common_noise(found: Sequence[LawData], noise: NoiseChoice) -> Noise:
    """One noise model for laws that are to be compared: relative errors wherever values are positive."""
    if noise != "auto":
        return noise
    if len({data.law.noise for data in found if not data.law.baseline}) == 1:
        return found[0].law.noise if not found[0].law.baseline else "log_huber"
    y = found[0].y
    if y.size == 0:
        raise OptionError("no rows to fit.")
    return "log_huber" if np.all(y > 0) else "huber"
