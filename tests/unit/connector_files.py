"""Files written by the tools themselves, with neutral names; each maker needs its tool installed.

``python -m tests.unit.connector_files`` writes those under ``tests/files/connectors`` again.
"""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.unit.connector_evals import write_helm_run, write_lm_eval
from tests.unit.connector_serving import write_guidellm, write_openai, write_vllm
from tests.unit.connector_wandb import write_wandb

FILES = Path(__file__).parents[1] / "files" / "connectors"
LOSSES = {"small": [4.0, 3.5, 3.25], "large": [3.75, 3.125, 2.875]}
SIZES = {"small": "70M", "large": "410M"}


def write_mlflow_database(folder: Path) -> Path:
    """Two runs and a deleted one; a metric logged twice at a step, and one that is not a number."""
    from mlflow.tracking import MlflowClient

    path = folder / "mlflow.db"
    _log_runs(MlflowClient(f"sqlite:///{path}"))
    with sqlite3.connect(path) as store:
        store.execute("DELETE FROM tags WHERE key LIKE 'mlflow.source%' OR key LIKE 'mlflow.user'")
        store.execute("UPDATE runs SET artifact_uri = 'artifacts', user_id = 'user'")
        store.execute("UPDATE experiments SET artifact_location = 'artifacts'")
    (folder / "mlflow.sql").write_text(_dump(path), "utf-8")
    path.unlink()
    return folder / "mlflow.sql"


def write_mlflow_folder(folder: Path) -> Path:
    """Write the same runs to a folder."""
    from mlflow.tracking import MlflowClient

    made = folder / "mlruns"
    _log_runs(MlflowClient(made.as_uri()))
    for meta in made.rglob("meta.yaml"):
        text = re.sub(r"(artifact_(?:uri|location)): .*", r"\1: artifacts", meta.read_text("utf-8"))
        meta.write_text(re.sub(r"user_id: .*", "user_id: user", text), "utf-8")
    for tags in made.rglob("tags"):
        shutil.rmtree(tags)
    return made


def write_mlflow_search(folder: Path) -> Path:
    """Write what ``search_runs`` returns for the same runs."""
    import mlflow

    mlflow.set_tracking_uri(f"sqlite:///{folder / 'mlflow.db'}")
    _log_runs(mlflow.MlflowClient())
    frame = mlflow.search_runs(experiment_names=["sweep"]).drop(columns=["tags.mlflow.user"], errors="ignore")
    frame.assign(artifact_uri="artifacts").to_csv(folder / "mlflow_search_runs.csv", index=False)
    return folder / "mlflow_search_runs.csv"


def _log_runs(client: Any) -> None:
    experiment = client.create_experiment("sweep")
    for name, losses in LOSSES.items():
        run = client.create_run(experiment, start_time=1_700_000_000_000, run_name=name).info.run_id
        client.log_param(run, "n_params", SIZES[name])
        client.log_param(run, "optimizer", "adamw")
        client.log_param(run, "learning_rate", "0.0003")
        for step, loss in enumerate(losses):
            client.log_metric(run, "loss", loss, timestamp=1_700_000_000_000 + step, step=100 * step)
        client.log_metric(run, "loss", losses[-1] - 0.25, timestamp=1_700_000_009_000, step=200)
        client.log_metric(run, "grad_norm", float("nan"), timestamp=1_700_000_000_000, step=0)
        client.set_terminated(run, end_time=1_700_000_060_000)
    gone = client.create_run(experiment, start_time=1_700_000_000_000, run_name="mistake").info.run_id
    client.log_metric(gone, "loss", 99.0, timestamp=1_700_000_000_000, step=0)
    client.delete_run(gone)


def write_optuna_database(folder: Path) -> Path:
    """One study: a category, a whole number, a pruned trial, a failed one, an infinite value."""
    path = folder / "study.db"
    _search(f"sqlite:///{path}")
    (folder / "optuna.sql").write_text(_dump(path), "utf-8")
    path.unlink()
    return folder / "optuna.sql"


def write_optuna_journal(folder: Path) -> Path:
    """Write the same study as a journal."""
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    path = folder / "optuna_journal.log"
    _search(JournalStorage(JournalFileBackend(str(path))))
    path.write_text(re.sub(r'("worker_id": ")[^"]*', r"\1worker", path.read_text("utf-8")), "utf-8")
    return path


def write_optuna_table(folder: Path) -> Path:
    """Write the data frame of the same study."""
    import optuna

    storage = optuna.storages.InMemoryStorage()
    _search(storage)
    study = optuna.load_study(study_name="sweep", storage=storage)
    study.trials_dataframe().to_csv(folder / "optuna_trials.csv", index=False)
    return folder / "optuna_trials.csv"


def _search(storage: Any) -> None:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(storage=storage, study_name="sweep", direction="maximize")
    for choice, layers, rate in (("b", 4, 0.5), ("a", 6, 0.25), ("c", 2, 0.125), ("a", 8, 1.0)):
        study.enqueue_trial({"kind": choice, "n_layers": layers, "rate": rate})
    study.optimize(_objective, n_trials=4, catch=(RuntimeError,))


def _objective(trial: Any) -> float:
    import optuna

    kind = trial.suggest_categorical("kind", ["a", "b", "c"])
    layers, rate = trial.suggest_int("n_layers", 1, 8), trial.suggest_float("rate", 0.01, 1.0, log=True)
    trial.report(rate, step=1)
    trial.report(2 * rate, step=2)
    if kind == "c":
        raise optuna.TrialPruned
    if layers == 8:
        raise RuntimeError("out of memory")
    return float("inf") if layers == 6 else float(layers * rate)


def write_tensorboard(folder: Path) -> Path:
    """A run of TensorBoard's own writer, stopped and begun again at step 2."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.compat.proto.tensor_pb2 import TensorProto
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    for name, losses in LOSSES.items():
        place = folder / "tensorboard" / name
        for begin, first in enumerate((0, 1)):
            writer = EventFileWriter(str(place), filename_suffix=f".{begin}")
            for step in range(first, len(losses)):
                loss = losses[step] - begin * 0.25
                values = [Summary.Value(tag="loss", simple_value=loss)]
                tensor = TensorProto(dtype=1, float_val=[loss / 2])
                values.append(Summary.Value(tag="eval/loss", tensor=tensor))
                event = Event(wall_time=1.7e9 + 1000 * begin + step, step=step, summary=Summary(value=values))
                writer.add_event(event)
            writer.close()
        for path in place.glob("events*"):
            path.rename(place / f"events.out.tfevents.170000{path.name[-1]}000.host.{path.name[-1]}")
    return folder / "tensorboard"


def write_tensorboardx(folder: Path) -> Path:
    """A run of the writer that PyTorch users know, with a histogram that is no scalar."""
    from tensorboardX import SummaryWriter

    place = folder / "tensorboardx"
    with SummaryWriter(str(place)) as writer:
        for step, loss in enumerate(LOSSES["small"]):
            writer.add_scalar("loss", loss, step, walltime=1.7e9 + step)
        writer.add_histogram("weights", [0.0, 1.0, 2.0], 0, walltime=1.7e9)
    next(place.glob("events*")).rename(place / "events.out.tfevents.1700000000.host")
    return place


def write_codecarbon(folder: Path) -> Path:
    """CodeCarbon's own writer: a run that flushed twice, and another."""
    from codecarbon.output_methods.emissions_data import EmissionsData
    from codecarbon.output_methods.file import FileOutput

    output = FileOutput("emissions.csv", str(folder))
    for run, seconds, kwh in (("run-1", 10.0, 0.25), ("run-1", 30.0, 0.75), ("run-2", 20.0, 0.5)):
        powers = {"cpu_power": 100.0, "gpu_power": 300.0, "ram_power": 10.0}
        energies = {"cpu_energy": kwh / 5, "gpu_energy": kwh * 0.75, "ram_energy": kwh / 20, "energy_consumed": kwh}
        place = {"country_name": "France", "country_iso_code": "FRA", "region": "", "cloud_provider": ""}
        machine = {"os": "Linux", "python_version": "3.11", "codecarbon_version": "3", "cpu_count": 8, "cpu_model": "C"}
        more = {"gpu_count": 2, "gpu_model": "G", "longitude": 0.0, "latitude": 0.0, "ram_total_size": 64.0}
        data = EmissionsData(
            timestamp="2025-01-31T10:00:00", project_name="p", run_id=run, experiment_id="e", duration=seconds,
            emissions=kwh * 0.0625, emissions_rate=0.0, water_consumed=0.0, cloud_region="", tracking_mode="machine",
            pue=1.5, **powers, **energies, **place, **machine, **more,
        )  # fmt: skip
        output.out(data, data)
    return folder / "emissions.csv"


def write_trainer_state(folder: Path) -> Path:
    """Write a state as the Trainer keeps it, saved by its own class."""
    from transformers.trainer_callback import TrainerState

    rows: list[dict[str, float]] = [
        {"loss": loss, "grad_norm": 1.0, "learning_rate": 3e-4, "epoch": 0.5 * k, "step": 10 * k,
         "num_input_tokens_seen": 1000 * k}
        for k, loss in enumerate(LOSSES["small"], 1)
    ]  # fmt: skip
    rows.insert(2, {"eval_loss": 3.625, "eval_runtime": 2.0, "epoch": 1.0, "step": 20})
    for k, last in ((2, 3), (3, 4)):
        state = TrainerState(epoch=0.5 * k, global_step=10 * k, max_steps=30, logging_steps=10, log_history=rows[:last])
        place = folder / "trainer" / f"checkpoint-{10 * k}"
        place.mkdir(parents=True)
        state.save_to_json(str(place / "trainer_state.json"))
    return folder / "trainer"


def database(dump: Path, folder: Path) -> Path:
    """Make a database of a dump."""
    path = folder / f"{dump.stem}.db"
    store = sqlite3.connect(path)
    store.executescript(dump.read_text("utf-8"))
    store.close()
    return path


def _dump(path: Path) -> str:
    store = sqlite3.connect(path)
    text = "\n".join(store.iterdump()) + "\n"
    store.close()
    return text


MAKERS: dict[str, tuple[str, Callable[[Path], Path]]] = {
    "mlflow.sql": ("mlflow", write_mlflow_database),
    "mlruns": ("mlflow", write_mlflow_folder),
    "mlflow_search_runs.csv": ("mlflow", write_mlflow_search),
    "optuna_trials.csv": ("optuna", write_optuna_table),
    "optuna.sql": ("optuna", write_optuna_database),
    "optuna_journal.log": ("optuna", write_optuna_journal),
    "tensorboard": ("tensorboard", write_tensorboard),
    "tensorboardx": ("tensorboardX", write_tensorboardx),
    "emissions.csv": ("codecarbon", write_codecarbon),
    "trainer": ("transformers", write_trainer_state),
    "lm_eval": ("lm_eval", write_lm_eval),
    "helm": ("helm", write_helm_run),
    "wandb_runs": ("wandb", write_wandb),
    "guidellm": ("guidellm", write_guidellm),
    "vllm": ("vllm", write_vllm),
    "openai_usage.jsonl": ("openai", write_openai),
}
"""Name of the file or folder -> the module it needs, and what writes it."""


def main(names: list[str]) -> None:
    """Write the files named, or all of them."""
    for name in names or list(MAKERS):
        with tempfile.TemporaryDirectory() as folder:
            made, kept = MAKERS[name][1](Path(folder)), FILES / name
            if kept.is_dir():
                shutil.rmtree(kept)
            shutil.move(made, kept)
            print(json.dumps({"written": name}))


if __name__ == "__main__":
    main(sys.argv[1:])
