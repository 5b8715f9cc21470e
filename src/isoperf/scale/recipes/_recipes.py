"""From a table of several recipes to one curve each: the same law, drawn again independently or in pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from isoperf.errors import DataError, LawError, OptionError, did_you_mean, unknown_column
from isoperf.fitting.backtest import Backtest, backtest, forecaster
from isoperf.fitting.candidates import candidates, common_noise
from isoperf.fitting.cautions import with_cautions
from isoperf.fitting.choose import LawScore, choose, score
from isoperf.fitting.data import LawData, law_data
from isoperf.fitting.engine import Progress
from isoperf.fitting.fit_law import fit_laws
from isoperf.fitting.noise import Delta, NoiseChoice
from isoperf.laws import Law, get
from isoperf.observations import Observations
from isoperf.scale.recipes._curve import Curve

__all__ = ["Better", "Recipes", "Settings", "parse_shares", "split", "take"]

Floats = NDArray[np.float64]
Better = Literal["auto", "lower", "higher"]
JOINT = {"n_params", "n_tokens"}
MOST_PARAMS = 3  # for auto along one axis: laws with more are seldom determined by one recipe's rows
HIGHER, LOWER = ("accuracy", "score"), ("loss", "error", "perplexity", "train_loss")


@dataclass(frozen=True)
class Settings:
    """How recipes are fitted and read."""

    x: str | None
    y: str | None
    law: str | Law | type[Law]
    better: Better
    tokens_per_param: float | None
    k: float
    noise: NoiseChoice
    delta: Delta
    bootstrap: str
    n_bootstrap: int
    n_starts: int
    level: float
    seed: int
    pair: str | None


@dataclass(frozen=True)
class Recipes:
    """Curves of the same law with the rows behind them; ``scores`` of the laws that were rehearsed."""

    curves: tuple[Curve, ...]
    tables: tuple[LawData, ...]
    scores: Mapping[str, LawScore]
    paired: bool

    def __getitem__(self, name: str) -> Curve:
        return next(curve for curve in self.curves if curve.name == name)

    def table(self, name: str) -> LawData:
        """Rows of one recipe."""
        return next(table for curve, table in zip(self.curves, self.tables, strict=True) if curve.name == name)


def split(obs: Observations, by: str, drop_below: float | None, x: str | None) -> dict[str, Observations]:
    """Divide a table by recipe, after leaving out its early region.

    Raises
    ------
    OptionError : there is no such column; DataError : it names fewer than two recipes.
    """
    if not obs.has(by):
        unknown = unknown_column("by", by, obs.columns)
        raise OptionError(f"{unknown} It says which rows belong together: name the one that does, with by=... .")
    if drop_below is not None:
        column = x or "flops"
        obs = obs.require(column)
        kept = obs.numeric(column) >= drop_below
        if not kept.any():
            raise DataError(f"{obs.source}: no row has {column} of at least {drop_below:g}. Lower drop_below.")
        obs = obs.where(kept)
    parts = obs.groups(by)
    if len(parts) < 2:
        raise DataError(
            f"{obs.source}: column {by!r} names {len(parts)} recipe ({', '.join(parts)}); a comparison needs two. "
            'Name another column with by="...".'
        )
    return parts


def parse_shares(extra: str | Mapping[str, float], names: Sequence[str]) -> dict[str, float]:
    """Read ``ul2r=0.001`` or a mapping of recipe to the share of extra compute.

    Raises
    ------
    OptionError : a recipe is unknown, or a share is no number of at least 0.
    """
    found: dict[str, float] = {}
    pairs = extra.items() if isinstance(extra, Mapping) else [_pair(one) for one in extra.split(",") if one.strip()]
    for name, given in pairs:
        if name not in names:
            raise OptionError(f"extra: no recipe {name!r}.{did_you_mean(name, names)} Recipes: {', '.join(names)}.")
        try:
            found[name] = float(given)
        except ValueError:
            found[name] = -1.0
        if not 0 <= found[name] < np.inf:
            raise OptionError(f"extra: the share of {name!r} must be a number of at least 0, found {given!r}.")
    return found


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise OptionError(f"extra: {text.strip()!r} is no pair such as recipe=0.001.")
    return name.strip(), value.strip()


def take(
    parts: Mapping[str, Observations],
    settings: Settings,
    extra: Mapping[str, float],
    progress: Progress | None = None,
) -> Recipes:
    """Fit every recipe with one law.

    Raises
    ------
    LawError : the law cannot be read along one axis; DataError : a column is missing.
    """
    if settings.pair is not None:
        parts = _in_pairs(parts, settings)
    tables, scores, noise = _bound(parts, settings, progress)
    fits = fit_laws(
        tables,
        noise=noise,
        delta=settings.delta,
        resample=settings.bootstrap,
        n_bootstrap=settings.n_bootstrap,
        n_starts=settings.n_starts,
        level=settings.level,
        seed=settings.seed,
        progress=progress,
    )
    fits = [with_cautions(fit, part) for fit, part in zip(fits, parts.values(), strict=True)]
    law = tables[0].law
    axis = "flops" if len(law.inputs) == 2 else tables[0].binding[law.inputs[0]]
    rising = _rising(tables, settings.better)
    rng = np.random.default_rng(settings.seed)
    curves = []
    n_draws = max(len(fit.draws) for fit in fits)
    for name, fit in zip(parts, fits, strict=True):
        # a recipe of too few rows has no draws: nothing of it is known, draw by draw
        drawn = fit.draws if len(fit.draws) else np.full((n_draws, len(law.params)), np.nan)
        # the same seed drew every table: shuffled, draws of different recipes have nothing in common
        order = np.arange(n_draws) if settings.pair else rng.permutation(n_draws)
        curves.append(
            Curve(name, fit, drawn[order], axis, rising, settings.tokens_per_param, settings.k, extra.get(name, 0.0))
        )
    return Recipes(tuple(curves), tuple(tables), scores, settings.pair is not None)


def _bound(
    parts: Mapping[str, Observations], settings: Settings, progress: Progress | None
) -> tuple[list[LawData], dict[str, LawScore], NoiseChoice]:
    """Rows of every recipe bound to the law asked for, or to the one that foresaw larger scales best."""
    if isinstance(settings.law, str) and settings.law == "auto":
        return _chosen(parts, settings, progress)
    law = get(settings.law)
    if len(law.inputs) == 2 and set(law.inputs) == JOINT:
        if settings.x not in (None, "flops"):
            raise OptionError(f"x={settings.x!r}: law {law.name!r} is read along flops. Leave x out.")
        return [law_data(part, law, y=settings.y) for part in parts.values()], {}, settings.noise
    if len(law.inputs) != 1:
        raise LawError(
            f"law {law.name!r} has inputs {', '.join(law.inputs)}. Recipes are compared along one axis: choose a law "
            "of one input, or one of n_params and n_tokens; hold other inputs fixed by a law of your own."
        )
    first = next(iter(parts.values()))
    x = settings.x or (law.inputs[0] if first.has(law.inputs[0]) else "flops")
    y = settings.y or (None if first.has(law.output) else "loss")
    return [law_data(part, law, x=x, y=y) for part in parts.values()], {}, settings.noise


def _chosen(
    parts: Mapping[str, Observations], settings: Settings, progress: Progress | None
) -> tuple[list[LawData], dict[str, LawScore], NoiseChoice]:
    """Rehearse every law on every recipe and choose one for all."""
    found = {name: _able(candidates(part, x=settings.x, y=settings.y)) for name, part in parts.items()}
    common = set.intersection(*({data.law.name for data in own} for own in found.values()))
    found = {name: [data for data in own if data.law.name in common] for name, own in found.items()}
    first = next(iter(found.values()))
    noise = common_noise(first, settings.noise)
    if noise.startswith("log_") and any((own[0].y <= 0).any() for own in found.values()):
        noise = "huber"
    rng = np.random.default_rng(settings.seed)
    tests = [backtest(own, noise=noise, delta=settings.delta, rng=rng, progress=progress) for own in found.values()]
    together = Backtest(tests[0].laws, tuple(o for test in tests for o in test.origins), tests[0].log)
    laws = [data.law for data in first]
    scores = score(together, laws)
    name = choose(scores) or _least_criterion(found, noise, settings)
    return [next(data for data in own if data.law.name == name) for own in found.values()], scores, noise


def _able(found: list[LawData]) -> list[LawData]:
    """Laws that can be read along one axis; where some split compute, only those."""
    joint = [data for data in found if set(data.law.inputs) == JOINT]
    single = [data for data in found if len(data.law.inputs) == 1]
    simple = [data for data in single if len(data.law.params) <= MOST_PARAMS and not data.law.last_only]
    return joint or simple or single


def _least_criterion(found: Mapping[str, list[LawData]], noise: NoiseChoice, settings: Settings) -> str:
    """Without rehearsals, the least sum of Akaike's criteria corrected for few rows."""
    rng = np.random.default_rng(settings.seed)
    total: dict[str, float] = {}
    for own in found.values():
        for data in own:
            if data.law.baseline and any(not other.law.baseline for other in own):
                continue
            fitted = forecaster(data, noise=noise, delta=settings.delta, n_draws=20, n_starts=8, rng=rng)
            n, p = len(data.y), len(data.law.params) + 1
            correction = 2 * p * (p + 1) / (n - p - 1) if n > p + 1 else np.inf
            value = 2 * n * np.log(fitted.noise_sd + 1e-300) + 2 * p + correction
            total[data.law.name] = total.get(data.law.name, 0.0) + float(value)
    return min(total, key=lambda name: total[name])


def _rising(tables: Sequence[LawData], better: Better) -> bool:
    """Whether higher is better: as told, by the column's name, or by what grows with scale."""
    if better != "auto":
        return better == "higher"
    column = tables[0].binding[tables[0].law.output]
    if column in LOWER or column.startswith("loss"):
        return False
    if column in HIGHER or column.startswith("accuracy"):
        return True
    slopes = [np.polyfit(np.log(t.scale), t.y, 1)[0] * len(t.y) for t in tables if len(np.unique(t.scale)) > 1]
    return bool(np.sum(slopes) > 0)


def _in_pairs(parts: Mapping[str, Observations], settings: Settings) -> dict[str, Observations]:
    """Sort the rows of every recipe alike, so that one resample takes the same pairs from each.

    Raises
    ------
    OptionError : the column is missing; DataError : recipes were not run at the same places and pairs.
    """
    pair = settings.pair or ""
    found, keys = {}, {}
    for name, part in parts.items():
        if not part.has(pair):
            raise unknown_column("pair", pair, part.columns)
        if settings.x is not None:
            columns = [settings.x]
        else:
            columns = [c for c in ("n_params", "n_tokens", "flops") if part.has(c)][:2]
        part = part.require(*columns)
        values = [part[c] for c in (*columns, pair)]
        order = np.lexsort(tuple(reversed([np.unique(v, return_inverse=True)[1] for v in values])))
        part = part.take(order)
        if part.has("run"):
            part = part.drop("run")  # pairs are drawn again, not runs
        found[name] = part
        keys[name] = [tuple(row) for row in zip(*(part[c].tolist() for c in (*columns, pair)), strict=True)]
    first = next(iter(keys))
    other = next((name for name in keys if keys[name] != keys[first]), None)
    if other:
        lone = len(set(keys[other]) ^ set(keys[first]))
        raise DataError(
            f"pair={pair!r}: recipes {first!r} and {other!r} have {lone} places that the other lacks. Pairs need every "
            "recipe at the same places and the same seeds; drop the others, or leave pair out."
        )
    return found


def renamed(settings: Settings, law: str | Law) -> Settings:
    """Return the same settings with another law."""
    return replace(settings, law=law)
