"""What the studio keeps of a question: read back exactly, or skipped when it is not whole."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isoperf.errors import DataError, OptionError
from isoperf.report import Report
from isoperf.report.controls import Control, settled
from isoperf.request import Request
from isoperf.request.tables import TableOptions
from isoperf.studio.answers import Answers
from isoperf.studio.keeping import keep
from isoperf.studio.request_json import request_from, request_values
from isoperf.studio.settings import Settings
from tests.unit.report_example import example

WORDS = st.text(st.characters(), max_size=12)  # lone surrogates too
TEXTS = st.dictionaries(WORDS, WORDS, max_size=4)
PAIRS = st.lists(st.tuples(WORDS, WORDS), max_size=3).map(tuple)
REQUESTS = st.builds(
    Request,
    WORDS,
    TEXTS,
    TEXTS,
    st.builds(TableOptions, PAIRS, PAIRS, st.lists(WORDS, max_size=3).map(tuple), st.none() | WORDS),
)
QUESTION = Request("fit", {"data": "stdlib_lm"}, {"law": "auto"})


@dataclass(frozen=True)
class Told:
    """A result with the report that has every block."""

    ok: bool = False

    def report(self) -> Report:
        return example()

    def as_dict(self) -> dict[str, Any]:
        return {"loss": 2.5, "unknown": float("nan")}


@pytest.fixture
def answers(tmp_path) -> Answers:
    return Answers(Settings(tmp_path))


@given(REQUESTS)
def test_a_question_goes_through_json_unchanged(request) -> None:
    text = json.dumps(request_values(request))
    back = request_from(json.loads(text))
    assert back == request
    assert list(back.options) == list(request.options)
    text.encode("ascii")


@pytest.mark.parametrize(
    "values",
    [None, [], "fit", {}, {"name": "fit"}, {**request_values(QUESTION), "options": {"law": 3}}, {"name": 1}],
)
def test_other_values_are_no_question(values) -> None:
    with pytest.raises(DataError, match="no kept question"):
        request_from(values)


def test_a_question_is_kept_through_a_restart(answers, tmp_path) -> None:
    before = time.time()
    id = answers.new(QUESTION)
    assert answers.get(id).state == "waiting"
    assert answers.get(id).title == "fit"
    answers.change(id, state="running", began=before)
    answers.advance(id, 3, 7)
    assert (answers.get(id).done, answers.get(id).total) == (3, 7)
    again = Answers(Settings(tmp_path))
    (running,) = again.list()
    assert (running.id, running.request, running.state) == (id, QUESTION, "running")
    assert again.interrupt() == 1
    assert again.interrupt() == 0
    (left,) = again.list()
    assert (left.id, left.state) == (id, "interrupted")
    assert (left.ended or 0.0) >= left.asked >= before


def test_an_answer_is_kept_as_the_page_that_its_report_makes(answers) -> None:
    id = answers.new(QUESTION)
    said = keep(answers.folder(id), Told())
    answers.change(id, state="done", **said)
    assert answers.page(id) == example().html()  # rebuilt from what is on the disk
    assert answers.fragment(id) in answers.page(id)
    assert answers.contents(id).startswith("<nav")
    assert answers.report(id) == example().as_dict()
    assert answers.result(id) == {"loss": 2.5, "unknown": None, "schema": "isoperf-result/1"}
    assert answers.controls(id) == ()
    assert answers.trace(id) == ""
    found = answers.get(id)
    assert (found.title, found.ok, found.has_figures, found.has_controls) == (example().title, False, True, False)
    assert not [path for path in answers.folder(id).iterdir() if path.name.startswith(".")]


def test_the_newest_come_first_and_go_when_removed(answers) -> None:
    ids = [answers.new(QUESTION) for _ in range(4)]
    assert [one.id for one in answers.list()] == ids[::-1]
    assert [one.id for one in answers.list(2)] == ids[:1:-1]
    assert answers.remove(ids[1])
    assert not answers.remove(ids[1])
    assert answers.get(ids[1]) is None
    assert answers.change(ids[1], state="done") is None
    assert [one.id for one in answers.list()] == [ids[3], ids[2], ids[0]]
    assert sorted(os.listdir(answers.root)) == sorted([ids[0], ids[2], ids[3]])


@pytest.mark.parametrize("id", ["../x", "..", ".", "", "/etc", "a/b", "20260101-000000-000000-0123abcd\n", "x" * 5000])
def test_a_name_that_is_none_of_ours_reaches_nothing(answers, tmp_path, id) -> None:
    answers.new(QUESTION)
    (tmp_path / "studio" / "x").mkdir()
    assert answers.get(id) is None
    assert answers.folder(id) is None
    assert not answers.remove(id)
    assert answers.trace(id) == ""
    for read in (answers.fragment, answers.result, answers.page, answers.controls):
        with pytest.raises(OptionError, match="nothing of that name"):
            read(id)
    assert (tmp_path / "studio" / "x").is_dir()
    assert len(answers.list()) == 1


def _cut(folder: Path) -> None:
    (folder / "state.json").write_text('{"state": "run')


def _state(**values: Any) -> Any:
    def change(folder: Path) -> None:
        known = json.loads((folder / "state.json").read_text())
        (folder / "state.json").write_text(json.dumps({**known, **values}))

    return change


@pytest.mark.parametrize(
    "harm",
    [
        _cut,
        _state(state="elsewhere"),
        _state(done="many"),
        _state(title=None),
        lambda folder: (folder / "state.json").write_text("[]"),
        lambda folder: (folder / "request.json").write_bytes(b"\xff\x00"),
        lambda folder: (folder / "request.json").unlink(),
        lambda folder: (folder / "state.json").unlink(),
    ],
)
def test_what_is_not_whole_is_skipped(answers, tmp_path, harm) -> None:
    broken, whole = answers.new(QUESTION), answers.new(QUESTION)
    harm(answers.root / broken)
    (answers.root / "20260101-000000-000000-0123abcd").write_text("no folder")
    (answers.root / "20260101-000000-000000-0123abce").symlink_to(answers.root / whole)
    (answers.root / "notes").mkdir()
    again = Answers(Settings(tmp_path))
    assert [one.id for one in again.list()] == [whole]
    assert again.get(broken) is None
    assert again.interrupt() == 1


def test_a_part_that_is_lost_is_said_to_be(answers) -> None:
    id = answers.new(QUESTION)
    answers.change(id, state="done", **keep(answers.folder(id), Told()))
    (answers.folder(id) / "main.html").unlink()
    with pytest.raises(OptionError, match=r"lost its main\.html"):
        answers.page(id)


def test_values_of_controls_stay_between_their_ends() -> None:
    controls = (Control("x", "place", "m", 1.0, 10.0, 2.0, log=True), Control("y", "time", "", 0.0, 1.0, 0.5))
    assert settled(controls, {"y": 1}) == {"x": 2.0, "y": 1.0}
    assert settled(controls, {"x": 10.000001}) == {"x": 10.0, "y": 0.5}
    for value in (0.5, 11.0, float("nan"), float("inf")):
        with pytest.raises(OptionError, match="place must lie between 1 and 10 m"):
            settled(controls, {"x": value})
    with pytest.raises(OptionError, match="Did you mean 'y'"):
        settled((controls[1],), {"yy": 1.0})


@pytest.mark.parametrize(
    ("low", "high", "value", "log"),
    [(1, 1, 1, False), (0, 1, 2, False), (0, 1, 0.5, True), (0, float("inf"), 1, False), (2, 1, 1.5, False)],
)
def test_a_control_needs_a_range_around_its_value(low, high, value, log) -> None:
    with pytest.raises(OptionError, match="control 'x'"):
        Control("x", "place", "m", low, high, value, log)
