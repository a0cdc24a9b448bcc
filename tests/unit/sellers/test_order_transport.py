"""What the transport of orders knows for certain: whether a byte may have left this machine."""

from __future__ import annotations

import ssl
from contextlib import suppress
from typing import TYPE_CHECKING

import httpx
import pytest
import respx

from bookhunt.sellers.network import NetworkRules
from bookhunt.sellers.network_addresses import Addresses
from bookhunt.sellers.order_transport import OrderTransport
from bookhunt.sellers.transport import FailureKind, WireFailed, WireRequest
from tests.support.loopback import Loopback, hang, loopback, reset, say, unused_port

if TYPE_CHECKING:
    from collections.abc import Iterator

PUBLIC = "93.184.216.34"
LIMIT = 10_000


async def _public(host: str) -> list[str]:
    return {"shop.example": [PUBLIC], "two.example": [PUBLIC, "93.184.216.35"]}[host]


def transport(*, loopback_too: bool = False) -> OrderTransport:
    return OrderTransport(Addresses(NetworkRules(allow_loopback=loopback_too), look_up=_public))


def order(url: str = "https://shop.example/orders") -> WireRequest:
    return WireRequest(method="POST", url=url, headers=(("X-Key", "k"),), body=b"{}")


async def kind_after(request: WireRequest, *, loopback_too: bool = False) -> FailureKind:
    with pytest.raises(WireFailed) as failed:
        await transport(loopback_too=loopback_too).send(request, within_s=5, body_limit=LIMIT)
    return failed.value.kind


@pytest.fixture
def seller() -> Iterator[respx.MockRouter]:
    with respx.mock(using="httpcore", assert_all_called=False) as router:
        yield router


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (httpx.ConnectError, FailureKind.NOT_SENT),
        (httpx.ConnectTimeout, FailureKind.NOT_SENT),
        (httpx.PoolTimeout, FailureKind.NOT_SENT),
        (httpx.UnsupportedProtocol, FailureKind.NOT_SENT),
        (httpx.ReadError, FailureKind.UNREACHABLE),
        (httpx.WriteError, FailureKind.UNREACHABLE),
        (httpx.CloseError, FailureKind.UNREACHABLE),
        (httpx.ProxyError, FailureKind.UNREACHABLE),
        (httpx.ReadTimeout, FailureKind.TIMED_OUT),
        (httpx.WriteTimeout, FailureKind.TIMED_OUT),
        (httpx.RemoteProtocolError, FailureKind.MALFORMED),
        (httpx.LocalProtocolError, FailureKind.UNREACHABLE),
        (httpx.DecodingError, FailureKind.MALFORMED),
        (httpx.TooManyRedirects, FailureKind.UNREACHABLE),
        (OSError, FailureKind.UNREACHABLE),
        (ValueError, FailureKind.UNREACHABLE),
    ],
)
async def test_only_what_comes_before_the_request_is_not_sent(
    seller: respx.MockRouter, error: type[Exception], kind: FailureKind
) -> None:
    """The table of the module's docstring: everything else may have been executed."""
    seller.post(f"https://{PUBLIC}/orders").mock(side_effect=error("it broke"))
    assert await kind_after(order()) is kind


async def test_the_name_stands_in_host_and_in_tls_and_the_number_is_connected_to(
    seller: respx.MockRouter,
) -> None:
    route = seller.post(f"https://{PUBLIC}/orders").respond(201, text="ok")
    got = await transport().send(order(), within_s=5, body_limit=LIMIT)
    assert (got.status, got.url) == (201, "https://shop.example/orders")
    sent = route.calls.last.request
    assert sent.headers["host"] == "shop.example"
    assert sent.extensions["sni_hostname"] == "shop.example"


async def test_the_next_address_is_tried_only_while_nothing_was_sent(
    seller: respx.MockRouter,
) -> None:
    first = seller.post(f"https://{PUBLIC}/orders")
    second = seller.post("https://93.184.216.35/orders").respond(201)
    first.mock(side_effect=httpx.ConnectError("refused"))
    got = await transport().send(order("https://two.example/orders"), within_s=5, body_limit=LIMIT)
    assert got.status == 201
    before = second.call_count
    first.mock(side_effect=httpx.ReadError("gone"))
    assert await kind_after(order("https://two.example/orders")) is FailureKind.UNREACHABLE
    assert second.call_count == before == 1


@pytest.mark.parametrize(
    "url", ["https://shop.example:99999/", "gopher://127.0.0.1/", "https://[::1/", "https://"]
)
async def test_an_address_that_cannot_be_used_sends_nothing(url: str) -> None:
    assert await kind_after(order(url), loopback_too=True) is FailureKind.NOT_SENT


async def test_a_refused_connection_and_a_refused_address_are_not_sent() -> None:
    nobody = order(f"http://127.0.0.1:{unused_port()}/orders")
    assert await kind_after(nobody, loopback_too=True) is FailureKind.NOT_SENT
    async with loopback() as server:
        assert await kind_after(order(f"{server.address}/orders")) is FailureKind.NOT_SENT
        assert server.connections == 0


async def test_a_reset_after_the_request_was_read_is_not_not_sent() -> None:
    async with loopback(reset) as server:
        request = order(f"{server.address}/orders")
        assert await kind_after(request, loopback_too=True) is FailureKind.UNREACHABLE
        assert len(server.arrived) == 1


async def test_a_server_that_speaks_no_tls_was_sent_nothing() -> None:
    async with loopback() as server:
        request = order(server.address.replace("http:", "https:") + "/orders")
        assert await kind_after(request, loopback_too=True) is FailureKind.NOT_SENT
        assert server.arrived == []


async def test_the_request_is_sent_once_whatever_comes_back() -> None:
    async def count(server: Loopback) -> int:
        request = order(f"{server.address}/orders")
        with suppress(WireFailed):
            await transport(loopback_too=True).send(request, within_s=0.3, body_limit=LIMIT)
        return len(server.arrived)

    redirect = say(status=307, headers=(("Location", "/orders"),))
    for play in (reset, hang, redirect, say(status=503), say(status=401)):
        async with loopback(play) as server:
            assert await count(server) == 1


async def test_the_tls_context_verifies_and_is_modern() -> None:
    from bookhunt.sellers.network import tls_context

    context = tls_context(NetworkRules())
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
