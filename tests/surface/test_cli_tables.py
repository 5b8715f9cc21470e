"""Tables reach a command from files, streams and names, with their columns put right."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from isoperf import datasets, laws
from isoperf.cli.formula import plain_formula
from isoperf.cli.table import spread_pairs
from isoperf.request.wording import in_options
from tests.surface.shell import run, run_process, table_text, write

QUICK = ("--law", "chinchilla", "--n-bootstrap", "0", "--json")
THEIRS = "N,D,val_loss"


def fitted(*args: str, given: str | None = None) -> dict[str, object]:
    ran = run("fit", *args, *QUICK, given=given)
    assert ran.code == 0, ran.err
    found: dict[str, object] = json.loads(ran.out)
    return found


@pytest.mark.parametrize(
    "mapping",
    [
        ["--map", "loss=val_loss", "n_params=N", "n_tokens=D"],
        ["--map", "loss=val_loss,n_params=N,n_tokens=D"],
        ["--map", "loss=val_loss", "--map", "n_params=N", "--map", "n_tokens=D"],
        ["--map=loss=val_loss", "n_params=N", "n_tokens=D"],
    ],
    ids=" ".join,
)
def test_map_takes_several_pairs(mapping: list[str], tmp_path: Path) -> None:
    plain = fitted(write(tmp_path, "ours.csv", table_text()))
    theirs = write(tmp_path, "theirs.csv", table_text(header=THEIRS))
    assert fitted(theirs, *mapping)["parameters"] == plain["parameters"]
    assert fitted(*mapping, theirs)["parameters"] == plain["parameters"]


@pytest.mark.parametrize(
    ("args", "spread"),
    [
        (["--map", "a=b", "c=d", "f.csv"], ["--map", "a=b", "--map", "c=d", "f.csv"]),
        (["--map", "a=b", "f.csv", "c=d"], ["--map", "a=b", "f.csv", "c=d"]),
        (["--map", "a=b", "--where", "c=d"], ["--map", "a=b", "--where", "c=d"]),
        (["--map", "a=b", "./c=d.csv"], ["--map", "a=b", "./c=d.csv"]),
        (["--map", "a=b", "--units", "c=ms", "d=s"], ["--map", "a=b", "--units", "c=ms", "--units", "d=s"]),
        (["x=1.csv", "--map", "a=b"], ["x=1.csv", "--map", "a=b"]),
    ],
)
def test_pairs_are_spread_over_repeated_options(args: list[str], spread: list[str]) -> None:
    assert spread_pairs(args, ("--map", "--units")) == spread


def test_every_condition_must_hold(tmp_path: Path) -> None:
    path = write(tmp_path, "runs.csv", table_text())
    # Four sizes by five token counts: two sizes are left, then four token counts of each.
    assert fitted(path, "--where", "n_params >= 10M")["n_rows"] == 10
    assert fitted(path, "--where", "n_params >= 10M", "--where", "n_tokens > 100M")["n_rows"] == 8


def test_units_convert_a_column(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", "wall_seconds,loss\n1500,2\n3000,1\n")
    ran = run("data", path, "--json", "--units", "wall_seconds=ms", "loss=nats/byte")
    assert json.loads(ran.out)["head"][0] == {"wall_seconds": 1.5, "loss": 2.0}
    assert json.loads(ran.out)["summary"][1]["unit"] == "nats/byte"


def test_sheet_of_a_workbook(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl", reason="writes the workbook")
    pytest.importorskip("python_calamine", reason="reads the workbook")
    book = openpyxl.Workbook()
    for title, loss in (("first", 3.0), ("second", 2.0)):
        sheet = book.create_sheet(title)
        sheet.append(["loss"])
        sheet.append([loss])
    del book["Sheet"]
    book.save(tmp_path / "book.xlsx")
    ran = run("data", str(tmp_path / "book.xlsx"), "--sheet", "second", "--json")
    assert json.loads(ran.out)["head"] == [{"loss": 2.0}]


def test_standard_input(tmp_path: Path) -> None:
    from_file = fitted(write(tmp_path, "runs.csv", table_text()))
    assert fitted("-", given=table_text())["parameters"] == from_file["parameters"]
    assert json.loads(run_process("data", "-", "--json", given=table_text()).out)["n_rows"] == 20


def test_named_table() -> None:
    assert fitted("stdlib_lm")["n_rows"] == 110


def test_named_table_takes_conditions_and_names() -> None:
    found = fitted("stdlib_lm", "--map", "n_sizes=n_layers", "--where", "seed == 0 and n_sizes < 4")
    assert found["n_rows"] == len(datasets.load("stdlib_lm").where("seed == 0 and n_layers < 4"))


def test_file_of_a_tables_name_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "stdlib_lm", table_text())
    ran = run("fit", "stdlib_lm")
    assert ran.code == 3 and "the file has no suffix" in ran.err


def test_data_lists_every_table() -> None:
    listed = json.loads(run("data", "--json").out)["tables"]
    assert [one["name"] for one in listed] == list(datasets.names())
    page = run("data").out
    assert all(name in page for name in datasets.names())


def test_data_shows_a_bundled_table() -> None:
    about, page = datasets.info("stdlib_lm"), " ".join(run("data", "stdlib_lm").out.split())
    for piece in (about.title, about.citation, about.licence, *about.notes, *about.columns.values()):
        assert " ".join(piece.split()) in page
    shown = json.loads(run("data", "stdlib_lm", "--json").out)
    first = datasets.load("stdlib_lm").take([0, 1, 2]).to_dicts()
    assert shown["head"] == first and shown["n_rows"] == about.rows == 110


def test_data_describes_a_table_that_is_not_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ISOPERF_DATA", raising=False)
    for name in ("chinchilla", "gadre_overtraining"):
        about, ran = datasets.info(name), run("data", name)
        assert ran.code == 0 and "warning:" in ran.out
        page = " ".join(ran.out.split())
        assert all(meaning in page for meaning in about.columns.values())
        assert json.loads(run("data", name, "--json").out)["head"] is None


def test_data_shows_what_is_read_in_a_file(tmp_path: Path) -> None:
    path = write(tmp_path, "a.csv", "n_params,ttft_ms,team\n70M,12,x\n1B,,y\n")
    page = run("data", path).out
    assert "converted: ttft_ms * 0.001" in page and "words" in page
    shown = json.loads(run("data", path, "--json").out)
    assert shown["head"][0] == {"n_params": 7e7, "ttft": 0.012, "team": "x"}
    assert shown["summary"][1]["missing"] == 1 and shown["head"][1]["ttft"] is None


def test_laws_lists_every_law() -> None:
    listed = json.loads(run("laws", "--json").out)["laws"]
    assert [one["name"] for one in listed] == list(laws.discover())
    assert all(one["formula"] and one["reference"] and one["parameters"] for one in listed)


@pytest.mark.parametrize("name", laws.discover())
def test_law_page(name: str) -> None:
    law, ran = laws.get(name), run("laws", name)
    page = " ".join(ran.out.split())
    assert ran.code == 0 and " ".join(law.title.split()) in page
    assert all(param.name in page and param.symbol in page for param in law.params)
    assert " ".join(str(law.reference).split()) in page and "Use " in page
    assert "\\" not in page and "{" not in page and ":math:" not in page


@pytest.mark.parametrize(
    ("latex", "plain"),
    [
        (r"L(N, D) = E + A\,N^{-\alpha} + B\,D^{-\beta}", "L(N, D) = E + A N^(-α) + B D^(-β)"),
        (r"y(x) = \frac{a}{1 + (x/x_0)^{c}}", "y(x) = a/(1 + (x/x_0)^c)"),
        (r"\left[\left(\frac{N_c}{N}\right)^{\alpha_N/\alpha_D}\right]", "[(N_c/N)^(α_N/α_D)]"),
        (r"\mathrm{Err}(L) = \epsilon - k\,e^{-\gamma L}", "Err(L) = ε - k e^(-γ L)"),
        (r"N_{opt}(U) = \min(N, D), \quad \kappa^{\delta}", "N_opt(U) = min(N, D), κ^δ"),
    ],
)
def test_formula_in_plain_text(latex: str, plain: str) -> None:
    assert plain_formula(latex) == plain


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ('drop them with where("loss > 0").', "drop them with --where 'loss > 0'."),
        ("say rename={'a': 'b'} or --map b=a on the command line.", "say --map b=a."),
        ('for example rename={"params": "n_params"}.', "for example --map n_params=params."),
        ('say units={"note": "text"}.', "say --units note=text."),
        ("or in none and say units=.", "or in none and say --units."),
        ("Loosen the filter (where=...).", "Loosen the filter (--where)."),
        ('say x="n_tokens"', 'say --x "n_tokens"'),
        ("somewhere(x) max=3 and y = 2", "somewhere(x) max=3 and y = 2"),
    ],
)
def test_advice_is_given_in_options(said: str, shown: str) -> None:
    assert in_options(said) == shown


def test_published_table_by_name(mirror: Path) -> None:
    ran = run("fit", "chinchilla", *QUICK)
    found = json.loads(ran.out)
    # Besiroglu et al. 2024, Chinchilla Scaling: A replication attempt: E = 1.8172, standard error 0.03.
    assert found["n_rows"] == 240
    assert found["parameters"]["irreducible_loss"]["value"] == pytest.approx(1.8172, abs=0.03)
