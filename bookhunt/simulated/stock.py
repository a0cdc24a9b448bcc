"""What a seller has on its shelves, at which price; all of it follows from the seed.

A book has a level, about which its offers scatter as level x lognormal, the shape that listings of
one title have in real markets. Used copies are cheaper by the grade. An offer's numbers depend on
(seed, seller, isbn) alone, so that more sellers on the street change nothing for the others.
"""

import hashlib
import random
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from bookhunt.simulated.catalogue import MOST_MADE_UP, Book, book_of, books, folded, isbn13
from bookhunt.simulated.roster import HAND_MADE, Profile

_STOCKED_SHARE = 0.4
_AT_LEAST_SELLERS = 3  # of the hand-made, so that any book can be bought in the smallest street
_LEVEL_MINOR = 2200  # the median of the books' levels; they reach from 900 to 5500
_SPREAD = 0.18
_GRADE = {
    "new": 1.0,
    "like_new": 0.86,
    "very_good": 0.74,
    "used": 0.66,
    "good": 0.62,
    "acceptable": 0.5,
}
_FEES_MINOR = (0, 199, 299, 350, 399, 450, 599)


@dataclass(slots=True, kw_only=True)
class Offer:
    """One row a seller can be bought from; price and inventory change while the street runs."""

    item: str
    book: Book
    condition: str
    price_minor: int
    fee_minor: int  # shipping before any threshold
    currency: str
    inventory: int


class Stock:
    """The offers of one seller, found by item, ISBN or title.

    `made_up_books` more than the catalogue's, and `copies` times the usual number of each.
    """

    def __init__(
        self, profile: Profile, seed: int, *, made_up_books: int = 0, copies: int = 1
    ) -> None:
        self.by_item: dict[str, Offer] = {}
        self._by_isbn: dict[str, list[Offer]] = {}
        self._by_title: dict[str, list[Offer]] = {}
        for place, book in enumerate(books(made_up_books)):
            if not _stocks(profile, book, seed):
                continue
            for offer in _offers(profile, book, seed, place):
                offer.inventory *= copies
                self.by_item[offer.item] = offer
                self._by_isbn.setdefault(book.isbn, []).append(offer)
                self._by_title.setdefault(folded(book.title), []).append(offer)

    def by_isbn(self, isbn: str) -> list[Offer]:
        """The offers of one edition, by its ISBN in either length."""
        return self._by_isbn.get(isbn13(isbn), [])

    def by_title(self, title: str) -> list[Offer]:
        """The offers of every edition with this title."""
        return self._by_title.get(folded(title), [])

    def put(self, offer: Offer) -> None:
        """Add an offer, or replace the one with the same item number."""
        self.remove(offer.item)
        self.by_item[offer.item] = offer
        self._by_isbn.setdefault(offer.book.isbn, []).append(offer)
        self._by_title.setdefault(folded(offer.book.title), []).append(offer)

    def remove(self, item: str) -> None:
        """Take an offer off the shelf, if it is there."""
        offer = self.by_item.pop(item, None)
        if offer is not None:
            self._by_isbn[offer.book.isbn].remove(offer)
            self._by_title[folded(offer.book.title)].remove(offer)


def offer_from(fields: dict[str, Any]) -> Offer:
    """An offer from its fields, the book named by `isbn`.

    Raises:
        ValueError: if the book is not in the catalogue, or a field is missing or unknown.
    """
    values = dict(fields)
    isbn = isbn13(str(values.pop("isbn", "")))
    book = book_of(isbn)
    if book is None:
        raise ValueError(f"the street's catalogue has no book {isbn!r}")
    try:
        return Offer(book=book, **values)
    except TypeError as error:
        raise ValueError(f"not an offer: {error}") from error


def _chance(*parts: object) -> float:
    """A number in [0, 1) that depends on its parts alone, on every machine."""
    text = ":".join(map(str, parts)).encode()
    return int.from_bytes(hashlib.sha256(text).digest()[:7], "big") / 2**56


def _stocks(profile: Profile, book: Book, seed: int) -> bool:
    own = _chance("stocks", seed, profile.id, book.isbn)
    if own < _STOCKED_SHARE:
        return True
    # The few keenest hand-made shops always have it.
    return profile.sells and own <= _keen(seed, book.isbn)


@lru_cache(maxsize=MOST_MADE_UP)
def _keen(seed: int, isbn: str) -> float:
    keenest = sorted(_chance("stocks", seed, each.id, isbn) for each in HAND_MADE if each.sells)
    return keenest[_AT_LEAST_SELLERS - 1]


def _offers(profile: Profile, book: Book, seed: int, place: int) -> list[Offer]:
    level = random.Random(f"level:{seed}:{book.isbn}").lognormvariate(0, 0.45) * _LEVEL_MINOR
    level = min(max(level, 900), 5500)
    dice = random.Random(f"offers:{seed}:{profile.id}:{book.isbn}")
    fee = dice.choice(_FEES_MINOR)
    if profile.postage.flat_minor is not None:
        fee = profile.postage.flat_minor
    currency = "EUR" if dice.random() < profile.euro_share else "USD"
    most = min(len(profile.conditions), 3)
    conditions = sorted(
        dice.sample(profile.conditions, dice.randint(1, most)), key=profile.conditions.index
    )
    offers = []
    for row, condition in enumerate(conditions, 1):
        price = level * dice.lognormvariate(0, _SPREAD) * _GRADE[condition]
        inventory = 0 if dice.random() < 0.06 else min(40, int(dice.lognormvariate(1.6, 0.9)) + 1)
        offers.append(
            Offer(
                item=f"{profile.id[:2].upper()}{place:03d}-{row}",
                book=book,
                condition=condition,
                price_minor=max(399, round(price)),
                fee_minor=fee,
                currency=currency,
                inventory=inventory,
            )
        )
    return offers
