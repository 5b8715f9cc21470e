"""Write a law of your own in ten lines, and hold it against the built-in ones on runs it has not seen."""

import isoperf
from isoperf import Law, Param, Reference


class Product(Law):
    """Loss as one product of powers above a floor."""

    name = "product"
    inputs = ("n_params", "n_tokens")
    output = "loss"
    params = (
        Param("irreducible_loss", "E", bounds=(0, 1e6), linear=True),
        Param("scale", "A", log=True, linear=True),
        Param("param_exponent", "α", bounds=(0, 2), start=(0.01, 1.0)),
        Param("token_exponent", "β", bounds=(0, 2), start=(0.01, 1.0)),
    )
    reference = Reference("this example")

    def formula(self, p, n_params, n_tokens):
        """Return the loss."""
        return p.irreducible_loss + p.scale * n_params**-p.param_exponent * n_tokens**-p.token_exponent


runs = isoperf.datasets.load("stdlib_lm").where("n_steps > 1000")
fit = isoperf.fit(runs, law=Product, seed=0)
print(fit.parameters()["token_exponent"])

split = isoperf.validate(runs, law=Product, factors=(10,), seed=0).made[0]
for law in sorted(split.laws, key=lambda law: law.error):
    print(f"{law.law:13s} error on {split.n_test} larger runs {law.error:6.1%}")
