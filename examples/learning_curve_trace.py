"""Fit a learning curve again and again as it grows, to see whether it has told enough.

The first run settles early and still ends far below its limit: its learning rate decays at the end, and no
smooth curve foretells the drop that this brings. Settled means that more points of the same kind would not
move the fitted curve. The second run does not settle.
"""

import isoperf

curves = isoperf.datasets.load("stdlib_lm_curves")
for run in ("d16_t8388608_s0", "d96_t8388608_s0"):
    one = curves.where(f'run == "{run}"')
    trace = isoperf.trace(one, x="n_tokens", y="loss", seed=0)
    print(f"{run}: {len(one)} points, the last at a loss of {one['loss'][-1]:.3f}")
    if trace.stop is None:
        print("  not settled: keep training and look again")
    else:
        print(f"  settled with {trace.stop} points, which was seen at {trace.confirmed}")
    print(f"  limit of the curve from all points: {trace.asymptote}")
