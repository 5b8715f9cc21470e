"""Models of many widths and depths with loss and time along training."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isoperf.datasets.registry import RawFile, Table, TableInfo
from isoperf.datasets.shaping import CURVE_COLUMNS, as_curves, joined

if TYPE_CHECKING:
    import polars as pl


def _tidy(raw: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    rows = raw.rename({"subset": "recipe", "run_name": "model"}).with_columns(
        wall_seconds=pl.col("step") * pl.col("seconds_per_step")
    )
    return as_curves(rows, curve=joined("recipe", "model"), x="n_tokens", y="loss")


TABLES = (
    Table(
        TableInfo(
            name="gemstones",
            title="Loss and time along 62 training runs that vary width and depth",
            citation="McLeish, Kirchenbauer, Miller et al. 2025, Gemstones: A Model Suite for "
            "Multi-Faceted Scaling Laws.",
            licence="MIT",
            source="https://github.com/mcleish7/gemstone-scaling-laws",
            kind="curves",
            raw=RawFile(
                "pretrain/gemstones_curves.csv",
                "d73aecc02040dcf7fc1824d8347ab56858a73c29b9702a3dd16c3957a9278d3d",
                624792,
            ),
            rows=5049,
            columns={
                **CURVE_COLUMNS,
                "x": "tokens seen so far",
                "y": "validation loss",
                "recipe": "hot_all: constant learning rate; cooldown_end: decayed; lr_ablation_half: half the rate",
                "model": "width x depth",
                "d_model": "width of the residual stream",
                "n_layers": "transformer blocks",
                "n_params": "parameters",
                "n_tokens": "tokens seen so far",
                "step": "optimiser steps so far",
                "loss": "validation loss",
                "num_nodes": "machines used",
                "seconds_per_step": "mean time of a step",
                "wall_seconds": "training time so far",
            },
            units={"x": "tokens", "y": "nats/token", "seconds_per_step": "s"},
            derived={"wall_seconds": "step * seconds_per_step"},
            notes=(
                "No row is dropped.",
                "Rows along a curve are correlated: treat a curve as one run.",
                "Only cooldown_end has decayed learning rates; the others' losses are those of a run still under way.",
                "The source publishes one log per run; the mirror's file gathers them, thinned.",
            ),
        ),
        _tidy,
    ),
)
