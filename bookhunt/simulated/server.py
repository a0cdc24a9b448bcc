"""A small HTTP/1.1 server: one protocol object per connection, one request at a time on each.

No framework: the street is the other side of a benchmark that asks for thousands of calls a second
on one core, and of tests that need a connection reset at an exact moment. Requests that arrive
while one is at work (pipelining) wait their turn; a connection that piles them up is closed.
"""

import asyncio
import contextlib
import socket
import struct
from typing import Protocol, cast

import httptools

from bookhunt.simulated.messages import Request

_MOST_WAITING = 32
_MOST_BODY_BYTES = 1024 * 1024
_BAD_REQUEST = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
_TOO_LARGE = b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
# SO_LINGER with a time of nought makes close() send RST instead of FIN (socket(7)).
_LINGER_NOUGHT = struct.pack("ii", 1, 0)


class Site(Protocol):
    """What answers at one address."""

    def refuses_unread(self) -> bool:
        """Whether the next connection that says something is reset before it is read."""
        ...

    def serve(self, request: Request, connection: "Connection") -> None:
        """Answer through the connection, now or later: once, or never."""
        ...


class Connection(asyncio.Protocol):
    """One client's connection to one site."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpRequestParser(self)
        self._waiting: list[Request] = []
        self._busy = False
        self._keeps_alive = True
        self._begin()

    def _begin(self) -> None:
        self._target = b""
        self._headers: dict[str, str] = {}
        self._body = b""
        self._started = False

    # -- called by the event loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport; nothing is sent before it is asked for."""
        # uvloop's transports are no subclass of asyncio's, but keep its contract.
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - the loop's signature
        """Forget the transport: whatever is answered from here on is lost."""
        self._transport = None
        self._waiting.clear()

    def data_received(self, data: bytes) -> None:
        """Read on; whole requests come out of it through the parser's callbacks below."""
        if not self._started and not self._busy and self._site.refuses_unread():
            self.reset()
            return
        self._started = True
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserCallbackError:
            self.reset()
            raise  # a bug of the street, not of the client: the loop logs it with its cause
        except httptools.HttpParserError:
            self.write(_BAD_REQUEST)
            self.close()

    # -- called by the parser

    def on_url(self, url: bytes) -> None:
        """A piece of the request's target."""
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header; names are compared in lower case."""
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        """A piece of the body."""
        if self.lost:
            return
        self._body += body
        if len(self._body) > _MOST_BODY_BYTES:
            self.write(_TOO_LARGE)
            self.close()

    def on_message_complete(self) -> None:
        """A whole request: serve it, or let it wait for the one before it."""
        method = self._parser.get_method().decode("latin-1")
        request = Request(method, self._target.decode("latin-1"), self._headers, self._body)
        self._keeps_alive = self._parser.should_keep_alive()
        self._begin()
        if self.lost:  # closed over its size or its number: it is answered already
            return
        if self._busy:
            self._waiting.append(request)
            if len(self._waiting) > _MOST_WAITING:
                self.close()
            return
        self._busy = True
        self._site.serve(request, self)

    # -- called by whoever answers

    @property
    def lost(self) -> bool:
        """Whether nobody would get an answer any more."""
        return self._transport is None or self._transport.is_closing()

    def write(self, data: bytes) -> None:
        """Send a part of an answer, if anybody is there."""
        if self._transport is not None:
            self._transport.write(data)

    def finish(self) -> None:
        """The answer is complete: serve the next request, or close if the client asked for that."""
        if not self._waiting:
            self._busy = False
            if not self._keeps_alive:
                self.close()
            return
        request = self._waiting.pop(0)
        self._site.serve(request, self)

    def close(self) -> None:
        """Close after what was written has left."""
        if self._transport is not None:
            self._transport.close()

    def reset(self) -> None:
        """End the connection with a TCP reset: the client reads an error, not an end."""
        if self._transport is None:
            return
        with contextlib.suppress(OSError):  # the client may have gone first
            self._transport.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOUGHT
            )
        self._transport.abort()


async def listen(site: Site, port: int) -> tuple[asyncio.Server, str]:
    """Serve a site on loopback; port 0 takes any. Returns the server and its address.

    Raises:
        OSError: if the port is taken.
    """
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(site), "127.0.0.1", port, backlog=1024)
    bound = server.sockets[0].getsockname()[1]
    return server, f"http://127.0.0.1:{bound}"
