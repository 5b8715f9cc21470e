"""Folders of runs by Weights & Biases without its service, as it leaves them on the disk."""

from __future__ import annotations

import math
import shutil
import time
from pathlib import Path
from typing import Any

LOSSES = [4.0, 3.5, 3.25]
N_LONG = 160
"""Steps of a run whose log is longer than a block of 32 KiB."""


def write_wandb(folder: Path) -> Path:
    """A run that was resumed and repeated its last step, and a longer one; settings nested, media, a NaN, words."""
    import wandb

    small = {"n_params": "70M", "optimizer": "adamw", "model": {"width": 8}, "layers": [1, 2]}
    with _begin(folder, "small", small) as run:
        for place, loss in enumerate(LOSSES):
            run.log({"loss": loss, "eval": {"loss": loss / 2}}, step=10 * place)
    time.sleep(1.1)  # folders are named by the second
    with _begin(folder, "small", small) as run:
        run.log({"loss": LOSSES[-1] - 0.25, "phase": "warm", "grad_norm": math.nan}, step=20)
        run.summary["best"] = 3.0
    with _begin(folder, "large", {"n_params": 410e6, "optimizer": "sgd"}) as run:
        run.define_metric("loss", summary="min")
        for place in range(N_LONG):
            run.log({"loss": 4.0 + (place - 100) ** 2 / 1000, "note": "a word that fills the block"}, step=place)
        run.log({"weights": wandb.Histogram([0.0, 1.0, 2.0])}, step=N_LONG)
    wandb.teardown()  # waits for the process that writes the logs
    return _neutral(folder)


def _begin(folder: Path, name: str, config: dict[str, Any]) -> Any:
    import wandb

    quiet: dict[str, Any] = {"x_disable_stats": True, "x_disable_meta": True, "x_disable_machine_info": True}
    settings = wandb.Settings(
        mode="offline", disable_git=True, disable_code=True, console="off", silent=True, host="host", username="user",
        **quiet,
    )  # fmt: skip
    where = {"project": "sweep", "group": "first", "dir": str(folder)}
    return wandb.init(name=name, id=f"{name}001", config=config, settings=settings, **where)


def _neutral(folder: Path) -> Path:
    """Keep the logs alone: the other files are about the machine."""
    made = folder / "wandb_runs"
    for path in (folder / "wandb").glob("*run-*/*.wandb"):
        kept = made / path.parent.name
        kept.mkdir(parents=True)
        shutil.copy(path, kept)
    return made
