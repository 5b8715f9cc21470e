"""What the plan page says that runs cost is what its command prints, and what the ledger's entries come to."""

from __future__ import annotations

import shlex

import pytest
from click.testing import CliRunner

from isoperf.cli import app
from isoperf.ledger.devices import device
from isoperf.ledger.grid import grid
from tests.docs.pages import commands, fences, shows

PAGE = "docs/jobs/plan.md"
TOLERANCE = 0.1  # bootstrap draws differ a little between versions of NumPy


def test_costs_on_the_page_are_printed_and_follow_from_the_ledger(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    (line,) = [one for one in commands(PAGE) if "--device" in one]
    ran = CliRunner().invoke(app, shlex.split(line)[1:])
    assert ran.exit_code == 0, ran.output
    shown = fences(PAGE, "text")[1]
    for part in shown.split("\n\n"):
        assert shows(ran.stdout, part, TOLERANCE), f"{PAGE} shows what is not printed:\n{part}\n\n{ran.stdout}"
    # 500 dollars at 2.5 an hour are 200 hours of a device, 8 of them at once; power and grid as in the catalogue.
    hours, watts = 500 / 2.5, device("H100-SXM-80GB").power or 0.0
    energy = hours * watts / 1000
    carbon = energy * grid("DEU").carbon_intensity / 1000
    told = f"{hours:g} GPU-hours, {hours / 8 / 24:.4g} days, 500 dollars, {energy:g} kWh and {carbon:.4g} kg of CO2e"
    assert told in " ".join(shown.split())
