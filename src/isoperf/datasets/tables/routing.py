"""Routed language models: loss against parameters and number of experts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from isoperf.datasets.registry import RawFile, Table, TableInfo
from isoperf.datasets.shaping import CURVE_COLUMNS, as_curves

if TYPE_CHECKING:
    import polars as pl

_COMMON: dict[str, Any] = {
    "citation": "Clark, de las Casas, Guy et al. 2022, Unified Scaling Laws for Routed Language Models.",
    "licence": "CC-BY 4.0",
    "source": "https://github.com/google-deepmind/scaling_laws_for_routing",
    "raw": RawFile(
        "pretrain/raw/deepmind_routing__curves.csv.gz",
        "c03e7531add85e594f368d33bac4a0220280be858a7ed12d147cf73af6a3819f",
        336608,
        "https://raw.githubusercontent.com/google-deepmind/scaling_laws_for_routing/"
        "7b1cc8fef4ec707c8a0a82daa7e42b8d60573ed6/data/curves.csv.gz",
    ),
}
_COLUMNS = {
    "family": "router: Dense, Hash, S-Base or RL-R",
    "step": "optimiser steps taken",
    "n_params": "parameters with all experts",
    "n_params_active": "parameters that one token meets",
    "n_experts": "experts in a routed layer",
    "n_experts_used": "experts used for one token",
    "routing_frequency": "share of blocks that are routed",
    "n_layers": "transformer blocks",
    "d_model": "width of the residual stream",
    "seed": "seed of the initial weights",
    "flops_forward_per_step": "the source's estimate of one step's forward pass",
    "loss": "held-out loss on the training distribution",
    "loss_*": "loss on other texts",
}
_UNITS = {"routing_frequency": "fraction", "flops_forward_per_step": "FLOPs", "loss_*": "nats/token"}
_TOKENS = "The source has no token counts: every run took about 250,000 steps."


def _tidy(raw: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    runs = raw.rename(
        {
            "hyper_id": "run",
            "router_type": "family",
            "total_parameter_count": "n_params",
            "dense_parameter_count": "n_params_active",
            "num_experts": "n_experts",
            "k": "n_experts_used",
            "num_blocks": "n_layers",
            "flops_per_step": "flops_forward_per_step",
            "loss_validation": "loss",
        }
    )
    return runs.with_columns(pl.col("run").cast(pl.String)).drop_nulls("loss")


def _final(raw: pl.DataFrame) -> pl.DataFrame:
    return _tidy(raw).sort("step").group_by("run", maintain_order=True).last()


def _curves(raw: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    return as_curves(_tidy(raw), curve=pl.col("run"), x="step", y="loss")


TABLES = (
    Table(
        TableInfo(
            name="routing",
            title="223 routed and dense language models at the end of training",
            kind="runs",
            rows=223,
            columns={"run": "number of the run", **_COLUMNS},
            units=_UNITS,
            notes=(
                "Of each run the last row that has a held-out loss is kept (step 248,000 to 250,000).",
                _TOKENS,
            ),
            **_COMMON,
        ),
        _final,
    ),
    Table(
        TableInfo(
            name="routing_curves",
            title="Loss during training of 223 routed and dense language models",
            kind="curves",
            rows=5568,
            columns={**CURVE_COLUMNS, "x": "optimiser steps taken", "y": "held-out loss", **_COLUMNS},
            units={**_UNITS, "x": "steps", "y": "nats/token"},
            notes=(
                "Eight rows without a held-out loss and the rows at step 0 are dropped.",
                _TOKENS,
            ),
            **_COMMON,
        ),
        _curves,
    ),
)
