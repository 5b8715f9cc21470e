"""From five small RedPajama runs, predict the loss and the average error of two runs up to 300 times larger.

Gadre et al. 2024, Language models scale reliably with over-training and on downstream tasks: parameters,
tokens, loss on C4 and average error over 17 tasks from the paper's public repository (MIT licence). The
paper's notebook prints relative errors of 0.71% and 0.73% for the losses, 3.64% and 0.05% for the errors.
"""

import isoperf

SMALL = {  # the last run only helps to map loss to error, as in the paper
    "n_params": [10569312, 10569312, 78914048, 153677376, 411616256, 1439795200],
    "n_tokens": [211386240, 3382179840, 1578280960, 3073547520, 8232325120, 28795904000],
    "loss": [5.387020915, 4.572292613, 3.899942990, 3.531147408, 3.149769457, 2.768756662],
    "error": [0.8134857368, 0.7671019084, 0.7250451835, 0.6710080283, 0.6365529066, 0.5473253052],
}
LARGE = [
    ("1.4B at 640 tokens per parameter", 1439795200, 921468928000, 2.502053562, 0.4752152317),
    ("6.9B at 20 tokens per parameter", 6889410560, 137788211200, 2.424993099, 0.4716371807),
]

first_five = {name: values[:5] for name, values in SMALL.items()}
loss_law = isoperf.fit(first_five, law="overtraining", noise="squared", seed=0)
error_law = isoperf.fit(SMALL, law="loss_to_error", noise="squared", seed=0)

for label, n_params, n_tokens, loss, error in LARGE:
    (said,) = loss_law.predict(n_params=n_params, n_tokens=n_tokens)
    (wrong,) = error_law.predict(loss=said.value)
    print(f"{label}: loss {said.value:.4f}, off by {abs(said.value / loss - 1):.2%};", end=" ")
    print(f"error {wrong.value:.4f}, off by {abs(wrong.value / error - 1):.2%}")
