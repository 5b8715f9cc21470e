"""Data mixtures over seven domains at six model sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isoperf.datasets.registry import RawFile, Table, TableInfo
from isoperf.datasets.shaping import joined

if TYPE_CHECKING:
    import polars as pl


def _tidy(raw: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    return raw.with_columns(
        run=joined("mixture_id", "n_params"),
        recipe=pl.col("mixture_id").cast(pl.String),
        loss=pl.col("loss_c4"),
    )


TABLES = (
    Table(
        TableInfo(
            name="slimpajama_mixtures",
            title="60 mixtures of SlimPajama's domains, 122M to 2.7B parameters, 2B to 104B tokens",
            citation="Dai and Zheng 2026, Explaining Data Mixing Scaling Laws.",
            licence="none stated",
            source="https://github.com/meiqwq/Explaining-Data-Mixing-Scaling-Laws",
            kind="runs",
            raw=RawFile(
                "pretrain/dmsl_slimpajama_mixtures.csv",
                "ad0bf83b5805c5ba7f452db2d735c8c3bd2ce1eb91e4357c807f9650e619706f",
                700395,
            ),
            rows=2452,
            columns={
                "run": "mixture and size; up to eleven token counts each",
                "recipe": "number of the mixture",
                "n_params": "parameters",
                "n_tokens": "training tokens",
                "loss": "cross-entropy on the C4 domain",
                "weight_*": "share of a domain in the training mixture",
                "loss_*": "cross-entropy on one domain, or on OpenHermes",
            },
            units={"weight_*": "fraction", "loss_*": "nats/token"},
            notes=(
                "No row is dropped; sixteen losses are missing in the source.",
                "The source does not say whether the token counts of one mixture and size are checkpoints of "
                "one training run: run groups them, so that intervals treat them as one.",
                "60 mixtures were run at the two smallest sizes, 40, 40, 20 and 4 at the others.",
            ),
        ),
        _tidy,
    ),
)
