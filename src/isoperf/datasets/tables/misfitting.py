"""Runs behind a survey of how scaling laws are misfitted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isoperf.datasets.registry import RawFile, Table, TableInfo

if TYPE_CHECKING:
    import polars as pl


def _final(raw: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    finished = raw.filter(pl.col("is_final")).unique(maintain_order=True)
    return finished.rename({"peak_lr": "learning_rate", "current_steps": "n_steps"})


TABLES = (
    Table(
        TableInfo(
            name="misfitting",
            title="255 finished runs over size, tokens and learning rate",
            citation="Li, Kudugunta and Zettlemoyer 2025, (Mis)Fitting: A Survey of Scaling Laws.",
            licence="none stated",
            source="https://github.com/hadasah/scaling_laws",
            kind="runs",
            raw=RawFile(
                "pretrain/misfitting_runs.csv",
                "c206ad3fa41fcf773bcc4718a27c157bd6fe34bf783668a3255fe8b052f1a0d0",
                940973,
            ),
            rows=255,
            columns={
                "model": "shape of the model",
                "sweep": "sweep that the run belongs to",
                "n_params": "parameters",
                "n_params_nonembedding": "parameters without embeddings",
                "n_tokens": "training tokens",
                "n_steps": "optimiser steps",
                "learning_rate": "peak learning rate",
                "loss": "cross-entropy on C4's validation split",
            },
            notes=(
                "Checkpoints within a run are dropped, since the file does not say which rows form one "
                "run; so are eight finished rows that repeat another in every cell.",
                "The file's operation counts are left out: some overflowed to negative numbers.",
                "Several learning rates were run at a size and number of tokens: keep the best for a "
                "law of well-tuned models.",
            ),
        ),
        _final,
    ),
)
