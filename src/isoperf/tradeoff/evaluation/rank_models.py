"""Rank models from votes: ratings and ranks with intervals, who cannot be told apart, and what would settle it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from isoperf.capability import Option, Reference, capability
from isoperf.errors import OptionError
from isoperf.estimate import Status, check_draws, check_level
from isoperf.evals.tournament import Designs, compare_designs
from isoperf.options import Data, Executor, Level, Progress, Seed
from isoperf.readers import load
from isoperf.report import Report, Shown
from isoperf.tradeoff.evaluation._ranking import Neighbours, RatedModel, rated
from isoperf.tradeoff.evaluation._votes import read_clusters, read_votes

__all__ = ["Ranking", "rank_models"]

REPEATS = 200


@dataclass(frozen=True)
class Ranking(Shown):
    """Models by falling rating.

    Attributes
    ----------
    models : with rating, interval of the rank, win rate.
    neighbours : models that follow each other, and whether the votes tell them apart.
    n_votes, tie_share : votes in all, and the share of ties.
    n_clusters : independent groups of votes; None where each vote counts on its own.
    status : ``not_identified`` where some models never lost to, or never met, the others.
    loose_share : share of the resamples in which that was so; their ratings lean on a prior.
    designs : tournament against anchor, simulated at the fitted ratings; None unless asked for.
    """

    models: tuple[RatedModel, ...]
    neighbours: tuple[Neighbours, ...]
    n_votes: int
    tie_share: float
    n_clusters: int | None
    cluster: str
    status: Status
    loose_share: float
    power: float
    level: float
    designs: Designs | None
    provenance: dict[str, str]

    @property
    def ok(self) -> bool:
        """Whether every model's rating is determined by the votes."""
        return self.status is Status.OK

    @property
    def closest(self) -> Neighbours | None:
        """The undecided neighbours that the fewest further votes would settle."""
        open_ = [pair for pair in self.neighbours if not pair.distinct and pair.n_more is not None]
        return min(open_, key=lambda pair: pair.n_more or 0.0, default=None)

    @property
    def tightest(self) -> Neighbours:
        """The neighbours whose ratings differ least."""
        return min(self.neighbours, key=lambda pair: abs(pair.difference.value or 0.0))

    def report(self) -> Report:
        """Return the answer for people."""
        from isoperf.tradeoff.evaluation._show_ranking import ranking_report

        return ranking_report(self)

    def as_dict(self) -> dict[str, Any]:
        """Return the answer for machines."""
        return {
            "models": [one.as_dict() for one in self.models],
            "neighbours": [pair.as_dict() for pair in self.neighbours],
            "n_votes": self.n_votes,
            "tie_share": self.tie_share,
            "n_clusters": self.n_clusters,
            "cluster": self.cluster or None,
            "status": self.status.value,
            "loose_share": self.loose_share,
            "power": self.power,
            "level": self.level,
            "designs": None if self.designs is None else _designs_dict(self.designs, self.level),
            "provenance": self.provenance,
        }


def _designs_dict(made: Designs, level: float) -> dict[str, Any]:
    tournament, anchored, gain = made.mean(level)
    return {
        "n_prompts": made.n_prompts,
        "tournament": {"comparisons": made.n_tournament, "spearman": tournament.as_dict()},
        "anchor": {"comparisons": made.n_anchored, "spearman": anchored.as_dict()},
        "gain": gain.as_dict(),
    }


@capability(
    job="tradeoff",
    needs=("model_a", "model_b", "winner (model_a, model_b or tie)", "a column of prompts or annotators, if known"),
    sources=(
        Reference("Bradley and Terry 1952", "Biometrika 39", "maximum likelihood of paired comparisons"),
        Reference(
            "Son et al. 2024",
            "arXiv:2411.01281",
            "single-elimination brackets, one a prompt",
            title="Varco Arena: A Tournament Approach to Reference-Free Benchmarking Large Language Models",
            checked="simulated: at 15 comparisons for an anchor's 16, brackets order 16 models better over 200 seeds",
            unchecked="the paper's own correlations, which stand in a figure",
        ),
        Reference("Mogstad, Romano, Shaikh and Wilhelm 2024", "Review of Economic Studies 91", "intervals of ranks"),
    ),
    checked="ratings of 8,931 public votes on 59 models agree with published ones to 1e-13",
    example="isoperf rank-models planted_votes --cluster item",
)
def rank_models(
    data: Data,
    *,
    cluster: Annotated[
        str | None, Option("column of votes that hang together, such as prompts or annotators; cluster if there is one")
    ] = None,
    power: Annotated[float, Option("chance that the further votes advised find the difference")] = 0.8,
    design_prompts: Annotated[
        int, Option("prompts on which to simulate tournaments against an anchor, at the fitted ratings; 0 for none")
    ] = 0,
    n_bootstrap: Annotated[int, Option("times the votes, or whole clusters of them, are drawn again")] = 1000,
    executor: Executor = "local",
    level: Level = 0.9,
    seed: Seed = 0,
    progress: Progress | None = None,
) -> Ranking:
    """Rank models from votes between two.

    Ratings are Bradley-Terry's on the Elo scale, which do not depend on the order of the votes; a tie
    is half a win. Votes on one prompt, or by one annotator, are drawn again together where a cluster
    column is named. Where a model never lost to or never met the others, no finite rating exists:
    a small prior holds it, its interval is absent, and the status says so.

    Raises
    ------
    DataError : a column is missing or unusable.
    OptionError : an option is out of range, or all votes belong to one cluster.
    """
    check_level(level)
    if not 0.5 <= power < 1:
        raise OptionError(f"power must lie between 0.5 and 1, such as 0.8; found {power!r}.")
    check_draws(n_bootstrap, none=False)
    if design_prompts < 0:
        raise OptionError(f"design_prompts must be 0 or above, found {design_prompts!r}.")
    obs = load(data)
    votes = read_votes(obs)
    clusters = read_clusters(obs, cluster)
    rng = np.random.default_rng(seed)
    made = rated(
        votes,
        clusters,
        n_bootstrap=n_bootstrap,
        level=level,
        power=power,
        rng=rng,
        executor=executor,
        progress=progress,
    )
    designs = None
    if design_prompts:
        designs = compare_designs(made.fit.theta, design_prompts, n_repeats=REPEATS, rng=rng, executor=executor)
    return Ranking(
        models=made.models,
        neighbours=made.neighbours,
        n_votes=len(votes),
        tie_share=float((votes.score == 0.5).mean()),
        n_clusters=made.n_clusters,
        cluster="" if clusters is None else cluster or "cluster",
        status=made.fit.status,
        loose_share=made.held_up / n_bootstrap,
        power=power,
        level=level,
        designs=designs,
        provenance={
            "source": obs.source,
            "data": obs.fingerprint,
            "seed": str(seed),
            "draws": str(n_bootstrap),
        },
    )
