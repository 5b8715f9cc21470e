"""The glossary is complete and consistent, and suggests what people call our columns."""

from __future__ import annotations

import pytest

from isoperf.columns import COLUMNS, meant, split_header, suggest
from isoperf.identities import IDENTITIES, find_identity
from isoperf.units import find_unit

NAMES = sorted(COLUMNS)


@pytest.mark.parametrize("name", NAMES)
def test_every_entry_is_filled_in(name: str) -> None:
    spec = COLUMNS[name]
    assert spec.name == name
    assert len(spec.meaning) > 10
    assert spec.kind in {"number", "word"}
    assert not (spec.kind == "word" and spec.unit)


@pytest.mark.parametrize("name", [name for name in NAMES if COLUMNS[name].unit])
def test_units_are_base_units(name: str) -> None:
    """A quantity in the glossary's unit needs no conversion, so its scale is 1."""
    unit = find_unit(COLUMNS[name].unit, COLUMNS[name].unit)
    assert unit is not None
    assert unit.scale == 1
    assert unit.name == COLUMNS[name].unit


def test_no_name_is_claimed_twice_as_a_synonym_of_itself() -> None:
    for name, spec in COLUMNS.items():
        assert name not in spec.synonyms
        assert len(set(spec.synonyms)) == len(spec.synonyms)


@pytest.mark.parametrize(
    ("needed", "found"),
    [
        ("loss", "val_loss"),
        ("loss", "eval/loss"),
        ("loss", "final_loss"),
        ("loss", "Loss"),
        ("loss", "loss_c4_val"),
        ("n_params", "N"),
        ("n_params", "params"),
        ("n_params", "Model Size"),
        ("n_params", "num_parameters"),
        ("n_tokens", "D"),
        ("n_tokens", "tokens_seen"),
        ("flops", "C"),
        ("flops", "Training FLOP"),
        ("tokens_per_param", "D/N"),
        ("accuracy", "acc"),
        ("accuracy", "val_acc"),
        ("step", "_step"),
        ("n_params", "params (B)"),
        ("n_tokens", "Tokens [B]"),
    ],
)
def test_suggests_common_names(needed: str, found: str) -> None:
    assert suggest(needed, ["irrelevant", found, "zzz"]) == [found]


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("Model Size", "n_params"),
        ("params (B)", "n_params"),
        ("Epoch", "epoch"),
        ("GPU hours", "gpu_hours"),
        ("zzz", ""),
    ],
)
def test_another_word_for_a_column_is_known(theirs: str, ours: str) -> None:
    assert meant(theirs) == ours
    assert meant(theirs, taken=[ours]) != ours or not ours


@pytest.mark.parametrize(
    ("header", "parts"),
    [
        ("ttft (ms)", ("ttft", "ms")),
        ("params [B]", ("params", "B")),
        ("loss", ("loss", "")),
        ("(ms)", ("(ms)", "")),
        ("f(x) (s)", ("f(x)", "s")),
    ],
)
def test_a_header_is_divided_at_its_last_brackets(header: str, parts: tuple[str, str]) -> None:
    assert split_header(header) == parts


def test_suggestions_put_exact_synonyms_first() -> None:
    assert suggest("loss", ["my_loss_2", "val_loss"]) == ["val_loss", "my_loss_2"]


def test_a_known_column_is_no_suggestion_for_another_by_mere_likeness() -> None:
    assert suggest("loss", ["train_loss"]) == []


def test_nothing_is_suggested_for_an_unknown_word() -> None:
    assert suggest("flux_capacity", ["loss", "N"]) == []


@pytest.mark.parametrize("identity", IDENTITIES, ids=lambda i: f"{i.output}={i.formula}")
def test_formula_text_agrees_with_what_is_computed(identity) -> None:
    """The text shown beside a derived column, read as arithmetic, gives the same number."""
    inputs = {name: 2.0 + k for k, name in enumerate(identity.inputs)}
    expected = eval(identity.formula, {}, dict(inputs))
    assert float(identity(*inputs.values())) == pytest.approx(expected)


def test_a_mixture_of_experts_spends_compute_on_active_parameters() -> None:
    (step,) = find_identity("flops", {"n_params", "n_params_active", "n_tokens"})
    assert step.inputs == ("n_params_active", "n_tokens")


def test_derivations_chain_over_one_missing_input() -> None:
    steps = find_identity("tokens_per_param", {"n_params", "flops"})
    assert [step.output for step in steps] == ["n_tokens", "tokens_per_param"]


def test_what_cannot_be_derived_has_no_steps() -> None:
    assert find_identity("flops", {"n_params"}) == ()
