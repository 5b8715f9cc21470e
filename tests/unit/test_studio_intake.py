"""What comes in gets a name of the studio's own, in the studio's folder, and nothing else is written."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from isoperf.errors import DataError, OptionError
from isoperf.studio.intake import Received, receive, slug, suffix_of
from isoperf.studio.settings import Settings

TABLE = b"n_params,loss\n1e8,3.1\n1e9,2.7\n"


class Stream:
    """An upload that comes from memory."""

    def __init__(self, filename: str | None, content: bytes, fails: bool = False) -> None:
        self.filename = filename
        self.left = content
        self.fails = fails

    async def read(self, size: int = -1) -> bytes:
        part, self.left = self.left[:size], self.left[size:]
        if self.fails and not part:
            raise ConnectionError("gone")
        return part


def take(filename: str | None, content: bytes, settings: Settings, fails: bool = False) -> Received:
    return asyncio.run(receive(Stream(filename, content, fails), settings, settings.folder / "incoming"))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path / "project" / "store", max_upload=3_000_000)


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_file_is_kept_whole(settings: Settings) -> None:
    content = os.urandom(2_500_000)
    kept = take("My runs (v2).CSV", content, settings)
    assert (kept.name, kept.n_bytes, kept.path.suffix) == ("My-runs-v2", len(content), ".csv")
    assert kept.path.read_bytes() == content
    assert files_in(settings.folder) == [kept.path]


def test_files_of_one_name_lie_side_by_side(settings: Settings) -> None:
    kept = [take("runs.csv.gz", bytes([k + 1]), settings) for k in range(5)]
    assert len({one.path for one in kept}) == 5
    assert {one.name for one in kept} == {"runs"}
    assert [one.path.read_bytes() for one in kept] == [bytes([k + 1]) for k in range(5)]
    assert {"".join(one.path.suffixes) for one in kept} == {".csv.gz"}


HOSTILE = {
    "../../../evil.csv": "evil",
    "..\\..\\evil.csv": "evil",
    "/etc/passwd.csv": "passwd",
    "C:\\Windows\\runs.csv": "runs",
    "....//....//runs.csv": "runs",
    "..csv": "table",
    ".csv": "table",
    "...csv": "table",
    "con.csv": "table-con",
    "LPT1.csv": "table-LPT1",
    "-rf.csv": "rf",
    "a b;c$(d)`e`.csv": "a-b-c-d-e",
    "\u202etxt.csv": "txt",
    "..\uff0f..\uff0fevil.csv": "evil",
    "\uff0e\uff0e\u2215evil.csv": "evil",
    "r\u00e9sum\u00e9.csv": "resume",
    "\u8868.csv": "table",
    "x" * 500 + ".csv": "x" * 60,
    "\U0001f600" * 3000 + ".csv": "table",
    "<img src=x onerror=alert(1)>.csv": "img-src-x-onerror-alert-1",
    "options.json": "options",
    "ru\u200bns.csv": "runs",
    "\ud800.csv": "table",
}


@pytest.mark.parametrize("filename", HOSTILE)
def test_no_name_leads_out_of_the_folder(settings: Settings, tmp_path: Path, filename: str) -> None:
    kept = take(filename, TABLE, settings)
    assert kept.name == HOSTILE[filename]
    assert kept.path.parent == settings.folder / "incoming"
    assert kept.path.name.isascii() and len(kept.path.name) < 100
    assert files_in(tmp_path) == [kept.path]


@pytest.mark.parametrize(
    "filename", ["runs.csv\0", "runs\0.csv", "ru\nns.csv", "runs.csv\r\nX: 1", "\x1b[2J.csv", "a\x7f.csv"]
)
def test_names_with_control_characters_are_refused(settings: Settings, tmp_path: Path, filename: str) -> None:
    with pytest.raises(DataError, match="control characters"):
        take(filename, TABLE, settings)
    assert not files_in(tmp_path)


@pytest.mark.parametrize(
    "filename", ["", None, "runs", "runs.exe", "runs.csv.exe", "runs.html", "runs.csv.", "a.csv:b", "x.xlsm", "csv"]
)
def test_other_endings_are_refused(settings: Settings, tmp_path: Path, filename: str | None) -> None:
    with pytest.raises(DataError, match="are not read"):
        take(filename, TABLE, settings)
    assert not files_in(tmp_path)


@pytest.mark.parametrize("filename", ["a.pkl", "a.PICKLE", "a.pt", "a.npy", "a.npz", "a.joblib", "a.csv.pkl"])
def test_endings_of_pickles_are_refused_as_such(filename: str) -> None:
    with pytest.raises(DataError, match="may run code"):
        suffix_of(filename)


def test_too_long_or_empty_leaves_nothing(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="more than the 3000000 bytes"):
        take("runs.csv", b"x" * 3_000_001, settings)
    with pytest.raises(DataError, match="empty"):
        take("runs.csv", b"", settings)
    with pytest.raises(ConnectionError):
        take("runs.csv", b"x" * 2_000_000, settings, fails=True)
    assert not files_in(tmp_path)
    assert take("runs.csv", b"x" * 3_000_000, settings).n_bytes == 3_000_000


def test_uploads_lie_in_the_studios_folder_alone(settings: Settings, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    settings.folder.mkdir(parents=True)
    (settings.folder / "link").symlink_to(outside)
    for folder in (outside, settings.folder / ".." / "..", settings.folder / "link"):
        with pytest.raises(OptionError, match="alone"):
            asyncio.run(receive(Stream("runs.csv", TABLE), settings, folder))
    assert not files_in(tmp_path)


def test_a_name_made_once_stays_as_it_is() -> None:
    names = {slug(name) for name in HOSTILE}
    assert {slug(f"{name}.csv") for name in names} == names
