"""REST with JSON and minor units: the plain modern shop (amberside, brightwater, copperlane)."""

from typing import Any

from bookhunt.simulated.dialects.dialect import (
    Dialect,
    asked,
    delivery,
    json_answer,
    json_body,
    text_of,
    whole,
)
from bookhunt.simulated.messages import Answer, Call, Operation, Request
from bookhunt.simulated.orders import Listing, Order, Ruling, Verdict, Wish

_STATUS = {
    Verdict.ALREADY_EXISTS: 409,
    Verdict.IN_FLIGHT: 409,
    Verdict.KEY_MISMATCH: 422,
    Verdict.KEY_MISSING: 400,
    Verdict.SOLD_OUT: 409,
    Verdict.PRICE_CHANGED: 409,
    Verdict.DECLINED: 402,
    Verdict.UNKNOWN_ITEM: 404,
}


class Minor(Dialect):
    """GET /v1/offers, POST /v1/orders, GET /v1/orders?reference=, POST /v1/orders/ID/cancel.

    The key is the header Idempotency-Key or, at sellers that say so, the member `request_id`.
    """

    def recognise(self, request: Request) -> Call:
        """By path and method."""
        path = request.path
        if path == "/v1/offers":
            return Call(request, Operation.QUOTE)
        if path == "/v1/orders" and request.method == "POST":
            body = json_body(request)
            key = request.headers.get("idempotency-key") or text_of(body.get("request_id"))
            reference = text_of(body.get("client_reference_id"))
            return Call(request, Operation.COMMIT, key=key, reference=reference)
        if path == "/v1/orders" and self.profile.finds:
            reference = request.query.get("reference", "")
            return Call(request, Operation.FIND, reference=reference)
        if path.endswith("/cancel") and self.profile.cancels:
            return Call(request, Operation.CANCEL)
        return Call(request, Operation.OTHER)

    def respond(self, call: Call) -> Answer:
        """Quote, order, find or cancel."""
        if call.operation is Operation.QUOTE:
            by, value = asked(call.request)
            return self.shop.quote(call, by, value, self._offers)
        if call.operation is Operation.COMMIT:
            body = json_body(call.request)
            expected = body.get("expected_total")
            return self.place(
                call,
                Wish(
                    item=text_of(body.get("sku")),
                    quantity=whole(body.get("quantity")),
                    token=text_of(body.get("payment_token")),
                    expected_minor=expected if isinstance(expected, int) else None,
                ),
            )
        if call.operation is Operation.FIND:
            found = [self._order(order) for order in self.shop.find(call.reference)]
            return json_answer(200, {"orders": found})
        if call.operation is Operation.CANCEL:
            order = self.shop.cancel(call.request.path.split("/")[-2])
            if order is not None:
                return json_answer(200, self._order(order))
        return json_answer(404, {"error": {"code": "NO_SUCH_THING"}})

    def say(self, ruling: Ruling) -> Answer:
        """201 with the order, 202 where it is only accepted, or an error object."""
        order = ruling.order
        if order is not None:
            # What a key repeats is its first answer, so it is not told by the clock.
            accepted = self.profile.placed_s is not None
            body = self._order(order) | {"status": "PENDING" if accepted else "PAID"}
            return json_answer(202 if accepted else 201, body)
        error = {"code": ruling.verdict.value.upper(), "text": f"order refused: {ruling.verdict}"}
        return json_answer(_STATUS[ruling.verdict], {"error": error})

    def _offers(self, rows: list[Listing]) -> Answer:
        if not rows:
            return json_answer(404, {"error": {"code": "NOT_STOCKED"}})
        return json_answer(200, {"offers": [self._offer(row) for row in rows]})

    def _offer(self, row: Listing) -> dict[str, Any]:
        amount = "ask us" if row.garbled else row.price_minor
        stock: dict[str, Any] = {"status": "IN_STOCK" if row.inventory else "OUT"}
        if self.profile.counts_stock:
            stock["count"] = row.inventory
        return {
            "sku": row.offer.item,
            "isbn13": row.isbn,
            "title": row.title,
            "authors": [row.author],
            "condition": row.offer.condition,
            "price": {"amount": amount, "currency": row.offer.currency},
            "shipping": {"amount": row.shipping_minor},
            "stock": stock,
            "url": f"/books/{row.isbn}",
        }

    def _order(self, order: Order) -> dict[str, Any]:
        status = "PAID" if self.confirmed(order) else "PENDING"
        return {
            "id": order.order_id,
            "status": "CANCELLED" if order.cancelled else status,
            "client_reference_id": order.reference,
            "total": {"amount": order.total_minor, "currency": order.currency},
            "eta": delivery(order),
        }
