"""One sweep of sizes and tokens on each of six corpora, for loss-to-loss prediction."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from isoperf.datasets.registry import RawFile, Table, TableInfo

if TYPE_CHECKING:
    import polars as pl

_VALIDATION = re.compile(r"eval_(.+)_val_crossentropyloss")
_TASK_LOSS = re.compile(r"eval_downstream_ce_loss_(.+)_test_ce_loss")
_ACCURACY = re.compile(r"eval_downstream_(?!ce_loss)(.+)_test_(?:len_norm|acc)")
_KNOWN = {
    "id": "run",
    "train_dataset": "dataset",
    "flops_budget": "flops",
    "train_crossentropyloss": "train_loss",
    "steps": "n_steps",
    "olmo_suite_ce_loss": "task_loss_suite",
    "mmlu_suite_ce_loss": "task_loss_mmlu",
    "olmo_suite_acc": "accuracy_suite",
    "mmlu_suite_acc": "accuracy_mmlu",
}


def _name(theirs: str) -> str:
    """Return our name of a column."""
    if match := _VALIDATION.fullmatch(theirs):
        return "loss" if match[1] == "c4" else f"loss_{match[1]}"
    if match := _TASK_LOSS.fullmatch(theirs):
        return f"task_loss_{match[1]}"
    match = _ACCURACY.fullmatch(theirs)
    return f"accuracy_{match[1]}" if match else _KNOWN.get(theirs, theirs)


def _tidy(raw: pl.DataFrame) -> pl.DataFrame:
    return raw.rename({column: _name(column) for column in raw.columns})


TABLES = (
    Table(
        TableInfo(
            name="loss_to_loss",
            title="529 models on six corpora, each evaluated on all of them and on tasks",
            citation="Brandfonbrener, Anand, Vyas, Malach and Kakade 2024, Loss-to-Loss Prediction: Scaling "
            "Laws for All Datasets.",
            licence="none stated",
            source="https://github.com/KempnerInstitute/loss-to-loss-notebooks",
            kind="runs",
            raw=RawFile(
                "pretrain/loss_to_loss_kempner_sweep.csv",
                "184fbef7dd4dee8258adffe21c652ada7a9844c0bcebd41e9a6dfc2111597d69",
                764831,
            ),
            rows=529,
            columns={
                "run": "identifier of the run",
                "dataset": "training corpus",
                "n_layers": "transformer blocks",
                "d_model": "width of the residual stream",
                "n_params": "parameters; the budgets equal 6 n_params n_tokens",
                "n_tokens": "training tokens",
                "flops": "compute budget",
                "n_steps": "optimiser steps",
                "loss": "cross-entropy on C4, whatever the training corpus",
                "train_loss": "cross-entropy on the training corpus",
                "loss_*": "cross-entropy on the validation split of each corpus",
                "task_loss_*": "cross-entropy on one task, or the mean over a suite",
                "accuracy_*": "accuracy on one task, or the mean over a suite",
            },
            units={"loss_*": "nats/token", "task_loss_*": "nats/token", "accuracy_*": "fraction"},
            notes=(
                "No row is dropped; perplexities, losses of prompts, code tasks and windows of the training "
                "loss are left out.",
                "The column loss is the C4 loss for every corpus: for the loss on a run's own corpus use "
                "the loss_* column of that corpus.",
            ),
        ),
        _tidy,
    ),
)
