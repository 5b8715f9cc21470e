"""Sample-size learning curves of classic learners on many data sets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isoperf.datasets.registry import RawFile, Table, TableInfo
from isoperf.datasets.shaping import as_curves

if TYPE_CHECKING:
    import polars as pl


def _tidy(raw: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    rows = raw.rename({"learner": "family", "accuracy_test_std": "y_std"}).with_columns(
        pl.col("openmlid").cast(pl.String).alias("dataset"), error=1 - pl.col("accuracy_test_mean")
    )
    curve = pl.format("{} / {}", "dataset", "family")
    return as_curves(rows, curve=curve, x="n_train", y="error")


TABLES = (
    Table(
        TableInfo(
            name="lcdb_curves",
            title="4,367 sample-size learning curves of 20 learners",
            citation="Mohr, Viering, Loog and van Rijn 2022, LCDB 1.0: An Extensive Learning Curves Database "
            "for Classification Tasks.",
            licence="MIT",
            source="https://github.com/fmohr/lcdb",
            kind="curves",
            raw=RawFile(
                "pretrain/lcdb_accuracy_mean_curves.parquet",
                "b53df2e6e82f4690e20d80371caefc8d43966cb2eb97b1d6382552f886514f1a",
                1419333,
            ),
            rows=72224,
            columns={
                "curve": "data set and learner",
                "x": "training examples",
                "y": "mean test error over the repeats",
                "y_std": "standard deviation of the test error over the repeats",
                "family": "learner",
                "dataset": "OpenML number of the data set",
                "error": "same as y",
                "n_repeats": "splits and seeds averaged",
            },
            units={"x": "samples", "y": "fraction", "y_std": "fraction"},
            derived={"error": "1 - mean test accuracy"},
            notes=(
                "No row is dropped; errors are one minus the mean test accuracy.",
                "A quarter of the curves rise at some size: not every curve is monotone.",
                "The source publishes every repeat; the mirror's file holds their means.",
            ),
        ),
        _tidy,
    ),
)
