"""What a definition's quote may say, on a server that answers as each test tells it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from bookhunt.model.book import Book
from bookhunt.model.reasons import Reason
from tests.support.builders import usd
from tests.support.inline_sellers import (
    FIELDS,
    ISBN,
    QUOTE,
    Routes,
    a_gateway,
    a_row,
    defined,
    offers,
    shop,
)
from tests.support.loopback import Visit, answer, hang, loopback, reset, say
from tests.support.seller_worlds import an_ask

if TYPE_CHECKING:
    from pathlib import Path

    from bookhunt.hunt.ports import Quoted
    from bookhunt.sellers.gateway import Gateway

ASK = an_ask(Book(isbn13=ISBN, title="Pride and Prejudice"))
HEADER_AUTH = """
secrets: {key: {prompt: "Key"}}
auth:
  - {kind: header, name: X-Api-Key, value: "{secrets.key}"}
"""


async def ask(gateway: Gateway, **fields: Any) -> Quoted:
    return await gateway.quote("shop", an_ask(ASK.book, **fields), within_s=20)


def two_steps(first: str, second: str = "") -> str:
    """A quote whose first step looks something up for the second."""
    second = second or '{path: "/books/{captured.id}"}'
    return f"""
quote:
  asks_by: [isbn13]
  steps:
    - request: {{path: /search, query: {{isbn: "{{asked.isbn}}"}}}}
{first}
    - request: {second}
{FIELDS}"""


async def test_offers_are_read_as_they_are_said(tmp_path: Path) -> None:
    routes = Routes().on("GET /books", offers(a_row(), a_row(sku="B", isbn="9781449373320")))
    async with shop(tmp_path, routes, QUOTE) as (gateway, _):
        quoted = await ask(gateway)
    [offer] = quoted.offers
    assert (offer.item, offer.total, offer.isbn13) == ('"A1"', usd("12.50"), ISBN)
    assert [refusal.reason for refusal in quoted.refused] == [Reason.WRONG_BOOK]
    assert (quoted.reason, quoted.calls) == (None, 1)


async def test_a_captured_value_leads_the_next_step(tmp_path: Path) -> None:
    routes = Routes().on("GET /search", {"hits": [{"id": "x/7"}]}).on("GET /books/x%2F7", offers())
    quote = two_steps("      capture: {id: {at: 'hits[0].id'}}")
    async with shop(tmp_path, routes, quote) as (gateway, _):
        quoted = await ask(gateway)
    assert (quoted.reason, quoted.calls) == (None, 2)


@pytest.mark.parametrize(
    ("capture", "reason"),
    [
        ("{at: id}", Reason.UNREADABLE),
        ("{at: id, else: not_stocked}", Reason.NOT_STOCKED),
        ("{at: id, else: does_not_ship}", Reason.DOES_NOT_SHIP),
        ("{header: x-id, else: not_stocked}", Reason.NOT_STOCKED),
        ("{location: '/b/(.*)', else: blocked}", Reason.BLOCKED),
    ],
)
async def test_what_is_not_found_ends_the_quote_with_its_word(
    tmp_path: Path, capture: str, reason: Reason
) -> None:
    routes = Routes().on("GET /search", {"other": 1})
    quote = two_steps(f"      capture: {{id: {capture}}}")
    async with shop(tmp_path, routes, quote) as (gateway, _):
        quoted = await ask(gateway)
    assert (quoted.reason, quoted.calls) == (reason, 1)


async def test_else_none_goes_on_and_what_has_no_value_is_left_out(tmp_path: Path) -> None:
    routes = Routes().on("GET /search", {}).on("GET /books", offers())
    quote = two_steps(
        "      capture: {id: {at: id, else: none}}",
        '{path: /books, query: {isbn: "{asked.isbn}", id: "{captured.id}"}}',
    )
    async with shop(tmp_path, routes, quote) as (gateway, _):
        assert (await ask(gateway)).reason is None
    assert routes.targets()[-1] == f"/books?isbn={ISBN}"


async def test_a_step_is_passed_over_where_its_condition_has_no_value(tmp_path: Path) -> None:
    routes = Routes().on("GET /search", {}).on("GET /books", offers())
    quote = two_steps('      if: "{asked.title}"', "{path: /books}")
    async with shop(tmp_path, routes, quote) as (gateway, _):
        assert (await ask(gateway)).reason is None
    assert routes.targets() == ["/books"]


async def test_the_row_that_is_picked_equals_the_book_and_is_the_lowest(tmp_path: Path) -> None:
    hits = [
        {"id": "wrong", "isbn": "9781449373320", "price": "1.00"},
        {"id": "dear", "isbn": "978-0-14-143951-8", "price": "9.10"},
        {"id": "cheap", "isbn": "0141439513", "price": "9.09"},
        {"id": "strange", "isbn": ISBN, "price": "ask us"},
    ]
    pick = "{from: 'hits[]', equals: {isbn: '{asked.isbn}'}, min_by: price, unit: major, at: id}"
    routes = Routes().on("GET /search", {"hits": hits}).on("GET /books/cheap", offers())
    async with loopback(otherwise=routes) as server:
        quote = two_steps(f"      pick: {{id: {pick}}}")
        async with a_gateway(defined(tmp_path, server, quote)) as gateway:
            assert (await ask(gateway)).reason is None


async def test_a_kept_capture_is_asked_for_once_for_each_book(tmp_path: Path) -> None:
    routes = Routes().on("GET /search", {"id": "7"}).on("GET /books/7", offers())
    quote = two_steps("      capture: {id: {at: id}}\n      keep_s: 3600")
    async with shop(tmp_path, routes, quote) as (gateway, _):
        calls = [(await ask(gateway)).calls for _ in range(3)]
        other = an_ask(Book(isbn13="9781449373320"))
        calls.append((await gateway.quote("shop", other, within_s=20)).calls)
    assert calls == [2, 1, 1, 2]


# ------------------------------------------------------------------------------------------- pages
PAGES = QUOTE.replace(
    '{isbn: "{asked.isbn}"}}', '{isbn: "{asked.isbn}"}}\n      pages: {next: {at: next}, most: 3}'
)


@pytest.mark.parametrize(
    ("pages", "read"),
    [
        (["/books?page=2", "/books?page=3", "/books?page=4", None], 3),
        (["?page=2", None], 2),
        ([None], 1),
        (["https://evil.example/books", None], 1),
        (["http://127.0.0.1:1/books", None], 1),
        ([False], 1),
    ],
)
async def test_pages_are_read_to_the_last_or_as_many_as_allowed(
    tmp_path: Path, pages: list[Any], read: int
) -> None:
    answers = [
        offers(a_row(sku=f"P{n}")) | ({"next": target} if target is not None else {})
        for n, target in enumerate(pages, 1)
    ]
    routes = Routes().on("GET /books", *answers)
    async with shop(tmp_path, routes, PAGES) as (gateway, _):
        quoted = await ask(gateway)
    assert [offer.item for offer in quoted.offers] == [f'"P{n + 1}"' for n in range(read)]
    assert quoted.calls == read


async def test_a_page_that_fails_takes_nothing_from_the_others(tmp_path: Path) -> None:
    routes = (
        Routes().on("GET /books", offers() | {"next": "/more"}).on("GET /more", say(status=500))
    )
    async with shop(tmp_path, routes, PAGES) as (gateway, _):
        quoted = await ask(gateway)
    assert (len(quoted.offers), quoted.reason) == (1, None)


# ------------------------------------------------------------------------------- outcomes, retries
OUTCOMES = (
    QUOTE
    + """
  outcomes:
    - {when: {json: "error == 'BUSY'"}, is: retry_later, message: text}
    - {when: {status: 500, text: "captcha"}, is: blocked}
    - {when: {status: 404}, is: not_stocked}
"""
)


@pytest.mark.parametrize(
    ("plays", "reason", "calls", "lost"),
    [
        ([{"error": "BUSY"}, offers()], None, 2, 0),
        ([{"error": "BUSY", "text": "later"}], Reason.SERVER_ERROR, 2, 0),
        ([say({"error": "BUSY"}, status=429), offers()], None, 2, 0),
        ([say(b"a captcha", status=500)], Reason.BLOCKED, 1, 0),
        ([say(status=404)], Reason.NOT_STOCKED, 1, 0),
        ([say(status=403)], Reason.UNAUTHORISED, 1, 0),
        ([say(status=429)], Reason.RATE_LIMITED, 1, 0),
        ([say(status=418)], Reason.UNREADABLE, 1, 0),
        ([say(status=502), offers()], None, 2, 1),
        ([say(status=502)], Reason.SERVER_ERROR, 2, 1),
        ([reset], Reason.UNREACHABLE, 2, 1),
        ([{"offers": []}], Reason.NOT_STOCKED, 1, 0),
        ([{}], Reason.UNREADABLE, 1, 0),
    ],
)
async def test_an_answer_is_read_in_the_languages_order(
    tmp_path: Path, plays: list[Any], reason: Reason | None, calls: int, lost: int
) -> None:
    routes = Routes().on("GET /books", *plays)
    async with shop(tmp_path, routes, OUTCOMES) as (gateway, _):
        quoted = await ask(gateway)
    assert quoted.reason is reason
    # A kept connection that breaks is tried again below us as well: what is counted is ours.
    assert (quoted.calls, quoted.lost) == (calls, lost)


async def test_a_seller_is_given_no_more_than_its_own_time(tmp_path: Path) -> None:
    quick = QUOTE + "\nlimits: {timeout_ms: 100}\n"
    async with shop(tmp_path, hang, quick) as (gateway, server):
        assert (await ask(gateway)).reason is Reason.TIMED_OUT
        await server.until(lambda: server.closed == server.connections)


async def test_a_quote_that_is_cut_off_closes_its_connection(tmp_path: Path) -> None:
    async with shop(tmp_path, hang, QUOTE) as (gateway, server):
        asking = asyncio.create_task(ask(gateway))
        await server.until(lambda: bool(server.arrived))
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        await server.until(lambda: server.closed == 1)
    assert asking.cancelled()


async def test_a_large_answer_is_read_off_the_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    aside: list[object] = []
    to_thread = asyncio.to_thread

    async def counting(function: Any, *args: Any) -> Any:
        aside.append(function)
        return await to_thread(function, *args)

    monkeypatch.setattr("bookhunt.sellers.plan_reading.asyncio.to_thread", counting)
    rows = [a_row(isbn="9781449373320", text="x" * 1000) for _ in range(100)]
    routes = Routes().on("GET /books", offers(), offers(a_row(), *rows))
    async with shop(tmp_path, routes, QUOTE) as (gateway, _):
        assert (await ask(gateway)).reason is None
        assert aside == []
        assert (await ask(gateway)).reason is None
        assert aside


# --------------------------------------------------------------------------------- hosts and keys
async def test_a_key_is_not_sent_to_the_other_hosts_of_a_definition(tmp_path: Path) -> None:
    """By a redirect, and by a link that the seller named."""
    async with loopback(otherwise=Routes().on("GET /x", offers())) as other:
        target = f"{other.address}/x"
        redirecting = say(status=302, headers=(("Location", target),))
        linking = Routes().on("GET /books", redirecting).on("GET /search", {"link": target})
        async with loopback(otherwise=linking) as home:
            for quote in (
                QUOTE,
                two_steps("      capture: {link: {at: link}}", '{url: "{captured.link}"}'),
            ):
                seller = defined(tmp_path, home, HEADER_AUTH, quote, others=(other.address,))
                async with a_gateway(seller) as gateway:
                    assert (await ask(gateway)).reason is None
        assert all(a.headers["x-api-key"] == "canary-key" for a in home.arrived)
        assert len(other.arrived) == 2
        assert not any("canary" in str(a.headers) for a in other.arrived)


@pytest.mark.parametrize("link", ["https://evil.example/", "http://127.0.0.1:1/", "//x.example/y"])
async def test_a_link_to_an_undeclared_host_is_not_followed(tmp_path: Path, link: str) -> None:
    routes = Routes().on("GET /search", {"link": link})
    quote = two_steps("      capture: {link: {at: link}}", '{url: "{captured.link}"}')
    async with shop(tmp_path, routes, quote) as (gateway, _):
        quoted = await ask(gateway)
    assert (quoted.reason, quoted.calls) == (Reason.UNREADABLE, 1)
    assert "not declared" in str(quoted.detail)


async def test_a_captured_value_cannot_break_out_of_a_header(tmp_path: Path) -> None:
    routes = Routes().on("GET /search", {"id": "7\r\nX-Evil: 1"}).on("GET /books", offers())
    quote = two_steps(
        "      capture: {id: {at: id}}", '{path: /books, headers: {X-Id: "{captured.id}"}}'
    )
    async with shop(tmp_path, routes, quote) as (gateway, _):
        quoted = await ask(gateway)
    assert quoted.reason is Reason.UNREADABLE
    assert routes.count("/books") == 0


# ----------------------------------------------------------------------------------------- sessions
SESSION = """
secrets: {user: {prompt: "User"}}
auth:
  - kind: session
    steps:
      - request: {method: POST, path: /login, json: {user: "{secrets.user}"}}
        capture: {token: {at: token}}
    headers: {X-Session: "{captured.token}"}
"""


class LoginServer:
    """Knows one session at a time; logs in at /login."""

    def __init__(self) -> None:
        self.logins = 0
        self.valid: set[str] = set()
        self.cookies: list[str | None] = []

    async def __call__(self, visit: Visit) -> None:
        request = visit.request
        if request.target == "/login":
            self.logins += 1
            await asyncio.sleep(0)
            session = f"session-{self.logins}"
            self.valid.add(session)
            cookie = (("Set-Cookie", f"sid={session}; Path=/"),)
            visit.write(answer({"token": session}, headers=cookie))
        elif request.headers.get("x-session") not in self.valid:
            visit.write(answer(status=401))
        else:
            self.cookies.append(request.headers.get("cookie"))
            visit.write(answer(offers(), headers=(("Set-Cookie", "basket=1; Path=/"),)))


async def test_a_login_is_made_once_for_many_quotes_which_keep_no_cookie(tmp_path: Path) -> None:
    seller = LoginServer()
    async with shop(tmp_path, seller, SESSION, QUOTE) as (gateway, _):
        quoteds = await asyncio.gather(*(ask(gateway) for _ in range(5)))
        quoteds.append(await ask(gateway))
    assert {quoted.reason for quoted in quoteds} == {None}
    assert seller.logins == 1
    assert set(seller.cookies) == {"sid=session-1"}


async def test_a_login_that_ended_is_renewed_once(tmp_path: Path) -> None:
    seller = LoginServer()
    async with shop(tmp_path, seller, SESSION, QUOTE) as (gateway, _):
        await ask(gateway)
        seller.valid.clear()
        assert (await ask(gateway)).reason is None
    assert seller.logins == 2


async def test_a_seller_that_refuses_every_login_is_unauthorised(tmp_path: Path) -> None:
    routes = Routes().on("POST /login", {"token": "t"}).on("GET /books", say(status=401))
    async with shop(tmp_path, routes, SESSION, QUOTE) as (gateway, _):
        assert (await ask(gateway)).reason is Reason.UNAUTHORISED
    assert (routes.count("/login"), routes.count("/books")) == (2, 2)


@pytest.mark.parametrize(
    ("play", "reason"),
    [
        (say(status=401), Reason.UNAUTHORISED),
        (say(status=503), Reason.SERVER_ERROR),
        (say({"no": "token"}), Reason.UNREADABLE),
    ],
)
async def test_a_login_that_fails_has_its_own_reason(
    tmp_path: Path, play: Any, reason: Reason
) -> None:
    routes = Routes().on("POST /login", play)
    async with shop(tmp_path, routes, SESSION, QUOTE) as (gateway, _):
        quoted = await ask(gateway)
    assert quoted.reason is reason
    assert "canary" not in str(quoted)


async def test_a_missing_secret_is_told_and_nothing_is_sent(tmp_path: Path) -> None:
    async with loopback() as server:
        seller = defined(tmp_path, server, HEADER_AUTH, QUOTE)
        async with a_gateway(seller, secrets={}) as gateway:
            quoted = await ask(gateway)
        assert quoted.reason is Reason.NEEDS_SETUP
        assert "shop/key" in str(quoted.detail)
        assert server.connections == 0


async def test_a_bug_of_ours_is_one_sellers_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("bookhunt.sellers.plan_quote.read_offers", broken)
    async with shop(tmp_path, Routes().on("GET /books", offers()), QUOTE) as (gateway, _):
        assert (await ask(gateway)).reason is Reason.UNREADABLE
    assert "ZeroDivisionError" in caplog.text
