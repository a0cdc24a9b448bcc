"""A webhook is a signed POST to an address that was checked; told is what answers 2xx."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Any

import pytest

from bookhunt.daemon.clock import SystemClock
from bookhunt.daemon.reaching import CheckedNetwork
from bookhunt.notify.target import NotTold
from bookhunt.notify.webhook import Webhook
from bookhunt.sellers.network import NetworkRules
from bookhunt.sellers.network_addresses import Addresses
from tests.support.loopback import Play, hang, loopback, reset, say, say_raw, unused_port
from tests.support.notices import OpenNetwork, a_message, says

if TYPE_CHECKING:
    from bookhunt.notify.posting import Network

SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()
LOCAL = NetworkRules(allow_loopback=True)


def a_webhook(address: str, network: Network | None = None, **fields: Any) -> Webhook:
    standard = {
        "title": "webhook",
        "address": says(address),
        "secret": says(SECRET),
        "network": network or CheckedNetwork(LOCAL),
        "clock": SystemClock(),
    }
    return Webhook(**standard | fields)


async def test_the_notice_arrives_signed() -> None:
    """The receiver can verify what it got, and know it again."""
    message = a_message()
    async with loopback(say(status=204)) as server:
        await a_webhook(f"{server.address}/hooks?x=1").tell(message)
    [arrived] = server.arrived
    assert (arrived.method, arrived.target) == ("POST", "/hooks?x=1")
    assert arrived.headers["content-type"] == "application/json"
    assert arrived.headers["host"] == f"127.0.0.1:{server.port}"
    assert arrived.body == message.document
    assert arrived.headers["webhook-id"] == message.id
    signed = f"{message.id}.{arrived.headers['webhook-timestamp']}.".encode() + arrived.body
    digest = base64.b64encode(hmac.new(b"k" * 32, signed, hashlib.sha256).digest()).decode()
    assert arrived.headers["webhook-signature"] == f"v1,{digest}"
    told = json.loads(arrived.body)
    assert told["type"] == "bought"
    assert told["data"]["status"] == "SUCCESS"


async def test_without_a_secret_nothing_is_signed() -> None:
    async with loopback() as server:
        await a_webhook(server.address, secret=None).tell(a_message())
    assert "webhook-signature" not in server.arrived[0].headers


@pytest.mark.parametrize("status", [301, 400, 404, 500, 503])
async def test_only_2xx_is_told(status: int) -> None:
    """A redirect is not followed, wherever it leads."""
    moved = (("Location", "http://127.0.0.1:1/"),)
    async with loopback(say(status=status, headers=moved)) as server:
        with pytest.raises(NotTold, match=f"status {status}") as refused:
            await a_webhook(server.address).tell(a_message())
    assert not refused.value.for_good
    assert len(server.arrived) == 1


async def test_gone_is_for_good() -> None:
    async with loopback(say(status=410)) as server:
        with pytest.raises(NotTold) as refused:
            await a_webhook(server.address).tell(a_message())
    assert refused.value.for_good


@pytest.mark.parametrize(
    ("said", "after_s"),
    [("120", 120.0), ("999999999", 86_400.0), ("Mon, 01 Jan 2001 00:00:00 GMT", 0.0), ("x", None)],
)
async def test_a_receiver_may_ask_for_time(said: str, after_s: float | None) -> None:
    busy = say(status=429, headers=(("Retry-After", said),))
    async with loopback(busy) as server:
        with pytest.raises(NotTold) as refused:
            await a_webhook(server.address).tell(a_message())
    assert refused.value.after_s == after_s


@pytest.mark.parametrize("play", [reset, say_raw(b"no http\r\n\r\n", close=True)])
async def test_a_connection_that_breaks_is_not_told(play: Play) -> None:
    async with loopback(play) as server:
        with pytest.raises(NotTold, match="the connection broke"):
            await a_webhook(server.address).tell(a_message())


async def test_a_receiver_that_hangs_is_left() -> None:
    async with loopback(hang) as server:
        with pytest.raises(NotTold, match="no answer within"):
            await a_webhook(server.address, within_s=0.2).tell(a_message())
        await server.until(lambda: server.closed == 1)


async def test_nobody_there_is_said() -> None:
    with pytest.raises(NotTold, match="no connection"):
        await a_webhook(f"http://127.0.0.1:{unused_port()}").tell(a_message())


async def test_a_long_answer_is_not_read() -> None:
    """Its head is enough; what follows may never end."""
    endless = say_raw(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\nbegin")
    async with loopback(endless) as server:
        await a_webhook(server.address).tell(a_message())
        await server.until(lambda: server.closed == 1)


async def test_the_name_is_connected_to_where_it_was_checked() -> None:
    """The receiver still hears its own name."""
    network = OpenNetwork()
    async with loopback() as server:
        await a_webhook(f"http://hooks.lan:{server.port}/x", network).tell(a_message())
    assert server.arrived[0].headers["host"] == f"hooks.lan:{server.port}"
    assert network.asked == [f"http://hooks.lan:{server.port}/x"]


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("http://127.0.0.1:1/x", "loopback addresses are not allowed"),
        ("https://10.0.0.7/x", "private addresses are not allowed"),
        ("https://169.254.169.254/latest", "never addresses are not allowed"),
        ("http://hooks.example.com/x", "plain http"),
        ("ftp://127.0.0.1/", "not contacted"),
        ("https://user:pass@hooks.example.com/", "user name"),
    ],
)
async def test_the_networks_rules_hold(address: str, why: str) -> None:
    """What sellers may not be, a webhook may not be either; no connection is made."""
    network = CheckedNetwork(NetworkRules())
    with pytest.raises(NotTold, match=why) as refused:
        await a_webhook(address, network).tell(a_message())
    assert "pass" not in refused.value.detail
    await network.close()


async def test_a_public_name_with_a_private_address_is_refused() -> None:
    """Who answers for that name would reach into the customer's own network."""

    async def look_up(host: str) -> list[str]:
        assert host == "hooks.example.com"
        return ["93.184.215.14", "127.0.0.1"]

    network = CheckedNetwork(LOCAL, addresses=Addresses(LOCAL, look_up=look_up))
    with pytest.raises(NotTold, match="has a loopback address"):
        await a_webhook("https://hooks.example.com/x", network).tell(a_message())
    await network.close()


async def test_what_an_address_holds_is_not_told() -> None:
    """Many addresses are secrets in themselves."""
    async with loopback(say(status=500)) as server:
        with pytest.raises(NotTold) as refused:
            await a_webhook(f"{server.address}/T0PSECRET").tell(a_message())
    assert "T0PSECRET" not in refused.value.detail
