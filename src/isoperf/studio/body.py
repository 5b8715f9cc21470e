"""The body of a request, read with a limit to its length and an end to its patience."""

from __future__ import annotations

from dataclasses import dataclass

import anyio
from python_multipart.multipart import parse_options_header
from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope

from isoperf.studio.refusal import Refusal

__all__ = ["FORM", "Body", "Patience"]

FORM = 1_000_000
"""Bytes of a request that carries no file."""
_SLACK = 65_536  # what a form puts around a file
_MULTIPART = "multipart/form-data"
_TAIL = 1024
_CLOSE = {"Connection": "close"}


@dataclass(frozen=True)
class Patience:
    """How slowly a body may come.

    Attributes
    ----------
    idle : seconds without a byte; grace : seconds that any body may take.
    rate : bytes per second that it must come with besides.
    """

    idle: float = 20.0
    grace: float = 30.0
    rate: float = 20_000.0


class Body:
    """Stands in for ``receive``: counts and times what comes, and raises `Refusal`.

    Parameters
    ----------
    max_upload : bytes of a file; the limit of requests that carry none is ``FORM``.
    """

    def __init__(self, scope: Scope, receive: Receive, max_upload: int, patience: Patience) -> None:
        headers = Headers(scope=scope)
        self.kind = headers.get("content-type", "").partition(";")[0].strip().lower()
        self._closing = _closing_of(headers.get("content-type", "")) if self.kind == _MULTIPART else b""
        self._tail = b""
        self.limit = max_upload + _SLACK if self.kind == _MULTIPART else FORM
        self._receive = receive
        self._patience = patience
        self._lengths = headers.getlist("content-length")
        self._n_bytes = 0
        self._begun: float | None = None
        self._ended = False
        self._replayed: list[Message] = []

    def check_length(self) -> None:
        """Refuse by what the header says, before anything is read."""
        if not self._lengths:
            return
        if len(self._lengths) > 1 or not (self._lengths[0].isascii() and self._lengths[0].isdigit()):
            raise Refusal(400, f"Content-Length must be one count of bytes; it is {self._lengths}.", _CLOSE)
        if len(self._lengths[0]) > 18 or int(self._lengths[0]) > self.limit:
            raise self._too_long(self._lengths[0])

    async def __call__(self) -> Message:
        """Return the next part."""
        if self._replayed:
            return self._replayed.pop()
        if self._ended:
            return await self._receive()
        message = await self._timed()
        self._n_bytes += len(message.get("body", b""))
        if self._n_bytes > self.limit:
            raise self._too_long(f"more than {self.limit}")
        self._tail = (self._tail + message.get("body", b""))[-_TAIL:]
        self._ended = message["type"] != "http.request" or not message.get("more_body", False)
        if self._ended and message["type"] == "http.request" and self._closing not in self._tail:
            raise Refusal(400, f"The form was cut off after {self._n_bytes} bytes. Send it again.", _CLOSE)
        return message

    async def whole(self) -> bytes:
        """Read everything, and keep it for whoever reads next."""
        parts = []
        while not self._ended:
            message = await self()
            if message["type"] != "http.request":
                self._replayed = [message]
                return b""
            parts.append(message.get("body", b""))
        read = b"".join(parts)
        self._replayed = [{"type": "http.request", "body": read, "more_body": False}]
        return read

    async def _timed(self) -> Message:
        now = anyio.current_time()
        self._begun = now if self._begun is None else self._begun
        left = self._begun + self._patience.grace + self._n_bytes / self._patience.rate - now
        try:
            with anyio.fail_after(max(0.0, min(left, self._patience.idle))):
                return await self._receive()
        except TimeoutError:
            raise Refusal(
                408,
                f"The request stopped coming after {self._n_bytes} bytes, or came too slowly. Send it again.",
                _CLOSE,
            ) from None

    def _too_long(self, found: str) -> Refusal:
        return Refusal(
            413,
            f"The request has {found} bytes; {self.limit} are taken here. Send a smaller table, such as a Parquet file "
            "or fewer rows, or read it with the library.",
            _CLOSE,
        )


def _closing_of(kind: str) -> bytes:
    """Return what ends a form with a file: readers of forms take one that was cut off for a shorter one."""
    _, options = parse_options_header(kind)
    boundary = options.get(b"boundary", b"")
    return b"--" + boundary + b"--" if boundary else b""
