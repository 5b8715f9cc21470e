"""Loss curves of many widths and seeds that collapse onto one shape."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isoperf.datasets.registry import RawFile, Table, TableInfo
from isoperf.datasets.shaping import CURVE_COLUMNS, as_curves

if TYPE_CHECKING:
    import polars as pl


def _tidy(raw: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    rows = raw.rename({"task_file": "family", "schedule": "recipe", "lr_now": "learning_rate"})
    rows = rows.with_columns(n_params=pl.when(pl.col("n_params") > 0).then("n_params"))
    first = pl.col("run_id") == pl.col("run_id").first().over("family", "n_params", "seed")
    rows = rows.filter((pl.col("family") != "mlp") | first)
    return as_curves(rows, curve=pl.col("run_id"), x="step", y="test_loss")


TABLES = (
    Table(
        TableInfo(
            name="supercollapse_curves",
            title="242 loss curves over width, seed and schedule on three kinds of task",
            citation="Qiu, Xiao, Wilson, Pennington and Agarwala 2025, Scaling Collapse Reveals Universal "
            "Dynamics in Compute-Optimally Trained Neural Networks.",
            licence="none stated",
            source="https://github.com/shikaiqiu/supercollapse",
            kind="curves",
            raw=RawFile(
                "pretrain/supercollapse_curves.parquet",
                "7c53768e84e88822400a0d7ead119cd58614f99091d29d4fe285f557b7ca104a",
                385717,
            ),
            rows=36172,
            columns={
                **CURVE_COLUMNS,
                "x": "optimiser steps so far",
                "y": "test loss, on each task's own scale",
                "family": "mlp, c5m or chess; _const and _schedules vary the learning-rate schedule",
                "recipe": "learning-rate schedule",
                "n_params": "parameters; missing in the _schedules sets, where the source has -1",
                "width": "width of the model",
                "seed": "seed of the run",
                "step": "optimiser steps so far",
                "compute": "compute so far, in the source's own unit",
                "learning_rate": "rate at the row",
            },
            units={"x": "steps"},
            notes=(
                "Sixteen runs that the mlp set holds twice, by size and seed, are dropped.",
                "Rows at step 0 are dropped.",
                "The mirror's file holds 150 points of each curve.",
            ),
        ),
        _tidy,
    ),
)
