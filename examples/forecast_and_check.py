"""Forecast the largest runs of a table from the smaller ones, then look at what was measured."""

import numpy as np

import isoperf

runs = isoperf.datasets.load("stdlib_lm").where("n_steps > 1000")
compute = 6 * runs["n_params"] * runs["n_tokens"]
large = compute > compute.max() / 10
learnt, unseen = runs.take(np.flatnonzero(~large)), runs.take(np.flatnonzero(large))

made = isoperf.forecast(
    learnt, n_params=tuple(unseen["n_params"]), n_tokens=tuple(unseen["n_tokens"]), level=0.9, seed=0
)
print(f"{len(learnt)} runs learnt from, law chosen among them: {made.fit.law.name}")
print("    params     bytes   measured  forecast  90% interval")
for row, said in zip(unseen.to_dicts(), made.runs, strict=True):
    print(f"{row['n_params']:10.0f}{row['n_tokens']:10.0f}{row['loss']:11.4f}{said.value:10.4f}", end="")
    print(f"  {said.low:.4f} to {said.high:.4f}")

error = np.abs(made.runs.value / unseen["loss"] - 1).mean()
inside = np.mean((made.runs.low <= unseen["loss"]) & (unseen["loss"] <= made.runs.high))
print(f"mean error {error:.1%}; the 90% interval held {inside:.0%} of {len(unseen)} unseen runs")
