"""What a shelf of prices promises: each change, each day, by line, and nobody waits for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bookhunt.model.book import Book
from bookhunt.model.seller import BookFormat, Condition
from bookhunt.store.cache import Cache
from bookhunt.store.history import SqlitePrices
from tests.support.builders import ISBN, TITLE
from tests.support.memory_prices import MemoryPrices
from tests.support.prices import BOOK, a_line, a_sighting

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.jump_clock import JumpClock

    AnyPrices = SqlitePrices | MemoryPrices


@pytest.fixture(params=["memory", "sqlite"])
async def prices(
    request: pytest.FixtureRequest, tmp_path: Path, clock: JumpClock
) -> AsyncIterator[AnyPrices]:
    if request.param == "memory":
        yield MemoryPrices()
        return
    cache = await Cache.open(tmp_path / "cache.db")
    kept = SqlitePrices(cache, clock=clock, gather_s=0.0)
    yield kept
    await kept.close()
    await cache.close()


async def amounts(prices: AnyPrices, book: Book = BOOK) -> dict[str, list[str]]:
    """By seller."""
    return {
        line.seller: [point.price.amount for point in points]
        for line, points in (await prices.of(book)).items()
    }


async def see(prices: AnyPrices, *seen: tuple[str, float]) -> None:
    """One after the other, each written down before the next."""
    for amount, hours in seen:
        prices.saw([a_sighting(amount, hours=hours)])
        await prices.of(BOOK)


async def test_every_change_is_kept(prices: AnyPrices) -> None:
    await see(prices, ("12", 0), ("11", 1), ("12", 2))
    assert await amounts(prices) == {"alpha": ["12.00", "11.00", "12.00"]}


async def test_the_same_price_is_kept_once_a_day(prices: AnyPrices) -> None:
    await see(prices, ("12", 0), ("12", 1), ("12", 23), ("12", 24), ("12", 47), ("12", 50))
    [points] = (await prices.of(BOOK)).values()
    assert [point.at.isoformat()[:13] for point in points] == [
        "2026-03-02T12",
        "2026-03-03T12",
        "2026-03-04T14",
    ]


async def test_a_price_with_shipping_is_another_than_one_without(prices: AnyPrices) -> None:
    prices.saw([a_sighting("12")])
    await prices.of(BOOK)
    prices.saw([a_sighting("12", hours=1, landed=False)])
    [points] = (await prices.of(BOOK)).values()
    assert [point.landed for point in points] == [True, False]


async def test_lines_are_kept_apart(prices: AnyPrices) -> None:
    """Seller, condition, format, country and currency: none is mixed with another."""
    lines = [
        a_line(),
        a_line("beta"),
        a_line(condition=Condition.USED),
        a_line(format=BookFormat.EBOOK),
        a_line(country="AU"),
    ]
    prices.saw([a_sighting(line=line) for line in lines])
    assert (await prices.of(BOOK)).keys() == set(lines)


async def test_books_are_kept_apart(prices: AnyPrices) -> None:
    prices.saw([a_sighting(line=a_line(book="title:emma"), isbn13=None)])
    assert await prices.of(BOOK) == {}
    assert list(await amounts(prices, Book(title="Emma!"))) == ["alpha"]


async def test_an_isbn_finds_what_was_offered_for_a_title(prices: AnyPrices) -> None:
    """The seller said that it is this book."""
    asked = Book(title=TITLE)
    prices.saw([a_sighting(line=a_line(book=asked.identity)), a_sighting(line=a_line("beta"))])
    assert sorted(await amounts(prices)) == ["alpha", "beta"]
    assert sorted(await amounts(prices, asked)) == ["alpha"]
    both = Book(title=TITLE, isbn13=ISBN)
    assert sorted(await amounts(prices, both)) == ["alpha", "beta"]
