"""How many shots tell a good finisher from an ordinary one, by goals less expected goals."""

import numpy as np

from isoperf.evals.multicalibration import trials_for_excess
from isoperf.laws import Reference
from isoperf.report import Axis, Figure, Line

PAPERS = (
    Reference(
        "Davis and Robberechts 2024",
        "arXiv:2401.09940",
        title="Biases in Expected Goals Models Confound Finishing Ability",
        checked="shots that show a planted skill at 80% power against simulation",
    ),
)
CHANCES = 0.02 + 0.4 * np.linspace(0, 1, 40) ** 4  # of an ordinary finisher from 40 places, a tenth on average
rng = np.random.default_rng(7)

for skill in (0.1, 0.25, 0.5):
    n = trials_for_excess(CHANCES, CHANCES * (1 + skill), power=0.8)
    place = rng.integers(0, CHANCES.size, (1000, n))
    p = CHANCES[place]
    goals = rng.random(p.shape) < p * (1 + skill)
    z = (goals - p).sum(axis=1) / np.sqrt((p * (1 - p)).sum(axis=1))
    print(f"skill {skill:.0%}: {n} shots needed, found in {np.mean(np.abs(z) > 1.96):.1%} of simulated careers")
skills = np.geomspace(0.05, 1, 20)
shots = [trials_for_excess(CHANCES, CHANCES * (1 + skill), power=0.8) for skill in skills]
axes = Axis("goals above expected", "%", log=True), Axis("shots", log=True)
figure = Figure("Shots that tell a finisher from an ordinary one", *axes, (Line("80% power", 100 * skills, shots),))
