"""Learning curves in vision and language with the paper's own split for extrapolation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from isoperf.datasets.registry import RawFile, Table, TableInfo
from isoperf.datasets.shaping import as_curves, joined

if TYPE_CHECKING:
    import polars as pl

_FOLDER = (
    "https://raw.githubusercontent.com/google-research/google-research/"
    "9853680c781781bd8d3de20aa61c7373ce059913/revisiting_neural_scaling_laws/data"
)
_COMMON: dict[str, Any] = {
    "citation": "Alabdulmohsin, Neyshabur and Zhai 2022, Revisiting Neural Scaling Laws in Language and Vision.",
    "licence": "Apache-2.0 for the repository; none stated for the data",
    "source": "https://github.com/google-research/google-research",
    "kind": "curves",
    "columns": {
        "curve": "domain, task and model",
        "x": "training examples seen",
        "y": "loss; an error rate in image classification",
        "family": "IC: image classification, NMT: translation, LM: language modelling, BB: BIG-bench",
        "benchmark": "task",
        "model": "model",
        "in_paper_fit": "1 for rows the paper fits, 0 for those it predicts",
    },
    "units": {"x": "samples"},
}


def _tidy(raw: pl.DataFrame) -> pl.DataFrame:
    rows = raw.unique(maintain_order=True).rename(
        {"Domain": "family", "Task": "benchmark", "Model": "model", "Training": "in_paper_fit"}
    )
    return as_curves(rows, curve=joined("family", "benchmark", "model"), x="Seen Examples", y="Loss")


TABLES = (
    Table(
        TableInfo(
            name="learning_curves_vision",
            title="72 learning curves of few-shot image classification",
            raw=RawFile(
                "pretrain/raw/revisiting__benchmark_vision.csv",
                "23b00692d71e58aa5a2a941e831d57688e0977fdcf5f5125ff7b64283b5d9e83",
                993655,
                f"{_FOLDER}/benchmark.vision.csv",
            ),
            rows=18883,
            notes=("No row is dropped.",),
            **_COMMON,
        ),
        _tidy,
    ),
    Table(
        TableInfo(
            name="learning_curves_language",
            title="20 learning curves of translation, language modelling and BIG-bench",
            raw=RawFile(
                "pretrain/raw/revisiting__benchmark_lang.csv",
                "63c346db00a66b692e1ea9a0f71a2f2b267e55f74be5b863a92e199dffbf0983",
                82032,
                f"{_FOLDER}/benchmark.lang.csv",
            ),
            rows=712,
            notes=("687 rows that repeat another in every cell are dropped.",),
            **_COMMON,
        ),
        _tidy,
    ),
)
