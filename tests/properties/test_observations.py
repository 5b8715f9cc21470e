"""What holds for any quantity, any table and any bytes."""

from __future__ import annotations

import gzip
import io
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from isoperf.errors import IsoperfError, UnitError
from isoperf.expression import parse_condition
from isoperf.observations import Observations
from isoperf.quantity import parse_quantity
from isoperf.readers._blob import Blob
from isoperf.readers._files import find_reader

# Scales by definition of the units, written out so as not to come from the code under test.
SCALES = {
    "": 1,
    "k": 1e3,
    "M": 1e6,
    "B": 1e9,
    "T": 1e12,
    " ms": 1e-3,
    " min": 60,
    " h": 3600,
    " GB": 1e9,
    " GiB": 2**30,
    " kWh": 3.6e6,
    "%": 1e-2,
    " PF-days": 8.64e19,
    "B tokens": 1e9,
    " M params": 1e6,
}
# Bounded so that scaling neither overflows nor leaves the normal floats.
NUMBERS = st.floats(-1e200, 1e200).filter(lambda x: x == 0 or abs(x) > 1e-200)
CELLS = st.one_of(st.just(float("nan")), st.floats(allow_nan=False, allow_infinity=False))
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=8).filter(
    lambda text: text.lower() not in {"nan", "na", "null", "none", "nat", "n/a", "#n/a", "-nan", "<na>"}
)


@given(number=NUMBERS, suffix=st.sampled_from(sorted(SCALES)))
def test_a_quantity_is_its_number_times_its_scale(number: float, suffix: str) -> None:
    assert parse_quantity(f"{number!r}{suffix}") == pytest.approx(number * SCALES[suffix], rel=1e-12)


@given(number=st.floats(allow_nan=False, allow_infinity=False))
def test_a_bare_number_comes_back_exactly(number: float) -> None:
    assert parse_quantity(repr(number)) == number


@given(count=st.integers(0, 10**15))
def test_thousands_separators_change_nothing(count: int) -> None:
    assert parse_quantity(f"{count:,}") == parse_quantity(f"{count:_}") == count


@given(text=st.text(max_size=30))
@example("k" * 5000)
@example("1" + "k" * 5000)
@example("1e" + "9" * 5000)
@example("1/" * 1000)
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        value = parse_quantity(text)
    except UnitError:
        return
    assert np.isfinite(value)


@given(text=st.text("abc<>=!()'\"`,. 0123456789and or not in is missing", max_size=40))
def test_any_condition_is_parsed_or_refused(text: str) -> None:
    table = Observations.from_columns({"a": [1.0, 2.0], "b": ["x", "y"]})
    try:
        kept = table.where(text)
    except IsoperfError:
        return
    assert len(kept) <= len(table)
    assert parse_condition(text) is not None


@st.composite
def tables(draw: st.DrawFn) -> Observations:
    """Draw a table with number columns and a word column, of 1 to 6 rows."""
    n = draw(st.integers(1, 6))
    column = st.lists(CELLS, min_size=n, max_size=n)
    words = draw(st.lists(WORDS, min_size=n, max_size=n))
    return Observations.from_columns({"alpha": draw(column), "beta": draw(column), "family": words, "row": range(n)})


def read(name: str, data: bytes) -> Observations:
    return Observations.from_columns(find_reader(name).read(Blob(name, data)), source=name)


@given(table=tables(), separator=st.sampled_from([",", "\t", ";", "|"]), crlf=st.booleans())
def test_csv_round_trip_is_exact(table: Observations, separator: str, crlf: bool) -> None:
    text = table.to_polars().write_csv(separator=separator, line_terminator="\r\n" if crlf else "\n")
    assert read("t.csv", text.encode()) == table
    assert read("t.csv.gz", gzip.compress(text.encode())) == table


@given(table=tables())
def test_parquet_and_json_round_trips_are_exact(table: Observations) -> None:
    buffer = io.BytesIO()
    table.to_polars().write_parquet(buffer)
    assert read("t.parquet", buffer.getvalue()) == table
    assert read("t.json", table.to_polars().write_json().encode()) == table
    assert read("t.jsonl", table.to_polars().write_ndjson().encode()) == table


@given(table=tables(), data=st.data())
def test_permuted_rows_permute_results(table: Observations, data: st.DataObject) -> None:
    order = data.draw(st.permutations(range(len(table))))
    shuffled = table.take(order)
    assert shuffled.sorted_by("row") == table
    assert shuffled.where("alpha > beta") == table.where("alpha > beta").take(
        [table.where("alpha > beta")["row"].tolist().index(row) for row in shuffled.where("alpha > beta")["row"]]
    )
    assert {k: sorted(g["row"]) for k, g in shuffled.groups("family").items()} == {
        k: sorted(g["row"]) for k, g in table.groups("family").items()
    }


@given(table=tables())
def test_groups_and_conditions_split_the_table(table: Observations) -> None:
    parts = table.groups("family").values()
    assert sorted(row for part in parts for row in part["row"]) == table["row"].tolist()
    counts = [len(table.where(c)) for c in ("alpha > 0", "alpha <= 0", "alpha is missing")]
    assert sum(counts) == len(table)


def samples() -> dict[str, bytes]:
    """One valid file per format, to damage."""
    frame = pl.DataFrame({"n_params": ["70M", "1.4B"], "loss": [3.1, 2.6], "family": ["a", "b"]})
    parquet = io.BytesIO()
    frame.write_parquet(parquet)
    made = {
        "t.csv": frame.write_csv().encode(),
        "t.tsv": frame.write_csv(separator="\t").encode(),
        "t.csv.gz": gzip.compress(frame.write_csv().encode()),
        "t.json": frame.write_json().encode(),
        "t.jsonl": frame.write_ndjson().encode(),
        "t.parquet": parquet.getvalue(),
    }
    try:
        import openpyxl
        import python_calamine  # noqa: F401
    except ImportError:
        return made
    book, excel = openpyxl.Workbook(), io.BytesIO()
    for row in [frame.columns, *frame.rows()]:
        book.active.append(list(row))
    book.save(excel)
    return made | {"t.xlsx": excel.getvalue()}


SAMPLES = samples()


def reads_or_refuses(name: str, data: bytes) -> None:
    """Anything but a table or one of our own errors fails the test."""
    try:
        table = read(name, data)
    except IsoperfError as error:
        assert str(error).startswith(name)
        return
    assert len(table.columns) > 0


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_the_samples_are_valid(name: str) -> None:
    assert read(name, SAMPLES[name])["n_params"].tolist() == [70e6, 1.4e9]


@pytest.mark.parametrize("name", sorted(SAMPLES))
@given(data=st.binary(max_size=200))
@example(b"")
@example(b"\n")
@example(b"#")
@example(b'"')
@example(b"a\n")
@example(b"a,a\n1,2\n")
@example(b"PAR1" + b"\xff\xff\xff\x3fPAR1")
@example(b"[" * 100_000)
def test_any_bytes_are_read_or_refused(name: str, data: bytes) -> None:
    reads_or_refuses(name, data)


@pytest.mark.parametrize("name", sorted(SAMPLES))
@given(
    changes=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=6),
    cut=st.data(),
)
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_damaged_files_are_read_or_refused(name: str, changes: list[tuple[int, int]], cut: Any) -> None:
    data = bytearray(SAMPLES[name])
    for place, value in changes:
        data[place % len(data)] = value
    end = cut.draw(st.one_of(st.just(len(data)), st.integers(0, len(data))))
    reads_or_refuses(name, bytes(data[:end]))
