"""A validation told to a person."""

from __future__ import annotations

import numpy as np

from isoperf.fitting.figures import axis
from isoperf.fitting.fit_law import versions
from isoperf.predict.validate import Split, Validation
from isoperf.report import Block, Caveat, Column, Figure, Heading, Line, Points, Prose, Report, Table

__all__ = ["split_figure", "validation_blocks", "validation_report"]


def validation_report(made: Validation) -> Report:
    """Errors and coverage at every split, with the last one drawn."""
    provenance = {"source": made.source, "data": made.fingerprint, **versions()}
    return Report(f"Validation on {made.source}", tuple(validation_blocks(made)), provenance)


def validation_blocks(made: Validation) -> list[Block]:
    """Blocks for a report of their own and as part of others."""
    blocks: list[Block] = [Heading("Extrapolation check"), Prose(_sentence(made))]
    for split in made.splits:
        if split.skipped:
            blocks.append(Caveat(f"Split {split.name} was skipped: {split.skipped}.", kind="note"))
    for split in made.made:
        best = min((law for law in split.laws if law.baseline), key=lambda law: law.error, default=None)
        if best is not None and best.error < split.chosen.error:
            blocks.append(
                Caveat(
                    f"At {split.name} the baseline `{best.law}` ({best.error:.2%}) beat the chosen law "
                    f"`{split.chosen.law}` ({split.chosen.error:.2%})."
                )
            )
    blocks.append(_table(made))
    blocks.extend(split_figure(made, split) for split in made.made[-1:])
    return blocks


def _sentence(made: Validation) -> str:
    parts = [
        f"At {split.name}, `{split.chosen.law}` learnt from {split.n_train} smaller runs predicted {split.n_test} "
        f"larger ones, up to {split.reach:.3g} times the compute, with a mean error of "
        f"**{split.chosen.error:.2%}**; its {made.level:.0%} interval held {split.chosen.coverage:.0%} of them."
        for split in made.made
    ]
    return " ".join(parts)


def _table(made: Validation) -> Table:
    rows = tuple(
        (
            split.name,
            split.n_train,
            split.n_test,
            f"**{law.law}**" if law.chosen else law.law,
            law.bias * 100,
            law.error * 100,
            law.worst * 100,
            law.coverage * 100,
            law.width * 100,
            "baseline" if law.baseline else "chosen" if law.chosen else "",
        )
        for split in made.made
        for law in sorted(split.laws, key=lambda law: law.error)
    )
    columns = (
        Column("split", "", "runs within this factor of the largest compute are left out"),
        Column("learnt", "rows"),
        Column("predicted", "rows"),
        Column("law"),
        Column("bias", "%", "mean of predicted over measured minus 1"),
        Column("error", "%", "mean absolute error"),
        Column("worst", "%"),
        Column("coverage", "%", f"rows inside the {made.level:.0%} interval for a new run"),
        Column("half-width", "%", "of that interval"),
        Column("role"),
    )
    note = "The chosen law is chosen on the smaller runs alone. Baselines are never chosen."
    return Table("Held-out errors", columns, rows, note)


def split_figure(made: Validation, split: Split) -> Figure:
    """Larger runs as measured and as predicted before they were seen."""
    known, ahead, truth, scale = split.study, split.outlook, split.truth, split.scale
    assert known is not None and ahead is not None and truth is not None and scale is not None
    data = known.data
    order = np.argsort(ahead.value)
    span = [float(min(truth.min(), ahead.value.min())), float(max(truth.max(), ahead.value.max()))]
    own = known.forecasters[known.chosen]
    seen = own.problem.predict(own.u[None])[0]
    unit = made.unit
    return Figure(
        f"Held-out runs at {split.name}: predicted and measured",
        axis(f"measured {made.output}", unit, log=known.rehearsals.log),
        axis(f"predicted {made.output}", unit, log=known.rehearsals.log),
        (
            Line("exact", span_with(span, data.y), span_with(span, data.y), role="muted", dashed=True),
            Points("learnt from", data.y, seen, role="muted"),
            Points(
                "held out",
                truth[order],
                ahead.value[order],
                low=ahead.low[order],
                high=ahead.high[order],
                labels=[f"{made.scale_name} {s:.3g}" for s in scale[order]],
                role="heldout",
            ),
        ),
        f"Bars hold {made.level:.0%} of new runs; they should cross the dashed line.",
    )


def span_with(span: list[float], seen: np.ndarray) -> list[float]:
    """Ends of the diagonal over both groups of rows."""
    return [min(span[0], float(seen.min())), max(span[1], float(seen.max()))]
