"""Metrics for a scraper: a port on loopback that answers `GET /metrics`, and nothing else.

Whoever has an account on this machine can read it, and the page holds nothing of a customer. A page
in a browser of the same machine must not: a name of its own that leads here (DNS rebinding) is not
one of ours, so the `Host` has to be.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from bookhunt.daemon.metrics import CONTENT_TYPE, page_of

if TYPE_CHECKING:
    from bookhunt.daemon.daemon import Daemon

_log = logging.getLogger(__name__)

ADDRESS = "127.0.0.1"
TROUBLE = "metrics"
_WITHIN_S = 5.0
_LARGEST_HEAD = 8192
_MOST_AT_ONCE = 8
_OURS = frozenset({"127.0.0.1", "localhost"})


_NO_CALL = (
    *(OSError, TimeoutError, ValueError),
    *(asyncio.IncompleteReadError, asyncio.LimitOverrunError),
)


async def serve_metrics(daemon: Daemon) -> None:
    """Serve until cancelled, if a port is configured; a port that is taken is said, and no more."""
    port = daemon.config_file.config.telemetry.metrics_port
    if port is None:
        return
    room = asyncio.Semaphore(_MOST_AT_ONCE)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Nobody waits for long, and nobody is told why a call failed: there is nothing to talk of.
        try:
            async with asyncio.timeout(_WITHIN_S), room:
                writer.write(await _answer_to(daemon, await reader.readuntil(b"\r\n\r\n")))
                await writer.drain()
        except _NO_CALL:
            return
        finally:
            writer.close()

    try:
        server = await asyncio.start_server(answer, ADDRESS, port, limit=_LARGEST_HEAD)
    except OSError as error:
        daemon.trouble[TROUBLE] = f"port {port} cannot be used: {error.strerror}"
        _log.warning("the port of metrics cannot be used: %s", error)
        return
    async with server:
        await server.serve_forever()


async def _answer_to(daemon: Daemon, head: bytes) -> bytes:
    first, *rest = head.decode("latin-1").split("\r\n")
    method, path, *_ = [*first.split(" "), "", ""]
    headers = dict(line.lower().split(": ", 1) for line in rest if ": " in line)
    if headers.get("host", "").rpartition(":")[0] not in _OURS:
        return _whole("403 Forbidden", b"not by that name\n")
    if path.partition("?")[0] != "/metrics":
        return _whole("404 Not Found", b"/metrics\n")
    if method != "GET":
        return _whole("405 Method Not Allowed", b"GET\n")
    try:
        page = await page_of(daemon)
    except Exception:  # noqa: BLE001 - a bug here ends this call and nothing else
        _log.exception("metrics could not be put together")
        return _whole("500 Internal Server Error", b"")
    return _whole("200 OK", page)


def _whole(status: str, body: bytes) -> bytes:
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: {CONTENT_TYPE}\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body
