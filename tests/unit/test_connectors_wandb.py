"""Logs of Weights & Biases: cut, damaged, resumed, of older writers; and histories as Parquet."""

from __future__ import annotations

import math
from pathlib import Path

import polars as pl
import pytest

from isoperf.errors import DataError
from isoperf.readers import load
from tests.unit.connector_checks import read, rows
from tests.unit.connector_files import FILES
from tests.unit.wandb_bytes import BLOCK, ended, framed, history, item, message, run

LONG = next((FILES / "wandb_runs").rglob("run-large001.wandb"))


def kept(folder: Path, *logs: bytes) -> Path:
    """Write each log to a folder of its own, in order."""
    for place, log in enumerate(logs):
        path = folder / "wandb" / f"run-2025010{place}_000000-r" / "run-r.wandb"
        path.parent.mkdir(parents=True)
        path.write_bytes(log)
    return folder / "wandb"


def test_records_across_blocks_are_put_together() -> None:
    data = LONG.read_bytes()
    assert len(data) > BLOCK, "the file would show nothing otherwise"
    reading = read(LONG, "history")
    assert len(reading.table) == 161 and rows(reading, "step")[-1] == (160,)


def test_the_log_of_a_killed_run_keeps_what_is_whole(tmp_path: Path) -> None:
    (tmp_path / LONG.name).write_bytes(LONG.read_bytes()[: BLOCK + 1000])
    runs, course = read(tmp_path), read(tmp_path, "history")
    assert rows(runs, "run", "status", "n_params") == [("large001", "UNFINISHED", 410e6)]
    assert 50 < len(course.table) < 161
    assert course.table["loss"][20] == pytest.approx(4 + 80**2 / 1000)
    assert any("ends inside" in note for note in runs.skipped)
    # Without an end there is still the last value of each metric.
    assert runs.table["loss"][0] == course.table["loss"][-1]


def test_a_flipped_bit_ends_the_reading_there(tmp_path: Path) -> None:
    data = bytearray(LONG.read_bytes())
    data[20_000] ^= 1
    (tmp_path / LONG.name).write_bytes(data)
    reading = read(tmp_path, "history")
    assert 20 < len(reading.table) < 100 and any("is damaged" in note for note in reading.skipped)
    data[20] ^= 1
    (tmp_path / LONG.name).write_bytes(data)
    with pytest.raises(DataError, match=r"names no run \(the record at byte 7 is damaged\)"):
        load(tmp_path)


def test_older_writers_keep_keys_whole(tmp_path: Path) -> None:
    config = [item("n_params", "7e7"), item("model", {"width": 8}), item("_wandb", {"cli_version": "1"})]
    more = message((5, message((1, item("optimizer", '"adamw"')), (2, message((1, "model"))))))
    image = item("image", {"_type": "image-file", "path": "a.png"})
    log = framed([run(config=config), more, history(3, item("eval", {"loss": 2.0}), image, item("ok", True))])
    reading = read(kept(tmp_path, log))
    assert rows(reading, "n_params", "optimizer", "eval.loss", "ok") == [(7e7, "adamw", 2.0, 1.0)]
    assert "model.width" not in reading.table, "a setting that was removed"
    assert not [name for name in reading.table.columns if "cli_version" in name or "image" in name]


def test_values_that_newer_writers_keep_with_their_type(tmp_path: Path) -> None:
    typed = [message((1, "flag"), (4, 1)), message((1, "n"), (5, -2)), message((1, "loss"), (6, 2.5))]
    log = framed([run(), history(0, *typed, message((1, "note"), (7, "x")), item("worst", '"Infinity"'))])
    reading = read(kept(tmp_path, log), "history")
    assert rows(reading, "flag", "n", "loss", "worst") == [(1, -2, 2.5, math.inf)]
    assert reading.skipped == ("1 value that are no numbers (words, lists, media)",)


def test_how_a_run_ended(tmp_path: Path) -> None:
    loss = history(0, item("loss", 2.0))
    for place, (log, status) in enumerate([([ended()], "FINISHED"), ([ended(1)], "FAILED"), ([], "UNFINISHED")]):
        made = kept(tmp_path / str(place), framed([run(), loss, *log]))
        assert rows(read(made), "status") == [(status,)]


def test_the_clock_of_a_resumed_run(tmp_path: Path) -> None:
    first = framed([run(), history(0, item("loss", 4.0), seconds=10.0), ended()])
    fresh = framed([run(), history(1, item("loss", 3.0), seconds=5.0), ended()])
    going_on = framed([run(kept=10), history(1, item("loss", 3.0), seconds=15.0), ended()])
    for place, second in enumerate((fresh, going_on)):
        made = kept(tmp_path / str(place), first, second)
        assert rows(read(made), "run", "loss", "seconds") == [("r", 3.0, 15.0)]
        assert rows(read(made, "history"), "step", "seconds") == [(0, 10.0), (1, 15.0)]


def test_the_summary_wins_over_the_last_step(tmp_path: Path) -> None:
    best = message((3, message((1, item("loss", 1.5)), (1, item("gone", 1.0)))))
    less = message((3, message((2, message((1, "gone"))))))
    made = kept(tmp_path, framed([run(), history(0, item("loss", 2.0), item("step", 7)), best, less, ended()]))
    assert rows(read(made), "loss", "metrics.step", "step") == [(1.5, 7, 0)]
    assert "gone" not in read(made).table


def test_what_is_no_log_is_refused(tmp_path: Path) -> None:
    for place, (data, said) in enumerate([
        (b"", "does not begin"), (b":W&B", "does not begin"), (framed([]), "names no run"),
        (framed([message((2, b""))]), "names no run"), (framed([b"\xff" * 20]), "damaged or not as that tool"),
    ]):  # fmt: skip
        made = kept(tmp_path / str(place), data)
        with pytest.raises(DataError, match=said):
            load(made)
    with pytest.raises(DataError, match="holds no rows"):
        load(kept(tmp_path / "empty", framed([run()])), sheet="history")


def test_a_history_as_parquet(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {"_step": [0, 5], "_timestamp": [1.7e9, 1.7e9 + 1], "_runtime": [0.5, 1.0], "loss": [4.0, 3.5]}
    )
    frame.write_parquet(tmp_path / "run-a.parquet")
    reading = read(tmp_path / "run-a.parquet")
    assert (reading.format, reading.other_tables) == ("Weights & Biases", ())
    assert rows(reading, "run", "step", "seconds", "loss") == [("run-a", 0, 0.5, 4.0), ("run-a", 5, 1.0, 3.5)]
    assert reading.table.units["step"] == "steps" and reading.table.units["time"] == "s"
    with pytest.raises(DataError, match="Name the folder wandb/ for runs"):
        load(tmp_path / "run-a.parquet", sheet="runs")
