"""Limits that a process sets for itself before it opens what came from elsewhere."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["limited"]


def limited(seconds: float, n_bytes: int) -> tuple[str, ...]:
    """Limit the rest of this process; there is no way back, so that it is for a worker alone.

    Beyond the memory, Python raises ``MemoryError`` while compiled code ends the process (SIGABRT);
    beyond the time the process ends (SIGXCPU). Whoever started it takes either for a refusal.

    Parameters
    ----------
    seconds : of computing, from now on, on each core. A process that sleeps is for its parent to end.
    n_bytes : of memory, beyond what the process has already. Import the large libraries first.

    Returns
    -------
    What could be limited, of ``memory``, ``time`` and ``core``; nothing on Windows.
    """
    try:
        import resource
    except ImportError:
        return ()
    used = resource.getrusage(resource.RUSAGE_SELF)
    budget = int(used.ru_utime + used.ru_stime + seconds * (os.cpu_count() or 1)) + 1
    data = _data_bytes()
    # RLIMIT_AS counts room that threads reserve and never use; RLIMIT_DATA does not, on Linux.
    memory = resource.RLIMIT_AS if data is None else resource.RLIMIT_DATA
    wanted = {
        "memory": (memory, n_bytes + (data or 0)),
        "time": (resource.RLIMIT_CPU, budget),
        "core": (resource.RLIMIT_CORE, 0),
    }
    return tuple(name for name, (kind, limit) in wanted.items() if _set(kind, limit))


def _set(kind: int, limit: int) -> bool:
    import resource

    _, hard = resource.getrlimit(kind)
    limit = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
    try:
        resource.setrlimit(kind, (limit, limit))
    except (ValueError, OSError):
        return False
    return True


def _data_bytes() -> int | None:
    """Return the bytes of data that this process has, where Linux tells."""
    try:
        lines = Path("/proc/self/status").read_text("ascii", "replace").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmData:")), None)
