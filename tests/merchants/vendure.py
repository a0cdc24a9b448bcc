"""A Vendure shop, by its shop API: GraphQL, a session in a header, errors as members of a union.

Every answer is a 200. An order that was paid is no longer the active one: to pay again is an error
that says so.
"""

from __future__ import annotations

import re
from typing import Any

from tests.merchants.baskets import POSTAGE, Basket, ShopSystem
from tests.merchants.merchant import Answer, Request

_OPERATIONS = {
    "search": "quote",
    "addItemToOrder": "add",
    "setCustomerForOrder": "customer",
    "setOrderShippingAddress": "address",
    "eligibleShippingMethods": "methods",
    "setOrderShippingMethod": "price",
    "transitionOrderToState": "arrange",
    "addPaymentToOrder": "commit",
    "orderByCode": "find",
}
_FIELD = re.compile(r"\{\s*(\w+)")
_METHODS = {"1": "slow", "2": "fast"}


def _error(kind: str, message: str) -> dict[str, Any]:
    words = re.findall("[A-Z][a-z]*", kind)
    return {"__typename": kind, "errorCode": "_".join(words).upper(), "message": message}


class Vendure(ShopSystem):
    """See the module. Amounts are whole minor units."""

    system = "vendure"
    twists = ShopSystem.twists | {"errors"}  # a 200 with `errors`, and nothing was done
    steps = ("add", "customer", "address", "methods", "price", "arrange")
    played = (
        *(each for each in ShopSystem.played if each[:2] != ("sold_out", "commit")),
        ("errors", "commit", 1),
        ("errors", "add", None),
    )
    played_when_lost = (*ShopSystem.played_when_lost, ("errors", "find", 2))

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._active: dict[str, Basket] = {}  # by session
        self._orders: dict[str, tuple[str, Basket]] = {}  # by code: whose, and what

    def _field(self, request: Request) -> str:
        return str(_FIELD.search(request.json["query"])[1])  # type: ignore[index]

    def operation(self, request: Request) -> str:
        return _OPERATIONS[self._field(request)]

    def answer(self, request: Request) -> Answer:
        operation, said = self.operation(request), request.json.get("variables", {})
        if self.twist("errors", operation):
            return Answer({"errors": [{"message": "Something went wrong"}], "data": None})
        session = request.headers.get("authorization", "").removeprefix("Bearer ")
        headers = {}
        if not session and operation != "quote":
            session = f"s{self.number()}"
            headers = {"vendure-auth-token": session}
        if operation == "quote":
            found: Any = {"items": self._items(said["term"])}
        elif operation == "find":
            found = self._by_code(session, said["code"])
        else:
            found = self._of_order(operation, session, said)
        data = {self._field(request): found}
        if operation == "methods":
            data["eligiblePaymentMethods"] = [{"code": "stripe", "isEligible": True}]
        return Answer({"data": data}, headers=headers)

    def _of_order(self, operation: str, session: str, said: Any) -> Any:
        if operation == "add":
            return self._add(session, said["id"])
        order = self._active.get(session)
        if order is None:
            return _error("NoActiveOrderError", "There is no active order")
        match operation:
            case "methods":
                return [
                    {"id": number, "priceWithTax": POSTAGE[name]}
                    for number, name in _METHODS.items()
                ]
            case "price":
                order.postage_minor = POSTAGE[_METHODS[said["id"][0]]]
            case "arrange" if self.is_sold_out(order):
                message = "Cannot transition Order due to insufficient stock"
                return _error("OrderStateTransitionError", message) | {"transitionError": message}
            case "commit":
                return self._pay(session, order, said["input"])
        return self._order(order, "AddingItems")

    def _add(self, session: str, variant: str) -> Any:
        order = self._active.setdefault(session, Basket(f"CODE{self.number()}"))
        self._orders[order.id] = session, order
        if not self.fill(order, variant):
            return _error("InsufficientStockError", "Not enough copies")
        return self._order(order, "AddingItems")

    def _pay(self, session: str, order: Basket, said: Any) -> Any:
        if self.twist("declined", "commit"):
            order.declined = True
            return _error("PaymentDeclinedError", "The payment was declined")
        self.sell(order, order.id, reference=said["metadata"]["reference"])
        del self._active[session]
        return self._order(order, "PaymentSettled")

    def _by_code(self, session: str, code: str) -> Any:
        whose, order = self._orders.get(code, ("", None))
        if order is None or whose != session:
            return None
        return self._order(
            order, "ArrangingPayment" if order.order_id is None else "PaymentSettled"
        )

    # ----------------------------------------------------------------------------- as it is told
    def _items(self, term: str) -> list[dict[str, Any]]:
        return [
            {
                "productVariantId": book.isbn,
                "productName": book.title,
                "sku": book.isbn,
                "inStock": book.stock > 0,
                "currencyCode": self.currency,
                "priceWithTax": {"value": self.shelf_price(book.isbn)},
            }
            for book in self.books.values()
            if term == book.isbn or term.casefold() in book.title.casefold()
        ]

    def _order(self, order: Basket, state: str) -> dict[str, Any]:
        total = order.total_minor if order.charged_minor is None else order.charged_minor
        postage = 0 if order.postage_later else order.postage_minor or 0
        no_method = order.postage_minor is None or order.postage_later
        return {
            "__typename": "Order",
            "code": order.id,
            "state": state,
            "totalWithTax": total,
            "subTotalWithTax": order.items_minor,
            "shippingWithTax": postage,
            "currencyCode": self.currency,
            "shippingLines": [] if no_method else [{"priceWithTax": postage}],
            "lines": [
                {
                    "quantity": line.copies,
                    "productVariant": {"id": line.isbn, "sku": line.isbn, "name": line.title},
                }
                for line in order.lines
            ],
        }
