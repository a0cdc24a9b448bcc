"""Credentials go to the host they are for, tokens are fetched once, logins are lent to one."""

from __future__ import annotations

import asyncio
import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bookhunt.model.errors import SecretMissing
from bookhunt.model.reasons import Reason
from bookhunt.sellers.auth import Credential, applied
from bookhunt.sellers.auth_secrets import SecretCache
from bookhunt.sellers.auth_sessions import Lending, Login, Logins
from bookhunt.sellers.auth_tokens import AuthFailed, Tokens
from bookhunt.sellers.network import origin_of
from bookhunt.sellers.plan_cookies import CookieJar
from bookhunt.sellers.template_sealed import CannotRender, Sealed, SecretRef
from bookhunt.sellers.transport import FailureKind, WireAnswer, WireFailed, WireRequest

if TYPE_CHECKING:
    from collections.abc import Callable

HOME = "https://api.shop.example"
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SECRETS = {"shop/key": "canary-key", "shop/user": "ada", "shop/password": "canary-pass"}


class HandClock:
    """A clock that a test moves; waiting moves it too."""

    def __init__(self) -> None:
        self.elapsed_s = 0.0

    def now(self) -> datetime:
        return NOW + timedelta(seconds=self.elapsed_s)

    def monotonic(self) -> float:
        return self.elapsed_s

    async def sleep(self, seconds: float) -> None:
        self.elapsed_s += seconds
        await asyncio.sleep(0)


def secret(name: str) -> Sealed:
    return Sealed((SecretRef(name=f"shop/{name}"),))


def sent_with(*credentials: Credential, url: str = f"{HOME}/x") -> WireRequest:
    return applied(
        WireRequest(method="GET", url=url, headers=(("X-Own", "1"),)),
        credentials,
        origin_of(url),
        secret_of=SECRETS.__getitem__,
        token_of=lambda _: "fresh-token",
    )


HEADER = Credential(kind="header", origin=HOME, name="X-Api-Key", value=secret("key"))
QUERY = Credential(kind="query", origin=HOME, name="k&y", value=secret("key"))
BASIC = Credential(kind="basic", origin=HOME, user=secret("user"), value=secret("password"))
BEARER = Credential(kind="bearer", origin=HOME, value=secret("key"))
OAUTH = Credential(
    kind="oauth2_client_credentials",
    origin=HOME,
    user=secret("user"),
    value=secret("password"),
    token_url=f"{HOME}/token",
    scope="orders",
)


def test_each_kind_is_written_where_it_belongs_and_they_add_up() -> None:
    sent = sent_with(HEADER, QUERY, BASIC, url=f"{HOME}/x?a=1")
    headers = dict(sent.headers)
    assert headers["X-Api-Key"] == "canary-key"
    assert headers["Authorization"] == "Basic " + base64.b64encode(b"ada:canary-pass").decode()
    assert sent.url == f"{HOME}/x?a=1&k%26y=canary-key"
    assert dict(sent_with(BEARER).headers)["Authorization"] == "Bearer canary-key"
    assert dict(sent_with(OAUTH).headers)["Authorization"] == "Bearer fresh-token"


@pytest.mark.parametrize(
    "url",
    [
        "https://cdn.shop.example/x",
        "https://evil.example/x",
        "https://api.shop.example.evil.example/x",
        "https://api.shop.example:8443/x",
        "http://api.shop.example/x",
    ],
)
def test_no_credential_goes_to_another_host_port_or_scheme(url: str) -> None:
    sent = sent_with(HEADER, QUERY, BASIC, BEARER, OAUTH, url=url)
    assert (sent.url, sent.headers) == (url, (("X-Own", "1"),))


def test_a_credential_for_a_named_host_goes_there_only() -> None:
    other = replace(HEADER, origin="https://orders.shop.example")
    assert "X-Api-Key" not in dict(sent_with(other).headers)
    assert "X-Api-Key" in dict(sent_with(other, url="https://orders.shop.example/x").headers)


def test_a_secret_with_a_line_break_is_not_sent() -> None:
    with pytest.raises(CannotRender):
        applied(
            WireRequest(method="GET", url=HOME),
            [HEADER],
            origin_of(HOME),
            secret_of=lambda _: "a\r\nX-Evil: 1",
            token_of=str,
        )


@pytest.mark.parametrize("credential", [HEADER, QUERY, BASIC, BEARER, OAUTH])
def test_a_credential_is_stored_without_its_secret(credential: Credential) -> None:
    text = json.dumps(credential.to_json())
    assert "canary" not in text
    assert "canary" not in repr(credential)
    assert Credential.from_json(json.loads(text)) == credential


# ---------------------------------------------------------------------------------- access tokens
class TokenServer:
    """A transport that is a token endpoint."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.requests: list[WireRequest] = []

    async def send(self, request: WireRequest, *, within_s: float, body_limit: int) -> WireAnswer:
        self.requests.append(request)
        await asyncio.sleep(0)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        status, body = answer
        return WireAnswer(
            status=status, headers=(), body=json.dumps(body).encode(), url=request.url
        )

    async def close(self) -> None:
        pass


def token(value: str, **fields: Any) -> tuple[int, dict[str, Any]]:
    return 200, {"access_token": value, "token_type": "Bearer", **fields}


async def test_a_token_is_fetched_once_for_all_who_need_it() -> None:
    server, clock = TokenServer(token("one", expires_in=3600)), HandClock()
    tokens = Tokens(server, clock)
    found = await asyncio.gather(*(tokens.of(OAUTH, SECRETS.__getitem__) for _ in range(20)))
    assert set(found) == {"one"}
    assert len(server.requests) == 1
    form = server.requests[0].body.decode()
    assert form == "grant_type=client_credentials&scope=orders"
    assert "Authorization" in dict(server.requests[0].headers)


async def test_the_impatience_of_the_first_does_not_take_the_token_from_the_others() -> None:
    server = TokenServer(token("one"))
    tokens = Tokens(server, HandClock())
    first = asyncio.create_task(tokens.of(OAUTH, SECRETS.__getitem__))
    second = asyncio.create_task(tokens.of(OAUTH, SECRETS.__getitem__))
    await asyncio.sleep(0)
    first.cancel()
    assert await second == "one"


async def test_a_token_is_renewed_before_it_ends() -> None:
    server = TokenServer(token("one", expires_in=100), token("two", expires_in=100))
    clock = HandClock()
    tokens = Tokens(server, clock)
    assert await tokens.of(OAUTH, SECRETS.__getitem__) == "one"
    clock.elapsed_s = 89
    assert await tokens.of(OAUTH, SECRETS.__getitem__) == "one"
    clock.elapsed_s = 91
    assert await tokens.of(OAUTH, SECRETS.__getitem__) == "two"


async def test_a_refused_token_is_renewed_once_by_many() -> None:
    server = TokenServer(token("one"), token("two"))
    tokens = Tokens(server, HandClock())
    one = await tokens.of(OAUTH, SECRETS.__getitem__)
    for _ in range(3):
        tokens.refused(OAUTH, one)
        assert await tokens.of(OAUTH, SECRETS.__getitem__) == "two"
    assert len(server.requests) == 2


async def test_id_and_secret_may_be_sent_in_the_form() -> None:
    server = TokenServer(token("one"))
    await Tokens(server, HandClock()).of(replace(OAUTH, in_body=True), SECRETS.__getitem__)
    assert b"client_id=ada&client_secret=canary-pass" in server.requests[0].body
    assert "Authorization" not in dict(server.requests[0].headers)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ((401, {}), Reason.UNAUTHORISED),
        ((400, {"error": "invalid_client"}), Reason.UNAUTHORISED),
        ((429, {}), Reason.RATE_LIMITED),
        ((503, {}), Reason.SERVER_ERROR),
        ((200, {"token": "x"}), Reason.UNREADABLE),
        ((200, []), Reason.UNREADABLE),
        ((200, {"access_token": 7}), Reason.UNREADABLE),
        ((200, {"access_token": "a\nb"}), Reason.UNREADABLE),
        ((200, {"access_token": "a", "expires_in": "soon"}), Reason.UNREADABLE),
        (WireFailed(FailureKind.TIMED_OUT, ""), Reason.TIMED_OUT),
        (WireFailed(FailureKind.UNREACHABLE, ""), Reason.UNREACHABLE),
        (WireFailed(FailureKind.TOO_LARGE, ""), Reason.UNREADABLE),
    ],
)
async def test_no_token_has_a_reason_and_is_asked_for_again_next_time(
    answer: Any, reason: Reason
) -> None:
    tokens = Tokens(TokenServer(answer, token("two")), HandClock())
    with pytest.raises(AuthFailed) as failed:
        await tokens.of(OAUTH, SECRETS.__getitem__)
    assert failed.value.reason is reason
    assert await tokens.of(OAUTH, SECRETS.__getitem__) == "two"


# ----------------------------------------------------------------------------------------- logins
async def test_a_login_is_made_once_and_again_only_after_it_was_refused() -> None:
    logins, made = Logins(), 0

    async def log_in() -> Login:
        nonlocal made
        made += 1
        await asyncio.sleep(0)
        return Login(captured={"n": made})

    found = await asyncio.gather(*(logins.of("shop", log_in) for _ in range(5)))
    assert [login.captured["n"] for login in found] == [1] * 5
    logins.refused("shop", Login())  # somebody else's, long replaced
    assert (await logins.of("shop", log_in)).captured["n"] == 1
    logins.refused("shop", found[0])
    assert (await logins.of("shop", log_in)).captured["n"] == 2


async def test_a_login_that_fails_fails_for_all_who_wait_and_is_tried_again() -> None:
    logins, outcomes = Logins(), [AuthFailed(Reason.UNAUTHORISED, "wrong password"), None]

    async def log_in() -> Login:
        await asyncio.sleep(0)
        if (outcome := outcomes.pop(0)) is not None:
            raise outcome
        return Login()

    results = await asyncio.gather(
        *(logins.of("shop", log_in) for _ in range(3)), return_exceptions=True
    )
    assert all(isinstance(result, AuthFailed) for result in results)
    assert isinstance(await logins.of("shop", log_in), Login)


async def test_a_login_is_lent_to_one_attempt_at_a_time() -> None:
    lending = Lending(HandClock())
    assert await lending.borrow("shop", "first", within_s=0)
    assert await lending.borrow("shop", "first", within_s=0)  # it has it already
    assert await lending.borrow("other", "second", within_s=0)
    assert not await lending.borrow("shop", "second", within_s=0)
    waiting = asyncio.create_task(lending.borrow("shop", "second", within_s=60))
    await asyncio.sleep(0)
    lending.give_back("shop", "second")  # not its to give back
    await asyncio.sleep(0)
    assert not waiting.done()
    lending.give_back("shop", "first")
    assert await waiting


async def test_a_borrower_that_vanished_does_not_keep_the_login() -> None:
    clock = HandClock()
    lending = Lending(clock)
    await lending.borrow("shop", "first", within_s=0)
    clock.elapsed_s = 901
    assert await lending.borrow("shop", "second", within_s=0)
    lending.give_back("shop", "first")
    assert not await lending.borrow("shop", "third", within_s=0)


# ---------------------------------------------------------------------------------------- secrets
def counted(values: dict[str, str]) -> tuple[Callable[[str], str], list[str]]:
    asked: list[str] = []

    def look_up(name: str) -> str:
        asked.append(name)
        try:
            return values[name]
        except KeyError:
            raise SecretMissing(f"no {name}", hint="bookhunt sellers login shop") from None

    return look_up, asked


async def test_a_secret_is_looked_up_once_a_minute_and_a_miss_every_ten_seconds() -> None:
    values = {"shop/key": "one"}
    look_up, asked = counted(values)
    clock = HandClock()
    secrets = SecretCache(look_up, clock)
    for _ in range(3):
        await secrets.load(["shop/key"])
        with pytest.raises(SecretMissing, match="no shop/other") as missing:
            await secrets.load(["shop/key", "shop/other"])
        assert missing.value.hint == "bookhunt sellers login shop"
    assert asked == ["shop/key", "shop/other"]
    assert secrets.known_missing("shop/other")
    clock.elapsed_s = 11
    values["shop/other"] = "two"
    await secrets.load(["shop/other"])
    assert secrets.of("shop/other") == "two"
    assert "one" not in repr(secrets)


async def test_many_who_need_a_secret_wait_for_one_look_up() -> None:
    look_up, asked = counted({"shop/key": "one"})
    secrets = SecretCache(look_up, HandClock())
    await asyncio.gather(*(secrets.load(["shop/key"]) for _ in range(50)))
    results = await asyncio.gather(
        *(secrets.load(["shop/other"]) for _ in range(50)), return_exceptions=True
    )
    assert all(isinstance(result, SecretMissing) for result in results)
    assert asked == ["shop/key", "shop/other"]
    await secrets.close()


async def test_a_secret_that_a_seller_repeats_is_not_shown() -> None:
    secrets = SecretCache(counted({"shop/key": "canary-key", "shop/no": "1"})[0], HandClock())
    await secrets.load(["shop/key", "shop/no"])
    assert secrets.redacted("bad key canary-key, code 1") == "bad key [secret], code 1"
    assert secrets.redacted(None) is None
    assert secrets.stand_in("...canary-key...", ["shop/key", "shop/unknown"])
    assert not secrets.stand_in("...1...", ["shop/no"])


async def test_a_forgotten_secret_is_looked_up_again() -> None:
    values = {"shop/key": "one"}
    look_up, _ = counted(values)
    secrets = SecretCache(look_up, HandClock())
    await secrets.load(["shop/key"])
    values["shop/key"] = "two"
    secrets.forget()
    with pytest.raises(SecretMissing):
        secrets.of("shop/key")
    await secrets.load(["shop/key"])
    assert secrets.of("shop/key") == "two"


# ---------------------------------------------------------------------------------------- cookies
def jar_after(*set_cookies: str, url: str = "https://shop.example/cart/items") -> CookieJar:
    jar = CookieJar()
    jar.take(url, set_cookies, now=NOW)
    return jar


@pytest.mark.parametrize(
    ("set_cookie", "url", "sent"),
    [
        ("a=1", "https://shop.example/cart", "a=1"),
        ("a=1; Path=/", "https://shop.example/checkout", "a=1"),
        ("a=1", "https://shop.example/checkout", None),
        ("a=1; Path=/cart", "https://shop.example/cartoon", None),
        ("a=1; Path=/", "https://www.shop.example/", None),
        ("a=1; Path=/", "https://evil.example/", None),
        ("a=1; Path=/; Domain=shop.example", "https://www.shop.example/", "a=1"),
        ("a=1; Path=/; Domain=.example", "https://shop.example/", None),
        ("a=1; Path=/; Domain=evil.example", "https://evil.example/", None),
        ("a=1; Path=/; Secure", "http://shop.example/", None),
        ("a=1; Path=/; Max-Age=0", "https://shop.example/", None),
        ("a=1; Path=/; Expires=Wed, 21 Oct 2015 07:28:00 GMT", "https://shop.example/", None),
        ("a=1; Path=/; Expires=Wed, 21 Oct 2065 07:28:00 GMT", "https://shop.example/", "a=1"),
        ("a=1; Path=/; Expires=whenever", "https://shop.example/", "a=1"),
        ("no cookie", "https://shop.example/cart", None),
        ("a=\x01; Path=/", "https://shop.example/", None),
        (f"a={'x' * 5000}; Path=/", "https://shop.example/", None),
    ],
)
def test_a_cookie_goes_where_it_belongs(set_cookie: str, url: str, sent: str | None) -> None:
    assert jar_after(set_cookie).header(url) == sent


def test_a_cookie_is_replaced_taken_back_and_survives_the_disk() -> None:
    jar = jar_after("a=1; Path=/", "b=2; Path=/", "a=3; Path=/")
    jar.take("https://shop.example/", ["b=; Max-Age=-1"], now=NOW)
    again = CookieJar.from_json(json.loads(json.dumps(jar.to_json())))
    assert again.header("https://shop.example/") == "a=3"


def test_a_copy_is_a_jar_of_its_own() -> None:
    jar = jar_after("a=1; Path=/")
    other = jar.copy()
    other.take("https://shop.example/", ["basket=2; Path=/"], now=NOW)
    assert jar.header("https://shop.example/") == "a=1"


def test_a_seller_cannot_fill_the_ledger_with_cookies() -> None:
    jar = jar_after(*(f"c{n}=1; Path=/" for n in range(1000)))
    assert len(jar) == 50
