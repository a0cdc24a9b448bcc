"""What placeholders stand for: the scope of one quote, one purchase, one login.

A quote is told nothing of the customer but the country; that is why there are two functions and
not one with optional parts. Secrets and payment tokens are references here and everywhere, until
the moment a request is sent.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from bookhunt.model.book import Book, isbn10_of, isbn13_of
from bookhunt.model.request import ConditionWish
from bookhunt.model.seller import Condition
from bookhunt.sellers.scope_countries import country3
from bookhunt.sellers.template_sealed import SecretRef

if TYPE_CHECKING:
    from datetime import datetime

    from bookhunt.hunt.ports import Ask, Order
    from bookhunt.model.buyer import Address
    from bookhunt.model.money import Money
    from bookhunt.sellers.compiled import CompiledSeller


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The one name of a book that a seller is asked by."""

    by: str  # isbn13, isbn10, title
    value: str

    def names(self) -> dict[str, Any]:
        """The group `asked`: only what was asked by has a value."""
        names: dict[str, Any] = {"by": self.by, "value": self.value, self.by: self.value}
        if self.by != "title":
            names["isbn"] = self.value
        return names


_MOST_NAMES = 3  # of a title's ISBNs, one seller is asked by; the next ones are rarely sold


def asked_by(seller: CompiledSeller, book: Book) -> Asked | None:
    """The first name this seller takes and the book has; None: it cannot be asked."""
    return first_name(seller.seller.asks_by, book)


def asked_by_names(seller: CompiledSeller, names: tuple[str, ...]) -> list[Asked]:
    """What a seller may be asked by in place of a title it does not take: a few of its ISBNs."""
    found = (first_name(seller.seller.asks_by, Book(isbn13=isbn)) for isbn in names)
    return [asked for asked in found if asked is not None][:_MOST_NAMES]


def first_name(asks_by: Sequence[str], book: Book) -> Asked | None:
    """The first of these names that the book has."""
    for by in asks_by:
        value = getattr(book, by, None)
        if value:
            return Asked(by=by, value=value)
    return None


class _Lazy(Mapping[str, Any]):
    """A group whose values are made of its subject when they are first looked at, and then stay.

    Most requests name no time and no chance, and an ISBN-10 takes longer to compute than a
    request to render.
    """

    __slots__ = ("_made", "_subject", "_ways")

    def __init__(self, ways: Mapping[str, Callable[[Any], Any]], subject: Any = None) -> None:
        self._ways = ways
        self._subject = subject
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            self._made[name] = self._ways[name](self._subject)
        return self._made[name]

    def __contains__(self, name: object) -> bool:
        return name in self._ways

    def __iter__(self) -> Iterator[str]:
        return iter(self._ways)

    def __len__(self) -> int:
        return len(self._ways)


_WAYS = Mapping[str, Callable[[Any], Any]]
_OF_A_MOMENT: _WAYS = {
    "unix": lambda now: int(now.timestamp()),
    "unix_ms": lambda now: int(now.timestamp() * 1000),
    "iso8601": lambda now: now.strftime("%Y-%m-%dT%H:%M:%SZ"),
}
_OF_CHANCE: _WAYS = {"uuid": lambda _: str(uuid4())}
_OF_A_BOOK: _WAYS = {
    "isbn13": lambda book: book.isbn13,
    "isbn10": lambda book: book.isbn10,
    "title": lambda book: book.title,
    "authors": lambda book: list(book.authors) or None,
}
_OF_BOOKS: _WAYS = {
    "isbn13": lambda book: [book.isbn13] if book.isbn13 else None,
    "isbn10": lambda book: [book.isbn10] if book.isbn10 else None,
}


def of_request(
    scope: Mapping[str, Any], *, now: datetime, captured: Mapping[str, Any]
) -> dict[str, Any]:
    """The scope of one request: time and chance of its own, and what was captured so far."""
    return {
        **scope,
        "now": _Lazy(_OF_A_MOMENT, now),
        "random": _Lazy(_OF_CHANCE),
        "captured": captured,
    }


def login_scope(seller: CompiledSeller) -> dict[str, Any]:
    """What a login may know: the definition's settings and secrets."""
    return {"settings": seller.settings, "secrets": seller.secret_refs, "maps": seller.maps}


def quote_scope(seller: CompiledSeller, ask: Ask, asked: Asked) -> dict[str, Any]:
    """What a quote may know.

    A seller that is asked by a name a resolver gave is told that name alone: a title in its answer
    is then its own word, never an echo of the question.
    """
    book = ask.book
    if asked.by != "title" and book.isbn13 is None:
        book = Book(isbn13=isbn13_of(asked.value))
    return {
        **login_scope(seller),
        **_book(book, asked),
        "request": _request(ask.max_price, ask.country, str(ask.condition)),
    }


def batch_scope(seller: CompiledSeller, asks: Sequence[Ask], by: str) -> dict[str, Any]:
    """What a quote for several books may know: their ISBNs as lists, and no single book.

    `by` is what each of them is asked by. All else that is told of the request is the first one's:
    who puts a batch together sees to it that the others say the same.
    """
    first, isbns = asks[0], [ask.book.isbn13 for ask in asks if ask.book.isbn13 is not None]
    older = [isbn10 for isbn10 in map(isbn10_of, isbns) if isbn10 is not None]
    return {
        **login_scope(seller),
        "books": {"isbn13": list(dict.fromkeys(isbns)), "isbn10": list(dict.fromkeys(older))},
        "asked": {"by": by},
        "request": _request(first.max_price, first.country, str(first.condition)),
    }


def resolve_scope(seller: CompiledSeller, book: Book, asked: Asked) -> dict[str, Any]:
    """What a resolver may know: the book, and nothing of the customer."""
    return {**login_scope(seller), **_book(book, asked), "request": {}}


def rates_scope(seller: CompiledSeller) -> dict[str, Any]:
    """What a source of exchange rates may know."""
    return {**login_scope(seller), "request": {"currency": seller.seller.currency}}


def order_scope(
    seller: CompiledSeller, order: Order, asked: Asked, *, total: Money | None
) -> dict[str, Any]:
    """What the steps of a purchase, a look-up and a cancellation may know.

    `total` is the landed total that was read last, else the offer's own. All amounts are in the
    currency the seller sells in, the customer's maximum too.
    """
    attempt, buyer = order.attempt, order.buyer
    wish = ConditionWish.NEW if attempt.offer.condition is Condition.NEW else ConditionWish.USED
    payment = seller.definition.purchase.payment.kind if seller.definition.purchase else "account"
    token = SecretRef(name=payment_secret(attempt.profile, seller.id))
    offer = attempt.offer.as_sold
    return {
        **login_scope(seller),
        **_book(order.book, asked),
        "request": _request(attempt.maximum_as_sold, buyer.ship.country, wish.value),
        "offer": {
            "item": from_json(offer.item),
            "price": offer.price,
            "total": total if total is not None else offer.total,
            "currency": offer.price.currency,
            "url": offer.url,
        },
        "ship": person(buyer.ship),
        "bill": person(buyer.bill),
        "pay": {"token": token} if payment == "token" else {},
        "order": {"reference": attempt.reference, "key": attempt.key, "id": attempt.order_id},
    }


def payment_secret(profile: str, seller_id: str) -> str:
    """The name of a payment token in the secret store: one profile's, at one seller."""
    return f"pay/{profile}/{seller_id}"


def person(address: Address) -> dict[str, str | None]:
    """The group `ship` or `bill`. The last word of a name is the last name, all else the first."""
    first, _, last = address.name.strip().rpartition(" ")
    return {
        "name": address.name,
        "first_name": first.strip() or None,
        "last_name": last,
        "street": address.street,
        "street2": address.street2,
        "city": address.city,
        "region": address.region,
        "postcode": address.postcode,
        "country": address.country,
        "country3": country3(address.country),
        "phone": address.phone,
        "email": address.email,
    }


def from_json(text: str) -> Any:
    """A value of ours that was stored as JSON; numbers with a point keep their digits."""
    return json.loads(text, parse_float=Decimal)


def _book(book: Book, asked: Asked) -> dict[str, Any]:
    if book.isbn13 is None and asked.by != "title":
        # What was ordered by a resolved name is looked up by it, whatever the customer named.
        book = replace(book, isbn13=isbn13_of(asked.value))
    return {
        "book": _Lazy(_OF_A_BOOK, book),
        "books": _Lazy(_OF_BOOKS, book),
        "asked": asked.names(),
    }


def _request(max_price: Money, country: str, condition: str) -> dict[str, Any]:
    return {
        "max_price": max_price,
        "currency": max_price.currency,
        "country": country,
        "country3": country3(country),
        "condition": condition,
    }
