"""OAuth2 client credentials and a checkout of three steps (lanternrow)."""

import base64
import binascii
import secrets as randomness
from typing import Any

from bookhunt.simulated.dialects.dialect import (
    Dialect,
    asked,
    delivery,
    json_answer,
    json_body,
    major,
    minor,
    text_of,
    whole,
)
from bookhunt.simulated.messages import Answer, Call, Operation, Request
from bookhunt.simulated.orders import Listing, Order, Ruling, Session, Verdict, Wish
from bookhunt.simulated.roster import secrets

_TOKEN_LIVES_S = 3600
_MOST_TOKENS = 1000
_EXPRESS_MINOR = 1500  # what the express option costs on top of the standard one
_STATUS = {
    Verdict.KEY_MISMATCH: 422,
    Verdict.KEY_MISSING: 400,
    Verdict.DECLINED: 402,
    Verdict.UNKNOWN_ITEM: 404,
}


class OAuth(Dialect):
    """POST /oauth/token, GET /api/listings, POST /api/carts, GET /api/carts/ID, .../orders."""

    def recognise(self, request: Request) -> Call:
        """By path and method."""
        path, posts = request.path, request.method == "POST"
        if path == "/oauth/token":
            return Call(request, Operation.TOKEN)
        if path == "/api/listings":
            return Call(request, Operation.QUOTE)
        if path == "/api/carts" and posts:
            return Call(request, Operation.CART)
        if path == "/api/orders":
            reference = request.query.get("reference", "")
            return Call(request, Operation.FIND, reference=reference)
        if path.startswith("/api/orders/") and posts:
            return Call(request, Operation.CANCEL)
        if path.startswith("/api/carts/") and path.endswith("/orders") and posts:
            return Call(
                request,
                Operation.COMMIT,
                key=request.headers.get("idempotency-key", ""),
                reference=text_of(json_body(request).get("reference")),
            )
        is_cart = path.startswith("/api/carts/")
        return Call(request, Operation.PRICE if is_cart else Operation.OTHER)

    def respond(self, call: Call) -> Answer:
        """Give a token, quote, fill the cart, price it, sell it, find or cancel."""
        if call.operation is Operation.TOKEN:
            return self._token(call.request)
        if call.operation is Operation.QUOTE:
            by, value = asked(call.request, "isbn", "title")
            return self.shop.quote(call, by, value, self._listings)
        if call.operation is Operation.CART:
            return self._open(call)
        if call.operation is Operation.PRICE:
            return self._priced(call)
        if call.operation is Operation.COMMIT:
            return self._sell(call)
        if call.operation is Operation.FIND:
            found = [self._order(order) for order in self.shop.find(call.reference)]
            return json_answer(200, {"orders": found})
        if call.operation is Operation.CANCEL:
            order = self.shop.cancel(call.request.path.split("/")[3])
            if order is not None:
                return json_answer(200, self._order(order))
        return json_answer(404, {"problem": "no_such_resource"})

    def say(self, ruling: Ruling) -> Answer:
        """201 with the order, or a problem with its status (409 for most)."""
        if ruling.order is not None:
            return json_answer(201, self._order(ruling.order))
        return json_answer(_STATUS.get(ruling.verdict, 409), {"problem": ruling.verdict.value})

    def _token(self, request: Request) -> Answer:
        form = request.form
        given = form.get("client_id", ""), form.get("client_secret", "")
        scheme, _, pair = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic":
            given = _basic(pair)
        keys = secrets(self.profile)
        if form.get("grant_type") != "client_credentials":
            return json_answer(400, {"error": "unsupported_grant_type"})
        if given != (keys["client_id"], keys["client_secret"]):
            return json_answer(401, {"error": "invalid_client"})
        if len(self.shop.access_tokens) >= _MOST_TOKENS:
            self.shop.access_tokens.clear()
        token = randomness.token_hex(16)
        self.shop.access_tokens.add(token)
        body = {"access_token": token, "token_type": "Bearer", "expires_in": _TOKEN_LIVES_S}
        return json_answer(200, body, ("Cache-Control", "no-store"))

    def _open(self, call: Call) -> Answer:
        body = json_body(call.request)
        offer = self.shop.stock.by_item.get(text_of(body.get("listing_id")))
        quantity = whole(body.get("quantity"))
        if offer is None or quantity < 1:
            return json_answer(404, {"problem": Verdict.UNKNOWN_ITEM.value})
        if quantity > offer.inventory:
            return json_answer(409, {"problem": Verdict.SOLD_OUT.value})
        session = self.shop.open_session(offer.item, quantity)
        where = ("Location", f"/api/carts/{session.id}")
        return json_answer(201, {"id": session.id}, where)

    def _cart(self, call: Call) -> Session | None:
        return self.shop.sessions.get(call.request.path.split("/")[3])

    def _priced(self, call: Call) -> Answer:
        session = self._cart(call)
        priced = self.shop.priced(session, call) if session is not None else None
        if session is None or priced is None:
            return json_answer(404, {"problem": Verdict.UNKNOWN_ITEM.value})
        offer, total = priced
        fee = self.shop.fee_minor(offer, session.quantity)
        options = [
            {"code": "express", "price": major(fee + _EXPRESS_MINOR)},
            {"code": "standard", "price": major(fee)},
        ]
        body = {"id": session.id, "delivery_options": options, "currency": offer.currency}
        return json_answer(200, body | {"total_with_standard": major(total)})

    def _sell(self, call: Call) -> Answer:
        session = self._cart(call) or Session()
        body = json_body(call.request)
        # The express option is charged when it is chosen: a careless customer pays for it.
        express = _EXPRESS_MINOR if body.get("delivery") != "standard" else 0
        return self.place(
            call,
            Wish(
                item=session.item,
                quantity=session.quantity,
                token=text_of(body.get("payment_token")),
                expected_minor=minor(body.get("expected_total")),
                extra_minor=session.extra_minor + express,
            ),
        )

    def _listings(self, rows: list[Listing]) -> Answer:
        return json_answer(200, {"listings": [self._listing(row) for row in rows]})

    def _listing(self, row: Listing) -> dict[str, Any]:
        value = "POA" if row.garbled else major(row.price_minor)
        return {
            "listing_id": row.offer.item,
            "isbn_13": row.isbn,
            "title": row.title,
            "grade": row.offer.condition.upper(),
            "price": {"value": value, "currency": row.offer.currency},
            "quantity": row.inventory,
        }

    def _order(self, order: Order) -> dict[str, Any]:
        return {
            "order_id": order.order_id,
            "reference": order.reference,
            "state": "CANCELLED" if order.cancelled else "CONFIRMED",
            "charged": {"value": major(order.total_minor), "currency": order.currency},
            "estimated_delivery": delivery(order),
        }


def _basic(pair: str) -> tuple[str, str]:
    """Name and password of a Basic header; empty ones where it cannot be read."""
    try:
        name, _, password = base64.b64decode(pair, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return name, password
