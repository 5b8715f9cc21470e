"""Observations: columns in, units, derivation, conditions, groups, runs, and back out."""

from __future__ import annotations

import copy
import pickle
import sys

import numpy as np
import pytest

from isoperf.errors import DataError, MissingExtraError, OptionError, UnitError
from isoperf.observations import Observations


def runs() -> Observations:
    return Observations.from_columns(
        {
            "n_params": [1e8, 1e9, 1e10],
            "n_tokens": [2e9, 2e10, 2e11],
            "loss": [3.5, 2.8, 2.3],
            "family": ["a", "b", "a"],
        },
        source="runs.csv",
    )


def checkpoints() -> Observations:
    return Observations.from_columns(
        {"run": ["r1", "r2", "r1", "r2", "r1"], "step": [10, 10, 30, 20, 20], "loss": [5.0, 6, 3, 5, 4]}
    )


def test_numbers_are_read_only_float64() -> None:
    loss = runs()["loss"]
    assert loss.dtype == np.float64
    with pytest.raises(ValueError, match="read-only"):
        loss[0] = 1.0


def test_the_table_does_not_follow_the_callers_array() -> None:
    mine = np.array([3.0, 2.0])
    table = Observations.from_columns({"loss": mine}).with_column("y", mine)
    mine[0] = 99.0
    assert table["loss"].tolist() == table["y"].tolist() == [3.0, 2.0]
    assert mine.flags.writeable


def test_nothing_can_be_assigned() -> None:
    with pytest.raises(AttributeError):
        runs().source = "elsewhere"  # type: ignore[misc]
    with pytest.raises(TypeError):
        runs().units["loss"] = "bits"  # type: ignore[index]


def test_known_columns_get_the_glossarys_unit() -> None:
    assert dict(runs().units) == {
        "n_params": "params",
        "n_tokens": "tokens",
        "loss": "nats/token",
        "family": "",
    }


def test_text_quantities_are_read() -> None:
    table = Observations.from_columns({"n_params": ["70M", "1.4B"], "latency": ["12 ms", "3 s"]})
    assert table["n_params"].tolist() == [70e6, 1.4e9]
    assert table["latency"].tolist() == [0.012, 3.0]
    assert table.units["latency"] == "s"


def test_missing_cells_are_nan_in_numbers_and_empty_in_words() -> None:
    table = Observations.from_columns({"loss": [3.0, None, "NA"], "family": ["a", None, "NaN"]})
    assert np.isnan(table["loss"]).tolist() == [False, True, True]
    assert table["family"].tolist() == ["a", "", ""]


def test_word_columns_of_the_glossary_stay_words() -> None:
    table = Observations.from_columns({"run": [1, 2, 1], "model": ["7B", "13B", "7B"]})
    assert table["run"].tolist() == ["1", "2", "1"]
    assert table["model"].tolist() == ["7B", "13B", "7B"]


def test_a_large_run_number_keeps_every_digit() -> None:
    """2**53 + 1 is the first integer that a float cannot hold."""
    table = Observations.from_columns({"run": np.array([2**53 + 1, 2**53])})
    assert table["run"].tolist() == ["9007199254740993", "9007199254740992"]


def test_truth_values_are_one_and_zero() -> None:
    table = Observations.from_columns({"kept": ["True", "false", ""], "flag": [True, False, True]})
    assert table["kept"][:2].tolist() == [1.0, 0.0]
    assert np.isnan(table["kept"][2])
    assert table["flag"].tolist() == [1.0, 0.0, 1.0]
    assert table.conversions["kept"] == "true/false as 1/0"


@pytest.mark.parametrize(
    ("column", "cells", "ours", "expected", "unit"),
    [
        ("ttft_ms", [12.0], "ttft", 0.012, "s"),
        ("train_time_hours", [2.0], "train_time", 7200.0, "s"),
        ("wall_hours", [0.5], "wall_seconds", 1800.0, "s"),
        ("memory_gb", [80.0], "memory", 80e9, "bytes"),
        ("memory_gib", [1.0], "memory", 2.0**30, "bytes"),
        ("accuracy_pct", [95.0], "accuracy", 0.95, "fraction"),
        ("n_params_billions", [7.0], "n_params", 7e9, "params"),
        ("flops_pf_days", [1.0], "flops", 8.64e19, "FLOPs"),
        ("ttft (ms)", [12.0], "ttft", 0.012, "s"),
        ("n_params [B]", [7.0], "n_params", 7e9, "params"),
        ("accuracy (%)", [95.0], "accuracy", 0.95, "fraction"),
    ],
)
def test_unit_in_a_name_is_converted_and_noted(column, cells, ours, expected, unit) -> None:
    table = Observations.from_columns({column: cells})
    assert table.columns == (ours,)
    assert table[ours][0] == pytest.approx(expected, rel=1e-15)
    assert table.units[ours] == unit
    assert table.conversions[ours].startswith(column)


def test_a_unit_in_a_name_counts_after_renaming_too() -> None:
    table = Observations.from_columns({"lat_ms": [250.0]}, rename={"lat_ms": "e2e_latency"})
    assert table["e2e_latency"].tolist() == [0.25]


def test_a_unit_in_brackets_counts_after_renaming_too() -> None:
    """A header says billions as people write them: 0.125 is 125 million parameters, not an eighth of one."""
    table = Observations.from_columns({"params (B)": [0.125]}, rename={"params (B)": "n_params"})
    assert table["n_params"].tolist() == [125e6]
    assert table.conversions == {"n_params": "params (B) * 1e+09"}


def test_brackets_that_name_another_kind_of_unit_are_refused() -> None:
    with pytest.raises(UnitError, match=r"'params \(GB\)' says 'GB', but n_params .* is in params"):
        Observations.from_columns({"params (GB)": [1.0]}, rename={"params (GB)": "n_params"})


def test_a_unit_in_the_cells_beats_the_one_in_the_name() -> None:
    assert Observations.from_columns({"ttft_ms": ["12 ms", "3 s"]})["ttft"].tolist() == [0.012, 3.0]


@pytest.mark.parametrize("name", ["loss_min", "budget_s", "ttft_mb", "loss (val)", "score (%)", "ttft (GB)"])
def test_other_names_that_end_like_a_unit_are_left_alone(name: str) -> None:
    table = Observations.from_columns({name: [2.0]})
    assert table.columns == (name,)
    assert table[name].tolist() == [2.0]
    assert not table.conversions


def test_both_spellings_at_once_are_both_kept() -> None:
    table = Observations.from_columns({"ttft": [1.0], "ttft_ms": [1000.0]})
    assert table.columns == ("ttft", "ttft_ms")


def test_declared_units_are_converted() -> None:
    table = Observations.from_columns(
        {"ttft": [12.0], "n_tokens": [300.0], "odd": [5.0]},
        units={"ttft": "ms", "n_tokens": "B tokens", "odd": "furlongs"},
    )
    assert table["ttft"].tolist() == [0.012]
    assert table["n_tokens"].tolist() == [300e9]
    assert table.units["odd"] == "furlongs"
    assert table.conversions["ttft"] == "ttft [ms] * 0.001"


def test_loss_may_be_declared_per_byte_and_bits_become_nats() -> None:
    nats = Observations.from_columns({"loss": [1.0]}, units={"loss": "nats/byte"})
    bits = Observations.from_columns({"loss": [1.0]}, units={"loss": "bits/byte"})
    assert nats.units["loss"] == bits.units["loss"] == "nats/byte"
    assert bits["loss"][0] == pytest.approx(0.6931471805599453)


def test_a_declared_unit_of_the_wrong_kind_is_refused() -> None:
    with pytest.raises(UnitError, match=r"'loss' is in 'GB'.*nats/token or nats/byte"):
        Observations.from_columns({"loss": [1.0]}, units={"loss": "GB"})


def test_require_derives_and_marks() -> None:
    table = runs().require("flops", "tokens_per_param", "loss")
    assert table["flops"].tolist() == pytest.approx([1.2e18, 1.2e20, 1.2e22])  # 6 N D
    assert table["tokens_per_param"].tolist() == [20.0, 20.0, 20.0]
    assert dict(table.derived) == {
        "flops": "6 * n_params * n_tokens",
        "tokens_per_param": "n_tokens / n_params",
    }
    assert table.units["flops"] == "FLOPs"
    assert runs().columns == ("n_params", "n_tokens", "loss", "family")


def test_require_inverts_the_compute_rule() -> None:
    table = runs().require("flops")
    assert table.drop("n_tokens").require("n_tokens")["n_tokens"] == pytest.approx(runs()["n_tokens"])
    assert table.drop("n_params").require("n_params")["n_params"] == pytest.approx(runs()["n_params"])


def test_a_measured_column_is_never_replaced_by_a_derived_one() -> None:
    table = runs().with_column("flops", [1.0, 2.0, 3.0]).require("flops")
    assert table["flops"].tolist() == [1.0, 2.0, 3.0]
    assert "flops" not in table.derived


def test_replacing_a_derived_column_forgets_its_formula() -> None:
    assert not runs().require("flops").with_column("flops", [1.0, 2.0, 3.0]).derived


@pytest.mark.parametrize(
    ("condition", "rows"),
    [
        ("n_params > 1e8", [1, 2]),
        ("n_params >= 100M and loss < 3", [1, 2]),
        ("1e8 < n_params <= 1B", [1]),
        ("100M < n_params", [1, 2]),
        ("family == 'a'", [0, 2]),
        ('family != "a"', [1]),
        ("family in ('a', 'c')", [0, 2]),
        ("family not in ('a', 'c')", [1]),
        ("n_params in (1e8, 10B)", [0, 2]),
        ("not loss > 3", [1, 2]),
        ("not (loss > 3 or family == 'b')", [2]),
        ("loss > 3 or loss < 2.5 and family == 'b'", [0]),
        ("flops > 1e19", [1, 2]),
        ("n_params < n_tokens", [0, 1, 2]),
        ("loss is missing", []),
        ("loss is not missing", [0, 1, 2]),
        ("`loss` < 3", [1, 2]),
    ],
)
def test_where(condition: str, rows: list[int]) -> None:
    assert runs().where(condition) == runs().take(rows)


def test_where_reads_units() -> None:
    table = Observations.from_columns({"ttft": ["5 ms", "20 ms", "2 s"]})
    assert len(table.where("ttft < 12ms")) == 1
    assert len(table.where("ttft <= 20 ms and ttft > 0")) == 2
    with pytest.raises(UnitError, match=r"'ttft'.*s is needed"):
        table.where("ttft < 12 GB")


def test_missing_cells_meet_no_comparison() -> None:
    table = Observations.from_columns({"loss": [3.0, None], "family": ["a", None]})
    for condition in ("loss > 0", "loss != 5", "family != 'z'", "family not in ('z')", "loss not in (5)"):
        assert len(table.where(condition)) == 1, condition
    assert len(table.where("loss is missing")) == 1


@pytest.mark.parametrize(
    ("condition", "reason"),
    [
        ("loss = 3", "Use == to compare"),
        ("loss", "a comparison"),
        ("loss < ", "the end"),
        ("loss < 3 loss", "'and', 'or' or the end"),
        ("(loss < 3", "'\\)'"),
        ("3 < 4", "compares two values"),
        ("__import__('os').system('true')", "cannot read"),
        ("loss < 3; loss", "cannot read"),
        ("5 in (1, 2)", "need a column"),
        ("(" * 200 + "loss < 3" + ")" * 200, "nested more than"),
        ("", "the end"),
    ],
)
def test_a_condition_that_is_none_is_refused(condition: str, reason: str) -> None:
    with pytest.raises(OptionError, match=reason):
        runs().where(condition)


@pytest.mark.parametrize(
    ("condition", "reason"),
    [
        ("lss < 3", "'lss' is missing.*Did you mean 'loss'"),
        ("family < 3", "holds text"),
        ("loss == 'low'", "holds numbers"),
        ("loss < family", "one holds text"),
    ],
)
def test_a_condition_the_columns_cannot_meet_is_refused(condition: str, reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        runs().where(condition)


def test_where_takes_a_mask() -> None:
    assert runs().where(runs()["loss"] < 3)["loss"].tolist() == [2.8, 2.3]
    with pytest.raises(DataError, match="boolean array"):
        runs().where([0, 1])
    with pytest.raises(DataError, match="boolean array"):
        runs().where([True])


def test_take_repeats_and_reorders_and_refuses() -> None:
    assert runs().take([2, 0, 0])["loss"].tolist() == [2.3, 3.5, 3.5]
    assert len(runs().take([])) == 0
    with pytest.raises(DataError, match="0 to 2; found 3"):
        runs().take([3])
    with pytest.raises(DataError, match="row positions"):
        runs().take([0.5])


def test_rename_keeps_facts_and_gives_the_glossarys_unit() -> None:
    table = Observations.from_columns({"val": [3.0], "id": [1.0]}).rename({"val": "loss", "id": "run"})
    assert table.units["loss"] == "nats/token"
    assert table["run"].tolist() == ["1"]
    assert runs().require("flops").rename({"flops": "compute"}).derived == {"compute": "6 * n_params * n_tokens"}


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        ({"lss": "error"}, "no column 'lss' to rename. Did you mean 'loss'"),
        ({"n_params": "loss"}, "2 columns would be"),
    ],
)
def test_rename_refuses(names: dict[str, str], reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        runs().rename(names)


def test_swapping_two_names_works() -> None:
    table = runs().rename({"n_params": "n_tokens", "n_tokens": "n_params"})
    assert table["n_params"].tolist() == runs()["n_tokens"].tolist()


def test_drop_sort_has() -> None:
    table = runs().drop("family", "n_tokens").sorted_by("loss")
    assert table.columns == ("n_params", "loss")
    assert table["loss"].tolist() == [2.3, 2.8, 3.5]
    assert not table.has("family")
    with pytest.raises(DataError, match="'family' is missing"):
        table.drop("family")


def test_groups_come_in_order_of_appearance() -> None:
    table = Observations.from_columns({"family": ["z", "a", "z"], "seed": [1, 1, 2], "loss": [3.0, 2, 1]})
    assert {name: g["loss"].tolist() for name, g in table.groups("family").items()} == {
        "z": [3.0, 1],
        "a": [2.0],
    }
    assert list(table.groups("family")) == ["z", "a"]
    assert list(table.groups("family", "seed")) == ["z / 1", "a / 1", "z / 2"]


def test_clusters_follow_runs() -> None:
    assert checkpoints().clusters().tolist() == [0, 1, 0, 1, 0]
    assert runs().clusters().tolist() == [0, 1, 2]
    assert runs().runs is None


def test_final_checkpoints_are_the_last_of_each_run() -> None:
    assert checkpoints().has_checkpoints
    final = checkpoints().final_checkpoints()
    assert final["run"].tolist() == ["r1", "r2"]
    assert final["step"].tolist() == [30.0, 20.0]
    assert not final.has_checkpoints


def test_rows_of_one_moment_are_all_final() -> None:
    table = Observations.from_columns(
        {"run": ["r", "r", "r"], "n_tokens": [1e9, 2e9, 2e9], "benchmark": ["x", "x", "y"]}
    )
    assert table.final_checkpoints()["benchmark"].tolist() == ["x", "y"]


def test_runs_without_an_order_have_no_checkpoints() -> None:
    table = Observations.from_columns({"run": ["r", "r"], "loss": [3.0, 2.0]})
    assert not table.has_checkpoints
    assert table.final_checkpoints() == table
    assert not runs().has_checkpoints


def test_fingerprint_ignores_column_order_and_sees_everything_else() -> None:
    base = {"loss": [3.0, np.nan], "family": ["a", "b"]}
    table = Observations.from_columns(base)
    assert table.fingerprint.startswith("sha256:")
    assert Observations.from_columns(dict(reversed(base.items()))) == table
    assert hash(Observations.from_columns(base)) == hash(table)
    changed = [
        Observations.from_columns(base | {"loss": [3.0, 2.0]}),
        Observations.from_columns(base | {"family": ["a", "c"]}),
        Observations.from_columns(base, units={"loss": "nats/byte"}),
        table.rename({"loss": "train_loss"}),
        table.take([1, 0]),
        table.drop("family"),
    ]
    assert len({table.fingerprint, *(other.fingerprint for other in changed)}) == len(changed) + 1


def test_fingerprint_is_stable() -> None:
    """A change here breaks the link between saved fits and their data, so it must be meant."""
    expected = "sha256:fbae6a9e75a463c7dc41beac0850c64c919c495d595053ef48a58a429503cca8"
    assert Observations.from_columns({"loss": [3.0, 2.0], "family": ["a", "b"]}).fingerprint == expected


def test_pickle_and_copy_keep_the_table_and_its_guard() -> None:
    table = runs().require("flops")
    for twin in (pickle.loads(pickle.dumps(table)), copy.deepcopy(table)):
        assert twin == table
        assert twin.derived == table.derived
        assert not twin["loss"].flags.writeable


def test_describe_and_repr() -> None:
    table = Observations.from_columns({"loss": [3.0, None, 1.0], "family": ["b", "a", ""]})
    loss, family = table.describe()
    assert loss == ("loss", "nats/token", "number", 1.0, 2.0, 3.0, 1, "")
    assert family == ("family", "", "word", "a", None, "b", 1, "")
    assert repr(runs()) == "Observations(3 rows, columns: n_params, n_tokens, loss, family; source: runs.csv)"


def test_round_trip_through_every_frame() -> None:
    pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    table = Observations.from_columns({"loss": [3.0, None], "family": ["a", None], "odd": [1.0, 2.0]})
    polars = table.to_polars()
    for frame in (polars, polars.lazy(), polars.to_arrow(), table.to_pandas()):
        assert Observations.from_frame(frame) == table, type(frame)
    assert Observations.from_records(table.to_dicts()) == table
    assert table.to_dicts()[1] == {"loss": None, "family": None, "odd": 2.0}


def test_pandas_marks_for_missing_are_understood() -> None:
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"seed": pd.array([1, None], dtype="Int64"), "family": pd.array(["a", None], dtype="string")})
    table = Observations.from_frame(frame)
    assert table["seed"][0] == 1.0
    assert np.isnan(table["seed"][1])
    assert table["family"].tolist() == ["a", ""]


def test_masked_cells_are_missing() -> None:
    table = Observations.from_columns({"loss": np.ma.array([3, 2], mask=[False, True])})
    assert np.isnan(table["loss"]).tolist() == [False, True]


def test_without_pandas_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingExtraError, match=r'pip install "isoperf\[pandas\]"'):
        runs().to_pandas()


def test_text_among_numbers_of_an_unknown_column_is_kept_as_words_and_noted() -> None:
    table = Observations.from_columns({"mmlu": ["0.5", "0.6", "n.d."]})
    assert table.is_words("mmlu")
    assert table.conversions["mmlu"] == "kept as text: 1 of 3 no numbers (row 3, first 'n.d.')"
    with pytest.raises(DataError, match=r"text in 1 of 3 values \(row 3; first 'n.d.'\)"):
        table.numeric("mmlu")


def test_half_a_character_is_named_by_its_row() -> None:
    with pytest.raises(DataError, match=r"column 'model' holds half a character.*\(row 2\)"):
        Observations.from_columns({"model": ["a", "b\ud800"], "loss": [1.0, 2.0]})


def test_half_a_character_in_the_name_of_a_column_is_refused_at_every_door() -> None:
    table = Observations.from_columns({"loss": [1.0, 2.0]})
    found = r"the name of column 'a\\ud800' holds half a character"
    with pytest.raises(DataError, match=found):
        Observations.from_columns({"a\ud800": [1.0, 2.0]})
    with pytest.raises(DataError, match=found):
        table.with_column("a\ud800", [1.0, 2.0])
    with pytest.raises(DataError, match=found):
        table.rename({"loss": "a\ud800"})
    renamed = Observations.from_columns({"a\ud800": [1.0, 2.0]}, rename={"a\ud800": "loss"})
    assert renamed == table


def test_source_can_be_written_whatever_the_file_is_called() -> None:
    # A byte 0xff of a file's name comes from the system as this half character.
    assert Observations.from_columns({"loss": [1.0]}, source="runs\udcff.csv").source == r"runs\udcff.csv"
    assert Observations.from_columns({"loss": [1.0]}, source="\u00e9\U0001f600.csv").source == "\u00e9\U0001f600.csv"
