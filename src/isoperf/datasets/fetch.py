"""Find a table's raw file: with the package, in a mirror folder, in the cache, or by download."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from http.client import HTTPException, HTTPResponse
from pathlib import Path

from isoperf.datasets.registry import RawFile, TableInfo, info
from isoperf.errors import DataError, OutputError

__all__ = ["CACHE_VARIABLE", "MIRROR_VARIABLE", "Progress", "fetch", "path"]

MIRROR_VARIABLE = "ISOPERF_DATA"
CACHE_VARIABLE = "ISOPERF_CACHE"
Progress = Callable[[int, int], None]
_CHUNK = 1 << 16
_TIMEOUT = 30.0


def path(name: str) -> Path:
    """Return the raw file of a table if it is on this machine; never downloads.

    Raises
    ------
    DataError : the file is not here, or is not the recorded version.
    """
    return fetch(name, offline=True)


def fetch(name: str, *, offline: bool = False, progress: Progress | None = None) -> Path:
    """Return the raw file of a table, downloaded into the cache if need be.

    Looks in the package, in the mirror folder that the environment variable ``ISOPERF_DATA``
    names, in the cache (``ISOPERF_CACHE``, else ``~/.cache/isoperf``), then at the publisher.
    Every file from outside the package is checked against its recorded checksum.

    Parameters
    ----------
    offline : never use the network.
    progress : called with the bytes received and the bytes expected during a download.

    Raises
    ------
    OptionError : no table has that name.
    DataError : the file cannot be had, or is not the recorded version.
    OutputError : the download cannot be stored.
    """
    table = info(name)
    raw = table.raw
    if raw.bundled:
        return Path(__file__).parent / raw.path
    mirrored = _mirrored(raw)
    if mirrored is not None:
        return mirrored
    cached = _cache_path(raw)
    if cached.is_file() and _digest(cached) == raw.sha256:
        return cached
    if not raw.url or offline:
        raise DataError(_not_here(table))
    return _download(table, cached, progress)


def _mirrored(raw: RawFile) -> Path | None:
    """Return the mirror's file if it has one, refusing any but the recorded version."""
    folder = os.environ.get(MIRROR_VARIABLE)
    file = Path(folder) / raw.path if folder else None
    if file is None or not file.is_file():
        return None
    found = _digest(file)
    if found != raw.sha256:
        raise DataError(
            f"{file} has sha256 {found}, but {raw.sha256} is recorded for this table. Restore the "
            f"recorded version, or unset {MIRROR_VARIABLE} to pass this mirror by."
        )
    return file


def _cache_path(raw: RawFile) -> Path:
    root = os.environ.get(CACHE_VARIABLE)
    folder = Path(root) if root else Path.home() / ".cache" / "isoperf"
    return folder / "datasets" / f"{raw.sha256[:12]}-{Path(raw.path).name}"


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _not_here(table: TableInfo) -> str:
    raw = table.raw
    folder = os.environ.get(MIRROR_VARIABLE)
    mirror = f"the mirror {folder} lacks {raw.path}" if folder else f"{MIRROR_VARIABLE} is not set"
    remedy = f"set {MIRROR_VARIABLE} to a folder that holds {raw.path}"
    if raw.url:
        return (
            f"table {table.name!r} is not on this machine ({mirror}) and may not be downloaded offline. "
            f"Call fetch or load without offline=True, or {remedy}."
        )
    return (
        f"table {table.name!r} cannot be downloaded: {table.source} publishes it in another form than "
        f"the file Isoperf reads, and {mirror}. To load it, {remedy}; a table of your own loads with "
        f"isoperf.readers.load."
    )


def _download(table: TableInfo, target: Path, progress: Progress | None) -> Path:
    """Download into the cache in one atomic step, or leave nothing behind."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, scratch = tempfile.mkstemp(dir=target.parent, prefix=".part-")
        try:
            with os.fdopen(handle, "wb") as out:
                for chunk in _verified(table, progress):
                    out.write(chunk)
            os.replace(scratch, target)
        finally:
            Path(scratch).unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(
            f"table {table.name!r} could not be stored at {target}: {error}. Free or unlock that folder, "
            f"or set {CACHE_VARIABLE} to one that can be written."
        ) from error
    return target


def _verified(table: TableInfo, progress: Progress | None) -> Iterator[bytes]:
    """Yield the published bytes, then raise unless they were the recorded ones."""
    raw, digest, received = table.raw, hashlib.sha256(), 0
    for chunk in _received(table):
        digest.update(chunk)
        received += len(chunk)
        if received > raw.n_bytes:
            break
        yield chunk
        if progress is not None:
            progress(received, raw.n_bytes)
    if digest.hexdigest() != raw.sha256:
        size = f"more than {raw.n_bytes}" if received > raw.n_bytes else str(received)
        raise DataError(
            f"{raw.url} sent {size} bytes with sha256 {digest.hexdigest()}; {raw.n_bytes} bytes with "
            f"{raw.sha256} were expected. The download broke off or the publisher's file has changed: "
            f"try again, or set {MIRROR_VARIABLE} to a folder that holds {raw.path} as recorded."
        )


def _received(table: TableInfo) -> Iterator[bytes]:
    """Yield what the publisher sends; failures of the network become ``DataError``."""
    import urllib.request

    url = table.raw.url
    request = urllib.request.Request(url, headers={"User-Agent": "isoperf"})
    try:
        response: HTTPResponse
        with urllib.request.urlopen(request, timeout=_TIMEOUT) as response:
            while chunk := response.read(_CHUNK):
                yield chunk
    except (OSError, HTTPException) as error:
        raise DataError(
            f"table {table.name!r} could not be downloaded from {url}: {error}. Check the network, or set "
            f"{MIRROR_VARIABLE} to a folder that holds {table.raw.path}."
        ) from error
