"""Isoperf: from measured runs to laws with honest uncertainty, and from laws to decisions."""

from __future__ import annotations

import importlib
import os


def _read_homes() -> dict[str, tuple[str, str]]:
    """Return each public name with its module and what it is called there, from the lines of the stub."""
    stub = __spec__.loader.get_data(f"{__path__[0]}{os.sep}__init__.pyi").decode()  # works from a zip file too
    homes = {}
    for line in stub.splitlines():
        match line.split():
            case ["from", module, "import", there, "as", name]:
                homes[name] = (module, there)
    return homes


_HOMES = _read_homes()
__all__ = sorted(_HOMES)


def __getattr__(name: str) -> object:
    """Import a name when it is first used, so that ``import isoperf`` stays light."""
    if name not in _HOMES:
        raise AttributeError(f"module 'isoperf' has no attribute {name!r}")
    module, there = _HOMES[name]
    if module == "isoperf":
        return importlib.import_module(f"isoperf.{there}")
    return getattr(importlib.import_module(module), there)


def __dir__() -> list[str]:
    return __all__
