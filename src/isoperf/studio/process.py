"""The server's hold on one worker process: what it says, and how it is ended with all its children."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

__all__ = ["WorkerProcess"]

_GRACE = 0.5  # seconds between asking a process to end and ending it
_TAIL = 4000  # characters kept of what a process wrote before it died
_FOLDERS = ("ISOPERF_DATA", "ISOPERF_CACHE")  # variables that may be relative to the server's folder


class WorkerProcess:
    """A worker in a session of its own, so that its children end with it."""

    def __init__(self, store: str, folder: Path, max_memory: int) -> None:
        """Start it.

        Parameters
        ----------
        store : the place of the project's store. folder : where it works; no table may be mistaken for a file there.
        max_memory : bytes; 0 for no limit.

        Raises
        ------
        OSError : the system starts no further process.
        """
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the process
        self.channel, theirs = Pipe()
        try:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-P", "-X", "faulthandler", "-m", "isoperf.studio.worker"),
                    *(str(theirs.fileno()), str(max_memory)),
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._errors,
                cwd=folder,
                env=_environment(store),
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        except OSError:
            self.channel.close()
            self._errors.close()
            raise
        finally:
            theirs.close()
        self.pid = self._process.pid
        self.gone = False
        self._kill_at: float | None = None

    def send(self, **message: Any) -> bool:
        """Tell it something; False when it is gone."""
        try:
            self.channel.send_bytes(json.dumps(message).encode())
        except OSError:
            return False
        return True

    def messages(self) -> list[dict[str, Any]]:
        """Return what it has said since; sets ``gone`` when it will say no more."""
        said: list[dict[str, Any]] = []
        try:
            while self.channel.poll():
                said.append(json.loads(self.channel.recv_bytes()))
        except (EOFError, OSError):
            self.gone = True
        return said

    def end(self) -> None:
        """Ask it and its children to end; `ended` sees to it that they do."""
        if self._kill_at is None:
            self._kill_at = time.monotonic() + _GRACE
            self._signal(signal.SIGTERM)

    def ended(self) -> bool:
        """Whether it and its children are no more; to be asked again, once it is gone or was asked to end."""
        if self._process.returncode is not None:
            return True
        self.messages()
        late = self._kill_at is not None and time.monotonic() >= self._kill_at
        if not self.gone and not late:
            return False
        # Its children first, and itself last: until it is waited for, its number can be nobody else's.
        self._signal(signal.SIGKILL)
        if self._process.poll() is None:
            return False
        self.channel.close()
        return True

    def last_words(self) -> str:
        """Return the end of what it wrote on standard error."""
        self._errors.seek(max(0, self._errors.seek(0, os.SEEK_END) - _TAIL))
        return self._errors.read().decode("utf-8", errors="replace")

    def how(self) -> str:
        """Say how it ended."""
        code = self._process.returncode
        if code is not None and code < 0:
            with suppress(ValueError):
                return f"by {signal.Signals(-code).name}"
        return f"with code {code}"

    def close(self) -> None:
        """Give back what the server held of it."""
        self._errors.close()

    def _signal(self, number: int) -> None:
        """Send a signal to the process and its children."""
        if self._process.returncode is not None:
            return
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)


def _environment(store: str) -> dict[str, str]:
    """Return this process's variables, with threads few, paths whole and the store named."""
    variables = {**os.environ, "ISOPERF_STORE": store, "OPENBLAS_NUM_THREADS": "1"}
    variables["PYTHONPATH"] = os.pathsep.join(os.path.abspath(path) for path in sys.path if path)
    for name in _FOLDERS:
        if variables.get(name):
            variables[name] = os.path.abspath(variables[name])
    return variables
