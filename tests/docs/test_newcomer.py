"""A newcomer with a table of their own: from the first refusal to the studio, as the page to start from has it."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPCookieProcessor, Request, build_opener

import pytest
from click.testing import CliRunner, Result

from isoperf.cli import app
from tests.docs.pages import fences, shows

PAGE = "docs/start.md"
# The page's table was made by this law (Hoffmann et al. 2022, approach 3) with noise of 0.3 %.
TRUTH = 1.69 + 406.4 / 7e9**0.34 + 410.7 / 140e9**0.28


def steps() -> list[tuple[str, str]]:
    """Return every command of the page's console block, with what the page shows below it."""
    (text,) = fences(PAGE, "console")
    parts = re.split(r"^\$ ", text.replace("\\\n", " "), flags=re.MULTILINE)[1:]
    return [(command.strip(), shown) for command, _, shown in (part.partition("\n") for part in parts)]


def asked(command: str) -> Result:
    return CliRunner().invoke(app, shlex.split(command)[1:])


@pytest.fixture
def sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    (table,) = fences(PAGE, "csv")
    file = tmp_path / "sweep.csv"
    # as a spreadsheet saves it: a byte order mark, other line ends, an empty row below
    file.write_bytes(b"\xef\xbb\xbf" + table.replace("\n", "\r\n").encode() + b",,,\r\n")
    return file


def test_what_the_first_refusal_says_is_all_that_was_missing(sweep: Path) -> None:
    (first, _), (second, _), *_ = steps()
    refused = asked(first)
    assert refused.exit_code == 3
    advice = refused.stderr.rpartition("--map ")[2].strip().removesuffix(".")
    plain, _, _ = second.partition(" --report")
    assert (first, second.rpartition("--map ")[2]) == (plain, advice), "the page's second command takes the advice"


def test_the_page_shows_what_its_commands_print(sweep: Path) -> None:
    (refusal, *answers, (studio, nothing)) = steps()
    assert " ".join(refusal[1].split()) == " ".join(asked(refusal[0]).stderr.split())
    for command, shown in answers:
        ran = asked(command)
        assert ran.exit_code == 0, ran.output
        assert shows(ran.stdout, shown, 0.02), f"{PAGE} shows {shown!r}, which is not printed"
    page = (sweep.parent / "sweep.html").read_text("utf-8")
    assert "7B params and 140B tokens" in page
    assert not re.search(r"<(?:script|img|link|iframe)[^>]+//", page), "the report needs no network"
    assert (shlex.split(studio), nothing) == (["isoperf", "studio", sweep.name], "")


def test_the_studio_answers_the_same_on_that_file(sweep: Path) -> None:
    pytest.importorskip("starlette", reason="the studio's extra is not installed")
    command = next(command for command, _ in steps() if " --report " in command)
    (told,) = json.loads(asked(f"{command} --json").stdout)["forecast"]
    assert (told["n_params"], told["n_tokens"]) == (7e9, 140e9)
    assert told["loss"]["low"] < TRUTH < told["loss"]["high"]
    assert told["loss"]["value"] == pytest.approx(TRUTH, rel=0.03)  # the largest run measured lies 9 % above it
    with opened(sweep) as studio:
        table = studio.get(studio.start)
        suggested = table["original"]["suggested"]
        pairs = set(shlex.split(command.rpartition("--map ")[2]))
        assert pairs < {f"{ours}={theirs}" for theirs, ours in suggested.items()}
        studio.send(f"{studio.start}/columns", {f"role.{theirs}": ours for theirs, ours in suggested.items()})
        table = studio.get(studio.start)
        assert table["n_rows"] == 12
        assert {"n_params", "n_tokens", "loss"} <= {one["name"] for one in table["columns"]}
        assert table["questions"][0]["name"] == "forecast"
        fields = {"data": table["reference"], "n_params": "7B", "n_tokens": "140B"}
        answer = studio.send("/ask/forecast", fields)
        found = studio.settled(answer)
        assert found["state"] == "done", found["message"]
        (seen,) = found["result"]["forecast"]
        assert seen == told, "the same question has the same answer, to the last digit"
        shared = studio.text(f"{answer}/share")
        assert "7B params and 140B tokens" in shared


class Browser:
    """What asks the studio, as a browser does: it keeps the cookie and sends the mark of the page's forms.

    Attributes
    ----------
    start : where the studio says to begin, below its address.
    """

    def __init__(self, url: str) -> None:
        place = urlsplit(url)
        self.home, self.start = f"{place.scheme}://{place.netloc}", place.path
        self._opener = build_opener(HTTPCookieProcessor(CookieJar()))
        self._mark = ""

    def text(self, path: str) -> str:
        with self._opener.open(self.home + path, timeout=20) as answer:
            return str(answer.read().decode())

    def get(self, path: str) -> Any:
        return json.loads(self.text(f"{path}?format=json"))

    def send(self, path: str, fields: dict[str, str]) -> str:
        """Send a form, and return where it leads."""
        self._mark = self._mark or re.search(r'"X-CSRF-Token": "([^"]+)"', self.text("/"))[1]  # type: ignore[index]
        form = urlencode({**fields, "csrf": self._mark}).encode()
        with self._opener.open(Request(self.home + path, form, {"Origin": self.home}), timeout=20) as answer:
            return str(answer.url.removeprefix(self.home))

    def settled(self, path: str, seconds: float = 60.0) -> Any:
        """Wait for an answer."""
        end = time.monotonic() + seconds
        while (found := self.get(path))["state"] in ("waiting", "running") and time.monotonic() < end:
            time.sleep(0.1)
        return found


@contextmanager
def opened(file: Path) -> Iterator[Browser]:
    """Start the studio on a file as the page does, on this machine's own address alone, and end it."""
    from tests.studio.server import COMMAND, until, variables

    log = file.with_suffix(".log")
    arguments = ["studio", file.name, "--no-open", "--port", "0", "--store", ".isoperf"]
    with log.open("wb") as to:
        process = subprocess.Popen([*COMMAND, *arguments], cwd=file.parent, env=variables(), stderr=to)
    try:
        until(lambda: "Ctrl-C" in log.read_text() or process.poll() is not None, "the studio says where it is")
        announced = re.search(r"Isoperf studio: (http://127\.0\.0\.1\S+)", log.read_text())
        assert announced, log.read_text()
        browser = Browser(announced[1])
        until(lambda: answers(browser), "the studio answers")
        yield browser
    finally:
        process.terminate()
        process.wait(20)


def answers(browser: Browser) -> bool:
    try:
        return bool(browser.text("/"))
    except OSError:
        return False
