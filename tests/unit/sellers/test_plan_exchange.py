"""What guards one request on its way: hosts, redirects, credentials, cookies, renewal."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from bookhunt.model.errors import SecretMissing
from bookhunt.model.money import Money
from bookhunt.sellers.auth import Credential
from bookhunt.sellers.auth_secrets import SecretCache
from bookhunt.sellers.auth_tokens import AuthFailed, Tokens
from bookhunt.sellers.network import DeclaredHosts, HostRefused, NetworkRules
from bookhunt.sellers.network_addresses import Addresses
from bookhunt.sellers.order_transport import OrderTransport
from bookhunt.sellers.plan_cookies import CookieJar
from bookhunt.sellers.plan_exchange import Exchange, Tools
from bookhunt.sellers.plan_frozen import MOST_BYTES, BadFrozen, FrozenOrder
from bookhunt.sellers.rendering import Rendered
from bookhunt.sellers.scope import Asked
from bookhunt.sellers.template_sealed import Sealed, SecretRef
from bookhunt.sellers.transport import FailureKind, WireFailed
from bookhunt.sellers.transport_quotes import QuoteTransport
from tests.support.loopback import Loopback, Visit, answer, loopback, say
from tests.support.seller_worlds import SecretStore, WallClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

SECRETS = {"shop/key": "canary-key", "shop/id": "me", "shop/secret": "canary-secret"}
RULES = NetworkRules(allow_loopback=True)


@asynccontextmanager
async def tools(rules: NetworkRules = RULES) -> AsyncIterator[Tools]:
    addresses, clock = Addresses(rules), WallClock()
    quotes, orders = QuoteTransport(addresses), OrderTransport(addresses)
    tokens = Tokens(quotes, clock)
    try:
        yield Tools(
            quotes=quotes,
            orders=orders,
            secrets=SecretCache(SecretStore(SECRETS), clock),
            tokens=tokens,
            rules=rules,
            clock=clock,
        )
    finally:
        await tokens.close()
        await quotes.close()
        await addresses.close()


def exchange(made: Tools, home: Loopback, *others: Loopback, **fields: Any) -> Exchange:
    standard = {
        "tools": made,
        "transport": made.quotes,
        "hosts": DeclaredHosts.of(home.address, [other.address for other in others]),
        "body_limit": 10_000,
        "credentials": (header(home),),
        "cookies": CookieJar(),
    }
    return Exchange(**standard | fields)


def header(server: Loopback) -> Credential:
    key = Sealed((SecretRef(name="shop/key"),))
    return Credential(kind="header", origin=server.address, name="X-Api-Key", value=key)


def oauth(server: Loopback) -> Credential:
    return Credential(
        kind="oauth2_client_credentials",
        origin=server.address,
        user=Sealed((SecretRef(name="shop/id"),)),
        value=Sealed((SecretRef(name="shop/secret"),)),
        token_url=f"{server.address}/token",
    )


def get(server: Loopback, path: str = "/x", **fields: Any) -> Rendered:
    standard = {
        "method": "GET",
        "url": f"{server.address}{path}",
        "headers": (("Accept-Encoding", "gzip"),),
        "body": None,
        "follows": True,
    }
    return Rendered(**standard | fields)


def redirect(target: str, status: int = 302, **more: str) -> Any:
    headers = (("Location", target), *((name.replace("_", "-"), v) for name, v in more.items()))
    return say(status=status, headers=headers)


# -------------------------------------------------------------------------------------- redirects
async def test_three_redirects_are_followed_and_a_fourth_is_not() -> None:
    hops = [redirect(f"/{n}") for n in range(3)]
    async with loopback(*hops, say(b"there")) as home, tools() as made:
        got = await exchange(made, home).send(get(home), within_s=20)
        assert (got.body, got.url) == (b"there", f"{home.address}/2")
    async with loopback(otherwise=redirect("/again")) as home, tools() as made:
        with pytest.raises(WireFailed) as failed:
            await exchange(made, home).send(get(home), within_s=20)
        assert failed.value.kind is FailureKind.MALFORMED
        assert len(home.arrived) == 4


@pytest.mark.parametrize("follows", [False, True])
async def test_follow_false_a_post_and_the_commit_step_take_the_redirect_as_the_answer(
    follows: bool,
) -> None:
    async with loopback(otherwise=redirect("/on", 307)) as home, tools() as made:
        asked = exchange(made, home, transport=made.orders)
        once = get(home, method="POST" if not follows else "GET", follows=follows)
        got = await asked.send(once, within_s=20, once=follows)
        assert got.status == 307
        assert len(home.arrived) == 1


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1:6379/",
        "http://localhost/",
        "http://169.254.169.254/latest/meta-data/",
        "http://10.0.0.1/",
        "http://[::1]/",
        "https://evil.example/",
        "//evil.example/",
        "file:///etc/passwd",
        "http://2130706433/",
        "http://user:pw@127.0.0.1/",
    ],
)
async def test_a_redirect_to_what_is_not_declared_is_not_followed(target: str) -> None:
    """Not even where the configuration allows loopback and private addresses."""
    rules = NetworkRules(allow_loopback=True, allow_private=True)
    async with loopback(redirect(target)) as home, tools(rules) as made:
        with pytest.raises(HostRefused):
            await exchange(made, home).send(get(home), within_s=20)


async def test_a_credential_stays_behind_when_a_redirect_leads_to_another_host() -> None:
    """The header of auth, a secret in a step's own header, and the cookies of the first host."""
    secret = Sealed((SecretRef(name="shop/key"),))
    async with loopback() as home, loopback(say(b"ok")) as other, tools() as made:
        home.plays(redirect(f"{other.address}/y", Set_Cookie="sid=canary-cookie; Path=/"))
        cookies = CookieJar()
        asked = exchange(made, home, other, cookies=cookies)
        headers = (("X-Own-Secret", secret), ("X-Plain", "1"))
        await asked.send(get(home, headers=headers), within_s=20)
        first, second = home.arrived[0].headers, other.arrived[0].headers
        assert first["x-api-key"] == first["x-own-secret"] == "canary-key"
        assert second["x-plain"] == "1"
        assert "x-api-key" not in second
        assert "x-own-secret" not in second
        # A cookie knows its host but not its port (RFC 6265): both servers are 127.0.0.1 here.
        assert len(cookies) == 1


async def test_a_key_in_the_address_is_not_part_of_the_answers_address() -> None:
    async with loopback(say(b"ok")) as home, tools() as made:
        key = Sealed((SecretRef(name="shop/key"),))
        query = Credential(kind="query", origin=home.address, name="key", value=key)
        got = await exchange(made, home, credentials=(query,)).send(get(home), within_s=20)
        assert home.arrived[0].target == "/x?key=canary-key"
        assert "canary" not in got.url


# -------------------------------------------------------------------------------- cookies, secrets
async def test_cookies_are_kept_within_a_run_and_not_beyond() -> None:
    plays = [say(headers=(("Set-Cookie", "basket=1; Path=/"),)), say(), say()]
    async with loopback(*plays) as home, tools() as made:
        run = exchange(made, home)
        await run.send(get(home), within_s=20)
        await run.send(get(home, headers=(("Cookie", "own=2"),)), within_s=20)
        await exchange(made, home).send(get(home), within_s=20)
        said = [arrived.headers.get("cookie") for arrived in home.arrived]
        assert said == [None, "own=2; basket=1", None]


async def test_a_missing_secret_sends_nothing() -> None:
    async with loopback() as home, tools() as made:
        lost = Credential(
            kind="header",
            origin=home.address,
            name="X",
            value=Sealed((SecretRef(name="shop/lost"),)),
        )
        with pytest.raises(SecretMissing):
            await exchange(made, home, credentials=(lost,)).send(get(home), within_s=20)
        assert home.arrived == []


async def test_an_undeclared_host_is_not_contacted_whoever_names_it() -> None:
    async with loopback() as home, loopback() as other, tools() as made:
        with pytest.raises(HostRefused):
            await exchange(made, home).send(get(other), within_s=20)
        assert other.connections == 0


# ------------------------------------------------------------------------------------ access tokens
def token_server(*answers: Any) -> Any:
    """Gives token 1, 2, ... and answers requests in the given order."""
    given, left = 0, list(answers)

    async def play(visit: Visit) -> None:
        nonlocal given
        if visit.request.target == "/token":
            given += 1
            visit.write(answer({"access_token": f"token-{given}", "expires_in": 3600}))
        else:
            await left.pop(0)(visit)

    return play


async def test_a_refused_token_is_renewed_once_and_the_request_sent_again() -> None:
    play = token_server(say(status=401), say(b"ok"))
    async with loopback(otherwise=play) as home, tools() as made:
        run = exchange(made, home, credentials=(oauth(home),))
        got = await run.send(get(home), within_s=20)
        assert got.body == b"ok"
        tokens = [a.headers.get("authorization") for a in home.arrived if a.target == "/x"]
        assert tokens == ["Bearer token-1", "Bearer token-2"]


async def test_a_token_that_is_refused_twice_is_not_tried_a_third_time() -> None:
    refusals = [say(status=401)] * 2
    async with loopback(otherwise=token_server(*refusals)) as home, tools() as made:
        run = exchange(made, home, credentials=(oauth(home),))
        assert (await run.send(get(home), within_s=20)).status == 401
        assert [a.target for a in home.arrived] == ["/token", "/x", "/token", "/x"]


async def test_the_commit_step_is_never_sent_again_not_even_with_a_new_token() -> None:
    play = token_server(say(status=401), say(b"ok"))
    async with loopback(otherwise=play) as home, tools() as made:
        run = exchange(made, home, credentials=(oauth(home),), transport=made.orders)
        once = get(home, method="POST", body="{}", follows=False)
        assert (await run.send(once, within_s=20, once=True)).status == 401
        assert [a.target for a in home.arrived] == ["/token", "/x"]
        # The next one has a new token all the same.
        assert (await run.send(get(home), within_s=20)).body == b"ok"


async def test_an_access_token_is_got_from_a_declared_host_only() -> None:
    async with loopback() as home, loopback() as other, tools() as made:
        elsewhere = replace(oauth(home), token_url=f"{other.address}/token")
        with pytest.raises(HostRefused):
            await exchange(made, home, credentials=(elsewhere,)).send(get(home), within_s=20)
        assert other.connections == home.connections == 0


async def test_no_token_no_request() -> None:
    async with loopback(otherwise=say(status=401)) as home, tools() as made:
        with pytest.raises(AuthFailed):
            await exchange(made, home, credentials=(oauth(home),)).send(get(home), within_s=20)
        assert [a.target for a in home.arrived] == ["/token"]


# ----------------------------------------------------------------------------------- stored orders
def a_stored(**fields: Any) -> FrozenOrder:
    secret = Sealed(('{"token":"', SecretRef(name="pay/home/shop"), '"}'))
    jar = CookieJar()
    jar.take("https://shop.example/", ["sid=1; Path=/"], now=datetime(2026, 3, 2, tzinfo=UTC))
    standard = {
        "seller": "shop",
        "definition_hash": "d" * 64,
        "definition": {"id": "shop", "name": "Sh\u00f6p"},
        "settings": {"store": "2", "on": True},
        "base_url": "https://shop.example",
        "asked": Asked(by="isbn13", value="9780141439518"),
        "request": Rendered(
            method="POST",
            url="https://shop.example/orders",
            headers=(("X-A", "1"),),
            body=secret,
            follows=False,
        ),
        "credentials": (
            Credential(
                kind="header",
                origin="https://shop.example",
                name="X-Api-Key",
                value=Sealed((SecretRef(name="shop/key"),)),
            ),
        ),
        "cookies": jar,
        "captured": {"cart": "c1", "row": {"price": 12, "many": [1, "two", None]}},
        "total": Money(1234, "USD"),
    }
    return FrozenOrder(**standard | fields)


def test_a_stored_order_is_read_back_as_it_was() -> None:
    stored = a_stored()
    again = FrozenOrder.read(stored.document())
    for name in FrozenOrder.__slots__:
        if name != "cookies":
            assert getattr(again, name) == getattr(stored, name)
    assert again.cookies.to_json() == stored.cookies.to_json()
    assert again.document() == stored.document()


@pytest.mark.parametrize(
    "document", ["", "{}", "[]", '{"v":2}', "not JSON", a_stored().document()[:-5]]
)
def test_what_is_no_stored_order_is_refused(document: str) -> None:
    with pytest.raises(BadFrozen):
        FrozenOrder.read(document)


def test_an_order_that_no_ledger_should_hold_is_refused() -> None:
    with pytest.raises(BadFrozen, match="KB"):
        a_stored(captured={"page": "x" * MOST_BYTES}).document()
    with pytest.raises(BadFrozen, match="secret"):
        a_stored(captured={"key": SecretRef(name="shop/key")}).document()
