"""Fit one law to every group of a table in one batch: curves, families, benchmarks, recipes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from isoperf.capability import Option, Reference, capability
from isoperf.errors import unknown_column
from isoperf.estimate import Estimate, Status
from isoperf.executors import Executor as Engine
from isoperf.executors import LocalExecutor, SerialExecutor, collect, executor_of
from isoperf.fitting.data import LawData, law_data
from isoperf.fitting.diagnose import worst
from isoperf.fitting.fit_law import fit_laws, versions
from isoperf.fitting.result import Fit
from isoperf.laws import Law, get
from isoperf.options import Bootstrap, Data, Delta, Executor, Level, NoiseName, NStarts, Progress, Seed, X, Y
from isoperf.readers import load
from isoperf.report import Block, Caveat, Cell, Column, Heading, Prose, Report, Shown, Table

__all__ = ["Fits", "fit_groups"]

SHOWN = 50
BATCH_CELLS = 250_000  # rows times refits that are fitted together: two seconds or so
FEWEST_BATCHES = 4  # fewer are done sooner than processes start
STARTS_WEIGH = 4  # a start is polished to the end, a refit is not


@dataclass(frozen=True)
class Fits(Shown):
    """One fit per group, by label, in the table's order."""

    by_group: Mapping[str, Fit]
    by: tuple[str, ...]
    source: str
    fingerprint: str

    def __getitem__(self, label: str) -> Fit:
        return self.by_group[label]

    def __len__(self) -> int:
        return len(self.by_group)

    def __iter__(self) -> Iterator[str]:
        return iter(self.by_group)

    @property
    def status(self) -> Status:
        """The worst status of any group."""
        return worst(tuple(fit.status for fit in self.by_group.values()))

    @property
    def ok(self) -> bool:
        """Whether every group's fit can be trusted."""
        return self.status is Status.OK

    def as_dict(self) -> dict[str, Any]:
        """Return every group's fit for machines."""
        return {"by": list(self.by), "groups": {label: fit.as_dict() for label, fit in self.by_group.items()}}

    def report(self) -> Report:
        """Return one row per group for people."""
        counts = Counter(fit.status for fit in self.by_group.values())
        told = ", ".join(f"{count} {status.value}" for status, count in counts.most_common())
        law = next(iter(self.by_group.values())).law
        blocks: list[Block] = [
            Heading("Fits by group"),
            Prose(f"`{law.name}` ({law.title}) fitted to {len(self)} groups by {', '.join(self.by)}: {told}."),
            self._table(),
        ]
        if len(self) > SHOWN:
            blocks.append(Caveat(f"The first {SHOWN} of {len(self)} groups are shown; JSON has all.", kind="note"))
        provenance = {"source": self.source, "data": self.fingerprint, **versions()}
        return Report(f"{law.name} by {', '.join(self.by)}", tuple(blocks), provenance)

    def _table(self) -> Table:
        some = list(self.by_group.items())[:SHOWN]
        law = some[0][1].law
        columns = (Column("group"), Column("rows"), *(Column(name) for name in law.names), Column("scatter"))
        rows = tuple(_row(label, fit) for label, fit in some)
        return Table("Parameters by group", columns, rows, "Scatter is one residual standard deviation.")


def _row(label: str, fit: Fit) -> tuple[Cell, ...]:
    return label, fit.n_rows, *(_cell(known) for known in fit.parameters().values()), _scatter(fit)


def _cell(known: Estimate) -> Estimate:
    return Estimate(known.value, known.low, known.high, known.level, "", known.status)


def _scatter(fit: Fit) -> str:
    return f"{100 * fit.sd:.2g} %" if fit.noise.log else f"{fit.sd:.3g}"


def _fits(tables: list[LawData], options: dict[str, Any], executor: Engine, progress: Progress | None) -> list[Fit]:
    """Fit batches of tables side by side; what is in a batch depends on the tables alone."""
    refits = options["n_bootstrap"] + STARTS_WEIGH * options["n_starts"]
    cells = np.cumsum([len(table.y) * refits for table in tables])
    ends = [*np.flatnonzero(np.diff(cells // BATCH_CELLS)) + 1, len(tables)]
    batches = list(zip([0, *ends], ends, strict=False))
    if len(batches) == 1:
        return fit_laws(tables, **options, progress=progress)
    if isinstance(executor, LocalExecutor) and not type(tables[0].law).__module__.startswith("isoperf."):
        executor = SerialExecutor()  # another process could not import a law of a notebook or a script
    made = collect(
        _fit_batch,
        batches,
        shared=(tables, options),
        executor=executor,
        brief=len(batches) < FEWEST_BATCHES,
        progress=progress,
    )
    return [fit for fits in made for fit in fits]


def _fit_batch(known: tuple[list[LawData], dict[str, Any]], batch: tuple[int, int]) -> list[Fit]:
    tables, options = known
    return fit_laws(tables[slice(*batch)], **options)


@capability(
    job="predict",
    needs=("the law's columns", "a column of groups"),
    sources=(
        Reference("Mohr et al. 2022", "ECML PKDD", "LCDB 1.0: learning curves by data set and learner"),
        Reference("Viering and Loog 2023", "arXiv:2103.10948", "the shape of learning curves"),
    ),
    checked="equal to fitting each group alone; timed on thousands of public learning curves",
    example="isoperf fit-groups stdlib_lm_curves --by run --law pow3 --x n_tokens --n-bootstrap 50",
)
def fit_groups(
    data: Data,
    *,
    by: Annotated[tuple[str, ...], Option("columns whose values make the groups")],
    law: Annotated[str | Law | type[Law], Option("law to fit to every group: its name, or a Law class of your own")],
    x: X = None,
    y: Y = None,
    noise: NoiseName = "auto",
    delta: Delta = "auto",
    bootstrap: Bootstrap = "auto",
    n_bootstrap: Annotated[int, Option("bootstrap refits of each group; 0 for none")] = 200,
    n_starts: NStarts = 16,
    executor: Executor = "local",
    level: Level = 0.9,
    seed: Seed = 0,
    progress: Progress | None = None,
) -> Fits:
    """Fit one law to every group.

    Raises
    ------
    OptionError : a grouping column is missing; DataError : a group's column is unusable;
    LawError : the law is unknown.
    """
    obs = load(data)
    for column in by:
        if not obs.has(column):
            raise unknown_column("by", column, obs.columns)
    chosen = get(law)
    tables = {label: law_data(part, chosen, x=x, y=y) for label, part in obs.groups(*by).items()}
    options: dict[str, Any] = {
        "noise": noise,
        "delta": delta,
        "resample": bootstrap,
        "n_bootstrap": n_bootstrap,
        "n_starts": n_starts,
        "level": level,
        "seed": seed,
    }
    fits = _fits(list(tables.values()), options, executor_of(executor), progress)
    return Fits(dict(zip(tables, fits, strict=True)), by, obs.source, obs.fingerprint)
