"""Files of other tools: recognised, read with exact units, their traps handled; broken ones refused."""

from __future__ import annotations

import gzip
import json
import math
import sqlite3
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from isoperf.errors import DataError
from isoperf.readers import Reading, load
from isoperf.readers.tools import tools
from tests.docs.pages import ROOT
from tests.unit import connector_traps as traps
from tests.unit.connector_checks import OF_PATHS, read, rows
from tests.unit.connector_files import FILES, MAKERS, database
from tests.unit.connector_table import BEGIN, END, ENTRIES, PAGE, reading_of, table
from tests.unit.connector_traps import write

INF = math.inf


def place(name: str, folder: Path) -> Path:
    """Return the committed file; a database is made of its dump."""
    return database(FILES / name, folder) if name.endswith(".sql") else FILES / name


# What was logged, by connector_files.py: the value at step 200 was logged twice, the later one is 0.25 lower.
def check_mlflow_runs(reading: Reading) -> None:
    assert reading.format == "MLflow"
    found = rows(reading, "name", "n_params", "optimizer", "learning_rate", "loss", "status", "started", "ended")
    facts = ("adamw", 3e-4)
    times = ("FINISHED", 1.7e9, 1.7e9 + 60)
    assert sorted(found) == [("large", 410e6, *facts, 2.625, *times), ("small", 70e6, *facts, 3.0, *times)]
    assert reading.table.units["n_params"] == "params"
    assert "grad_norm" not in reading.table or np.isnan(reading.table["grad_norm"]).all()


def check_mlflow_store(reading: Reading) -> None:
    check_mlflow_runs(reading)
    assert reading.skipped == ("1 deleted run",) and reading.other_tables == ("history",)
    assert set(reading.table["experiment"]) == {"sweep"}
    assert reading.table.units["started"] == "s" and "0.001" in reading.table.conversions["started"]


def check_optuna(reading: Reading) -> None:
    assert reading.format == "Optuna"
    # The choices are a, b, c in this order: an index read as a value would give 1 and 0.
    assert rows(reading, "trial", "kind", "n_layers", "rate", "value") == [
        ("0", "b", 4, 0.5, 2.0), ("1", "a", 6, 0.25, INF)]  # fmt: skip
    assert reading.skipped == ("1 trial in state PRUNED", "1 trial in state FAIL")


def check_optuna_store(reading: Reading) -> None:
    check_optuna(reading)
    assert set(reading.table["higher_is_better"]) == {1.0} and (reading.table["seconds"] < 60).all()


def check_tensorboard(reading: Reading) -> None:
    assert reading.format == "TensorBoard"
    assert rows(reading, "run", "step", "loss", "eval/loss") == [
        ("large", 0, 3.75, 1.875), ("large", 1, 2.875, 1.4375), ("large", 2, 2.625, 1.3125),
        ("small", 0, 4.0, 2.0), ("small", 1, 3.25, 1.625), ("small", 2, 3.0, 1.5)]  # fmt: skip
    assert reading.skipped == ("8 earlier values at steps that were logged again",)


def check_tensorboardx(reading: Reading) -> None:
    assert rows(reading, "step", "loss") == [(0, 4.0), (1, 3.5), (2, 3.25)]
    assert reading.skipped == ("1 value of histograms: no scalars",)


def check_codecarbon(reading: Reading) -> None:
    assert reading.format == "CodeCarbon"
    # 0.75 and 0.5 kWh of 3.6 MJ; the row of 0.25 kWh is part of the first.
    assert rows(reading, "run", "seconds", "energy", "gpu_energy", "co2_kg", "n_devices", "pue_applied") == [
        ("run-1", 30, 2.7e6, 2.025e6, 0.046875, 2, 1.5), ("run-2", 20, 1.8e6, 1.35e6, 0.03125, 2, 1.5)]  # fmt: skip
    units = reading.table.units
    assert (units["energy"], units["cpu_power"], units["seconds"]) == ("J", "W", "s")
    assert reading.table["ram_total"].tolist() == [64e9, 64e9] and units["ram_total"] == "bytes"
    assert "pue" not in reading.table and any("pue is part" in note for note in reading.skipped)


def check_trainer(reading: Reading) -> None:
    assert reading.format == "the Hugging Face Trainer"
    assert rows(reading, "step", "epoch", "loss", "eval_loss", "n_tokens") == [
        (10, 0.5, 4.0, None, 1000), (20, 1.0, 3.5, 3.625, 2000), (30, 1.5, 3.25, None, 3000)]  # fmt: skip
    assert "1 older checkpoint" in reading.skipped[0] and reading.table.units["n_tokens"] == "tokens"


CHECKS: dict[str, Callable[[Reading], None]] = {
    "mlflow.sql": check_mlflow_store,
    "mlruns": check_mlflow_store,
    "mlflow_search_runs.csv": check_mlflow_runs,
    "optuna.sql": check_optuna_store,
    "optuna_journal.log": check_optuna_store,
    "optuna_trials.csv": check_optuna,
    "tensorboard": check_tensorboard,
    "tensorboardx": check_tensorboardx,
    "emissions.csv": check_codecarbon,
    "trainer": check_trainer,
}


@pytest.mark.parametrize("name", CHECKS)
def test_a_file_of_the_real_tool(name: str, tmp_path: Path) -> None:
    CHECKS[name](read(place(name, tmp_path)))


@pytest.mark.parametrize("name", OF_PATHS)
def test_files_of_a_real_tool(name: str) -> None:
    OF_PATHS[name](FILES / name)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", MAKERS)
def test_the_installed_tool_still_writes_such_a_file(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module, make = MAKERS[name]
    pytest.importorskip(module, reason=f"{module} is not installed, so its files cannot be written again")
    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    made = make(tmp_path)
    if name in OF_PATHS:
        OF_PATHS[name](made)
        return
    CHECKS[name](read(database(made, tmp_path) if name.endswith(".sql") else made))


@pytest.mark.parametrize("name", ["mlflow.sql", "mlruns"])
def test_history_of_mlflow(name: str, tmp_path: Path) -> None:
    reading = read(place(name, tmp_path), "history")
    found = sorted(rows(reading, "name", "step", "loss"))
    assert found == [("large", 0, 3.75), ("large", 100, 3.125), ("large", 200, 2.625),
                     ("small", 0, 4.0), ("small", 100, 3.5), ("small", 200, 3.0)]  # fmt: skip
    assert "2 earlier values" in reading.skipped[1]


def test_an_address_of_a_database_is_its_file(tmp_path: Path) -> None:
    path = place("mlflow.sql", tmp_path)
    assert len(load(f"sqlite:///{path}")) == 2


@pytest.mark.parametrize("name", ["optuna.sql", "optuna_journal.log"])
def test_values_on_the_way_of_optuna(name: str, tmp_path: Path) -> None:
    found = rows(read(place(name, tmp_path), "intermediate"), "trial", "state", "step", "value")
    assert found[:2] == [("0", "COMPLETE", 1, 0.5), ("0", "COMPLETE", 2, 1.0)]
    assert ("2", "PRUNED", 2, 0.25) in found and len(found) == 8


def test_an_event_file_that_ends_in_the_middle_keeps_what_is_whole(tmp_path: Path) -> None:
    whole = next((FILES / "tensorboard" / "small").glob("*.0"))
    (tmp_path / whole.name).write_bytes(whole.read_bytes()[:-5])
    reading = read(tmp_path)
    assert rows(reading, "step", "loss") == [(0, 4.0), (1, 3.5)]
    assert "ends inside the record" in reading.skipped[0]


def test_vllm_summaries_are_milliseconds_and_details_seconds(tmp_path: Path) -> None:
    path = write(tmp_path, "serve.json", traps.VLLM | traps.VLLM_DETAILS)
    reading = read(path)
    assert (reading.format, reading.other_tables) == ("vLLM bench serve", ("requests",))
    assert rows(reading, "model", "gpu", "date", "request_rate", "mean_ttft", "mean_tpot", "mean_e2e_latency") == [
        ("org/model-a", "X100", "2025-01-31T10:20:30", INF, 0.15, 0.025, 0.2)]  # fmt: skip
    units = reading.table.units
    assert (units["mean_ttft"], units["output_throughput"], units["seconds"]) == ("s", "tokens/s", "s")
    details = read(path, "requests")
    found = rows(details, "n_tokens_in", "n_tokens_out", "ttft", "tpot", "e2e_latency", "error")
    assert found[0] == (100, 5, 0.1, pytest.approx(0.025), pytest.approx(0.2), None)
    assert found[1] == (200, 1, 0.2, None, 0.2, None)  # one token: no time between tokens
    assert found[2] == (50, 0, None, None, None, "timed out")  # a failed request took no 0 seconds
    # Both ways of telling the mean time to the first token agree.
    assert np.nanmean(details.table["ttft"]) == pytest.approx(float(reading.table["mean_ttft"][0]))


def test_several_objects_in_one_file_of_vllm(tmp_path: Path) -> None:
    second = traps.VLLM | {"request_rate": 4.0} | traps.VLLM_DETAILS
    path = write(tmp_path, "serve.json", f"{json.dumps(traps.VLLM)}\n{json.dumps(second)}")
    assert rows(read(path), "run", "request_rate") == [("serve#1", INF), ("serve#2", 4.0)]
    details = read(path, "requests")
    assert set(details.table["run"]) == {"serve#2"} and details.skipped == ("1 benchmark without details",)
    with pytest.raises(DataError, match="--save-detailed"):
        load(write(tmp_path, "short.json", traps.VLLM), sheet="requests")
    uneven = traps.VLLM | traps.VLLM_DETAILS | {"ttfts": [0.1]}
    with pytest.raises(DataError, match="differ in length"):
        load(write(tmp_path, "uneven.json", uneven), sheet="requests")


def test_guidellm_counts_the_first_token_in_its_time_per_token(tmp_path: Path) -> None:
    path = write(tmp_path, "benchmarks.json", traps.guidellm())
    reading = read(path)
    names = ("mean_e2e_latency", "mean_ttft", "mean_tpot", "mean_tpot_with_first", "mean_request_throughput")
    assert rows(reading, *names) == [(2.0, 0.3, 0.02, 0.045, 4.0)]
    # p001 is the first of the list, the 0.1th percentile, and p99 the tenth.
    assert rows(reading, "p0_1_ttft", "p1_ttft", "p99_ttft", "request_rate") == [(0.3, 0.301, 0.309, 4.0)]
    assert reading.table.units["p99_tpot"] == "s" and reading.table.units["mean_request_throughput"] == "requests/s"
    details = read(path, "requests")
    assert rows(details, "request", "e2e_latency", "ttft", "tpot", "n_tokens_in") == [("r1", 2.0, 0.3, 0.02, 10)]
    assert details.skipped == ("3 requests incomplete or in error",)


def test_cached_and_reasoning_tokens_are_counted_once(tmp_path: Path) -> None:
    lines = "\n".join(json.dumps(one) for one in traps.USAGE)
    reading = read(write(tmp_path, "usage.jsonl", lines))
    names = ("request", "item", "n_tokens_in", "n_tokens_cached", "n_tokens_out", "n_tokens_reasoning", "e2e_latency")
    assert rows(reading, *names) == [
        ("r2", None, 10, 0, 5, 2, None), ("c4", "q4", 7, None, 1, None, None),
        ("c1", None, 100, None, 60, None, 1.6)]  # fmt: skip
    assert reading.skipped == (
        "1 record without a count of tokens",
        "1 earlier record of a response that is there twice",
        "in 1 record the total is not prompt and completion together",
    )
    first = read(write(tmp_path, "one.json", traps.USAGE[0]))
    assert rows(first, *names[2:]) == [(100, 80, 50, 40, 1.5)]
    assert first.table.units["n_tokens_cached"] == "tokens" and first.table.units["e2e_latency"] == "s"


def test_a_chart_of_weights_and_biases(tmp_path: Path) -> None:
    reading = read(write(tmp_path, "chart.csv", traps.CHART))
    assert reading.format == "Weights & Biases"
    assert rows(reading, "run", "step", "loss") == [("a - b", 0, 4.0), ("a - b", 10, 3.5), ("c", 10, 3.25)]


def test_a_history_of_weights_and_biases(tmp_path: Path) -> None:
    records = [{"_step": 2 * k, "_timestamp": 1.7e9 + k, "_runtime": 0.5 * k, "loss": 4.0, "eval": {"loss": 3.0},
                "_wandb": {"x": 1}, "sample": {"_type": "table-file"}} for k in range(500)]  # fmt: skip
    reading = read(write(tmp_path, "run-a.jsonl", "\n".join(map(json.dumps, records))))
    assert reading.table.columns == ("run", "step", "time", "seconds", "loss", "eval.loss")
    assert rows(reading, "run", "step", "seconds", "eval.loss")[1] == ("run-a", 2, 0.5, 3.0)
    assert "scan_history" in reading.skipped[0]
    text = "_step,_timestamp,loss\n0,1700000000,4\n1,1700000001,NaN\n"
    short = read(write(tmp_path, "run-b.csv", text))
    assert rows(short, "run", "step", "loss") == [("run-b", 0, 4.0), ("run-b", 1, None)] and not short.skipped


def test_a_leaderboard_in_percent(tmp_path: Path) -> None:
    reading = read(write(tmp_path, "board.csv", traps.LEADERBOARD))
    names = ("model", "average", "ifeval", "ifeval_raw", "math_lvl_5", "n_params", "co2_kg")
    assert rows(reading, *names) == [("org/a", 0.255, 0.5, 0.55, 0.04, 7.5e9, 1.25),
                                     ("org/b", 0.1, 0.2, 0.25, 0.01, None, None)]  # fmt: skip
    assert reading.skipped == ("1 column of links and marks", "1 size unknown (-1)")


def test_helm_leaves_perturbed_inputs_out(tmp_path: Path) -> None:
    reading = read(traps.write_helm(tmp_path))
    assert rows(reading, "model", "benchmark", "metric", "split", "score", "n_values") == [
        ("org/a", "mmlu", "exact_match", "test", 0.75, 4)]  # fmt: skip
    assert reading.skipped == ("1 statistic of perturbed inputs", "1 statistic without a value")
    assert rows(read(tmp_path, "instances"), "item", "metric", "score") == [("id1", "exact_match", 1.0)]


def test_metrics_of_mlflow_with_a_row_for_each_value(tmp_path: Path) -> None:
    text = "run_id,key,value,step,timestamp\nr,loss,4,0,5\nr,loss,3,1,6\nr,loss,2.5,1,7\nr,loss,9,1,1\nr,acc,0.5,1,6\n"
    reading = read(write(tmp_path, "metrics.csv", text))
    assert rows(reading, "run", "step", "loss", "acc") == [("r", 0, 4.0, None), ("r", 1, 2.5, 0.5)]
    assert reading.other_tables == ("runs",) and "2 earlier values" in reading.skipped[0]
    assert rows(read(tmp_path / "metrics.csv", "runs"), "loss", "acc") == [(2.5, 0.5)]


def test_a_parameter_and_a_metric_of_one_name_are_told_apart(tmp_path: Path) -> None:
    text = "run_id,experiment_id,status,metrics.loss,params.loss,params.temperature\nr,1,FINISHED,3.5,huber,default\n"
    reading = read(write(tmp_path, "runs.csv", text))
    assert rows(reading, "params.loss", "metrics.loss", "temperature") == [("huber", 3.5, "default")]


def test_a_pattern_stacks_files_and_names_them(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    write(tmp_path, "a.csv", "n_params,loss,ttft_ms\n1e8,3.5,20\n")
    write(tmp_path / "deep", "b.csv", "n_params,loss,note\n1e9,3.0,x\n")
    table = load(str(tmp_path / "**" / "*.csv"))
    assert table.columns == ("file", "n_params", "loss", "ttft", "note")
    assert table.to_dicts() == [
        {"file": "a.csv", "n_params": 1e8, "loss": 3.5, "ttft": 0.02, "note": None},
        {"file": "b.csv", "n_params": 1e9, "loss": 3.0, "ttft": None, "note": "x"},
    ]
    assert table.units["ttft"] == "s"
    renamed = load(str(tmp_path / "**" / "*.csv"), rename={"note": "recipe"})
    assert renamed["recipe"].tolist() == ["", "x"]


def test_a_pattern_refuses_what_does_not_fit_together(tmp_path: Path) -> None:
    pattern = str(tmp_path / "*.csv")
    with pytest.raises(DataError, match="no file matches"):
        load(pattern)
    write(tmp_path, "a.csv", "x,y\n1,2\n")
    write(tmp_path, "b.csv", "x,y\n1,some words\n")
    with pytest.raises(DataError, match=r"'y' holds words in b\.csv and numbers in a\.csv"):
        load(pattern)
    with pytest.raises(DataError, match=r"no file of .* has a column 'z'"):
        load(pattern, rename={"z": "loss"})
    write(tmp_path, "b.csv", traps.CHART)
    with pytest.raises(DataError, match="several formats"):
        load(pattern)
    write(tmp_path, "a.csv", "size\n1 GB\n")
    write(tmp_path, "b.csv", "size\n1 ms\n")
    with pytest.raises(DataError, match="different units"):
        load(pattern)


def test_a_folder_of_two_tools_is_not_guessed(tmp_path: Path) -> None:
    traps.write_helm(tmp_path)
    write(tmp_path, "trainer_state.json", {"global_step": 1, "log_history": [{"step": 1, "loss": 2.0}]})
    with pytest.raises(DataError, match="of HELM and of the Hugging Face Trainer"):
        load(tmp_path)


def test_a_table_that_a_tool_does_not_have(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no table 'histroy'\. Did you mean 'history'"):
        load(place("mlflow.sql", tmp_path), sheet="histroy")
    with pytest.raises(DataError, match="one table"):
        load(FILES / "emissions.csv", sheet="runs")


def test_every_tool_says_what_its_traps_are() -> None:
    for tool in tools():
        assert tool.title and len(set(tool.tables)) == len(tool.tables)
        assert tool.recognises.__doc__ and tool.read.__doc__


@pytest.mark.parametrize("name", ["mlflow_search_runs.csv", "optuna_trials.csv", "emissions.csv"])
def test_a_frame_or_parquet_file_of_a_tool_is_recognised_as_well(name: str, tmp_path: Path) -> None:
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow", reason="pandas writes Parquet with pyarrow")
    frame = pandas.read_csv(FILES / name)
    if "start_time" in frame:
        frame["start_time"] = pandas.to_datetime(frame["start_time"])
    if "duration" in frame and name == "optuna_trials.csv":
        frame["duration"] = pandas.to_timedelta(frame["duration"])
    path = tmp_path / f"{name}.parquet"
    frame.to_parquet(path)
    assert load(frame) == load(FILES / name)
    CHECKS[name](read(path))


def test_the_page_on_connectors_names_every_tool_and_table() -> None:
    page = (ROOT / "docs" / "connectors.md").read_text("utf-8")
    lines = {line.split("|")[1].strip(): line for line in page.splitlines() if line.startswith("| ")}
    for tool in tools():
        assert tool.title in lines, "python -m docs.generate gives it a row"
        assert all(f"`{table}`" in lines[tool.title] for table in tool.tables), tool.title


def test_the_table_of_files_says_what_is_read() -> None:
    page = PAGE.read_text("utf-8")
    held = page.partition(BEGIN)[2].partition(END)[0].strip()
    assert held == table().strip(), "python -m tests.unit.connector_table writes it again"


def test_every_file_that_is_kept_and_every_tool_has_a_row(tmp_path: Path) -> None:
    assert {path.name for path in FILES.iterdir()} == set(MAKERS)
    assert {entry.place.split("/")[0] for entry in ENTRIES} >= set(MAKERS)
    formats = set()
    for place, entry in enumerate(ENTRIES):
        folder = tmp_path / str(place)
        folder.mkdir()
        formats.add(reading_of(entry, folder).format)
    assert formats == {tool.title for tool in tools()}


def test_the_versions_in_the_table_are_those_in_the_files() -> None:
    written = {entry.place: entry.by for entry in ENTRIES}
    results = json.loads(next(FILES.glob("lm_eval/*/results_*.json")).read_text("utf-8"))
    assert written["lm_eval"] == f"lm-eval {results['lm_eval_version']}"
    report = json.loads(gzip.decompress((FILES / "guidellm" / "benchmarks.json.gz").read_bytes()))
    assert report["metadata"]["guidellm_version"].startswith(written["guidellm/benchmarks.csv"].split()[1])
    logs = list(FILES.glob("wandb_runs/*/*.wandb"))
    assert len(logs) == 3
    for path in logs:
        assert written["wandb_runs"].split()[1].encode() in path.read_bytes()[:100]


def test_another_database_is_refused_as_such(tmp_path: Path) -> None:
    store = sqlite3.connect(tmp_path / "app.db")
    store.execute("CREATE TABLE things (name TEXT)")
    store.commit()
    store.close()
    with pytest.raises(DataError, match="SQLite database, but none of MLflow or Optuna"):
        load(tmp_path / "app.db")
