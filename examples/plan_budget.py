"""Split a compute budget between parameters and tokens, and price being off the best size."""

import isoperf

runs = isoperf.datasets.load("stdlib_lm").where("n_steps > 1000")
plan = isoperf.plan(runs, flops=(1e14,), target_loss=(1.1,), law="chinchilla", seed=0)

budget = plan.budgets[0]
print(f"with {budget.flops:.0e} FLOPs")
print(f"  parameters  {budget.n_params}")
print(f"  bytes       {budget.n_tokens}")
print(f"  loss        {budget.loss}")

target = plan.targets[0]
print(f"a loss of {target.loss} needs {target.flops}; {target.reached:.1%} of the fits reach it")

for detour in plan.detours:
    print(f"at {detour.factor:g} times the best size the loss is {detour.loss_increase.value:.2%} higher")
