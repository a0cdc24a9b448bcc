"""What bookhunt's seller calls are compared with: the same bytes over clients that do nothing else.

A `Raw` client is the limit: an `asyncio.Protocol` with httptools, the request's bytes made
beforehand, headers and body of the answer collected and not looked at. `Aiohttp` and `Httpx` are
the libraries as a program would use them.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

import aiohttp
import httptools
import httpx
from yarl import URL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from bookhunt.sellers.transport import WireRequest


class Client(Protocol):
    """Sends requests that are known by their number."""

    async def send(self, number: int) -> int:
        """Send one, read the whole answer; its status."""
        ...

    async def close(self) -> None: ...


def wire_bytes(request: WireRequest) -> bytes:
    """A request as it goes over the wire (HTTP/1.1)."""
    parts = urlsplit(request.url)
    target = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
    lines = [f"{request.method} {target} HTTP/1.1", f"Host: {parts.netloc}"]
    lines += [f"{name}: {value}" for name, value in request.headers]
    if request.body:
        lines.append(f"Content-Length: {len(request.body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + request.body


class _Connection(asyncio.Protocol):
    """One kept connection; one request at a time."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def ask(self, data: bytes) -> asyncio.Future[int]:
        self.answer = self._loop.create_future()
        self.headers: list[tuple[bytes, bytes]] = []
        self.body: list[bytes] = []
        self.parser = httptools.HttpResponseParser(self)
        self.transport.write(data)
        return self.answer

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name, value))

    def on_body(self, body: bytes) -> None:
        self.body.append(body)

    def on_message_complete(self) -> None:
        if not self.answer.done():
            self.answer.set_result(self.parser.get_status_code())

    def connection_lost(self, error: Exception | None) -> None:
        if not self.answer.done():
            self.answer.set_exception(error or ConnectionError("the connection was closed"))


class Raw:
    """The limit of what asyncio can do."""

    def __init__(self, requests: Iterable[WireRequest]) -> None:
        self._requests = [
            (wire_bytes(r), str(urlsplit(r.url).hostname), int(urlsplit(r.url).port or 80))
            for r in requests
        ]
        self._idle: dict[int, deque[_Connection]] = {}

    async def send(self, number: int) -> int:
        data, host, port = self._requests[number]
        idle = self._idle.setdefault(port, deque())
        if idle:
            connection = idle.pop()
        else:
            loop = asyncio.get_running_loop()
            _, connection = await loop.create_connection(_Connection, host, port)
        status = await connection.ask(data)
        idle.append(connection)
        return status

    async def close(self) -> None:
        for idle in self._idle.values():
            for connection in idle:
                connection.transport.close()


def not_read(_type: str, _body: bytes) -> None:
    """Make nothing of an answer."""


class Aiohttp:
    """One session, as its documentation shows it, without a limit of connections.

    `read` is given the content type and the body of each answer.
    """

    def __init__(
        self, requests: Iterable[WireRequest], read: Callable[[str, bytes], None] = not_read
    ) -> None:
        self._read = read
        self._requests = [
            (r.method, URL(r.url, encoded=True), dict(r.headers), r.body) for r in requests
        ]
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))

    async def send(self, number: int) -> int:
        method, url, headers, body = self._requests[number]
        async with self._session.request(
            method, url, headers=headers, data=body or None, allow_redirects=False
        ) as response:
            self._read(response.content_type, await response.read())
            return response.status

    async def close(self) -> None:
        await self._session.close()


class Httpx:
    """One client with its default pool; it may wait for a connection as long as it likes."""

    def __init__(
        self, requests: Iterable[WireRequest], read: Callable[[str, bytes], None] = not_read
    ) -> None:
        self._read = read
        self._requests = [(r.method, r.url, dict(r.headers), r.body) for r in requests]
        self._client = httpx.AsyncClient(timeout=None, trust_env=False)

    async def send(self, number: int) -> int:
        method, url, headers, body = self._requests[number]
        response = await self._client.request(method, url, headers=headers, content=body)
        self._read(response.headers.get("content-type", ""), response.content)
        return response.status_code

    async def close(self) -> None:
        await self._client.aclose()
