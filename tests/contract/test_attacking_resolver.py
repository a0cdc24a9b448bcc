"""A wrong resolver costs calls, and never buys another book: the real hunt before real servers.

The customer names a title. The resolver lies about its ISBNs, in every way an answer can; the shop
takes ISBNs only, and sells exactly what the lie leads to. The shop's own ledger is the oracle.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from bookhunt.hunt.ports import Knowledge
from bookhunt.hunt.service import HuntService
from bookhunt.hunt.settings import HuntSettings
from bookhunt.model.book import Book
from bookhunt.model.reasons import Reason
from bookhunt.model.request import RequestState, Strategy
from bookhunt.sellers.compiling import compile_seller
from bookhunt.sellers.loading import load_file
from bookhunt.store.shelf import MemoryShelf
from tests.support.builders import a_request
from tests.support.inline_sellers import HEAD, SECRETS, a_gateway
from tests.support.loopback import Visit, answer, loopback
from tests.support.memory_knowledge import MemoryNames
from tests.support.memory_ledger import MemoryLedger
from tests.support.seller_worlds import WallClock
from tests.unit.hunt.life import MemoryBuyers, MemoryExplanations

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bookhunt.model.outcome import RequestRecord, SellerNote

TITLE = "The Lantern Keeper"
OTHER_ISBN = "9780132350884"  # another book's
RIGHT_ISBN = "9781402894626"
OTHER_TITLE = "Clean Code"

LIBRARY = """
schema: 1
id: library
name: Library
base_url: {base_url}
resolve:
  asks_by: [title]
  steps: [{{request: {{path: /search, query: {{title: "{{asked.title}}"}}}}}}]
  rows: "docs[]"
  fields: {{title: {{at: title}}, isbn: {{at: isbn}}}}
"""
SHOP = """
quote:
  asks_by: [isbn13]
  steps:
    - request: {path: "/books/{book.isbn13}"}
  outcomes:
    - {when: {status: 404}, is: not_stocked}
  rows: "offers[]"
  fields:
    item: {at: sku}
    isbn: {at: isbn}
    title: {at: title}
    price: {at: price, unit: major}
    shipping: {const: "0"}
purchase:
  profile_needs: [name, street]
  payment: {kind: token, prompt: "Card token"}
  idempotency: {send: none}
  steps:
    - name: basket
      request: {method: POST, path: /baskets, json: {isbn: "{book.isbn13}", sku: "{offer.item}"}}
      capture: {basket: {at: id}}
    - name: order
      commit: true
      request:
        method: POST
        path: /orders
        json: {basket: "{captured.basket}", ref: "{order.reference}"}
      outcomes: [{when: {status: 201}, is: bought}]
      fields: {order_id: {at: id}}
"""


class Town:
    """A library that says what it is told, and a shop that sells what it is told."""

    def __init__(self) -> None:
        self.docs: Any = []
        self.rows: dict[str, list[dict[str, Any]]] = {}
        self.looked_for: list[str] = []
        self.baskets: list[dict[str, Any]] = []
        self.orders: list[dict[str, Any]] = []

    async def __call__(self, visit: Visit) -> None:
        request, place = visit.request, urlsplit(visit.request.target)
        if place.path == "/search":
            assert parse_qs(place.query) == {"title": [TITLE]}
            visit.write(answer({"docs": self.docs}))
        elif place.path.startswith("/books/"):
            isbn = place.path.removeprefix("/books/")
            self.looked_for.append(isbn)
            rows = self.rows.get(isbn)
            visit.write(answer({"offers": rows}) if rows else answer({}, status=404))
        elif place.path == "/baskets":
            self.baskets.append(request.json())
            visit.write(answer({"id": "b1"}))
        else:
            self.orders.append(request.json())
            visit.write(answer({"id": f"N-{len(self.orders)}"}, status=201))

    def lies(self, *docs: tuple[str, list[str]]) -> None:
        self.docs = [{"title": title, "isbn": isbns} for title, isbns in docs]

    def sells(self, at: str, /, **row: Any) -> None:
        self.rows.setdefault(at, []).append({"sku": at, "price": "1.00"} | row)


class Customer:
    """Who hunts in the town."""

    def __init__(self, town: Town, service: HuntService, notes: MemoryExplanations) -> None:
        self.town, self.service, self._notes = town, service, notes

    async def hunts(self, book: Book | None = None) -> RequestRecord:
        request = a_request(
            book=book or Book(title=TITLE),
            strategy=Strategy.CHEAPEST,
            submitted_at=WallClock().now(),
        )
        await self.service.submit(request, fingerprint="f", again=True)
        record = await self.service.wait(request.id, within_s=30)
        assert record is not None
        return record

    def note(self, record: RequestRecord) -> SellerNote:
        (note,) = [n for n in self._notes.kept[record.request.id] if n.seller == "shop"]
        return note


@asynccontextmanager
async def a_town(folder: Path, shop: str) -> AsyncIterator[Customer]:
    town, clock, notes = Town(), WallClock(), MemoryExplanations()
    async with loopback(otherwise=town) as server:
        sellers = [
            written(folder, "library", LIBRARY.format(base_url=server.address)),
            written(folder, "shop", HEAD.format(base_url=server.address, hosts="") + shop),
        ]
        async with a_gateway(*sellers, secrets=SECRETS, clock=clock) as gateway:
            service = HuntService(
                ledger=MemoryLedger(clock),
                sellers=gateway,
                buyers=MemoryBuyers(),
                explanations=notes,
                shelf=MemoryShelf(),
                clock=clock,
                settings=HuntSettings(workers=2),
                knowledge=Knowledge(resolvers=gateway, names=MemoryNames()),
            )
            await service.start()
            yield Customer(town, service, notes)
            await service.stop(within_s=5)


def written(folder: Path, name: str, text: str) -> Any:
    path = folder / f"{name}.yaml"
    path.write_text(text, "utf-8")
    return compile_seller(load_file(path))


@pytest.fixture
async def customer(tmp_path: Path) -> AsyncIterator[Customer]:
    async with a_town(tmp_path, SHOP) as customer:
        yield customer


# -------------------------------------------------------------------------------- what is right
async def test_a_true_answer_buys_the_book(customer: Customer) -> None:
    """The shop's own row has the title that was asked for, and the number it was asked by."""
    customer.town.lies((TITLE, [RIGHT_ISBN]))
    customer.town.sells(RIGHT_ISBN, isbn=RIGHT_ISBN, title="The lantern keeper.")
    record = await customer.hunts()
    assert record.state is RequestState.SUCCESS
    assert customer.town.baskets == [{"isbn": RIGHT_ISBN, "sku": RIGHT_ISBN}]
    assert len(customer.town.orders) == 1


async def test_the_first_number_that_is_sold_is_bought(customer: Customer) -> None:
    """A title has many numbers; the shop is asked by three of them at the most."""
    unknown = ["9780141439518", "9781449373320"]
    customer.town.lies((TITLE, [*unknown, RIGHT_ISBN, "9780140449136"]))
    customer.town.sells(RIGHT_ISBN, isbn=RIGHT_ISBN, title=TITLE)
    record = await customer.hunts()
    assert record.state is RequestState.SUCCESS
    assert customer.town.looked_for[:3] == [*unknown, RIGHT_ISBN]
    assert customer.note(record).calls == 3


# ------------------------------------------------------------------------------------- the lies
LIES: dict[str, tuple[str, list[str]]] = {
    "this title with another book's number": (TITLE, [OTHER_ISBN]),
    "in another writing": ("THE LANTERN   KEEPER!", ["0-13-235088-2"]),
    "several, the true one last": (TITLE, [OTHER_ISBN, RIGHT_ISBN]),
}
ROWS: dict[str, dict[str, Any]] = {
    "a number and nothing else": {"isbn": OTHER_ISBN},
    "a number and the other book's title": {"isbn": OTHER_ISBN, "title": OTHER_TITLE},
    "a number and a title that holds ours": {"isbn": OTHER_ISBN, "title": f"Not {TITLE}"},
    "the other book's title alone": {"title": OTHER_TITLE},
    "nothing of its own": {},
    "a title that folds to nothing": {"isbn": OTHER_ISBN, "title": "!!!"},
    "an empty title": {"isbn": OTHER_ISBN, "title": ""},
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
async def test_a_wrong_answer_never_buys_another_book(
    customer: Customer, lie: tuple[str, list[str]], row: dict[str, Any]
) -> None:
    """The shop has the other book, cheap; nothing of it is put into a basket."""
    customer.town.lies(lie)
    customer.town.sells(OTHER_ISBN, **row)
    record = await customer.hunts()
    assert record.state is RequestState.NOT_AVAILABLE
    assert OTHER_ISBN in customer.town.looked_for  # the lie was followed that far
    assert (customer.town.baskets, customer.town.orders) == ([], [])


async def test_what_proves_no_book_says_how_to_prove_it(customer: Customer) -> None:
    """A row with a bare number is named, with the command that would vouch for it."""
    customer.town.lies((TITLE, [OTHER_ISBN]))
    customer.town.sells(OTHER_ISBN, isbn=OTHER_ISBN)
    note = customer.note(await customer.hunts())
    assert note.reason is Reason.WRONG_BOOK
    assert note.detail is not None
    assert OTHER_ISBN in note.detail
    assert "bookhunt books pin" in note.detail


@pytest.mark.parametrize(
    "docs",
    [
        [{"title": OTHER_TITLE, "isbn": [OTHER_ISBN]}],
        [{"title": f"{TITLE} and others", "isbn": [OTHER_ISBN]}],
        [{"title": None, "isbn": [OTHER_ISBN]}],
        [{"isbn": [OTHER_ISBN]}],
        [{"title": [TITLE, OTHER_TITLE], "isbn": [OTHER_ISBN]}],
        [{"title": TITLE, "isbn": ["9780132350885", "x" * 13, "", 7]}],
        {"title": TITLE, "isbn": [OTHER_ISBN]},
        "nonsense",
    ],
)
async def test_numbers_of_other_titles_are_not_even_asked_for(
    customer: Customer, docs: Any
) -> None:
    """Only rows of the title that was asked for give names; a wrong check digit is none."""
    customer.town.docs = docs
    customer.town.sells(OTHER_ISBN, isbn=OTHER_ISBN, title=TITLE)
    record = await customer.hunts()
    assert customer.town.looked_for == []
    assert customer.note(record).reason is Reason.CANNOT_ASK


async def test_a_flood_of_numbers_is_cut(customer: Customer) -> None:
    """A thousand numbers cost three calls."""
    numbers = [valid(n) for n in range(1000)]
    customer.town.lies(*[(TITLE, [number]) for number in numbers])
    record = await customer.hunts()
    assert len(customer.town.looked_for) == 3
    assert record.state is RequestState.NOT_AVAILABLE


def valid(n: int) -> str:
    digits = f"978{n:09}"
    check = -sum(int(d) * (3 if i % 2 else 1) for i, d in enumerate(digits)) % 10
    return f"{digits}{check}"


# --------------------------------------------------------------------- echoes, and who may vouch
ECHOES = {
    "book.title": SHOP.replace("title: {at: title}", 'title: {const: "{book.title}"}'),
    "asked.title": SHOP.replace("title: {at: title}", 'title: {const: "{asked.title}"}'),
    "asked.value": SHOP.replace("title: {at: title}", 'title: {const: "{asked.value}"}'),
}


@pytest.mark.parametrize("shop", ECHOES.values(), ids=ECHOES)
async def test_a_definition_that_echoes_the_question_proves_nothing(
    tmp_path: Path, shop: str
) -> None:
    """Asked by a resolver's number, a seller is not told the title, and cannot repeat it."""
    async with a_town(tmp_path, shop) as customer:
        customer.town.lies((TITLE, [OTHER_ISBN]))
        customer.town.sells(OTHER_ISBN, isbn=OTHER_ISBN)
        record = await customer.hunts()
        assert record.state is RequestState.NOT_AVAILABLE
        assert customer.town.looked_for == [OTHER_ISBN]
        assert customer.town.orders == []


async def test_the_customers_own_word_counts_and_no_resolver_is_asked(customer: Customer) -> None:
    """A title that is pinned to a number is that number: the request has both."""
    customer.town.lies((TITLE, [OTHER_ISBN]))
    customer.town.sells(OTHER_ISBN, isbn=OTHER_ISBN)
    customer.town.sells(RIGHT_ISBN, isbn=RIGHT_ISBN)
    record = await customer.hunts(Book(title=TITLE, isbn13=RIGHT_ISBN))
    assert record.state is RequestState.SUCCESS
    assert [basket["isbn"] for basket in customer.town.baskets] == [RIGHT_ISBN]
    assert customer.town.looked_for == [RIGHT_ISBN]


async def test_names_of_one_title_say_nothing_of_another(customer: Customer) -> None:
    """What was learned of a title is used for that title alone."""
    customer.town.lies((TITLE, [RIGHT_ISBN]))
    customer.town.sells(RIGHT_ISBN, isbn=RIGHT_ISBN, title=TITLE)
    assert (await customer.hunts()).state is RequestState.SUCCESS
    names = await customer.service.names_of("The  lantern keeper", within_s=5)
    assert names.isbns == (RIGHT_ISBN,)
    record = await customer.hunts(Book(isbn13=OTHER_ISBN))
    assert record.state is RequestState.NOT_AVAILABLE
    assert customer.town.looked_for[-1] == OTHER_ISBN
