"""Benchmark results along the training of the Pythia models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isoperf.datasets.registry import RawFile, Table, TableInfo
from isoperf.datasets.shaping import as_curves

if TYPE_CHECKING:
    import polars as pl


def _tidy(raw: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    rows = raw.drop_nulls("params").rename({"params": "n_params", "task": "benchmark", "stderr": "y_stderr"})
    rows = rows.with_columns(n_tokens=pl.col("tokens_billions") * 1e9, run=pl.col("model"))
    curve = pl.format("{} / {} / {} / {}-shot", "model", "benchmark", "metric", "n_shot")
    return as_curves(rows, curve=curve, x="n_tokens", y="value").with_columns(run=pl.col("model"))


TABLES = (
    Table(
        TableInfo(
            name="pythia_evals",
            title="Benchmark results along the training of the Pythia models",
            citation="Biderman, Schoelkopf, Anthony et al. 2023, Pythia: A Suite for Analyzing Large "
            "Language Models Across Training and Scaling.",
            licence="Apache-2.0",
            source="https://github.com/EleutherAI/pythia",
            kind="curves",
            raw=RawFile(
                "eval/pythia_checkpoint_evals.parquet",
                "e71e8bfe44296481a81164c16533790c3d073b1fde79bd10ae6ef766387a874a",
                119428,
            ),
            rows=9840,
            columns={
                "curve": "model, task, metric and number of examples shown",
                "run": "the model: all its curves come from one training run",
                "x": "tokens seen so far",
                "y": "accuracy, or perplexity where metric is ppl",
                "y_stderr": "standard error over the task's questions",
                "model": "model; deduped marks training on deduplicated data",
                "benchmark": "task",
                "metric": "acc, acc_norm or ppl",
                "n_shot": "examples shown in the prompt",
                "n_params": "parameters as in the model's name",
                "n_tokens": "tokens seen so far",
                "step": "optimiser steps so far",
            },
            units={"x": "tokens"},
            notes=(
                "1,110 rows of models trained with other batch sizes are dropped: the source gives no "
                "token count for them. Rows at step 0 are dropped.",
            ),
        ),
        _tidy,
    ),
)
