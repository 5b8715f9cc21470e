"""The command line: parse, call the library, print its report."""

from __future__ import annotations

from isoperf.cli.root import app, main

__all__ = ["app", "main"]
