"""What the studio was started with."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["LOOPBACK", "Settings"]

LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Settings:
    """Where the studio listens, where it keeps things, and how much it takes.

    Attributes
    ----------
    store : folder of the project's store; ``folder`` inside it is the studio's own.
    database : address of the store that holds the tables, where it is a database; it may hold a password.
    host, port : where it listens; hosts : further names that the Host header may have.
    token : what a browser must show once; empty asks for none, which is for loopback alone.
    secret : signs the marks in forms; new at every start.
    max_upload, max_cells : bytes of one upload, and cells of the table read from it.
    max_seconds : longest time that a question may take.
    n_workers : questions answered at once.
    """

    store: Path
    database: str = field(default="", repr=False)
    host: str = "127.0.0.1"
    port: int = 8765
    hosts: tuple[str, ...] = ()
    token: str = ""
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    max_upload: int = 200_000_000
    max_cells: int = 50_000_000
    max_seconds: float = 3600.0
    n_workers: int = 2

    @property
    def folder(self) -> Path:
        """The studio's own folder: uploads and answers."""
        return self.store / "studio"

    @property
    def tables(self) -> str:
        """The place of the store that holds the tables."""
        return self.database or str(self.store.absolute())

    @property
    def known_hosts(self) -> frozenset[str]:
        """Names that the Host header of a request may have, without the port."""
        bound = LOOPBACK if self.host in LOOPBACK else (*LOOPBACK, self.host)
        return frozenset(name.lower() for name in (*bound, *self.hosts))

    @property
    def url(self) -> str:
        """Where the studio is opened."""
        named = next(iter(self.hosts), self.host) if self.host in ("0.0.0.0", "::") else self.host
        host = f"[{named}]" if ":" in named else named
        return f"http://{host}:{self.port}/" + (f"?token={self.token}" if self.token else "")
