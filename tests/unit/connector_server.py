"""A small server on the loopback interface that answers as the OpenAI interfaces do, for clients that measure it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from threading import Thread
from typing import Any

MODEL = "org/model-a"
FIRST, BETWEEN = 0.02, 0.002
"""Seconds before the first token and between tokens."""
WORDS = tuple(f"w{k} " for k in range(8))
N_IN = 15
CHAT = {
    "prompt_tokens": 100, "completion_tokens": 50, "total_tokens": 150,
    "prompt_tokens_details": {"cached_tokens": 80}, "completion_tokens_details": {"reasoning_tokens": 40},
}  # fmt: skip
RESPONSE = {
    "input_tokens": 10, "output_tokens": 5, "total_tokens": 15,
    "input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 2},
}  # fmt: skip


@contextmanager
def serving(answers: int = 10**9) -> Iterator[str]:
    """Serve until the block ends; after so many streamed answers requests fail."""
    left = count()

    class Handler(_Handler):
        def fails(self) -> bool:
            return next(left) >= answers

    server = _Server(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


class _Server(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that hang up."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def fails(self) -> bool:
        raise NotImplementedError

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        self._json({"object": "list", "data": [{"id": MODEL, "object": "model", "created": 0, "owned_by": "test"}]})

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if asked.get("stream"):
            self._refuse() if self.fails() else self._stream()
        elif self.path.endswith("/responses"):
            self._json(_response())
        else:
            self._json(
                _completion("chat.completion", {"message": _said("".join(WORDS)), "finish_reason": "stop"}, CHAT)
            )

    def _json(self, content: Any, status: int = 200) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _refuse(self) -> None:
        self._json({"error": {"message": "too many"}}, 500)

    def _stream(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        usage = {"prompt_tokens": N_IN, "completion_tokens": len(WORDS), "total_tokens": N_IN + len(WORDS)}
        for place, word in enumerate(WORDS):
            time.sleep(BETWEEN if place else FIRST)
            self._event(json.dumps(_completion("chat.completion.chunk", {"delta": _said(word), "finish_reason": None})))
        last = _completion("chat.completion.chunk", {"delta": {}, "finish_reason": "stop"}, usage)
        self._event(json.dumps(last))
        self._event("[DONE]")
        self.close_connection = True

    def _event(self, text: str) -> None:
        self.wfile.write(f"data: {text}\n\n".encode())
        self.wfile.flush()


def _said(words: str) -> dict[str, str]:
    return {"role": "assistant", "content": words}


def _completion(kind: str, choice: dict[str, Any], usage: Any = None) -> dict[str, Any]:
    about = {"id": "chatcmpl-1", "object": kind, "created": 1_700_000_000, "model": MODEL}
    return {**about, "choices": [{"index": 0, **choice}], "usage": usage}


def _response() -> dict[str, Any]:
    part = {"type": "output_text", "text": "w0", "annotations": []}
    message = {"type": "message", "id": "msg_1", "status": "completed", "role": "assistant", "content": [part]}
    about = {"id": "resp_1", "object": "response", "created_at": 1_700_000_001, "model": MODEL, "status": "completed"}
    tools = {"parallel_tool_calls": True, "tool_choice": "auto", "tools": []}
    return {**about, **tools, "output": [message], "usage": RESPONSE}
