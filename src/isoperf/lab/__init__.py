"""A small lab: train byte-level language models on a CPU and table what they cost.

`python -m isoperf.lab --out runs.csv` trains a grid of small transformers on
the standard library's own source and writes one row a run: parameters, tokens,
FLOPs, loss. The bundled table `stdlib_lm` was made this way. Needs the extra
`isoperf[lab]`; importing this package does not import jax.
"""

from isoperf.lab.corpus import Corpus, SourceFile, stdlib_corpus
from isoperf.lab.grid import plan, run_grid, run_name
from isoperf.lab.model import ModelConfig
from isoperf.lab.sweep import learning_rate_rule
from isoperf.lab.train import CurvePoint, RunConfig, RunResult, train_run

__all__ = [
    "Corpus",
    "CurvePoint",
    "ModelConfig",
    "RunConfig",
    "RunResult",
    "SourceFile",
    "learning_rate_rule",
    "plan",
    "run_grid",
    "run_name",
    "stdlib_corpus",
    "train_run",
]
