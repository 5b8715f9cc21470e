"""Byte-level language models measured by ``isoperf.lab``; these come with the package."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isoperf.datasets.registry import RawFile, Table, TableInfo
from isoperf.datasets.shaping import CURVE_COLUMNS, as_curves

if TYPE_CHECKING:
    import polars as pl

_TITLE = "Byte-level language models trained on Python's standard library"
_CITATION = "The Isoperf authors, 2026, measured with isoperf.lab; see stdlib_lm.json beside the table."
_LICENCE = "Apache-2.0"
_SOURCE = "python -m isoperf.lab"
_BYTES = "A token is a byte: losses are in nats per byte and cannot be set beside losses per word piece."


def _runs(raw: pl.DataFrame) -> pl.DataFrame:
    return raw


def _curves(raw: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    return as_curves(raw, curve=pl.col("run"), x="n_tokens", y="loss")


TABLES = (
    Table(
        TableInfo(
            name="stdlib_lm",
            title=_TITLE,
            citation=_CITATION,
            licence=_LICENCE,
            source=_SOURCE,
            kind="runs",
            raw=RawFile(
                "bundled/stdlib_lm.csv",
                "70e5c13ef8c7f4d591dd0c65f2ecf58ad90baab6eb61bb01cc39afbb4f596f50",
                10858,
            ),
            rows=110,
            columns={
                "run": "width, tokens and seed of the run",
                "n_params": "parameters, the tied embedding counted once",
                "n_params_nonembedding": "parameters without the tied embedding",
                "n_layers": "transformer blocks",
                "d_model": "width of the residual stream",
                "n_tokens": "bytes trained on, each once",
                "flops": "training operations by an exact count that includes attention",
                "loss": "validation loss at the end, nats per byte",
                "train_loss": "mean loss of the last batches, nats per byte",
                "learning_rate": "peak learning rate",
                "batch_size_tokens": "bytes in a step",
                "n_steps": "optimiser steps",
                "seed": "seed of the initial weights and of the order of the text",
                "wall_seconds": "time of training and scoring, compilation left out",
            },
            units={"loss": "nats/byte", "train_loss": "nats/byte"},
            notes=(
                "No row is dropped.",
                _BYTES,
                "Cells up to 1e12 FLOPs have three seeds, larger ones one.",
            ),
        ),
        _runs,
    ),
    Table(
        TableInfo(
            name="stdlib_lm_curves",
            title=f"{_TITLE}: loss during training",
            citation=_CITATION,
            licence=_LICENCE,
            source=_SOURCE,
            kind="curves",
            raw=RawFile(
                "bundled/stdlib_lm_curves.csv",
                "017d16a45bbfa0a5bf0687cff03fb3b233b0b68459db3a6b5e96679908837200",
                46915,
            ),
            rows=1252,
            columns={
                **CURVE_COLUMNS,
                "x": "bytes seen so far",
                "y": "loss, nats per byte",
                "n_params": "parameters, the tied embedding counted once",
                "n_tokens": "bytes seen so far",
                "loss": "loss on a fixed eighth of the validation text, nats per byte",
            },
            units={"x": "tokens", "y": "nats/byte", "loss": "nats/byte"},
            notes=(
                "No row is dropped; rows are sorted by curve and bytes.",
                _BYTES,
                "Loss is measured on an eighth of the validation text, so a curve's end differs from the "
                "loss of the same run in stdlib_lm.",
            ),
        ),
        _curves,
    ),
)
