"""Every script in ``examples/`` runs, and one number that it prints is right."""

from __future__ import annotations

import math
import re
import runpy
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import isoperf
from docs._generate.pictures import drawn, outdated, shown
from isoperf.datasets import load
from isoperf.observations import Observations

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "gallery"
SCRIPTS = sorted((ROOT / "examples").glob("*.py"))


def _after(label: str, text: str) -> float:
    """Return the first number behind a label."""
    found = re.search(rf"{re.escape(label)}\D*?(-?\d+(?:\.\d+)?)", text)
    assert found, f"no number after {label!r} in:\n{text}"
    return float(found[1])


def _runs() -> Observations:
    return load("stdlib_lm").where("n_steps > 1000")


def fit_chinchilla_form(out: str) -> None:
    # SciPy's least_squares with its Huber cost turning at 0.0137, from 18 starts: the same optimum.
    assert _after("irreducible_loss", out) == pytest.approx(0.8977, abs=2e-4)
    assert _after("param_exponent", out) == pytest.approx(0.6207, abs=2e-4)
    assert _after("token_exponent", out) == pytest.approx(0.4317, abs=2e-4)


def forecast_and_check(out: str) -> None:
    # A straight line through log loss and log compute of the smaller runs is what a law must beat.
    runs = _runs()
    compute, loss = np.log(6 * runs["n_params"] * runs["n_tokens"]), np.log(runs["loss"])
    large = compute > compute.max() - math.log(10)
    line = np.polyval(np.polyfit(compute[~large], loss[~large], 1), compute[large])
    baseline = 100 * np.abs(np.exp(line - loss[large]) - 1).mean()
    assert 0 < _after("mean error", out) < baseline


def plan_budget(out: str) -> None:
    # The closed form of Hoffmann et al. 2022 at the fitted values; the script prints four digits.
    p = isoperf.fit(_runs(), law="chinchilla", n_bootstrap=0, seed=0).values
    alpha, beta = p["param_exponent"], p["token_exponent"]
    ratio = (alpha * p["param_scale"] / (beta * p["token_scale"])) ** (1 / (alpha + beta))
    best = ratio * (1e14 / 6) ** (beta / (alpha + beta))
    assert _after("parameters", out) == pytest.approx(best, rel=1e-3)


def own_law(out: str) -> None:
    # The last value is the mean loss of the smaller runs that had most compute.
    runs = _runs()
    compute = runs["n_params"] * runs["n_tokens"]
    large = compute > compute.max() / 10
    last = runs["loss"][compute == compute[~large].max()].mean()
    error = 100 * np.abs(last / runs["loss"][large] - 1).mean()
    assert _after(f"last_value    error on {large.sum()} larger runs", out) == pytest.approx(error, abs=0.06)
    assert _after("product       error on 10 larger runs", out) < error


def overtraining_gadre(out: str) -> None:
    # Relative errors printed in the paper's public notebook, here to two digits of the percentage.
    assert re.findall(r"off by (\d\.\d\d)%", out) == ["0.71", "3.64", "0.73", "0.05"]


def accuracy_from_loss(out: str) -> None:
    # Constants of an independent least-squares refit: ceiling 0.8569919, scale 2.20649069, rate 0.71459067.
    assert _after("needs a loss of", out) == pytest.approx(math.log(2.20649069 / 0.3569919) / 0.71459067, abs=1e-3)


def repeated_data(out: str) -> None:
    # With R* = 15.387756 extra passes, e passes are worth 1 + R* (1 - exp(-(e - 1) / R*)) fresh ones.
    for n in (2, 4, 8, 16, 44):
        worth = 1 + 15.387756 * (1 - math.exp(-(n - 1) / 15.387756))
        assert _after(f"{n} passes are worth", out) == pytest.approx(worth, abs=0.006)


def learning_curve_trace(out: str) -> None:
    # The last losses stand in the table. What the script says of them must hold: the run that settled ends
    # below its limit, the other above.
    settled, other = out.split("d96_t8388608_s0:")
    assert (_after("at a loss of", settled), _after("at a loss of", other)) == (1.780, 1.197)
    assert "settled with" in settled and _after("from all points:", settled) > 1.780 + 0.1
    assert "not settled" in other and _after("from all points:", other) < 1.197


def report_html(out: str) -> None:
    assert isoperf.fit(_runs(), law="overtraining", n_bootstrap=0).provenance["data"][:19] in out
    assert "loads from outside: False" in out
    assert _after("fit.html:", out) == Path("fit.html").stat().st_size


@pytest.mark.paper("arXiv:2311.14646")
def random_features(out: str) -> None:
    # Simon et al. 2023: at the best ridge error never rises with features or samples, the closed form holds, and
    # the best ridge fits the training data far better than new data.
    lines = re.findall(r"(features|samples) (\d+) (\d+): test (\S+) theory (\S+) train/test (\S+)", out)
    for kind in ("features", "samples"):
        test = [float(line[3]) for line in lines if line[0] == kind]
        assert len(test) == 5 and test == sorted(test, reverse=True)
    assert all(abs(float(line[3]) / float(line[4]) - 1) < 0.05 for line in lines)
    ratio = {(int(n), int(k)): float(share) for _, n, k, _, _, share in lines}
    assert ratio[64, 512] < 0.1 and ratio[32, 256] < 0.1


@pytest.mark.paper("arXiv:2510.09776")
def in_context_ar(out: str) -> None:
    # Zhou et al. 2025: never below least squares, coming to it from above about as 1/n; the roll-out of an AR(2)
    # series with roots 0.852 and -0.352 decays at -log 0.852 = 0.160.
    pairs = re.findall(r"attention (\S+) least squares (\S+)", out)
    gaps = [float(attention) - float(squares) for attention, squares in pairs]
    assert len(gaps) == 7 and min(gaps) > 0 and gaps == sorted(gaps, reverse=True)
    assert gaps[-1] < 0.01 < 0.1 < gaps[0]
    assert _after("gap falls as n^", out) == pytest.approx(-0.9, abs=0.15)
    assert _after("roll-out decays as exp(", out) == pytest.approx(-0.160, abs=0.01)
    assert _after("h) to", out) < 0.005


@pytest.mark.paper("arXiv:2206.14486")
def pruning_theory(out: str) -> None:
    # Recomputed theory: 1 per weight .2657 for all and .2498 for the easy 70 %; 20 per weight .0249 for the hard 25 %,
    # which the simulation must meet; pruning gains more the more is kept.
    lines = re.findall(r"^ +(\d+)   ((?:0\.\d{4} *){4})$", out, re.MULTILINE)
    rows = {int(n): [float(x) for x in rest.split()] for n, rest in lines}
    assert rows[1] == pytest.approx([0.2657, 0.2498, 0.3354, 0.4712], abs=1e-4)
    assert rows[20][3] == pytest.approx(0.0249, abs=1e-4)
    assert _after("simulated, 20 per weight, hard 25%:", out) == pytest.approx(0.0249, abs=0.003)
    gains = [float(a) / float(b) for a, b in re.findall(r"(0\.\d{5})    (0\.\d{5}) \(keep", out)]
    assert gains[0] == 1.0 and gains == sorted(gains) and gains[-1] > 20


@pytest.mark.paper("arXiv:2310.19240")
def length_decay(out: str) -> None:
    # The table's formula: slopes of -0.11, -0.05 and -0.03 inside intervals at 98 %; hardest is said only of the first.
    planted = {"several spans": -0.11, "global": -0.05, "single span": -0.03}
    lines = re.findall(r"^(.+): (\S+) \[(\S+), (\S+)\] per unit", out, re.MULTILINE)
    assert [name for name, *_ in lines] == list(planted)
    for name, _, low, high in lines:
        assert float(low) <= planted[name] <= float(high)
    assert "fades fastest: several spans" in out and "without it: not decided" in out


@pytest.mark.paper("arXiv:2309.10105")
def forgetting_distance(out: str) -> None:
    # The formula: 0.3 exp(-2 d) falls with d, the nearest third lose most, and 60 % comes back.
    assert _after("per unit of distance:", out) < -0.15
    near, far = _after("nearest third", out), _after("others", out)
    assert near > 2 * far
    for line in re.findall(r"^share recovered.*: \S+ \[(\S+), (\S+)\]", out, re.MULTILINE):
        assert float(line[0]) < 0.6 < float(line[1])


@pytest.mark.paper("arXiv:2309.13658")
def generalisation_limits(out: str) -> None:
    # Planted: signs agree over width and depth and disagree over the rate; gaps 0.2 apart leave a floor of 0.1.
    assert [_after(f"agreement over {name}:", out) for name in ("width", "depth", "rate")] == [1, 1, -1]
    apart, alike = re.findall(r"gaps apart.*", out)
    low, high = re.search(r"floor \S+ \[(\S+), (\S+)\]", apart).groups()  # type: ignore[union-attr]
    assert float(low) < 0.1 < float(high) + 1e-3
    assert apart.endswith("cannot be tight") and alike.endswith("may be tight")


@pytest.mark.paper("arXiv:2305.18887")
def information_bottleneck(out: str) -> None:
    # Planted: the gap is made from the information, so it leads within each weight decay and across all.
    known = {name: _after(f"across all runs, {name}:", out) for name in ("information", "norm", "n_params")}
    assert max(known, key=lambda name: known[name]) == "information"
    assert len(re.findall(r"information ahead of \S+ by \S+ \[0\.", out)) == 2
    within = re.findall(r"weight decay of \S+: \S+ \[(\S+),", out)
    assert len(within) == 4 and all(float(low) > 0 for low in within)


@pytest.mark.paper("arXiv:2311.18207")
def policy_portfolio(out: str) -> None:
    # Planted: the two of each pair make the same errors at opposite ends, so the usual measures agree.
    told = {}
    for name, error, rank, ratios in re.findall(
        r"^(\w+): squared error (\S+), rank correlation (\S+), .*\[(.*)\]", out, re.M
    ):
        told[name] = (error, rank, [float(x) for x in ratios.split()])
    assert told["timid"][:2] == told["rash"][:2] and told["blind"][:2] == told["mixed"][:2]
    assert all(a > b for a, b in zip(told["timid"][2], told["rash"][2], strict=True))
    # Worth 8, 7, 6 and 5 against 10, 9, 1 and 2, and 5.5 in both: the second pair turns round at four policies.
    assert told["mixed"][2][2] > told["blind"][2][2] and told["blind"][2][3] > told["mixed"][2][3]
    assert told["blind"][2][3] == pytest.approx(2.5 / np.std([8, 7, 6, 5, 5.5]), abs=0.005)
    truth = _after("true value", out)
    assert truth == pytest.approx((0.1 * 0.2 + 0.2 * 0.5 + 0.7 * 0.8 + 0.7 * 0.9 + 0.2 * 0.4 + 0.1 * 0.1) / 2)
    ends = {n: (float(a), float(b)) for n, a, b in re.findall(r"^(\w+) \S+ \[(\S+), (\S+)\]", out, re.M)}
    assert ends["importance"][0] < truth < ends["importance"][1]
    assert ends["doubly_robust"][0] < truth < ends["doubly_robust"][1]
    assert not ends["direct"][0] < truth < ends["direct"][1]  # its model was planted wrong
    assert ends["doubly_robust"][1] - ends["doubly_robust"][0] < ends["importance"][1] - ends["importance"][0]


@pytest.mark.paper("arXiv:2505.16700")
def agent_dimensions(out: str) -> None:
    # Planted: clumsy is behind terse in every chance and cost, large is right most often, slow and costly.
    told = {
        name: (float(share), float(first))
        for name, share, first in re.findall(r"^(\w+): .*\n  not dominated in (\d+)%.* under (\d+)%", out, re.M)
    }
    assert len(told) == 4 and out.count("result") == 4
    assert max(told["clumsy"]) == 0
    assert min(told[name][0] for name in ("large", "quick", "terse")) > 90
    assert 100 - told["large"][1] == pytest.approx(_after("the winner changes under", out), abs=0.6)
    assert _after("the winner changes under", out) > 50


@pytest.mark.paper("arXiv:2401.10393")
def rehearsal_digits(out: str) -> None:
    # At least as good as uniform within two standard errors at 0.5; a steeper law is not; none is far worse.
    rows = {}
    for line in re.findall(r"^(\S+): accuracy (\S+), forgetting (\S+), less uniform (\S+) \+- (\S+)", out, re.M):
        rows[line[0]] = [float(x) for x in line[1:]]
    assert set(rows) == {"0.5", "1", "uniform", "none"}
    assert rows["0.5"][2] >= -2 * rows["0.5"][3] and rows["0.5"][3] < 0.01
    assert rows["1"][2] < -2 * rows["1"][3]
    assert rows["none"][0] < rows["1"][0] - 0.2 and rows["none"][1] > rows["1"][1] + 0.2


@pytest.mark.paper("arXiv:2305.06292")
def joint_trajectories(out: str) -> None:
    # Planted: independent samples hold each walker's side but not all together.
    found = {}
    for name, *ends in re.findall(
        r"^(\w+): ADE (\S+) .*FDE (\S+) .*JADE (\S+) .*JFDE (\S+) .*collisions (\S+)", out, re.M
    ):
        found[name] = [float(x) for x in ends]
    assert all(jade > ade and jfde > fde for ade, fde, jade, jfde, _ in found.values())
    assert found["independent"][0] < found["joint"][0] < found["independent"][2] > found["joint"][2]
    assert found["joint"][4] < 0.05 < 0.5 < found["independent"][4]
    assert "'independent': 1, 'joint': -1, 'middle': 0" in out


@pytest.mark.paper("arXiv:2412.02980")
def quality_diversity(out: str) -> None:
    # 20 topics bound the effective number; quality was planted to rise with the topic, so that a filter narrows them.
    assert 15 < _after("effective number", out) < 22
    kept = re.findall(r"mean (\S+) \[.*diversity (\d+\.\d+).* on the frontier", out)
    assert [float(q) for q, _ in kept] == sorted(float(q) for q, _ in kept)
    assert [float(d) for _, d in kept] == sorted((float(d) for _, d in kept), reverse=True)
    assert "Quality against diversity" in out and "frontier" in out
    planted = {"in": (0.5, 0.0, 0.2), "out of": (0.0, 0.5, 0.2)}
    for where, effects in planted.items():
        for name, effect in zip(("quality", "diversity", "complexity"), effects, strict=True):
            low, high = re.search(rf"^{where} distribution, {name}: \S+ \[(\S+), (\S+)\]", out, re.M).groups()  # type: ignore[union-attr]
            assert float(low) - 0.05 < effect < float(high) + 0.05  # effects are per deviation of the drawn sets
            assert (float(low) > 0) == (effect > 0)


@pytest.mark.paper("arXiv:2406.15941")
def inductive_bias(out: str) -> None:
    # The class is counted in full. From 64,000 of 2^20 hypotheses the bits lie within 5 % of that.
    lines = re.findall(r"exact (\S+) from (\d+) hypotheses: (\S+) \[(\S+), (\S+)\]", out)
    assert len(lines) == 12
    for exact, n, bits, low, high in lines:
        if n == "64000":
            assert float(bits) == pytest.approx(float(exact), rel=0.05)
            assert float(low) < float(exact) < float(high)
    widths = {(exact, n): float(high) - float(low) for exact, n, _, low, high in lines}
    assert all(widths[exact, "64000"] < widths[exact, "1000"] / 2 for exact in ("10.000", "12.000", "14.000"))
    more = [_after(f"{n} dimensions, loss down to two fifths of a guess:", out) for n in (10, 20, 40)]
    assert more == sorted(more) and more[-1] > more[0] + 3


@pytest.mark.paper("arXiv:2401.09940")
def shots_needed(out: str) -> None:
    # Shots needed: goals of as many shots from the same places, drawn here, pass 1.96 standard errors 8 times in 10.
    rng = np.random.default_rng(0)
    chances = 0.02 + 0.4 * np.linspace(0, 1, 40) ** 4
    needed = re.findall(r"^skill (\d+)%: (\d+) shots needed, found in (\S+)%", out, re.M)
    assert [skill for skill, _, _ in needed] == ["10", "25", "50"]
    for skill, n, found in needed:
        shots = rng.multinomial(int(n), np.full(40, 1 / 40), 20_000)
        over = (rng.binomial(shots, chances * (1 + int(skill) / 100)) - shots * chances).sum(axis=1)
        z = over / np.sqrt((shots * chances * (1 - chances)).sum(axis=1))
        assert np.mean(np.abs(z) > 1.96) == pytest.approx(0.8, abs=0.015)
        assert float(found) == pytest.approx(80, abs=4)


@pytest.mark.paper("arXiv:2401.09940")
@pytest.mark.paper("arXiv:1711.08513")
def expected_goals(out: str) -> None:
    chances = 0.02 + 0.4 * np.linspace(0, 1, 40) ** 4
    # Of what the planted skill adds at a place the model takes 0.17 for the worth of the shot: 0.83 are left.
    # Weak feet, 0.3 of the shots, score 0.8 as often. Fit and check are two samples of the same size.
    adds = 1000 * 0.25 * chances.mean() * (1 - 0.3 * 0.2)
    planted = {"skilled": 0.83 * adds, "ordinary": -0.17 * adds}
    told = re.findall(r"^(\w+ ?\w*): goals less .* (\S+) before, (\S+) after, noise (\S+)", out, re.M)
    assert [name for name, *_ in told] == ["skilled", "ordinary", "weak foot"]
    for name, before, after, noise in told:
        assert abs(float(after)) < 3 * float(noise)
        assert abs(float(before)) > 5 * float(noise)
        if name in planted:
            assert float(before) == pytest.approx(planted[name], abs=4 * float(noise))
    assert _after("understated by", out) == pytest.approx(0.17, abs=0.03)
    seen, true = re.search(r"skilled: (\d+) by the model, (\d+) against", out).groups()  # type: ignore[union-attr]
    assert float(true) / float(seen) == pytest.approx(1 / 0.83, abs=0.05)
    assert _after("understated by 17% is", out) == pytest.approx(100 / 0.83, abs=0.05)


@pytest.mark.paper("arXiv:2402.18668")
def associative_recall(out: str) -> None:
    # Recall rises with the window at every width and with the width at every window; a window alone holds its share.
    lines = re.findall(r"window (\d+), width (\d+): (\d+) bytes, recall (\S+)", out)
    found = {(int(w), int(d)): float(share) for w, d, _, share in lines}
    windows, widths = sorted({w for w, _ in found}), sorted({d for _, d in found})
    assert len(found) == len(windows) * len(widths) == 16
    assert all((np.diff([found[w, d] for w in windows]) > 0).all() for d in widths)
    assert all((np.diff([found[w, d] for d in widths]) > 0).all() for w in windows)
    assert all(found[w, 0] == pytest.approx(w / 64, abs=5e-4) for w in windows)
    state = [int(size) for _, _, size, _ in lines]
    assert state == sorted(state)
    assert np.corrcoef(np.argsort(np.argsort(state)), np.argsort(np.argsort([float(x[3]) for x in lines])))[0, 1] > 0.95


def cautious_decoding(out: str) -> None:
    # A question has Binomial(6, 1/2) hard clauses. Nucleus keeps 0.9 and finds the right word of a hard one in 0.35 of
    # 0.9; at 1.48 nats nine trials find it with chance 1 - 0.65^9. Over 60 questions shares scatter by 0.04.
    assert _after("nucleus    right", out) == pytest.approx((0.5 + 0.5 * 0.35 / 0.9) ** 6, abs=0.12)
    assert _after("cautious   right", out) == pytest.approx((1 - 0.5 * 0.65**9) ** 6, abs=0.12)
    assert _after("greedy     right", out) == pytest.approx(0.5**6, abs=0.05)
    assert _after("cautious   right", out) > _after("vote of 5  right", out) + 0.5


@pytest.mark.paper("arXiv:2502.07154")
def matched_loss(out: str) -> None:
    # Required of the demonstration: cross-entropy ends more than 0.1 below its peak, the matched loss within 0.05.
    found = re.findall(r"peaks at ([\d.]+) and ends at ([\d.]+)", out)
    (sure, late), (kept, end) = ((float(peak), float(last)) for peak, last in found)
    assert sure - late > 0.1 and kept - end < 0.05 and kept > late


@pytest.mark.paper("arXiv:2412.01951")
def sharpening(out: str) -> None:
    # Of n samples the top response is among them with chance 1 - (1 - p)^n: ln(1 / delta) / p samples for small p.
    found = re.findall(r"response ([\d.]+): (\d+) samples, simulated mass ([\d.]+)", out)
    for top, n, mass in ((float(a), int(b), float(c)) for a, b, c in found):
        assert n == math.ceil(math.log(0.1) / math.log(1 - top)) and mass == pytest.approx(0.9, abs=0.025)
    assert _after("slope", out) == pytest.approx(-1.0, abs=0.03)


@pytest.mark.paper("arXiv:2507.13338")
def lipschitz_clip(out: str) -> None:
    # Clipped at a target that training presses against, the largest singular value is the target.
    found = re.findall(r"target ([\d.]+)\s+largest singular value ([\d.]+)\s+loss ([\d.]+)", out)
    assert len(found) == 4
    assert all(float(value) == pytest.approx(float(target), rel=0.01) for target, value, _ in found)
    losses = [float(loss) for *_, loss in found]
    assert losses == sorted(losses, reverse=True)  # a tighter bound costs loss
    assert out.count("(100%)") == 4


@pytest.mark.paper("arXiv:2307.11333")
@pytest.mark.paper("doi:10.3390/e16042161")
def fair_federation(out: str) -> None:
    # Labels of 1: 320 of 1000 in group 0, 720 of 1000 in group 1, so right predictions share 1 - H of these with it.
    def bits(p: float) -> float:
        return -p * math.log2(p) - (1 - p) * math.log2(1 - p)

    assert _after("global disparity", out) == pytest.approx(bits(0.52) - (bits(0.32) + bits(0.72)) / 2, abs=1e-4)
    # Alike in both groups, half of the people each, predictions miss half of the difference of 0.4 in labels.
    assert _after("limits 0/0: accuracy", out) == pytest.approx(0.8, abs=1e-4)
    shares = [_after(f"limits {name}: accuracy", out) for name in ("0/0", "0.01/0.01", "0.1/0.1")]
    assert shares == sorted(shares)
    assert 1 < _after("", out.splitlines()[-1]) <= 25


@pytest.mark.paper("arXiv:2306.11913")
def private_rounding(out: str) -> None:
    # Required of the demonstration: at equal bits and divergence the error is below the binomial mechanism's.
    lines = re.findall(r"within (\S+) nats: error (\S+) by rounding, (\S+) binomial", out)
    assert len(lines) == 4
    assert all(float(rounding) < float(binomial) for _, rounding, binomial in lines)
    assert [float(rounding) for _, rounding, _ in lines] == sorted((float(r) for _, r, _ in lines), reverse=True)


@pytest.mark.paper("arXiv:2310.02995")
def preference_models(out: str) -> None:
    # A posterior mean is off by a variance of 0.09 / 400 in each of 5 directions: 0.0011 on average at most.
    assert _after("trainings:", out) == 3
    assert _after("combined: weighted loss above the Pareto front", out) < 0.002
    assert _after("beaten by more than 0.002 on every task:", out) == 0
    assert abs(_after("backward transfer", out)) < 0.005
    assert _after("of one model trained on", out) < -0.1


@pytest.mark.paper("arXiv:2306.12981")
def action_groups(out: str) -> None:
    near, *lost = [
        [float(pair.split(":")[1]) for pair in line.split()[1:]]
        for line in out.splitlines()
        if line.startswith(("approximation", "estimation"))
    ]
    assert all(a >= b for a, b in pairwise(near)) and near[-1] == 0
    # Fewer samples lose more by estimation, and all actions apart more than four groups.
    assert all((np.array(few) >= np.array(more) - 0.03).all() for few, more in pairwise(lost))
    assert all(one[-1] > one[2] for one in lost)
    best = re.findall(r"best at (\d+) samples: (\d+) groups, loss (\S+); all apart (\S+)", out)
    groups = [int(n) for _, n, _, _ in best]
    assert groups == sorted(set(groups)) and all(1 < n < 96 for n in groups)
    assert all(float(least) < float(apart) for _, _, least, apart in best)


@pytest.mark.paper("arXiv:2410.14594")
def tool_threshold(out: str) -> None:
    best = re.findall(r"(\d+) tools: cheapest per right call at (\d+) shown, \$(\S+)", out)
    shown, price = [int(k) for _, k, _ in best], [float(usd) for _, _, usd in best]
    assert [size for size, _, _ in best] == ["100", "500", "2000", "8000"]
    assert shown == sorted(shown) and shown[-1] > shown[0] and price == sorted(price)
    # The stated gains, 46, 56 and 47 points, leave 54, 44 and 53% at most before them.
    for name, most in (("single_tool", 54), ("multi_tool", 44), ("seal_tools", 53)):
        assert f"most_before_{name}: {most}%, agrees" in out
    fronts = re.findall(r"thresholds ([\d, ]+)", out)
    assert len(fronts) == 4 and all(len(line.split(",")) >= 5 for line in fronts)


@pytest.mark.paper("arXiv:2402.08702")
def prompt_search(out: str) -> None:
    # The best planted prompt has a true score of 0.85; the filtered search is surely ahead at equal evaluations.
    low = float(re.search(r"less unfiltered \S+ \[(\S+),", out)[1])  # type: ignore[index]
    assert low > 0
    assert re.search(r"'.*check every unit; list the facts first; think step by step", out)
    assert _after("where it was chosen,", out) == pytest.approx(0.85, abs=0.06)


@pytest.mark.paper("arXiv:2402.03099")
def boundary_labels(out: str) -> None:
    high = float(re.search(r"boundary: \S+ \[\S+, (\S+)\]", out)[1])  # type: ignore[index]
    low = float(re.search(r"random: \S+ \[(\S+),", out)[1])  # type: ignore[index]
    assert high < low


@pytest.mark.paper("arXiv:2406.16218")
def traced_workflow(out: str) -> None:
    # Both steps are linear with known slopes, so that one look at the trace is enough.
    assert _after("trace and feedback:", out) == 2.0
    assert _after("score alone:", out) > 20


@pytest.mark.paper("arXiv:2306.02556")
@pytest.mark.paper("arXiv:2406.19976")
@pytest.mark.paper("arXiv:2405.02774")
def source_weights(out: str) -> None:
    # The target is the first head less half of the fourth: two thirds and one third of the samples.
    counts = [int(x) for x in re.search(r"samples \[(.*?)\]", out)[1].split()]  # type: ignore[index]
    assert counts[0] == pytest.approx(667, abs=60) and counts[3] == pytest.approx(333, abs=60)
    shares = [float(x) for x in re.search(r"weights \[(.*?)\]", out)[1].split()]  # type: ignore[index]
    assert shares[2] < 0.05 and _after("validation loss", out) < _after("with uniform weights", out)
    assert _after("gradient: distance", out) < _after("nearest: distance", out)


@pytest.mark.paper("arXiv:2202.12954")
def subnetwork_search(out: str) -> None:
    # The hypervolume of the whole table is the measure; latency is a sum over choices, which a ridge foresees.
    found = re.findall(r"after +\d+ evaluations: (\S+) of the hypervolume, random (\S+)", out)
    assert float(found[-1][0]) > 0.97 and float(found[-1][0]) > float(found[-1][1]) + 0.05
    guided, drawn = (int(n) for n in re.findall(r"reached after (\d+), random (\d+)", out)[0])
    assert 3 * guided < drawn and _after("measured latency:", out) > 0.8


@pytest.mark.paper("arXiv:2403.07591")
def combined_proxies(out: str) -> None:
    # Planted: every proxy fails on some task; the combination's mean and worst regret are the lowest of all.
    told = {n: (float(a), float(b)) for n, a, b in re.findall(r"^(.+): regret (\S+) .*worst (\S+)$", out, re.M)}
    assert len(told) == 7
    assert all(told["combined"] <= other and told["combined"][1] <= other[1] for other in told.values())


@pytest.mark.paper("arXiv:1711.09846")
def population_training(out: str) -> None:
    # The best rate falls as the classifier settles; the population is ahead of every constant.
    rates = [float(x) for x in re.search(r"schedule of the best: (.*)", out)[1].split()]  # type: ignore[index]
    assert len(rates) == 12 and rates[-1] < 0.6 * rates[0]
    assert _after("best of the population:", out) < _after("best of 20 constants:", out)


@pytest.mark.paper("arXiv:1711.09846")
def lab_population(out: str) -> None:
    # A byte model of 256 symbols starts at ln 256 = 5.5 nats; text of programs is learned to about 2.3 in 480 steps.
    population, constants = _after("best of the population:", out), _after("best of 8 constants:", out)
    assert population < 3.0 and population < constants + 0.05  # copying costs little where no schedule is needed
    rates = [float(x) for x in re.search(r"schedule of the best: (.*)", out)[1].split()]  # type: ignore[index]
    assert len(rates) == 8


@pytest.mark.paper("arXiv:2410.14735")
def merged_archives(out: str) -> None:
    # Every skill keeps a model near its expert; the mean lets skills drown, so its hypervolume is lower.
    archives, mean = (float(x) for x in re.findall(r"hypervolume (\S+)", out))
    assert archives > 1.5 * mean
    best = [[float(x) for x in part.split()] for part in re.findall(r"\[(.*?)\]", out)]
    assert min(best[0]) > 0.9 > min(best[1])


@pytest.mark.paper("arXiv:2503.04242")
def offline_choice(out: str) -> None:
    # Planted truth: both surrogates promise too much for the noise, the bounded one much less.
    told = re.findall(r"bound \S+: true value (-?[\d.]+) .*too much ([\d.]+)", out)
    (plain, excess), (bounded, less) = ((float(a), float(b)) for a, b in told)
    assert bounded > plain and 0 < less < 0.6 * excess


CHECKS: dict[str, Callable[[str], None]] = {
    check.__name__: check
    for check in (
        combined_proxies,
        merged_archives,
        offline_choice,
        lab_population,
        population_training,
        subnetwork_search,
        accuracy_from_loss,
        action_groups,
        agent_dimensions,
        associative_recall,
        boundary_labels,
        cautious_decoding,
        expected_goals,
        fair_federation,
        fit_chinchilla_form,
        forecast_and_check,
        forgetting_distance,
        generalisation_limits,
        in_context_ar,
        inductive_bias,
        information_bottleneck,
        joint_trajectories,
        learning_curve_trace,
        length_decay,
        lipschitz_clip,
        matched_loss,
        overtraining_gadre,
        own_law,
        plan_budget,
        policy_portfolio,
        preference_models,
        private_rounding,
        prompt_search,
        pruning_theory,
        quality_diversity,
        random_features,
        rehearsal_digits,
        repeated_data,
        report_html,
        sharpening,
        shots_needed,
        source_weights,
        tool_threshold,
        traced_workflow,
    )
}


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_example(
    script: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    names = runpy.run_path(str(script), run_name="__main__")
    out = capsys.readouterr().out
    CHECKS[script.stem](out)
    changed = outdated(drawn(FOLDER, script.stem), shown(names, out))
    assert not changed, f"the gallery is old, run python -m docs.draw {script.stem}: {changed}"


def test_examples_are_short_and_say_what_they_show() -> None:
    assert {script.stem for script in SCRIPTS} == CHECKS.keys()
    for script in SCRIPTS:
        text = script.read_text("utf-8")
        assert text.startswith('"""') and text.count("\n") < 55, script.name
