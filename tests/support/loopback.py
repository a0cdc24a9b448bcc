"""A server on loopback that answers as a test tells it, byte for byte, and counts what it met."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import struct
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator


@dataclass(slots=True)
class Arrived:
    """One request as it was read; `raw` is every byte of it."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    raw: bytes
    connection: int

    def json(self) -> Any:
        return json.loads(self.body)


Play: TypeAlias = Callable[["Visit"], Awaitable[None]]


@dataclass(slots=True)
class Visit:
    """One request and the connection it came by."""

    request: Arrived
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    def write(self, data: bytes) -> None:
        self.writer.write(data)

    def reset(self) -> None:
        """Close with an RST: what was not read by the peer is lost."""
        linger = struct.pack("ii", 1, 0)
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.writer.transport.abort()


def answer(
    body: Any = b"", *, status: int = 200, headers: tuple[tuple[str, str], ...] = ()
) -> bytes:
    """The bytes of an answer; anything but bytes and text is sent as JSON."""
    if isinstance(body, str):
        body = body.encode()
    elif not isinstance(body, bytes):
        body = json.dumps(body).encode()
    lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body


def gzipped(body: bytes) -> bytes:
    return answer(gzip.compress(body, 9), headers=(("Content-Encoding", "gzip"),))


def say(body: Any = b"", *, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> Play:
    """Answer with this."""

    async def play(visit: Visit) -> None:
        visit.write(answer(body, status=status, headers=headers))

    return play


def say_raw(data: bytes, *, close: bool = False) -> Play:
    """Write these bytes, whatever they are."""

    async def play(visit: Visit) -> None:
        visit.write(data)
        if close:
            visit.writer.close()

    return play


async def hang(visit: Visit) -> None:
    """Never answer; wait until the client is gone."""
    while await visit.reader.read(4096):
        pass


async def reset(visit: Visit) -> None:
    """Read the request, then reset the connection."""
    visit.reset()


@dataclass(slots=True)
class Loopback:
    """The server: what is scripted is played in order, then `otherwise`."""

    otherwise: Play | None = None
    scripts: deque[Play] = field(default_factory=deque)
    arrived: list[Arrived] = field(default_factory=list)
    connections: int = 0
    closed: int = 0
    port: int = 0
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def plays(self, *scripts: Play) -> Loopback:
        self.scripts.extend(scripts)
        return self

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until this server has met what the condition says."""
        while not condition():
            self._changed.clear()
            await self._changed.wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        number = self.connections
        self._changed.set()
        try:
            while (request := await _read(reader, number)) is not None:
                self.arrived.append(request)
                self._changed.set()
                play = self.scripts.popleft() if self.scripts else self.otherwise or say()
                await play(Visit(request, reader, writer))
                if writer.is_closing():
                    break
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.closed += 1
            self._changed.set()
            writer.close()
            with suppress(OSError):  # TLS that was broken off says so once more
                await writer.wait_closed()


async def _read(reader: asyncio.StreamReader, connection: int) -> Arrived | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers = {
        name.lower(): value.strip()
        for name, _, value in (line.partition(":") for line in lines if line)
    }
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Arrived(method, target, headers, body, head + body, connection)


@asynccontextmanager
async def loopback(
    *scripts: Play, otherwise: Play | None = None, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Loopback]:
    """A server for the length of a test."""
    running = Loopback(otherwise=otherwise, scripts=deque(scripts))
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with suppress(asyncio.CancelledError):
            await running._serve(reader, writer)
        tasks.discard(task)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    running.port = server.sockets[0].getsockname()[1]
    try:
        yield running
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def unused_port() -> int:
    """A port of loopback where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
