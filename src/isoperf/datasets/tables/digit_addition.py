"""A learning curve with a sharp drop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isoperf.datasets.registry import RawFile, Table, TableInfo
from isoperf.datasets.shaping import as_curves

if TYPE_CHECKING:
    import polars as pl


def _tidy(raw: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    rows = raw.with_columns(in_paper_fit=pl.col("paper_split") == "fit")
    return as_curves(rows, curve=pl.lit("4-digit addition"), x="n_train_examples", y="test_loss")


TABLES = (
    Table(
        TableInfo(
            name="digit_addition",
            title="Test loss of four-digit addition over training examples",
            citation="Caballero, Gupta, Rish and Krueger 2023, Broken Neural Scaling Laws.",
            licence="none stated",
            source="https://github.com/ethancaballero/broken_neural_scaling_laws",
            kind="curves",
            raw=RawFile(
                "pretrain/bnsl_4digit_addition.csv",
                "1a73d2e86e1b71d892820dfcef37ed5256ed3375c190f10f80f451c7051c5392",
                386,
            ),
            rows=17,
            columns={
                "curve": "the one curve",
                "x": "training examples",
                "y": "test loss",
                "in_paper_fit": "1 for the 14 points the paper fits, 0 for the 3 it predicts",
            },
            units={"x": "samples", "y": "nats"},
            notes=("No row is dropped.", "The drop begins within the fitted points."),
        ),
        _tidy,
    ),
)
