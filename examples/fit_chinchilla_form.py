"""Fit loss as power laws in parameters and tokens above a floor, and read the parameters with their intervals."""

import isoperf

# Shorter runs of this table are still in their first descent, which no law of final losses describes.
runs = isoperf.datasets.load("stdlib_lm").where("n_steps > 1000")
fit = isoperf.fit(runs, law="chinchilla", seed=0)

print(f"{fit.n_rows} runs, status {fit.status}")
for name, known in fit.parameters().items():
    print(f"{name:17s} {known}")

# Exponents and amplitudes move together; what the law says at a point is far better known.
(inside,) = fit.predict(n_params=164_288, n_tokens=4_194_304)
print(f"loss of the law at 164K parameters and 4.2M bytes: {inside}")
