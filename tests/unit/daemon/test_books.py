"""Titles and their ISBNs over the socket: shown, pinned, and in force for the next request."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import pytest

from bookhunt.daemon.daemon import hunt_settings_of
from bookhunt.home.config import load_config
from bookhunt.hunt.ports import Knowledge
from bookhunt.hunt.service import HuntService
from bookhunt.model import errors
from bookhunt.model.reasons import Reason
from bookhunt.store.shelf import MemoryShelf
from bookhunt.wire.contract import BOOK_FIELDS, PurchaseRequest, QuoteRequest
from tests.support.builders import ISBN, an_offer
from tests.support.memory_knowledge import MemoryNames
from tests.support.running_daemon import Running, a_daemon, call, serving
from tests.support.scripted_knowledge import ScriptedResolvers
from tests.support.scripted_sellers import QuoteScript, a_seller

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bookhunt.home.paths import Home

TITLE, OTHER = "The Lantern Keeper", "9781402894626"


@pytest.fixture
async def running(home: Home) -> AsyncIterator[Running]:
    """A daemon with a resolver, and a seller that takes ISBNs only."""
    daemon = a_daemon(home)
    resolvers, daemon.names = ScriptedResolvers(daemon.clock), MemoryNames()
    resolvers.know(ISBN, OTHER)
    daemon.service = HuntService(
        ledger=daemon.ledger,
        sellers=daemon.sellers,
        buyers=daemon.buyers,
        explanations=daemon.explanations,
        shelf=MemoryShelf(),
        clock=daemon.clock,
        settings=hunt_settings_of(daemon.config_file.config),
        knowledge=Knowledge(resolvers=resolvers, names=daemon.names),
    )
    async with serving(daemon) as running:
        seller = a_seller("alpha", asks_by=("isbn13",))
        running.sellers.add(seller, QuoteScript(offers=(an_offer("alpha"),)))
        yield running


async def test_a_title_is_resolved_when_it_is_shown_and_listed_afterwards(
    running: Running,
) -> None:
    assert await call(running.client.books) == []
    shown = await call(running.client.book, TITLE)
    assert list(shown) == BOOK_FIELDS
    assert (shown["title"], shown["isbns"], shown["resolver"]) == (TITLE, [ISBN, OTHER], "library")
    assert (shown["pinned"], shown["why"]) == (None, None)
    assert await call(running.client.books) == [shown]


async def test_a_title_that_nobody_knows_says_so(running: Running) -> None:
    resolvers = running.daemon.service._world.knowledge.resolvers
    assert isinstance(resolvers, ScriptedResolvers)
    resolvers.fail(Reason.UNREADABLE)
    shown = await call(running.client.book, TITLE)
    assert shown["isbns"] == []
    assert "library: unreadable" in shown["why"]


async def test_a_pinned_title_comes_first_and_keeps_what_resolvers_said(running: Running) -> None:
    await call(running.client.book, TITLE)
    await call(running.client.book, "Emma")
    pinned = await call(running.client.pin_book, "the lantern keeper", OTHER)
    assert (pinned["pinned"], pinned["isbns"]) == (OTHER, [ISBN, OTHER])
    listed = await call(running.client.books)
    assert [(book["title"], book["pinned"]) for book in listed] == [
        ("the lantern keeper", OTHER),
        ("Emma", None),
    ]
    assert len(await call(running.client.books, limit=1)) == 1
    freed = await call(running.client.pin_book, TITLE, None)
    assert freed["pinned"] is None
    assert {book["title"] for book in await call(running.client.books)} == {TITLE, "Emma"}


async def test_a_pin_is_in_force_for_the_next_request(running: Running) -> None:
    """The request itself has the ISBN: it is shown, searched for, and its duplicate is known."""
    await call(running.client.pin_book, TITLE, OTHER)
    wish = PurchaseRequest(book_name=TITLE.upper(), max_price="30")
    said = await call(running.client.buy, wish, idempotency_key="k-1")
    told = await call(running.client.wait, said["request_id"], within_s=20)
    assert told["book"] == {"title": TITLE.upper(), "isbn13": OTHER}
    asked = [c.ask for c in running.sellers.calls if c.what == "quote" and c.ask is not None]
    assert {(ask.book.isbn13, ask.names) for ask in asked} == {(OTHER, ())}
    by_number = PurchaseRequest(isbn=OTHER, max_price="20")
    with pytest.raises(errors.PossibleDuplicate):
        await call(running.client.buy, by_number, idempotency_key="k-2")


async def test_a_pin_holds_for_quotes_too(running: Running) -> None:
    await call(running.client.pin_book, TITLE, OTHER)
    await call(running.client.quote, QuoteRequest(book_name=TITLE))
    (asked,) = [c.ask for c in running.sellers.calls if c.what == "quote" and c.ask is not None]
    assert asked.book.isbn13 == OTHER


async def test_what_is_no_title_or_no_isbn_is_refused(running: Running) -> None:
    for title, isbn in ((TITLE, "123"), (ISBN, OTHER), (TITLE, "9780141439519")):
        with pytest.raises(errors.BadBook):
            await call(running.client.pin_book, title, isbn)
    with pytest.raises(errors.InputError):
        await call(running.client.book, ISBN)


async def test_pins_that_cannot_be_read_stop_the_request(running: Running) -> None:
    """Nothing is bought by a title whose meaning cannot be looked up."""
    await call(running.client.pin_book, TITLE, OTHER)
    running.home.pins_file.write_text("books: nonsense")
    wish = PurchaseRequest(book_name=TITLE, max_price="30")
    with pytest.raises(errors.BadDocument):
        await call(running.client.buy, wish, idempotency_key="k-1")


def test_the_configuration_says_how_currencies_are_converted(home: Home) -> None:
    """Rates are in the default currency, exact; the margin and the age as they are written."""
    home.config_file.write_text(
        "defaults: {currency: CHF}\n"
        'fx: {rates: {EUR: "0.93", CHF: "2"}, source: ecb, margin: 0.015, max_age_h: 24}\n'
    )
    exchange = hunt_settings_of(load_config(home)).exchange
    assert (exchange.base, exchange.fixed) == ("CHF", {"EUR": Fraction(93, 100)})
    assert (exchange.source, exchange.margin) == ("ecb", Fraction(15, 1000))
    assert exchange.max_age_s == 86_400
