"""Every format gives the same table; text dialects are recognised."""

from __future__ import annotations

import gzip
import io
import os
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from isoperf.errors import DataError, MissingExtraError
from isoperf.observations import Observations
from isoperf.readers import Data, load

CSV = "n_params,n_tokens,loss,family\n70M,1.4e9,3.1,dense\n1.4B,28e9,2.6,moe\n"
EXPECTED = Observations.from_columns(
    {"n_params": [70e6, 1.4e9], "n_tokens": [1.4e9, 28e9], "loss": [3.1, 2.6], "family": ["dense", "moe"]}
)


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


TEXTS: dict[str, str | bytes] = {
    "plain.csv": CSV,
    "tab.tsv": CSV.replace(",", "\t"),
    "semicolon.csv": CSV.replace(",", ";"),
    "bar.txt": CSV.replace(",", "|"),
    "windows.csv": CSV.replace("\n", "\r\n"),
    "old_mac.csv": CSV.replace("\n", "\r"),
    "no_last_line_end.csv": CSV.rstrip("\n"),
    "comments.csv": f"# made by hand\n{CSV[:30]}# in between\n\n{CSV[30:]}\n\n",
    "bom.csv": b"\xef\xbb\xbf" + CSV.encode(),
    "utf16.csv": CSV.encode("utf-16"),
    "zipped.csv.gz": gzip.compress(CSV.encode()),
    "UPPER.CSV": CSV,
    "spaces.csv": "n_params , n_tokens, loss ,family\n 70M ,1.4e9 , 3.1, dense \n1.4B, 28e9,2.6,moe\n",
    "quoted.csv": 'n_params,n_tokens,loss,family\n"70,000,000","1,400,000,000",3.1,"dense"\n1.4B,28e9,2.6,moe\n',
    "records.json": '[{"n_params":7e7,"n_tokens":1.4e9,"loss":3.1,"family":"dense"},'
    '{"n_params":"1.4B","n_tokens":28e9,"loss":2.6,"family":"moe"}]',
    "columns.json": '{"n_params":[7e7,1.4e9],"n_tokens":[1.4e9,28e9],"loss":[3.1,2.6],"family":["dense","moe"]}',
    "lines.jsonl": '{"n_params":7e7,"n_tokens":1.4e9,"loss":3.1,"family":"dense"}\n\n'
    '{"n_params":1.4e9,"n_tokens":28e9,"loss":2.6,"family":"moe"}\n',
}


@pytest.mark.parametrize("name", TEXTS)
def test_text_formats(tmp_path: Path, name: str) -> None:
    table = load(write(tmp_path, name, TEXTS[name]))
    assert table == EXPECTED
    assert table.source == name


def test_parquet(tmp_path: Path) -> None:
    EXPECTED.to_polars().write_parquet(tmp_path / "runs.parquet")
    assert load(str(tmp_path / "runs.parquet")) == EXPECTED


def workbook(path: Path, sheets: dict[str, list[list[object]]]) -> Path:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


ROWS: list[list[object]] = [
    ["n_params", "n_tokens", "loss", "family"],
    ["70M", 1.4e9, 3.1, "dense"],
    [1.4e9, 28e9, 2.6, "moe"],
]


def test_excel_takes_the_only_sheet_with_cells(tmp_path: Path) -> None:
    pytest.importorskip("python_calamine")
    assert load(workbook(tmp_path / "runs.xlsx", {"notes": [], "runs": ROWS})) == EXPECTED


def test_excel_with_several_sheets_asks_which(tmp_path: Path) -> None:
    pytest.importorskip("python_calamine")
    path = workbook(tmp_path / "runs.xlsx", {"runs": ROWS, "old": ROWS[:2]})
    with pytest.raises(DataError, match=r"2 sheets with cells: 'runs', 'old'. Say which one: sheet='runs'"):
        load(path)
    assert load(path, sheet="runs") == EXPECTED
    with pytest.raises(DataError, match=r"no sheet 'run'. Did you mean 'runs'\?"):
        load(path, sheet="run")


def test_excel_without_its_library_says_what_to_install(tmp_path: Path, monkeypatch) -> None:
    path = write(tmp_path, "runs.xlsx", b"PK\x03\x04")
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    with pytest.raises(MissingExtraError, match=r'pip install "isoperf\[excel\]"'):
        load(path)


def test_sheet_is_refused_where_there_are_none(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has no sheets"):
        load(write(tmp_path, "runs.csv", CSV), sheet="runs")


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(CSV.encode())))
    table = load("-")
    assert table == EXPECTED
    assert table.source == "standard input"


@pytest.mark.parametrize(
    "source",
    [
        EXPECTED,
        EXPECTED.to_polars(),
        EXPECTED.to_polars().lazy(),
        EXPECTED.to_dicts(),
        {name: EXPECTED[name] for name in EXPECTED},
    ],
    ids=lambda s: type(s).__name__,
)
def test_objects(source: Data) -> None:
    assert load(source) == EXPECTED


def test_rename_units_and_where(tmp_path: Path) -> None:
    path = write(tmp_path, "runs.csv", "N,val_loss,lat\n7e7,3.1,12\n1.4e9,2.6,20\n")
    table = load(
        path,
        rename={"N": "n_params", "val_loss": "loss", "lat": "ttft"},
        units={"ttft": "ms"},
        where="n_params > 1B",
    )
    assert table.to_dicts() == [{"n_params": 1.4e9, "loss": 2.6, "ttft": 0.02}]
    assert load(EXPECTED, rename={"loss": "train_loss"}).has("train_loss")


def test_comments_do_not_shift_row_numbers(tmp_path: Path) -> None:
    path = write(tmp_path, "runs.csv", "# a\nloss\n# b\n3.1\n\n# c\n2.9\nbad\n2.8\n")
    with pytest.raises(DataError, match=r"row 3\): 'bad'"):
        load(path)


def test_what_a_spreadsheet_leaves_beside_and_below_a_table_is_no_part_of_it(tmp_path: Path) -> None:
    path = tmp_path / "runs.csv"
    path.write_text("\ufeffN,loss,\r\n70M,3.1,\r\n,2.9,\r\n,,\r\n\r\n,,\r\n", encoding="utf-8", newline="")
    table = load(path)
    assert table.columns == ("N", "loss")
    assert table["loss"].tolist() == [3.1, 2.9]


def test_a_ragged_row_is_named_by_row_and_line(tmp_path: Path) -> None:
    path = write(tmp_path, "runs.csv", "# a comment\na,b,c\n1,2,3\n4,5\n6,7,8\n")
    with pytest.raises(DataError, match=r"row 2 \(line 4\) has 2 cells, but the header has 3 columns"):
        load(path)


def test_quotes_may_hold_separators_and_line_ends(tmp_path: Path) -> None:
    text = 'notes,loss\n"one, two\nthree ""quoted""",3\n"# not a comment",2\n'
    table = load(write(tmp_path, "runs.csv", text))
    assert table["notes"].tolist() == ['one, two\nthree "quoted"', "# not a comment"]
    assert table["loss"].tolist() == [3.0, 2.0]


def test_one_column_is_a_table(tmp_path: Path) -> None:
    assert load(write(tmp_path, "y.csv", "loss\n3.1\n2.9\n"))["loss"].tolist() == [3.1, 2.9]


def test_pythons_nan_and_missing_keys_in_json_are_missing_cells(tmp_path: Path) -> None:
    table = load(write(tmp_path, "runs.json", '[{"loss": NaN, "seed": 1}, {"loss": 2.0}]'))
    assert np.isnan(table["loss"]).tolist() == [True, False]
    assert np.isnan(table["seed"]).tolist() == [False, True]


def test_half_a_character_in_json_is_named_by_column_and_row(tmp_path: Path) -> None:
    # JSON may escape either half of a pair such as \ud83d\ude00 alone; Unicode text may not.
    table = write(tmp_path, "runs.json", r'[{"model": "a", "loss": 1}, {"model": "b\ud83d", "loss": 2}]')
    with pytest.raises(DataError, match=r"runs.json: column 'model' holds half a character.*\(row 2\)"):
        load(table)
    lines = write(tmp_path, "runs.jsonl", '{"loss": 1}\n{"loss": 2, "note\\udc80": 3}\n')
    with pytest.raises(DataError, match=r"runs.jsonl: the name of column 'note\\udc80' holds half a character"):
        load(lines)
    assert load(write(tmp_path, "whole.json", r'[{"model": "\ud83d\ude00"}]'))["model"].tolist() == ["\U0001f600"]


def test_file_whose_name_is_no_utf8_gives_a_table_that_can_be_written(tmp_path: Path) -> None:
    names = [os.fsdecode(b"runs\xff.csv"), os.fsdecode(b"runs\xfe.csv")]
    try:
        for name in names:
            write(tmp_path, name, "loss\n3.1\n")
    except (OSError, UnicodeError):
        pytest.skip("this file system takes only names in UTF-8")
    one, both = load(tmp_path / names[0]), load(tmp_path / "runs*.csv")
    assert one.source == r"runs\udcff.csv"
    assert set(both["file"]) == {r"runs\udcff.csv", r"runs\udcfe.csv"}
    both.to_polars().write_parquet(tmp_path / "both.parquet")
    assert load(tmp_path / "both.parquet")["file"].tolist() == both["file"].tolist()


def test_a_word_column_with_very_many_words_is_quick_to_tell(tmp_path: Path) -> None:
    words = [f"w{k}" for k in range(5000)]
    pl.DataFrame({"label2": words, "loss": [1.0] * 5000}).write_csv(tmp_path / "words.csv")
    assert load(tmp_path / "words.csv").is_words("label2")


def test_public_tables_load(mirror: Path) -> None:
    """Row counts are those that the notes beside the data state."""
    points = load(mirror / "pretrain" / "chinchilla_epoch.csv")
    assert len(points) == 245
    assert len(load(mirror / "pretrain" / "gadre_overtraining_104.csv")) == 104
