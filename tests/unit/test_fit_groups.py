"""Many groups in one batch give what each gives alone."""

from __future__ import annotations

import json

import numpy as np
import pytest

import isoperf
from isoperf.errors import OptionError
from isoperf.estimate import Status


def curves(n_curves: int = 5, n_rows: int = 14) -> dict[str, list[object]]:
    """Power laws with a floor under 1 % noise, of different lengths so that padding matters."""
    rng = np.random.default_rng(7)
    table: dict[str, list[object]] = {"curve": [], "x": [], "y": []}
    for k in range(n_curves):
        x = np.geomspace(10, 1e5, n_rows + k)
        y = (0.1 * k + 0.5 + 3 * x ** -(0.2 + 0.05 * k)) * np.exp(0.01 * rng.standard_normal(len(x)))
        table["curve"] += [f"curve {k}"] * len(x)
        table["x"] += x.tolist()
        table["y"] += y.tolist()
    return table


@pytest.mark.parametrize("law", ["pow3", "power_law_floor"])
def test_batch_equals_one_by_one(law: str) -> None:
    obs = isoperf.load(curves())
    together = isoperf.fit_groups(obs, by=("curve",), law=law, n_bootstrap=40)
    for label, part in obs.groups("curve").items():
        alone = isoperf.fit(part, law=law, n_bootstrap=40)
        both = together[label]
        assert both.status is alone.status
        assert both.noise.delta == pytest.approx(alone.noise.delta, rel=1e-6)
        assert both.objective == pytest.approx(
            alone.objective, rel=1e-6
        )  # the turning points differ in the last digits
        assert dict(both.values) == pytest.approx(dict(alone.values), rel=1e-4)
        # single draws may end in another hollow of a nearly flat valley; their spread may not differ
        assert np.median(both.draws, axis=0) == pytest.approx(np.median(alone.draws, axis=0), rel=2e-2)


def test_one_bad_group_leaves_the_others_alone() -> None:
    table = curves(3)
    for name, value in (("curve", "short"), ("x", 10.0), ("y", 1.0)):
        table[name].append(value)
    fits = isoperf.fit_groups(table, by=("curve",), law="pow3", n_bootstrap=40)
    assert fits["short"].status is Status.TOO_FEW
    assert fits["curve 0"].status is not Status.TOO_FEW
    assert not fits.ok and fits.status is Status.TOO_FEW


def test_report_and_json_hold_every_group() -> None:
    fits = isoperf.fit_groups(curves(3), by=("curve",), law="pow3", n_bootstrap=40)
    assert len(fits) == 3 and list(fits) == ["curve 0", "curve 1", "curve 2"]
    assert all(label in fits.report().text() for label in fits)
    assert set(json.loads(json.dumps(fits.as_dict(), allow_nan=False))["groups"]) == set(fits)


def test_unknown_group_column_is_refused_with_a_suggestion() -> None:
    with pytest.raises(OptionError, match=r"by='curves': no such column. Did you mean 'curve'"):
        isoperf.fit_groups(curves(2), by=("curves",), law="pow3")
