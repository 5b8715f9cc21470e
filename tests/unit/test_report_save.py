"""Reports are written whole or not at all."""

from __future__ import annotations

import errno
import json
import os
import stat

import pytest

from isoperf.errors import OptionError, OutputError
from isoperf.report import Prose, Report
from isoperf.report.save import write_whole
from tests.unit.report_example import example

REPORT = Report("Title", (Prose("word"),))


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("r.html", "<!doctype html>"),
        ("r.HTM", "<!doctype html>"),
        ("r.md", "# Title\n"),
        ("r.json", '{\n  "title": "Title"'),
        ("r.txt", "Title\n"),
    ],
)
def test_the_suffix_decides_the_format(tmp_path, name, start) -> None:
    path = REPORT.save(tmp_path / name)
    assert path == tmp_path / name
    assert path.read_text(encoding="utf-8").startswith(start)
    assert os.listdir(tmp_path) == [name]


def test_a_format_overrules_the_suffix(tmp_path) -> None:
    path = REPORT.save(str(tmp_path / "r.html"), format="json")
    assert json.loads(path.read_text()) == REPORT.as_dict()


@pytest.mark.parametrize(
    ("name", "said"),
    [("r.pdf", "the suffix '.pdf'"), ("r", "has no suffix"), ("r.htmll", "Did you mean 'html'?")],
)
def test_an_unknown_suffix_is_refused_with_the_known_ones(tmp_path, name, said) -> None:
    with pytest.raises(OptionError, match=r"Use \.html, \.md, \.json or \.txt") as caught:
        REPORT.save(tmp_path / name)
    assert said in str(caught.value)
    assert os.listdir(tmp_path) == []


def test_an_unknown_format_is_refused(tmp_path) -> None:
    with pytest.raises(OptionError, match=r"no report format 'pdf'\. Known: html, md, json, txt"):
        REPORT.save(tmp_path / "r.html", format="pdf")  # type: ignore[arg-type]


def test_a_folder_is_not_a_file(tmp_path) -> None:
    (tmp_path / "r.html").mkdir()
    with pytest.raises(OutputError, match=r"it is a folder\. Give a file name in it"):
        REPORT.save(tmp_path / "r.html")


def test_a_missing_folder_is_named(tmp_path) -> None:
    with pytest.raises(OutputError, match=r"the folder '.*absent' does not exist"):
        REPORT.save(tmp_path / "absent" / "r.md")


def test_a_file_where_a_folder_should_be(tmp_path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="is not a folder"):
        REPORT.save(tmp_path / "file" / "r.md")


def test_a_name_too_long(tmp_path) -> None:
    with pytest.raises(OutputError, match="the name is too long"):
        REPORT.save(tmp_path / ("n" * 300 + ".md"))


FAILURES = [
    ("tempfile.mkstemp", errno.EACCES, "no permission to write in"),
    ("tempfile.mkstemp", errno.EROFS, "no permission to write in"),
    ("os.fsync", errno.ENOSPC, "no space left for"),
    ("os.fsync", errno.EIO, "Nothing half-written is left; choose another place"),
    ("os.replace", errno.EACCES, "no permission to write in"),
]


@pytest.mark.parametrize(("function", "code", "said"), FAILURES)
def test_a_failing_system_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, function, code, said) -> None:
    target = tmp_path / "r.md"
    target.write_text("old")

    def fail(*args, **kwargs):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(function, fail)
    with pytest.raises(OutputError, match=said) as caught:
        REPORT.save(target)
    assert str(target) in str(caught.value)
    assert caught.value.__cause__.errno == code  # type: ignore[union-attr]
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["r.md"]


def test_an_interrupt_leaves_nothing_behind(tmp_path, monkeypatch) -> None:
    def interrupt(descriptor):
        raise KeyboardInterrupt

    monkeypatch.setattr("os.fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        REPORT.save(tmp_path / "r.md")
    assert os.listdir(tmp_path) == []


def test_a_real_full_disk_is_said_and_leaves_nothing() -> None:
    if not os.path.exists("/dev/full"):
        pytest.skip("this system has no /dev/full, the device that is always full")
    with pytest.raises(OutputError, match="no space left for"):
        REPORT.save("/dev/full", format="md")
    assert stat.S_ISCHR(os.stat("/dev/full").st_mode)


def test_a_pipe_is_written_into_not_replaced(tmp_path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        REPORT.save(pipe, format="md")
        assert os.read(reader, 100) == b"# Title\n\nword\n"
    finally:
        os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_a_link_stays_a_link(tmp_path) -> None:
    (tmp_path / "folder").mkdir()
    link = tmp_path / "r.md"
    link.symlink_to(tmp_path / "folder" / "real.md")
    REPORT.save(link)
    assert link.is_symlink()
    assert (tmp_path / "folder" / "real.md").read_text() == "# Title\n\nword\n"


def test_permissions_are_those_of_a_new_file_or_of_the_replaced_one(tmp_path) -> None:
    before = os.umask(0o027)
    try:
        path = REPORT.save(tmp_path / "r.md")
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
        path.chmod(0o604)
        REPORT.save(path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o604
    finally:
        os.umask(before)


def test_a_broken_code_point_does_not_stop_the_writing(tmp_path) -> None:
    assert write_whole(tmp_path / "a", "x\ud800y").read_bytes() == b"x?y"


def test_every_format_of_a_full_report_is_saved(tmp_path) -> None:
    for suffix in ("html", "md", "json", "txt"):
        assert example().save(tmp_path / f"r.{suffix}").stat().st_size > 2000
