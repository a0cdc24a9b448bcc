"""A handler of the standard library behind a port of loopback, in a thread of its own.

For stories, whose clients are other processes; `loopback` is for tests that run an event loop.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Door(BaseHTTPRequestHandler):
    """Answers with whole bodies, and says nothing of what comes."""

    def say(self, status: int, body: bytes = b"{}", *, retry_after_s: int | None = None) -> None:
        self.send_response(status)
        if retry_after_s is not None:
            self.send_header("Retry-After", str(retry_after_s))
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return


@contextmanager
def served(door: type[Door]) -> Iterator[str]:
    """The address at which this door is open."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), door)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
