"""What shop systems have in common: a basket that is filled, posted and sold once.

Their twists, which all of them can play:

- `sold_out`: the copy is gone when it is put into the basket; with the operation `commit`, then.
- `declined`: the payment is refused.
- `price_raised`: the basket costs `minor` more than the shelf said, before the order.
- `charges_more`: the order costs `minor` more than the basket said.
- `wrong_isbn`: another book lies in the basket, and is what is sold.
- `second_line`: something else lies in the basket too, and is paid for.
- `two_copies`: the basket holds the book twice.
- `postage_later`: the basket is said to be ready, and its postage is not in the total yet.
- `wrong_sum`: the total is less than its parts.
- `free`: nothing costs anything.
"""

from __future__ import annotations

from abc import ABC
from dataclasses import dataclass, field, replace

from tests.merchants.merchant import Fault, Merchant

POSTAGE = {"slow": 350, "fast": 1500}  # minor units, by the name of the delivery
OTHER_BOOK = "9780140449136"
TWISTS = frozenset(
    {
        "sold_out",
        "declined",
        "price_raised",
        "charges_more",
        "wrong_isbn",
        "second_line",
        "two_copies",
        "postage_later",
        "wrong_sum",
        "free",
    }
)


@dataclass(frozen=True, slots=True)
class Line:
    """Copies of one book; prices in minor units."""

    isbn: str
    title: str
    price_minor: int
    copies: int = 1


@dataclass(slots=True)
class Basket:
    """What lies in it, and what became of it."""

    id: str
    lines: list[Line] = field(default_factory=list)
    postage_minor: int | None = None  # None: no delivery was chosen
    reference: str = ""
    order_id: str | None = None  # it was sold
    charged_minor: int | None = None
    declined: bool = False
    postage_later: bool = False
    sums_wrong: bool = False

    @property
    def items_minor(self) -> int:
        return sum(line.price_minor * line.copies for line in self.lines)

    @property
    def total_minor(self) -> int:
        """As the basket says it."""
        postage = 0 if self.postage_later else self.postage_minor or 0
        return self.items_minor + postage - (100 if self.sums_wrong else 0)


class ShopSystem(Merchant, ABC):
    """A merchant with baskets."""

    twists = TWISTS
    played = (
        ("sold_out", "add", None),
        ("sold_out", "commit", None),
        ("declined", "commit", None),
        ("price_raised", "add", None),
        ("charges_more", "commit", 1),
    )
    played_when_lost = (("declined", "commit", None), ("charges_more", "commit", 1))

    def shelf_price(self, isbn: str) -> int:
        """What a quote says."""
        return 0 if self._in_force("free") else self.books[isbn].price_minor

    def fill(self, basket: Basket, isbn: str) -> bool:
        """Put one copy in, as the twists want it; False: it is sold out."""
        if self._twist("sold_out", "add") or not self.in_stock(isbn):
            return False
        book = self.books[isbn]
        line = Line(isbn, book.title, self.shelf_price(isbn))
        if (raised := self._twist("price_raised", "add")) is not None:
            line = replace(line, price_minor=line.price_minor + raised.minor)
        if self._twist("wrong_isbn", "add"):
            line = replace(line, isbn=OTHER_BOOK, title="Another Book")
        if self._twist("two_copies", "add"):
            line = replace(line, copies=2)
        basket.lines.append(line)
        if self._twist("second_line", "add"):
            basket.lines.append(Line("GIFT-CARD", "A gift card", 200))
        basket.postage_later = self._twist("postage_later", "add") is not None
        basket.sums_wrong = self._twist("wrong_sum", "add") is not None
        return True

    def sell(
        self, basket: Basket, order_id: str, *, key: str = "", reference: str = "", number: str = ""
    ) -> None:
        """The order, at what it really costs; `number` is another name that it has."""
        more = self.twist("charges_more", "commit")
        basket.charged_minor = basket.items_minor + (basket.postage_minor or 0)
        basket.charged_minor += more.minor if more is not None else 0
        basket.order_id = order_id
        self.execute(
            order_id=order_id,
            isbn=",".join(line.isbn for line in basket.lines),
            copies=sum(line.copies for line in basket.lines),
            total_minor=basket.charged_minor,
            key=key,
            reference=reference or basket.reference,
            number=number or order_id,
        )

    def is_sold_out(self, basket: Basket) -> bool:
        """Whether the copy went between the basket and the order."""
        gone = any(
            line.isbn in self.books and not self.in_stock(line.isbn, line.copies)
            for line in basket.lines
        )
        return gone or self.twist("sold_out", "commit") is not None

    def _twist(self, name: str, operation: str) -> Fault | None:
        return self.twist(name, operation) if name in self.twists else None

    def _in_force(self, name: str) -> bool:
        return any(fault.name == name for fault in self._faults)
