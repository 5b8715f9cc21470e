"""Whatever happens to a tool's file, it is read or refused with a message."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from isoperf.errors import DataError
from isoperf.readers import read_path
from tests.unit import connector_traps as traps
from tests.unit.connector_files import FILES, database
from tests.unit.wandb_bytes import ended, framed, history, item, message, run

JSON: dict[str, Any] = {
    "serve.json": traps.VLLM | traps.VLLM_DETAILS,
    "guide.json": traps.guidellm(),
    "usage.json": traps.USAGE,
    "trainer_state.json": {"global_step": 2, "log_history": [{"step": 1, "loss": 2.0}, {"step": 2, "eval_loss": 3.0}]},
    "history.json": [{"_step": 0, "_timestamp": 1.0, "loss": 2.0, "eval": {"loss": 1.0}}],
    "journal.json": [json.loads(line) for line in (FILES / "optuna_journal.log").read_text("utf-8").splitlines()],
    "stats.json": [{"name": {"name": "em", "split": "test"}, "count": 1, "sum": 1.0, "mean": 1.0, "stddev": 0.0}],
}
TEXT = {
    "chart.csv": traps.CHART,
    "board.csv": traps.LEADERBOARD,
    **{
        name: (FILES / name).read_text("utf-8")
        for name in ("emissions.csv", "mlflow_search_runs.csv", "optuna_trials.csv", "openai_usage.jsonl")
    },
    "benchmarks.csv": (FILES / "guidellm" / "benchmarks.csv").read_text("utf-8"),
    "report.yaml": yaml.safe_dump(traps.guidellm()),
}
SHEETS = (None, "requests", "history", "intermediate", "instances", "runs")
ODD: tuple[Any, ...] = (
    *(None, True, -1, 0, 1e308, 10**400, float("nan"), float("inf")),
    *("", "x", "12 ms", [], [[]], {}, {"a": {}}, [None]),
)


def reads_or_refuses(path: Path) -> None:
    for sheet in SHEETS:
        try:
            assert len(read_path(path, {}, {}, sheet).table)
        except DataError as error:
            assert str(error).endswith((".", "?")), error


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a decoded value, so that each can be spoilt."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [at, *(found for key, part in inner for found in places(part, (*at, key)))]


def spoilt(value: Any, at: tuple[Any, ...], odd: Any) -> Any:
    if not at:
        return odd
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[at[0]] = spoilt(value[at[0]], at[1:], odd)
    return copy


@pytest.mark.parametrize("name", JSON)
def test_a_wrong_type_anywhere(name: str, tmp_path: Path) -> None:
    content, rng = JSON[name], np.random.default_rng(0)
    known = places(content)
    path = tmp_path / name
    if name == "stats.json":
        (tmp_path / "run_spec.json").write_text('{"name": "mmlu:x", "adapter_spec": {"model": "m"}}', "utf-8")
    for at in rng.permutation(len(known))[:60]:
        for odd in rng.permutation(len(ODD))[:5]:
            path.write_text(json.dumps(spoilt(content, known[at], ODD[odd])), "utf-8")
            reads_or_refuses(tmp_path if name == "stats.json" else path)


def damaged(data: bytes, changes: list[tuple[int, int]], cut: int) -> bytes:
    held = bytearray(data)
    for at, value in changes:
        held[at % len(held)] = value
    return bytes(held[: len(held) - cut % len(held)])


DAMAGE = {
    "changes": st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=6),
    "cut": st.one_of(st.just(0), st.integers(0, 10**6)),
}


@pytest.mark.parametrize("name", TEXT)
@given(**DAMAGE)
@settings(max_examples=40, deadline=None)
def test_damaged_text(name: str, changes: list[tuple[int, int]], cut: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(damaged(TEXT[name].encode(), changes, cut))
        reads_or_refuses(path)


@pytest.mark.parametrize("name", ["mlflow.sql", "optuna.sql"])
@given(**DAMAGE)
@settings(max_examples=25, deadline=None)
def test_damaged_databases(name: str, changes: list[tuple[int, int]], cut: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = database(FILES / name, Path(folder))
        path.write_bytes(damaged(path.read_bytes(), changes, cut))
        reads_or_refuses(path)


@pytest.mark.parametrize(
    "name", ["guidellm", "helm", "lm_eval", "mlruns", "tensorboard", "trainer", "vllm", "wandb_runs"]
)
@given(which=st.integers(0, 100), **DAMAGE)
@settings(max_examples=40, deadline=None)
def test_damaged_folders(name: str, which: int, changes: list[tuple[int, int]], cut: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(shutil.copytree(FILES / name, Path(folder, name)))
        files = sorted(path for path in copy.rglob("*") if path.is_file() and path.stat().st_size)
        chosen = files[which % len(files)]
        chosen.write_bytes(damaged(chosen.read_bytes(), changes, cut))
        reads_or_refuses(copy)


LOG = [
    run(config=[item("n_params", 7e7), item("model", {"width": 8})]),
    history(0, item("loss", 4.0), item("eval", {"loss": 2.0}), seconds=1.0),
    message((3, message((1, item("loss", 3.5))))),
    ended(),
]


@given(which=st.integers(0, len(LOG) - 1), **DAMAGE)
@settings(max_examples=150, deadline=None)
def test_damaged_messages_under_right_checksums(which: int, changes: list[tuple[int, int]], cut: int) -> None:
    records = [damaged(record, changes, cut) if place == which else record for place, record in enumerate(LOG)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "run-r.wandb")
        path.write_bytes(framed(records))
        reads_or_refuses(path)


@pytest.mark.parametrize("value", [*ODD, "Infinity", [1], {"_type": "image-file"}])
@pytest.mark.parametrize("key", ["loss", "_step", "_runtime", "_timestamp", "", "run", "a.b"])
def test_odd_values_in_a_log(key: str, value: Any, tmp_path: Path) -> None:
    odd = item(key, json.dumps(value))
    records = [run(config=[odd]), message((2, message((1, odd)))), message((3, message((1, odd)))), ended()]
    path = tmp_path / "run-r.wandb"
    path.write_bytes(framed(records))
    reads_or_refuses(path)


def test_a_wrong_type_anywhere_in_yaml(tmp_path: Path) -> None:
    content, rng = traps.guidellm(), np.random.default_rng(0)
    known = places(content)
    for at in rng.permutation(len(known))[:60]:
        for odd in rng.permutation(len(ODD))[:3]:
            path = tmp_path / "report.yaml"
            path.write_text(yaml.safe_dump(spoilt(content, known[at], ODD[odd])), "utf-8")
            reads_or_refuses(path)
