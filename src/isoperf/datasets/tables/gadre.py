"""Over-trained models with validation losses and benchmark accuracies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isoperf.datasets.registry import RawFile, Table, TableInfo

if TYPE_CHECKING:
    import polars as pl


def _tidy(raw: pl.DataFrame) -> pl.DataFrame:
    runs = raw.drop("loss_c4_val_seq_lo95", "loss_c4_val_seq_hi95").rename(
        {
            "run_name": "run",
            "train_dataset": "dataset",
            "chinchilla_multiplier": "overtraining",
            "lr": "learning_rate",
            "loss_c4_val": "loss",
            "top1_error_avg17": "error",
            "top1_error_avg46": "error_46_tasks",
        }
    )
    return runs.rename({c: c.replace("acc_", "accuracy_", 1) for c in runs.columns if c.startswith("acc_")})


TABLES = (
    Table(
        TableInfo(
            name="gadre_overtraining",
            title="104 models trained 0.25 to 32 times past Chinchilla's ratio on three corpora",
            citation=(
                "Gadre, Smyrnis, Shankar et al. 2024, Language Models Scale Reliably with Over-Training "
                "and on Downstream Tasks."
            ),
            licence="MIT",
            source="https://github.com/mlfoundations/scaling",
            kind="runs",
            raw=RawFile(
                "pretrain/gadre_overtraining_104.csv",
                "8bab1e51a6d6ad8f63d7bc5e6e97d1816a318af08ff6baed339fc4d0e0e5e51e",
                124886,
            ),
            rows=104,
            columns={
                "run": "corpus, model and multiplier",
                "dataset": "c4_original, rpj (RedPajama) or rw_original (RefinedWeb)",
                "model": "shape of the model",
                "n_params": "parameters, embeddings counted",
                "n_params_nonembedding": "parameters without embeddings",
                "n_tokens": "training tokens",
                "overtraining": "tokens per parameter over 20",
                "learning_rate": "peak learning rate",
                "loss": "cross-entropy on C4's validation split",
                "error": "mean top-1 error on the paper's 17 tasks",
                "error_46_tasks": "mean top-1 error on all 46 tasks",
                "loss_*": "cross-entropy on other validation sets",
                "accuracy_*": "accuracy on one task",
            },
            units={"loss_*": "nats/token", "error_46_tasks": "fraction", "accuracy_*": "fraction"},
            notes=(
                "No row is dropped; the bootstrap interval of the C4 loss is left out.",
                "The 6.9B model trained on C4 lies about 5 % below the law fitted to smaller models.",
                "The source publishes one JSON file per model; the mirror's file gathers them.",
            ),
        ),
        _tidy,
    ),
)
