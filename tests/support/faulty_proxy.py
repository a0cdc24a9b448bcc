"""A TCP proxy that breaks connections in the ways networks do, byte for byte.

It stands between the program and one seller, knows nothing of HTTP but where a message ends, and
does its worst to messages of one path only: all others pass. The faults are those of Shopify's
toxiproxy, and some that it has not.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_LATER_S = 0.08
_MOST = 1 << 20


@dataclass(slots=True)
class Passage:
    """One message on its way through the proxy."""

    request: bytes
    writer: asyncio.StreamWriter  # to the program
    proxy: FaultyProxy

    async def forward(self) -> bytes:
        """Send it to the seller; the whole answer."""
        reader, writer = await asyncio.open_connection(*self.proxy.target)
        try:
            writer.write(self.request)
            return await read_message(reader)
        finally:
            writer.close()

    async def say(self, data: bytes) -> None:
        self.writer.write(data)
        with suppress(ConnectionError):
            await self.writer.drain()

    def reset(self) -> None:
        """End the connection with an RST."""
        linger = struct.pack("ii", 1, 0)
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.writer.transport.abort()


Fault: TypeAlias = Callable[[Passage], Awaitable[None]]


@dataclass(slots=True)
class FaultyProxy:
    """Forwards to `target`; the next messages that hold `path` meet the faults, one each."""

    target: tuple[str, int]
    path: bytes = b""
    faults: list[Fault] = field(default_factory=list)
    address: str = ""
    last_answer: bytes = b""  # to a message that passed
    met: int = 0
    server: asyncio.Server | None = None
    _later: set[asyncio.Task[bytes]] = field(default_factory=set)

    def close(self) -> None:
        """Take no connection any more."""
        assert self.server is not None
        self.server.close()

    def break_next(self, path: str, *faults: Fault) -> None:
        self.path, self.faults = path.encode(), list(faults)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while request := await read_message(reader):
                await self._pass(Passage(request, writer, self))
                if writer.is_closing():
                    break
        writer.close()

    async def _pass(self, passage: Passage) -> None:
        first_line = passage.request.partition(b"\r\n")[0]
        if self.faults and self.path and self.path in first_line:
            self.met += 1
            await self.faults.pop(0)(passage)
            return
        self.last_answer = await passage.forward()
        await passage.say(self.last_answer)

    def forward_later(self, passage: Passage) -> None:
        """The message is still on its way when nobody waits for the answer any more."""

        async def later() -> bytes:
            await asyncio.sleep(_LATER_S)
            return await passage.forward()

        task = asyncio.create_task(later())
        self._later.add(task)

    async def drain(self) -> None:
        """Wait until everything that was still on its way has arrived."""
        await asyncio.gather(*self._later)


async def read_message(reader: asyncio.StreamReader) -> bytes:
    """One request or answer, whole; nothing at the end of the connection."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return b""
    length = 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line.partition(b":")[2])
    assert length <= _MOST
    return head + await reader.readexactly(length)


@asynccontextmanager
async def faulty_proxy(seller_address: str) -> AsyncIterator[FaultyProxy]:
    """A proxy before a seller; `address` is where the program finds it."""
    parts = urlsplit(seller_address)
    assert parts.hostname is not None
    assert parts.port is not None
    proxy = FaultyProxy((parts.hostname, parts.port))
    proxy.server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0, limit=_MOST)
    host, port = proxy.server.sockets[0].getsockname()[:2]
    proxy.address = f"http://{host}:{port}"
    try:
        yield proxy
    finally:
        proxy.close()
        await proxy.drain()


# ---------------------------------------------------------------------------------------- faults
async def reset_at_once(passage: Passage) -> None:
    """The message arrived here and goes nowhere; the connection is reset."""
    passage.reset()


async def reset_after_delivery(passage: Passage) -> None:
    """The seller has it; its answer is lost with the connection."""
    await passage.forward()
    passage.reset()


async def end_at_once(passage: Passage) -> None:
    """The connection is closed, politely, without an answer."""
    passage.writer.close()


async def silence(passage: Passage) -> None:
    """The seller has it, and nothing ever comes back."""
    await passage.forward()


async def lose(passage: Passage) -> None:
    """Nothing arrives, nothing comes back."""


async def end_in_the_head(passage: Passage) -> None:
    """The answer breaks off in its headers."""
    await passage.say((await passage.forward())[:40])
    passage.writer.close()


async def end_in_the_body(passage: Passage) -> None:
    """The answer breaks off in its body."""
    await passage.say((await passage.forward())[:-8])
    passage.writer.close()


async def byte_by_byte(passage: Passage) -> None:
    """The answer comes in packets of one byte."""
    for byte in await passage.forward():
        await passage.say(bytes([byte]))
        await asyncio.sleep(0)


async def deliver_late(passage: Passage) -> None:
    """The connection is reset; the message arrives a while later all the same."""
    passage.proxy.forward_later(passage)
    passage.reset()


async def deliver_twice(passage: Passage) -> None:
    """A box on the way sends the message again, because it saw no answer."""
    await passage.forward()
    await passage.say(await passage.forward())


async def answer_of_before(passage: Passage) -> None:
    """The seller has it; what comes back is the answer to an earlier question."""
    await passage.forward()
    await passage.say(passage.proxy.last_answer)


async def early_hints(passage: Passage) -> None:
    """An interim answer comes before the real one."""
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n"
    await passage.say(hints + await passage.forward())


async def noise_first(passage: Passage) -> None:
    """Something that is no HTTP comes before the answer."""
    await passage.say(b"\x00\x01\x02 hello\r\n\r\n" + await passage.forward())
