"""Zinc: one order with the key in its body, settled somewhere else and asked after by its number.

The same key gets the same answer. An order that would cost more than it may is refused by Zinc
itself, when it is carried out; until it was looked at twice it is still being processed.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from stdnum.isbn import to_isbn13

from tests.merchants.baskets import POSTAGE
from tests.merchants.merchant import Answer, Merchant, Request

_PROCESSING = {"_type": "error", "code": "request_processing", "message": "In progress"}


def _error(code: str, message: str = "It cannot be done") -> dict[str, Any]:
    return {"_type": "error", "code": code, "message": message}


@dataclass(slots=True)
class _Asked:
    """An order that was taken, and how it ends."""

    number: str
    ends: dict[str, Any]
    looks: int = 0


class Zinc(Merchant):
    """See the module. Amounts are whole minor units."""

    system = "zinc"
    settings = MappingProxyType[str, str]({})
    twists = frozenset(
        {
            "sold_out",
            "declined",
            "price_raised",  # it costs `minor` more when it is carried out
            "charges_more",  # more than it may, and Zinc does not keep its word
            "free",
            "wrong_isbn",  # a quote tells of another book
            "already_exists",  # a key that was used gets an error, not the first answer
            "key_ignored",
            "probably",  # nobody there knows either
        }
    )
    played = (
        ("sold_out", "commit", None),
        ("declined", "commit", None),
        ("price_raised", "commit", None),
        ("charges_more", "commit", 1),
        ("probably", "find", None),
    )
    played_when_lost = (("already_exists", "commit", None), ("declined", "commit", None))
    only_a_person = frozenset({"probably", "already_exists"})

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._by_key: dict[str, _Asked] = {}
        self._by_number: dict[str, _Asked] = {}

    def key_of(self, request: Request) -> str:
        return str(request.json.get("idempotency_key", ""))

    def operation(self, request: Request) -> str:
        if "/products/" in request.path:
            return "quote"
        if request.path.endswith("/abort"):
            return "cancel"
        return "commit" if request.method == "POST" else "find"

    def answer(self, request: Request) -> Answer:
        if not request.headers.get("authorization", "").startswith("Basic "):
            return Answer(_error("invalid_client_token"), 401)
        match self.operation(request):
            case "quote":
                return self._offers(request.path.split("/")[3])
            case "commit":
                return self._take(request.json)
            case "cancel":
                return Answer(_error("unable_to_abort"))
            case _:
                return self._look(self._by_number[request.path.split("/")[3]])

    def _offers(self, isbn10: str) -> Answer:
        isbn = to_isbn13(isbn10)
        if isbn not in self.books:
            return Answer(_error("product_unavailable"))
        book = self.books[isbn]
        offer = {
            "offer_id": f"offer-{isbn}",
            "available": book.stock > 0,
            "price": 0 if self.twist("free", "quote") else book.price_minor,
            "condition": "New",
            "shipping_options": [{"price": minor, "name": name} for name, minor in POSTAGE.items()],
        }
        asin = "0140449132" if self.twist("wrong_isbn", "quote") else isbn10
        return Answer({"status": "completed", "asin": asin, "offers": [offer]})

    def _take(self, said: Any) -> Answer:
        key = said["idempotency_key"]
        known = None if self.twist("key_ignored", "commit") else self._by_key.get(key)
        if known is not None:
            if self.twist("already_exists", "commit"):
                details = {"resource": "Order", "identifier": key}
                return Answer({"code": "already_exists", "details": details}, 409)
            return Answer({"request_id": known.number}, 201)
        asked = _Asked(f"r{self.number()}", {})
        asked.ends = self._carried_out_as(said, asked.number)
        self._by_key[key] = self._by_number[asked.number] = asked
        return Answer({"request_id": asked.number}, 201)

    def _carried_out_as(self, said: Any, number: str) -> dict[str, Any]:
        isbn = to_isbn13(said["products"][0]["product_id"])
        if self.twist("sold_out", "commit") or not self.in_stock(isbn):
            return _error("product_unavailable")
        if self.twist("declined", "commit"):
            return _error("insufficient_zma_balance")
        total = self.books[isbn].price_minor + POSTAGE["slow"]
        raised = self.twist("price_raised", "commit")
        total += raised.minor if raised is not None else 0
        if total > said["max_price"]:
            return _error("max_price_exceeded")
        more = self.twist("charges_more", "commit")
        total += more.minor if more is not None else 0
        order_id = f"112-{number}"
        self.execute(
            order_id=order_id,
            isbn=isbn,
            copies=said["products"][0]["quantity"],
            total_minor=total,
            key=said["idempotency_key"],
            reference=said["client_notes"]["reference"],
        )
        return {
            "_type": "order_response",
            "merchant_order_ids": [{"merchant_order_id": order_id, "merchant": "amazon"}],
            "price_components": {"total": total, "shipping": POSTAGE["slow"]},
        }

    def _look(self, asked: _Asked) -> Answer:
        asked.looks += 1
        if self.twist("probably", "find"):
            return Answer(_error("order_probably_placed"))
        return Answer(_PROCESSING if asked.looks == 1 else asked.ends)
