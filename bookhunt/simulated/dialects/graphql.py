"""GraphQL: one address, unions for results, errors inside 200, amounts in micros (junipergate)."""

from typing import Any

from bookhunt.simulated.dialects.dialect import (
    Dialect,
    delivery,
    json_answer,
    json_body,
    text_of,
    whole,
)
from bookhunt.simulated.messages import Answer, Call, Operation, Request
from bookhunt.simulated.orders import Listing, Order, Ruling, Wish

_MICROS_PER_MINOR = 10_000
_ENUM = {"new": "NEW", "like_new": "LIKE_NEW"}


class GraphQL(Dialect):
    """POST /graphql with `book(isbn, title)` or `placeOrder(input)`; the key is a header."""

    def recognise(self, request: Request) -> Call:
        """By what the document names; a document that names neither is no operation of ours."""
        if request.path != "/graphql" or request.method != "POST":
            return Call(request, Operation.OTHER)
        body = json_body(request)
        document = text_of(body.get("query"))
        if "placeOrder" in document:
            key = request.headers.get("idempotency-key", "")
            reference = text_of(_input(body).get("reference"))
            return Call(request, Operation.COMMIT, key=key, reference=reference)
        return Call(request, Operation.QUOTE if "book" in document else Operation.OTHER)

    def respond(self, call: Call) -> Answer:
        """Quote or order."""
        body = json_body(call.request)
        if call.operation is Operation.QUOTE:
            variables = _variables(body)
            isbn = text_of(variables.get("isbn"))
            by, value = ("isbn", isbn) if isbn else ("title", text_of(variables.get("title")))
            return self.shop.quote(call, by, value, self._book)
        if call.operation is Operation.COMMIT:
            wanted = _input(body)
            wish = Wish(
                item=text_of(wanted.get("offer")),
                quantity=whole(wanted.get("quantity")),
                token=text_of(wanted.get("paymentToken")),
            )
            return self.place(call, wish)
        error = {"message": "Cannot query that field", "extensions": {"code": "BAD_USER_INPUT"}}
        return json_answer(200, {"data": None, "errors": [error]})

    def say(self, ruling: Ruling) -> Answer:
        """A PlacedOrder or an OrderProblem, whichever of the union applies."""
        if ruling.order is not None:
            return json_answer(200, {"data": {"placeOrder": self._order(ruling.order)}})
        problem = {"__typename": "OrderProblem", "code": ruling.verdict.value.upper()}
        return json_answer(200, {"data": {"placeOrder": problem}})

    def _book(self, rows: list[Listing]) -> Answer:
        if not rows:
            nothing = {"__typename": "NotFound", "message": "We do not carry this book"}
            return json_answer(200, {"data": {"book": nothing}})
        book = {
            "__typename": "Book",
            "isbn": rows[0].isbn,
            "title": rows[0].title,
            # Two editions of one title are one book here; the offers are the first one's.
            "offers": [self._offer(row) for row in rows if row.isbn == rows[0].isbn],
        }
        return json_answer(200, {"data": {"book": book}})

    def _offer(self, row: Listing) -> dict[str, Any]:
        units = "n/a" if row.garbled else row.price_minor * _MICROS_PER_MINOR
        return {
            "id": row.offer.item,
            "condition": _ENUM[row.offer.condition],
            "price": {"micros": units, "currency": row.offer.currency},
            "shipping": {"micros": row.shipping_minor * _MICROS_PER_MINOR},
            "available": row.inventory,
        }

    def _order(self, order: Order) -> dict[str, Any]:
        return {
            "__typename": "PlacedOrder",
            "number": order.order_id,
            "reference": order.reference,
            "total": {
                "micros": order.total_minor * _MICROS_PER_MINOR,
                "currency": order.currency,
            },
            "arrives": delivery(order),
        }


def _variables(body: dict[str, Any]) -> dict[str, Any]:
    """The variables of a document, empty if there are none or they are no object."""
    variables = body.get("variables")
    return variables if isinstance(variables, dict) else {}


def _input(body: dict[str, Any]) -> dict[str, Any]:
    """The variable `input` of an order, empty if there is none."""
    wanted = _variables(body).get("input")
    return wanted if isinstance(wanted, dict) else {}
