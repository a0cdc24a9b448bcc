"""A basket in a session cookie, as shop systems have it.

kestrelbooks: POST /cart/items, POST /checkout; a basket can be checked out again, and is then sold
again. mossbridge, orchardend and pennyroyal tell the total at GET /cart/totals; of these only
mossbridge reads an Idempotency-Key, and orchardend only finds an order again.
"""

from typing import Any

from bookhunt.simulated.dialects.dialect import (
    Dialect,
    asked,
    delivery,
    json_answer,
    json_body,
    major,
    text_of,
    whole,
)
from bookhunt.simulated.messages import Answer, Call, Operation, Request
from bookhunt.simulated.orders import Listing, Order, Ruling, Session, Verdict, Wish

_STATUS = {
    Verdict.KEY_MISMATCH: 422,
    Verdict.KEY_MISSING: 400,
    Verdict.DECLINED: 402,
    Verdict.UNKNOWN_ITEM: 404,
}


class Cart(Dialect):
    """GET /products, POST /cart/items, GET /cart/totals, POST /checkout, GET /account/orders."""

    def recognise(self, request: Request) -> Call:
        """By path and method."""
        path, posts = request.path, request.method == "POST"
        if path == "/products":
            return Call(request, Operation.QUOTE)
        if path == "/cart/items" and posts:
            return Call(request, Operation.CART)
        if path == "/cart/totals" and self.profile.three_steps:
            return Call(request, Operation.PRICE)
        if path == "/checkout" and posts:
            return Call(
                request,
                Operation.COMMIT,
                key=request.headers.get("idempotency-key", ""),
                reference=text_of(json_body(request).get("reference")),
            )
        if path == "/account/orders" and self.profile.finds:
            reference = request.query.get("reference", "")
            return Call(request, Operation.FIND, reference=reference)
        return Call(request, Operation.OTHER)

    def respond(self, call: Call) -> Answer:
        """Quote, fill the basket, price it, sell it or find."""
        if call.operation is Operation.QUOTE:
            by, value = asked(call.request, "ean", "search")
            return self.shop.quote(call, by, value, self._products)
        if call.operation is Operation.CART:
            return self._add(call)
        if call.operation is Operation.PRICE:
            return self._totals(call)
        if call.operation is Operation.COMMIT:
            session = self._session(call) or Session()
            token = text_of(json_body(call.request).get("payment_token"))
            return self.place(
                call,
                Wish(
                    item=session.item,
                    quantity=session.quantity,
                    token=token,
                    extra_minor=session.extra_minor,
                ),
            )
        if call.operation is Operation.FIND:
            found = [self._order(order) for order in self.shop.find(call.reference)]
            return json_answer(200, {"orders": found})
        return json_answer(404, {"code": "no_route"})

    def say(self, ruling: Ruling) -> Answer:
        """201 with the order, or a code with its status (409 for most)."""
        if ruling.order is not None:
            return json_answer(201, self._order(ruling.order))
        return json_answer(_STATUS.get(ruling.verdict, 409), {"code": ruling.verdict.value})

    def _session(self, call: Call) -> Session | None:
        return self.shop.sessions.get(call.request.cookies.get("cart_session", ""))

    def _add(self, call: Call) -> Answer:
        body = json_body(call.request)
        offer = self.shop.stock.by_item.get(text_of(body.get("id")))
        quantity = whole(body.get("quantity"))
        if offer is None or quantity < 1:
            return json_answer(404, {"code": Verdict.UNKNOWN_ITEM.value})
        if quantity > offer.inventory:
            return json_answer(409, {"code": Verdict.SOLD_OUT.value})
        # A customer who already has a basket keeps it, and the new item takes the old one's place.
        session = self._session(call) or self.shop.open_session()
        session.item, session.quantity = offer.item, quantity
        items = [{"id": offer.item, "quantity": quantity, "price": major(offer.price_minor)}]
        cookie = ("Set-Cookie", f"cart_session={session.id}; Path=/; HttpOnly; SameSite=Lax")
        return json_answer(201, {"items": items}, cookie)

    def _totals(self, call: Call) -> Answer:
        session = self._session(call)
        priced = self.shop.priced(session, call) if session is not None else None
        if session is None or priced is None:
            return json_answer(404, {"code": Verdict.UNKNOWN_ITEM.value})
        offer, total = priced
        return json_answer(
            200,
            {
                "subtotal": major(offer.price_minor * session.quantity),
                "shipping": major(self.shop.fee_minor(offer, session.quantity)),
                "total": major(total),
                "currency": offer.currency,
            },
        )

    def _products(self, rows: list[Listing]) -> Answer:
        return json_answer(200, {"products": [self._product(row) for row in rows]})

    def _product(self, row: Listing) -> dict[str, Any]:
        product: dict[str, Any] = {
            "id": row.offer.item,
            "ean": row.isbn,
            "name": row.title,
            "price": "" if row.garbled else major(row.price_minor),
            "currency": row.offer.currency,
            "is_in_stock": row.inventory > 0,
        }
        if self.profile.counts_stock:
            product["stock_quantity"] = row.inventory
        return product

    def _order(self, order: Order) -> dict[str, Any]:
        return {
            "order_id": order.order_id,
            "reference": order.reference,
            "total": major(order.total_minor),
            "currency": order.currency,
            "status": "cancelled" if order.cancelled else "processing",
            "expected": delivery(order),
        }
