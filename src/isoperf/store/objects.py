"""Files of content, each named by the SHA-256 of its bytes: written aside, made durable, then put in place."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from isoperf.errors import DataError, OutputError
from isoperf.store.entry import Part

__all__ = ["Draft", "Objects", "durable"]

ABANDONED = 60.0  # seconds after which an unfinished file without a living writer is swept away
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class Draft:
    """Finished files that no entry names yet, kept from being swept away while their writer lives."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.parts: list[Part] = []
        self._waiting: dict[str, Path] = {}

    def write(self, suffix: str, fill: Callable[[Path], object], n_rows: int = 0) -> None:
        """Write one file with ``fill``, and flush it to the disk."""
        handle, name = tempfile.mkstemp(dir=self.folder, suffix=suffix)
        os.close(handle)
        path = Path(name)
        with written(path.parent.parent):
            fill(path)
            digest = durable(path)
        part = Part(f"{digest}{suffix}", path.stat().st_size, n_rows)
        self.parts.append(part)
        self._waiting[part.file] = path

    def forget(self) -> None:
        """Give up the files written so far."""
        for path in self._waiting.values():
            path.unlink(missing_ok=True)
        self._waiting.clear()
        self.parts.clear()

    def waiting(self) -> list[tuple[Part, Path]]:
        """Return each file once with where it lies, in an order that is the same for every writer."""
        parts = {part.file: part for part in self.parts}
        return [(parts[file], self._waiting[file]) for file in sorted(self._waiting)]

    def publish(self, objects: Path) -> None:
        """Put every file in its place; in a store's own folder, the caller is its only writer meanwhile."""
        with written(objects.parent):
            for file, path in self._waiting.items():
                os.replace(path, objects / file)
            _flush_folder(objects)


class Objects:
    """The folder of content files of one store."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "objects"
        self.drafts = folder / "drafts"

    def create(self) -> None:
        """Make the folders."""
        with written(self.folder.parent):
            for folder in (self.folder, self.drafts):
                folder.mkdir(parents=True, exist_ok=True)
                _flush_folder(folder.parent)

    @contextmanager
    def drafting(self) -> Iterator[Draft]:
        """Give a folder to write files in; it goes away at the end, published or not."""
        with written(self.folder.parent):
            self.drafts.mkdir(exist_ok=True)
            folder = Path(tempfile.mkdtemp(dir=self.drafts))
        lock = _locked(folder)
        try:
            yield Draft(folder)
        finally:
            _clear(folder)
            if lock is not None:
                os.close(lock)

    def path(self, part: Part) -> Path:
        """Return a file's place.

        Raises
        ------
        FileNotFoundError : the file is gone, as when another process has just replaced the entry.
        DataError : the file has another size than it was stored with.
        """
        path = self.folder / part.file
        size = path.stat().st_size
        if size != part.n_bytes:
            raise DataError(
                f"{path} has {size} bytes; {part.n_bytes} were stored. It was changed from outside: "
                "restore it from a copy, or add its content again."
            )
        return path

    def fault(self, part: Part) -> str:
        """Return what is wrong with a file, having read all of it; empty when nothing is."""
        try:
            path = self.path(part)
            return (
                "" if _digest(path) == part.file.partition(".")[0] else f"{path} was changed: its SHA-256 is another."
            )
        except FileNotFoundError:
            return f"{self.folder / part.file} is gone."
        except (DataError, OSError) as error:
            return str(error)

    def sweep(self, named: Iterable[str]) -> int:
        """Delete what nothing names, and return the bytes freed; the caller is the catalogue's only writer."""
        kept, freed = set(named), 0
        for path in self.folder.iterdir():
            if path.name not in kept:
                freed += path.stat().st_size
                path.unlink()
        return freed

    def sweep_drafts(self) -> None:
        """Delete what writers left that were killed."""
        now = time.time()
        for folder in self.drafts.glob("*"):
            with contextlib.suppress(OSError):
                old = now - folder.stat().st_mtime > ABANDONED
                if old and (lock := _locked(folder)) is not None:
                    _clear(folder)
                    os.close(lock)


@contextmanager
def written(store: Path) -> Iterator[None]:
    """Turn whatever goes wrong in writing into an OutputError."""
    try:
        yield
    except OutputError:
        raise
    except OSError as error:
        raise _refused(store, error.strerror or str(error), error.errno in _FULL) from error
    except Exception as error:
        # polars reports a full disk as an error of its own, with the system's words in it
        reason = str(error).partition("\n")[0]
        if type(error).__module__.startswith("polars") and "os error" in reason:
            raise _refused(store, reason, any(f"os error {code})" in reason for code in _FULL)) from error
        raise


def _refused(store: Path, reason: str, full: bool) -> OutputError:
    advice = "Free some space" if full else "Check the disk and the folder's permissions"
    return OutputError(
        f"the store {store} could not be written ({reason}); what it held is unchanged. {advice}, and try again."
    )


def durable(path: Path) -> str:
    """Flush a file to the disk and return the SHA-256 of its bytes."""
    handle = os.open(path, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    return _digest(path)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _flush_folder(folder: Path) -> None:
    """Make new names in a folder durable, where the system knows how."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _locked(folder: Path) -> int | None:
    """Hold a folder while this process lives; None when another holds it, or where the system has no such locks."""
    try:
        import fcntl
    except ImportError:
        return None
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        return None
    return handle


def _clear(folder: Path) -> None:
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
