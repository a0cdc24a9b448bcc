"""Calls as any program may make them, byte for byte what it says."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.support.running_daemon import Running


class Unix(http.client.HTTPConnection):
    """HTTP over the Unix socket at `path`."""

    def __init__(self, path: str) -> None:
        super().__init__("bookhunt")
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(20)
        self.sock.connect(self._path)


def raw(
    running: Running,
    method: str,
    path: str,
    *,
    body: Any = None,
    headers: Mapping[str, str] | None = None,
) -> tuple[int, http.client.HTTPMessage, Any]:
    """One call: status, headers, JSON."""
    connection = Unix(str(running.home.socket_file))
    try:
        chunked = (headers or {}).get("Transfer-Encoding") == "chunked"
        # A body that is refused is answered before it is whole, and the answer is there to read.
        with contextlib.suppress(BrokenPipeError):
            connection.request(
                method, path, body=body, headers=dict(headers or {}), encode_chunked=chunked
            )
        answer = connection.getresponse()
        return answer.status, answer.headers, json.loads(answer.read())
    finally:
        connection.close()


def posted(
    running: Running, body: Any, *, key: str | None = "k-1"
) -> tuple[int, http.client.HTTPMessage, Any]:
    """Submit a purchase."""
    headers = {"Content-Type": "application/json"}
    if key is not None:
        headers["Idempotency-Key"] = key
    return raw(
        running, "POST", "/purchase-request", body=json.dumps(body).encode(), headers=headers
    )
