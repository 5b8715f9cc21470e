"""Writing an answer's parts into its folder, in the process that computed it."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from isoperf.capability import Result
from isoperf.report.controls import Adjustable, Control
from isoperf.report.html import parts_of
from isoperf.report.plain import plain_result
from isoperf.report.save import write_whole

__all__ = ["controls_of", "keep"]


def keep(folder: Path, result: Result) -> dict[str, Any]:
    """Write what the studio shows of a result, and return what its state should say.

    Raises
    ------
    OutputError : a part cannot be written.
    """
    report = result.report()
    parts, controls = parts_of(report), controls_of(result)
    write_whole(folder / "main.html", parts.main)
    write_whole(folder / "contents.html", parts.contents)
    write_whole(folder / "report.json", report.json())
    write_whole(folder / "result.json", json.dumps(plain_result(result.as_dict()), allow_nan=False) + "\n")
    if controls:
        write_whole(folder / "controls.json", json.dumps([asdict(one) for one in controls], allow_nan=False) + "\n")
    return {
        "title": parts.title,
        "ok": bool(getattr(result, "ok", True)),
        "has_figures": parts.has_figures,
        "has_controls": bool(controls),
    }


def controls_of(result: Result) -> tuple[Control, ...]:
    """Return what can be moved in a result; nothing for most."""
    return tuple(result.controls()) if isinstance(result, Adjustable) else ()
