"""Zero-shot accuracy of contrastive vision-language models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isoperf.datasets.registry import RawFile, Table, TableInfo

if TYPE_CHECKING:
    import polars as pl


def _tidy(raw: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    runs = raw.rename(
        {
            "name": "run",
            "arch": "model",
            "upstream_dataset": "dataset",
            "downstream_dataset": "benchmark",
            "acc1": "accuracy",
            "samples_seen": "n_samples",
        }
    ).drop_nulls("accuracy")
    return runs.with_columns(error=1 - pl.col("accuracy"), macs=pl.col("gmacs_total_training") * 1e9)


TABLES = (
    Table(
        TableInfo(
            name="openclip",
            title="Zero-shot error of 32 trained vision-language models on 38 image sets",
            citation="Cherti, Beaumont, Wightman et al. 2023, Reproducible Scaling Laws for Contrastive "
            "Language-Image Learning.",
            licence="none stated",
            source="https://github.com/LAION-AI/scaling-laws-openclip",
            kind="runs",
            raw=RawFile(
                "pretrain/openclip_zeroshot.csv",
                "95b20daa58b895b5b6bea065dfe4125287b8093c22fe56e558d5b567c200a720",
                252640,
            ),
            rows=1216,
            columns={
                "run": "the model's file",
                "model": "architecture of the image encoder",
                "dataset": "training set",
                "benchmark": "image set",
                "n_samples": "training samples seen",
                "macs": "multiply-adds of one forward pass per training sample, over all samples",
                "accuracy": "zero-shot top-1 accuracy",
                "error": "1 - accuracy",
            },
            units={"n_samples": "samples"},
            derived={"error": "1 - accuracy"},
            notes=(
                "96 rows without a top-1 accuracy (retrieval and multi-label sets) are dropped.",
                "Multiply-adds leave the backward pass out, so they are not called flops.",
            ),
        ),
        _tidy,
    ),
)
