"""The runs of the Chinchilla paper, read from its Figure 4."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from isoperf.datasets.registry import RawFile, Table, TableInfo

if TYPE_CHECKING:
    import polars as pl

_OUTLIERS = 5
_COMMON: dict[str, Any] = {
    "citation": (
        "Hoffmann, Borgeaud, Mensch et al. 2022, Training Compute-Optimal Large Language Models; points "
        "read from its Figure 4 by Besiroglu, Erdil, Barnett and You 2024, Chinchilla Scaling: A "
        "Replication Attempt."
    ),
    "licence": "none stated",
    "source": "https://github.com/epoch-research/analyzing-chinchilla",
    "kind": "runs",
    "raw": RawFile(
        "pretrain/raw/chinchilla_epoch__svg_extracted_data.csv",
        "193478df4e90f040016431996c45682659306840ecdadf83cfb9cd5ca0aa1b30",
        23224,
        "https://raw.githubusercontent.com/epoch-research/analyzing-chinchilla/"
        "92258837425e1b5f2851d624287f0120583a3d0e/data/svg_extracted_data.csv",
    ),
    "columns": {
        "n_params": "parameters as drawn in the figure",
        "flops": "training operations as drawn in the figure",
        "loss": "final training loss, from the colour of the point",
        "n_tokens": "training tokens, from the rule of 6 operations per parameter and token",
    },
    "derived": {"n_tokens": "flops / (6 * n_params)"},
}
_READING = "Values were read from a drawing: losses carry a reading error of roughly 0.01."


def _all(raw: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    runs = raw.rename({"Model Size": "n_params", "Training FLOP": "flops"})
    return runs.with_columns(n_tokens=pl.col("flops") / (6 * pl.col("n_params")))


def _without_outliers(raw: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    runs = _all(raw)
    return runs.filter(pl.col("loss").rank("ordinal", descending=True) > _OUTLIERS)


TABLES = (
    Table(
        TableInfo(
            name="chinchilla",
            title="Chinchilla's training runs, without the five of highest loss",
            rows=240,
            notes=(
                "The five rows of highest loss are dropped, as in the published refit: they have the "
                "fewest tokens per parameter (0.04 to 0.4) and change the fitted exponents strongly.",
                _READING,
            ),
            **_COMMON,
        ),
        _without_outliers,
    ),
    Table(
        TableInfo(
            name="chinchilla_all",
            title="Chinchilla's training runs, all that could be read",
            rows=245,
            notes=("No row is dropped; the table chinchilla leaves five outliers out.", _READING),
            **_COMMON,
        ),
        _all,
    ),
)
