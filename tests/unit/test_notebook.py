"""Tables, laws, numbers, bills and the store as a notebook shows them."""

from __future__ import annotations

import numpy as np
import pytest

import isoperf
from isoperf.estimate import Estimate, Estimates, Status
from isoperf.laws import discover
from isoperf.ledger.ledger import Ledger, Line
from isoperf.ledger.prices import Price, PriceTable
from isoperf.ledger.sources import Source
from isoperf.observations import Observations
from isoperf.report import Caveat, Column, Facts, Heading, Prose, Report, Table
from isoperf.report.fragment import MOST_ROWS
from isoperf.store import Store
from isoperf.store.entry import StoredReport
from tests.conformance.notebook import HOSTILE, check_fragment, made_hostile, words
from tests.unit.report_example import example

SCRIPT = "<script>alert('x')</script>"


def shown(thing: object) -> str:
    """Return what is read of a thing, after the checks."""
    return words(check_fragment(thing._repr_html_()))  # type: ignore[attr-defined]


def test_a_report_shows_its_title_words_tables_and_pictures() -> None:
    root = check_fragment(example()._repr_html_())
    told = words(root)
    for part in ("Forecast and plan", "would help most", "1.817 [1.770, 1.860]", "not_identified", "sha256:3f1c0e9a"):
        assert part in told, part
    assert len(root.findall(".//{http://www.w3.org/2000/svg}svg")) == len(example().figures) == 5
    assert len(root.findall(".//{http://www.w3.org/2000/svg}style")) == 0, "the pictures share the fragment's style"


def test_every_text_of_a_report_stays_text() -> None:
    assert SCRIPT in shown(made_hostile(example()))


def test_later_sections_fold_unless_they_warn() -> None:
    blocks = (Heading("In short"), Prose("a"), Heading("Quiet"), Prose("b"), Heading("Loud"), Caveat("c"))
    root = check_fragment(Report("r", blocks)._repr_html_())
    folds = [(fold.findtext("summary"), fold.get("open")) for fold in root.iter("details")]
    assert folds == [("Quiet", None), ("Loud", "open")]
    assert "In short" not in words(root), "the title says it"


def test_a_long_table_is_cut_and_says_so() -> None:
    table = Table("t", ("a", "b"), tuple((i, i) for i in range(10_000)))
    root = check_fragment(Report("r", (table,))._repr_html_())
    assert len(root.findall(".//tbody/tr")) == MOST_ROWS
    assert f"first {MOST_ROWS} of 10,000 rows" in words(root)


def test_anchors_of_two_answers_differ() -> None:
    one, other = (
        {e.get("id") for e in check_fragment(Report(t, (Table("a", ("x",), ((1,),)),))._repr_html_()).iter()} - {None}
        for t in "ab"
    )
    assert one and other and not one & other


def test_observations_show_size_units_and_first_rows() -> None:
    runs = isoperf.datasets.load("stdlib_lm")
    told = shown(runs)
    assert f"{len(runs):,} rows" in told and "nats/byte" in told and "first 8 rows" in told
    assert "1 row, 1 column" in shown(Observations.from_columns({"loss": [2.5]}))


def test_hostile_column_names_stay_text() -> None:
    table = Observations.from_columns({HOSTILE: [1.0, np.nan], "word": [HOSTILE, ""]}, source=HOSTILE)
    assert SCRIPT in shown(table)


def test_a_wide_table_shows_its_first_columns() -> None:
    table = Observations.from_columns({f"x{i}": np.arange(5.0) for i in range(2000)})
    assert "first 30 columns" in shown(table)


def test_a_fit_of_hostile_columns_stays_text() -> None:
    x = np.geomspace(1, 1e3, 12)
    runs = Observations.from_columns({HOSTILE: x * 1e6, "loss": 1 + x**-0.5})
    assert SCRIPT in shown(isoperf.fit(runs, law="power_law_floor", x=HOSTILE, n_bootstrap=20, seed=0))


@pytest.mark.parametrize("name", ["chinchilla", "last_value", "sigmoid_compute"])
def test_a_law_shows_its_parameters(name: str) -> None:
    law = discover()[name]
    told = shown(law)
    assert law.title in told and str(law.reference) in told
    assert all(param.name in told for param in law.params)


def test_numbers_show_interval_and_status() -> None:
    one = Estimate(2.0, 1.0, 3.0, 0.9, "<b>", Status.EXTRAPOLATED)
    assert shown(one) == "2 [1, 3] <b> (extrapolated)"
    values = np.arange(30.0)
    many = Estimates(values, values - 1, values + 1, 0.9, "%", (Status.OK,) * 30)
    assert "19 [18, 20] %" in shown(many) and "first 20 of 30" in shown(many)


def test_a_bill_shows_its_lines_and_sums() -> None:
    source = Source("price list", 2026)
    bill = Ledger((Line("time", 192.0, "hours", 2.0, "USD", source), Line(HOSTILE, 3.0, "kWh", 1.0, "EUR", source)))
    told = shown(bill)
    assert "384 USD and 3 EUR" in told and SCRIPT in told  # 192 x 2 and 3 x 1
    prices = PriceTable({"m": Price("m", {"input": 1.5, "device_hour": 2.0}, "USD", source)})
    assert "1.5" in shown(prices) and "device hour" in shown(prices)
    assert "0 in 0 lines" in shown(Ledger(()))


def test_a_store_shows_what_it_keeps(tmp_path) -> None:
    store = Store(tmp_path / "kept").create()
    assert "0 kept" in shown(store)
    entry = store.add("runs", {"n_params": [1e8, 1e9], "loss": [3.1, 2.6]})
    store.add("answer", Report("An answer", (Table("Parts of it", (Column("a"),), ((1,),)), Facts("", (("a", "b"),)))))
    assert "2 kept" in shown(store) and "An answer" in shown(store)
    assert "2 rows" in shown(entry) and "nats/token" in shown(entry)
    stored = store.get("answer")
    assert isinstance(stored, StoredReport) and "Parts of it" in shown(stored)
