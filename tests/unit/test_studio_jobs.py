"""Questions in processes of their own: progress, cancelling, death, limits, moved controls, and nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import isoperf
from isoperf.errors import OptionError
from isoperf.report.plain import plain_result
from isoperf.request import Request
from isoperf.store import Store
from isoperf.studio.answers import Answer, Answers
from isoperf.studio.jobs import Jobs
from isoperf.studio.settings import Settings
from tests.unit.studio_methods import install

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked up in /proc")
PATIENCE = 20.0


@pytest.fixture(scope="module", autouse=True)
def methods(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Install the package of test capabilities for every process that starts from here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(install(tmp_path_factory.mktemp("site")))
        yield


@contextmanager
def opened(folder: Path, *, n_workers: int = 2, max_seconds: float = 60.0, **options: Any) -> Iterator[Jobs]:
    if not folder.exists():
        Store(folder).create()
    settings = Settings(folder, n_workers=n_workers, max_seconds=max_seconds)
    with Jobs(settings, Answers(settings), **options) as jobs:
        yield jobs


@pytest.fixture(scope="module")
def jobs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jobs]:
    with opened(tmp_path_factory.mktemp("store") / "store", max_memory=6_000_000_000) as found:
        yield found


def until(found: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """Return what becomes true; fail when it does not in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if now := found():
            return now
        time.sleep(0.01)
    pytest.fail("waited in vain")


def known(jobs: Jobs, id: str) -> Answer:
    answer = jobs.state(id)
    assert answer is not None
    return answer


def finished(jobs: Jobs, id: str) -> Answer:
    until(lambda: known(jobs, id).finished)
    return known(jobs, id)


def asked(jobs: Jobs, name: str, **options: str) -> str:
    return jobs.start(Request(name, {}, options))


def group(pid: int) -> set[int]:
    """Return the living processes of a session (fields 3 and 6 of stat: the state, the session)."""
    found = set()
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, _, session = entry.read_text().rpartition(")")[2].split()[:4]
        except OSError:
            continue
        if int(session) == pid and state not in "ZX":
            found.add(int(entry.parent.name))
    return found


def worker(jobs: Jobs, id: str) -> int:
    """Return the process that a question was given to, once it has begun to work."""

    def at_work() -> int:
        held = jobs._minder.held.get(id)
        return held.worker.pid if held and known(jobs, id).total else 0

    return int(until(at_work))


def test_an_answer_is_that_of_the_library(jobs) -> None:
    options = {"n_params": "1e9", "n_tokens": "1e10", "n_bootstrap": "20"}
    request = Request("forecast", {"data": "stdlib_lm"}, options)
    id = jobs.start(request)
    answer = finished(jobs, id)
    assert (answer.state, answer.message) == ("done", "")
    runs = isoperf.datasets.load("stdlib_lm")
    expected = isoperf.forecast(runs, n_params=(1e9,), n_tokens=(1e10,), n_bootstrap=20)
    assert jobs.answers.result(id) == plain_result(expected.as_dict())
    assert answer.title == expected.report().title
    assert answer.ok == expected.ok
    assert answer.has_figures
    assert answer.request == request
    assert jobs.answers.fragment(id) in jobs.answers.page(id)
    assert answer.asked <= (answer.began or 0.0) <= (answer.ended or 0.0)


def test_a_stored_table_is_found_in_the_studios_store(jobs) -> None:
    Store(jobs.settings.store).add("mine", isoperf.load({"n_params": [1e6, 2e6, 4e6], "loss": [4.0, 3.5, 3.1]}))
    id = jobs.start(Request("fit", {"data": "store:mine"}, {"law": "nothing"}))
    assert "nothing" in finished(jobs, id).message
    id = jobs.start(Request("fit", {"data": "/etc/passwd"}, {}))
    assert "no table is called '/etc/passwd'" in finished(jobs, id).message


def test_progress_is_seen(jobs) -> None:
    id = asked(jobs, "nap", seconds="0.8", steps="4")
    seen: set[tuple[int, int]] = set()

    def end() -> bool:
        answer = known(jobs, id)
        seen.add((answer.done, answer.total))
        return answer.finished

    until(end)
    assert {(0, 4), (1, 4), (2, 4), (3, 4)} <= seen
    assert known(jobs, id).ok is False  # what the result says of itself


def test_a_question_that_fails_says_why(jobs) -> None:
    words = {
        "refuse": "--by 'size' is refused; try --where 'loss > 0'.",
        "burst": "unexpected error: KeyError: 'first\\nsecond'",
        "grow": "out of memory (the limit here is 6 GB). Ask with fewer rows or fewer refits.",
        "nonesuch": "no capability 'nonesuch'.",
    }
    ids = {name: asked(jobs, name) for name in words}
    for name, id in ids.items():
        answer = finished(jobs, id)
        assert answer.state == "failed"
        assert answer.message.startswith(words[name])
        assert ("Traceback" in jobs.answers.trace(id)) == (name in ("burst", "grow"))
        with pytest.raises(OptionError, match="it is failed"):
            jobs.answers.fragment(id)


def test_a_long_question_is_cancelled_with_its_children(jobs) -> None:
    id = jobs.start(Request("league", {"data": "stdlib_lm"}, {"factors": "2,3,4,6,8,10"}))
    pid = worker(jobs, id)
    until(lambda: len(group(pid)) >= 3)  # itself and the two that hold its contests
    begun = time.monotonic()
    assert jobs.cancel(id)
    assert known(jobs, id).state == "cancelled"
    until(lambda: not group(pid), seconds=2.0)
    assert time.monotonic() - begun < 2.0
    assert not jobs.cancel(id)
    assert known(jobs, id).message == ""


def test_a_worker_that_is_killed_fails_its_question_alone(jobs) -> None:
    other = asked(jobs, "nap", seconds="1.5")
    id = asked(jobs, "nap", children="2")
    pid = worker(jobs, id)
    until(lambda: len(group(pid)) == 3)
    os.kill(pid, signal.SIGKILL)
    answer = finished(jobs, id)
    assert answer.state == "failed"
    assert answer.message.startswith("the process that computed it ended (by SIGKILL)")
    until(lambda: not group(pid), seconds=2.0)
    assert finished(jobs, other).state == "done"


def test_questions_wait_for_their_turn_and_closing_ends_all(tmp_path) -> None:
    with opened(tmp_path / "store", n_workers=1) as jobs:
        first = asked(jobs, "nap", seconds="0.5")
        second, third = asked(jobs, "nap", seconds="30", children="1"), asked(jobs, "nap")
        skipped = asked(jobs, "nap")
        assert jobs.waiting()[-1] == skipped
        assert jobs.cancel(skipped)
        finished(jobs, first)
        pids = [worker(jobs, second)]
        assert jobs.running() == (second,)
        assert jobs.waiting() == (third,)
        until(lambda: jobs._minder.pool._spare)
        pids += [one.pid for one in jobs._minder.pool.workers]
        assert all(map(group, pids))
    assert not any(map(group, pids))
    states = {one.id: one.state for one in jobs.answers.list()}
    expected = {first: "done", second: "interrupted", third: "interrupted", skipped: "cancelled"}
    assert states == expected
    assert list(states) == sorted(states, reverse=True)
    assert (known(jobs, second).began or 0.0) >= (known(jobs, first).ended or 9e9)
    assert known(jobs, skipped).began is None
    with pytest.raises(OptionError, match="being stopped"):
        jobs.start(Request("nap"))
    jobs.close()


def test_a_question_that_takes_too_long_is_ended(tmp_path) -> None:
    with opened(tmp_path / "store", max_seconds=1.0) as jobs:
        answer = finished(jobs, asked(jobs, "nap"))
        assert answer.state == "failed"
        assert answer.message.startswith("it took longer than 1 seconds, the limit here.")
        assert 1.0 <= answer.seconds < 3.0


def test_controls_are_moved_at_once(jobs) -> None:
    id = asked(jobs, "line")
    assert finished(jobs, id).has_controls
    (control,) = jobs.answers.controls(id)
    assert (control.name, control.low, control.high, control.value) == ("x", 0.0, 10.0, 2.0)
    assert "y is 6." in jobs.answers.fragment(id)
    begun = time.monotonic()
    moved = jobs.live(id, {"x": 4.0}) or {}
    assert time.monotonic() - begun < 1.0
    assert moved["title"] == "Line"
    assert "y is 12." in moved["main"]
    with pytest.raises(OptionError, match="between 0 and 10 m, found 11"):
        jobs.live(id, {"x": 11.0})
    with pytest.raises(OptionError, match="'z'"):
        jobs.live(id, {"z": 1.0})
    with pytest.raises(OptionError, match="broken at 9"):
        jobs.live(id, {"x": 9.0})
    assert "y is 6." in (jobs.live(id, {}) or {})["main"]
    os.kill(jobs._minder.held[id].worker.pid, signal.SIGKILL)
    assert "y is 15." in (jobs.live(id, {"x": 5.0}) or {})["main"]  # asked again in another process
    pid = jobs._minder.held[id].worker.pid
    assert jobs.remove(id)
    until(lambda: not group(pid))
    with pytest.raises(OptionError, match="nothing of that name"):
        jobs.live(id, {})


def test_a_newer_move_takes_the_place_of_waiting_ones(jobs) -> None:
    id = asked(jobs, "line", seconds="0.3")
    finished(jobs, id)
    moves = [jobs.move(id, {"x": 0.0})]
    until(lambda: jobs._minder.held[id].stage == "moving")
    moves += [jobs.move(id, {"x": float(x)}) for x in range(1, 6)]
    answers = [move.result(PATIENCE) for move in moves]
    assert [one is None for one in answers] == [False, True, True, True, True, False]
    assert "y is 15." in (answers[-1] or {})["main"]


def test_only_the_answers_moved_last_stay_alive(tmp_path) -> None:
    with opened(tmp_path / "store", n_live=1, idle_seconds=1.0) as jobs:
        first = asked(jobs, "line")
        finished(jobs, first)
        second = asked(jobs, "line", slope="1")
        finished(jobs, second)
        until(lambda: list(jobs._minder.held) == [second])
        pid = jobs._minder.held[second].worker.pid
        until(lambda: not group(pid))
        assert "y is 12." in (jobs.live(first, {"x": 4.0}) or {})["main"]


_SERVER = """
import sys
from pathlib import Path
from isoperf.request import Request
from isoperf.studio.answers import Answers
from isoperf.studio.jobs import Jobs
from isoperf.studio.settings import Settings

settings = Settings(Path(sys.argv[1]))
jobs = Jobs(settings, Answers(settings))
id = jobs.start(Request("nap", {}, {"children": "1"}))
while not jobs.state(id).total:
    pass
print(jobs._minder.held[id].worker.pid, flush=True)
sys.stdin.read()
"""


def test_workers_end_with_a_server_that_is_killed(tmp_path) -> None:
    root = tmp_path / "store"
    Store(root).create()
    command = [sys.executable, "-c", _SERVER, str(root)]
    paths = os.pathsep.join(path for path in sys.path if path)
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": paths},
    ) as server:
        assert server.stdout is not None
        pid = int(server.stdout.readline())
        assert len(group(pid)) == 2
        server.kill()
    until(lambda: not group(pid), seconds=3.0)
    (left,) = Answers(Settings(root)).list()
    assert left.state == "running"
    with opened(root) as jobs:
        assert known(jobs, left.id).state == "interrupted"
        assert known(jobs, left.id).message.startswith("the studio was stopped")
