"""Fine-tuning hurts most the tasks nearest to it, and a disguised prompt brings part of the loss back.

Scores of 60 tasks before and after fine-tuning, and after it under a transformed prompt, from a stated formula: the
loss falls with the distance d of a task as 0.3 exp(-2 d), and the prompt brings back 60 % of it.
"""

import numpy as np

import isoperf
from isoperf.evals.ratios import recovery_share
from isoperf.laws import Reference
from isoperf.report import Axis, Figure, Points

PAPERS = (
    Reference(
        "Kotha, Springer and Raghunathan 2023",
        "arXiv:2309.10105",
        title="Understanding Catastrophic Forgetting in Language Models via Implicit Inference",
        checked="planted loss by distance and planted recovery lie in their intervals; without a trend none is found",
        unchecked="no model was fine-tuned; the interval of the recovered share (Fieller) is ours",
    ),
)
rng = np.random.default_rng(0)
distance = rng.uniform(0, 1, 60)
forgotten = 0.3 * np.exp(-2 * distance)
before = rng.uniform(0.5, 0.9, 60)
after = before - forgotten + 0.03 * rng.normal(size=60)
disguised = before - 0.4 * forgotten + 0.03 * rng.normal(size=60)

tasks = {"distance": distance, "loss_of_score": before - after}
(slope,) = isoperf.association(tasks, x=("distance",), y="loss_of_score").groups
(rank,) = isoperf.association(tasks, x=("distance",), y="loss_of_score", kind="spearman", n_bootstrap=400).groups
print(f"loss of score per unit of distance: {slope.estimate}, rank correlation {rank.estimate}")
near = distance < np.quantile(distance, 1 / 3)
print(f"mean loss: nearest third {tasks['loss_of_score'][near].mean():.3f}, others", end=" ")
print(f"{tasks['loss_of_score'][~near].mean():.3f}")
figure = Figure(
    "Tasks near the new one lose most",
    Axis("distance from the task learnt"),
    Axis("loss of score"),
    (Points("plain", distance, before - after), Points("disguised", distance, before - disguised, role="alternative")),
)
print(f"share recovered: {recovery_share(before, after, disguised)}")
print(f"share recovered, nearest third: {recovery_share(before[near], after[near], disguised[near])}")
