"""What goes into the store comes out of it: tables, fits, reports, queries, exports, and clear refusals."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

import isoperf
from isoperf.errors import DataError, IsoperfError, OptionError
from isoperf.report import Prose, Report
from isoperf.store import Entry, Store, StoredReport, find, importing, tables
from isoperf.store.schema import VERSION

MIXED = {
    "n_params": ["1.4B", "70M", None],
    "ttft_ms": [12, None, 3.5],
    "loss": [2.6, float("inf"), -0.0],
    "run": ["a", None, 'a b, "c"\n'],
}
OLD = Path(__file__).with_name("store_version_1")


@pytest.fixture(params=["folder", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """Make an empty store of each kind; what it promises does not depend on the kind."""
    place = request.getfixturevalue("postgres").fresh() if request.param == "postgresql" else tmp_path / "kept"
    return Store(place).create()


@pytest.fixture
def folder_store(tmp_path: Path) -> Store:
    return Store(tmp_path / "kept").create()


def test_a_table_comes_back_cell_for_cell(store: Store) -> None:
    given = isoperf.Observations.from_columns(MIXED).with_column("flops", [1.0, 2.0, 3.0], derived="made up")
    entry = store.add("runs", given)
    found = store.table("runs")
    assert found == given and found.columns == given.columns
    assert (found.units, found.derived, found.conversions) == (given.units, given.derived, given.conversions)
    assert found.conversions["ttft"] == "ttft_ms * 0.001" and found.source == "store:runs"
    assert entry == store.entry("RUNS") == store.ls()[0]
    assert (entry.kind, entry.n_rows, list(entry.columns)) == ("table", 3, list(given.columns))


def test_a_fit_comes_back_exactly(store: Store) -> None:
    fit = isoperf.fit(isoperf.datasets.load("stdlib_lm"), law="chinchilla", n_bootstrap=0, seed=0)
    assert store.add("joint", fit).title == "chinchilla"
    found = store.get("joint")
    assert isinstance(found, isoperf.Fit) and found.to_json() == fit.to_json()


def test_a_report_comes_back_with_its_page(store: Store) -> None:
    report = Report("What we found", (Prose("Much."),), {"seed": "0"})
    store.add("note", report)
    found = store.get("note")
    assert isinstance(found, StoredReport) and found.title == "What we found"
    assert found.as_dict() == report.as_dict() and found.html() == report.html()


def test_files_of_fits_and_reports_are_known(store: Store, tmp_path: Path) -> None:
    report = Report("What we found", (Prose("Much."),))
    store.add("note", report.save(tmp_path / "note.json"))
    assert store.entry("note").kind == "report" and store.get("note").as_dict() == report.as_dict()  # type: ignore[union-attr]
    fit = isoperf.fit(isoperf.datasets.load("stdlib_lm"), law="chinchilla", n_bootstrap=0, seed=0)
    (tmp_path / "fit.json").write_text(fit.to_json(), encoding="utf-8")
    assert store.add("joint", tmp_path / "fit.json").kind == "fit"
    (tmp_path / "rows.json").write_text('[{"loss": 1.5}]', encoding="utf-8")
    assert store.add("rows", tmp_path / "rows.json").kind == "table"


def test_a_result_is_kept_with_its_fit(store: Store) -> None:
    fit = isoperf.fit(isoperf.datasets.load("stdlib_lm"), law="chinchilla", n_bootstrap=0, seed=0)
    kept = store.keep("joint", fit, source="here")
    assert [(entry.name, entry.kind, entry.source) for entry in kept] == [
        ("joint", "report", "here"),
        ("joint-fit", "fit", "here"),
    ]
    page, again = store.get("joint"), store.get("joint-fit")
    assert isinstance(page, StoredReport) and page.html() == fit.report().html()
    assert isinstance(again, isoperf.Fit) and again.to_json() == fit.to_json()
    with pytest.raises(OptionError, match="has a report called 'joint' already"):
        store.keep("JOINT", fit)
    assert len(store.keep("joint", fit, replace=True)) == 2 and len(store.ls()) == 2


def test_a_result_is_kept_whole_or_not_at_all(store: Store) -> None:
    """Its fit's name is taken, so that its report must not be there either."""
    fit = isoperf.fit(isoperf.datasets.load("stdlib_lm"), law="chinchilla", n_bootstrap=0, seed=0)
    store.add("joint-fit", {"loss": [1.0]})
    for attempt in (lambda: store.check_free("joint"), lambda: store.keep("joint", fit)):
        with pytest.raises(OptionError, match="has a table called 'joint-fit' already"):
            attempt()
    assert [entry.name for entry in store.ls()] == ["joint-fit"]


def test_rows_are_appended(store: Store) -> None:
    store.add("runs", {"loss": [1.0, 2.0], "run": ["a", "b"]})
    entry = store.add("runs", {"run": ["c"], "loss": [3.0]}, append=True)
    assert entry.n_rows == 3 and store.table("runs")["run"].tolist() == ["a", "b", "c"]
    assert store.query("select sum(loss) as total from runs")["total"].item() == 6.0


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ({"loss": [1.0]}, "columns differ (run: word stored, none new)"),
        ({"loss": ["x"], "run": ["a"]}, "columns differ (loss: number stored, word new)"),
        ({"loss": [1.0], "run": ["a"], "extra": [1]}, "columns differ (extra: none stored, number new)"),
    ],
)
def test_rows_that_do_not_fit_are_refused(store: Store, rows: dict[str, Any], said: str) -> None:
    store.add("runs", {"loss": [1.0, 2.0], "run": ["a", "b"]})
    with pytest.raises(DataError, match=re.escape(said)):
        store.add("runs", rows, append=True)
    assert len(store.table("runs")) == 2


def test_rows_in_another_unit_are_refused(store: Store) -> None:
    store.add("runs", {"loss": [1.0]}, units={"loss": "nats/byte"})
    with pytest.raises(DataError, match=r"units differ \(loss: nats/byte stored, nats/token new\)"):
        store.add("runs", {"loss": [1.0]}, append=True)


def test_replacing_frees_the_room(folder_store: Store) -> None:
    folder_store.add("runs", {"loss": np.random.default_rng(0).normal(size=5000)})
    folder_store.add("runs", {"loss": [1.0]}, replace=True)
    assert folder_store.table("runs")["loss"].tolist() == [1.0]
    assert len(list((folder_store.path / "objects").iterdir())) == 1 and not list(
        (folder_store.path / "drafts").iterdir()
    )


def test_equal_content_is_kept_once(store: Store) -> None:
    for name in ("one", "two"):
        store.add(name, {"loss": [1.0]})
    one, two = store.ls()
    assert one.parts == two.parts
    assert store.remove("one") == 0
    assert store.table("two")["loss"].tolist() == [1.0] and store.check() == []


def test_a_long_file_is_typed_in_pieces_as_it_is_whole(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "long.csv"
    path.write_text("ttft_ms,run\n" + "".join(f"{k},r{k}\n" for k in range(100)), encoding="utf-8")
    whole = isoperf.load(path, where="ttft > 0.03")
    monkeypatch.setattr(importing, "LONG", 1)
    monkeypatch.setattr(importing, "CHUNK", 7)
    entry = store.add("long", path, where="ttft > 0.03")
    assert len(entry.parts) > 5 and store.table("long") == whole
    with pytest.raises(DataError, match="none of 100 rows meets"):
        store.add("none", path, where="ttft > 1")


def test_pieces_that_read_differently_are_typed_at_once(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "long.csv"
    path.write_text("tag,loss\n" + "".join(f"{'x' if k > 8 else k},{k}\n" for k in range(30)), encoding="utf-8")
    monkeypatch.setattr(importing, "LONG", 1)
    monkeypatch.setattr(importing, "CHUNK", 5)
    store.add("long", path)
    assert store.table("long") == isoperf.load(path) and store.table("long").is_words("tag")
    path.write_text("loss\n" + "1\n" * 20 + "oops\n" + "2\n" * 9, encoding="utf-8")
    with pytest.raises(DataError, match="row 21"):
        store.add("broken", path)


def test_a_long_table_is_kept_in_several_files(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "CHUNK", 4)
    given = isoperf.Observations.from_columns({"loss": np.arange(10.0), "run": [f"r{k}" for k in range(10)]})
    assert [part.n_rows for part in store.add("runs", given).parts] == [4, 4, 2]
    assert store.table("runs") == given


def test_queries(store: Store) -> None:
    store.add("runs", {"run": ["a", "a", "b"], "loss": [3.0, None, 1.0]})
    store.add("my-prices", {"run": ["a", "b"], "price": [10.0, 20.0]})
    found = store.query("-- a note\nSELECT run, avg(loss) AS mean FROM runs GROUP BY run ORDER BY run")
    assert found.rows() == [("a", 3.0), ("b", 1.0)]
    joined = store.query(
        'with p as (select * from "my-prices") select sum(price) as s from runs join p on runs.run = p.run'
    )
    assert joined["s"].item() == 40.0
    assert isoperf.load(found)["mean"].tolist() == [3.0, 1.0]


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("drop table runs", "only SELECT queries are answered"),
        ("delete from runs", "only SELECT queries are answered"),
        ("", "only SELECT queries are answered"),
        ("select * from rums", "no stored table is called 'rums'. Did you mean 'runs'?"),
        ("select los from runs", 'unable to find column "los"'),
        ("select loss + from runs", "cannot be answered"),
        ("select * from runs; drop table runs", "cannot be answered"),
    ],
)
def test_queries_that_are_refused(store: Store, sql: str, said: str) -> None:
    store.add("runs", {"loss": [3.0]})
    with pytest.raises(OptionError, match=re.escape(said)):
        store.query(sql)
    assert len(store.table("runs")) == 1


def test_export_of_everything(store: Store, tmp_path: Path) -> None:
    store.add("runs", MIXED)
    store.add("runs", {"n_params": [1.0], "ttft": [2.0], "loss": [3.0], "run": ["z"]}, append=True)
    store.add("note", Report("What we found", (Prose("Much."),)))
    out = store.export(tmp_path / "out")
    assert sorted(path.name for path in out.iterdir()) == ["catalogue.json", "note.html", "note.json", "runs.parquet"]
    assert isoperf.load(out / "runs.parquet") == store.table("runs")
    listed = {one["name"]: one for one in json.loads((out / "catalogue.json").read_text("utf-8"))["entries"]}
    assert listed["runs"]["units"]["ttft"] == "s" and listed["runs"]["files"] == ["runs.parquet"]
    csv = store.export(tmp_path / "plain", ["runs"], format="csv")
    assert isoperf.load(csv / "runs.csv") == store.table("runs")


def test_export_of_one_entry(store: Store, tmp_path: Path) -> None:
    store.add("runs", {"loss": [1.5]})
    assert store.export(tmp_path / "runs.csv", ["runs"]).read_text("utf-8") == "loss\n1.5\n"
    store.add("note", Report("What we found", ()))
    assert "What we found" in store.export(tmp_path / "note.html", ["note"]).read_text("utf-8")


def test_plain_text_reference_loads_anywhere(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    store.add("runs", {"loss": [1.5, 2.5]})
    assert len(isoperf.load(f"store:{store.place}/runs", where="loss > 2")) == 1
    monkeypatch.setenv("ISOPERF_STORE", store.place)
    assert isoperf.load("store:runs") == store.table("runs")


def test_the_nearest_store_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ISOPERF_STORE", raising=False)
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    assert find(deep) is None
    outer = Store(tmp_path / ".isoperf").create()
    assert (found := find(deep)) is not None and found.path == outer.path
    inner = Store(tmp_path / "a" / ".isoperf").create()
    assert (found := find(deep)) is not None and found.path == inner.path


@pytest.mark.parametrize(
    ("call", "kind", "said"),
    [
        (lambda s: s.add("runs", {"loss": [1]}), OptionError, "has a table called 'runs' already"),
        (lambda s: s.add("RUNS", {"loss": [1]}), OptionError, "has a table called 'runs' already"),
        (lambda s: s.add("a b", {"loss": [1]}), OptionError, "Try 'a_b'"),
        (lambda s: s.add("-x", {"loss": [1]}), OptionError, "no - in front"),
        (lambda s: s.add("x" * 81, {"loss": [1]}), OptionError, "1 to 80 letters"),
        (lambda s: s.add("new", {"loss": [1]}, append=True), OptionError, "is called 'new'"),
        (lambda s: s.add("note", {"loss": [1]}, append=True), OptionError, "is a report; only rows of a table"),
        (lambda s: s.add("runs", {"loss": [1]}, append=True, replace=True), OptionError, "exclude each other"),
        (lambda s: s.add("new", Report("x", ()), where="loss > 1"), OptionError, "are for tables"),
        (lambda s: s.add("new", "gone.csv"), DataError, "gone.csv does not exist"),
        (lambda s: s.add("new", {"ru\ud800n": ["x"]}), DataError, "half a character"),
        (lambda s: s.add("new", pl.DataFrame({"loss": []})), DataError, "no rows"),
        (lambda s: s.get("rnus"), OptionError, "Did you mean 'runs'? It holds: note, runs."),
        (lambda s: s.table("note"), OptionError, "is a report, where a table is needed"),
        (lambda s: s.remove("rnus"), OptionError, "Did you mean 'runs'?"),
    ],
)
def test_refusals(store: Store, call: Callable[[Store], object], kind: type[IsoperfError], said: str) -> None:
    _refused(store, call, kind, said)


@pytest.mark.parametrize(
    ("call", "kind", "said"),
    [
        (lambda s: Store(s.path / "catalogue.sqlite" / "x").create(), isoperf.OutputError, "could not be written"),
        (lambda s: s.export(s.path), OptionError, "is there already"),
        (lambda s: s.export(s.path.parent / "out", ["rnus"]), OptionError, "Did you mean 'runs'?"),
        (lambda s: s.export(s.path.parent / "r.xls", ["runs"]), OptionError, "written as .parquet or .csv"),
        (lambda s: s.export(s.path.parent / "out", format="xls"), OptionError, "Known: parquet, csv"),
        (lambda s: s.export(s.path / "gone" / "out"), isoperf.OutputError, "does not exist"),
        (lambda s: Store(s.path / "gone").ls(), OptionError, "is no store: it does not exist"),
        (lambda s: Store(s.path.parent).ls(), OptionError, "is no store: it is a folder without a catalogue"),
        (lambda s: Store(s.path.parent).create(), OptionError, "holds something else"),
    ],
)
def test_refusals_of_folders(
    folder_store: Store, call: Callable[[Store], object], kind: type[IsoperfError], said: str
) -> None:
    _refused(folder_store, call, kind, said)


def _refused(store: Store, call: Callable[[Store], object], kind: type[IsoperfError], said: str) -> None:
    store.add("runs", {"loss": [1.0]})
    store.add("note", Report("What we found", ()))
    before = store.ls()
    with pytest.raises(kind, match=re.escape(said)):
        call(store)
    assert store.ls() == before and store.check() == []


def test_creating_twice_keeps_what_is_there(store: Store) -> None:
    store.add("runs", {"loss": [1.0]})
    assert [entry.name for entry in Store(store.place).create().ls()] == ["runs"]


def test_a_creation_cut_short_can_be_finished(tmp_path: Path) -> None:
    store = Store(tmp_path)
    (tmp_path / "objects").mkdir()
    (tmp_path / "catalogue.sqlite").touch()
    with pytest.raises(OptionError, match="no finished store"):
        store.ls()
    assert store.create().ls() == ()


def test_what_is_left_of_a_killed_writer_is_swept(folder_store: Store) -> None:
    left = folder_store.path / "objects" / f"{'0' * 64}.parquet"
    left.write_bytes(b"1234")
    folder_store.add("runs", {"loss": [1.0]})
    assert folder_store.clean() == 4 and not left.exists() and len(folder_store.table("runs")) == 1


def test_damage_is_named(folder_store: Store) -> None:
    entry = folder_store.add("runs", {"loss": [1.0]})
    path = folder_store.path / "objects" / entry.parts[0].file
    content = path.read_bytes()
    path.write_bytes(content[:-1] + b"?")
    assert folder_store.check() == [f"runs: {path} was changed: its SHA-256 is another."]
    path.write_bytes(content[:-3])
    with pytest.raises(DataError, match=f"bytes; {len(content)} were stored"):
        folder_store.get("runs")
    path.unlink()
    assert folder_store.check() == [f"runs: {path} is gone."]
    with pytest.raises(DataError, match="is gone"):
        folder_store.get("runs")
    folder_store.add("runs", {"loss": [1.0]}, replace=True)
    assert folder_store.check() == []


def test_a_damaged_catalogue_is_named(folder_store: Store) -> None:
    (folder_store.path / "catalogue.sqlite").write_bytes(b"no catalogue at all" * 100)
    with pytest.raises(DataError, match=r"catalogue\.sqlite is damaged"):
        folder_store.ls()


def test_another_programs_file_is_left_alone(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "catalogue.sqlite") as connection:
        connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    for call in (Store(tmp_path).ls, Store(tmp_path).create):
        with pytest.raises(OptionError, match="of another program"):
            call()


def test_a_later_version_is_refused(folder_store: Store) -> None:
    _set_version(folder_store, VERSION + 1)
    with pytest.raises(DataError, match=f"schema version {VERSION + 1}; this version of Isoperf knows .* to {VERSION}"):
        folder_store.ls()


def test_a_store_of_version_1_is_opened(tmp_path: Path) -> None:
    """The folder was written when the catalogue still had version 1, with one file for each entry."""
    folder = tmp_path / "old"
    shutil.copytree(OLD, folder)
    store = Store(folder)
    runs, note = store.ls()[1], store.entry("note")
    assert [entry.name for entry in store.ls()] == ["note", "runs"] and store.check() == []
    assert isinstance(runs, Entry) and (runs.n_rows, runs.added) == (3, 1700000000.0)
    assert store.table("runs") == isoperf.Observations.from_columns(MIXED)
    assert (note.kind, note.title, store.get("note").as_dict()["title"]) == ("report", "Old", "Old")  # type: ignore[union-attr]
    store.add("runs", store.table("runs"), append=True)
    assert len(store.table("runs")) == 6 and _version(store) == VERSION


def test_a_migration_cut_short_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "old"
    shutil.copytree(OLD, folder)
    monkeypatch.setattr("isoperf.store.schema._PART_FILE", "not SQL")
    with pytest.raises(IsoperfError):
        Store(folder).ls()
    assert _version(Store(folder)) == 1
    monkeypatch.undo()
    assert len(Store(folder).table("runs")) == 3


def _version(store: Store) -> int:
    with sqlite3.connect(store.path / "catalogue.sqlite") as connection:
        found: int = connection.execute("PRAGMA user_version").fetchone()[0]
    connection.close()
    return found


def _set_version(store: Store, version: int) -> None:
    with sqlite3.connect(store.path / "catalogue.sqlite") as connection:
        connection.execute(f"PRAGMA user_version = {version}")
    connection.close()
