"""Files laid out by hand as tools write them, each with the traps of its format."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

VLLM: dict[str, Any] = {
    "date": "20250131-102030", "backend": "vllm", "label": None, "model_id": "org/model-a", "tokenizer_id": "t",
    "num_prompts": 3, "request_rate": "inf", "burstiness": 1.0, "max_concurrency": None, "gpu": "X100",
    "duration": 2.5, "completed": 2, "failed": 1, "total_input_tokens": 300, "total_output_tokens": 5,
    "request_throughput": 0.8, "request_goodput": None, "output_throughput": 2.0, "total_token_throughput": 122.0,
    "mean_ttft_ms": 150.0, "median_ttft_ms": 150.0, "std_ttft_ms": 50.0, "p99_ttft_ms": 199.0,
    "mean_tpot_ms": 25.0, "p99.9_itl_ms": 30.0, "mean_e2el_ms": 200.0,
}  # fmt: skip
VLLM_DETAILS: dict[str, Any] = {
    "input_lens": [100, 200, 50], "output_lens": [5, 1, 0], "ttfts": [0.1, 0.2, 0.0],
    "itls": [[0.02, 0.03, 0.02, 0.03], [], []], "start_times": [7.0, 7.5, 8.0], "errors": ["", "", "timed out"],
    "generated_texts": ["a", "b", ""],
}  # fmt: skip


def spread(value: float) -> dict[str, Any]:
    """GuideLLM's statistics of one metric; the slowest ones are told apart from the median."""
    keys = ("p001", "p01", "p05", "p10", "p25", "p50", "p75", "p90", "p95", "p99", "p999")
    one = {"mean": value, "median": value, "std_dev": 0.0, "min": value, "max": value, "count": 2, "mode": value}
    good = one | {"percentiles": {key: value + place for place, key in enumerate(keys)}}
    return {"successful": good, "errored": one | {"mean": 1e9, "percentiles": {}}}


def guidellm() -> dict[str, Any]:
    metrics = {
        "request_latency": 2.0, "time_to_first_token_ms": 300.0, "inter_token_latency_ms": 20.0,
        "time_per_output_token_ms": 45.0, "requests_per_second": 4.0, "output_token_count": 64.0,
    }  # fmt: skip
    request = {"request_id": "r1", "request_latency": 2.0, "time_to_first_token_ms": 300.0, "prompt_tokens": 10,
               "inter_token_latency_ms": 20.0, "output_tokens": 64}  # fmt: skip
    one = {
        "type_": "generative_benchmark",
        "config": {"strategy": {"type_": "constant", "rate": 4.0}},
        "metrics": {key: spread(value) for key, value in metrics.items()},
        "requests": {"successful": [request], "incomplete": [{}], "errored": [{}, {}]},
    }
    return {"metadata": {"version": 2}, "config": {}, "benchmarks": [one]}


USAGE: list[dict[str, Any]] = [
    {"id": "c1", "model": "m", "created": 1_700_000_000, "latency_ms": 1500, "usage": {
        "prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150,
        "prompt_tokens_details": {"cached_tokens": 80}, "completion_tokens_details": {"reasoning_tokens": 40}}},
    {"id": "r2", "model": "m", "created_at": 1_700_000_001, "usage": {
        "input_tokens": 10, "output_tokens": 5, "total_tokens": 15, "input_tokens_details": {"cached_tokens": 0},
        "output_tokens_details": {"reasoning_tokens": 2}}},
    {"id": "c3", "error": "rate limit"},
    {"custom_id": "q4", "response": {"status_code": 200, "body": {"id": "c4", "model": "m", "usage": {
        "prompt_tokens": 7, "completion_tokens": 1, "total_tokens": 9}}}},
    {"id": "c1", "model": "m", "created": 1_700_000_000, "latency_ms": 1600, "usage": {
        "prompt_tokens": 100, "completion_tokens": 60, "total_tokens": 160}},
]  # fmt: skip

CHART = """"Step","a - b - loss","a - b - loss__MIN","a - b - loss__MAX","c - loss","c - loss__MIN","c - loss__MAX"
"0","4.0","3.9","4.1","","",""
"10","3.5","3.4","3.6","3.25","3.2","3.3"
"""

LEADERBOARD = """fullname,Precision,Average ⬆️,IFEval,IFEval Raw,MATH Lvl 5,#Params (B),CO₂ cost (kg),Hub ❤️
org/a,bfloat16,25.5,50.0,0.55,4.0,7.5,1.25,3
org/b,float16,10.0,20.0,0.25,1.0,-1,,4
"""

HISTORY = """{"_step": 0, "_timestamp": 1700000000.0, "_runtime": 0.5, "loss": 4.0, "eval": {"loss": 2.0}}
{"_step": 5, "_timestamp": 1700000001.0, "_runtime": 1.5, "loss": 3.5, "sample": {"_type": "table-file"}}
"""

BY_HAND = {"chart.csv": CHART, "history.jsonl": HISTORY, "board.csv": LEADERBOARD}
"""Name of a text table -> what it holds."""


def write(folder: Path, name: str, content: Any) -> Path:
    """Write text, or anything else as JSON."""
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return path


def write_helm(folder: Path) -> Path:
    """Write a run whose perturbed rows share names with the plain ones."""
    run = folder / "runs" / "v1" / "mmlu:subject=law,model=org_a"
    run.mkdir(parents=True)
    spec = {"name": "mmlu:subject=law,model=org_a", "adapter_spec": {"model": "org/a"}}
    (run / "run_spec.json").write_text(json.dumps(spec), "utf-8")
    plain = {"name": "exact_match", "split": "test"}
    worse = plain | {"perturbation": {"name": "typos", "robustness": True}}
    stats = [
        {"name": plain, "count": 4, "sum": 3.0, "mean": 0.75, "stddev": 0.433},
        {"name": worse, "count": 4, "sum": 1.0, "mean": 0.25, "stddev": 0.433},
        {"name": plain | {"name": "empty"}, "count": 0, "sum": 0.0},
    ]
    (run / "stats.json").write_text(json.dumps(stats), "utf-8")
    first = {"name": plain, "count": 1, "sum": 1.0, "mean": 1.0}
    instances = [
        {"instance_id": "id1", "train_trial_index": 0, "stats": [first]},
        {"instance_id": "id1", "perturbation": {"name": "typos"}, "train_trial_index": 0, "stats": [first]},
    ]
    (run / "per_instance_stats.json").write_text(json.dumps(instances), "utf-8")
    return folder
