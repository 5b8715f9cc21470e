"""Find the loss that an average accuracy of 50% needs: map loss to error, then turn the question round draw by draw.

Losses on C4 and average errors over 17 tasks of six RedPajama models: Gadre et al. 2024, Language models
scale reliably with over-training and on downstream tasks, public repository (MIT licence).
"""

import numpy as np

import isoperf

MODELS = {
    "loss": [5.387020915, 4.572292613, 3.899942990, 3.531147408, 3.149769457, 2.768756662],
    "error": [0.8134857368, 0.7671019084, 0.7250451835, 0.6710080283, 0.6365529066, 0.5473253052],
}
TARGET_ERROR = 0.5

fit = isoperf.fit(MODELS, law="loss_to_error", seed=0)


def loss_for(error_ceiling, scale, rate):
    """Invert error = ceiling - scale * exp(-rate * loss)."""
    return np.log(scale / (error_ceiling - TARGET_ERROR)) / rate


best = loss_for(**fit.values)
known = isoperf.Estimate.from_draws(best, loss_for(*fit.draws.T), level=0.9, unit="nats/token")
print(f"status {fit.status}; six models, three parameters: read the interval, not the value")
print(f"an average accuracy of 50% needs a loss of {known}")
