"""What must be read from the files that evaluation, serving and tracking tools wrote for the tests."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from isoperf.readers import Reading, read_path
from tests.unit.connector_server import BETWEEN, FIRST, N_IN, WORDS
from tests.unit.connector_wandb import N_LONG


def rows(reading: Reading, *names: str) -> list[tuple[Any, ...]]:
    return [tuple(row.get(name) for name in names) for row in reading.table.to_dicts()]


def read(path: Path, sheet: str | None = None) -> Reading:
    return read_path(path, {}, {}, sheet)


def check_lm_eval(path: Path) -> None:
    """The dummy model draws its choices and says nothing that is right in words."""
    reading = read(path)
    assert reading.format == "the LM Evaluation Harness"
    assert set(reading.table["model"]) == {"org/dummy"} and set(reading.table["score"]) <= {0.0, 1.0}
    kinds = rows(reading, "benchmark", "metric", "filter")
    # Eight questions each; the task in words has a line per filter.
    wanted = [("tiny_choice", "acc", "none"), ("tiny_choice", "acc_norm", "none"),
              ("tiny_words", "exact_match", "loose"), ("tiny_words", "exact_match", "strict")]  # fmt: skip
    assert sorted(kinds) == sorted(wanted * 8)
    results = read(next(path.rglob("results_*.json")))
    assert set(rows(results, "n_items", "n_fewshot", "higher_is_better")) == {(8, 0, 1)}
    # The harness' means are those of the answers it logged.
    for benchmark, metric, answer, score in rows(results, "benchmark", "metric", "filter", "score"):
        kept = [row["score"] for row in reading.table.to_dicts()
                if (row["benchmark"], row["metric"], row["filter"]) == (benchmark, metric, answer)]  # fmt: skip
        assert score == pytest.approx(sum(kept) / len(kept))


def check_helm(path: Path) -> None:
    reading, items = read(path), read(path, "instances")
    assert reading.format == "HELM" and reading.other_tables == ("instances",)
    assert set(rows(reading, "model", "benchmark")) == {("simple/model1", "simple_mcqa")}
    assert "of perturbed inputs" in reading.skipped[0] and "of perturbed inputs" in items.skipped[0]
    # Three questions were asked; each came a second time with typing mistakes, which must not count.
    found = {metric: (score, n) for metric, score, n in rows(reading, "metric", "score", "n_values")}
    assert found["num_instances"] == (3, 1) and found["num_references"] == (2, 1)
    answers = [score for metric, score in rows(items, "metric", "score") if metric == "exact_match"]
    assert len(answers) == 3 and found["exact_match"][0] == pytest.approx(sum(answers) / 3)


def check_wandb(path: Path) -> None:
    runs, history = read(path), read(path, "history")
    assert runs.format == "Weights & Biases" and runs.other_tables == ("history",)
    names = ("run", "name", "n_params", "optimizer", "model.width", "loss", "eval.loss", "best", "status", "step")
    assert sorted(rows(runs, *names)) == [
        ("large001", "large", 410e6, "sgd", None, pytest.approx(4 + 59**2 / 1000), None, None, "FINISHED", N_LONG),
        ("small001", "small", 70e6, "adamw", 8, 3.0, 1.625, 3.0, "FINISHED", 20),
    ]
    # define_metric(summary="min") keeps the least beside the last.
    assert dict(rows(runs, "run", "loss.min"))["large001"] == 4.0
    assert runs.table.units["n_params"] == "params" and runs.table.units["seconds"] == "s"
    assert set(rows(runs, "project", "group")) == {("sweep", "first")}
    small = [row[1:] for row in rows(history, "run", "step", "loss", "eval.loss") if row[0] == "small001"]
    # Step 20 was logged again by the resumed run, the loss alone.
    assert small == [(0, 4.0, 2.0), (10, 3.5, 1.75), (20, 3.0, 1.625)]
    large = [row[1:] for row in rows(history, "run", "step", "loss") if row[0] == "large001"]
    assert large[:N_LONG] == [(step, pytest.approx(4 + (step - 100) ** 2 / 1000)) for step in range(N_LONG)]
    assert any("no numbers" in note for note in history.skipped)
    assert not {"weights", "note", "phase"} & set(history.table.columns)
    # The resumed run's clock goes on where the first part ended.
    seconds = [second for run, second in rows(history, "run", "seconds") if run == "small001"]
    whole = dict(rows(runs, "run", "seconds"))["small001"]
    assert seconds == sorted(seconds) and whole >= seconds[-1]


def check_guidellm(path: Path) -> None:
    reports = {kind: next(path.glob(f"benchmarks.{kind}*")) for kind in ("json", "yaml", "csv")}
    reading = read(reports["json"])
    assert reading.format == "GuideLLM"
    names = ("sent", "request_rate", "completed", "mean_n_tokens_in", "mean_n_tokens_out")
    assert rows(reading, *names) == [("constant", 4, 4, N_IN, len(WORDS)), ("constant", 8, 2, N_IN, len(WORDS))]
    # The server waits so long before the first token and between the others; anything read in ms is 1000 times that.
    assert all(FIRST <= first < 100 * FIRST for first in reading.table["min_ttft"])
    assert all(FIRST + 7 * BETWEEN <= whole < 100 * FIRST for whole in reading.table["min_e2e_latency"])
    assert all(gap < 100 * BETWEEN for gap in reading.table["mean_tpot"])
    details = read(reports["json"], "requests")
    assert len(details.table) == 6 and details.skipped == ("2 requests incomplete or in error",)
    first = [row for row in details.table.to_dicts() if row["run"] == "benchmarks#1"]
    assert np.mean([row["ttft"] for row in first]) == pytest.approx(reading.table["mean_ttft"][0])
    for row in first:
        # What the tool calls time per output token counts the first in.
        assert row["tpot"] == pytest.approx((row["e2e_latency"] - row["ttft"]) / 7, rel=0.05)
        assert row["tpot_with_first"] > row["tpot"]
    assert read(reports["yaml"]).table == reading.table
    assert read(reports["yaml"], "requests").table == details.table
    table = read(reports["csv"]).table
    for name in table.columns:
        assert rows(Reading(table, ""), name) == rows(reading, name), name
        assert table.units[name] == reading.table.units[name], name
    assert {"p0_1_ttft", "p99_ttft", "max_ttft", "std_tpot", "median_e2e_latency"} <= set(table.columns)


def check_vllm(path: Path) -> None:
    reading, details = read(path / "serve.json"), read(path / "serve.json", "requests")
    assert reading.format == "vLLM bench serve"
    names = ("run", "request_rate", "completed", "failed", "total_input_tokens", "gpu")
    assert rows(reading, *names) == [
        ("serve#1", math.inf, 4, 0, 4 * N_IN, "none"), ("serve#2", 20, 2, 2, 2 * N_IN, "none")]  # fmt: skip
    assert all(FIRST <= first < 100 * FIRST for first in reading.table["mean_ttft"])
    lost = [row for row in details.table.to_dicts() if row["error"]]
    assert len(details.table) == 8 and len(lost) == 2
    assert all(row["ttft"] is None and row["e2e_latency"] is None for row in lost), "the file has zeros there"
    # Summaries in milliseconds and details in seconds tell the same.
    for place, run in enumerate(("serve#1", "serve#2")):
        held = details.table["run"] == run
        for name in ("ttft", "tpot", "e2e_latency"):
            assert np.nanmean(details.table[name][held]) == pytest.approx(reading.table[f"mean_{name}"][place]), name


def check_openai(path: Path) -> None:
    reading = read(path)
    assert reading.format == "a log of OpenAI-style usage"
    names = ("request", "n_tokens_in", "n_tokens_cached", "n_tokens_out", "n_tokens_reasoning", "created")
    assert rows(reading, *names) == [
        ("chatcmpl-1", 100, 80, 50, 40, 1.7e9), ("resp_1", 10, 0, 5, 2, 1.7e9 + 1)]  # fmt: skip
    assert reading.skipped == ("1 earlier record of a response that is there twice",)
    assert reading.table.units["n_tokens_cached"] == "tokens"


OF_PATHS: dict[str, Callable[[Path], None]] = {
    "lm_eval": check_lm_eval,
    "helm": check_helm,
    "wandb_runs": check_wandb,
    "guidellm": check_guidellm,
    "vllm": check_vllm,
    "openai_usage.jsonl": check_openai,
}
"""Name of the file or folder -> what reads it and compares."""
