"""Tasks for the tests of executors, importable in worker processes."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import numpy as np

from isoperf.trials.asked import Asked


def add_square(shared: float, task: float) -> float:
    return shared + task * task


def who(shared: Any, task: float) -> int:
    time.sleep(task)
    return os.getpid()


def refuse(shared: Any, task: int) -> int:
    if task == 2:
        raise ValueError(f"task {task} is refused")
    return task


class Unsendable(Exception):
    """An error that cannot be made again from its arguments."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(f"{first} {second}")


def raise_unsendable(shared: Any, task: int) -> None:
    raise Unsendable("one", "two")


def die_once(flag: str, task: int) -> int:
    """The first process that takes task 1 is killed, as by the kernel when memory is short."""
    if task == 1 and not Path(flag).exists():
        Path(flag).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return task


def die(shared: Any, task: int) -> int:
    if task == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    return task


def product(shared: Any, size: int) -> float:
    """A product whose last digits depend on how many threads share it out."""
    rng = np.random.default_rng(size)
    left, right = rng.normal(size=(size, 200)), rng.normal(size=(200, size))
    return float((left @ right).sum())


def normal_mean(rng: np.random.Generator) -> float:
    return float(rng.normal(size=100).mean())


def scaled_mean(scale: float, rng: np.random.Generator) -> float:
    return scale * float(rng.normal(size=100).mean())


def bowl(trial: Asked) -> float:
    return float((trial["x"] - 3) ** 2)


def deadly_bowl(trial: Asked) -> float:
    if trial["x"] == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return bowl(trial)
