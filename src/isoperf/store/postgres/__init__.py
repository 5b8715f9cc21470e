"""A store in a PostgreSQL database, for teams: the entries, and the bytes of their files in pieces."""

from __future__ import annotations

from isoperf.store.postgres.backend import PostgresBackend

__all__ = ["PostgresBackend"]
