"""A report with every block and layer, as a forecast from Chinchilla-like runs would give it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from isoperf.estimate import Estimate, Status
from isoperf.report import (
    Axis,
    Band,
    Bars,
    Caveat,
    Column,
    Contour,
    Facts,
    Figure,
    Heading,
    Line,
    Points,
    Prose,
    Report,
    Rule,
    Table,
)

Numbers = NDArray[np.float64]

# Parameters of the same size as those fitted by Besiroglu et al. 2024; nothing is compared with the paper.
FLOOR, A, B, ALPHA, BETA = 1.817, 482.0, 2085.4, 0.3478, 0.3658
BUDGETS = np.array([6e18, 3e19, 1e20, 3e20, 1e21, 3e21])
COMPUTE = Axis("training compute", "FLOPs", log=True)
N_PARAMS = Axis("n_params", "parameters", log=True)
LOSS = Axis("loss", "nats/token", log=True)


def loss(n_params: Numbers, n_tokens: Numbers) -> Numbers:
    return FLOOR + A * n_params**-ALPHA + B * n_tokens**-BETA


def runs() -> tuple[Numbers, Numbers, Numbers]:
    rng = np.random.default_rng(3)
    n_params = np.concatenate([np.geomspace(0.25, 4, 8) * 0.09 * flops**0.51 for flops in BUDGETS])
    flops = np.repeat(BUDGETS, 8)
    measured = loss(n_params, flops / 6 / n_params) * np.exp(rng.normal(0, 0.004, flops.size))
    return n_params, flops, measured


def forecast() -> Figure:
    _, flops, measured = runs()
    held = flops >= 1e21
    grid = np.geomspace(4e18, 6e23, 60)
    best = np.array([loss(n := np.geomspace(1e7, 1e12, 400), c / 6 / n).min() for c in grid])
    width = 0.006 * (1 + 2 * np.maximum(0, np.log10(grid / 1e21)))
    layers = (
        Band("90% prediction interval", grid, best * (1 - width), best * (1 + width)),
        Line("chinchilla", grid, best),
        Line("kaplan", grid, best * (grid / 1e20) ** -0.006, role="alternative", dashed=True),
        Points("runs", flops[~held], measured[~held], labels=[f"run {i}" for i in np.flatnonzero(~held)]),
        Points("held-out runs", flops[held], measured[held], role="heldout"),
        Rule("largest fitted run", x=3e20),
        Points("plan", [5.76e23], [1.96], [1.9], [2.02], role="plan"),
    )
    return Figure("Loss at the compute-optimal size", COMPUTE, LOSS, layers, "The band **widens** far out.")


def residuals() -> Figure:
    n_params, flops, measured = runs()
    error = measured / loss(n_params, flops / 6 / n_params) - 1
    layers = (Rule("no error", y=0.0), Points("fitted runs", n_params, error))
    return Figure("Residuals", N_PARAMS, Axis("measured / predicted − 1"), layers)


def iso_loss() -> Figure:
    n_params, n_tokens = np.geomspace(3e7, 3e11, 30), np.geomspace(1e9, 5e12, 25)
    z = loss(n_params[None, :], n_tokens[:, None])
    path = np.geomspace(1e8, 1e11, 20)
    layers = (
        Contour("loss (nats/token)", n_params, n_tokens, z),
        Line("compute-optimal path", path, 20 * path),
        Points("plan", [73e9], [1.31e12], role="plan"),
    )
    return Figure("Lines of equal loss", N_PARAMS, Axis("n_tokens", "tokens", log=True), layers)


def profiles() -> Figure:
    n_params, flops, measured = runs()
    layers = tuple(
        Points(f"{budget:.0e} FLOPs", n_params[flops == budget], measured[flops == budget]) for budget in BUDGETS
    )
    return Figure("IsoFLOP profiles", N_PARAMS, Axis("loss", "nats/token"), layers)


def laws_bars() -> Figure:
    names = ("chinchilla", "kaplan", "repeated_data")
    bars = Bars("held-out error", names, (0.41, 1.9, 0.44), (0.3, 1.2, 0.3), (0.55, 2.6, 0.61))
    return Figure("Held-out error by law", Axis("law"), Axis("mean absolute error", "%"), (bars,))


def laws_table() -> Table:
    unknown = Estimate(None, unit="nats/token", status=Status.NOT_IDENTIFIED)
    columns = (
        Column("law"),
        Column("error", "%", "mean absolute error on held-out runs"),
        Column("floor", "nats/token"),
        "weight",
    )
    rows = (
        (
            "chinchilla",
            Estimate(0.41, 0.3, 0.55, 0.9, "%"),
            Estimate(1.817, 1.77, 1.86, 0.9, "nats/token"),
            0.7,
        ),
        ("kaplan", Estimate(1.9, 1.2, 2.6, 0.9, "%"), unknown, 0.3),
    )
    return Table("Laws compared on held-out runs", columns, rows, "Errors far beyond the fitted runs.")


def plan_table() -> Table:
    far = Estimate(1.935, 1.9, 1.99, 0.9, "nats/token", Status.EXTRAPOLATED)
    rows = (
        ("compute-optimal", Estimate(73.2e9, 56e9, 107e9, 0.9, "parameters"), far, 240, True, None),
        ("half the size", Estimate(36e9, 28e9, 53e9, 0.9, "parameters"), far, 12_345_678, False, "x"),
    )
    return Table("Plan", ("choice", "n_params", Column("loss", "nats/token"), "runs", "take it", "note"), rows)


def example() -> Report:
    blocks = (
        Prose("At **5.76e23 FLOPs** a run at `3e21` FLOPs\nwould help most.\n\nThree laws are combined."),
        Caveat("The budget is **192 times** the largest run."),
        Caveat("Eight runs share a seed.", "note"),
        Heading("Forecast"),
        forecast(),
        residuals(),
        Heading("Which law"),
        laws_table(),
        laws_bars(),
        profiles(),
        Heading("Plan"),
        iso_loss(),
        plan_table(),
        Heading("Assumptions", 3),
        Facts(
            "Summary",
            (("rows", "48"), ("reference", "Besiroglu et al. 2024, https://arxiv.org/abs/2404.10102.")),
        ),
    )
    return Report("Forecast and plan", blocks, {"data": "sha256:3f1c0e9a", "seed": "0"})
