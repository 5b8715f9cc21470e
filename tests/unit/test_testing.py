"""The public checks catch laws that break their promises."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from isoperf import Law, LawError, Param
from isoperf.testing import check_law

VALUES = {"floor": 2.0, "scale": 300.0, "exponent": 0.3}
INPUTS = {"n_tokens": np.geomspace(1e9, 1e12, 30)}


class Sound(Law):
    """A power law with a floor."""

    name = "sound"
    inputs = ("n_tokens",)
    output = "loss"
    params = (
        Param("floor", "E", linear=True),
        Param("scale", "B", log=True, linear=True),
        Param("exponent", "β", bounds=(0, 2), start=(0.1, 0.9)),
    )

    def formula(self, p: Any, n_tokens: Any) -> Any:
        return p.floor + p.scale * n_tokens**-p.exponent


class NotLinear(Sound):
    """Marked linear in a parameter that enters squared."""

    def formula(self, p: Any, n_tokens: Any) -> Any:
        return p.floor**2 + p.scale * n_tokens**-p.exponent


class Overflows(Sound):
    """Not finite at small inputs."""

    def formula(self, p: Any, n_tokens: Any) -> Any:
        return p.floor + p.scale * n_tokens**-p.exponent * np.exp(1e-14 / n_tokens**2)


class Undetermined(Sound):
    """Two parameters that only enter as a product."""

    params = (
        Param("floor", "E", start=(0.5, 1.5)),
        Param("scale", "B", log=True, start=(1e1, 1e3)),
        Param("exponent", "β", bounds=(0, 2), start=(0.1, 0.9)),
    )

    def formula(self, p: Any, n_tokens: Any) -> Any:
        return p.floor * p.scale * n_tokens**-p.exponent


def test_a_sound_law_passes() -> None:
    check_law(Sound, VALUES, INPUTS)


@pytest.mark.parametrize(
    ("law", "told"),
    [(NotLinear, "marked linear is not"), (Overflows, "extreme inputs"), (Undetermined, "came back as")],
)
def test_a_broken_promise_is_named(law: type[Law], told: str) -> None:
    with pytest.raises(AssertionError, match=told):
        check_law(law, VALUES, INPUTS)


def test_a_missing_parameter_is_named() -> None:
    with pytest.raises(LawError, match="exponent"):
        check_law(Sound, {"floor": 2.0, "scale": 300.0}, INPUTS)
