"""IsoFLOP runs of transformers and xLSTMs at three context lengths."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isoperf.datasets.registry import RawFile, Table, TableInfo
from isoperf.datasets.shaping import joined

if TYPE_CHECKING:
    import polars as pl

_DIVERGED = 5.0


def _tidy(raw: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    runs = raw.filter(pl.col("completed") & (pl.col("loss_val_dclm") < _DIVERGED)).rename(
        {
            "run_id": "run",
            "n_tokens_done": "n_tokens",
            "lr": "learning_rate",
            "loss_val_dclm": "loss",
            "train_loss_mean": "train_loss",
            "last_step": "n_steps",
            "group": "recipe",
        }
    )
    batch = pl.col("batch_size_sequences") * pl.col("context_length")
    return runs.with_columns(family=joined("arch", "context_length"), batch_size_tokens=batch)


TABLES = (
    Table(
        TableInfo(
            name="xlstm_isoflops",
            title="426 IsoFLOP runs of Llama-style transformers and xLSTMs",
            citation="Beck, Schweighofer, Böck, Lehner and Hochreiter 2025, xLSTM Scaling Laws: Competitive "
            "Performance with Linear Time-Complexity.",
            licence="none stated",
            source="https://github.com/NX-AI/xlstm_scaling_laws",
            kind="runs",
            raw=RawFile(
                "pretrain/xlstm_isoflop_runs.csv",
                "4af74a9c3ceb844912bd3bca8f3303b35b47c22312762595f6371881368d777a",
                116343,
            ),
            rows=426,
            columns={
                "run": "identifier of the run",
                "family": "architecture and context length",
                "arch": "llama or xlstm",
                "recipe": "the source's group: one compute budget of one family",
                "context_length": "tokens in a sequence",
                "n_layers": "blocks",
                "d_model": "width of the residual stream",
                "n_params": "parameters",
                "n_tokens": "training tokens",
                "n_steps": "optimiser steps",
                "learning_rate": "peak learning rate",
                "batch_size_tokens": "tokens in a step",
                "loss": "cross-entropy on DCLM's validation split",
                "train_loss": "mean training loss",
            },
            units={"context_length": "tokens"},
            notes=(
                "Four rows are dropped: three diverged xLSTM runs with losses of 7.6, 10.4 and 10.8, and "
                "one transformer run that stopped at 5,400 of 9,400 steps.",
                "The file holds no operation counts; 6 N D ignores attention, which matters at 16,384 "
                "tokens of context. Use recipe for the planned budgets.",
                "The main xLSTM set at 8,192 tokens of context is not part of the mirror.",
            ),
        ),
        _tidy,
    ),
)
