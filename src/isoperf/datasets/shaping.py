"""Steps that several tables share on the way from their source's form to ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

__all__ = ["CURVE_COLUMNS", "as_curves", "joined"]

CURVE_COLUMNS = {
    "curve": "learning curve that the row belongs to",
    "run": "same as curve: each curve is one training run",
}


def as_curves(frame: pl.DataFrame, *, curve: pl.Expr, x: str, y: str) -> pl.DataFrame:
    """Add ``curve``, ``run``, ``x`` and ``y``, in rising order of x; rows at x = 0 are dropped.

    Before the first step there is nothing to see of a power law, and logarithms fail.
    """
    import polars as pl

    named = frame.with_columns(curve=curve, x=pl.col(x), y=pl.col(y)).filter(pl.col("x") > 0)
    return named.with_columns(run=pl.col("curve")).sort("curve", "x", maintain_order=True)


def joined(*columns: str) -> pl.Expr:
    """Return words of the form ``a / b`` from several columns."""
    import polars as pl

    return pl.concat_str([pl.col(column).cast(pl.String) for column in columns], separator=" / ")
