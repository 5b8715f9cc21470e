"""The store from the command line: kept once, named anywhere, asked in SQL, given back as files."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest

import isoperf
from isoperf.capability import discover
from isoperf.cli import app
from tests.surface.shell import Ran, run, table_text, write
from tests.unit.store_servers import Server

THEIRS = "N,D,val_loss"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a folder below a project that keeps one table, ``runs``."""
    monkeypatch.delenv("ISOPERF_STORE", raising=False)
    monkeypatch.chdir(tmp_path)
    assert run("init").code == 0
    done(
        run(
            "add",
            write(tmp_path, "runs.csv", table_text(header=THEIRS)),
            "--map",
            "loss=val_loss",
            "n_params=N",
            "n_tokens=D",
        )
    )
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    return tmp_path


def done(ran: Ran) -> Ran:
    assert ran.code == 0, ran.err
    return ran


@pytest.mark.parametrize("name", ["runs", "store:runs", "store:../.isoperf/runs"])
def test_a_stored_table_is_read_by_name(project: Path, name: str) -> None:
    fitted = json.loads(done(run("fit", name, "--law", "chinchilla", "--n-bootstrap", "0", "--json")).out)
    assert fitted["n_rows"] == 20 and fitted["law"] == "chinchilla"
    shown = json.loads(done(run("data", name, "--where", "n_params >= 10M", "--json")).out)
    assert shown["n_rows"] == 10


def test_a_file_of_the_name_wins(project: Path) -> None:
    write(Path.cwd(), "runs", "x")
    assert "no suffix" in run("data", "runs").err


def test_the_projects_table_comes_before_a_named_one(project: Path) -> None:
    assert json.loads(run("data", "stdlib_lm", "--json").out)["n_rows"] == 110
    done(run("add", "stdlib_lm", "--where", "seed == 0"))
    kept = len(isoperf.datasets.load("stdlib_lm").where("seed == 0"))
    assert json.loads(run("data", "stdlib_lm", "--json").out)["n_rows"] == kept
    done(run("add", "stdlib_lm", "--name", "again"))
    assert json.loads(run("ls", "again", "--json").out)["entry"]["n_rows"] == kept


def test_list_and_one_entry(project: Path) -> None:
    listed = json.loads(done(run("ls", "--json")).out)["entries"]
    assert [(one["name"], one["kind"], one["n_rows"]) for one in listed] == [("runs", "table", 20)]
    assert "runs" in done(run("ls")).out and "20" in run("ls").out
    page = done(run("ls", "runs")).out
    assert "nats/token" in page and "runs.csv" in page


def test_append_and_replace(project: Path) -> None:
    more = write(project, "more.csv", "n_params,n_tokens,loss\n1e9,1e10,2.5\n")
    done(run("add", more, "--name", "runs", "--append"))
    assert json.loads(run("ls", "runs", "--json").out)["entry"]["n_rows"] == 21
    ran = run("add", more, "--name", "runs")
    assert ran.code == 2 and "has a table called 'runs' already" in ran.err
    done(run("add", more, "--name", "runs", "--replace"))
    assert json.loads(run("ls", "runs", "--json").out)["entry"]["n_rows"] == 1


def test_standard_input_needs_a_name(project: Path) -> None:
    ran = run("add", "-", given=table_text())
    assert ran.code == 2 and "--name" in ran.err
    done(run("add", "-", "--name", "piped", given=table_text()))
    assert json.loads(run("data", "piped", "--json").out)["n_rows"] == 20


def test_query(project: Path) -> None:
    sql = "select n_params, min(loss) as best from runs group by n_params order by n_params"
    found = json.loads(done(run("query", sql, "--json")).out)
    assert found["n_rows"] == 4 and found["rows"][0]["n_params"] == 1e6
    assert "best" in done(run("query", sql)).out
    for suffix in ("csv", "parquet", "json"):
        target = project / f"best.{suffix}"
        done(run("query", sql, "--to", str(target)))
        assert isoperf.load(target)["best"].tolist() == [row["best"] for row in found["rows"]]
    ran = run("query", "drop table runs")
    assert ran.code == 2 and "only SELECT" in ran.err
    ran = run("query", sql, "--to", "best.xls")
    assert ran.code == 2 and "another suffix" in ran.err


def test_a_long_answer_is_cut_on_the_terminal_alone(project: Path) -> None:
    sql = "select a.loss from runs a cross join runs b"
    assert "The first 50 rows are shown" in done(run("query", sql)).out
    assert len(json.loads(run("query", sql, "--json").out)["rows"]) == 400


def test_export(project: Path) -> None:
    done(run("export", "--to", "out"))
    assert sorted(path.name for path in Path("out").iterdir()) == ["catalogue.json", "runs.parquet"]
    done(run("export", "runs", "--to", "runs.csv"))
    assert isoperf.load("runs.csv") == isoperf.load("store:runs")
    ran = run("export", "--to", "out")
    assert ran.code == 2 and "is there already" in ran.err


def test_reports_are_kept(project: Path) -> None:
    done(run("fit", "runs", "--law", "chinchilla", "--n-bootstrap", "0", "--report", "note.json", "--quiet"))
    done(run("add", "note.json"))
    assert json.loads(run("ls", "note", "--json").out)["entry"]["kind"] == "report"
    ran = run("fit", "store:note")
    assert ran.code == 2 and "is a report, where a table is needed" in ran.err


def test_a_result_is_kept(project: Path) -> None:
    fit = ("fit", "runs", "--law", "chinchilla", "--n-bootstrap", "0", "--keep", "first")
    ran = done(run(*fit, "--json"))
    assert "kept as `first` (report) and `first-fit` (fit) in" in ran.err and "kept" not in ran.out
    listed = {one["name"]: one for one in json.loads(run("ls", "--json").out)["entries"]}
    assert listed.keys() == {"first", "first-fit", "runs"} and listed["first"]["source"] == "isoperf fit runs"
    assert (listed["first"]["kind"], listed["first-fit"]["kind"]) == ("report", "fit")
    done(run("export", "first", "out.html"))
    assert "chinchilla" in Path("out.html").read_text("utf-8")
    done(run("export", "first-fit", "fit.json"))
    stored = isoperf.Fit.from_json(Path("fit.json").read_text("utf-8"))
    assert {name: one["value"] for name, one in json.loads(ran.out)["parameters"].items()} == dict(stored.values)
    refused = run(*fit)
    assert refused.code == 2 and "has a report called 'first' already" in refused.err and not refused.out
    done(run(*fit, "--replace", "--quiet"))


def test_a_result_is_kept_in_the_place_named(project: Path) -> None:
    fit = ("fit", "runs", "--law", "chinchilla", "--n-bootstrap", "0", "--quiet")
    done(run("init", "other"))
    done(run(*fit, "--keep", "store:other/first"))
    assert len(json.loads(run("ls", "--store", "other", "--json").out)["entries"]) == 2
    for more, said in [
        (("--replace",), "--replace is for what --keep NAME keeps"),
        (("--keep", "a b"), "Try 'a_b'"),
        (("--keep", "store:gone/first"), "gone is no store"),
    ]:
        ran = run(*fit, *more)
        assert ran.code == 2 and said in ran.err, ran.err


def test_a_refused_name_costs_no_work(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done(run("add", "stdlib_lm", "--name", "first-fit"))
    monkeypatch.setattr("isoperf.cli.method.read_table", None)  # reading the table would be the first of the work
    ran = run("fit", "runs", "--keep", "first")
    assert ran.code == 2 and "has a table called 'first-fit' already" in ran.err


def test_every_capability_can_keep_its_result() -> None:
    for name in discover():
        command = app.get_command(click.Context(app), name)
        assert command is not None and "keep" in {param.name for param in command.params}, name


def test_export_without_a_place(project: Path) -> None:
    for args in (("export",), ("export", "runs")):
        ran = run(*args)
        assert ran.code == 2 and "Say --to FOLDER" in ran.err


def test_remove(project: Path) -> None:
    done(run("add", "stdlib_lm"))
    before = sum((project / ".isoperf" / "objects" / path).stat().st_size for path in _objects(project))
    ran = run("remove", "runs", "rums")
    assert ran.code == 2 and "Did you mean 'runs'?" in ran.err and len(_objects(project)) == 2
    removed = json.loads(done(run("remove", "RUNS", "runs", "stdlib_lm", "--json")).out)
    assert removed["freed"] == before and _objects(project) == []
    assert json.loads(run("ls", "--json").out)["entries"] == []


def test_clean(project: Path) -> None:
    assert "Nothing was left behind" in done(run("clean")).out
    (project / ".isoperf" / "objects" / "left").write_bytes(bytes(1234))
    assert json.loads(done(run("clean", "--json")).out)["freed"] == 1234
    (project / ".isoperf" / "objects" / "left").write_bytes(bytes(1234))
    assert "1.23 kB freed" in done(run("clean")).out


def test_check(project: Path) -> None:
    assert "1 files of 1 entries were read" in done(run("check")).out
    path = project / ".isoperf" / "objects" / _objects(project)[0]
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    ran = run("check", "--json")
    assert ran.code == 3 and "1 of 1 files" in ran.err and "--replace" in ran.err
    assert json.loads(ran.out)["faults"] == [f"runs: {path} was changed: its SHA-256 is another."]


def _objects(project: Path) -> list[str]:
    return [path.name for path in (project / ".isoperf" / "objects").iterdir()]


def test_a_store_in_a_database(postgres: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same lines as in a folder; the password that comes with the address is never shown."""
    url = postgres.fresh().replace("owner@", "owner:sesame@")
    monkeypatch.chdir(tmp_path)
    runs = write(tmp_path, "runs.csv", table_text())
    lines = [
        ("init", url),
        ("add", runs, "--store", url),
        ("ls", "--store", url),
        ("data", f"store:{url}/runs"),
        ("query", "select count(*) as n from runs", "--store", url),
        ("fit", f"store:{url}/runs", "--law", "chinchilla", "--n-bootstrap", "0", "--keep", f"store:{url}/first"),
        ("ls", "first", "--store", url),
        ("export", "first", "out.html", "--store", url),
        ("check", "--store", url),
        ("remove", "first", "--store", url),
        ("clean", "--store", url),
    ]
    for line in lines:
        for form in ((), ("--json",)):
            ran = run(*line, *form) if line[0] not in ("add", "fit", "remove") or not form else None
            if ran is not None:
                assert ran.code == 0 and "sesame" not in ran.out + ran.err, (line[0], ran.err)
    assert "sesame" not in Path("out.html").read_text("utf-8")
    monkeypatch.setenv("ISOPERF_STORE", url)
    assert json.loads(done(run("data", "runs", "--json")).out)["n_rows"] == 20
    for broken in (url.replace("/isoperf", "/gone"), "postgresql://u:sesame@127.0.0.1:1/db", "postgresql://u:ses@me@h"):
        ran = run("ls", "--store", broken)
        assert ran.code == 2 and "ses" not in ran.err.replace("used", ""), ran.err
    postgres.ask("UPDATE isoperf.version SET number = 99")
    assert run("ls").code == 3


def test_a_named_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done(run("init", "kept"))
    done(run("add", write(tmp_path, "runs.csv", table_text()), "--store", "kept"))
    assert json.loads(run("data", "store:kept/runs", "--json").out)["n_rows"] == 20
    monkeypatch.setenv("ISOPERF_STORE", str(tmp_path / "kept"))
    assert json.loads(run("data", "store:runs", "--json").out)["n_rows"] == 20


def test_messages_where_there_is_no_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ISOPERF_STORE", raising=False)
    monkeypatch.chdir(tmp_path)
    for args in (["ls"], ["query", "select 1"], ["data", "store:runs"]):
        ran = run(*args)
        assert ran.code == 2 and "isoperf init" in ran.err, args


def test_unknown_names_are_met_with_the_nearest(project: Path) -> None:
    for args in (["ls", "rums"], ["data", "store:rums"], ["data", "rums"], ["query", "select * from rums"]):
        ran = run(*args)
        assert ran.code == 2 and "Did you mean 'runs'?" in ran.err, ran.err
