"""Why keep easy examples when data are scarce and hard ones when they are plentiful: theory beside simulation.

A perceptron learns the answers of another from the examples of smallest (hard) or largest (easy) margin.
"""

import numpy as np

from isoperf.laws import Reference
from isoperf.report import Axis, Figure, Line
from isoperf.scale.data._perceptron import simulate, solve

PAPERS = (
    Reference(
        "Sorscher et al. 2022",
        "arXiv:2206.14486",
        title="Beyond neural scaling laws: beating power law scaling via data pruning",
        checked="our own theory of the teacher-student perceptron agrees with its simulation",
        unchecked="an imperfect probe",
    ),
)

print("examples per weight   all      easy 70%  hard 70%  hard 25%")
curves = []
for total in (1, 3, 8, 20):
    plans = [(1.0, "hard"), (0.7, "easy"), (0.7, "hard"), (0.25, "hard")]
    errors = [solve(total * kept, kept, rule).error for kept, rule in plans]
    print(f"{total:>19}   " + "   ".join(f"{error:.4f}" for error in errors))
    curves.append(errors)
roles = {"all": "fit", "easy 70%": "alternative", "hard 70%": "plan", "hard 25%": "heldout"}
named = zip(roles.items(), np.transpose(curves), strict=True)
lines = [Line(name, (1, 3, 8, 20), y, role) for (name, role), y in named]
axes = Axis("examples per weight", log=True), Axis("error", log=True)
figure = Figure("Easy examples while data are scarce, hard ones when plentiful", *axes, lines)

runs = [simulate(60, 20, 0.25, "hard", np.random.default_rng(seed)) for seed in range(6)]
print(f"simulated, 20 per weight, hard 25%: {np.mean(runs):.4f} ± {np.std(runs) / 6**0.5:.4f}")

# The best share for each number of kept examples, when up to 500 per weight are there to choose from.
print("kept per weight   unpruned   best share")
for kept in (1, 2, 4, 8):
    shares = [share for share in (1.0, 0.5, 0.25, 0.12, 0.06, 0.03) if kept / share <= 500]
    best = min(shares, key=lambda share, kept=kept: solve(kept, share).error)
    print(f"{kept:>15}   {solve(kept).error:.5f}    {solve(kept, best).error:.5f} (keep {best:.0%})")
