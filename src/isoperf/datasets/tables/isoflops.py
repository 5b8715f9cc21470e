"""IsoFLOP experiments gathered from several sources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isoperf.datasets.registry import RawFile, Table, TableInfo

if TYPE_CHECKING:
    import polars as pl


def _tidy(raw: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    runs = raw.rename({"experiment": "family", "params": "n_params", "tokens": "n_tokens", "budget": "flops"})
    return runs.filter(pl.col("family") != "llama_3__exp_loss")


TABLES = (
    Table(
        TableInfo(
            name="isoflops",
            title="IsoFLOP profiles of seven experiments",
            citation=(
                "Open Athena, scaling-law-analysis; the points come from Hoffmann et al. 2022, Training "
                "Compute-Optimal Large Language Models (read twice), Grattafiori et al. 2024, The Llama 3 "
                "Herd of Models, the Marin project, and Li, Kudugunta and Zettlemoyer 2025, (Mis)Fitting: "
                "A Survey of Scaling Laws."
            ),
            licence="none stated",
            source="https://github.com/Open-Athena/scaling-law-analysis",
            kind="runs",
            raw=RawFile(
                "pretrain/raw/isoflops_openathena__transform.csv",
                "b04d611253611490c5cc339fb95cb28d4f38f279a97438cb804a80f03171caa0",
                127708,
                "https://raw.githubusercontent.com/Open-Athena/scaling-law-analysis/main/"
                "data/isoflops/transform/isoflops.csv",
            ),
            rows=814,
            columns={
                "family": "experiment: source, data set, architecture",
                "n_params": "parameters",
                "n_tokens": "training tokens",
                "flops": "compute budget of the profile",
                "loss": "loss, on each experiment's own scale",
                "outlier": "1 where the source's screening would leave the point out",
                "reason": "why it would",
            },
            notes=(
                "The family llama_3__exp_loss is dropped: it holds the exponentials of the losses in "
                "llama_3__raw_loss.",
                "Compare losses within a family only: evaluation data and tokenisers differ, and the "
                "Llama 3 losses, 0.69 to 0.93, are on a scale of their own.",
                "The first two families are two readings of one figure and not independent.",
                "The publisher revises this file; where the download's checksum no longer matches, the "
                "recorded version is needed.",
            ),
        ),
        _tidy,
    ),
)
