"""Every named table against the facts its publishers, or the mirror's notes, state of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from isoperf import datasets
from isoperf.observations import Observations

ELSEWHERE = [name for name in datasets.names() if datasets.info(name).availability != "bundled"]


@pytest.fixture
def table(mirror: Path, request: pytest.FixtureRequest) -> Observations:
    """Load the table that the test is parametrised with."""
    return datasets.load(request.param, offline=True)


def _of(name: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("table", [name], indirect=True)


@pytest.mark.parametrize("name", ELSEWHERE)
def test_table_is_as_described(name: str, mirror: Path) -> None:
    about, table = datasets.info(name), datasets.load(name, offline=True)
    assert len(table) == about.rows
    assert dict(table.derived) == dict(about.derived)
    starred = tuple(c.rstrip("*") for c in about.columns if c.endswith("*"))
    named = {c for c in about.columns if not c.endswith("*")}
    assert named <= set(table.columns)
    assert all(c in named or c.startswith(starred) for c in table.columns)
    for start in starred:
        assert any(c.startswith(start) and c not in named for c in table.columns), start


@pytest.mark.parametrize("name", ELSEWHERE)
def test_numbers_that_must_be_positive_are(name: str, mirror: Path) -> None:
    table = datasets.load(name, offline=True)
    for column in {"n_params", "n_params_active", "n_tokens", "flops", "loss", "x"} & set(table.columns):
        known = table[column][~np.isnan(table[column])]
        assert known.size and (known > 0).all(), column


@pytest.mark.parametrize("name", [n for n in ELSEWHERE if datasets.info(n).kind == "curves"])
def test_curves_rise_in_x_and_never_twice_at_one(name: str, mirror: Path) -> None:
    table = datasets.load(name, offline=True)
    for curve in table.groups("curve").values() if len(table) < 20_000 else ():
        assert (np.diff(curve["x"]) > 0).all()
    points = set(zip(table["curve"].tolist(), table["x"].tolist(), strict=True))
    assert len(points) == len(table)


@_of("chinchilla_all")
def test_chinchilla_all(table: Observations) -> None:
    # Besiroglu et al. 2024 read 245 points; N and C are the ends of the figure's axes' data.
    assert len(table) == 245
    assert table["flops"].min() == pytest.approx(1.397e18, rel=1e-3)
    assert table["flops"].max() == pytest.approx(1.296e22, rel=1e-3)
    assert table["n_params"].min() == pytest.approx(57.3e6, rel=1e-3)
    assert table["n_params"].max() == pytest.approx(16.18e9, rel=1e-3)
    np.testing.assert_allclose(6 * table["n_params"] * table["n_tokens"], table["flops"], rtol=1e-12)


@_of("chinchilla")
def test_chinchilla_leaves_out_the_five_of_highest_loss_and_fewest_tokens(table: Observations, mirror: Path) -> None:
    everything = datasets.load("chinchilla_all")
    assert len(table) == 240
    left_out = np.setdiff1d(everything["loss"], table["loss"])
    assert len(left_out) == 5 and left_out.min() > table["loss"].max()
    ratio = everything.require("tokens_per_param")["tokens_per_param"]
    fewest = everything.take(np.argsort(ratio)[:5])  # the mirror's notes name them by this ratio
    assert set(fewest["loss"]) == set(left_out)


@_of("chinchilla")
def test_chinchilla_agrees_with_the_published_refit(table: Observations) -> None:
    # Besiroglu et al. 2024: E 1.8172, A 482.01, B 2085.43, alpha 0.3478, beta 0.3658; the mirror's
    # notes give a mean relative error of 0.472 % on the 240 rows.
    fitted = 1.8172 + 482.01 * table["n_params"] ** -0.3478 + 2085.43 * table["n_tokens"] ** -0.3658
    assert np.mean(np.abs(fitted / table["loss"] - 1)) == pytest.approx(0.00472, abs=2e-5)


@_of("isoflops")
def test_isoflops(table: Observations) -> None:
    sizes = {family: len(rows) for family, rows in table.groups("family").items()}
    assert sizes == {  # the mirror's notes, less the family of exponentials
        "epochai_chinchilla__massivetext__chinchilla": 123,
        "ml_scalefit__massivetext__chinchilla": 124,
        "llama_3__raw_loss": 133,
        "marin_202603__comma__llama_2": 85,
        "marin_202603__dclm__llama_2": 85,
        "marin_202603__nemotron__llama_2": 88,
        "misfitting__fineweb_c4__transformer": 176,
    }
    assert (table["flops"].min(), table["flops"].max()) == (pytest.approx(8.46e16, rel=1e-3), 1e22)


@_of("porian_isoflops")
def test_porian(table: Observations) -> None:
    assert len(table.groups("family")) == 15
    assert set(table["dataset"]) == {"rw", "owt2"}
    np.testing.assert_allclose(6 * table["n_params"] * table["n_tokens"], table["flops"], rtol=1e-12)


@_of("gadre_overtraining")
def test_gadre(table: Observations) -> None:
    # Gadre et al. 2024: 104 models on three corpora, over-trained up to 32 times, the largest 6.9B.
    assert {k: len(v) for k, v in table.groups("dataset").items()} == {
        "c4_original": 34,
        "rpj": 35,
        "rw_original": 35,
    }
    assert table["overtraining"].max() == 32
    assert table["n_params"].max() == pytest.approx(6.9e9, rel=0.01)
    np.testing.assert_allclose(table["n_tokens"] / table["n_params"], 20 * table["overtraining"], rtol=1e-6)
    tasks = [c for c in table.columns if c.startswith("accuracy_")]
    means = 1 - np.mean([table[c] for c in tasks], axis=0)
    np.testing.assert_allclose(means, table["error_46_tasks"], atol=1e-9)


@_of("repeated_data")
def test_repeated_data(table: Observations) -> None:
    # Muennighoff et al. 2023 fit 182 runs; the mirror's notes count 60 replicates in 15 cells, whose
    # standard deviation has a median of 0.0024 nats.
    assert table["used_in_paper_fit"].sum() == 182
    np.testing.assert_allclose(table["n_tokens"] / table["n_unique_tokens"], table["n_epochs"], rtol=1e-12)
    seeds = table.where("recipe in ('seed1', 'seed2', 'seed3', 'seed4')")
    cells = seeds.groups("n_params", "n_tokens", "n_unique_tokens").values()
    assert (len(seeds), len(cells)) == (60, 15)
    assert np.median([cell["loss"].std(ddof=1) for cell in cells]) == pytest.approx(0.0024, abs=5e-5)


@_of("repeated_data_curves")
def test_repeated_data_curves_hold_no_curve_twice(table: Observations) -> None:
    curves = {name: tuple(rows["loss"]) for name, rows in table.groups("curve").items()}
    assert len(curves) == 47  # 48 in the source, two of which are the same
    assert len(set(curves.values())) == 47


@_of("steplaw_dense")
def test_steplaw_dense(table: Observations) -> None:
    # The source plans tokens = batch x steps; 17 cells are the mirror's count.
    assert len(table.groups("family")) == 17
    np.testing.assert_allclose(table["batch_size_tokens"] * table["n_steps"], table["n_tokens"], rtol=3e-3)


@_of("steplaw_moe")
def test_steplaw_moe(table: Observations) -> None:
    assert (table["n_params_active"] < table["n_params"]).all()
    assert (table["n_experts_used"] <= table["n_experts"]).all()
    np.testing.assert_allclose(table["batch_size_tokens"] * table["n_steps"], table["n_tokens"], rtol=3e-3)


@_of("routing")
def test_routing(table: Observations) -> None:
    # Runs with one expert used and every other block routed: 53 S-Base, 54 RL-R, 51 Hash.
    plain = table.where("n_experts_used == 1 and routing_frequency == 0.5 and family != 'Dense'")
    assert {k: len(v) for k, v in plain.groups("family").items()} == {"S-Base": 53, "RL-R": 54, "Hash": 51}
    assert table["step"].min() >= 248_000


@_of("routing_curves")
def test_routing_curves_end_where_the_runs_do(table: Observations, mirror: Path) -> None:
    ends, final = table.final_checkpoints(), datasets.load("routing")
    assert dict(zip(ends["run"], ends["loss"], strict=True)) == dict(zip(final["run"], final["loss"], strict=True))


@_of("gemstones")
def test_gemstones(table: Observations) -> None:
    runs = {k: len(v.groups("run")) for k, v in table.groups("recipe").items()}
    assert runs == {"hot_all": 22, "cooldown_end": 20, "lr_ablation_half": 20}
    assert table["n_tokens"].max() == pytest.approx(350e9, rel=1e-3)


@_of("olmo_ladder")
def test_olmo_ladder(table: Observations) -> None:
    # Bhagia et al. 2024: 190M to 3B at 0.5 to 10 times Chinchilla, targets 7B-4T and 13B-5T.
    assert table.where("family == 'peteish13'")["n_tokens"][0] == pytest.approx(5e12, rel=1e-3)
    assert np.isnan(table["n_params_nonembedding"]).sum() == 6
    assert set(table["overtraining"][~np.isnan(table["overtraining"])]) == {0.5, 1, 2, 5, 10}


@_of("olmo_ladder_curves")
def test_olmo_ladder_curves_hold_the_published_target(table: Observations) -> None:
    # The repository's error tables give HellaSwag for the 13B target: accuracy 0.831906 and 0.660934
    # bits per byte, which are the means of the last five evaluations.
    last = table.where("curve == 'peteish13_eval_final'").take(np.arange(-5, 0))
    assert last["accuracy_hellaswag_val_rc"].mean() == pytest.approx(0.831905996799469, abs=1e-6)
    assert last["task_loss_hellaswag_val"].mean() == pytest.approx(0.6609338879584526 * np.log(2), abs=1e-6)


@_of("loss_to_loss")
def test_loss_to_loss(table: Observations) -> None:
    assert len(table.groups("dataset")) == 6
    assert (table["flops"].min(), table["flops"].max()) == (2e17, 4.84e19)
    np.testing.assert_allclose(6 * table["n_params"] * table["n_tokens"], table["flops"], rtol=1e-12)


@_of("misfitting")
def test_misfitting(table: Observations) -> None:
    assert table["n_params"].min() == pytest.approx(57e6, rel=0.01)
    assert table["n_params"].max() == pytest.approx(1.18e9, rel=0.01)
    assert len({tuple(row.values()) for row in table.to_dicts()}) == len(table)


@_of("xlstm_isoflops")
def test_xlstm(table: Observations) -> None:
    assert table["loss"].max() < 4
    assert set(table["context_length"]) == {2048, 8192, 16384}
    np.testing.assert_allclose(table["batch_size_tokens"] * table["n_steps"], table["n_tokens"], rtol=1e-12)


@_of("slimpajama_mixtures")
def test_slimpajama_mixtures(table: Observations) -> None:
    mixtures = [len(rows.groups("recipe")) for rows in table.groups("n_params").values()]
    assert sorted(mixtures) == [4, 20, 40, 40, 60, 60]
    weights = np.sum([table[c] for c in table.columns if c.startswith("weight_")], axis=0)
    np.testing.assert_allclose(weights, 1, atol=1e-6)


@_of("parscale")
def test_parscale(table: Observations) -> None:
    # The law L = E + (A 1e9 / (N (k ln P + 1)))^alpha with the mirror's fits and their R2.
    fits = {"pile": (1.2895, 0.1967, 0.1966, 0.3344, 0.9987)}
    fits["stack_v2_python"] = (0.6911, 0.0113, 0.1893, 0.3934, 0.9978)
    for corpus, (floor, scale, exponent, gain, r2) in fits.items():
        rows = table.where(f"dataset == '{corpus}'")
        effective = rows["n_params_nonembedding"] * (gain * np.log(rows["parallel_streams"]) + 1)
        residual = rows["loss"] - floor - (scale * 1e9 / effective) ** exponent
        spread = rows["loss"] - rows["loss"].mean()
        assert 1 - np.sum(residual**2) / np.sum(spread**2) == pytest.approx(r2, abs=1e-4)


@_of("multipower_curves")
def test_multipower(table: Observations) -> None:
    assert len(table.groups("curve")) == 18 and len(table.groups("recipe")) == 9
    assert set(table["n_params"]) == {25e6, 100e6}


@_of("supercollapse_curves")
def test_supercollapse(table: Observations) -> None:
    assert len(set(table["curve"])) == 242
    main = table.where("family in ('mlp', 'c5m', 'chess')")
    assert {k: len(v.groups("n_params", "seed")) for k, v in main.groups("family").items()} == {
        "mlp": 40,  # eight sizes, five seeds
        "c5m": 40,
        "chess": 40,
    }
    assert len(set(main["curve"])) == 120


@_of("learning_curves_vision")
def test_learning_curves_vision(table: Observations) -> None:
    assert len(set(table["curve"])) == 72
    assert table["y"].min() > 0 and table["y"].max() <= 1


@_of("learning_curves_language")
def test_learning_curves_language(table: Observations) -> None:
    counts = {k: len(set(v["curve"])) for k, v in table.groups("family").items()}
    assert counts == {"NMT": 5, "LM": 5, "BB": 10}


@_of("lcdb_curves")
def test_lcdb(table: Observations) -> None:
    assert len(set(table["curve"])) == 4367
    assert len(set(table["family"])) == 20
    assert table["x"].min() == 16


@_of("digit_addition")
def test_digit_addition(table: Observations) -> None:
    assert table["in_paper_fit"].sum() == 14
    assert table["x"][table["in_paper_fit"] == 0].min() > table["x"][table["in_paper_fit"] == 1].max()


@_of("openclip")
def test_openclip(table: Observations) -> None:
    assert set(table["dataset"]) == {"CLIP-WIT", "LAION-80M", "LAION-400M", "LAION-2B"}
    np.testing.assert_allclose(table["error"], 1 - table["accuracy"], rtol=1e-12)


@_of("marin_speedrun")
def test_marin(table: Observations) -> None:
    np.testing.assert_allclose(table["flops"] / table["hardware_flops"], table["model_flops_utilisation"])
    first = table.where("run == 'adamc_llama_scaling/130m'")
    assert first["loss"][0] == pytest.approx(1.186086654663086 * np.log(2))  # the source's bits per byte


@_of("pythia_evals")
def test_pythia(table: Observations) -> None:
    # The final zero-shot accuracies on LAMBADA that the mirror's notes give for the first version.
    last = table.where("benchmark == 'lambada_openai' and metric == 'acc' and n_shot == 0 and step == 143000")
    found = dict(zip(last["model"], last["y"], strict=True))
    published = {"70m": 0.185, "160m": 0.328, "410m": 0.516, "1.4b": 0.616, "6.9b": 0.673, "12b": 0.705}
    assert {model: round(found[model], 3) for model in published} == published
    assert last["n_tokens"][0] == 143000 * 2_097_152
