"""Answers leave as text, JSON or files, and the way out is safe."""

from __future__ import annotations

import io
import json
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

import pytest

from isoperf.capability import discover, get
from isoperf.cli import progress
from isoperf.cli.output import REPORT_SUFFIXES
from isoperf.errors import OptionError
from isoperf.report import Prose, Report
from tests.surface.shell import SCRIPT, run, run_process, table_text, write

QUICK = ("--law", "chinchilla", "--n-bootstrap", "20")


@pytest.fixture
def runs(tmp_path: Path) -> str:
    return write(tmp_path, "runs.csv", table_text())


def test_answer_is_printed_as_a_report(runs: str) -> None:
    ran = run("fit", runs, *QUICK)
    assert ran.code == 0 and not ran.err
    assert ran.out.startswith("chinchilla fitted to runs.csv")
    assert "irreducible_loss" in ran.out and "sha256:" in ran.out


def test_warnings_are_printed(tmp_path: Path) -> None:
    ran = run("fit", write(tmp_path, "few.csv", table_text(table_text().splitlines()[1:4])), *QUICK)
    assert ran.code == 0 and "warning:" in ran.out and "too_few" in ran.out


EXAMPLES = [tuple(shlex.split(get(name).example)[1:]) for name in discover()]


@pytest.mark.parametrize(
    "args",
    [
        *EXAMPLES,
        ("data",),
        ("data", "stdlib_lm"),
        ("data", "chinchilla"),
        ("laws",),
        ("laws", "chinchilla"),
    ],
    ids=lambda args: " ".join(args[:2]),
)
def test_json_is_all_there_is_on_stdout(args: tuple[str, ...]) -> None:
    ran = run(*args, "--json")
    assert ran.code == 0 and not ran.err
    assert isinstance(json.loads(ran.out, parse_constant=pytest.fail), dict)


@pytest.mark.parametrize("args", EXAMPLES, ids=lambda args: args[0])
def test_example_of_every_method_prints_and_saves(args: tuple[str, ...], tmp_path: Path) -> None:
    ran = run(*args, "--report", str(tmp_path / "a.html"))
    assert ran.code == 0 and ran.out and (tmp_path / "a.html").stat().st_size > 10_000


def test_json_with_report_keeps_stdout_clean(runs: str, tmp_path: Path) -> None:
    ran = run("fit", runs, *QUICK, "--json", "--report", str(tmp_path / "a.md"))
    assert json.loads(ran.out)["law"] == "chinchilla"
    assert ran.err == f"report written to {tmp_path / 'a.md'}\n"


@pytest.mark.parametrize(
    ("suffix", "start"),
    [
        ("html", "<!doctype html>"),
        ("md", "# chinchilla fitted"),
        ("json", '{\n  "title"'),
        ("txt", "chinchilla fit"),
    ],
)
def test_report_is_written_in_the_format_of_its_suffix(suffix: str, start: str, runs: str, tmp_path: Path) -> None:
    path = tmp_path / f"report.{suffix}"
    ran = run("fit", runs, *QUICK, "--report", str(path))
    assert ran.code == 0 and ran.err == f"report written to {path}\n" and ran.out
    assert path.read_text(encoding="utf-8").lower().startswith(start.lower())


def test_report_place_is_said_in_full(runs: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run("fit", runs, *QUICK, "--report", "a.txt").err == f"report written to {tmp_path / 'a.txt'}\n"


@pytest.mark.parametrize("suffix", [*REPORT_SUFFIXES, "pdf", "xml", "HTML"])
def test_suffixes_are_those_a_report_can_be_saved_with(suffix: str, runs: str, tmp_path: Path) -> None:
    try:
        Report("a", (Prose("b"),)).save(tmp_path / f"saved.{suffix}")
        known = True
    except OptionError:
        known = False
    ran = run("laws", "chinchilla", "--quiet", "--report", str(tmp_path / f"asked.{suffix}"))
    assert (ran.code == 0) is known


def test_quiet_prints_nothing(runs: str, tmp_path: Path) -> None:
    report = tmp_path / "a.html"
    ran = run("fit", runs, *QUICK, "-q", "--report", str(report))
    assert (ran.code, ran.out, ran.err) == (0, "", "") and report.exists()


def test_output_without_unicode_is_no_error() -> None:
    ran = run_process("laws", "chinchilla", env=os.environ | {"PYTHONIOENCODING": "ascii"})
    assert ran.code == 0 and "chinchilla" in ran.out and ran.out.isascii()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
@pytest.mark.parametrize("form", [["--json"], []], ids=["json", "text"])
def test_full_disk_behind_stdout(form: list[str]) -> None:
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-c", SCRIPT, "laws", *form]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 2
    assert done.stderr.startswith("error: the system refused: No space left") and done.stderr.count("\n") == 1


def test_reader_that_leaves_early_is_no_error() -> None:
    command = [sys.executable, "-c", SCRIPT, "data", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout and process.stderr
        process.stdout.close()
        assert process.stderr.read() == b""


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_bar_is_shown_for_long_work_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = Terminal()
    monkeypatch.setattr(sys, "stderr", shown)
    monkeypatch.setattr(progress, "DELAY", 0.0)
    monkeypatch.setenv("TERM", "xterm")
    with progress.bar("fit") as bar:
        assert bar is not None
        bar(1, 4)
        bar(2, 4)
        time.sleep(0.3)
    assert "fit" in shown.getvalue() and "50%" in shown.getvalue()


def test_bar_is_not_shown_for_short_work(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = Terminal()
    monkeypatch.setattr(sys, "stderr", shown)
    with progress.bar("fit") as bar:
        assert bar is not None
        bar(1, 4)
    assert shown.getvalue() == ""


def test_bar_is_none_where_nobody_sees_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    with progress.bar("fit") as piped:
        assert piped is None
    monkeypatch.setattr(sys, "stderr", Terminal())
    with progress.bar("fit", quiet=True) as quiet:
        assert quiet is None


def test_message_is_wrapped_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    from isoperf.cli.guard import guarded
    from isoperf.errors import DataError

    def fail() -> None:
        raise DataError("found one. " * 20)

    monkeypatch.setenv("COLUMNS", "60")
    shown = {}
    for stream in (Terminal(), io.StringIO()):
        monkeypatch.setattr(sys, "stderr", stream)
        assert guarded(fail) == 3
        shown[type(stream)] = stream.getvalue().splitlines()
    assert len(shown[io.StringIO]) == 1
    assert len(shown[Terminal]) > 3 and max(map(len, shown[Terminal])) <= 60
