"""What the store has acknowledged outlives killed writers, a second writer and a full disk."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from isoperf.store import Store
from tests.unit.store_writers import check_kept, check_whole, kill_after, kill_rounds, start

needs_kill = pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is of POSIX systems")
LIMITED = """
import resource, sys
from isoperf.errors import OutputError
from isoperf.store import Store
store, limit, n_rows = Store(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
done = []
try:
    for k in range(200):
        store.add(f"run_{k}", {"loss": [k + i / 7 for i in range(n_rows)]})
        done.append(k)
except OutputError as error:
    print(len(done), error)
"""
FULL = """
import sys
from isoperf.errors import OutputError
from isoperf.store import Store
store, n_rows, k = Store(sys.argv[1]), int(sys.argv[2]), 0
try:
    while True:
        store.add(f"run_{k}", {"loss": [k + i / 7 for i in range(n_rows)]})
        k += 1
except OutputError as error:
    print(k, error)
"""


@pytest.fixture(params=["folder", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return where a store of each kind is to be made."""
    return str(request.getfixturevalue("postgres").fresh() if request.param == "postgresql" else tmp_path / "store")


@needs_kill
def test_acknowledged_outlives_kills(place: str) -> None:
    assert kill_rounds(place, rounds=2, seed=1, n_rows=3, longest=0.3) >= 2


@needs_kill
@pytest.mark.slow
@pytest.mark.parametrize(("n_rows", "rounds"), [(3, 50), (200_000, 20)])
def test_acknowledged_outlives_many_kills(place: str, n_rows: int, rounds: int) -> None:
    told = kill_rounds(place, rounds=rounds, seed=n_rows, n_rows=n_rows, longest=0.6)
    print(f"{told} additions were acknowledged before {rounds} kills; all are there")
    assert told >= rounds


@needs_kill
@pytest.mark.parametrize("seconds", [0.5, pytest.param(20.0, marks=pytest.mark.slow)])
def test_two_writers_at_once(place: str, seconds: float) -> None:
    Store(place).create()
    writers = {who: start(place, who) for who in ("a", "b")}
    told = {who: kill_after(writer, seconds) for who, writer in writers.items()}
    print(f"{[len(lines) for lines in told.values()]} additions were acknowledged to two writers; all are there")
    for who, lines in told.items():
        assert lines, f"writer {who} never got its turn"
        check_kept(place, who, lines)


@needs_kill
def test_a_reader_sees_whole_tables_while_they_are_replaced(place: str) -> None:
    store = Store(place).create()
    writer = start(place, "a")
    assert writer.stdout is not None and writer.stdout.readline() == "ready\n"
    seen = [0.0]
    for _ in range(25):
        table = store.table("last_a")
        assert len(table) == 3 and len(set(table["k"])) == 1
        asked = store.query("select count(*) as n, min(k) as low, max(k) as high from last_a")
        assert asked["n"].item() == 3 and asked["low"].item() == asked["high"].item()
        seen += [table["k"][0], asked["low"].item()]
    assert seen == sorted(seen)
    writer.kill()
    writer.communicate()
    check_whole(store.table("log_a"))


def test_threads_may_make_and_share_a_store(place: str) -> None:
    def work(k: int) -> int:
        store = Store(place).create()
        store.add(f"n{k}", {"loss": [float(k)]})
        return int(store.table(f"n{k}")["loss"][0])

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(16))) == list(range(16))
    assert len(Store(place).ls()) == 16


def test_only_one_of_two_writers_gets_a_name(place: str) -> None:
    script = (
        "import sys; from isoperf.store import Store; from isoperf.errors import OptionError\n"
        "won = 0\n"
        "for k in range(20):\n"
        "    try: Store(sys.argv[1]).add(f'n{k}', {'loss': [float(sys.argv[2])]}); won += 1\n"
        "    except OptionError: pass\n"
        "print(won)"
    )
    store = Store(place).create()
    command = [sys.executable, "-c", script, place]
    both = [subprocess.Popen([*command, who], stdout=subprocess.PIPE, text=True) for who in "12"]
    won = [int(one.communicate()[0]) for one in both]
    assert sum(won) == 20 == len(store.ls())
    stored = [store.table(f"n{k}")["loss"][0] for k in range(20)]
    assert [stored.count(1.0), stored.count(2.0)] == won


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are of POSIX systems")
@pytest.mark.parametrize(
    ("limit", "n_rows", "what"),
    [(50_000, 20_000, "a table's file"), (40_000, 2, "the catalogue")],
)
def test_a_file_that_may_not_grow_loses_nothing(tmp_path: Path, limit: int, n_rows: int, what: str) -> None:
    store = Store(tmp_path / "store").create()
    before = store.add("before", {"loss": [1.0, 2.0]})
    command = [sys.executable, "-c", LIMITED, str(store.path), str(limit), str(n_rows)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    count, message = done.stdout.split(" ", 1)
    assert "could not be" in message, what
    _check_runs(store, int(count), n_rows)
    assert store.entry("before") == before and store.table("before")["loss"].tolist() == [1.0, 2.0]
    store.add("after", {"loss": [3.0]})


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="mounts a small file system of Linux")
@pytest.mark.parametrize("n_rows", [2, 20_000])
def test_a_full_disk_loses_nothing(tmp_path: Path, n_rows: int) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"tmpfs", os.fsencode(disk), b"tmpfs", 0, b"size=1m") != 0:
        pytest.skip(f"may not mount a small disk: {os.strerror(ctypes.get_errno())}")
    try:
        store, ballast = Store(disk / "store").create(), disk / "ballast"
        ballast.write_bytes(bytes(100_000))
        command = [sys.executable, "-c", FULL, str(store.path), str(n_rows)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        count, message = done.stdout.split(" ", 1)
        assert int(count) > 0 and ("full" in message or "space" in message)
        _check_runs(store, int(count), n_rows)
        ballast.unlink()
        store.remove("run_0")
        store.add("after", {"loss": [3.0]})
        assert store.table("after")["loss"].tolist() == [3.0] and store.check() == []
    finally:
        libc.umount2(os.fsencode(disk), 2)


def _check_runs(store: Store, count: int, n_rows: int) -> None:
    """Assert that the first ``count`` runs are there cell for cell, no further one, and no file is damaged."""
    assert store.check() == []
    names = {entry.name for entry in store.ls() if entry.name.startswith("run_")}
    assert names == {f"run_{k}" for k in range(count)}
    for k in range(count):
        assert store.table(f"run_{k}")["loss"].tolist() == [k + i / 7 for i in range(n_rows)]
