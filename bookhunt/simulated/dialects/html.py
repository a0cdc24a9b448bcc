"""Pages for people: a search page, a form with a hidden token, a session cookie.

ivyhouse: GET /book/ITEM, then POST /buy. harbourlight: the form leads to a basket that tells the
total, the basket's form to the checkout. Harbourlight's checkout form counts once, whatever is sent
twice: its token is the key. Ivy House's form can be sent again, and then it sells again.
"""

from html import escape

from bookhunt.simulated.dialects.dialect import Dialect, asked, delivery, major, whole
from bookhunt.simulated.messages import Answer, Call, Operation, Request
from bookhunt.simulated.orders import Listing, Order, Ruling, Session, Verdict, Wish

_TYPE = "text/html; charset=utf-8"
_SAYS = {"new": "New", "used": "Used"}


class Html(Dialect):
    """A shop that has no API at all."""

    def recognise(self, request: Request) -> Call:
        """By path; the token of the checkout form is the key where the session commits once."""
        path, posts = request.path, request.method == "POST"
        if path == "/search":
            return Call(request, Operation.QUOTE)
        if path.startswith("/book/"):
            return Call(request, Operation.CART)
        if path == "/basket" and posts and self.profile.three_steps:
            return Call(request, Operation.PRICE)
        if path == ("/checkout" if self.profile.three_steps else "/buy") and posts:
            form = request.form
            key = form.get("checkout_token", "")
            return Call(request, Operation.COMMIT, key=key, reference=form.get("reference", ""))
        if path == "/orders" and self.profile.finds:
            reference = request.query.get("reference", "")
            return Call(request, Operation.FIND, reference=reference)
        return Call(request, Operation.OTHER)

    def respond(self, call: Call) -> Answer:
        """Quote, show the book, fill the basket, sell or find."""
        if call.operation is Operation.QUOTE:
            by, value = asked(call.request)
            return self.shop.quote(call, by, value, self._results)
        if call.operation is Operation.CART:
            return self._book_page(call)
        if call.operation is Operation.PRICE:
            return self._basket_page(call)
        if call.operation is Operation.COMMIT:
            return self._sell(call)
        if call.operation is Operation.FIND:
            rows = "".join(_receipt(order, "li") for order in self.shop.find(call.reference))
            return _page(200, "Your orders", f'<ul id="orders">{rows}</ul>')
        return _page(404, "Not here", '<p class="error" data-code="not_found">No such page</p>')

    def say(self, ruling: Ruling) -> Answer:
        """A receipt, or the checkout page again with what went wrong."""
        if ruling.order is not None:
            return _page(200, "Thank you", _receipt(ruling.order, "div"))
        return _failure(ruling.verdict)

    def _sell(self, call: Call) -> Answer:
        form = call.request.form
        session = self._session(call, form.get("checkout_token") or form.get("csrf", ""))
        item, quantity = form.get("item", ""), whole(form.get("quantity"))
        if self.profile.three_steps:
            # What was agreed stands in the session. Without one only a used token says something,
            # and the shop looks at the token before it looks at the basket.
            item = session.item if session else ""
            quantity = session.quantity if session else 0
        elif session is None:
            return _failure(Verdict.UNKNOWN_ITEM)
        extra = session.extra_minor if session else 0
        token = form.get("card_token", "")
        return self.place(call, Wish(item=item, quantity=quantity, token=token, extra_minor=extra))

    def _session(self, call: Call, form_token: str) -> Session | None:
        session = self.shop.sessions.get(call.request.cookies.get("sid", ""))
        return session if session is not None and session.form_token == form_token else None

    def _book_page(self, call: Call) -> Answer:
        offer = self.shop.stock.by_item.get(call.request.path.removeprefix("/book/"))
        if offer is None:
            return _page(404, "Not here", '<p class="error" data-code="not_found">No such book</p>')
        session = self.shop.open_session(offer.item, 1)
        action = "/basket" if self.profile.three_steps else "/buy"
        form = (
            f'<h1>{escape(offer.book.title)}</h1><form id="buy" method="post" action="{action}">'
            f'<input type="hidden" name="csrf" value="{session.form_token}">'
            f'<input type="hidden" name="item" value="{escape(offer.item)}">'
            '<input type="number" name="quantity" value="1"><button>Buy</button></form>'
        )
        cookie = ("Set-Cookie", f"sid={session.id}; Path=/; HttpOnly")
        return _page(200, offer.book.title, form, cookie)

    def _basket_page(self, call: Call) -> Answer:
        form = call.request.form
        session = self._session(call, form.get("csrf", ""))
        priced = None
        if session is not None:
            session.quantity = whole(form.get("quantity"))
            priced = self.shop.priced(session, call)
        if session is None or priced is None:
            return _failure(Verdict.UNKNOWN_ITEM)
        offer, total = priced
        if offer.inventory < session.quantity:
            return _failure(Verdict.SOLD_OUT)
        body = (
            f'<p>Shipping <span class="shipping">${major(self.shop.fee_minor(offer))}</span></p>'
            f'<p>Total <span id="total">${major(total)}</span></p>'
            '<form id="checkout" method="post" action="/checkout">'
            f'<input type="hidden" name="checkout_token" value="{session.form_token}">'
            "<button>Order and pay</button></form>"
        )
        return _page(200, "Basket", body)

    def _results(self, rows: list[Listing]) -> Answer:
        if not rows:
            return _page(200, "Search", '<p class="empty">We have no such book.</p>')
        items = "".join(self._result(row) for row in rows)
        return _page(200, "Search", f'<ul id="results">{items}</ul>')

    def _result(self, row: Listing) -> str:
        price = "Was $30 Now $12" if row.garbled else f"${row.price_minor / 100:,.2f}"
        postage = ""
        if self.profile.postage.quoted:
            postage = f'<span class="postage">+ ${major(row.shipping_minor)} shipping</span>'
        stock = f"Only {row.inventory} left" if row.inventory else "Sold out"
        item = escape(row.offer.item)
        return (
            f'<li class="offer" data-item="{item}"><a class="title" href="/book/{item}">'
            f'{escape(row.title)}</a> <span class="isbn">{row.isbn}</span> '
            f'<span class="price">{price}</span> {postage}'
            f'<span class="condition">{_SAYS[row.offer.condition]}</span> '
            f'<span class="stock">{stock}</span></li>'
        )


def _receipt(order: Order, tag: str) -> str:
    state = "cancelled" if order.cancelled else "paid"
    return (
        f'<{tag} class="receipt" data-reference="{escape(order.reference)}" data-state="{state}">'
        f'Order <b class="number">{order.order_id}</b>, total <span class="total">'
        f"${major(order.total_minor)}</span>, arrives <time>{delivery(order)}</time></{tag}>"
    )


def _failure(verdict: Verdict) -> Answer:
    body = f'<p class="error" data-code="{verdict.value}">Your order was not taken.</p>'
    return _page(200, "Checkout", body)


def _page(status: int, title: str, body: str, *headers: tuple[str, str]) -> Answer:
    text = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}'
        f"</title></head><body>{body}</body></html>"
    )
    return Answer(status, text.encode(), _TYPE, headers)
