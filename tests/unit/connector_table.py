"""The table of docs/connectors.md on files by the tools themselves, made of what is read from those files.

``python -m tests.unit.connector_table`` writes it again.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from isoperf.readers import Reading, read_path
from tests.unit import connector_traps as traps
from tests.unit.connector_files import FILES, database

PAGE = Path(__file__).parents[2] / "docs" / "connectors.md"
BEGIN, END = "<!-- files: made by tests/unit/connector_table.py -->\n", "<!-- end of files -->"
HEADER = ("format", "file", "real file by", "rows read", "units", "traps tested")


@dataclass(frozen=True)
class File:
    """One table of one file: what it is called, who wrote it, which units are shown and which traps it holds."""

    format: str
    place: str
    by: str
    columns: tuple[str, ...]
    traps: str
    sheet: str | None = None


def _mlflow(name: str, place: str, traps_in_it: str) -> tuple[File, File]:
    runs, by = ("n_params", "started", "loss"), "MLflow 3.17"
    return (
        File(f"MLflow, {name}", place, by, runs, f"deleted run, epoch milliseconds, {traps_in_it}"),
        File(f"MLflow, {name}", place, by, ("step", "loss"), "a step logged twice", "history"),
    )


BY_HAND = "by hand, after its documentation"
ENTRIES = (
    *_mlflow("database", "mlflow.sql", "parameters as text, mark for not-a-number"),
    *_mlflow("folder", "mlruns", "parameters as text"),
    File("MLflow, search_runs", "mlflow_search_runs.csv", "MLflow 3.17", ("n_params", "started"), "times with zone"),
    File("W&B, local runs", "wandb_runs", "W&B 0.31", ("n_params", "seconds", "loss"),
         "resumed run, summary by define_metric, nested settings, lists"),
    File("W&B, local runs", "wandb_runs", "W&B 0.31", ("step", "seconds", "time"),
         "log across blocks, step logged again, media, words, NaN", "history"),
    File("W&B, chart", "chart.csv", BY_HAND, ("step", "loss"), "a column per run, extremes, ` - ` in names"),
    File("W&B, history", "history.jsonl", BY_HAND, ("step", "seconds", "time"), "nested keys, media"),
    File("TensorBoard", "tensorboard", "TensorBoard 2.21", ("step", "loss"), "restart, scalars in tensors"),
    File("TensorBoard", "tensorboardx", "tensorboardX 2.6", ("step", "loss"), "histogram"),
    File("Optuna, database", "optuna.sql", "Optuna 5.0", ("seconds",), "category as index, infinity, pruned, failed"),
    File("Optuna, database", "optuna.sql", "Optuna 5.0", (), "pruned trials' values", "intermediate"),
    File("Optuna, journal", "optuna_journal.log", "Optuna 5.0", ("seconds",), "the same"),
    File("Optuna, data frame", "optuna_trials.csv", "Optuna 5.0", (), "the same"),
    File("Trainer, checkpoints", "trainer", "transformers' own class", ("step", "n_tokens", "loss"),
         "evaluation at a training step, older checkpoint"),
    File("LM Evaluation Harness, samples", "lm_eval", "lm-eval 0.4.13", (), "a line per filter, several metrics"),
    File("LM Evaluation Harness, results", "lm_eval/*/results_*.json", "lm-eval 0.4.13", (), "metric,filter in a key"),
    File("HELM, a run", "helm", "crfm-helm 0.5.16", (), "perturbed inputs, statistics without a value"),
    File("HELM, a run", "helm", "crfm-helm 0.5.16", (), "the same", "instances"),
    File("vLLM, serving", "vllm/serve.json", "vLLM 0.33, its client", ("mean_ttft", "seconds", "output_throughput"),
         "two objects in a file, rate inf, milliseconds"),
    File("vLLM, serving", "vllm/serve.json", "vLLM 0.33, its client", ("ttft", "tpot", "e2e_latency"),
         "seconds, failed requests with 0 s", "requests"),
    File("GuideLLM, JSON", "guidellm/benchmarks.json.gz", "GuideLLM 0.8", ("mean_ttft", "mean_e2e_latency"),
         "seconds among milliseconds, failed requests"),
    File("GuideLLM, JSON", "guidellm/benchmarks.json.gz", "GuideLLM 0.8", ("ttft", "tpot"),
         "its time per output token counts the first in", "requests"),
    File("GuideLLM, YAML", "guidellm/benchmarks.yaml.gz", "GuideLLM 0.8", ("mean_ttft",), "equal to the JSON"),
    File("GuideLLM, CSV", "guidellm/benchmarks.csv", "GuideLLM 0.8", ("mean_ttft",),
         "three lines of heading, percentiles in one cell, equal to the JSON"),
    File("OpenAI-style usage", "openai_usage.jsonl", "openai 3.54, its classes", ("n_tokens_cached", "created"),
         "cached and reasoning tokens, two interfaces, one response twice"),
    File("CodeCarbon", "emissions.csv", "CodeCarbon 3.3", ("energy", "cpu_power", "seconds", "co2_kg"),
         "kWh, running totals, PUE applied already"),
    File("Open LLM Leaderboard", "board.csv", f"{BY_HAND} (no tool writes it)", ("average", "n_params"),
         "percent beside fractions, -1 for unknown, pictures in names"),
)  # fmt: skip


def reading_of(entry: File, folder: Path) -> Reading:
    """Read the file of a row."""
    name = entry.place
    if name in traps.BY_HAND:
        path = traps.write(folder, name, traps.BY_HAND[name])
    elif name.endswith(".sql"):
        path = database(FILES / name, folder)
    else:
        path = next(FILES.glob(name))
    return read_path(path, {}, {}, entry.sheet)


def table() -> str:
    """Return the table as it has to stand on the page."""
    lines = [HEADER, ("---",) * len(HEADER)]
    for entry in ENTRIES:
        with tempfile.TemporaryDirectory() as folder:
            made = reading_of(entry, Path(folder)).table
        units = ", ".join(f"{name} {made.units[name] or 'plain'}" for name in entry.columns)
        place = f"`{entry.place}`" + (f", {entry.sheet}" if entry.sheet else "")
        lines.append((entry.format, place, entry.by, str(len(made)), units, entry.traps))
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def main() -> None:
    """Put the table on its page."""
    page = PAGE.read_text("utf-8")
    before, _, rest = page.partition(BEGIN)
    PAGE.write_text(f"{before}{BEGIN}\n{table()}\n{END}{rest.partition(END)[2]}", "utf-8")


if __name__ == "__main__":
    main()
