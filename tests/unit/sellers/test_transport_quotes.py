"""Quotes over kept connections: where an answer ends, and which connection is asked again."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import inspect
import socket
import ssl
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import uvloop

from bookhunt.sellers.network import NetworkRules
from bookhunt.sellers.network_addresses import Addresses
from bookhunt.sellers.transport import FailureKind, WireAnswer, WireFailed, WireRequest
from bookhunt.sellers.transport_kept import KeptConnections
from bookhunt.sellers.transport_quotes import QuoteTransport
from tests.support.loopback import Loopback, Visit, answer, hang, loopback, reset, say, say_raw

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine

LIMIT = 100_000
TLS_FILES = Path(__file__).parents[2] / "data" / "tls"
HEAD = b"HTTP/1.1 200 Said\r\n"


def on_both_loops(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Run a test on the daemon's loop and on the standard one."""

    @functools.wraps(test)
    def run(loop: Callable[[], asyncio.AbstractEventLoop], **values: Any) -> None:
        with asyncio.Runner(loop_factory=loop) as runner:
            runner.run(test(**values))

    own = inspect.signature(test)
    loop = inspect.Parameter("loop", inspect.Parameter.KEYWORD_ONLY)
    run.__signature__ = own.replace(parameters=[*own.parameters.values(), loop])  # type: ignore[attr-defined]
    del run.__wrapped__  # type: ignore[attr-defined]
    loops = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}
    return pytest.mark.parametrize("loop", loops.values(), ids=loops)(run)


@asynccontextmanager
async def opened(
    rules: NetworkRules | None = None, **names: list[str]
) -> AsyncIterator[QuoteTransport]:
    async def look_up(host: str) -> list[str]:
        return names[host.partition(".")[0]]

    addresses = Addresses(rules or NetworkRules(allow_loopback=True), look_up=look_up)
    transport = QuoteTransport(addresses)
    try:
        yield transport
    finally:
        await transport.close()
        await addresses.close()


async def got(
    transport: QuoteTransport, server: Loopback | str, *, within_s: float = 20, **fields: Any
) -> WireAnswer:
    base = server if isinstance(server, str) else server.address
    request = WireRequest(**{"method": "GET", "url": f"{base}/x"} | fields)
    return await transport.send(request, within_s=within_s, body_limit=LIMIT)


async def failure(transport: QuoteTransport, server: Loopback | str, **fields: Any) -> WireFailed:
    with pytest.raises(WireFailed) as failed:
        await got(transport, server, **fields)
    return failed.value


async def turns_until(condition: Callable[[], bool]) -> None:
    """Let the loop turn until something is so."""
    while not condition():  # noqa: ASYNC110 - nobody tells of it
        await asyncio.sleep(0)


# ------------------------------------------------------------------------- where an answer ends
@pytest.mark.parametrize(
    ("data", "body"),
    [
        (HEAD + b"\r\nto the end", b"to the end"),
        (b"HTTP/1.0 200 Said\r\n\r\nold", b"old"),
        (HEAD + b"Connection: close\r\nContent-Length: 4\r\n\r\nlast", b"last"),
        (HEAD + b"\r\n", b""),
    ],
)
@on_both_loops
async def test_an_answer_may_end_with_its_connection(data: bytes, body: bytes) -> None:
    async with loopback(say_raw(data, close=True), say(b"2")) as server, opened() as transport:
        assert (await got(transport, server)).body == body
        assert (await got(transport, server)).body == b"2"
        assert server.connections == 2


@on_both_loops
async def test_a_connection_that_is_to_be_closed_is_not_asked_again() -> None:
    """Also where the seller forgets to close it."""
    play = say(b"1", headers=(("Connection", "close"),))
    async with loopback(play, otherwise=say(b"2")) as server, opened() as transport:
        await got(transport, server)
        await server.until(lambda: server.closed == 1)
        assert (await got(transport, server)).body == b"2"


@pytest.mark.parametrize(
    ("data", "status", "body"),
    [
        (
            HEAD
            + b"Transfer-Encoding: chunked\r\n\r\n"
            + b"3\r\none\r\n2;x=y\r\n!!\r\n0\r\nX-Late: 1\r\n\r\n",
            200,
            b"one!!",
        ),
        (b"HTTP/1.1 204 Nothing\r\n\r\n", 204, b""),
        (b"HTTP/1.1 304 Same\r\nContent-Length: 12\r\n\r\n", 304, b""),
        (b"HTTP/1.1 103 Early\r\nLink: </a>\r\n\r\n" + answer(b"ok"), 200, b"ok"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + answer(b"ok"), 200, b"ok"),
    ],
)
@on_both_loops
async def test_a_kept_connection_is_read_to_the_end_of_the_answer(
    data: bytes, status: int, body: bytes
) -> None:
    async with loopback(say_raw(data), otherwise=say(b"next")) as server, opened() as transport:
        first = await got(transport, server)
        assert (first.status, first.body, first.header("x-late")) == (status, body, None)
        assert first.header("link") is None
        assert (await got(transport, server)).body == b"next"
        assert server.connections == 1


@on_both_loops
async def test_an_answer_may_come_byte_by_byte() -> None:
    data = HEAD + b"X-Long: a b\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"

    async def drip(visit: Visit) -> None:
        for place in range(len(data)):
            visit.write(data[place : place + 1])
            await visit.writer.drain()
            await asyncio.sleep(0)

    async with loopback(drip) as server, opened() as transport:
        answered = await got(transport, server)
        assert (answered.body, answered.header("X-Long")) == (b"hello", "a b")


@pytest.mark.parametrize(
    "data",
    [
        HEAD + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        HEAD + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        HEAD + b"Content-Length: -1\r\n\r\n",
        HEAD + b"Transfer-Encoding: gzip\r\n\r\nabc",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        HEAD + b"No colon\r\n\r\n",
        HEAD + b"X: a\n\r\n",
        b"HTTP/1.1 101 Switching\r\nUpgrade: other\r\nConnection: upgrade\r\n\r\n",
        b"\x16\x03\x01\x02",
    ],
)
@on_both_loops
async def test_where_an_answer_ends_is_never_guessed(data: bytes) -> None:
    async with loopback(say_raw(data, close=True)) as server, opened() as transport:
        assert (await failure(transport, server)).kind is FailureKind.MALFORMED


@pytest.mark.parametrize(
    "data",
    [
        HEAD + b"Content-Length: 9\r\n\r\nhalf",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n9\r\nhalf",
        HEAD + b"Content-Le",
        b"H",
    ],
)
@on_both_loops
async def test_an_answer_that_breaks_off_is_none(data: bytes) -> None:
    async with loopback(say_raw(data, close=True)) as server, opened() as transport:
        assert (await failure(transport, server)).kind is FailureKind.UNREACHABLE
        assert len(server.arrived) == 1


@on_both_loops
async def test_a_head_without_an_end_is_given_up_early() -> None:
    async def endless(visit: Visit) -> None:
        visit.write(HEAD)
        while not visit.writer.is_closing():
            visit.write(b"X-More: " + b"x" * 1000 + b"\r\n")
            await visit.writer.drain()

    async with loopback(endless) as server, opened() as transport:
        assert (await failure(transport, server)).kind is FailureKind.TOO_LARGE


@pytest.mark.parametrize(
    ("begins", "goes_on"),
    [
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\none\r\n0\r\nX: ", b"x" * 1000),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\none\r\n0\r\n", b"X: y\r\n" * 100),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n3;x=", b"x" * 1000),
    ],
)
@on_both_loops
async def test_what_goes_on_around_a_body_without_an_end_is_given_up_early(
    begins: bytes, goes_on: bytes
) -> None:
    """Announcements (1xx), trailers and extensions of chunks; all but the body is counted."""

    async def endless(visit: Visit) -> None:
        visit.write(begins)
        while not visit.writer.is_closing():
            visit.write(goes_on)
            await visit.writer.drain()
            await asyncio.sleep(0)  # a little at a time

    async with loopback(endless) as server, opened() as transport:
        assert (await failure(transport, server)).kind is FailureKind.TOO_LARGE


@on_both_loops
async def test_a_body_may_come_in_very_small_chunks() -> None:
    data = HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * LIMIT + b"0\r\n\r\n"
    async with loopback(say_raw(data)) as server, opened() as transport:
        assert len((await got(transport, server)).body) == LIMIT


@on_both_loops
async def test_a_trailer_is_no_header_of_the_next_answer() -> None:
    data = HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\nContent-Encoding: br\r\n\r\n"
    async with loopback(say_raw(data), otherwise=say(b"2")) as server, opened() as transport:
        await got(transport, server)
        answered = await got(transport, server)
        assert (answered.body, answered.header("content-encoding")) == (b"2", None)
        assert server.connections == 1


@on_both_loops
async def test_a_header_without_a_value_and_an_offered_upgrade_change_nothing() -> None:
    headers = (("X-Empty", ""), ("Upgrade", "h2,h2c"), ("Connection", "Upgrade"), ("X-Last", "1"))
    play = say(b"ok", headers=headers)
    async with loopback(otherwise=play) as server, opened() as transport:
        for _ in range(2):
            answered = await got(transport, server)
            assert (answered.body, answered.headers[1:]) == (
                b"ok",
                tuple((name.lower(), value) for name, value in headers),
            )
        assert server.connections == 1


@on_both_loops
async def test_closing_the_transport_does_not_end_an_answer() -> None:
    """One that ends with its connection is whole when the seller closes it, not when we do."""
    async with loopback(say_raw(HEAD + b"\r\nhalf")) as server, opened() as transport:
        call = asyncio.create_task(failure(transport, server))
        await turns_until(lambda: any(each._body for each in transport._open))
        await transport.close()
        assert (await call).kind is FailureKind.UNREACHABLE


# ------------------------------------------------------------------------- which one is asked
@on_both_loops
async def test_what_cannot_spend_is_asked_again_on_a_new_connection_whatever_its_method() -> None:
    plays = (say(b"1"), reset)
    async with loopback(*plays, otherwise=say(b"2")) as server, opened() as transport:
        await got(transport, server)
        answered = await got(transport, server, method="POST", body=b"question")
        assert answered.body == b"2"
        assert [a.body for a in server.arrived] == [b"", b"question", b"question"]


@on_both_loops
async def test_but_a_new_connection_that_is_closed_at_once_is_a_failure() -> None:
    async with loopback(otherwise=reset) as server, opened() as transport:
        assert (await failure(transport, server)).kind is FailureKind.UNREACHABLE
        assert len(server.arrived) == 1


@on_both_loops
async def test_a_seller_that_hangs_up_is_not_asked_on_every_connection_there_is() -> None:
    answering = asyncio.Event()

    async def together(visit: Visit) -> None:
        await answering.wait()
        visit.write(answer(b"ok"))

    async with loopback(*[together] * 5, otherwise=reset) as server, opened() as transport:
        calls = [asyncio.create_task(got(transport, server)) for _ in range(5)]
        await server.until(lambda: len(server.arrived) == 5)
        answering.set()
        await asyncio.gather(*calls)
        failed = await failure(transport, server, method="POST", body=b"question")
        assert failed.kind is FailureKind.UNREACHABLE
        assert len(server.arrived) == 5 + 2


class Served:
    """A server in a thread of its own: what it writes is in our socket before our loop looks."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self.taken: list[socket.socket] = []

    def answer(self, body: bytes) -> None:
        """Take a connection, a question, and answer it."""
        connection, _ = self._listening.accept()
        self.taken.append(connection)
        connection.recv(4096)
        connection.sendall(answer(body))

    def close(self) -> None:
        for each in (self._listening, *self.taken):
            each.close()


@pytest.mark.parametrize("late", [answer(b"first"), b"HTTP/1.1 408 Idle\r\n\r\n", b""])
@on_both_loops
async def test_what_came_while_the_loop_was_busy_is_not_the_answer_to_the_next_question(
    late: bytes,
) -> None:
    with contextlib.closing(Served()) as served:
        async with opened() as transport:
            answering = asyncio.create_task(asyncio.to_thread(served.answer, b"first"))
            assert (await got(transport, served.address)).body == b"first"
            await answering
            answering = asyncio.create_task(asyncio.to_thread(served.answer, b"second"))
            await asyncio.sleep(0)
            # From here to the question our loop looks at no socket.
            served.taken[0].sendall(late)
            if not late:
                served.taken[0].shutdown(socket.SHUT_RDWR)
            assert (await got(transport, served.address)).body == b"second"
            await answering


@on_both_loops
async def test_a_connection_whose_question_is_not_written_to_its_end_is_not_asked_again() -> None:
    """A seller that answered before it read the body could take the rest for the next question."""
    with contextlib.closing(Served()) as served:
        async with opened() as transport:
            for body in (b"early", b"right"):
                answering = asyncio.create_task(asyncio.to_thread(served.answer, body))
                question = b"x" * 30_000_000
                answered = await got(transport, served.address, method="POST", body=question)
                assert answered.body == body
                await answering
            assert len(served.taken) == 2


@on_both_loops
async def test_all_sellers_together_keep_a_bounded_number_of_connections() -> None:
    """The one that waited longest is closed first."""
    names = {f"shop{n}": ["127.0.0.1"] for n in range(5)}
    async with loopback(otherwise=say(b"ok")) as server, opened(**names) as transport:
        transport._kept = KeptConnections(asyncio.get_running_loop(), most=3)
        for n in range(5):
            await got(transport, f"http://shop{n}.localhost:{server.port}")
        await server.until(lambda: server.closed == 2)
        assert len(transport._kept) == 3
        for n in (2, 3, 4):
            await got(transport, f"http://shop{n}.localhost:{server.port}")
        assert server.connections == 5
        await got(transport, f"http://shop0.localhost:{server.port}")
        assert server.connections == 6


@on_both_loops
async def test_a_connection_that_the_seller_closed_waits_no_longer() -> None:
    late = asyncio.Event()

    async def leave(visit: Visit) -> None:
        visit.write(answer(b"ok"))
        await late.wait()
        visit.writer.close()

    async with loopback(leave) as server, opened() as transport:
        await got(transport, server)
        assert len(transport._kept) == 1
        late.set()
        await turns_until(lambda: not transport._open)
        assert len(transport._kept) == 0


class Silent:
    """Takes connections, says CONNECT its answer, and never speaks TLS."""

    def __init__(self, says: bytes) -> None:
        self.says, self.greeted, self.closed = says, 0, 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.says:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(self.says)
        with contextlib.suppress(ConnectionError):
            if await reader.read(4096):
                self.greeted += 1
            while await reader.read(4096):
                pass
        self.closed += 1
        writer.close()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[int]:
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()


@pytest.mark.parametrize("through_proxy", [False, True])
@on_both_loops
async def test_giving_up_while_tls_begins_closes_the_socket(through_proxy: bool) -> None:
    """The time is over, or the caller left."""
    silent = Silent(b"HTTP/1.1 200 Connected\r\n\r\n" if through_proxy else b"")
    async with silent.listening() as port:
        rules, address = NetworkRules(allow_loopback=True), f"https://127.0.0.1:{port}"
        if through_proxy:
            rules, address = NetworkRules(proxy=f"http://127.0.0.1:{port}"), "https://shop.example"
        async with opened(rules) as transport:
            failed = await failure(transport, address, within_s=0.1)
            assert failed.kind is FailureKind.TIMED_OUT
            await turns_until(lambda: silent.closed == 1)
            call = asyncio.create_task(got(transport, address))
            await turns_until(lambda: silent.greeted == 2)
            call.cancel()
            await asyncio.gather(call, return_exceptions=True)
            await turns_until(lambda: silent.closed == 2)
            await transport.close()
            assert not transport._open


@on_both_loops
async def test_calls_at_once_have_connections_of_their_own_and_leave_them_to_the_next() -> None:
    answering = asyncio.Event()

    async def together(visit: Visit) -> None:
        await answering.wait()
        visit.write(answer(visit.request.target.encode()))

    async with loopback(otherwise=together) as server, opened() as transport:
        calls = [
            asyncio.create_task(got(transport, server, url=f"{server.address}/{n}"))
            for n in range(5)
        ]
        await server.until(lambda: len(server.arrived) == 5)
        answering.set()
        assert [(await call).body for call in calls] == [b"/%d" % n for n in range(5)]
        for _ in range(5):
            await got(transport, server)
        assert server.connections == 5


@on_both_loops
async def test_a_connection_that_nobody_needed_for_long_is_closed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bookhunt.sellers.transport_kept._KEEPALIVE_S", 0.05)
    async with loopback(otherwise=say(b"ok")) as server, opened() as transport:
        await got(transport, server)
        await server.until(lambda: server.closed == 1)
        assert (await got(transport, server)).body == b"ok"


@on_both_loops
async def test_closing_the_transport_ends_calls_and_connections() -> None:
    async with loopback(say(b"1"), otherwise=hang) as server, opened() as transport:
        await got(transport, server)
        calls = [asyncio.create_task(failure(transport, server)) for _ in range(2)]
        await server.until(lambda: len(server.arrived) == 3)
        await transport.close()
        assert [(await call).kind for call in calls] == [FailureKind.UNREACHABLE] * 2
        await server.until(lambda: server.closed == server.connections)


@on_both_loops
async def test_the_next_address_is_tried_where_one_takes_no_connection() -> None:
    async with loopback(say(b"ok")) as server, opened(shop=["127.0.0.2", "127.0.0.1"]) as transport:
        answered = await got(transport, f"http://shop.localhost:{server.port}")
        assert answered.body == b"ok"


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("", "/"),
        ("?q=/a", "/?q=/a"),
        ("/a?b=c/d#e", "/a?b=c/d"),
        ("/%2F//x?", "/%2F//x?"),
        ("#/f", "/"),
    ],
)
@on_both_loops
async def test_the_target_is_what_stands_behind_the_host(url: str, target: str) -> None:
    async with loopback(otherwise=say(b"ok")) as server, opened() as transport:
        await got(transport, server, url=f"{server.address}{url}")
        assert server.arrived[0].target == target
        assert "content-length" not in server.arrived[0].headers


@on_both_loops
async def test_where_a_request_goes_and_where_it_ends_is_said_once() -> None:
    headers = (("host", "books.example"), ("Content-Length", "9"), ("Transfer-Encoding", "chunked"))
    async with loopback(otherwise=say(b"ok")) as server, opened() as transport:
        await got(transport, server, method="POST", headers=headers, body=b"ask")
        assert server.arrived[0].raw == (
            b"POST /x HTTP/1.1\r\nHost: books.example\r\nContent-Length: 3\r\n\r\nask"
        )


# ------------------------------------------------------------------------------------ proxies
class Proxy:
    """A proxy that joins whoever says CONNECT with one server, or says what it is told to."""

    def __init__(self, says: bytes = b"HTTP/1.1 200 Connected\r\n\r\n") -> None:
        self.says = says
        self.asked: list[bytes] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(self.says)
        if b" 200 " in self.says:
            port = int(self.asked[0].split()[1].rpartition(b":")[2])
            onward, far = await asyncio.open_connection("127.0.0.1", port)
            await asyncio.gather(self._copy(reader, far), self._copy(onward, writer))
        writer.close()

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(4096):
                writer.write(data)
        except ConnectionError:
            pass
        finally:
            writer.close()


@asynccontextmanager
async def proxied(proxy: Proxy) -> AsyncIterator[NetworkRules]:
    listening = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    ca_file = str(TLS_FILES / "ca.pem")
    try:
        yield NetworkRules(proxy=f"http://proxy.example:{port}", ca_file=ca_file)
    finally:
        listening.close()


@pytest.mark.parametrize("host", ["shop.localhost", "other.example"])
@on_both_loops
async def test_tls_goes_through_a_proxy_and_is_verified_for_the_seller(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bookhunt.sellers.transport_quotes.never_public", lambda _: False)
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(TLS_FILES / "server.pem")
    proxy = Proxy()
    async with (
        loopback(otherwise=say(b"sealed"), tls=server_side) as server,
        proxied(proxy) as rules,
        opened(rules, proxy=["127.0.0.1"]) as transport,
    ):
        address = f"https://{host}:{server.port}"
        if host == "shop.localhost":
            for _ in range(2):
                assert (await got(transport, address)).body == b"sealed"
            assert server.connections == 1
            assert server.arrived[0].headers["host"] == f"{host}:{server.port}"
        else:
            assert (await failure(transport, address)).kind is FailureKind.UNREACHABLE
            assert server.arrived == []
    [line, named, *_] = proxy.asked[0].decode().split("\r\n")
    assert (line, named) == (
        f"CONNECT {host}:{server.port} HTTP/1.1",
        f"Host: {host}:{server.port}",
    )


@on_both_loops
async def test_a_proxy_may_speak_tls_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bookhunt.sellers.transport_quotes.never_public", lambda _: False)
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(TLS_FILES / "server.pem")
    proxy = Proxy()
    listening = await asyncio.start_server(proxy.serve, "127.0.0.1", 0, ssl=server_side)
    port = listening.sockets[0].getsockname()[1]
    rules = NetworkRules(
        proxy=f"https://shop.localhost:{port}",
        ca_file=str(TLS_FILES / "ca.pem"),
        allow_loopback=True,
    )
    async with (
        loopback(otherwise=say(b"sealed twice"), tls=server_side) as server,
        opened(rules, shop=["127.0.0.1"]) as transport,
    ):
        for _ in range(2):
            answered = await got(transport, f"https://shop.localhost:{server.port}")
            assert answered.body == b"sealed twice"
        assert len(proxy.asked) == server.connections == 1
    listening.close()


@on_both_loops
async def test_a_proxy_that_refuses_says_why() -> None:
    proxy = Proxy(says=b"HTTP/1.1 407 Who are you\r\nContent-Length: 5\r\n\r\nwho?\n")
    async with proxied(proxy) as rules, opened(rules, proxy=["127.0.0.1"]) as transport:
        failed = await failure(transport, "https://shop.example")
        assert (failed.kind, failed.detail) == (FailureKind.UNREACHABLE, "the proxy says 407")


@pytest.mark.parametrize("rest", [b"", b"more", b"\x15\x03\x03\x00\x02\x02\x28"])
@on_both_loops
async def test_a_proxy_may_leave_after_it_said_yes(rest: bytes) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 Connected\r\n\r\n" + rest)
        writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    async with opened(NetworkRules(proxy=f"http://127.0.0.1:{port}")) as transport:
        failed = await failure(transport, "https://shop.example")
        assert failed.kind is FailureKind.UNREACHABLE
    listening.close()


@on_both_loops
async def test_a_proxy_may_be_this_machine_where_sellers_may_not() -> None:
    """Its address is the configuration's own choice, written as a name or as a number."""
    proxy = Proxy(says=b"HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\n\r\n")
    async with proxied(proxy) as rules:
        by_number = replace(rules, proxy=(rules.proxy or "").replace("proxy.example", "127.0.0.1"))
        async with opened(by_number) as transport:
            failed = await failure(transport, "https://shop.example")
            assert failed.detail == "the proxy says 407"
            direct = await failure(transport, "https://127.0.0.1")
            assert "allow_loopback" in direct.detail
