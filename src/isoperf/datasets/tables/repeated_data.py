"""Training on repeated data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isoperf.datasets.registry import RawFile, Table, TableInfo
from isoperf.datasets.shaping import CURVE_COLUMNS, as_curves

if TYPE_CHECKING:
    import polars as pl

_CITATION = (
    "Muennighoff, Rush, Barak, Le Scao, Piktus, Tazi, Pyysalo, Wolf and Raffel 2023, Scaling "
    "Data-Constrained Language Models."
)
_SAME_CURVE = {"checkpoint": "lm1-2b8-55b-oscar-repetitions", "epochs": 3}


def _runs(raw: pl.DataFrame) -> pl.DataFrame:
    return raw.rename(
        {
            "n_tokens_unique": "n_unique_tokens",
            "epochs": "n_epochs",
            "variant": "recipe",
            "train_dataset": "dataset",
        }
    )


def _curves(raw: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    known = raw.rename({"n_tokens_unique": "n_unique_tokens", "epochs": "n_epochs", "train_dataset": "dataset"}).filter(
        (pl.col("checkpoint") != _SAME_CURVE["checkpoint"]) | (pl.col("n_epochs") != _SAME_CURVE["epochs"])
    )
    label = pl.col("n_params_label").str.strip_suffix("B").cast(pl.Float64)
    curve = pl.format("{} / {} epochs", "checkpoint", "n_epochs")
    return as_curves(known.with_columns(n_params=label * 1e9), curve=curve, x="n_tokens", y="loss")


TABLES = (
    Table(
        TableInfo(
            name="repeated_data",
            title="291 models trained on C4 for up to 9,000 epochs",
            citation=_CITATION,
            licence="Apache-2.0",
            source="https://github.com/huggingface/datablations",
            kind="runs",
            raw=RawFile(
                "pretrain/datablations_c4_runs.csv",
                "9d99ff094b8c6a585287d44b31d90eca87457d8a77807c98e906e33a7855168e",
                26287,
            ),
            rows=291,
            columns={
                "run": "name of the run, which encodes parameters, tokens and distinct tokens",
                "recipe": "seed1 to seed4 or opt2; empty for the main runs",
                "dataset": "training corpus",
                "n_params": "parameters",
                "n_tokens": "tokens seen, repeats included",
                "n_unique_tokens": "distinct tokens",
                "n_epochs": "passes over the distinct tokens",
                "loss": "cross-entropy on C4's validation split",
                "used_in_paper_fit": "1 for the 182 runs of the paper's fit",
            },
            notes=(
                "No row is dropped.",
                "The 60 runs of recipes seed1 to seed4 repeat 15 cells: their spread, median 0.0024 nats, "
                "is the noise between seeds.",
                "Some runs overfit: the largest losses, up to 11, come from thousands of epochs.",
                "The source holds these values in a notebook; the mirror's file is a table made from it.",
            ),
        ),
        _runs,
    ),
    Table(
        TableInfo(
            name="repeated_data_curves",
            title="Loss during training on repeated data, 47 runs on C4 and OSCAR",
            citation=f"{_CITATION} Curves gathered by Choshen, Zhang and Andreas 2024, A Hitchhiker's "
            "Guide to Scaling Law Estimation.",
            licence="MIT",
            source="https://github.com/IBM/ColPret",
            kind="curves",
            raw=RawFile(
                "pretrain/datablations_training_curves.csv",
                "6253539dfcc20b14d293bc845922420de903bb6c37ec3f2c7f24cbc99c6ed95c",
                1008057,
            ),
            rows=8935,
            columns={
                **CURVE_COLUMNS,
                "x": "tokens seen so far",
                "y": "validation loss",
                "dataset": "c4 or oscar",
                "n_params": "parameters, rounded to two digits by the source",
                "n_epochs": "passes over the distinct tokens in the whole run",
                "n_unique_tokens": "distinct tokens",
                "n_tokens": "tokens seen so far",
                "loss": "validation loss on the training corpus",
            },
            units={"x": "tokens", "y": "nats/token"},
            notes=(
                "The 3-epoch curve of the 2.8B models on OSCAR is dropped: all its 326 rows equal those "
                "of the 4-epoch curve in the source.",
                "Rows along a curve are correlated: treat a curve as one run.",
                "The mirror's file gathers the source's logs into one table.",
            ),
        ),
        _curves,
    ),
)
