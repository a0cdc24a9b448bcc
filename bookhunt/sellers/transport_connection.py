"""One kept HTTP/1.1 connection that is asked one question at a time.

An `asyncio.Protocol` over httptools (llhttp, the parser of Node.js, strict as it comes): bytes are
parsed as they arrive and counted before they are kept, and the asker waits for one future.
Measured beside a client library (`nox -s bench -- fanout`), which costs some 110 us of CPU a call
and holds calls up for a second where 1,000 of them are in flight.

What it never does: take bytes that came unasked for an answer, use a connection again whose answer
was not read to its end, or guess where an answer ends.
"""

from __future__ import annotations

import asyncio
import select
from typing import TYPE_CHECKING, NamedTuple, cast

import httptools

from bookhunt.sellers.transport import FailureKind, WireFailed
from bookhunt.sellers.transport_body import MOST_HEADER_BYTES, Body, read_headers

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

_WITHOUT_BODY = frozenset({204, 304})  # RFC 9112, 6.3
_AROUND_A_PIECE = 8  # bytes of a chunk that are not its body: its length and two line ends


class Answered(NamedTuple):
    """A whole answer: names of headers in lower case, the body decoded."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


class Unheard(Exception):
    """The connection was closed before any byte of an answer came."""


class Connection(asyncio.Protocol):
    """One connection for one origin; `when_lost` is called once, when it is no more."""

    def __init__(self, origin: str, when_lost: Callable[[Connection], None]) -> None:
        self.origin = origin
        self.is_open = False  # it may be asked
        self.idle_since_s = 0.0
        self._loop = asyncio.get_running_loop()
        self._when_lost = when_lost
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self._asked: asyncio.Future[Answered] | None = None
        self._body_limit = 0
        self._tunnels = False
        self._head: list[tuple[bytes, bytes]] = []
        self._spare_bytes = 0  # how much more may come that is no body: heads, trailers, framing
        self._arriving = select.poll()
        self._heard = False
        self._body: Body | None = None  # None: the head is not whole yet
        self._status = 0
        self._headers: tuple[tuple[str, str], ...] = ()
        self._until_closed = False

    # ------------------------------------------------------------------------------ asking
    def ask(
        self, request: bytes, *, body_limit: int, tunnels: bool = False
    ) -> asyncio.Future[Answered]:
        """Write a request; the future ends with the answer, `WireFailed`, `Unheard`, TimeoutError.

        `tunnels`: a CONNECT, whose answer ends with its head. Whoever stops waiting aborts.
        """
        assert self._asked is None  # one question at a time
        self._asked = asked = self._loop.create_future()
        if self._transport is None:
            self._fail(Unheard())  # it was lost between the last look and now
            return asked
        self._body_limit, self._tunnels, self._heard = body_limit, tunnels, False
        self._spare_bytes = MOST_HEADER_BYTES
        self._begin_answer()
        self._transport.write(request)
        return asked

    def has_unread(self) -> bool:
        """Whether bytes wait in the socket, or its end: before the question, they answer none.

        The loop has not come to them yet, and would hand them over as the answer to what is asked
        now.
        """
        return bool(self._arriving.poll(0))

    def expire(self) -> None:
        """The time of the question is over."""
        self._fail(TimeoutError())

    def abort(self) -> None:
        """Close at once, whatever is under way: an end of ours is not the end of an answer."""
        self.is_open = self._until_closed = False
        if self._transport is not None:
            self._transport.abort()

    async def start_tls(
        self, start: Callable[[asyncio.Transport, Connection], Awaitable[asyncio.Transport | None]]
    ) -> None:
        """Put TLS over the tunnel: `start` is the loop's, and gives the new transport."""
        assert self._transport is not None  # the tunnel was answered a moment ago
        self._transport = await start(self._transport, self)
        self._parser = httptools.HttpResponseParser(self)

    # ---------------------------------------------------------------------------- the loop's
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `asyncio.Protocol`."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one by its deeds only
        self._arriving.register(transport.get_extra_info("socket").fileno(), select.POLLIN)
        self.is_open = True

    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""
        if self._asked is None:
            self.abort()  # an answer before the question
            return
        self._heard = True
        self._spare_bytes -= len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._fail(WireFailed(FailureKind.MALFORMED, "not HTTP"))
            return
        if self._spare_bytes < 0 and self._asked is not None:
            self._fail(WireFailed(FailureKind.TOO_LARGE, "headers beyond the limit"))

    def connection_lost(self, error: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        self.is_open, self._transport = False, None
        if self._until_closed and error is None:
            self._finish()
        elif self._heard:
            detail = "the connection broke inside the answer"
            self._fail(WireFailed(FailureKind.UNREACHABLE, detail))
        else:
            self._fail(Unheard())
        self._when_lost(self)

    # -------------------------------------------------------------------------- the parser's
    def on_message_begin(self) -> None:
        """An answer begins, or, where nobody asked any more, what is none."""
        if self._asked is None:
            self.abort()

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header; those after the body (trailers) are not looked at."""
        if self._body is None:
            self._head.append((name, value))

    def on_headers_complete(self) -> None:
        """The head is whole: from here on it is known how the answer ends."""
        self._status = self._parser.get_status_code()
        if self._asked is None or self._status < 200:
            return
        coding, length, transfer = None, None, None
        try:
            self._headers = read_headers(self._head)
            for name, value in self._headers:
                if name == "content-encoding":
                    coding = value if coding is None else f"{coding}, {value}"
                elif name == "content-length":
                    length = value
                elif name == "transfer-encoding":
                    transfer = value if transfer is None else f"{transfer}, {value}"
            self._body = Body(encoding=coding, length=length, limit=self._body_limit)
        except WireFailed as failed:
            self._fail(failed)
            return
        if self._tunnels:
            self._finish()
        elif transfer is not None and transfer.lower() != "chunked":
            self._fail(WireFailed(FailureKind.MALFORMED, "the body is sent in an unknown coding"))
        else:
            has_end = length is not None or transfer is not None or self._status in _WITHOUT_BODY
            self._until_closed = not has_end

    def on_body(self, piece: bytes) -> None:
        """A piece of the body."""
        if self._asked is None or self._body is None:
            return
        self._spare_bytes += len(piece) + _AROUND_A_PIECE
        try:
            self._body.add(piece)
        except WireFailed as failed:
            self._fail(failed)

    def on_message_complete(self) -> None:
        """The answer is whole; what only says that one will come (1xx) is passed over."""
        if self._asked is None:
            return
        if self._body is None:
            self._begin_answer()
        else:
            self._finish()

    # ------------------------------------------------------------------------------ the end
    def _begin_answer(self) -> None:
        self._head = []
        self._body = None
        self._until_closed = False

    def _finish(self) -> None:
        asked, body = self._asked, self._body
        if asked is None or body is None:
            return
        try:
            whole = body.whole()
        except WireFailed as failed:
            self._fail(failed)
            return
        if not self._tunnels and not self._may_be_kept():
            self.abort()
        self._asked, self._until_closed = None, False
        if not asked.done():
            asked.set_result(Answered(self._status, self._headers, whole))

    def _may_be_kept(self) -> bool:
        """Whether both sides are done: a seller may answer before it has read the question."""
        transport = self._transport
        return (
            transport is not None
            and self._parser.should_keep_alive()
            and not transport.get_write_buffer_size()
        )

    def _fail(self, failure: WireFailed | Unheard | TimeoutError) -> None:
        """End the question; what is left unread must not be the next one's answer."""
        asked, self._asked, self._until_closed = self._asked, None, False
        if asked is not None and not asked.done():
            asked.set_exception(failure)
        self.abort()
