"""The studio's tables: taken in, read in another way, two of one name, removed; files damaged behind its back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("jinja2", reason="the studio's extra is not installed")

from isoperf.errors import DataError, IsoperfError, OptionError, UnitError
from isoperf.request.tables import TableOptions
from isoperf.store import Store
from isoperf.studio.settings import Settings
from isoperf.studio.workspace import Reference, Workspace

SERVED = "size,ttft_ms,who\n1e8,20,a\n2e8,40,a\n3e8,60,b\n"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    Store(tmp_path / ".isoperf").create()
    settings = Settings(tmp_path / ".isoperf")
    (settings.folder / "incoming").mkdir(parents=True)
    return Workspace(settings)


def add(workspace: Workspace, name: str, content: str | bytes, suffix: str = ".csv") -> Reference:
    file = workspace.settings.folder / "incoming" / f"{name}-1{suffix}"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return workspace.add(name, file)


def book(**sheets: list[list[object]]) -> bytes:
    """Return a workbook."""
    import io

    openpyxl = pytest.importorskip("openpyxl", reason="a library that writes workbooks is not installed")
    pytest.importorskip("python_calamine", reason="isoperf[excel] is not installed")
    made = openpyxl.Workbook()
    made.remove(made.active)
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    written = io.BytesIO()
    made.save(written)
    return written.getvalue()


def test_a_file_becomes_a_table_and_stays_beside_it(workspace: Workspace) -> None:
    reference = add(workspace, "served", SERVED)
    assert str(reference) == "store:served"
    assert workspace.table(reference).columns == ("size", "ttft", "who")
    original = workspace.original(reference)
    assert original is not None
    assert original.columns == ("size", "ttft_ms", "who")  # as the file has them
    assert original.file.read_text() == SERVED
    assert not list((workspace.settings.folder / "incoming").iterdir())
    (listed,) = workspace.stored()
    assert (listed["reference"], listed["n_rows"], listed["source"]) == ("store:served", 3, "served.csv")


def test_a_table_is_read_in_another_way(workspace: Workspace) -> None:
    reference = add(workspace, "served", SERVED)
    options = TableOptions(
        map=(("n_params", "size"), ("tpot", "ttft_ms")), units=(("tpot", "us"),), where=("n_params > 1.5e8",)
    )
    workspace.correct(reference, options)
    table = workspace.table(reference)
    assert table.columns == ("n_params", "tpot", "who")
    assert table["tpot"].tolist() == pytest.approx([40e-6, 60e-6])
    known = workspace.original(reference)
    assert known is not None and known.options == options
    # From the file again, not from what was made of it.
    workspace.correct(reference, TableOptions())
    assert workspace.table(reference).columns == ("size", "ttft", "who") and len(workspace.table(reference)) == 3


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (TableOptions(map=(("n_params", "none"),)), DataError),
        (TableOptions(where=("size > ",)), OptionError),
        (TableOptions(where=("size > 1e12",)), DataError),
        (TableOptions(units=(("ttft_ms", "GB"),), map=(("ttft", "ttft_ms"),)), UnitError),
        (TableOptions(map=(("a", "size"), ("b", "size"))), OptionError),
    ],
)
def test_a_correction_that_fails_changes_nothing(
    workspace: Workspace, options: TableOptions, error: type[Exception]
) -> None:
    reference = add(workspace, "served", SERVED)
    before = workspace.table(reference)
    with pytest.raises(error):
        workspace.correct(reference, options)
    known = workspace.original(reference)
    assert known is not None and known.options == TableOptions()
    assert workspace.table(reference) == before


def test_a_workbook_of_several_sheets_begins_with_the_first_that_is_a_table(workspace: Workspace) -> None:
    written = book(
        notes=[["read me"]],
        runs=[["loss", "flops"], [2.5, 1e19], [2.4, 1e20]],
        prices=[["model", "cost_usd"], ["a", 1]],
    )
    reference = add(workspace, "book", written, ".xlsx")
    assert workspace.table(reference).columns == ("loss", "flops")
    original = workspace.original(reference)
    assert original is not None
    assert (original.options.sheet, original.sheets) == ("runs", ("notes", "runs", "prices"))
    workspace.correct(reference, TableOptions(sheet="prices"))
    assert workspace.table(reference).columns == ("model", "cost_usd")
    again = workspace.original(reference)
    assert again is not None and again.sheets == original.sheets


def test_two_files_of_one_name(workspace: Workspace) -> None:
    names = [str(add(workspace, "runs", f"loss,flops\n{k},1e18\n")) for k in (1, 2, 3)]
    assert names == ["store:runs", "store:runs_2", "store:runs_3"]
    assert workspace.table(Reference("store", "runs_2"))["loss"].tolist() == [2]
    # A name of the package's own tables is not taken over.
    assert str(add(workspace, "stdlib_lm", "loss,flops\n9,1e18\n")) == "store:stdlib_lm_2"


def test_what_cannot_be_read_leaves_nothing(workspace: Workspace) -> None:
    with pytest.raises(DataError):
        add(workspace, "broken", "a,b\n")
    assert workspace.stored() == []
    assert not list((workspace.settings.folder / "incoming").iterdir())


def test_a_table_is_removed_with_its_file(workspace: Workspace) -> None:
    reference = add(workspace, "served", SERVED)
    workspace.table(reference)
    workspace.remove(reference)
    assert workspace.stored() == []
    assert not (workspace.settings.folder / "uploads" / "served").exists()
    with pytest.raises(OptionError):
        workspace.table(reference)  # not from memory either
    with pytest.raises(OptionError):
        workspace.remove(reference)
    with pytest.raises(OptionError, match="comes with the package"):
        workspace.remove(Reference("data", "stdlib_lm"))
    # The name is free again, and what was kept of the old table is not taken for the new one's.
    again = add(workspace, "served", "loss,flops\n1,2\n")
    original = workspace.original(again)
    assert original is not None and original.columns == ("loss", "flops")


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"map": 3}', "\x00\xff", '{"map": [[1]], "units": []}'])
def test_damaged_options_cost_the_file_but_not_the_table(workspace: Workspace, content: str) -> None:
    reference = add(workspace, "served", SERVED)
    (workspace.settings.folder / "uploads" / "served" / "options.json").write_text(content)
    assert workspace.original(reference) is None
    assert len(workspace.table(reference)) == 3
    with pytest.raises(OptionError, match="not kept"):
        workspace.correct(reference, TableOptions())


def test_options_cannot_point_elsewhere(workspace: Workspace, tmp_path: Path) -> None:
    reference = add(workspace, "served", SERVED)
    (tmp_path / "secret.csv").write_text("secret\n1\n")
    options = workspace.settings.folder / "uploads" / "served" / "options.json"
    options.write_text(json.dumps({**json.loads(options.read_text()), "file": "../../../../secret.csv"}))
    assert workspace.original(reference) is None


@pytest.mark.parametrize("text", ["../x", "store:../x", "file:x", "a b", "store:", "store:a/b", "", "x" * 100, "a\n"])
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(OptionError, match="no table is called"):
        Reference.parse(text)


def test_tables_of_the_package_come_measured_ones_first(workspace: Workspace) -> None:
    found = workspace.bundled()
    made_up = [one["made_up"] for one in found]
    assert made_up == sorted(made_up) and not all(made_up)
    assert "store:" not in "".join(workspace.references())
    assert len(workspace.table(Reference.parse("stdlib_lm"))) == 110
    with pytest.raises(OptionError):
        workspace.table(Reference("data", "chinchilla_all"))  # would have to be fetched


def test_what_was_seen_is_worked_out_once_and_again_after_a_change(workspace: Workspace) -> None:
    reference = add(workspace, "served", SERVED)
    looks = []

    def look(table):
        looks.append(table)
        return {"n": len(table)}

    assert [workspace.seen(reference, look)["n"] for _ in range(3)] == [3, 3, 3]
    assert len(looks) == 1
    workspace.correct(reference, TableOptions(where=("size > 1.5e8",)))
    assert workspace.seen(reference, look)["n"] == 2


def test_a_database_that_is_not_there_is_told_without_its_password(tmp_path: Path, monkeypatch) -> None:
    pytest.importorskip("psycopg", reason="isoperf[postgres] is not installed")
    from isoperf.studio.serve import prepared

    monkeypatch.chdir(tmp_path)
    with pytest.raises(IsoperfError) as refused:
        # Nothing listens on port 1 of this machine.
        prepared("postgresql://me:the-password@127.0.0.1:1/none?connect_timeout=2", "127.0.0.1", 0, None)
    assert "127.0.0.1" in str(refused.value) and "the-password" not in str(refused.value)


def test_tables_of_a_database_and_files_beside_it(tmp_path: Path, monkeypatch, postgres) -> None:
    from isoperf.studio.serve import prepared

    monkeypatch.chdir(tmp_path)
    settings = prepared(postgres.fresh(), "127.0.0.1", 0, None)
    workspace = Workspace(settings)
    (settings.folder / "incoming").mkdir(parents=True)
    reference = add(workspace, "served", SERVED)
    workspace.correct(reference, TableOptions(where=("size > 1.5e8",)))
    assert len(workspace.table(reference)) == 2
    assert settings.folder.is_relative_to(tmp_path)
