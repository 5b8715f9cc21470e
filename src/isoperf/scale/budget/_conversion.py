"""A cost in compute told in accelerator hours or in dollars, by the arithmetic of the ledger."""

from __future__ import annotations

from isoperf.fitting.costs import Cost
from isoperf.ledger.charges import SECONDS_PER_HOUR
from isoperf.ledger.roofline import compute_seconds

__all__ = ["dollars", "gpu_hours"]


def gpu_hours(cost: Cost, flops_per_second: float, mfu: float, serving_mfu: float | None = None) -> Cost:
    """Turn compute into accelerator hours at the peak rate and the share of it that is reached."""
    share = {name: serving_mfu or mfu if name == "serving" else mfu for name in cost.parts}
    each = {
        name: float(compute_seconds(1.0, peak=flops_per_second, efficiency=one)) / SECONDS_PER_HOUR
        for name, one in share.items()
    }
    return cost.times(each, "GPU-hours")


def dollars(hours: Cost, price_per_gpu_hour: float) -> Cost:
    """Turn accelerator hours into US dollars."""
    return hours.times(price_per_gpu_hour, "USD")
