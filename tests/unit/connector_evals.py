"""Files of evaluation harnesses, written by the harnesses: local tasks, and models that say anything."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

_TASK: dict[str, Any] = {
    "dataset_path": "json", "dataset_kwargs": {"data_files": {"test": "questions.jsonl"}}, "test_split": "test",
    "doc_to_text": "Question: {{question}}\nAnswer:",
}  # fmt: skip
_CHOICE: dict[str, Any] = _TASK | {
    "task": "tiny_choice", "output_type": "multiple_choice", "doc_to_target": "answer", "doc_to_choice": "{{choices}}",
    "metric_list": [{"metric": "acc"}, {"metric": "acc_norm"}], "metadata": {"version": 1.0},
}  # fmt: skip
_FIRST = {"function": "take_first"}
_WORDS: dict[str, Any] = _TASK | {
    "task": "tiny_words", "output_type": "generate_until", "doc_to_target": "{{choices[answer]}}",
    "generation_kwargs": {"until": ["\n"]}, "metric_list": [{"metric": "exact_match"}], "metadata": {"version": 1.0},
    "filter_list": [
        {"name": "strict", "filter": [{"function": "regex", "regex_pattern": "(yes|no)"}, _FIRST]},
        {"name": "loose", "filter": [_FIRST]},
    ],
}  # fmt: skip
_OFFLINE = {"HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1"}


def write_lm_eval(folder: Path) -> Path:
    """Results and samples of two tasks, one of them with two filters, by the harness' dummy model."""
    tasks = folder / "tasks"
    tasks.mkdir()
    for task in (_CHOICE, _WORDS):
        # JSON is YAML, too.
        (tasks / f"{task['task']}.yaml").write_text(json.dumps(task), "utf-8")
    asked = ({"question": f"Is {k} even?", "choices": ["yes", "no"], "answer": k % 2} for k in range(8))
    (folder / "questions.jsonl").write_text("\n".join(map(json.dumps, asked)), "utf-8")
    _run(
        folder, sys.executable, "-m", "lm_eval", "--model", "dummy", "--model_args", "pretrained=org/dummy",
        "--tasks", "tiny_choice,tiny_words", "--include_path", "tasks", "--log_samples", "--output_path", "lm_eval",
        HF_HOME=str(folder / "cache"),
    )  # fmt: skip
    results = next((folder / "lm_eval").rglob("results_*.json"))
    content = json.loads(results.read_text("utf-8")) | {"pretty_env_info": ""}
    results.write_text(json.dumps(content, indent=2), "utf-8")
    return folder / "lm_eval"


def write_helm_run(folder: Path) -> Path:
    """Three questions, each also with typing mistakes, by HELM's own model that knows nothing."""
    program = str(Path(sys.executable).with_name("helm-run"))
    entry = "simple_mcqa:model=simple/model1,data_augmentation=robustness"
    _run(
        folder, program, "-r", entry, "-o", "out", "--suite", "v1", "-m", "3", "--local-path", "local",
        "--disable-cache",
    )  # fmt: skip
    made = next((folder / "out").rglob("run_spec.json")).parent
    kept = folder / "helm" / "simple_mcqa"
    kept.mkdir(parents=True)
    for name in ("run_spec.json", "stats.json", "per_instance_stats.json"):
        shutil.copy(made / name, kept / name)
    return folder / "helm"


def _run(folder: Path, *command: str, **more: str) -> None:
    subprocess.run(
        command, cwd=folder, env={**os.environ, **_OFFLINE, **more}, check=True, timeout=500,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
