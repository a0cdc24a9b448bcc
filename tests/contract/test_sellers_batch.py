"""What the port `Sellers` promises of several books in one call, on the gateway and its double."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from bookhunt.model.book import Book
from bookhunt.model.reasons import Reason
from tests.support.builders import an_offer
from tests.support.inline_sellers import FIELDS, Routes, a_row, offers, shop
from tests.support.loopback import hang, say
from tests.support.scripted_sellers import QuoteScript, ScriptedSellers, a_seller
from tests.support.seller_worlds import WallClock, an_ask, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from pathlib import Path

    from bookhunt.hunt.ports import Quoted, Sellers

FIRST, SECOND, UNKNOWN = "9780141439518", "9781449373320", "9780140449136"
LISTED = f"""
limits: {{batch: 5, retries: 0}}
quote:
  asks_by: [isbn13]
  steps:
    - request: {{path: /books, query: {{isbns: "{{books.isbn13}}"}}}}
{FIELDS}"""


@dataclass(slots=True, kw_only=True)
class World:
    """A seller `shop` that is asked for five books at once, and has `FIRST` and `SECOND`."""

    sellers: Sellers
    calls: Callable[[], int]
    silence: Callable[[], None]
    fail: Callable[[], None]

    async def quote(self, *isbns: str, within_s: float = 20.0) -> Sequence[Quoted]:
        asks = [an_ask(Book(isbn13=isbn)) for isbn in isbns]
        return await self.sellers.quote_batch("shop", asks, within_s=within_s)


@asynccontextmanager
async def before_a_server(folder: Path) -> AsyncIterator[World]:
    routes = Routes().on("GET /books", offers(a_row(isbn=SECOND), a_row(isbn=FIRST)))
    async with shop(folder, routes, LISTED) as (gateway, _):
        yield World(
            sellers=gateway,
            calls=lambda: len(routes.seen),
            silence=lambda: routes.on("GET /books", hang) and None,
            fail=lambda: routes.on("GET /books", say("", status=503)) and None,
        )


def scripted_world() -> World:
    scripted = ScriptedSellers(WallClock())
    stock = tuple(an_offer("shop", isbn13=isbn) for isbn in (SECOND, FIRST))
    scripted.add(a_seller("shop", batch=5), QuoteScript(offers=stock))
    return World(
        sellers=scripted,
        calls=lambda: scripted.count("quote"),
        silence=lambda: scripted.quotes("shop", QuoteScript(delay_s=3600)),
        fail=lambda: scripted.quotes("shop", QuoteScript(reason=Reason.SERVER_ERROR)),
    )


@pytest.fixture(params=["gateway", "scripted"])
async def world(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[World]:
    if request.param == "scripted":
        yield scripted_world()
        return
    async with before_a_server(tmp_path) as made:
        yield made


async def test_the_seller_says_how_many_books_go_into_a_call(world: World) -> None:
    seller = world.sellers.get("shop")
    assert seller is not None
    assert seller.batch == 5


async def test_each_book_has_its_own_answer_in_the_order_of_the_asks(world: World) -> None:
    first, unknown, second = await world.quote(FIRST, UNKNOWN, SECOND)
    assert [offer.isbn13 for offer in first.offers] == [FIRST]
    assert [offer.isbn13 for offer in second.offers] == [SECOND]
    assert not unknown.offers
    assert unknown.reason in {Reason.NOT_STOCKED, Reason.WRONG_BOOK}


async def test_it_is_one_call_and_adds_up_to_one(world: World) -> None:
    quoted = await world.quote(FIRST, SECOND)
    assert world.calls() == 1
    assert [each.calls for each in quoted] == [1, 0]


async def test_what_fails_fails_for_each_book_alike(world: World) -> None:
    world.fail()
    quoted = await world.quote(FIRST, SECOND, UNKNOWN)
    assert [each.reason for each in quoted] == [Reason.SERVER_ERROR] * 3
    assert [each.calls for each in quoted] == [1, 0, 0]


async def test_a_silent_seller_is_given_up_within_the_time(world: World) -> None:
    world.silence()
    quoted = await world.quote(FIRST, SECOND, within_s=0.1)
    assert [each.reason for each in quoted] == [Reason.TIMED_OUT] * 2


async def test_it_can_be_cut_off(world: World) -> None:
    world.silence()
    asking = asyncio.create_task(world.quote(FIRST, SECOND, within_s=60))
    await until(lambda: world.calls() > 0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
