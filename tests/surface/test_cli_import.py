"""``isoperf import`` says what it read, and keeps it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from isoperf.readers import load
from tests.surface.shell import run
from tests.unit import connector_traps as traps
from tests.unit.connector_files import FILES, database

EMISSIONS = str(FILES / "emissions.csv")


@pytest.mark.parametrize("suffix", ["parquet", "csv", "jsonl"])
def test_the_table_is_kept(suffix: str, tmp_path: Path) -> None:
    kept = tmp_path / f"kept.{suffix}"
    told = json.loads(run("import", str(FILES / "tensorboard"), "--to", str(kept), "--json").out)
    assert (told["format"], told["written"]) == ("TensorBoard", str(kept))
    assert load(kept) == load(FILES / "tensorboard")


def test_what_was_read_and_left_out_is_said(tmp_path: Path) -> None:
    path = database(FILES / "mlflow.sql", tmp_path)
    ran = run("import", str(path))
    for piece in ("MLflow", "--sheet history", "1 deleted run", "n_params", "params", "started [ms] * 0.001"):
        assert piece in ran.out, piece
    told = json.loads(run("import", str(path), "--sheet", "history", "--json").out)
    assert (told["format"], told["n_rows"], told["other_tables"]) == ("MLflow", 6, ["runs"])
    assert told["skipped"][0] == "1 deleted run" and told["written"] is None and told["schema"] == "isoperf-result/1"


def test_options_of_tables_hold() -> None:
    ran = run("import", EMISSIONS, "--where", "energy > 2e6", "--json")
    assert json.loads(ran.out)["n_rows"] == 1
    renamed = run("import", EMISSIONS, "--map", "power=gpu_power", "--json")
    assert "power" in [column["column"] for column in json.loads(renamed.out)["summary"]]


def test_a_pattern(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(traps.LEADERBOARD, "utf-8")
    (tmp_path / "b.csv").write_text(traps.LEADERBOARD, "utf-8")
    told = json.loads(run("import", str(tmp_path / "*.csv"), "--json").out)
    assert (told["format"], told["n_rows"]) == ("the Open LLM Leaderboard", 4)


def test_a_table_known_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    told = json.loads(run("import", "stdlib_lm", "--where", "n_steps > 1000", "--json").out)
    assert told["n_rows"] == 66
    ran = run("import", "stdlib_l")
    assert ran.code == 2 and "Did you mean 'stdlib_lm'" in ran.err


@pytest.mark.parametrize(
    ("args", "code", "piece"),
    [
        ((EMISSIONS, "--to", "a.xml"), 2, ".parquet, .csv, .jsonl"),
        ((EMISSIONS, "--to", "nowhere/a.csv"), 2, "no folder"),
        (("nothing.db",), 3, "does not exist"),
        ((EMISSIONS, "--sheet", "runs"), 3, "one table"),
    ],
)
def test_what_cannot_be_done_is_said(args: tuple[str, ...], code: int, piece: str) -> None:
    ran = run("import", *args)
    assert ran.code == code and piece in ran.err


def test_tables_of_an_answer_are_kept(tmp_path: Path) -> None:
    ran = run("import", EMISSIONS, "--tables", str(tmp_path / "out"))
    assert ran.code == 0 and "1 table written" in ran.err
    assert (tmp_path / "out" / "01-columns.csv").read_text("utf-8").startswith("column,unit,cells")
