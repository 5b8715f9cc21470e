"""A PostgreSQL server of the tests' own: found, started in a temporary folder, restarted, stopped."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import Any

OWNER, DATABASE = "owner", "isoperf"
FAST = ("-c", "fsync=off", "-c", "full_page_writes=off")  # no test cuts the power
ABSENT = "no PostgreSQL server is installed: pg_config, /usr/lib/postgresql and PATH name no initdb"


def absent() -> str:
    """Return why no server can be started; empty when one can."""
    try:
        import psycopg  # noqa: F401
    except ImportError:
        return "psycopg is not installed (isoperf[postgres])"
    if _programs() is None:
        return ABSENT
    if os.name != "posix":
        return "the tests start a server on POSIX systems only"
    if os.geteuid() == 0 and _other_user() is None:
        return "PostgreSQL does not run as root, and there is no user postgres or nobody to run it as"
    return ""


def _programs() -> Path | None:
    """Return the folder of initdb and pg_ctl."""
    found = []
    if config := shutil.which("pg_config"):
        told = subprocess.run([config, "--bindir"], capture_output=True, text=True)
        found.append(Path(told.stdout.strip()))
    versions = Path("/usr/lib/postgresql").glob("*/bin")
    found += sorted(versions, key=lambda path: float(path.parent.name), reverse=True)
    if initdb := shutil.which("initdb"):
        found.append(Path(initdb).parent)
    return next((path for path in found if (path / "initdb").is_file() and (path / "pg_ctl").is_file()), None)


def _other_user() -> tuple[int, int] | None:
    import pwd

    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)[2:4]
        except KeyError:
            continue
    return None


class Server:
    """A server with one database, which every test finds empty.

    Parameters
    ----------
    settings : of the server's command line.
    """

    def __init__(self, settings: tuple[str, ...] = FAST) -> None:
        programs = _programs()
        assert programs is not None, ABSENT
        self.programs = programs
        self.settings = settings
        self.folder = Path(tempfile.mkdtemp(prefix="isoperf-pg-"))
        if os.geteuid() == 0:
            user = _other_user()
            assert user is not None
            os.chown(self.folder, *user)
        self._run("initdb", "--username", OWNER, "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C")
        rule = "host all guarded 127.0.0.1/32 scram-sha-256\n"
        hba = self.folder / "data" / "pg_hba.conf"
        hba.write_text(rule + hba.read_text("utf-8"), "utf-8")
        self.port = _free_port()
        self.start()
        self.ask(f"CREATE DATABASE {DATABASE}", database="postgres")
        self.ask("CREATE ROLE guarded LOGIN PASSWORD 'open sesame'")
        self.ask("CREATE ROLE reader LOGIN")

    def url(self, user: str = OWNER, password: str = "", database: str = DATABASE) -> str:
        """Return the address of the database."""
        return f"postgresql://{user}{':' + password if password else ''}@127.0.0.1:{self.port}/{database}"

    def fresh(self) -> str:
        """Empty the database and return its address."""
        self.ask("DROP SCHEMA IF EXISTS isoperf CASCADE")
        return self.url()

    def ask(self, sql: str, values: tuple[Any, ...] = (), database: str = DATABASE) -> list[tuple[Any, ...]]:
        """Run one statement as the owner."""
        import psycopg

        with psycopg.connect(self.url(database=database), autocommit=True) as connection:
            cursor = connection.execute(sql.encode(), values)
            return cursor.fetchall() if cursor.description else []

    def start(self) -> None:
        """Start it, and wait until it answers."""
        port = (
            "-p",
            str(self.port),
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            f"unix_socket_directories={self.folder}",
        )
        self._run("pg_ctl", "start", "-w", "-l", str(self.folder / "log"), "-o", " ".join((*port, *self.settings)))

    def stop(self, mode: str = "fast") -> None:
        """Stop it; ``immediate`` is a crash, after which it recovers from its log."""
        self._run("pg_ctl", "stop", "-w", "-m", mode)

    def close(self) -> None:
        """Stop it and delete all of it."""
        self.stop("immediate")
        shutil.rmtree(self.folder)

    def _run(self, program: str, *arguments: str) -> None:
        """Run a program of PostgreSQL's, which refuses to run as root, as another user."""
        as_user: dict[str, Any] = {}
        if os.geteuid() == 0 and (user := _other_user()) is not None:
            as_user = {"user": user[0], "group": user[1], "extra_groups": []}
        command = [str(self.programs / program), "-D", str(self.folder / "data"), *arguments]
        with tempfile.TemporaryFile("w+") as told:  # a pipe would stay open for as long as the server runs
            done = subprocess.run(command, stdout=told, stderr=told, cwd="/", timeout=120, **as_user)
            told.seek(0)
            assert done.returncode == 0, f"{program}: {told.read()}"


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port
