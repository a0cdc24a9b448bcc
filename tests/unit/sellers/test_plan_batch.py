"""Several books in one call: what is sent, whose row is whose, and what fails for all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bookhunt.model.book import Book
from bookhunt.model.reasons import Reason
from tests.support.inline_sellers import FIELDS, ISBN, Routes, a_row, defined, offers, shop
from tests.support.loopback import loopback, say
from tests.support.seller_worlds import an_ask

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bookhunt.hunt.ports import Quoted
    from bookhunt.sellers.gateway import Gateway

OTHER, THIRD = "9781449373320", "9780132350884"
LIMITS = "limits: {batch: 10, retries: 1}\n"
REQUEST = "{path: /books, query: {isbns: \"{books.isbn13 | join:','}\"}}"


def batched(request: str = REQUEST, asks_by: str = "[isbn13]") -> str:
    return f"{LIMITS}quote:\n  asks_by: {asks_by}\n  steps:\n    - request: {request}\n{FIELDS}"


async def ask(gateway: Gateway, *isbns: str, **fields: Any) -> Sequence[Quoted]:
    asks = [an_ask(Book(isbn13=isbn), **fields) for isbn in isbns]
    return await gateway.quote_batch("shop", asks, within_s=20)


async def test_every_book_stands_in_the_one_request_and_gets_its_own_rows(tmp_path: Path) -> None:
    """The request is counted for the first book alone; a book without a row is not stocked."""
    routes = Routes().on("GET /books", offers(a_row(sku="B", isbn=OTHER), a_row()))
    async with shop(tmp_path, routes, batched()) as (gateway, _):
        seller = gateway.get("shop")
        quoted = await ask(gateway, ISBN, OTHER, THIRD)
    assert seller is not None
    assert seller.batch == 10
    assert routes.targets() == [f"/books?isbns={ISBN}%2C{OTHER}%2C{THIRD}"]
    assert [[offer.item for offer in each.offers] for each in quoted] == [['"A1"'], ['"B"'], []]
    assert [each.reason for each in quoted] == [None, None, Reason.NOT_STOCKED]
    assert [each.calls for each in quoted] == [1, 0, 0]


async def test_a_row_of_no_asked_book_is_no_offer_and_says_why(tmp_path: Path) -> None:
    """Neither a book that nobody asked for, nor a row without a name, is given to anybody."""
    routes = Routes().on("GET /books", offers(a_row(isbn=OTHER), a_row(isbn=THIRD), a_row(isbn="")))
    async with shop(tmp_path, routes, batched()) as (gateway, _):
        mine, other = await ask(gateway, ISBN, OTHER)
    assert (mine.offers, mine.reason) == ((), Reason.WRONG_BOOK)
    assert THIRD in (mine.detail or "")
    assert [offer.isbn13 for offer in other.offers] == [OTHER]
    assert [refusal.reason for refusal in other.refused] == [Reason.WRONG_BOOK] * 2


@pytest.mark.parametrize(
    ("status", "reason"),
    [(401, Reason.UNAUTHORISED), (429, Reason.RATE_LIMITED), (500, Reason.SERVER_ERROR)],
)
async def test_a_call_that_fails_fails_for_each_book_with_the_same_reason(
    tmp_path: Path, status: int, reason: Reason
) -> None:
    """And is repeated as any other; what was sent adds up."""
    routes = Routes().on("GET /books", say("no", status=status))
    async with shop(tmp_path, routes, batched()) as (gateway, _):
        quoted = await ask(gateway, ISBN, OTHER, THIRD)
    assert [each.reason for each in quoted] == [reason] * 3
    assert sum(each.calls for each in quoted) == len(routes.seen) == (2 if status == 500 else 1)
    assert len({each.detail for each in quoted}) == 1


async def test_further_pages_are_read_for_every_book(tmp_path: Path) -> None:
    pages = REQUEST + "\n      pages: {next: {at: next}, most: 3}"
    first = offers(a_row()) | {"next": "/more"}
    routes = Routes().on("GET /books", first).on("GET /more", offers(a_row(isbn=OTHER)))
    async with shop(tmp_path, routes, batched(pages)) as (gateway, _):
        quoted = await ask(gateway, ISBN, OTHER)
    assert [len(each.offers) for each in quoted] == [1, 1]


async def test_a_seller_with_a_list_is_asked_for_one_book_as_well(tmp_path: Path) -> None:
    routes = Routes().on("GET /books", offers(a_row()))
    async with shop(tmp_path, routes, batched()) as (gateway, _):
        quoted = await gateway.quote("shop", an_ask(Book(isbn13=ISBN)), within_s=20)
    assert len(quoted.offers) == 1
    assert routes.targets() == [f"/books?isbns={ISBN}"]


async def test_a_request_that_names_one_book_is_never_a_batch(tmp_path: Path) -> None:
    """Whatever `limits.batch` says: with `asked.isbn` the others would not have been asked for."""
    one = '{path: /books, query: {isbn: "{asked.isbn}"}}'
    both = '{path: "/books/{asked.isbn}", query: {isbns: "{books.isbn13}"}}'
    async with loopback(Routes()) as server:
        batches = [defined(tmp_path, server, batched(each)).seller.batch for each in (one, both)]
    assert batches == [1, 1]


async def test_books_are_asked_for_by_the_number_that_the_seller_takes(tmp_path: Path) -> None:
    """ISBN-10s as a list of their own, a book named twice once."""
    request = "{path: /books, query: {isbns: \"{books.isbn10 | join:','}\"}}"
    routes = Routes().on("GET /books", offers(a_row()))
    async with shop(tmp_path, routes, batched(request, "[isbn10]")) as (gateway, _):
        await ask(gateway, ISBN, OTHER, ISBN)
    assert routes.targets() == ["/books?isbns=0141439513%2C1449373321"]


async def test_more_books_than_the_definition_allows_now_are_not_asked(tmp_path: Path) -> None:
    """It may have been changed between the question and the call."""
    routes = Routes().on("GET /books", offers(a_row()))
    async with shop(tmp_path, routes, batched().replace("batch: 10", "batch: 2")) as (gateway, _):
        quoted = await ask(gateway, ISBN, OTHER, THIRD)
    assert [each.reason for each in quoted] == [Reason.CANNOT_ASK] * 3
    assert not routes.seen
