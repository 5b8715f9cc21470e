"""What the figures were measured on: the class of machine, versions, and the date."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

__all__ = ["describe", "sentence"]


def describe() -> dict[str, Any]:
    """Return the facts as plain values."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "cores": os.cpu_count(),
        "processor": _processor(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "load_at_start": round(os.getloadavg()[0], 1),
        "system": platform.system(),
        "python": platform.python_version(),
        "numpy": version("numpy"),
        "scipy": version("scipy"),
    }


def _processor() -> str:
    """Return the processor's family name; ``/proc`` exists on Linux only."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def sentence(about: dict[str, Any]) -> str:
    """Return the facts as a sentence for the page."""
    return (
        f"Measured on {about['date']} with {about['cores']} cores ({about['processor']}), "
        f"{about['memory_gib']} GiB, {about['system']}, load {about['load_at_start']} at the start; "
        f"Python {about['python']}, NumPy {about['numpy']}, SciPy {about['scipy']}; one numerical thread."
    )
