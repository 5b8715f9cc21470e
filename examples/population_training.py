"""Train twenty small classifiers as a population: those that lag copy those ahead, and a schedule of the rate is left.

Logistic regression by single-example gradient descent, whose best rate falls as it settles.
"""

import numpy as np

from isoperf.laws import Reference
from isoperf.report import Axis, Figure, Line
from isoperf.trials.search.population import Population

PAPERS = (
    Reference(
        "Jaderberg et al. 2017",
        "arXiv:1711.09846",
        title="Population Based Training of Neural Networks",
        checked="a worked step of ten workers; on a planted objective whose best rate falls it beats as many random "
        "constants in at least 16 of 20 seeds, in step and apart, and its schedule replays to the same loss",
        unchecked="the selection by t-test is replaced by a bound in standard errors; no deep network was trained",
    ),
)
data = np.random.default_rng(0)
TRUE = data.normal(size=20)
X = data.normal(size=(4000, 20)) * np.geomspace(1, 0.2, 20)
Y = data.random(4000) < 1 / (1 + np.exp(-X @ TRUE))
N_MEMBERS, N_INTERVALS = 20, 12


def trained(weights, rate, seed):
    """Two hundred steps on single examples."""
    weights = weights.copy()
    for row in np.random.default_rng(seed).integers(3000, size=200):
        weights += rate * (Y[row] - 1 / (1 + np.exp(-X[row] @ weights))) * X[row]
    return weights


def held_out(weights):
    """Log likelihood of the last thousand, in nats per example."""
    z = X[3000:] @ weights
    return float(-np.logaddexp(0, np.where(Y[3000:], -z, z)).mean())


population = Population(N_MEMBERS, {"rate": (1e-3, 3.0)}, seed=0)
constants = population.settings[:, 0].copy()
members, alone = np.zeros((2, N_MEMBERS, 20))
for step in range(N_INTERVALS):
    members = np.array([trained(w, population.settings[i, 0], [step, i]) for i, w in enumerate(members)])
    alone = np.array([trained(w, rate, [step, i]) for i, (w, rate) in enumerate(zip(alone, constants, strict=True))])
    members = members[population.tell([held_out(w) for w in members])]
rates = population.schedule()[:, 0]
print("schedule of the best:", " ".join(f"{rate:.3f}" for rate in rates))
print(f"best of the population: {-max(e.score for e in population.history[-N_MEMBERS:]):.4f} nats")
print(f"best of {N_MEMBERS} constants: {-max(held_out(w) for w in alone):.4f} nats")
figure = Figure("Rate of the best", Axis("interval"), Axis("rate", log=True), (Line("schedule", range(12), rates),))
