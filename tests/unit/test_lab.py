"""The lab: counts by hand, the split of the text, learning, resuming, the bundled table."""

from __future__ import annotations

import csv
import json
import math
import subprocess
import sys
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from isoperf.errors import DataError, MissingExtraError, OptionError
from isoperf.lab import ModelConfig, RunConfig, grid, stdlib_corpus, train_run
from isoperf.lab.__main__ import main
from isoperf.lab.corpus import Corpus, SourceFile, read_sources, split_files, windows
from isoperf.lab.provenance import check_same_text, provenance_path, write_provenance
from isoperf.lab.train import CurvePoint, RunResult, checkpoint_steps, training_batches

BUNDLED = Path(str(files("isoperf.datasets"))) / "bundled"


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    return stdlib_corpus()


@pytest.fixture
def needs_jax() -> None:
    pytest.importorskip("jax", reason="jax is absent: pip install isoperf[lab]")


# --- counts -----------------------------------------------------------------


def test_parameters_match_a_hand_count() -> None:
    # d = 16, two blocks: qkv 16x48, attention out 16x16, MLP 16x64 and 64x16,
    # two gains of 16; one last gain of 16; embedding 256x16.
    block = 768 + 256 + 1024 + 1024 + 16 + 16
    config = ModelConfig(d_model=16, n_layers=2)
    assert config.n_params_nonembedding == 2 * block + 16 == 6224
    assert config.n_params == 6224 + 4096


@pytest.mark.usefixtures("needs_jax")
def test_parameters_are_those_of_the_weights_made() -> None:
    import jax

    from isoperf.lab.model import init_params

    config = ModelConfig(d_model=24)
    params = init_params(config, jax.random.key(0))
    assert sum(weight.size for weight in params.values()) == config.n_params


def test_flops_match_a_hand_count() -> None:
    # Per token, d = 16, two blocks, windows of 32: matrices 16x48 + 16x16 + 16x64
    # + 64x16 = 3072; scores and their use 32x16 each = 1024; head 256x16 = 4096.
    multiply_adds = 2 * (3072 + 1024) + 4096
    config = ModelConfig(d_model=16, n_layers=2, context=32)
    # Two FLOPs a multiply-add, forward once and backward twice.
    assert config.flops_per_token == 2 * 3 * multiply_adds == 73_728
    assert RunConfig(config, n_tokens=1000, learning_rate=0.01).flops == 73_728_000


# --- text -------------------------------------------------------------------


def test_text_is_the_same_when_read_again_and_large_enough(corpus: Corpus) -> None:
    assert stdlib_corpus().sha256 == corpus.sha256
    assert len(corpus.train) >= max(grid.N_TOKENS)
    assert 262_144 <= len(corpus.validation) < 300_000


def test_no_file_is_trained_on_and_held_out(corpus: Corpus) -> None:
    names = [{file.name for file in part} for part in (corpus.train_files, corpus.validation_files)]
    texts = [{file.text for file in part} for part in (corpus.train_files, corpus.validation_files)]
    assert not names[0] & names[1]
    assert not texts[0] & texts[1]


def test_tests_and_other_packages_are_left_out(tmp_path: Path) -> None:
    kept = ("a.py", "package/b.py")
    dropped = ("test/c.py", "x/tests/d.py", "site-packages/e.py", "config-3.11/f.py", "g.txt")
    for name in (*kept, *dropped, "_sysconfigdata_x.py", "encodings/h.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x = 1\n")
    assert tuple(file.name for file in read_sources(tmp_path)) == kept


def test_split_does_not_depend_on_the_order_of_files() -> None:
    texts = [SourceFile(f"{i}.py", bytes([i]) * 50) for i in range(60)]
    assert split_files(texts, 400).sha256 == split_files(texts[::-1], 400).sha256
    with pytest.raises(OptionError, match="can be held out"):
        split_files(texts, 100_000)


def test_windows_predict_every_byte_once() -> None:
    cut = windows(np.arange(11, dtype=np.uint8), 3)
    assert cut.tolist() == [[0, 1, 2, 3], [3, 4, 5, 6], [6, 7, 8, 9]]


def test_seed_sets_the_order_and_no_window_repeats(corpus: Corpus) -> None:
    first, again, other = (
        training_batches(RunConfig(ModelConfig(16), 131_072, 0.01, seed), corpus) for seed in (0, 0, 1)
    )
    assert first.shape == (256, 4, 129)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    with pytest.raises(OptionError, match="no byte is shown twice"):
        training_batches(RunConfig(ModelConfig(16), 2**40, 0.01), corpus)


# --- training ---------------------------------------------------------------


@pytest.mark.usefixtures("needs_jax")
def test_twenty_steps_lower_the_loss(corpus: Corpus) -> None:
    model = ModelConfig(16, n_layers=1)
    run = RunConfig(model, n_tokens=20 * 512, learning_rate=0.03)
    result = train_run(run, _short(corpus))
    assert run.n_steps == 20
    # An untrained model is near ln 256 = 5.5, byte frequencies alone give about 3.1.
    assert result.loss < 3.6
    assert result.curve[-1].n_tokens == run.n_tokens
    assert train_run(run, _short(corpus)).loss == result.loss


@pytest.mark.usefixtures("needs_jax")
def test_prediction_does_not_see_later_bytes() -> None:
    import jax
    import jax.numpy as jnp

    from isoperf.lab.model import init_params, logits

    config = ModelConfig(16, n_layers=1, context=8)
    params = init_params(config, jax.random.key(0))
    tokens = np.arange(8)[None, :]
    later = np.where(np.arange(8) < 5, tokens, 99)
    before, after = (np.asarray(logits(config, params, jnp.asarray(x))) for x in (tokens, later))
    assert np.allclose(before[:, :5], after[:, :5], atol=1e-6)
    assert not np.allclose(before[:, 5:], after[:, 5:], atol=1e-3)


@pytest.mark.usefixtures("needs_jax")
def test_learning_rate_rises_and_ends_at_zero() -> None:
    import jax.numpy as jnp

    from isoperf.lab.optimiser import learning_rate_at

    rates = np.array([float(learning_rate_at(jnp.asarray(step), 100, 0.5)) for step in range(101)])
    assert rates[:4] == pytest.approx([0.125, 0.25, 0.375, 0.5])
    assert np.all(np.diff(rates[4:]) < 0)
    assert rates[99] < 0.001
    assert rates[100] == pytest.approx(0.0, abs=1e-7)


def test_checkpoints_end_at_the_last_step() -> None:
    assert checkpoint_steps(20) == (16, 20)
    steps = checkpoint_steps(16_384)
    assert steps[0] == 32
    assert steps[-1] == 16_384
    assert len(steps) == 12


def test_missing_jax_names_the_extra(monkeypatch: pytest.MonkeyPatch, corpus: Corpus) -> None:
    monkeypatch.setitem(sys.modules, "jax", None)
    with pytest.raises(MissingExtraError, match=r'pip install "isoperf\[lab\]"'):
        train_run(RunConfig(ModelConfig(16), 512, 0.01), corpus)


def test_importing_the_package_leaves_jax_alone() -> None:
    code = "import sys, isoperf.lab; sys.exit('jax' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# --- the table, resuming ----------------------------------------------------


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the runs trained, with training replaced by a constant result."""
    names: list[str] = []

    def fake(run: RunConfig, corpus: Corpus) -> RunResult:
        names.append(grid.run_name(run))
        return RunResult(2.5, 2.25, 0.125, (CurvePoint(run.n_tokens, 2.5),))

    monkeypatch.setattr(grid, "train_run", fake)
    return names


def test_resume_skips_what_is_finished(tmp_path: Path, corpus: Corpus, trained: list[str]) -> None:
    runs, out = grid.plan((16, 32), (1024, 2048), (0,)), tmp_path / "runs.csv"
    list(grid.run_grid(runs[:3], corpus, out))
    before = out.read_bytes()
    results = [result for _, result in grid.run_grid(runs, corpus, out)]
    assert trained == [grid.run_name(run) for run in runs]
    assert results[:3] == [None] * 3
    assert results[3] is not None
    assert out.read_bytes().startswith(before)
    assert len(_rows(out)) == len(_rows(grid.curves_path(out))) == 4


def test_resume_survives_a_torn_last_line(tmp_path: Path, corpus: Corpus, trained: list[str]) -> None:
    runs, out = grid.plan((16,), (1024, 2048), (0,)), tmp_path / "runs.csv"
    list(grid.run_grid(runs, corpus, out))
    whole, whole_curves = out.read_bytes(), grid.curves_path(out).read_bytes()
    out.write_bytes(whole[:-7])
    list(grid.run_grid(runs, corpus, out))
    assert trained == [grid.run_name(run) for run in (*runs, runs[1])]
    assert out.read_bytes() == whole
    assert grid.curves_path(out).read_bytes() == whole_curves


@pytest.mark.parametrize("content", ["name,age\nx,3\n", "no newline at the end"])
def test_a_foreign_file_is_not_touched(tmp_path: Path, content: str) -> None:
    out = tmp_path / "runs.csv"
    out.write_text(content)
    with pytest.raises(DataError, match="not a table of this lab"):
        grid.open_tables(out)
    assert out.read_text() == content


@pytest.mark.usefixtures("needs_jax")
def test_another_text_is_refused(tmp_path: Path, corpus: Corpus) -> None:
    out = tmp_path / "runs.csv"
    grid.open_tables(out)
    write_provenance(out, corpus, grid.plan(), 1.5, "python -m isoperf.lab --out runs.csv")
    write_provenance(out, corpus, grid.plan(), 2.0, "python -m isoperf.lab --out runs.csv")
    assert json.loads(provenance_path(out).read_text())["total_wall_seconds"] == 3.5
    check_same_text(out, corpus)
    with pytest.raises(OptionError, match="measured on another text"):
        check_same_text(out, Corpus(corpus.train_files[1:], corpus.validation_files))


def test_grid_repeats_cheap_cells_and_refuses_odd_widths() -> None:
    runs = grid.plan()
    assert len({grid.run_name(run) for run in runs}) == len(runs)
    assert {run.seed for run in runs if run.flops <= 1e12} == {0, 1, 2}
    assert {run.seed for run in runs if run.flops > 1e12} == {0}
    assert min(run.n_steps for run in runs) >= 100
    with pytest.raises(OptionError, match="multiples of 8"):
        grid.plan(d_models=(20,))
    with pytest.raises(OptionError, match="multiples of 512"):
        grid.plan(n_tokens=(1000,))


@pytest.mark.usefixtures("needs_jax")
def test_command_line_writes_table_curves_and_provenance(
    tmp_path: Path, trained: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "runs.csv"
    assert main(["--out", str(out), "--quick", "--sizes", "16,24"]) == 0
    assert len(trained) == len(_rows(out)) == 18
    record = json.loads((tmp_path / "runs.json").read_text())
    assert record["command"] == "python -m isoperf.lab --out runs.csv --quick --sizes 16,24"
    assert "18/18 runs" in capsys.readouterr().err
    assert main(["--out", str(tmp_path / "runs.json")]) == 2
    assert main(["--out", str(tmp_path / "absent" / "runs.csv")]) == 2


@pytest.mark.usefixtures("needs_jax")
def test_interruption_leaves_a_valid_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trained: list[str]) -> None:
    constant: Callable[[RunConfig, Corpus], RunResult] = vars(grid)["train_run"]

    def stop_at_third(run: RunConfig, corpus: Corpus) -> RunResult:
        if len(trained) == 2:
            raise KeyboardInterrupt
        return constant(run, corpus)

    monkeypatch.setattr(grid, "train_run", stop_at_third)
    out = tmp_path / "runs.csv"
    assert main(["--out", str(out), "--quick"]) == 130
    assert [row["run"] for row in _rows(out)] == trained
    assert json.loads((tmp_path / "runs.json").read_text())["runs_finished"] == 2


# --- the bundled table ------------------------------------------------------


def test_bundled_table_covers_its_grid() -> None:
    rows = _rows(BUNDLED / "stdlib_lm.csv")
    sizes, tokens = ({int(row[name]) for row in rows} for name in ("n_params", "n_tokens"))
    flops = [float(row["flops"]) for row in rows]
    assert list(rows[0]) == list(grid.UNITS)
    assert len(sizes) >= 7
    assert len(tokens) >= 6
    assert {(int(row["n_params"]), int(row["n_tokens"])) for row in rows} >= {(n, d) for n in sizes for d in tokens}
    assert math.log10(max(flops) / min(flops)) >= 2.5
    assert sum(row["seed"] == "1" for row in rows) >= 10


def test_bundled_rows_agree_with_the_counts() -> None:
    for row in _rows(BUNDLED / "stdlib_lm.csv"):
        model = ModelConfig(int(row["d_model"]), int(row["n_layers"]))
        run = RunConfig(model, int(row["n_tokens"]), float(row["learning_rate"]), int(row["seed"]))
        assert row["run"] == grid.run_name(run)
        assert int(row["n_params"]) == model.n_params
        assert int(row["flops"]) == run.flops
        assert int(row["n_steps"]) == run.n_steps
        assert 0.5 < float(row["loss"]) < 4.0
        assert math.isfinite(float(row["train_loss"]))


def test_bundled_loss_falls_with_tokens_and_with_parameters() -> None:
    loss = _mean_loss()
    # Seeds differ by about two per cent; neighbouring cells may tie within that.
    assert np.all(loss[:, 1:] < loss[:, :-1] * 1.005)
    assert np.all(loss[1:] < loss[:-1] * 1.02)
    assert np.all(loss[:, -1] < 0.75 * loss[:, 0])
    assert np.all(loss[-1] < loss[0])


def test_bundled_curves_and_provenance_belong_to_the_table() -> None:
    rows = {row["run"]: row for row in _rows(BUNDLED / "stdlib_lm.csv")}
    last = {row["run"]: row for row in _rows(BUNDLED / "stdlib_lm_curves.csv")}
    record = json.loads((BUNDLED / "stdlib_lm.json").read_text())
    assert last.keys() == rows.keys()
    assert all(last[run]["n_tokens"] == row["n_tokens"] for run, row in rows.items())
    assert record["runs_finished"] == len(rows)
    assert record["files"]["stdlib_lm.csv"]["columns"].keys() == grid.UNITS.keys()
    assert len(record["corpus"]["sha256"]) == 64
    assert record["learning_rate_sweep"]["runs"]


def _mean_loss() -> np.ndarray:
    """Mean loss over seeds, shape (n_sizes, n_token_counts), both ascending."""
    cells: dict[tuple[int, int], list[float]] = {}
    for row in _rows(BUNDLED / "stdlib_lm.csv"):
        cells.setdefault((int(row["n_params"]), int(row["n_tokens"])), []).append(float(row["loss"]))
    sizes = sorted({n for n, _ in cells})
    tokens = sorted({d for _, d in cells})
    return np.array([[np.mean(cells[n, d]) for d in tokens] for n in sizes])


def _short(corpus: Corpus) -> Corpus:
    """The same text with three held-out files, so that scoring takes no time."""
    return Corpus(corpus.train_files, corpus.validation_files[:3])


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))
