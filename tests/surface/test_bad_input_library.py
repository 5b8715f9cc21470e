"""Every kind of bad input is refused at the door, saying what was found, needed, and to be tried."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from isoperf.errors import DataError, UnitError
from isoperf.observations import Observations
from isoperf.readers import load
from isoperf.readers._thrift import Thrift


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def refusal(source: object, **options: object) -> str:
    with pytest.raises(DataError) as caught:
        load(source, **options)  # type: ignore[arg-type]
    message = str(caught.value)
    assert message.endswith((".", "?")), message
    return message


def says(message: str, *pieces: str) -> None:
    for piece in pieces:
        assert piece in message, f"{piece!r} is not in: {message}"


PARQUET = b"PAR1" + b"\0" * 40 + (2**30).to_bytes(4, "little") + b"PAR1"

# name of the case -> file name, content, what the message must say
FILES: dict[str, tuple[str, str | bytes, tuple[str, ...]]] = {
    "empty file": ("a.csv", "", ("a.csv is empty", "header line and at least one row")),
    "blank file": ("a.csv", " \n\n", ("a.csv is empty",)),
    "only comments": ("a.csv", "# one\n# two\n", ("only comments",)),
    "header only": ("a.csv", "n_params,loss\n", ("header (n_params, loss) but no rows",)),
    "no header": ("a.csv", "1e8,3.1\n1e9,2.8\n", ("holds numbers, not names", "Add a header line")),
    "binary": ("a.csv", b"\x89abc\0\1\2", ("not text: byte 4 is zero", "UTF-8")),
    "parquet named csv": ("a.csv", PARQUET, ("holds Parquet data", ".parquet")),
    "excel named csv": ("a.csv", b"PK\x03\x04abc", ("holds Excel or zip data", ".xlsx")),
    "damaged gzip": ("a.csv.gz", gzip.compress(b"loss\n3\n")[:-9], ("damaged gzip",)),
    "wrong separator": ("a.csv", "n_params loss\n1e8 3.1\n", ("one column, 'n_params loss'", "Comma, tab")),
    "duplicate names": ("a.csv", "loss,n,loss\n1,2,3\n", ("'loss' more than once", "rename")),
    "ragged row": ("a.csv", "a,b\n1,2\n3\n", ("row 2 (line 3) has 1 cells", "2 columns")),
    "ragged rows": ("a.csv", "a,b\n1,2,3\n1,2,3\n", ("row 1", "2 rows differ")),
    "quote in a name": ("a.csv", 'a"b,c\n1,2\n"3,4\n5,6\n', ("header cannot be read", "Check its quotes")),
    "open quote": ("a.csv", 'a,b\n1,"2\n3,4\n', ("line 2 is never closed", 'twice ("")')),
    "text in numbers": ("a.csv", "loss\n3\n2.9\nlow\n", ("column 'loss'", "row 3", "'low'", "units={")),
    "decimal comma": ("a.csv", "n;loss\n1;3,1\n2;2,9\n", ("'loss'", "rows 1, 2", "decimal comma", "3.5")),
    "ambiguous comma": ("a.csv", "n;loss\n1;3,125\n", ("row 1 is '3,125'", "decimal comma or a thousand")),
    "overflow": ("a.csv", "loss\n3\n1e400\n", ("row 2", "'1e400' is too large", "64-bit")),
    "mixed units": ("a.csv", "lat\n12 ms\n80 GB\n", ("mixes units", "'12 ms' in row 1", "'80 GB' in row 2")),
    "unit and none": ("a.csv", "lat\n12 ms\n80\n", ("'12 ms' in row 1", "bare numbers", "units=")),
    "wrong unit": ("a.csv", "n_tokens\n3e9\n7 GB\n", ("row 2", "'7 GB' is in bytes, but tokens is needed")),
    "not UTF-8": ("a.csv", b"name,loss\ncaf\xe9,3\n", ("byte 13 (line 2) is 0xe9", "UTF-8", "WINDOWS-1252")),
    "broken UTF-16": ("a.csv", b"\xff\xfea", ("UTF-16", "Save it again as UTF-8")),
    "truncated parquet": ("a.parquet", PARQUET[:30], ("damaged Parquet", "end is missing")),
    "parquet claiming a GB": ("a.parquet", PARQUET, ("footer claims 1073741824 bytes where 40 are left",)),
    "parquet with a bad footer": (
        "a.parquet",
        PARQUET[:44] + (40).to_bytes(4, "little") + b"PAR1",
        ("damaged Parquet", "export it again"),
    ),
    "csv named parquet": ("a.parquet", "loss\n3\n", ("no Parquet file", "b'loss'")),
    "empty parquet": ("a.parquet", b"", ("a.parquet is empty",)),
    "broken json": ("a.json", '[{"loss": 3},\n {"loss" 2}]', ("not valid JSON", "line 2, column 10")),
    "json number": ("a.json", "3", ("holds a JSON number, not a table", "list of records")),
    "json of values": ("a.json", "[3, 2]", ("row 1 is a JSON number, not a record",)),
    "json object of objects": ("a.json", '{"a": {"b": 1}}', ("'a' is a JSON object", "not a table")),
    "empty json list": ("a.json", "[]", ("empty list",)),
    "empty json columns": ("a.json", '{"loss": []}', ("columns (loss) but no rows",)),
    "nested json": ("a.json", '[{"loss": [1, 2]}]', ("'loss'", "one is needed")),
    "json columns of unlike length": ("a.json", '{"a": [1, 2], "b": [1]}', ("differ in length (a 2, b 1)",)),
    "json overflow": ("a.json", f'{{"loss": [1{"0" * 400}]}}', ("too large for 64 bits",)),
    "broken json line": ("a.jsonl", '{"loss": 3}\n{"loss": \n{"loss": 1}\n', ("line 2 is not valid JSON",)),
    "broken workbook": ("a.xlsx", b"PK\x03\x04nothing", ("cannot be read as an Excel workbook", "CSV")),
    "unknown suffix": ("a.docx", "loss\n3\n", ("suffix '.docx' is not known", ".csv", ".parquet")),
    "no suffix": ("runs", "loss\n3\n", ("the file has no suffix", "Rename the file")),
}


@pytest.mark.parametrize("case", FILES)
def test_file(tmp_path: Path, case: str) -> None:
    name, content, pieces = FILES[case]
    if name.endswith("xlsx"):
        pytest.importorskip("python_calamine")
    message = refusal(write(tmp_path, name, content))
    says(message, name, *pieces)


def test_parquet_without_rows(tmp_path: Path) -> None:
    pl.DataFrame({"loss": []}, schema={"loss": pl.Float64}).write_parquet(tmp_path / "a.parquet")
    says(refusal(tmp_path / "a.parquet"), "has columns (loss) but no rows")


def test_parquet_page_with_an_impossible_count(tmp_path: Path) -> None:
    """Such a page makes the compiled reader ask for 2**61 bytes and end the process."""
    pl.DataFrame({"loss": [3.0, None]}).write_parquet(tmp_path / "a.parquet", compression="uncompressed")
    data = (tmp_path / "a.parquet").read_bytes()
    start = Thrift(data, len(data) - 8 - int.from_bytes(data[-8:-4], "little"), len(data) - 8).record()
    page = start[4][0][1][0][3][9]  # row group 0, column 0, metadata, place of its first data page
    header = Thrift(data, page, len(data))
    values = header.record()[5][1]
    assert values == 2
    # In the page header, field 5 (a struct) opens with field 1: its type byte, then the count, zigzag coded.
    place = data.index(b"\x15" + bytes([2 * values]), page + 6)
    damaged = data[: place + 1] + b"\x03" + data[place + 2 :]  # 3 is -2, zigzag coded
    says(refusal(write(tmp_path, "b.parquet", damaged)), "damaged Parquet", "claims -2 values in a page")


def test_messages_tell_the_cases_apart(tmp_path: Path) -> None:
    """No two kinds of mistake share one message, but for the two ways of being empty."""
    pytest.importorskip("python_calamine")
    found = {case: refusal(write(tmp_path, name, text)) for case, (name, text, _) in FILES.items()}
    found.pop("blank file")
    assert len(set(found.values())) == len(found)


@pytest.mark.parametrize(
    ("text", "kind"),
    [("lat\n12 ms\n80 GB\n", UnitError), ("loss\n3\n1e400\n", UnitError), ("loss\n3\n2.9\nlow\n", DataError)],
)
def test_unit_mistakes_have_their_own_class(tmp_path: Path, text: str, kind: type[DataError]) -> None:
    with pytest.raises(DataError) as caught:
        load(write(tmp_path, "a.csv", text))
    assert type(caught.value) is kind


def test_missing_file_suggests_a_neighbour(tmp_path: Path) -> None:
    write(tmp_path, "runs.csv", "loss\n3\n")
    says(refusal(tmp_path / "run.csv"), "does not exist", "Did you mean 'runs.csv'?")
    says(refusal(tmp_path / "zzz.parquet"), "does not exist", "Files there: runs.csv")


def test_missing_folder_is_named(tmp_path: Path) -> None:
    says(refusal(tmp_path / "nowhere" / "runs.csv"), "there is no folder", "nowhere")


@pytest.mark.parametrize("name", ["folder", "folder.csv"])
def test_a_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    says(refusal(tmp_path / name), "is a folder", "it is empty")
    write(tmp_path / name, "readme.md", "runs of last week")
    says(refusal(tmp_path / name), "is a folder", "such as readme.md")


def test_unreadable_permissions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests may run as root, whom permissions do not stop; so the refusal is played."""

    def refuse(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(self))

    path = write(tmp_path, "runs.csv", "loss\n3\n")
    monkeypatch.setattr(Path, "read_bytes", refuse)
    says(refusal(path), "permission denied", "chmod +r")


def test_disk_errors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: Path) -> bytes:
        raise OSError(5, "Input/output error")

    path = write(tmp_path, "runs.csv", "loss\n3\n")
    monkeypatch.setattr(Path, "read_bytes", fail)
    says(refusal(path), "cannot be read: Input/output error")


def test_a_path_no_system_takes() -> None:
    says(refusal("a\0b.csv"), "cannot be read")


def test_a_web_address() -> None:
    says(refusal("https://example.org/runs.csv"), "web address", "Download it first")


@pytest.mark.parametrize("source", [3, None, np.ones((2, 2)), b"loss\n3\n", {1, 2}], ids=lambda s: type(s).__name__)
def test_an_object_that_is_no_table(source: object) -> None:
    says(refusal(source), f"cannot load a {type(source).__name__}", "a data frame")


@pytest.mark.parametrize(
    ("source", "pieces"),
    [
        ([], ("list of records is empty",)),
        ([{"loss": 3}, 4], ("row 2 is a int", "mapping of column to value")),
        ({}, ("no columns found",)),
        ({"loss": 3}, ("single int", "a list with one cell per row")),
        ({"loss": "3"}, ("single str",)),
        ({"loss": [[1, 2], [3, 4]]}, ("2 dimensions (shape (2, 2))",)),
        ({"loss": [[1], [2, 3]]}, ("not a plain column",)),
        ({"loss": [1 + 2j]}, ("complex128",)),
        ({"loss": [{"a": 1}]}, ("row 1 holds a dict",)),
        ({"loss": [1.0], "n_params": [1.0, 2.0]}, ("differ in length (loss 1, n_params 2)",)),
        ({3: [1.0]}, ("a column is named 3",)),
        ({"loss": [10**400]}, ("too large for 64 bits",)),
        (pl.DataFrame({"loss": [[1.0, 2.0]]}), ("'loss' holds List", "Spread it over columns")),
        (pl.DataFrame(), ("no columns",)),
    ],
    ids=lambda value: None if isinstance(value, tuple) else type(value).__name__,
)
def test_an_object_that_is_no_good_table(source: object, pieces: tuple[str, ...]) -> None:
    says(refusal(source), *pieces)


def test_duplicate_names_in_a_pandas_frame() -> None:
    pd = pytest.importorskip("pandas")
    says(refusal(pd.DataFrame([[1.0, 2.0]], columns=["loss", "loss"])), "'loss' 2 times", "Rename or drop")


TABLE = Observations.from_columns(
    {"N": [1e8, 1e9, 1e10], "val_loss": [3.1, 2.8, 2.5], "step": [1, 2, 3]}, source="runs.csv"
)


def test_missing_column_lists_what_there_is_and_how_to_say_it() -> None:
    with pytest.raises(DataError) as caught:
        TABLE.require("n_params", "n_tokens", "loss")
    says(
        str(caught.value),
        "runs.csv: columns 'n_params', 'n_tokens', 'loss' are missing",
        "Columns found: N, val_loss, step",
        "rename={'val_loss': 'loss'}",
        "--map loss=val_loss",
        "--map n_params=N",
        "n_tokens is tokens seen in training",
        "derived when n_params and flops",
    )


def test_no_column_is_ever_guessed() -> None:
    assert not TABLE.has("loss")
    with pytest.raises(DataError, match="'loss' is missing"):
        TABLE.numeric("loss")
    with pytest.raises(DataError, match="'loss' is missing"):
        TABLE["loss"]


@pytest.mark.parametrize(
    ("cells", "pieces"),
    [
        ([3.0, np.nan, np.nan], ("2 missing values (rows 2, 3)", 'where("loss is not missing")')),
        ([3.0, np.inf, 2.0], ("1 infinite value (row 2: inf)", "Finite numbers")),
        ([3.0, -np.inf, 2.0], ("1 infinite value (row 2: -inf)",)),
        ([3.0, 0.0, 2.0], ("1 value that is not positive (row 2; smallest 0)", 'where("loss > 0")')),
        ([3.0, -1.0, 0.0], ("2 values that are not positive (rows 2, 3; smallest -1)", "must be above 0")),
        (["low", "mid", "high"], ("holds text in 3 of 3 values", "first 'low'", "1.4B")),
    ],
)
def test_cells_that_no_fit_can_use(cells: list[object], pieces: tuple[str, ...]) -> None:
    table = Observations.from_columns({"loss": cells}, source="runs.csv")
    with pytest.raises(DataError) as caught:
        table.numeric("loss", positive=True)
    says(str(caught.value), "runs.csv: column 'loss'", *pieces)


def test_the_remedy_in_a_message_works() -> None:
    """Each condition that a message proposes keeps exactly the usable rows."""
    table = Observations.from_columns({"loss": [3.0, np.nan, np.inf, -np.inf, 0.0, -1.0]})
    for condition in ("loss is not missing", "loss < 1e308 and loss > -1e308", "loss > 0"):
        table = table.where(condition)
    assert table.numeric("loss", positive=True).tolist() == [3.0]


def test_zero_is_fine_where_it_makes_sense() -> None:
    assert Observations.from_columns({"step": [0, 1]}).numeric("step").tolist() == [0.0, 1.0]


def test_infinite_cells_in_a_file_are_seen_when_used(tmp_path: Path) -> None:
    table = load(write(tmp_path, "a.csv", "loss,step\n3,1\ninf,2\n-Infinity,3\n"))
    assert table["loss"].tolist() == [3.0, np.inf, -np.inf]
    with pytest.raises(DataError, match=r"2 infinite values \(rows 2, 3"):
        table.numeric("loss")


@pytest.mark.parametrize("n", [0, 1, 3])
def test_too_few_rows(n: int) -> None:
    with pytest.raises(DataError, match=rf"{n} rows?; at least 5 are needed"):
        TABLE.take(range(n)).require("step", min_rows=5)


def test_an_empty_table_is_too_few_by_default() -> None:
    with pytest.raises(DataError, match="0 rows; at least 1"):
        TABLE.take([]).require("step")


def test_a_condition_that_keeps_nothing() -> None:
    says(refusal(TABLE, where="step > 10"), "none of 3 rows meets 'step > 10'", "Loosen")


def test_renaming_an_absent_column(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", "val_loss,n\n3,1\n")
    says(refusal(path, rename={"valloss": "loss"}), "no column 'valloss'", "Did you mean 'val_loss'?")
    says(refusal(path, units={"los": "nats"}), "units= names 'los'", "no column")


def test_declared_units_for_observations() -> None:
    says(refusal(TABLE, units={"step": "k"}), "base units already")
