"""Grids over learning rate and batch size at fixed size and tokens, dense and sparse models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isoperf.datasets.registry import RawFile, Table, TableInfo
from isoperf.datasets.shaping import joined

if TYPE_CHECKING:
    import polars as pl

_CONTEXT = 2048
_CITATION = (
    "Li, Zheng, Hu, Wang, Zhang, Wang, Xu, Zhou, Zhang and Jiang 2025, Predictable Scale: "
    "Part I, Optimal Hyperparameter Scaling Law in Large Language Model Pretraining."
)
_SOURCE = "https://github.com/step-law/steplaw"
_DATA = "https://raw.githubusercontent.com/step-law/steplaw/main/data"
_NAMES = {"exp_name": "run", "D": "n_tokens", "lr": "learning_rate", "h": "d_model", "numl": "n_layers"}
_COLUMNS = {
    "run": "name of the run",
    "n_tokens": "training tokens",
    "loss": "training loss at the end, smoothed by the source",
    "last_loss": "training loss of the last step",
    "learning_rate": "peak learning rate",
    "batch_size_tokens": "tokens in a step",
    "n_steps": "optimiser steps",
    "n_layers": "transformer blocks",
    "d_model": "width of the residual stream",
}
_BATCH = "batch_size_tokens is the source's batch of sequences times their length of 2,048 tokens."


def _tidy(raw: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    runs = raw.rename({**_NAMES, "loss": "last_loss", "ti": "n_steps"}).rename({"smooth loss": "loss"})
    return runs.with_columns(batch_size_tokens=pl.col("bs") * _CONTEXT)


def _dense(raw: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    return _tidy(raw).with_columns(n_params_nonembedding=pl.col("N"), family=pl.format("N={} / D={}", "N", "n_tokens"))


def _sparse(raw: pl.DataFrame) -> pl.DataFrame:
    runs = _tidy(raw).rename({"N": "n_params", "Na": "n_params_active", "nume": "n_experts", "topk": "n_experts_used"})
    runs = runs.rename({"average_iter_time": "seconds_per_step", "total_time": "wall_seconds"})
    return runs.with_columns(family=joined("moe_name", "n_tokens"))


TABLES = (
    Table(
        TableInfo(
            name="steplaw_dense",
            title="1,911 dense models over learning rate and batch size in 17 cells",
            citation=_CITATION,
            licence="none stated",
            source=_SOURCE,
            kind="runs",
            raw=RawFile(
                "pretrain/raw/steplaw__dense_lr_bs_loss.csv",
                "9e46181076c04d450294d75dfe6f72adc416e231e154a07b337e378f9410002c",
                344476,
                f"{_DATA}/dense_lr_bs_loss.csv",
            ),
            rows=1911,
            columns={
                "family": "cell of one model size and one number of tokens",
                "n_params_nonembedding": "parameters without embeddings",
                **_COLUMNS,
            },
            units={"last_loss": "nats/token"},
            notes=(
                "No row is dropped.",
                _BATCH,
                "Sizes leave embeddings out, so they are not called n_params: rename the column to fit laws in it.",
            ),
        ),
        _dense,
    ),
    Table(
        TableInfo(
            name="steplaw_moe",
            title="708 mixtures of experts over learning rate and batch size in 16 cells",
            citation=_CITATION,
            licence="none stated",
            source=_SOURCE,
            kind="runs",
            raw=RawFile(
                "pretrain/raw/steplaw__moe_lr_bs_loss.csv",
                "653d585244a7b227423007e8b796bc16d76f6d24eb87b1919b8f048a91897b92",
                232920,
                f"{_DATA}/moe_lr_bs_loss.csv",
            ),
            rows=708,
            columns={
                "family": "cell of one model and one number of tokens",
                "n_params": "parameters with all experts, as the source counts them",
                "n_params_active": "parameters used for one token, as the source counts them",
                "n_experts": "routed experts in a layer",
                "n_experts_used": "routed experts used for one token",
                **_COLUMNS,
                "seconds_per_step": "mean time of a step",
                "wall_seconds": "time of the run",
            },
            units={"last_loss": "nats/token", "seconds_per_step": "s"},
            notes=("No row is dropped.", _BATCH),
        ),
        _sparse,
    ),
)
