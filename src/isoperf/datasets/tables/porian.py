"""IsoFLOP points under changing training protocol, from Kaplan's to Chinchilla's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isoperf.datasets.registry import RawFile, Table, TableInfo

if TYPE_CHECKING:
    import polars as pl


def _tidy(raw: pl.DataFrame) -> pl.DataFrame:
    return raw.rename({"experiment": "family", "train_dataset": "dataset"})


TABLES = (
    Table(
        TableInfo(
            name="porian_isoflops",
            title="IsoFLOP points of 15 experiments that explain Kaplan's exponent",
            citation=(
                "Porian, Wortsman, Jitsev, Schmidt and Carmon 2024, Resolving Discrepancies in "
                "Compute-Optimal Scaling of Language Models."
            ),
            licence="MIT",
            source="https://github.com/formll/resolving-scaling-law-discrepancies",
            kind="runs",
            raw=RawFile(
                "pretrain/porian_isoflop_points.csv",
                "2d3b0567b972af3c8a9a40408c553e5fc254a51081bd2e124d48dc8c897d6357",
                283903,
            ),
            rows=1745,
            columns={
                "family": "experiment: one choice of each of the next six columns",
                "dataset": "rw: RefinedWeb, owt2: OpenWebText2",
                "hparams": "base or tuned optimiser settings",
                "warmup": "long or short warm-up",
                "decay": "learning-rate schedule: kaplan, chinchilla or const",
                "param_count": "how N is counted: kaplan leaves the head out, standard counts it, "
                "attention adds attention's operations",
                "loss_kind": "val: validation loss, train: smoothed training loss",
                "flops": "compute budget of the profile, 6 N D in the family's way of counting N",
                "n_params": "parameters, or operations per token over six, as param_count says",
                "n_tokens": "training tokens",
                "loss": "loss at that budget, read off the training curve",
            },
            notes=(
                "No row is dropped.",
                "Families share training runs and differ in how these are counted: never pool them.",
                "The source publishes pickles; the mirror's file is a table made from them.",
            ),
        ),
        _tidy,
    ),
)
