"""Files that unpack to too much, or would run code, are refused before a reader opens them."""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import pickle
import sqlite3
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import isoperf
from isoperf.errors import DataError
from isoperf.studio.intake import check_size
from isoperf.studio.settings import Settings

TABLE = b"n_params,loss\n1e8,3.1\n1e9,2.7\n"
SHEET = "xl/worksheets/sheet1.xml"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path, max_upload=5_000_000, max_cells=1_000_000)


def refused(path: Path, settings: Settings, match: str) -> None:
    with pytest.raises(DataError, match=match):
        check_size(path, settings)


def put(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


# What is taken.


def test_honest_files_are_taken_and_read(tmp_path: Path, settings: Settings) -> None:
    import polars as pl

    frame = pl.DataFrame({"n_params": [1e8, 1e9], "loss": [3.1, 2.7]})
    rows = frame.to_dicts()
    put(tmp_path / "a.csv", b"# a comment, with, commas\n\n" + TABLE)
    put(tmp_path / "a.tsv", TABLE.replace(b",", b"\t"))
    put(tmp_path / "a.csv.gz", gzip.compress(TABLE))
    put(tmp_path / "b.csv", "n_params,loss\n1e8,3.1\n1e9,2.7\n".encode("utf-16"))
    put(tmp_path / "a.json", json.dumps(rows).encode())
    put(tmp_path / "a.jsonl", "\n".join(map(json.dumps, rows)).encode())
    put(tmp_path / "a.json.gz", gzip.compress(json.dumps(rows).encode()))
    frame.write_parquet(tmp_path / "a.parquet")
    files = sorted(tmp_path.glob("*.*"))
    for path in files:
        check_size(path, settings)
        assert isoperf.load(path)["loss"].tolist() == [3.1, 2.7]
    assert len(files) == 8
    with sqlite3.connect(tmp_path / "a.db") as base:
        base.execute("CREATE TABLE runs (loss REAL)")
    base.close()
    check_size(tmp_path / "a.db", settings)


def workbook(path: Path, cells: dict[str, str | float]) -> Path:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for place, value in cells.items():
        book.active[place] = value
    book.save(path)
    return path


def test_an_honest_workbook_is_taken(tmp_path: Path, settings: Settings) -> None:
    path = workbook(tmp_path / "a.xlsx", {"A1": "loss", "B1": "n_params", "A2": 3.1, "B2": 1e8})
    check_size(path, settings)
    assert isoperf.load(path)["loss"].tolist() == [3.1]


# Bombs.


def test_gzip_bombs(tmp_path: Path, settings: Settings) -> None:
    bomb = gzip.compress(b"1,2\n" * 20_000_000, 9)
    assert len(bomb) < 200_000
    refused(put(tmp_path / "a.csv.gz", bomb), settings, "unpacks from")
    refused(put(tmp_path / "a.csv", bomb), settings, "unpacks from")
    refused(put(tmp_path / "b.csv.gz", gzip.compress(bomb)), settings, "twice")
    refused(put(tmp_path / "c.csv.gz", gzip.compress(TABLE)[:-9]), settings, "damaged gzip")
    # Many short files one after another, as gzip allows.
    refused(put(tmp_path / "d.csv.gz", gzip.compress(b"1,2\n" * 100_000) * 60), settings, "unpacks from")
    roomy = Settings(tmp_path, max_upload=100_000_000)
    refused(tmp_path / "a.csv.gz", roomy, "500 times")


def test_parquet_bombs(tmp_path: Path, settings: Settings) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table({"x": pa.array(np.zeros(60_000_000, bool))}), tmp_path / "rows.parquet", compression="zstd")
    assert (tmp_path / "rows.parquet").stat().st_size < 300_000
    refused(tmp_path / "rows.parquet", Settings(tmp_path), "60000000 rows of 1 columns")
    pq.write_table(pa.table({f"x{k}": [1] for k in range(10_001)}), tmp_path / "wide.parquet", compression="none")
    refused(tmp_path / "wide.parquet", settings, "10001 columns")
    words = pa.table({"x": [f"{k:08d}" + "x" * 1000 for k in range(25_000)]})
    pq.write_table(words, tmp_path / "bytes.parquet", use_dictionary=False, compression="zstd")
    refused(tmp_path / "bytes.parquet", settings, "unpacks from")


def varint(value: int) -> bytes:
    """Write a number as Thrift's compact protocol does, with a sign."""
    value, coded = value * 2, b""
    while value > 127:
        coded, value = coded + bytes([value & 127 | 128]), value >> 7
    return coded + bytes([value])


def test_a_parquet_page_that_claims_more_than_its_column(tmp_path: Path, settings: Settings) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / "page.parquet"
    noise = np.random.default_rng(0)
    values = pa.table({"x": [noise.bytes(30_000).hex() for _ in range(25)]})
    pq.write_table(values, path, use_dictionary=False, compression="zstd", data_page_size=1 << 30)
    check_size(path, settings)
    data = path.read_bytes()
    # The head of the first page follows the file's sign: its kind, then the bytes that it unpacks to.
    assert data.startswith(b"PAR1\x15\x00\x15" + varint(25 * (60_000 + 4) + 6)[:1])
    lie = varint((1 << 27) - 1)
    assert len(lie) == len(varint(25 * 60_000)) == 4
    refused(put(path, data[:7] + lie + data[11:]), settings, "unpacks from .* to 1342")


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"PAR1", "end is missing"),
        (b"PAR1" + b"\0" * 30, "end is missing"),
        (b"PAR1" + struct.pack("<I", 1 << 31) + b"PAR1", "footer claims"),
        (b"PAR1" + b"\x19\x19" * 5000 + struct.pack("<I", 10000) + b"PAR1", "damaged Parquet"),
        (b"PAR1" + b"\x15\x02\x19\x5c" + b"\0" * 8 + struct.pack("<I", 12) + b"PAR1", "damaged Parquet"),
        (TABLE, "does not begin as Parquet"),
    ],
)
def test_damaged_parquet_is_refused(tmp_path: Path, settings: Settings, content: bytes, match: str) -> None:
    refused(put(tmp_path / "a.parquet", content), settings, match)


def zipped(path: Path, entries: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in entries.items():
            packed.writestr(name, content)
    return path


def test_zip_bombs(tmp_path: Path, settings: Settings) -> None:
    path = zipped(tmp_path / "a.xlsx", {SHEET: b" " * 50_000_000})
    assert path.stat().st_size < 60_000
    refused(path, settings, "unpacks from")
    lie = path.read_bytes().replace(struct.pack("<I", 50_000_000), struct.pack("<I", 1000))
    refused(put(tmp_path / "b.xlsx", lie), settings, "more than its list of contents|unpacks from")
    refused(zipped(tmp_path / "c.xlsx", {f"{k}.xml": b"" for k in range(2001)}), settings, "more than 2000 files")
    refused(zipped(tmp_path / "d.xlsx", {"xl/embeddings/a.zip": b""}), settings, "a file within it")
    refused(zipped(tmp_path / "e.xlsx", {"../../evil.xml": b""}), settings, "a file within it")
    refused(put(tmp_path / "f.xlsx", path.read_bytes()[:-30]), settings, "damaged workbook")


def test_entries_that_overlap_are_counted_each_time(tmp_path: Path, settings: Settings) -> None:
    # Every entry of the list points to the same packed megabyte.
    whole = zipped(tmp_path / "a.xlsx", {"0000.xml": b" " * 1_000_000}).read_bytes()
    begin = whole.index(b"PK\x01\x02")
    entry, end = whole[begin : whole.index(b"PK\x05\x06")], whole[whole.index(b"PK\x05\x06") :]
    entries = b"".join(entry.replace(b"0000.xml", b"%04d.xml" % k) for k in range(500))
    counts = struct.pack("<HHII", 500, 500, len(entries), begin)
    refused(put(tmp_path / "b.xlsx", whole[:begin] + entries + end[:8] + counts + end[20:]), settings, "unpacks from")


@pytest.mark.parametrize(
    "cells",
    [
        b'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>',
        b'<row r="1"><c s="1" r = \'xfd1\' t="n"><v>1</v></c></row><row r="1000"><c r="A1000"><v>1</v></c></row>',
        b'<x:row r="1"><x:c r="XFD1"><v>1</v></x:c></x:row><x:row r="9999"><x:c><v>1</v></x:c></x:row>',
        b'<row r="5">' + b"<c><v>1</v></c>" * 9000 + b'</row><row r="1048576"><c t="n"><v>1</v></c></row>',
    ],
)
def test_two_cells_far_apart_are_a_bomb(tmp_path: Path, settings: Settings, cells: bytes) -> None:
    # A reader makes room for the rectangle that the cells span.
    refused(zipped(tmp_path / "a.xlsx", {SHEET: b"<sheetData>" + cells}), settings, "columns")


def test_empty_rows_at_the_end_of_a_sheet_are_none(tmp_path: Path, settings: Settings) -> None:
    cells = b'<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576" s="1"/></row>'
    check_size(zipped(tmp_path / "a.xlsx", {SHEET: b"<sheetData>" + cells}), settings)


# Text.


def test_text_bombs(tmp_path: Path, settings: Settings) -> None:
    refused(put(tmp_path / "a.csv", b",".join(b"%d" % k for k in range(500_000))), settings, "columns")
    refused(put(tmp_path / "b.csv", b"# x\n\n#y\n" + b"a;" * 20_000 + b"\n1"), settings, "columns")
    refused(put(tmp_path / "c.csv", b"a,b\n" + b"1,2\n" * 600_000), settings, "rows of 2 columns")
    refused(put(tmp_path / "d.csv", b"x" * 5_000_001), settings, "5000001 bytes")
    refused(put(tmp_path / "e.csv.gz", gzip.compress(b"a," * 20_000)), settings, "columns")


def test_json_bombs(tmp_path: Path, settings: Settings) -> None:
    refused(put(tmp_path / "a.json", b"[" * 100_000), settings, "nested")
    refused(put(tmp_path / "b.json", b'{"a":' * 200 + b"1" + b"}" * 200), settings, "nested")
    refused(put(tmp_path / "c.json", b"[" + b"{}," * 400_000 + b"{}]"), settings, "more values")
    sparse = ",".join(f'{{"k{k}": 1}}' for k in range(3_000))
    refused(put(tmp_path / "d.json", f"[{sparse}]".encode()), settings, "rows of [0-9]+ columns")
    # A name may begin with a sign, or be written with escapes, and is still one of its own.
    odd = ",".join(f'{{"s": "", ":{k}": 1}}' for k in range(3_000))
    refused(put(tmp_path / "e.json", f"[{odd}]".encode()), settings, "rows of [0-9]+ columns")
    signs = (format(k, "012b").replace("0", r"\\").replace("1", r"\"") for k in range(3_000))
    escaped = ",".join(f'{{"{sign}": 1}}' for sign in signs)
    refused(put(tmp_path / "f.json", f"[{escaped}]".encode()), settings, "rows of [0-9]+ columns")
    refused(put(tmp_path / "h.json", b'"' * 1_000_000), settings, "more texts")
    refused(put(tmp_path / "i.json", b'["' + b'\\"x' * 6_000_000), Settings(tmp_path), "too long for a cell")
    refused(put(tmp_path / "g.json", json.dumps([{"a": 1}]).encode("utf-16")), settings, "UTF-16")


def test_signs_within_text_are_no_nesting(tmp_path: Path, settings: Settings) -> None:
    words = ["[" * 500, '"{[\\"[[' * 100, "\\" * 7, '\\"[' * 300]
    records = [{"prompt": word, "loss": k} for k, word in enumerate(words * 100)]
    check_size(put(tmp_path / "a.json", json.dumps(records).encode()), settings)
    check_size(put(tmp_path / "a.jsonl", b"\n".join(json.dumps(one).encode() for one in records)), settings)


# What would run code.


class Payload:
    """A pickle of this writes a file when it is opened."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.write_text, (self.path, "run")


def test_pickles_are_refused_under_any_name(tmp_path: Path, settings: Settings) -> None:
    mark = tmp_path / "was_run"
    pickle.loads(pickle.dumps(Payload(mark)))
    assert mark.exists()  # it does what it is feared for
    mark.unlink()
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        payload = pickle.dumps(Payload(mark), protocol)
        for name, content in (
            ("a.csv", payload),
            ("a.json", payload),
            ("a.log", payload),
            ("a.csv.gz", gzip.compress(payload)),
        ):
            path = put(tmp_path / name, content)
            refused(path, settings, "may run code")
            with contextlib.suppress(DataError):  # the first kind is text, and may be read as such
                isoperf.load(path)
        refused(put(tmp_path / "a.parquet", payload), settings, "may run code")
    assert not mark.exists()


def test_archives_that_carry_pickles_are_refused(tmp_path: Path, settings: Settings) -> None:
    mark = tmp_path / "was_run"
    payload = pickle.dumps(Payload(mark))
    refused(
        zipped(tmp_path / "a.xlsx", {"archive/data.pkl": payload, "archive/version": b"3"}), settings, "may run code"
    )
    arrays, array = io.BytesIO(), io.BytesIO()
    np.savez(arrays, x=np.array([Payload(mark)], dtype=object))
    np.save(array, np.array([Payload(mark)], dtype=object))
    refused(put(tmp_path / "b.xlsx", arrays.getvalue()), settings, "may run code")
    refused(put(tmp_path / "c.csv", array.getvalue()), settings, "may run code")
    assert not mark.exists()


@pytest.mark.parametrize(
    "text",
    [
        b"cost\nabc\n1\n2\n",
        b"c0,c1\n0.5,0.25\n",
        b"cost\nabc\n0.5\n",
        b"config\nbase\nlarge\n",
        b"loss\n1.\n",
        b"(a),b\n1,2\n",
        b"I\n1\n",
        b".",
    ],
)
def test_tables_that_look_a_little_like_pickles_are_none(tmp_path: Path, settings: Settings, text: bytes) -> None:
    check_size(put(tmp_path / "a.csv", text), settings)


@pytest.mark.parametrize(
    ("name", "content", "match"),
    [
        ("a.csv", b"PK\x03\x04", "damaged workbook|Excel or zip"),
        ("a.csv", b"PAR1xxxx", "Parquet data"),
        ("a.json", b"SQLite format 3\0", "SQLite data"),
        ("a.csv", b"\x7fELF", "a program"),
        ("a.db", TABLE, "does not begin as SQLite"),
        ("a.xlsx", b"\xd0\xcf\x11\xe0", "does not begin as Excel"),
    ],
)
def test_content_of_another_kind_is_refused(
    tmp_path: Path, settings: Settings, name: str, content: bytes, match: str
) -> None:
    refused(put(tmp_path / name, content), settings, match)
