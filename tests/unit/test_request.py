"""Questions in words: read, refused, written out as a command and as Python."""

from __future__ import annotations

import ast
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

import isoperf
from isoperf.capability import discover, get
from isoperf.cli.method import method_command
from isoperf.cli.options import option_values
from isoperf.errors import LawError, OptionError
from isoperf.own_files import none_run, run_file
from isoperf.request import Request
from isoperf.request.fields import kind_of, read_text, runs_code, takes_table
from isoperf.request.request import offered
from isoperf.request.spoken import _literal, as_command, as_python
from isoperf.request.tables import TableOptions


def example(name: str) -> Request:
    """Read a capability's own example as a question."""
    method = get(name)
    known = {one.name: one for one in method.parameters}
    places = ["data", *(one.name for one in method.parameters if one.table)]
    words: Iterator[str] = iter(shlex.split(method.example.splitlines()[0])[2:])
    tables: dict[str, str] = {}
    options: dict[str, str] = {}
    where: list[str] = []
    for word in words:
        if word == "--where":
            where.append(next(words))
            continue
        option = word.removeprefix("--").removeprefix("no-" if word.startswith("--no-") else "").replace("-", "_")
        if not word.startswith("--"):
            tables[places[len(tables)]] = word
        elif known[option].type is bool:
            options[option] = "off" if word.startswith("--no-") else "on"
        elif takes_table(known[option]):
            tables[option] = next(words)
        else:
            options[option] = next(words)
    return Request(name, tables, options, TableOptions(where=tuple(where)))


def by_command(line: str) -> dict[str, Any]:
    """Return the values that the command line itself reads from a command."""
    name, *words = shlex.split(line)[1:]
    command = method_command(name.replace("-", "_"))
    with command.make_context(name, words) as context, context.scope():
        return option_values(command.method.parameters, click.get_current_context())


@pytest.mark.parametrize("name", sorted(discover()))
def test_every_question_is_the_same_in_words_on_the_command_line_and_in_python(name: str) -> None:
    question = example(name)
    line = by_command(as_command(question))
    assert {key: value for key, value in line.items() if key not in question.tables} == question.values()
    called = ast.parse(as_python(question)).body[-2]
    assert isinstance(called, ast.Assign) and isinstance(called.value, ast.Call)
    python = {
        one.arg: ast.literal_eval(one.value) for one in called.value.keywords if not isinstance(one.value, ast.Name)
    }
    assert python == question.values()


@pytest.mark.parametrize("name", sorted(discover()))
def test_every_option_can_be_written(name: str) -> None:
    for parameter in get(name).parameters:
        assert parameter.type is bool or takes_table(parameter) or kind_of(parameter).name


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_are_read_back_as_they_were(value: float) -> None:
    assert ast.literal_eval(_literal(value)) == value


def test_large_numbers_are_written_as_people_do() -> None:
    assert [_literal(x) for x in (7e9, 1.4e12, 0.9, 5.76e23, 1e-7, 12.0)] == [
        "7e9",
        "1.4e12",
        "0.9",
        "5.76e23",
        "1e-7",
        "12.0",
    ]


def test_the_python_that_is_shown_gives_the_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my runs.csv").write_text("N,loss_ms\n1,2\n")
    runs = "N,n_tokens,val\n" + "".join(
        f"{n},{d},{2 + n**-0.3 + d**-0.3}\n" for n in (1e6, 3e6, 1e7) for d in (1e8, 1e9)
    )
    (tmp_path / "my runs.csv").write_text(runs)
    columns = TableOptions(map=(("n_params", "N"), ("loss", "val")), where=("n_tokens > 1e7",))
    question = Request(
        "fit", {"data": "my runs.csv"}, {"law": "power_law", "x": "n_params", "n_bootstrap": "20"}, columns
    )
    shown: dict[str, Any] = {}
    exec(as_python(question), shown)
    assert shown["answer"].as_dict() == question.answer().as_dict()
    assert as_command(question) == (
        "isoperf fit 'my runs.csv' --law power_law --x n_params --n-bootstrap 20 "
        "--map n_params=N loss=val --where 'n_tokens > 1e7'"
    )


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"lawe": "chinchilla"}, "Did you mean 'law'"),
        ({"level": "many"}, "level:"),
        ({"seed": "-1"}, "seed: it must be 0 or above"),
        ({"noise": "loud"}, "noise:"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(options: dict[str, str], said: str) -> None:
    with pytest.raises(OptionError, match=said):
        Request("fit", {"data": "stdlib_lm"}, options).values()


def test_what_is_needed_is_asked_for() -> None:
    with pytest.raises(OptionError, match="fit needs a table"):
        Request("fit").answer()
    with pytest.raises(OptionError, match="tune needs 'param'"):
        Request("tune", {"data": "planted_trials"}).values()


class TestConfined:
    """Words from elsewhere reach no file, run no code and start no program."""

    @pytest.mark.parametrize("table", ["/etc/passwd", "../runs.csv", "runs.csv", "-", "store:../x/runs", "store:gone"])
    def test_no_file_is_read(self, table: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        (tmp_path / "runs.csv").write_text("n_params,loss\n1,2\n")
        with pytest.raises(OptionError, match="no table is called"):
            Request("fit", {"data": table}).answer_confined()

    @pytest.mark.parametrize("name", sorted(discover()))
    def test_no_code_is_run(self, name: str, tmp_path: Path) -> None:
        trap, sprung = tmp_path / "trap.py", tmp_path / "sprung"
        trap.write_text(f"open({str(sprung)!r}, 'w').close()\n")
        question = example(name)
        for parameter in get(name).parameters:
            if runs_code(parameter):
                with pytest.raises(OptionError, match="names a file"):
                    Request(
                        name, question.tables, {**question.options, parameter.name: f"{trap}:Law"}
                    ).answer_confined()
        assert not sprung.exists()

    def test_no_program_is_started_and_no_file_written(self) -> None:
        for options in ({"command": "touch x"}, {"study": "x.journal"}, {"shell": "on"}):
            with pytest.raises(OptionError, match="one's own command line"):
                Request("tune", {"data": "planted_trials"}, {"param": "threads", **options}).answer_confined()
        local = {"command", "shell", "study"}
        assert local.isdisjoint(one.name for one in offered(get("tune")))
        assert "keep" not in {one.name for one in offered(get("league"))}

    def test_the_room_that_runs_files_refuses_too(self, tmp_path: Path) -> None:
        (tmp_path / "own.py").write_text("x = 1\n")
        with none_run(), pytest.raises(LawError, match="not allowed here"):
            run_file(tmp_path / "own.py", "law", LawError)
        assert run_file(tmp_path / "own.py", "law", LawError).x == 1

    def test_a_named_table_is_answered(self) -> None:
        question = Request("fit", {"data": "stdlib_lm"}, {"law": "power_law", "x": "flops", "n_bootstrap": "20"})
        told = question.answer_confined().as_dict()
        assert (
            told
            == isoperf.fit(isoperf.datasets.load("stdlib_lm"), law="power_law", x="flops", n_bootstrap=20).as_dict()
        )


@pytest.mark.parametrize(("text", "value"), [("on", True), ("No", False), ("1", True)])
def test_flags_are_words(text: str, value: bool) -> None:
    flag = next(one for one in get("tune").parameters if one.name == "shell")
    assert read_text(flag, text) is value
    with pytest.raises(OptionError, match="neither on nor off"):
        read_text(flag, "maybe")
