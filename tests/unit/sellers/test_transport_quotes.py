"""Quotes over kept connections: where an answer ends, and which connection is asked again."""

from __future__ import annotations

import asyncio
import functools
import inspect
import ssl
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import uvloop

from bookhunt.sellers.network import NetworkRules
from bookhunt.sellers.network_addresses import Addresses
from bookhunt.sellers.transport import FailureKind, WireAnswer, WireFailed, WireRequest
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


async def failure(transport: QuoteTransport, server: Loopback, **fields: Any) -> WireFailed:
    with pytest.raises(WireFailed) as failed:
        await got(transport, server, **fields)
    return failed.value


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
    monkeypatch.setattr("bookhunt.sellers.transport_quotes._KEEPALIVE_S", 0.05)
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
            assert (await failure(transport, address)).kind is FailureKind.UNREACHABLE  # type: ignore[arg-type]
            assert server.arrived == []
    [line, named, *_] = proxy.asked[0].decode().split("\r\n")
    assert (line, named) == (
        f"CONNECT {host}:{server.port} HTTP/1.1",
        f"Host: {host}:{server.port}",
    )


@on_both_loops
async def test_a_proxy_that_refuses_says_why() -> None:
    proxy = Proxy(says=b"HTTP/1.1 407 Who are you\r\nContent-Length: 5\r\n\r\nwho?\n")
    async with proxied(proxy) as rules, opened(rules, proxy=["127.0.0.1"]) as transport:
        failed = await failure(transport, "https://shop.example")  # type: ignore[arg-type]
        assert (failed.kind, failed.detail) == (FailureKind.UNREACHABLE, "the proxy says 407")
