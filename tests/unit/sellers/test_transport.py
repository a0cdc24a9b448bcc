"""What both transports promise, on real sockets of loopback."""

from __future__ import annotations

import asyncio
import gzip
import ssl
import zlib
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bookhunt.sellers.network import NetworkRules
from bookhunt.sellers.network_addresses import Addresses
from bookhunt.sellers.order_transport import OrderTransport
from bookhunt.sellers.transport import FailureKind, Transport, WireAnswer, WireFailed, WireRequest
from bookhunt.sellers.transport_body import MOST_HEADER_BYTES
from bookhunt.sellers.transport_quotes import QuoteTransport
from tests.support.loopback import (
    Loopback,
    Visit,
    answer,
    gzipped,
    hang,
    loopback,
    reset,
    say,
    say_raw,
    unused_port,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

RULES = NetworkRules(allow_loopback=True)
LIMIT = 100_000
KINDS = {"quotes": QuoteTransport, "orders": OrderTransport}


@asynccontextmanager
async def opened(
    kind: str, rules: NetworkRules = RULES, **names: list[str]
) -> AsyncIterator[Transport]:
    async def look_up(host: str) -> list[str]:
        return names[host.partition(".")[0]]

    addresses = Addresses(rules, look_up=look_up)
    transport: Transport = KINDS[kind](addresses)
    try:
        yield transport
    finally:
        await transport.close()
        await addresses.close()


def ask(server: Loopback | str, **fields: object) -> WireRequest:
    base = server if isinstance(server, str) else server.address
    standard = {"method": "GET", "url": f"{base}/x", "headers": (("Accept-Encoding", "gzip"),)}
    return WireRequest(**standard | fields)  # type: ignore[arg-type]


async def failure(transport: Transport, request: WireRequest, within_s: float = 20) -> WireFailed:
    with pytest.raises(WireFailed) as failed:
        await transport.send(request, within_s=within_s, body_limit=LIMIT)
    return failed.value


both = pytest.mark.parametrize("kind", sorted(KINDS))


@both
async def test_exactly_the_given_request_leaves_and_the_whole_answer_comes_back(kind: str) -> None:
    play = say(b'{"a":1}', status=201, headers=(("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")))
    async with loopback(play) as server, opened(kind) as transport:
        request = ask(
            server,
            method="POST",
            url=f"{server.address}/a%2Fb?q=%C3%A9+x&q=2",
            headers=(("X-One", "1"), ("Content-Type", "text/plain")),
            body=b"hello",
        )
        got = await transport.send(request, within_s=20, body_limit=LIMIT)
        assert (got.status, got.body) == (201, b'{"a":1}')
        assert got.every("set-cookie") == ("a=1", "b=2")
        arrived = server.arrived[0]
        assert (arrived.method, arrived.target) == ("POST", "/a%2Fb?q=%C3%A9+x&q=2")
        assert arrived.body == b"hello"
        assert arrived.headers["host"] == server.address.removeprefix("http://")
        assert arrived.headers.keys() <= {"host", "x-one", "content-type", "content-length"}


@both
async def test_a_redirect_is_an_answer_and_is_not_followed(kind: str) -> None:
    play = say(status=302, headers=(("Location", "/elsewhere"),))
    async with loopback(play) as server, opened(kind) as transport:
        got = await transport.send(ask(server), within_s=20, body_limit=LIMIT)
        assert (got.status, got.header("Location")) == (302, "/elsewhere")
        assert len(server.arrived) == 1


@both
async def test_no_cookie_is_kept(kind: str) -> None:
    play = say(headers=(("Set-Cookie", "basket=1; Path=/"),))
    async with loopback(otherwise=play) as server, opened(kind) as transport:
        for _ in range(2):
            await transport.send(ask(server), within_s=20, body_limit=LIMIT)
        assert "cookie" not in server.arrived[1].headers


@both
async def test_the_environment_names_no_proxy(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{unused_port()}")
    async with loopback(say(b"ok")) as server, opened(kind) as transport:
        got = await transport.send(ask(server), within_s=20, body_limit=LIMIT)
        assert got.body == b"ok"


@both
async def test_gzip_is_opened_also_of_several_members_and_in_small_pieces(kind: str) -> None:
    packed = gzip.compress(b"one ", mtime=0) + gzip.compress(b"two", mtime=0) + b"\0\0"
    data = answer(packed, headers=(("Content-Encoding", "gzip"),))

    async def drip(visit: Visit) -> None:
        for place in range(len(data)):
            visit.write(data[place : place + 1])
            await visit.writer.drain()

    async with loopback(drip) as server, opened(kind) as transport:
        got = await transport.send(ask(server), within_s=20, body_limit=LIMIT)
        assert got.body == b"one two"


@both
async def test_a_body_of_exactly_the_limit_is_taken_and_one_byte_more_is_not(kind: str) -> None:
    async with (
        loopback(
            say(b"x" * LIMIT),
            say(b"x" * (LIMIT + 1)),
            say_raw(gzipped(b"x" * LIMIT)),
            say_raw(gzipped(b"x" * (LIMIT + 1))),
        ) as server,
        opened(kind) as transport,
    ):
        for _ in range(2):
            got = await transport.send(ask(server), within_s=20, body_limit=LIMIT)
            assert len(got.body) == LIMIT
            failed = await failure(transport, ask(server))
            assert failed.kind is FailureKind.TOO_LARGE


@both
async def test_a_gzip_bomb_ends_early(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """64 MB in 64 KB: no more than the limit is ever opened."""
    opened_bytes = 0

    class Counting:
        def __init__(self, wbits: int) -> None:
            self.real = zlib.decompressobj(wbits)

        def decompress(self, data: bytes, most: int) -> bytes:
            nonlocal opened_bytes
            found = self.real.decompress(data, most)
            opened_bytes += len(found)
            return found

        def __getattr__(self, name: str) -> object:
            return getattr(self.real, name)

    class Zlib:
        MAX_WBITS, error, decompressobj = zlib.MAX_WBITS, zlib.error, Counting

    monkeypatch.setattr("bookhunt.sellers.transport_body.zlib", Zlib)
    bomb = gzipped(b"\0" * (64 * 1024 * 1024))
    async with loopback(say_raw(bomb)) as server, opened(kind) as transport:
        failed = await failure(transport, ask(server))
    assert failed.kind is FailureKind.TOO_LARGE
    assert opened_bytes <= LIMIT + 1


@both
@pytest.mark.parametrize(
    "data",
    [
        answer(gzip.compress(b"x" * 1000, mtime=0)[:-9], headers=(("Content-Encoding", "gzip"),)),
        answer(b"no gzip", headers=(("Content-Encoding", "gzip"),)),
        answer(gzip.compress(b"x", mtime=0) + b"more", headers=(("Content-Encoding", "gzip"),)),
        answer(zlib.compress(b"x"), headers=(("Content-Encoding", "deflate"),)),
        answer(b"x", headers=(("Content-Encoding", "br"),)),
        answer(gzip.compress(b"x", mtime=0), headers=(("Content-Encoding", "gzip, gzip"),)),
        answer(gzip.compress(b"", mtime=0) * 1001, headers=(("Content-Encoding", "gzip"),)),
        b"this is not HTTP\r\n\r\n",
        b"HTTP/1.1 two Said\r\n\r\n",
    ],
)
async def test_what_cannot_be_read_as_declared_is_malformed(kind: str, data: bytes) -> None:
    async with loopback(say_raw(data, close=True)) as server, opened(kind) as transport:
        assert (await failure(transport, ask(server))).kind is FailureKind.MALFORMED


@both
@pytest.mark.parametrize("lines", [1, 200])
async def test_headers_beyond_their_limit_are_refused(kind: str, lines: int) -> None:
    each = "x" * (2 * MOST_HEADER_BYTES // lines)
    data = answer(b"", headers=tuple((f"X-{n}", each) for n in range(lines)))
    async with loopback(say_raw(data, close=True)) as server, opened(kind) as transport:
        failed = await failure(transport, ask(server))
    # h11 does not say that it was the size; either way nothing of it is kept.
    assert failed.kind in {FailureKind.TOO_LARGE, FailureKind.MALFORMED}


@both
async def test_a_body_longer_than_its_limit_is_refused_before_it_comes(kind: str) -> None:
    head = f"HTTP/1.1 200 Said\r\nContent-Length: {LIMIT * 100}\r\n\r\n".encode()

    async def promise(visit: Visit) -> None:
        visit.write(head)
        await hang(visit)

    async with loopback(promise) as server, opened(kind) as transport:
        assert (await failure(transport, ask(server))).kind is FailureKind.TOO_LARGE
        await server.until(lambda: server.closed == 1)


@both
@pytest.mark.parametrize("began", [b"", b"HTTP/1.1 200 Said\r\nContent-Length: 9\r\n\r\nhal"])
async def test_the_deadline_holds_for_the_whole_answer_and_closes_the_socket(
    kind: str, began: bytes
) -> None:
    async def play(visit: Visit) -> None:
        visit.write(began)
        await hang(visit)

    async with loopback(play) as server, opened(kind) as transport:
        failed = await failure(transport, ask(server), within_s=0.1)
        assert failed.kind is FailureKind.TIMED_OUT
        await server.until(lambda: server.closed == 1)


@both
async def test_a_dripping_answer_cannot_outlast_the_deadline(kind: str) -> None:
    async def drip(visit: Visit) -> None:
        visit.write(b"HTTP/1.1 200 Said\r\nContent-Length: 99999\r\n\r\n")
        while not visit.writer.is_closing():
            visit.write(b"x")
            await visit.writer.drain()
            await asyncio.sleep(0.01)

    async with loopback(drip) as server, opened(kind) as transport:
        failed = await failure(transport, ask(server), within_s=0.15)
        assert failed.kind is FailureKind.TIMED_OUT


@both
async def test_cancelling_a_call_closes_its_socket(kind: str) -> None:
    async with loopback(otherwise=hang) as server, opened(kind) as transport:
        calls = [
            asyncio.create_task(transport.send(ask(server), within_s=60, body_limit=LIMIT))
            for _ in range(5)
        ]
        await server.until(lambda: len(server.arrived) == 5)
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        await server.until(lambda: server.closed == 5)


@both
async def test_a_failure_tells_neither_address_nor_header_nor_body(kind: str) -> None:
    plays = (reset, hang, say_raw(b"nonsense", close=True))
    async with loopback(*plays) as server, opened(kind) as transport:
        request = ask(
            server,
            method="POST",
            url=f"{server.address}/x?key=canary-1",
            headers=(("X-Api-Key", "canary-2"),),
            body=b"canary-3",
        )
        for _ in range(3):
            failed = await failure(transport, request, within_s=0.2)
            assert "canary" not in f"{failed!r} {failed} {request!r}"
            assert failed.__cause__ is None


@both
@pytest.mark.parametrize("kept", [False, True])
async def test_an_answer_sent_twice_is_never_the_answer_to_the_next_question(
    kind: str, kept: bool
) -> None:
    """At once or later, on a connection that is kept or not."""
    late, written = asyncio.Event(), asyncio.Event()

    async def twice(visit: Visit) -> None:
        visit.write(answer(b"first"))
        if kept:
            await visit.writer.drain()
            await late.wait()
        visit.write(answer(b"first"))
        written.set()

    async with loopback(twice, otherwise=say(b"second")) as server, opened(kind) as transport:
        first = await transport.send(ask(server), within_s=20, body_limit=LIMIT)
        late.set()
        await written.wait()
        for _ in range(3):
            await asyncio.sleep(0)  # turns of the loop: the second copy comes in, nobody asks
        second = await transport.send(ask(server), within_s=20, body_limit=LIMIT)
        assert (first.body, second.body) == (b"first", b"second")


@both
async def test_a_public_name_with_a_private_address_is_not_connected_to(kind: str) -> None:
    rules = NetworkRules(allow_loopback=True, allow_private=True)
    async with loopback() as server, opened(kind, rules, shop=["127.0.0.1"]) as transport:
        request = ask(f"http://shop.example:{server.port}")
        failed = await failure(transport, request)
        assert failed.kind in {FailureKind.UNREACHABLE, FailureKind.NOT_SENT}
        assert "loopback" in failed.detail
        assert server.connections == 0


@both
async def test_loopback_is_refused_unless_it_is_allowed(kind: str) -> None:
    async with loopback() as server, opened(kind, NetworkRules()) as transport:
        failed = await failure(transport, ask(server))
        assert "allow_loopback" in failed.detail
        assert server.connections == 0


@both
async def test_the_connection_is_made_to_the_checked_address_under_the_name(kind: str) -> None:
    async with loopback(say(b"ok")) as server, opened(kind, shop=["127.0.0.1"]) as transport:
        request = ask(f"http://shop.localhost:{server.port}")
        got = await transport.send(request, within_s=20, body_limit=LIMIT)
        assert got.body == b"ok"
        assert server.arrived[0].headers["host"] == f"shop.localhost:{server.port}"


@both
async def test_a_proxy_is_used_where_the_configuration_names_one(kind: str) -> None:
    """Whatever its own address is; private hosts go past it."""
    async with loopback(say(b"by proxy")) as proxy, loopback(say(b"direct")) as home:
        rules = NetworkRules(allow_loopback=True, proxy=f"http://proxy.example:{proxy.port}")
        names = {"proxy": ["127.0.0.1"], "localhost": ["127.0.0.1"]}
        if kind == "orders":  # httpx asks the system for the proxy's address
            rules = NetworkRules(allow_loopback=True, proxy=proxy.address)
        async with opened(kind, rules, **names) as transport:
            request = ask("http://shop.example")
            got = await transport.send(request, within_s=20, body_limit=LIMIT)
            assert got.body == b"by proxy"
            assert proxy.arrived[0].target == "http://shop.example/x"
            got = await transport.send(ask(home), within_s=20, body_limit=LIMIT)
            assert got.body == b"direct"


TLS_FILES = Path(__file__).parents[2] / "data" / "tls"  # an authority, and shop.localhost by it


@both
@pytest.mark.parametrize(
    ("host", "trusted"),
    [("shop.localhost", True), ("other.localhost", True), ("shop.localhost", False)],
)
async def test_tls_is_for_the_name_and_by_an_authority_that_is_trusted(
    kind: str, host: str, trusted: bool
) -> None:
    """The connection is made to a number; what is verified is the name."""
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(TLS_FILES / "server.pem")
    rules = replace(RULES, ca_file=str(TLS_FILES / "ca.pem") if trusted else None)
    names = {"shop": ["127.0.0.1"], "other": ["127.0.0.1"]}
    async with (
        loopback(otherwise=say(b"sealed"), tls=server_side) as server,
        opened(kind, rules, **names) as transport,
    ):
        request = ask(f"https://{host}:{server.port}", method="POST", body=b"order")
        if trusted and host == "shop.localhost":
            got = await transport.send(request, within_s=20, body_limit=LIMIT)
            assert got.body == b"sealed"
            return
        failed = await failure(transport, request)
        assert failed.kind in {FailureKind.UNREACHABLE, FailureKind.NOT_SENT}
        assert server.arrived == []


async def test_quotes_keep_their_connections() -> None:
    async with loopback(otherwise=say(b"ok")) as server, opened("quotes") as transport:
        for _ in range(3):
            await transport.send(ask(server), within_s=20, body_limit=LIMIT)
        assert server.connections == 1


async def test_a_kept_connection_that_the_seller_closed_is_replaced() -> None:
    plays = (say(b"1"), reset)
    async with loopback(*plays, otherwise=say(b"2")) as server, opened("quotes") as transport:
        await transport.send(ask(server), within_s=20, body_limit=LIMIT)
        got: WireAnswer = await transport.send(ask(server), within_s=20, body_limit=LIMIT)
        assert got.body == b"2"


async def test_orders_never_use_a_connection_twice() -> None:
    async with loopback(otherwise=say(b"ok")) as server, opened("orders") as transport:
        for _ in range(3):
            await transport.send(ask(server, method="POST"), within_s=20, body_limit=LIMIT)
        assert [a.connection for a in server.arrived] == [1, 2, 3]
        await server.until(lambda: server.closed == 3)
