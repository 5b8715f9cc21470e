"""Programs that write to a store until they are killed, and what must be true of it afterwards."""

from __future__ import annotations

import random
import signal
import subprocess
import sys

import numpy as np

from isoperf.observations import Observations
from isoperf.store import Store

WRITER = """
import sys
from isoperf.store import Store
store, who, n_rows = Store(sys.argv[1]), sys.argv[2], int(sys.argv[3])

def rows(k):
    return {"k": [float(k)] * n_rows, "row": list(range(n_rows)), "word": [f"{who}-{k}"] * n_rows}

names = {entry.name for entry in store.ls()}
for name in (f"log_{who}", f"last_{who}"):
    if name not in names:
        store.add(name, rows(0))
print("ready", flush=True)
first = sum(name.startswith(f"new_{who}_") for name in names)
k = max(store.get(f"last_{who}")["k"][0], store.get(f"log_{who}")["k"][-1])
while True:
    k += 1
    store.add(f"new_{who}_{first}", rows(first))
    print("new", first, flush=True)
    store.add(f"log_{who}", rows(k), append=True)
    print("log", k, flush=True)
    store.add(f"last_{who}", rows(k), replace=True)
    print("last", k, flush=True)
    first += 1
"""


def start(place: str, who: str, n_rows: int = 3) -> subprocess.Popen[str]:
    """Start a writer that tells of every addition once it has returned."""
    command = [sys.executable, "-c", WRITER, place, who, str(n_rows)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def kill_after(writer: subprocess.Popen[str], seconds: float) -> list[tuple[str, float]]:
    """Kill a writer some time after its first addition, and return what it had told."""
    assert writer.stdout is not None and writer.stderr is not None
    assert writer.stdout.readline() == "ready\n", writer.stderr.read()
    first = writer.stdout.readline()
    try:
        writer.wait(seconds)
    except subprocess.TimeoutExpired:
        writer.send_signal(signal.SIGKILL)
    with writer:  # communicate would lose what readline has read ahead
        out, err = writer.stdout.read(), writer.stderr.read()
    assert writer.returncode == -signal.SIGKILL, err
    told = [line.split() for line in (first + out).splitlines(keepends=True) if line.endswith("\n")]
    return [(what, float(number)) for what, number in told]


def check_kept(place: str, who: str, told: list[tuple[str, float]]) -> None:
    """Assert that all that was told is there, cell for cell, and that no file is damaged."""
    store = Store(place)
    assert store.check() == []
    for what, number in told:
        if what == "new":
            table = store.table(f"new_{who}_{number:.0f}")
            assert set(table["k"]) == {number} and set(table["word"]) == {f"{who}-{number:.0f}"}
    last = max((number for what, number in told if what == "last"), default=0.0)
    assert store.table(f"last_{who}")["k"].min() >= last
    logged = {number for what, number in told if what == "log"}
    assert logged <= set(store.table(f"log_{who}")["k"])
    check_whole(store.table(f"log_{who}"))


def check_whole(log: Observations) -> None:
    """Assert that every addition to a log is there with all of its rows, or not at all, and once."""
    _, counts = np.unique(log["k"], return_counts=True)
    assert set(counts) == {int(log["row"].max()) + 1}


def kill_rounds(place: str, rounds: int, seed: int, n_rows: int, longest: float) -> int:
    """Kill one writer after another at random moments; return how many additions had been told."""
    Store(place).create()
    delays, told = random.Random(seed), []
    for _ in range(rounds):
        told += kill_after(start(place, "a", n_rows), delays.uniform(0, longest))
        check_kept(place, "a", told)
    return len(told)
