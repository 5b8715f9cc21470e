"""A ladder of models with task losses and accuracies up to two large targets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from isoperf.datasets.registry import RawFile, Table, TableInfo
from isoperf.datasets.shaping import CURVE_COLUMNS, as_curves

if TYPE_CHECKING:
    import polars as pl

_BITS_TO_NATS = 0.6931471805599453
_VALIDATION = re.compile(r"(.+)_validation_crossentropyloss")
_BITS = re.compile(r"downstream_bpb_(.+)_rc_5shot_bpb")
_ACCURACY = re.compile(r"downstream_(?!soft)(.+)_(rc|mc)_5shot_(?:len_norm|acc)")
_COMMON: dict[str, Any] = {
    "citation": "Bhagia, Liu, Wettig et al. 2024, Establishing Task Scaling Laws via Compute-Efficient Model Ladders.",
    "licence": "Apache-2.0",
    "source": "https://github.com/allenai/OLMo-ladder",
}
_COLUMNS = {
    "family": "size of the model; peteish7 and peteish13 are the 7B and 13B targets",
    "n_params_nonembedding": "parameters without embeddings; missing for 3B",
    "overtraining": "tokens per parameter over 20, as planned; missing for the targets",
    "step": "optimiser steps so far",
    "n_tokens": "tokens seen so far",
    "batch_size_tokens": "tokens in a step",
    "flops": "training operations by the source's count; missing for the targets",
    "loss": "cross-entropy on C4's English validation split",
    "loss_*": "cross-entropy on other validation sets",
    "task_loss_*": "cross-entropy of the right answer of one task and split, per byte",
    "accuracy_*": "accuracy on one task and split; rc: answers ranked by likelihood, mc: letters",
}
_UNITS = {"loss_*": "nats/token", "task_loss_*": "nats/byte", "accuracy_*": "fraction"}
_NOTES = (
    "Bits per byte are turned into nats; probabilities of the right answer (soft scores) are left out.",
    "Sizes leave embeddings out, so they are not called n_params.",
    "The mirror's file gathers the source's evaluation logs.",
)


def _name(theirs: str) -> str:
    """Return our name of a measured column."""
    if match := _VALIDATION.fullmatch(theirs):
        return "loss" if match[1] == "c4_en" else f"loss_{match[1]}"
    if match := _BITS.fullmatch(theirs):
        return f"task_loss_{match[1]}"
    match = _ACCURACY.fullmatch(theirs)
    return f"accuracy_{match[1]}_{match[2]}" if match else theirs


def _tidy(raw: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    known = {
        "run_file": "run",
        "model_size": "family",
        "chinchilla_multiplier": "overtraining",
        "batch_size_in_tokens": "batch_size_tokens",
    }
    runs = raw.rename({column: known.get(column, _name(column)) for column in raw.columns})
    return runs.with_columns(
        pl.selectors.starts_with("task_loss_") * _BITS_TO_NATS, flops=pl.col("total_training_gflops") * 1e9
    )


def _curves(raw: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    return as_curves(_tidy(raw), curve=pl.col("run"), x="n_tokens", y="loss")


TABLES = (
    Table(
        TableInfo(
            name="olmo_ladder",
            title="32 models at the end of training, 190M to 13B, with task losses and accuracies",
            kind="runs",
            raw=RawFile(
                "pretrain/olmo_ladder_final.csv",
                "1f7ed19d3b161803e9097dc67a3df3ef191ed9ee89aac9c2acb76ca17263f76d",
                35810,
            ),
            rows=32,
            columns={"run": "size and multiplier; rerun marks a repeat", **_COLUMNS},
            units=_UNITS,
            notes=(
                "No row is dropped.",
                *_NOTES,
                "Values are those of the last evaluation; the paper's targets are means over the last five, "
                "which olmo_ladder_curves holds.",
            ),
            **_COMMON,
        ),
        _tidy,
    ),
    Table(
        TableInfo(
            name="olmo_ladder_curves",
            title="Evaluations during training of the ladder's models",
            kind="curves",
            raw=RawFile(
                "pretrain/olmo_ladder_curves.parquet",
                "7890eab8acb945c55d9619a8545ba4a447edf922ede6e81446c97a60208bc125",
                2807603,
            ),
            rows=4196,
            columns={
                **CURVE_COLUMNS,
                "x": "tokens seen so far",
                "y": "cross-entropy on C4's English validation split",
                **_COLUMNS,
            },
            units={**_UNITS, "x": "tokens", "y": "nats/token"},
            notes=(
                "Rows at 0 tokens are dropped.",
                *_NOTES,
                "The targets' logs come in several files that overlap in tokens: each file is a curve here.",
            ),
            **_COMMON,
        ),
        _curves,
    ),
)
