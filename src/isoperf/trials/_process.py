"""One process, contained: timed, its output drained and cut short, its children ended with it."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import socket
import subprocess
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from isoperf.trials._ownership import is_gone, owner

__all__ = ["Ended", "Running", "end_orphans", "run_contained"]

MARK = "ISOPERF_TRIAL"
GRACE = 2.0  # seconds between asking a process to end and ending it
LONGEST_LINE = 1 << 16
TAIL_LINES = 20
KEPT_OUTPUT = 1 << 20
POLL = 0.005


@dataclass(frozen=True)
class Ended:
    """How a process ended: ``why`` is empty when it left by itself.

    ``output`` is the end of its standard output, ``tail`` the last lines of all it wrote.
    """

    code: int
    seconds: float
    peak_bytes: float | None
    output: str
    tail: str
    why: str = ""


class Running:
    """The processes under way, so that all can be ended at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now: dict[int, str] = {}
        self.ended = False

    def __reduce__(self) -> tuple[type[Running], tuple[()]]:
        """In another process nothing is under way yet."""
        return Running, ()

    def add(self, pid: int, mark: str) -> None:
        """Remember a process."""
        with self._lock:
            self._now[pid] = mark

    def remove(self, pid: int) -> None:
        """Forget it."""
        with self._lock:
            self._now.pop(pid, None)

    def end(self) -> None:
        """End every one with its children."""
        self.ended = True
        with self._lock:
            now = dict(self._now)
        for pid, mark in now.items():
            _end_group(pid, mark)


def run_contained(
    args: Sequence[str],
    *,
    running: Running,
    timeout: float | None = None,
    most_output: int = 100_000_000,
    folder: str | Path | None = None,
    on_line: Callable[[str], bool] | None = None,
) -> Ended:
    """Run a command to its end, or to the limit that it first meets.

    Parameters
    ----------
    timeout : seconds on the clock. most_output : bytes on both streams together.
    on_line : sees every line of standard output; True ends the process.

    Raises
    ------
    OSError : the program cannot be started.
    """
    us = owner()
    mark = f"{us['pid']}.{us['since']}.{uuid.uuid4().hex}"
    begun = time.perf_counter()
    process = subprocess.Popen(
        list(args),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=folder,
        env={**os.environ, MARK: mark},
        start_new_session=True,
    )
    running.add(process.pid, mark)
    try:
        watch = _Watch(process, begun, timeout, most_output, on_line)
        watch.until_end()
    finally:
        _end_group(process.pid, mark)
        if process.returncode is None:
            _reap(process, block=True)
        running.remove(process.pid)
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()
    why = "ended from outside" if running.ended and not watch.why else watch.why
    return Ended(process.returncode or 0, watch.seconds, watch.peak(), watch.output(), "\n".join(watch.tail), why)


class _Watch:
    """Drains both streams, keeps their ends, and minds the limits."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        begun: float,
        timeout: float | None,
        most_output: int,
        on_line: Callable[[str], bool] | None,
    ) -> None:
        self.process, self.begun, self.timeout = process, begun, timeout
        self.most_output, self.on_line = most_output, on_line
        self.tail: deque[str] = deque(maxlen=TAIL_LINES)
        self.why, self.seconds = "", 0.0
        self._kept: deque[bytes] = deque()
        self._n_kept = self._n_read = 0
        self._begun_lines: dict[int, bytes] = {}
        self._floor = _peak_of("self")
        self._seen = _peak_of(str(process.pid))
        self._exact: float | None = None

    def until_end(self) -> None:
        """Return when the process has ended and its streams are empty, or a limit is met."""
        with selectors.DefaultSelector() as ready:
            for stream in (self.process.stdout, self.process.stderr):
                if stream is not None:
                    os.set_blocking(stream.fileno(), False)
                    ready.register(stream, selectors.EVENT_READ)
            with _ending(self.process.pid) as end:
                if end is not None:
                    ready.register(end, selectors.EVENT_READ)
                self._attend(ready, end)
        self.seconds = self.seconds or time.perf_counter() - self.begun
        for number, left in self._begun_lines.items():
            if left:
                self._line(left, number)

    def _attend(self, ready: selectors.BaseSelector, end: int | None) -> None:
        while not self.why:
            for key, _ in ready.select(POLL):
                if key.fileobj != end and not self._read(key.fileobj):  # type: ignore[arg-type]
                    ready.unregister(key.fileobj)
            self._seen = max(self._seen, _peak_of(str(self.process.pid)))
            usage = _reap(self.process)
            if self.process.returncode is not None:
                self.seconds = time.perf_counter() - self.begun
                self._exact = usage
                if end is not None:
                    ready.unregister(end)
                self._drain(ready)
                break
            self._mind_time()

    def _drain(self, ready: selectors.BaseSelector) -> None:
        """Read what is left in the pipes; children that keep them open are not waited for."""
        for key in list(ready.get_map().values()):
            while self._read(key.fileobj, once=True):  # type: ignore[arg-type]
                pass

    def _read(self, stream: IO[bytes], once: bool = False) -> bool:
        """Read a piece; False at the end, or with ``once`` when there is nothing now."""
        try:
            piece = os.read(stream.fileno(), LONGEST_LINE)
        except BlockingIOError:
            return not once
        if not piece:
            return False
        self._n_read += len(piece)
        is_output = stream is self.process.stdout
        if is_output:
            self._kept.append(piece)
            self._n_kept += len(piece)
            while self._n_kept - len(self._kept[0]) > KEPT_OUTPUT:
                self._n_kept -= len(self._kept.popleft())
        number = stream.fileno()
        *lines, rest = (self._begun_lines.get(number, b"") + piece).split(b"\n")
        for line in lines:
            self._line(line, number)
        self._begun_lines[number] = rest[-LONGEST_LINE:]
        if self._n_read > self.most_output and not self.why:
            self.why = f"wrote more than {self.most_output / 1e6:g} MB"
        return not self.why

    def _line(self, line: bytes, number: int) -> None:
        text = line[:LONGEST_LINE].decode("utf-8", errors="replace").rstrip("\r")
        self.tail.append(text[:500])
        is_output = self.process.stdout is not None and number == self.process.stdout.fileno()
        if is_output and self.on_line is not None and self.on_line(text) and not self.why:
            self.why = "stopped"

    def _mind_time(self) -> None:
        if self.timeout is not None and time.perf_counter() - self.begun > self.timeout:
            self.why = f"took longer than {self.timeout:g} s"

    def output(self) -> str:
        """The end of standard output."""
        return b"".join(self._kept).decode("utf-8", errors="replace")

    def peak(self) -> float | None:
        """Largest resident memory of any one process, bytes.

        The system's own figure counts from the size of the process that started it; where it shows
        no more than that, the largest value seen on the way is taken.
        """
        if self._exact is not None and self._exact > 1.05 * self._floor:
            return self._exact
        return self._seen or None


@contextlib.contextmanager
def _ending(pid: int) -> Iterator[int | None]:
    """A descriptor that is ready when a process ends; None where the system has none."""
    try:
        handle = os.pidfd_open(pid)
    except (AttributeError, OSError):
        yield None
        return
    try:
        yield handle
    finally:
        os.close(handle)


def _reap(process: subprocess.Popen[bytes], block: bool = False) -> float | None:
    """Take the exit code, and return the peak memory in bytes that the system counted."""
    if not hasattr(os, "wait4"):
        process.wait() if block else process.poll()
        return None
    try:
        pid, status, usage = os.wait4(process.pid, 0 if block else os.WNOHANG)
    except ChildProcessError:
        process.returncode = -1
        return None
    if pid == 0:
        return None
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_maxrss * (1.0 if os.uname().sysname == "Darwin" else 1024.0)


def _peak_of(pid: str) -> float:
    """Peak resident memory of a process so far, bytes; 0 where the system does not say."""
    try:
        text = Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return 0.0
    return next((1024.0 * float(row.split()[1]) for row in text.splitlines() if row.startswith("VmHWM:")), 0.0)


def _end_group(pid: int, mark: str) -> None:
    """End a process, its group, and children that left the group."""
    if not _signal_group(pid, signal.SIGTERM) and not _marked(mark):
        return
    until = time.monotonic() + GRACE
    while time.monotonic() < until and _signal_group(pid, 0):
        if _only_zombie(pid):
            break
        time.sleep(0.01)
    _signal_group(pid, signal.SIGKILL)
    for other in _marked(mark):
        with contextlib.suppress(OSError):
            os.kill(other, signal.SIGKILL)


def _signal_group(pid: int, what: int) -> bool:
    try:
        os.killpg(pid, what)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _only_zombie(pid: int) -> bool:
    """Whether all that is left of a group is its ended leader."""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == pid and fields[0] != "Z":
            return False
    return True


def end_orphans() -> int:
    """End commands that a killed process of ours left running; return how many those were."""
    n_ended = 0
    for pid, mark in _marks():
        begun_by, since, *_ = mark.split(".")
        known = begun_by.isdigit() and since.isdigit()
        if known and is_gone({"host": socket.gethostname(), "pid": int(begun_by), "since": int(since)}):
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
                n_ended += 1
    return n_ended


def _marked(mark: str) -> list[int]:
    """Processes that carry a trial's mark in their environment, wherever they went."""
    return [pid for pid, found in _marks() if found == mark]


def _marks() -> Iterator[tuple[int, str]]:
    """Every process that carries a mark, with it."""
    wanted = f"{MARK}=".encode()
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            told = (entry / "environ").read_bytes()
        except OSError:
            continue
        for part in told.split(b"\0") if wanted in told else ():
            if part.startswith(wanted):
                yield int(entry.name), part.removeprefix(wanted).decode(errors="replace")
