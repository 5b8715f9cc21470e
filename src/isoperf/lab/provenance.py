"""Where a table of the lab came from: machine class, versions, text, settings."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from isoperf.errors import OptionError
from isoperf.lab import optimiser, sweep, train
from isoperf.lab.corpus import Corpus
from isoperf.lab.grid import CURVE_UNITS, UNITS, Table, curves_path, replace_file
from isoperf.lab.train import RunConfig


def provenance_path(out: Path) -> Path:
    """Where the provenance of a table lies: `runs.csv` -> `runs.json`."""
    return out.with_suffix(".json")


def check_same_text(out: Path, corpus: Corpus) -> None:
    """Refuse to add to a table that was measured on another text."""
    earlier = _earlier(out)
    found = earlier.get("corpus", {}).get("sha256", corpus.sha256)
    if found != corpus.sha256:
        raise OptionError(
            f"{out} was measured on another text (sha256 {found[:12]}..., here "
            f"{corpus.sha256[:12]}...), so its runs cannot be continued; resume with the "
            "same Python version, or choose another file for the output"
        )


def write_provenance(
    out: Path, corpus: Corpus, runs: Sequence[RunConfig], elapsed_seconds: float, command: str
) -> None:
    """Write the provenance beside the table.

    Args:
        out: the table.
        corpus: the text.
        runs: the runs planned.
        elapsed_seconds: time taken since the last call for this table, seconds;
            it is added to what the file already tells.
        command: the command which reproduces the table.
    """
    elapsed = _earlier(out).get("total_wall_seconds", 0.0) + elapsed_seconds
    record = {
        "title": "Byte-level language models trained on Python's standard library",
        "measured": (
            "validation loss of decoder-only transformers of one family (width varies, depth "
            "does not) over parameters and training tokens; every run is independent, sees each "
            "byte once and decays its learning rate to zero at its own end"
        ),
        "date": datetime.now(UTC).date().isoformat(),
        "command": command,
        "runs_planned": len(runs),
        "runs_finished": len(Table(out, tuple(UNITS)).read()),
        "total_wall_seconds": round(elapsed, 1),
        "machine": machine_class(),
        "software": {
            "python": platform.python_version(),
            "jax": version("jax"),
            "numpy": version("numpy"),
        },
        "corpus": describe_corpus(corpus),
        "hyperparameters": describe_settings(runs),
        "learning_rate_sweep": sweep.describe(),
        "files": {
            out.name: {"columns": UNITS},
            curves_path(out).name: {"columns": CURVE_UNITS},
        },
        "licence": "Apache-2.0 (the table; the text it was measured on is not included)",
    }
    replace_file(provenance_path(out), (json.dumps(record, indent=2) + "\n").encode())


def machine_class() -> dict[str, object]:
    """Kind of machine: processor, cores this process may use, memory in GiB."""
    return {
        "processor": _field("/proc/cpuinfo", "model name") or platform.machine(),
        "vector_extension": _vector_extension(),
        "cores_used": _usable_cores(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "system": platform.system(),
        "precision": "float32",
    }


def describe_corpus(corpus: Corpus) -> dict[str, object]:
    """Size and digest of the text, and the rule by which it was split."""
    return {
        "text": "the .py files of the running Python's standard library, tests left out",
        "sha256": corpus.sha256,
        "files_train": len(corpus.train_files),
        "files_validation": len(corpus.validation_files),
        "bytes_train": len(corpus.train),
        "bytes_validation": len(corpus.validation),
        "split_rule": (
            "whole files are held out in the order of the sha256 of their relative names, files "
            "longer than 32768 bytes passed over, until 262144 bytes are held out; the same "
            "held-out text scores every run, in windows of 128 bytes, all positions counted"
        ),
        "left_out": (
            "directories test, tests, idle_test, config-*, site-packages, dist-packages and "
            "__pycache__; _sysconfigdata* (made on the machine that built the interpreter); "
            "encodings (tables so alike that held-out ones would have twins in training)"
        ),
    }


def describe_settings(runs: Sequence[RunConfig]) -> dict[str, object]:
    """Settings shared by the runs, and the grid."""
    model = runs[0].model
    return {
        "model": (
            "pre-norm decoder-only transformer on bytes: RMSNorm, rotary positions, "
            "GELU MLP of width 4 d_model, tied embedding, no biases, no dropout"
        ),
        "n_layers": model.n_layers,
        "n_heads": model.n_heads,
        "context": model.context,
        "d_models": sorted({run.model.d_model for run in runs}),
        "n_tokens": sorted({run.n_tokens for run in runs}),
        "seeds": sorted({run.seed for run in runs}),
        "seed_rule": "every cell has the first seed, cells up to 1e12 FLOPs have all",
        "optimiser": "AdamW",
        "beta_1": optimiser.BETA_1,
        "beta_2": optimiser.BETA_2,
        "weight_decay": optimiser.WEIGHT_DECAY,
        "clip_norm": optimiser.CLIP_NORM,
        "batch_windows": train.BATCH_WINDOWS,
        "batch_size_tokens": runs[0].batch_size_tokens,
        "warmup_fraction": optimiser.WARMUP_FRACTION,
        "schedule": "linear warm-up, cosine to zero at the end of each run",
        "learning_rate_rule": sweep.RULE,
    }


def _earlier(out: Path) -> dict[str, Any]:
    path = provenance_path(out)
    earlier: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return earlier


def _usable_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _vector_extension() -> str:
    flags = _field("/proc/cpuinfo", "flags").split()
    return next((name for name in ("avx512f", "avx2", "avx") if name in flags), "unknown")


def _field(path: str, name: str) -> str:
    """First value of a `name : value` line of a system file; empty where there is none."""
    try:
        lines = Path(path).read_text().splitlines()
    except OSError:
        return ""
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith(name)), "")
