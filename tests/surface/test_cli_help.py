"""Every command explains itself, start-up is light, and a new capability is a new command."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.metadata import version

import click
import pytest

from isoperf.capability import JOBS, discover, get
from isoperf.cli import app, main
from isoperf.cli.nearest import OFTEN
from isoperf.cli.root import FIRST_SECTION, OWN_SECTION
from tests.surface.shell import run, run_process

OWN = [
    *("demo", "studio", "data", "import", "init", "add", "ls", "query", "export", "remove", "check", "clean", "laws"),
    "completion",
]
METHODS = [name.replace("_", "-") for name in discover()]


def context() -> click.Context:
    return click.Context(app, info_name="isoperf")


def test_help_lists_every_command_with_its_summary() -> None:
    page = " ".join(run("--help").out.split())
    assert METHODS and app.list_commands(context()) == [*METHODS, *OWN]
    for entry in discover().values():
        assert f"{entry.name.replace('_', '-')} {entry.summary}" in page
    for name in OWN:
        assert f"{name} {app.commands[name].get_short_help_str(100)}" in page


def test_help_groups_commands_by_job_and_topic() -> None:
    titles = re.findall(r"^(\w.*):$", run("--help").out, flags=re.MULTILINE)
    jobs = {"predict": "Predict", "scale": "Scale", "optimise": "Optimise", "tradeoff": "Trade off"}
    present = list(dict.fromkeys(entry.job for entry in discover().values()))
    assert list(dict.fromkeys(title.partition(":")[0] for title in titles)) == [
        "Options",
        FIRST_SECTION,
        *(jobs[job] for job in JOBS if job in present),
        OWN_SECTION,
    ]
    topics = {entry.topic for entry in discover().values()}
    assert len(titles) == 3 + len(topics) and all(topics)


def test_no_arguments_print_the_same_help() -> None:
    bare, asked = run(), run("-h")
    assert bare.code == 0 and bare.out == asked.out


@pytest.mark.parametrize("name", [*METHODS, *OWN])
def test_command_explains_itself(name: str) -> None:
    ran = run(name, "--help")
    assert ran.code == 0 and ran.out.startswith(f"Usage: isoperf {name}") and not ran.err
    command = app.get_command(context(), name)
    assert command is not None
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{name} {parameter.opts[0]} has no help"
            assert parameter.opts[0] in ran.out


@pytest.mark.parametrize("name", METHODS)
def test_method_help_comes_from_its_declaration(name: str) -> None:
    page = " ".join(run(name, "--help").out.split())
    method = get(name.replace("-", "_"))
    for parameter in method.parameters:
        assert (parameter.name.upper() if parameter.table else f"--{parameter.name.replace('_', '-')}") in page
    assert method.example in page
    assert all(" ".join(str(source).split()) in page for source in method.sources)


def test_option_shows_unit_and_default() -> None:
    page = " ".join(run("forecast", "--help").out.split())
    assert "sizes of the runs to forecast (params)" in page
    assert "--level NUMBER share of outcomes that the interval should hold [default: 0.9]" in page


def test_unknown_command_is_none_to_introspection() -> None:
    assert app.get_command(context(), "gone") is None


def test_help_asked_for_as_a_command_is_the_help() -> None:
    assert run("help").out == run("--help").out
    assert run("help", "forecast").out == run("forecast", "--help").out


def test_help_begins_with_what_is_asked_most() -> None:
    page = run("--help").out
    assert set(OFTEN) <= {*METHODS, *OWN}
    first = page[page.index(FIRST_SECTION) :].split("\n\n")[0]
    assert re.findall(r"^  ([\w-]+)  ", first, flags=re.MULTILINE) == list(OFTEN)


def test_version() -> None:
    assert run("--version").out == f"isoperf {version('isoperf')}\n"


def test_help_imports_nothing_heavy() -> None:
    script = (
        "import json, sys\nfrom isoperf.cli import main\nassert main(['--help']) == 0\n"
        "print(json.dumps(sorted(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    heavy = {"numpy", "scipy", "polars", "plotly", "rich", "narwhals", "msgspec"}
    methods = {entry.module for entry in discover().values()}
    assert not loaded & (heavy | methods)


def test_main_returns_the_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert main(["gone"]) == 2
    assert "no command 'gone'" in capsys.readouterr().err


def test_process_ends_with_the_exit_code() -> None:
    ran = run_process("fit", "gone.csv")
    assert ran.code == 3 and ran.err.startswith("error: gone.csv does not exist")
    assert "Traceback" not in ran.err


@pytest.mark.parametrize(("shell", "start"), [("bash", "_isoperf_completion()"), ("zsh", "#compdef"), ("fish", "fu")])
def test_completion_script(shell: str, start: str) -> None:
    ran = run("completion", shell)
    assert ran.code == 0 and ran.out.lstrip().startswith(start) and "_ISOPERF_COMPLETE" in ran.out


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("isoperf fo", "plain,forecast"),
        ("isoperf fit stdlib_l", "plain,stdlib_lm"),
        ("isoperf fit --le", "plain,--level"),
    ],
)
def test_completion_offers_commands_tables_and_options(
    words: str, offered: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(len(words.split()) - 1))
    monkeypatch.setenv("_ISOPERF_COMPLETE", "bash_complete")
    assert offered in run_process().out.splitlines()
