"""How Optuna is asked for the next configuration: samplers and pruners by name, seeded trial by trial."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, Protocol, TypeAlias, TypeVar, get_args, runtime_checkable

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.pruners import BasePruner
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial, TrialState

from isoperf.errors import MissingExtraError, OptionError, did_you_mean
from isoperf.trials.space import Choice, Configuration, Dimension, Space, key_of
from isoperf.trials.trial import Trial

__all__ = [
    "PRUNERS",
    "SAMPLERS",
    "PrunerName",
    "SamplerName",
    "Searcher",
    "distributions",
    "make_pruner",
    "make_sampler",
    "quietly",
]

SamplerName: TypeAlias = Literal["tpe", "random", "nsga2", "qmc", "cmaes", "gp"]
T = TypeVar("T")
PrunerName: TypeAlias = Literal["none", "median", "hyperband", "halving"]
SAMPLERS: tuple[SamplerName, ...] = get_args(SamplerName)
PRUNERS: tuple[PrunerName, ...] = get_args(PrunerName)


@runtime_checkable
class Searcher(Protocol):
    """A search of one's own: proposes the next configuration from the trials so far."""

    def propose(self, space: Space, trials: Sequence[Trial], rng: np.random.Generator) -> Configuration:
        """Return the next configuration to be measured."""
        ...


def distributions(space: Space) -> dict[str, BaseDistribution]:
    """Return the space as Optuna tells it."""
    return {one.name: _distribution(one) for one in space}


def _distribution(one: Dimension) -> BaseDistribution:
    if isinstance(one, Choice):
        return CategoricalDistribution(one.options)
    high = one.high if one.step is None else float(one.values()[-1])
    if one.integer:
        return IntDistribution(round(one.low), round(high), log=one.log, step=round(one.step or 1))
    return FloatDistribution(one.low, high, log=one.log, step=one.step)


def make_pruner(given: str | BasePruner | None) -> BasePruner:
    """Return a pruner by name, or the one given.

    Raises
    ------
    OptionError : the name is unknown.
    """
    makers: dict[str, Callable[[], BasePruner]] = {
        "none": optuna.pruners.NopPruner,
        "median": optuna.pruners.MedianPruner,
        "hyperband": optuna.pruners.HyperbandPruner,
        "halving": optuna.pruners.SuccessiveHalvingPruner,
    }
    if isinstance(given, BasePruner):
        return given
    name = given or "none"
    if name not in makers:
        raise OptionError(f"no pruner {name!r}.{did_you_mean(name, makers)} Known: {', '.join(makers)}.")
    return makers[name]()


def make_sampler(given: str | BaseSampler, seed: int, space: Space) -> BaseSampler:
    """Return a sampler by name, or the one given.

    A named sampler draws its chance from the seed and the trial's number, so that a study that was
    broken off proposes what it would have proposed, and two processes never propose alike.

    Raises
    ------
    OptionError : the name is unknown. MissingExtraError : it needs a further package.
    """
    if isinstance(given, BaseSampler):
        return given
    if given not in SAMPLERS:
        raise OptionError(f"no sampler {given!r}.{did_you_mean(given, SAMPLERS)} Known: {', '.join(SAMPLERS)}.")
    if given in _NEEDS:
        _require(given)
    if given == "qmc":  # one sequence, whose next point Optuna counts in the storage
        return quietly(lambda: optuna.samplers.QMCSampler(seed=seed))
    return _Numbered(_MAKERS[given], seed, _joint(space) if given in _WHOLE_SPACE else None)


_MAKERS: dict[str, Callable[[int], BaseSampler]] = {
    "tpe": lambda seed: optuna.samplers.TPESampler(seed=seed),
    "random": lambda seed: optuna.samplers.RandomSampler(seed=seed),
    "nsga2": lambda seed: optuna.samplers.NSGAIISampler(seed=seed),
    "cmaes": lambda seed: optuna.samplers.CmaEsSampler(seed=seed),
    "gp": lambda seed: optuna.samplers.GPSampler(seed=seed),
}
_WHOLE_SPACE = ("tpe", "nsga2")  # samplers that draw every parameter jointly
_NEEDS = {"cmaes": "cmaes", "gp": "torch"}


def _joint(space: Space) -> dict[str, BaseDistribution]:
    return {name: one for name, one in sorted(distributions(space).items()) if not one.single()}


def _require(name: str) -> None:
    from importlib.util import find_spec

    if find_spec(_NEEDS[name]) is None:
        raise MissingExtraError(
            f"the sampler {name!r} needs the package {_NEEDS[name]}. "
            f"Install it with: pip install {_NEEDS[name]}; or take another sampler."
        )


def quietly(make: Callable[[], T]) -> T:
    """Call what Optuna calls experimental."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return make()


class _Around(BaseSampler):
    """A sampler around another, which draws single parameters and ends trials."""

    _inner: BaseSampler

    def sample_independent(
        self, study: optuna.Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """Draw one parameter by itself."""
        return self._inner.sample_independent(study, trial, param_name, param_distribution)

    def after_trial(
        self, study: optuna.Study, trial: FrozenTrial, state: TrialState, values: Sequence[float] | None
    ) -> None:
        """End a trial."""
        self._inner.after_trial(study, trial, state, values)


class _Numbered(_Around):
    """A sampler made afresh for every trial, seeded with the trial's number."""

    def __init__(
        self, make: Callable[[int], BaseSampler], seed: int, joint: dict[str, BaseDistribution] | None
    ) -> None:
        self._make, self._seed, self._joint = make, seed, joint
        self._inner = self._at(0)

    def _at(self, number: int) -> BaseSampler:
        drawn = int(np.random.SeedSequence([self._seed, number]).generate_state(1)[0])
        return quietly(lambda: self._make(drawn))

    def before_trial(self, study: optuna.Study, trial: FrozenTrial) -> None:
        """Begin a trial."""
        self._inner = self._at(trial.number)
        self._inner.before_trial(study, trial)

    def infer_relative_search_space(self, study: optuna.Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """Return what is drawn jointly."""
        if self._joint is not None:
            return self._joint  # every trial has the whole space: nothing to be gathered from all of them
        return self._inner.infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Draw jointly."""
        return self._inner.sample_relative(study, trial, search_space)


class Distinct(_Around):
    """A sampler that proposes no configuration twice; the nearest untried one stands in for one that was tried."""

    def __init__(self, inner: BaseSampler, space: Space, seed: int, tried: Callable[[], set[Any]]) -> None:
        self._inner, self._space, self._seed, self._tried = inner, space, seed, tried
        self._joint = _joint(space)

    def before_trial(self, study: optuna.Study, trial: FrozenTrial) -> None:
        """Begin a trial."""
        self._inner.before_trial(study, trial)

    def infer_relative_search_space(self, study: optuna.Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """Everything is drawn jointly, so that the whole configuration is known."""
        return self._joint

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Draw as the inner sampler does, then make sure that it is new."""
        drawn = self._inner.sample_relative(study, trial, self._inner.infer_relative_search_space(study, trial))
        for name, one in self._joint.items():
            if name not in drawn:
                drawn[name] = self._inner.sample_independent(study, trial, name, one)
        fixed = {one.name: one.decode(0.5) for one in self._space if one.name not in self._joint}
        tried = self._tried()
        proposed = self._space.check({**drawn, **fixed})
        if key_of(proposed) not in tried:
            return drawn
        untried = [one for one in self._space.grid() if key_of(one) not in tried]
        if not untried:
            return drawn
        gaps = np.abs(self._space.features(untried) - self._space.features([proposed])).sum(axis=1)
        nearest = np.flatnonzero(gaps <= gaps.min() + 1e-9)
        chosen = untried[int(np.random.default_rng([self._seed, trial.number]).choice(nearest))]
        return {name: chosen[name] for name in self._joint}


class Proposed(BaseSampler):
    """The sampler that gives what a searcher of one's own proposed."""

    def __init__(self) -> None:
        self.configuration: Mapping[str, Any] = {}

    def infer_relative_search_space(self, study: optuna.Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """Nothing is drawn jointly."""
        return {}

    def sample_relative(
        self, study: optuna.Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """Nothing is drawn jointly."""
        return {}

    def sample_independent(
        self, study: optuna.Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """Return the proposal's value."""
        return self.configuration[param_name]
