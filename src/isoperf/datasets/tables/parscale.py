"""Models that run several parallel streams with shared parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isoperf.datasets.registry import RawFile, Table, TableInfo
from isoperf.datasets.shaping import joined

if TYPE_CHECKING:
    import polars as pl


def _tidy(raw: pl.DataFrame) -> pl.DataFrame:
    runs = raw.rename({"train_dataset": "dataset"})
    return runs.with_columns(family=joined("dataset", "parallel_streams"))


TABLES = (
    Table(
        TableInfo(
            name="parscale",
            title="48 models with one to eight parallel streams on two corpora",
            citation="Chen, Hui, Cui et al. 2025, Parallel Scaling Law for Language Models.",
            licence="none stated",
            source="https://github.com/QwenLM/ParScale",
            kind="runs",
            raw=RawFile(
                "pretrain/parscale.csv",
                "430f60fd4231950bdf54e71d0d9857f809c4a072225840153b0a11e64d6a072c",
                2721,
            ),
            rows=48,
            columns={
                "family": "corpus and number of streams",
                "dataset": "stack_v2_python or pile",
                "parallel_streams": "streams run in parallel",
                "n_params_nonembedding": "parameters without embeddings, those of the streams included",
                "n_params_nonembedding_base": "the same with one stream",
                "loss": "cross-entropy on the training corpus",
            },
            units={"n_params_nonembedding_base": "params"},
            notes=(
                "No row is dropped.",
                "All models saw the same number of tokens, which the source's file does not state.",
            ),
        ),
        _tidy,
    ),
)
