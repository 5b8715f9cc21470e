"""Every kind of bad input ends in one line that says what was found, what is needed and what to try."""

from __future__ import annotations

import errno
import io
import os
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tests.surface.shell import Ran, grid_rows, run, table_text, with_cell, write

QUICK = ("--law", "chinchilla", "--n-bootstrap", "20", "--quiet")
USAGE, DATA, WEAK = 2, 3, 4


def parquet() -> bytes:
    buffer = io.BytesIO()
    cells = [[float(cell) for cell in row.split(",")] for row in grid_rows()]
    pl.DataFrame(cells, schema=["n_params", "n_tokens", "loss"], orient="row").write_parquet(buffer)
    return buffer.getvalue()


def claiming_a_gigabyte() -> bytes:
    return parquet()[:-8] + (10**9).to_bytes(4, "little") + b"PAR1"


def with_units_in_some_rows() -> str:
    rows = [f"{row},{'12 ms' if i % 2 else '12'}" for i, row in enumerate(grid_rows())]
    return table_text(rows, header="n_params,n_tokens,loss,wall_seconds")


def noted(encoding: str) -> bytes:
    return table_text([f"{row},café" for row in grid_rows()], "n_params,n_tokens,loss,note").encode(encoding)


BAD_FILES: dict[str, tuple[str, str | bytes, int, tuple[str, ...]]] = {
    "empty": ("a.csv", "", DATA, ("is empty", "header line and at least one row", "needed")),
    "blank lines only": ("a.csv", "\n\n  \n", DATA, ("is empty", "needed")),
    "comments only": ("a.csv", "# a\n# b\n", DATA, ("only comments", "needed")),
    "header only": ("a.csv", "n_params,n_tokens,loss\n", DATA, ("no rows", "At least one row")),
    "no header": ("a.csv", table_text()[23:], DATA, ("holds numbers, not names", "Add a header")),
    "binary": ("a.csv", bytes(range(256)) * 9, DATA, ("not text", "needed", "export it again")),
    "wrong delimiter": ("a.csv", table_text().replace(",", ":"), DATA, ("one column", "needed", "save it")),
    "ragged": (
        "a.csv",
        table_text(["1e6,1e8,3,7"]),
        DATA,
        ("has 4 cells", "one cell per column", "look for"),
    ),
    "open quote": ("a.csv", table_text(['1e6,1e8,"3']), DATA, ("never closed", "Close it")),
    "missing column": (
        "a.csv",
        table_text(header="n_params,n_tokens,val_loss"),
        DATA,
        ("'loss' is missing", "Columns found: n_params, n_tokens, val_loss", "--map loss=val_loss"),
    ),
    "duplicate column": (
        "a.csv",
        table_text(header="loss,n_params,loss"),
        DATA,
        ("'loss' more than once", "rename"),
    ),
    "word in numbers": ("a.csv", with_cell("oops"), DATA, ("'oops'", "row 4", "needed", "Correct")),
    "NaN": ("a.csv", with_cell("NaN"), DATA, ("1 missing value", "row 4", "--where 'loss is not missing'")),
    "blank cell": ("a.csv", with_cell(""), DATA, ("1 missing value", "row 4", "needs a number")),
    "infinite": ("a.csv", with_cell("inf"), DATA, ("1 infinite value", "row 4", "needed", "--where")),
    "minus infinite": ("a.csv", with_cell("-inf"), DATA, ("infinite", "-inf", "needed", "--where")),
    "zero loss": ("a.csv", with_cell("0"), DATA, ("not above 0", "row 4", "smallest 0", "--where 'loss > 0'")),
    "negative loss": (
        "a.csv",
        with_cell("-1.5"),
        DATA,
        ("not above 0", "smallest -1.5", "--where 'loss > 0'"),
    ),
    "negative size": (
        "a.csv",
        with_cell("-5", column=0),
        DATA,
        ("'n_params' has 1 value that is not positive", "must be above 0", "--where 'n_params > 0'"),
    ),
    "overflow": ("a.csv", with_cell("1e400"), DATA, ("'1e400' is too large", "row 4", "Check its exponent")),
    "mixed units": ("a.csv", with_units_in_some_rows(), DATA, ("mixes", "'12 ms' in row 2", "--units")),
    "unit of another kind": (
        "a.csv",
        with_cell("7 GB", column=0),
        DATA,
        ("in bytes", "params is needed", "row 4"),
    ),
    "decimal commas": (
        "a.csv",
        table_text().replace(",", ";").replace(".", ","),
        DATA,
        ("column 'loss'", "rows 1, 2", "needed", "Correct"),
    ),
    "Latin-1": ("a.csv", noted("latin-1"), DATA, ("not UTF-8", "0xe9", "Save it again as UTF-8")),
    "UTF-16 without mark": ("a.csv", table_text().encode("utf-16-le"), DATA, ("not text", "UTF-8", "export")),
    "Parquet that claims a gigabyte": (
        "a.parquet",
        claiming_a_gigabyte(),
        DATA,
        ("claims 1000000000", "again"),
    ),
    "truncated Parquet": (
        "a.parquet",
        parquet()[:700],
        DATA,
        ("its end is missing", "Copy or export it again"),
    ),
    "Parquet named csv": ("a.csv", parquet(), DATA, ("holds Parquet data", ".parquet")),
    "CSV named Parquet": ("a.parquet", table_text(), DATA, ("no Parquet file", "export it again")),
    "damaged gzip": ("a.csv.gz", b"\x1f\x8b" + b"x" * 40, DATA, ("damaged gzip", "again")),
    "no workbook": ("a.xlsx", b"PK\x03\x04junk", DATA, ("a.xlsx",)),
    "broken JSON": ("a.json", '[{"loss": 3}', DATA, ("not valid JSON", "Correct it there")),
    "broken JSON line": (
        "a.jsonl",
        '{"loss": 3}\n{"loss":\n',
        DATA,
        ("line 2", "not valid JSON", "Correct it"),
    ),
    "half a character": (
        "a.json",
        '[{"loss": 3, "model": "a"}, {"loss": 2, "model": "b\\ud800"}]',
        DATA,
        ("column 'model' holds half a character", "row 2", "UTF-8 again"),
    ),
    "half a character in a name": (
        "a.json",
        '[{"loss": 3, "model\\ud800": "a"}]',
        DATA,
        (r"name of column 'model\ud800' holds half a character", "Rename it"),
    ),
    "JSON that is no table": ("a.json", "[1, 2]", DATA, ("row 1", "not a record", "is needed")),
    "unknown suffix": (
        "a.xyz",
        table_text(),
        DATA,
        ("'.xyz' is not known", "Known: .csv", "convert it to CSV"),
    ),
    "no suffix": ("runs", table_text(), DATA, ("no suffix", "Known: .csv", "Rename the file")),
    "three rows": ("a.csv", table_text(grid_rows()[:3]), WEAK, ("too_few", "--strict asks", "Add runs")),
    "one row": ("a.csv", table_text(grid_rows()[:1]), WEAK, ("too_few", "--strict asks", "Add runs")),
    "identical rows": ("a.csv", table_text(grid_rows()[:1] * 20), WEAK, ("too_few", "Add runs")),
    "one size only": ("a.csv", table_text(grid_rows()[:5] * 4), WEAK, ("--strict asks", "Add runs")),
    "one loss only": (
        "a.csv",
        table_text([row.rpartition(",")[0] + ",2.0" for row in grid_rows()]),
        WEAK,
        ("not_identified", "--strict asks", "Add runs"),
    ),
}


@pytest.mark.parametrize("kind", BAD_FILES)
def test_bad_file(kind: str, tmp_path: Path) -> None:
    name, content, code, parts = BAD_FILES[kind]
    path = write(tmp_path, name, content)
    report = tmp_path / "report.html"
    strict = ("--strict",) if code == WEAK else ("--report", str(report))
    refused(run("fit", path, *QUICK, *strict), code, parts)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [name], "a failed command leaves no file"


def refused(ran: Ran, code: int, parts: tuple[str, ...]) -> None:
    """Check the exit code and that stderr is one line with all the parts, and stdout is empty."""
    assert ran.code == code, ran.err or ran.out
    assert ran.err.startswith("error: ") and ran.err.count("\n") == 1, ran.err
    assert "Traceback" not in ran.err and ran.out == ""
    missing = [part for part in parts if part not in ran.err]
    assert not missing, f"{missing} not in: {ran.err}"


BAD_OPTIONS: dict[str, tuple[tuple[str, ...], int, tuple[str, ...]]] = {
    "unknown law": (
        ("--law", "chinchila"),
        USAGE,
        ("no law 'chinchila'", "Did you mean 'chinchilla'", "`isoperf laws` lists them all"),
    ),
    "unknown option": (("--lvel", "0.9"), USAGE, ("'--lvel'", "--level", "isoperf fit --help")),
    "level above 1": (("--level", "1.5"), USAGE, ("1.5", "between 0 and 1", "such as 0.9")),
    "level in words": (("--level", "high"), USAGE, ("'high'", "needed", "isoperf fit --help")),
    "infinite level": (("--level", "inf"), USAGE, ("not finite", "needed")),
    "unknown noise": (("--noise", "l2"), USAGE, ("'l2'", "'huber'", "isoperf fit --help")),
    "delta in words": (("--delta", "big"), USAGE, ("'big'", "needed", "Or say auto")),
    "broken count": (("--seed", "1.5"), USAGE, ("'1.5'", "whole number is needed")),
    "overflowing count": (("--seed", "1e400"), USAGE, ("too large", "exponent")),
    "too few refits": (("--n-bootstrap", "5"), USAGE, ("found 5", "at least 20", "1000")),
    "negative seed": (("--seed", "-1"), USAGE, ("found -1", "0 or above")),
    "law of one input": (("--law", "power_law"), USAGE, ("which column is x", "--x", "n_tokens")),
    "x that is not there": (
        ("--law", "power_law", "--x", "tokns", "--y", "loss"),
        USAGE,
        ("'tokns'", "no such column", "Columns: n_params"),
    ),
    "map without equals": (("--map", "loss"), USAGE, ("'loss'", "equals sign", "loss=val_loss")),
    "map of an absent column": (("--map", "loss=nll"), DATA, ("'nll'", "Columns found: n_params")),
    "map to two": (("--map", "loss=a", "loss=b"), USAGE, ("'loss' twice", "'a' and 'b'", "Give it once")),
    "map of one to two": (("--map", "loss=a", "error=a"), USAGE, ("'a' both as 'loss'", "one meaning")),
    "where on an absent column": (("--where", "los < 3"), DATA, ("'los' is missing", "Did you mean 'loss'")),
    "where that cannot be read": (("--where", "loss <"), USAGE, ("'loss <'", "needed", "Write it like")),
    "where that keeps no row": (("--where", "loss < 0"), DATA, ("none of 20 rows", "Loosen")),
    "unit of another kind": (("--units", "n_params=GB"), DATA, ("'GB'", "--units", "params")),
    "unit of an absent column": (
        ("--units", "los=nats"),
        DATA,
        ("--units names 'los'", "Did you mean 'loss'"),
    ),
    "sheet of a CSV": (("--sheet", "runs"), DATA, ("has no sheets", "--sheet 'runs'", "Leave it out")),
    "unknown report format": (("--report", "a.pdf"), USAGE, ("'.pdf'", "Use .html, .md, .json or .txt")),
    "report without format": (("--report", "report"), USAGE, ("no suffix", "Use .html")),
    "report in no folder": (("--report", "gone/a.html"), USAGE, ("no folder 'gone'", "Create it")),
}


@pytest.mark.parametrize("kind", BAD_OPTIONS)
def test_bad_option(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    args, code, parts = BAD_OPTIONS[kind]
    path = write(tmp_path, "runs.csv", table_text())
    quick = [*args] if "--law" in args else ["--law", "chinchilla", *args]
    refused(run("fit", path, "--quiet", *quick), code, parts)
    assert [entry.name for entry in tmp_path.iterdir()] == ["runs.csv"]


def test_absent_file_names_its_neighbour(tmp_path: Path) -> None:
    write(tmp_path, "runs.csv", table_text())
    refused(run("fit", str(tmp_path / "run.csv")), DATA, ("does not exist", "Did you mean 'runs.csv'"))


def test_folder(tmp_path: Path) -> None:
    write(tmp_path, "readme.md", "runs of last week")
    refused(run("fit", str(tmp_path)), DATA, ("is a folder", "Name one file in it, such as readme.md"))
    write(tmp_path, "runs.csv", table_text())
    write(tmp_path, "more.jsonl", '{"loss": 3}')
    refused(run("fit", str(tmp_path)), DATA, ("tables of several kinds", "Name those that are meant with a pattern"))


def test_web_address() -> None:
    refused(run("fit", "https://example.org/runs.csv"), DATA, ("web address", "Download it first"))


def test_neither_file_nor_table_suggests_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "sweeps.csv", table_text())
    needed = ("no file and no table", "Give a file's path", "isoperf data")
    refused(run("fit", "stdlb_lm"), USAGE, (*needed, "Did you mean 'stdlib_lm'"))
    refused(run("fit", "sweep"), USAGE, (*needed, "Did you mean 'sweeps"))


def test_every_column_by_another_name_is_mapped_at_once(tmp_path: Path) -> None:
    path = write(tmp_path, "runs.csv", "Model Size,tokens (B),Val Loss\n1M,1,2\n")
    refused(
        run("fit", str(path)),
        DATA,
        ("'loss' is missing", "--map 'loss=Val Loss' 'n_params=Model Size' 'n_tokens=tokens (B)'."),
    )


def test_a_curve_without_loss_is_told_of_x_and_y(tmp_path: Path) -> None:
    path = write(tmp_path, "curve.csv", "epoch,top5\n1,0.2\n2,0.3\n")
    refused(run("forecast", str(path)), DATA, ("'loss' is missing", '--y "..."', '--x "..."'))


def test_a_file_in_place_of_a_command_is_told_where_it_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "sweeps.csv", table_text())
    refused(run("sweeps.csv"), USAGE, ("is a file", "'isoperf data sweeps.csv'", "'isoperf forecast sweeps.csv'"))


@pytest.mark.parametrize(
    ("args", "parts"),
    [
        (
            ("fitt", "a.csv"),
            ("no command 'fitt'", "Did you mean 'fit'", "Most asked: ", "forecast, ", "isoperf --help"),
        ),
        (("predict", "a.csv"), ("no command 'predict'", "Did you mean 'forecast'")),
        (("forecast", "stdlib_lm", "--params", "7B"), ("No such option '--params'", "Did you mean '--n-params'")),
        (("plan", "stdlib_lm", "--budget", "1e21"), ("No such option '--budget'", "Did you mean '--flops'")),
        (("choose", "stdlib_lm", "--at-most", "loss=2"), ("No such option '--at-most'", "Did you mean '--limit'")),
        (("plan", "stdlib_lm"), ("nothing to plan", "--flops ...", "--target-loss ...")),
        (("fit",), ("Missing argument 'DATA'", "standard input", "isoperf fit --help")),
        (("fit", "a.csv", "b.csv"), ("unexpected extra argument", "b.csv")),
        (("laws", "gompertz"), ("no law 'gompertz'", "`isoperf laws` lists them all", "entry point isoperf.laws")),
        (("data", "stdlib"), ("Did you mean 'stdlib_lm'", "isoperf data")),
        (("completion", "tcsh"), ("'tcsh'", "'bash', 'zsh', 'fish'")),
        (("fit", "stdlib_lm", "--units", "loss=nats"), ("named table", "Leave out --units")),
        (("forecast", "stdlib_lm", "--n-params", "70,000,000"), ("'70,000'", "Write 70000 for one")),
        (("forecast", "stdlib_lm", "--n-params", "1 GB"), ("in bytes", "params is needed")),
        (("forecast", "stdlib_lm"), ("nothing to forecast", "--n-params ... and --n-tokens ...")),
        (
            ("forecast", "stdlib_lm", "--n-params", "2M", "--n-tokens", "16M", "--flops", "1e15"),
            ("flops=1e+15 contradicts n_params=2e+06 and n_tokens=1.6e+07", "1.92e+14 FLOPs", "two of the three"),
        ),
        (("compare", "stdlib_lm"), ("--by 'recipe': no such column", "with --by ...")),
        (("critical-batch", "planted_batches", "--n-params", "-1"), ("--n-params must be above 0",)),
        (("fit", "stdlib_lm", "--seed", "-1"), ("'--seed'", "0 or above, found -1")),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) and len(value) < 5 else None,
)
def test_bad_command_line(args: tuple[str, ...], parts: tuple[str, ...]) -> None:
    refused(run(*args), USAGE, parts)


@pytest.mark.parametrize(
    ("number", "parts"),
    [
        (errno.EACCES, ("no permission", "Choose a folder you may write in")),
        (errno.ENOSPC, ("no space left", "Free some space")),
        (errno.EIO, ("cannot write", "Nothing half-written", "choose another place")),
    ],
    ids=["no permission", "disk full", "broken disk"],
)
def test_report_that_cannot_be_written(
    number: int, parts: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(handle: int) -> None:
        raise OSError(number, os.strerror(number))

    path = write(tmp_path, "runs.csv", table_text())
    report = write(tmp_path, "report.html", "what was there")
    monkeypatch.setattr(os, "fsync", fail)
    refused(run("fit", path, *QUICK, "--report", report), USAGE, parts)
    assert Path(report).read_text() == "what was there"
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["report.html", "runs.csv"]


def test_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(path: Path) -> bytes:
        raise PermissionError(errno.EACCES, "Permission denied")

    path = write(tmp_path, "runs.csv", table_text())
    monkeypatch.setattr(Path, "read_bytes", fail)
    refused(run("fit", path), DATA, ("may not be read", "permission denied", "chmod +r"))


GOOD_FILES: dict[str, tuple[str, Any]] = {
    "Windows line ends": ("a.csv", table_text(end="\r\n")),
    "byte-order mark": ("a.csv", "\ufeff" + table_text()),
    "semicolons": ("a.csv", table_text().replace(",", ";")),
    "tabs": ("a.tsv", table_text().replace(",", "\t")),
    "quantities": ("a.csv", table_text().replace("1e+06", "1M").replace("1e+09", "1B tokens")),
    "UTF-8 words": ("a.csv", noted("utf-8")),
    "Parquet": ("a.parquet", parquet()),
    "no line end at the end": ("a.csv", table_text().rstrip("\n")),
}


@pytest.mark.parametrize("kind", GOOD_FILES)
def test_unusual_but_good_file(kind: str, tmp_path: Path) -> None:
    name, content = GOOD_FILES[kind]
    ran = run("fit", write(tmp_path, name, content), *QUICK)
    assert (ran.code, ran.out, ran.err) == (0, "", "")
