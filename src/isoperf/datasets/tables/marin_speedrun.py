"""Entries of a public speed-run: quality against operations and time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isoperf.datasets.registry import RawFile, Table, TableInfo

if TYPE_CHECKING:
    import polars as pl

_BITS_TO_NATS = 0.6931471805599453


def _tidy(raw: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    runs = raw.rename(
        {
            "run_name": "run",
            "model_flops": "flops",
            "training_seconds": "wall_seconds",
            "mfu_ratio": "model_flops_utilisation",
        }
    )
    family = pl.col("run").str.split("/").list.first()
    return runs.with_columns(family=family, loss=pl.col("eval_paloma_c4_en_bpb") * _BITS_TO_NATS)


TABLES = (
    Table(
        TableInfo(
            name="marin_speedrun",
            title="96 speed-run entries: loss, operations and time",
            citation="The Marin community, speedrun leaderboard.",
            licence="none stated",
            source="https://github.com/marin-community/speedrun",
            kind="runs",
            raw=RawFile(
                "pretrain/marin_speedrun.csv",
                "9914cf5ccf2bcc551e4a57388e346ed1078784ae6303e79e01eb232c2253ce3a",
                22483,
            ),
            rows=96,
            columns={
                "run": "name of the entry",
                "family": "group of entries",
                "n_params": "parameters",
                "flops": "training operations of the model",
                "hardware_flops": "operations the hardware could have done in that time",
                "wall_seconds": "training time",
                "model_flops_utilisation": "flops over hardware_flops",
                "loss": "loss on C4 in Paloma, per byte",
            },
            units={"loss": "nats/byte", "hardware_flops": "FLOPs", "model_flops_utilisation": "fraction"},
            notes=(
                "No row is dropped; bits per byte are turned into nats.",
                "Entries differ in architecture, optimiser and hardware: they are no scaling grid.",
            ),
        ),
        _tidy,
    ),
)
