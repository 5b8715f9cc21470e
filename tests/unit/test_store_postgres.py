"""A store in a PostgreSQL database: its address, its refusals, lost connections, damage, a full disk."""

from __future__ import annotations

import ctypes
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import isoperf
from isoperf.errors import DataError, IsoperfError, MissingExtraError, OptionError, OutputError
from isoperf.store import Entry, Store, find, held
from isoperf.store.address import Database
from isoperf.store.postgres import backend, cache, connection, content, schema
from tests.unit.store_servers import DATABASE, Server

SECRET = "open sesame"
WORD = SECRET.replace(" ", "%20")


@pytest.fixture
def url(postgres: Server) -> str:
    return postgres.fresh()


@pytest.fixture
def store(url: str) -> Store:
    return Store(url).create()


@pytest.fixture
def far(url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[], Store]:
    """Return a function that opens the store as from a further machine, which holds no copies yet."""

    def opened() -> Store:
        monkeypatch.setenv("ISOPERF_CACHE", str(tmp_path / f"cache{len(list(tmp_path.iterdir()))}"))
        return Store(url)

    return opened


def test_the_whole_team_sees_what_one_adds(url: str, far: Callable[[], Store]) -> None:
    given = isoperf.Observations.from_columns({"loss": [1.0, 2.0], "run": ["a", None]})
    Store(url).create().add("runs", given)
    assert far().table("runs") == given
    assert far().query("select sum(loss) as total from runs")["total"].item() == 3.0


def test_the_address_may_stand_wherever_a_folder_may(
    store: Store, url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    store.add("runs", {"loss": [1.5]})
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ISOPERF_STORE", url)
    assert (found := find()) is not None and found.place == store.place
    assert held("runs") and not held("other")
    assert isoperf.load("store:runs") == isoperf.load(f"store:{url}/runs") == store.table("runs")
    with pytest.raises(OptionError, match="is in a database and has no folder"):
        _ = store.path


def test_a_table_is_fetched_once(store: Store, far: Callable[[], Store], monkeypatch: pytest.MonkeyPatch) -> None:
    store.add("runs", {"loss": [1.5]})
    there = far()
    fetches: list[str] = []
    monkeypatch.setattr(content, "fetched", _counting(content.fetched, fetches))
    for again in (there, Store(there.place)):
        assert again.table("runs")["loss"].tolist() == [1.5]
    assert len(fetches) == 1


def _counting(fetch: Callable[..., Iterator[bytes]], fetches: list[str]) -> Callable[..., Iterator[bytes]]:
    def counted(connection: Any, file: str) -> Iterator[bytes]:
        fetches.append(file)
        return fetch(connection, file)

    return counted


def test_a_long_file_travels_in_pieces(store: Store, far: Callable[[], Store], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "PIECE", 1000)
    values = [k / 7 for k in range(5000)]
    entry = store.add("runs", {"loss": values})
    assert entry.n_bytes > 3000 and store.check() == []
    assert far().table("runs")["loss"].tolist() == values


def test_copies_that_nobody_asks_for_go(store: Store, far: Callable[[], Store]) -> None:
    store = far()
    old = store.add("old", {"loss": [1.0]})
    folder = Path(os.environ["ISOPERF_CACHE"]) / "store" / "objects"
    assert [path.name for path in folder.iterdir()] == [old.parts[0].file]
    os.utime(folder / old.parts[0].file, (0, 0))
    new = store.add("new", {"loss": [2.0]})
    assert [path.name for path in folder.iterdir()] == [new.parts[0].file]
    assert store.table("old")["loss"].tolist() == [1.0]
    assert folder.parent.stat().st_mode & 0o777 == 0o700 and cache.UNUSED > 86400


def test_a_damaged_copy_is_fetched_again(store: Store, far: Callable[[], Store]) -> None:
    store = far()
    file = store.add("runs", {"loss": [1.0]}).parts[0].file
    (Path(os.environ["ISOPERF_CACHE"]) / "store" / "objects" / file).write_bytes(b"cut")
    assert store.table("runs")["loss"].tolist() == [1.0]


def test_damage_in_the_database_is_named_and_repaired(store: Store, postgres: Server, far: Callable[[], Store]) -> None:
    file = store.add("runs", {"loss": [1.0]}).parts[0].file
    postgres.ask("UPDATE isoperf.piece SET bytes = set_byte(bytes, 3, 0)")
    assert store.check() == [f"runs: {file} was changed: SHA-256 differs."]
    with pytest.raises(DataError, match="has another SHA-256"):
        far().get("runs")
    store.add("runs", {"loss": [1.0]}, replace=True)
    assert store.check() == [] and store.table("runs")["loss"].tolist() == [1.0]
    postgres.ask("ALTER TABLE isoperf.part DROP CONSTRAINT part_file_fkey")
    postgres.ask("DELETE FROM isoperf.object")
    assert store.check() == [f"runs: {file} is gone."]
    with pytest.raises(DataError, match="is gone"):
        far().get("runs")


def test_replacing_and_removing_free_the_room(store: Store, postgres: Server) -> None:
    first = store.add("runs", {"loss": [k / 7 for k in range(5000)]})
    store.add("runs", {"loss": [1.0]}, replace=True)
    assert postgres.ask("SELECT count(*), sum(n_bytes) FROM isoperf.object") == [(1, store.entry("runs").n_bytes)]
    postgres.ask("INSERT INTO isoperf.object VALUES ('left.parquet', 12)")
    assert store.clean() == 12 and first.n_bytes > 12
    assert store.remove("runs") > 0 and postgres.ask("SELECT count(*) FROM isoperf.piece") == [(0,)]


def test_what_a_writer_is_about_to_name_is_not_swept(store: Store, postgres: Server) -> None:
    """One writer holds a file that no entry names yet; a second sweeps; then the first names it."""
    entry = store.add("runs", {"loss": [1.0]})
    store.remove("runs")
    place = backend.PostgresBackend(Database(postgres.url(), "shown"))
    with store._backend.drafting() as draft:  # the same bytes, written again
        isoperf.store.tables.write_table(isoperf.load({"loss": [1.0]}), draft.folder / "rows")
        draft.write(".parquet", (draft.folder / "rows").replace, 1)
        assert draft.parts == list(entry.parts)
        with place.writing(draft) as change:
            sweeper = threading.Thread(target=store.clean)
            sweeper.start()
            sweeper.join(0.2)
            assert sweeper.is_alive(), "a sweep goes on beside the only writer"
            change.put(entry)
        sweeper.join()
    assert store.check() == [] and store.table("runs")["loss"].tolist() == [1.0]


def test_equal_content_may_be_sent_by_all_at_once(store: Store) -> None:
    def add(k: int) -> Entry:
        return store.add(f"n{k}", {"loss": [1.0, 2.0]})

    with ThreadPoolExecutor(6) as pool:
        parts = {entry.parts for entry in pool.map(add, range(12))}
    assert len(parts) == 1 and store.check() == [] and len(store.ls()) == 12


def test_a_restart_between_two_calls_is_not_noticed(store: Store, postgres: Server) -> None:
    store.add("runs", {"loss": [1.0]})
    for mode in ("fast", "immediate"):
        postgres.stop(mode)
        with pytest.raises(OutputError, match="no PostgreSQL server answers for"):
            store.ls()
        postgres.start()
        store.add("runs", {"loss": [2.0]}, append=True)
    assert store.table("runs")["loss"].tolist() == [1.0, 2.0, 2.0] and store.check() == []


def test_a_connection_that_breaks_changes_nothing(store: Store, postgres: Server) -> None:
    store.add("runs", {"loss": [1.0]})
    before = store.ls()
    with pytest.raises(OutputError, match=r"connection to .* was lost"), store._backend.writing() as change:
        change.remove("runs")
        postgres.ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'isoperf'")
        change.entries()
    assert store.ls() == before


def test_a_writer_that_hangs_is_named(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend, "_WRITING", backend._WRITING.replace(f"{backend.PATIENCE}s", "50ms"))
    with store._backend.writing(), pytest.raises(OutputError, match="Another writer does not end"):
        store.add("runs", {"loss": [1.0]})


def test_passwords(postgres: Server, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    postgres.ask(f"GRANT CREATE ON DATABASE {DATABASE} TO guarded")
    store = Store(postgres.url("guarded", WORD)).create()
    shown = [repr(store), store.place, str(store._backend.__dict__)]
    assert store.place == postgres.url("guarded") and not any("sesame" in text for text in shown)
    with pytest.raises(OptionError, match=r"refuses the user or the password .*~/\.pgpass") as wrong:
        Store(postgres.url("guarded", "sesame-shut")).ls()
    assert "sesame" not in str(wrong.value)
    monkeypatch.setenv("PGPASSWORD", SECRET)
    assert Store(postgres.url("guarded")).ls() == ()


@pytest.mark.parametrize(
    "address",
    ["postgresql://u:ses@me@h/db", "postgresql://u:se/same@h/db", "postgresql:u:sesame@h", "postgresql://u:a#sesame@h/db"],
)  # fmt: skip
def test_an_address_that_cannot_be_read_is_not_quoted(address: str) -> None:
    with pytest.raises(OptionError, match="write %40 for @") as refused:
        Store(address)
    assert "ses" not in str(refused.value)


def test_an_address_that_the_driver_cannot_read_is_not_quoted(postgres: Server) -> None:
    for address in ("postgresql://u:sesame%zz@h/db", "postgresql://u@h/db?sesame=1"):
        with pytest.raises(OptionError, match="cannot be read") as refused:
            Store(address).ls()
        assert "sesame" not in f"{refused.value}{refused.value.__cause__}{refused.value.__context__}"


@pytest.mark.parametrize(
    ("user", "database", "kind", "said"),
    [
        ("owner", "gone", OptionError, 'database "gone" does not exist'),
        ("nobody", DATABASE, OptionError, 'role "nobody" does not exist'),
        ("reader", DATABASE, OutputError, "permission denied .* nothing in it was changed. Ask whoever made"),
    ],
)
def test_refusals(postgres: Server, url: str, user: str, database: str, kind: type[IsoperfError], said: str) -> None:
    with pytest.raises(kind, match=said):
        Store(postgres.url(user, database=database)).create()


def test_no_server() -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(OutputError, match=r"no PostgreSQL server answers for postgresql://u@127\.0\.0\.1:1/db \("):
        Store("postgresql://u:sesame@127.0.0.1:1/db").ls()


def test_no_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(MissingExtraError, match=r"isoperf\[postgres\]"):
        Store("postgresql://u@h/db")


def test_an_old_server_is_refused(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "LEAST", 99)
    with pytest.raises(OptionError, match=r"is PostgreSQL \d+; 99 or later is needed"):
        store.ls()


def test_no_store_yet(url: str) -> None:
    with pytest.raises(OptionError, match=f"is no store yet. Make it one with `isoperf init {re.escape(url)}`"):
        Store(url).ls()


def test_another_programs_tables_are_left_alone(postgres: Server, url: str) -> None:
    postgres.ask("CREATE SCHEMA isoperf CREATE TABLE theirs (x int)")
    with pytest.raises(OptionError, match="tables of another program"):
        Store(url).create()
    assert postgres.ask("SELECT count(*) FROM isoperf.theirs") == [(0,)]


def test_a_schema_made_by_the_owner_is_enough(postgres: Server, url: str) -> None:
    postgres.ask("CREATE SCHEMA isoperf AUTHORIZATION reader")
    Store(postgres.url("reader")).create().add("runs", {"loss": [1.0]})
    assert Store(url).check() == []


def test_rights(store: Store, postgres: Server) -> None:
    store.add("runs", {"loss": [1.0]})
    theirs = Store(postgres.url("reader"))
    with pytest.raises(OutputError, match="permission denied"):
        theirs.ls()
    postgres.ask("GRANT USAGE ON SCHEMA isoperf TO reader")
    postgres.ask("GRANT SELECT ON ALL TABLES IN SCHEMA isoperf TO reader")
    assert theirs.table("runs")["loss"].tolist() == [1.0] and theirs.check() == []
    with pytest.raises(OutputError, match=r"permission denied.*Ask whoever made"):
        theirs.add("more", {"loss": [2.0]})
    postgres.ask("GRANT INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA isoperf TO reader")
    theirs.add("more", {"loss": [2.0]})
    theirs.add("more", {"loss": [3.0]}, replace=True)
    assert theirs.remove("more") > 0 and [entry.name for entry in store.ls()] == ["runs"]


def test_a_later_version_is_refused(store: Store, postgres: Server) -> None:
    postgres.ask("UPDATE isoperf.version SET number = %s", (schema.VERSION + 1,))
    for call in (store.ls, store.create):
        with pytest.raises(DataError, match=f"schema version {schema.VERSION + 1}; .* up to {schema.VERSION}"):
            call()


def test_an_earlier_version_is_brought_forward(store: Store, postgres: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """No earlier version has been; this one is made the earlier one, with a next one that adds a column."""
    store.add("runs", {"loss": [1.0]})
    now = schema.VERSION
    monkeypatch.setattr(schema, "VERSION", now + 1)
    add = "ALTER TABLE isoperf.object ADD COLUMN note text"
    monkeypatch.setitem(schema._STEPS, now, lambda c: (c.execute(add), c.execute("not SQL")))
    with pytest.raises(OutputError, match="syntax error"):
        store.ls()
    assert postgres.ask("SELECT number FROM isoperf.version") == [(now,)]
    monkeypatch.setitem(schema._STEPS, now, lambda c: c.execute(add))
    with ThreadPoolExecutor(4) as pool:
        assert all(len(entries) == 1 for entries in pool.map(lambda _: Store(store.place).ls(), range(4)))
    assert postgres.ask("SELECT number FROM isoperf.version") == [(now + 1,)]
    assert postgres.ask("SELECT note FROM isoperf.object") == [(None,)]


def test_a_dump_restores_the_store(store: Store, postgres: Server, tmp_path: Path) -> None:
    store.add("runs", {"loss": [1.0, 2.0]})
    dump = shutil.which("pg_dump", path=str(postgres.programs))
    if dump is None:
        pytest.skip("pg_dump is not installed beside the server")
    restore = str(postgres.programs / "pg_restore")
    subprocess.run([dump, "--format=custom", "--schema=isoperf", f"--file={tmp_path / 'd'}", store.place], check=True)
    postgres.fresh()
    subprocess.run([restore, f"--dbname={store.place}", str(tmp_path / "d")], check=True)
    assert store.check() == [] and store.table("runs")["loss"].tolist() == [1.0, 2.0]


def _noise(seed: int) -> list[float]:
    """Return 160 kB that cannot be packed."""
    found: list[float] = np.random.default_rng(seed).normal(size=20_000).tolist()
    return found


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="mounts a small file system of Linux")
def test_a_full_disk_of_the_server_loses_nothing(store: Store, postgres: Server) -> None:
    """The bytes lie on a disk of 2 MB of their own, which is filled until an addition is refused."""
    disk = postgres.folder / "disk"
    disk.mkdir()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"tmpfs", os.fsencode(disk), b"tmpfs", 0, b"size=2m") != 0:
        pytest.skip(f"may not mount a small disk: {os.strerror(ctypes.get_errno())}")
    try:
        owner = (postgres.folder / "data").stat()
        os.chown(disk, owner.st_uid, owner.st_gid)
        postgres.ask(f"CREATE TABLESPACE small LOCATION '{disk}'")
        postgres.ask("ALTER TABLE isoperf.piece SET TABLESPACE small")
        count = 0
        with pytest.raises(OutputError, match=r"nothing in it was changed\. The server's disk is full"):
            for _ in range(100):
                store.add(f"run_{count}", {"loss": _noise(count)})
                count += 1
        assert 3 < count < 100 and store.check() == []
        assert [entry.name for entry in store.ls()] == sorted(f"run_{k}" for k in range(count))
        for k in range(count):
            assert store.table(f"run_{k}")["loss"].tolist() == _noise(k)
    finally:
        postgres.fresh()
        postgres.ask("DROP TABLESPACE IF EXISTS small")
        libc.umount2(os.fsencode(disk), 2)
        disk.rmdir()
