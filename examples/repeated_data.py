"""Price another pass over the same tokens in fresh ones, by the published law of repeated data.

Muennighoff et al. 2023, Scaling Data-Constrained Language Models: constants as printed in the README of its
public code. A billion tokens and a small model, so that only repetition matters.
"""

import numpy as np

from isoperf import laws
from isoperf.report import Axis, Figure, Line

law = laws.get("repeated_data")
paper = {
    "irreducible_loss": np.exp(0.6254804),
    "param_scale": np.exp(6.255414),
    "token_scale": np.exp(7.3049974),
    "param_exponent": 0.3526596,
    "token_exponent": 0.3526596,
    "repeat_decay": 15.387756,
    "excess_decay": 5.309743,
}
UNIQUE, SIZE = 1e9, 1e6

fresh = np.geomspace(UNIQUE, 100 * UNIQUE, 20_001)  # fresh tokens, from most to least loss
loss_of_fresh = law.predict(paper, n_params=SIZE, n_tokens=fresh, n_unique_tokens=fresh)


def worth(n_epochs):
    """Fresh passes' worth of tokens that give the loss of so many passes over the same ones."""
    loss = law.predict(paper, n_params=SIZE, n_tokens=n_epochs * UNIQUE, n_unique_tokens=UNIQUE)
    return np.interp(-loss, -loss_of_fresh, fresh) / UNIQUE


for n in (2, 4, 8, 16, 44):
    print(f"{n:2d} passes are worth {worth(n):5.2f} fresh ones; pass {n} alone adds {worth(n) - worth(n - 1):.2f}")
passes = np.arange(1, 61)
lines = Line("worth", passes, worth(passes)), Line("if all were fresh", passes[:25], passes[:25], "muted", dashed=True)
figure = Figure("What repeated passes are worth", Axis("passes"), Axis("fresh passes"), lines)
