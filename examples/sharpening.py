"""How many samples does a model need to teach itself its own best answer? As many as one over its probability.

Huang et al. 2025: best-of-n by the model's own likelihood sharpens it, where it covers its top response.
"""

import numpy as np

from isoperf.laws import Reference
from isoperf.report import Axis, Figure, Line, Points
from isoperf.testtime.saturation import saturating

PAPERS = (
    Reference(
        "Huang et al. 2025",
        "arXiv:2412.01951",
        title="Self-Improvement in Language Models: The Sharpening Mechanism",
        checked="simulated best-of-n puts the mass on the top response that the formula says; the samples needed grow "
        "as one over its probability, to a slope of -1.0 in logarithms",
        unchecked="a toy distribution of responses; the bounds for learned models are theory and are not repeated",
    ),
)
DELTA = 0.1  # mass that may be left on other responses
rng = np.random.default_rng(0)


def responses(top, m=400):
    """Base probabilities of m responses, the most likely one first."""
    rest = rng.uniform(0.5, 1.0, m - 1)
    return np.r_[top, (1 - top) * rest / rest.sum()]


def needed(top):
    """Samples after which best-of-n leaves DELTA or less to other responses."""
    n = 1
    while saturating(n, 1.0, top) < 1 - DELTA:
        n += 1
    return n


tops = np.array([0.3, 0.1, 0.03, 0.01, 0.005])
numbers = np.array([needed(top) for top in tops])
for top, n in zip(tops, numbers, strict=True):
    base = responses(top)
    drawn = rng.choice(base.size, p=base / base.sum(), size=(4000, n))
    best = drawn[np.arange(4000), base[drawn].argmax(axis=1)]  # of n samples, the one the model itself likes best
    print(
        f"top response {top:g}: {n} samples, simulated mass {np.mean(best == 0):.3f}, samples times mass {n * top:.2f}"
    )
slope = np.polyfit(np.log(tops[1:]), np.log(numbers[1:]), 1)[0]
print(f"slope {slope:.2f}: a base model that covers its best response ten times less needs ten times the samples")
layers = Points("needed", tops, numbers), Line("one over the probability", tops, numbers[-1] * tops[-1] / tops)
axes = Axis("probability of the top response", log=True), Axis("samples", log=True)
figure = Figure("Samples that sharpening needs", *axes, layers)
