"""Loss curves under several learning-rate schedules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isoperf.datasets.registry import RawFile, Table, TableInfo
from isoperf.datasets.shaping import CURVE_COLUMNS, as_curves

if TYPE_CHECKING:
    import polars as pl


def _tidy(raw: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    rows = raw.rename({"lr": "learning_rate", "schedule": "recipe"}).with_columns(n_params=pl.col("model_size_m") * 1e6)
    curve = pl.format("{}M / {}", "model_size_m", "recipe")
    return as_curves(rows, curve=curve, x="step", y="loss")


TABLES = (
    Table(
        TableInfo(
            name="multipower_curves",
            title="18 loss curves under nine learning-rate schedules",
            citation="Luo, Wen, Hu et al. 2025, A Multi-Power Law for Loss Curve Prediction Across Learning "
            "Rate Schedules.",
            licence="MIT",
            source="https://github.com/thu-yao-01-luo/MultiPowerLaw",
            kind="curves",
            raw=RawFile(
                "pretrain/multipowerlaw_loss_curves_25m_100m.csv",
                "e3f00289e930c9d6cf93d21ee433496efe8317ccca0763dce1a2e25c1f83c99a",
                175544,
            ),
            rows=4162,
            columns={
                **CURVE_COLUMNS,
                "x": "optimiser steps so far",
                "y": "loss",
                "recipe": "learning-rate schedule",
                "n_params": "parameters, as the source labels them: 25M or 100M",
                "step": "optimiser steps so far",
                "learning_rate": "rate at the row",
                "loss": "loss on the validation set",
            },
            units={"x": "steps", "y": "nats/token"},
            notes=(
                "No row is dropped.",
                "The paper fits cosine_24000, constant_24000 and wsdcon_9 and predicts the other six.",
            ),
        ),
        _tidy,
    ),
)
