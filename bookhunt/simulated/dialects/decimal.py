"""JSON full of strings, amounts with a decimal comma, errors in 200 (dovetail, elmcourt)."""

from typing import Any

from bookhunt.simulated.dialects.dialect import Dialect, asked, delivery, json_answer, whole
from bookhunt.simulated.messages import Answer, Call, Operation, Request
from bookhunt.simulated.orders import Listing, Order, Ruling, Wish


class DecimalComma(Dialect):
    """GET /api/search?ean=|q=, POST /api/order (a form), GET /api/orders?ref=."""

    def recognise(self, request: Request) -> Call:
        """By path; the reference is the form's field `ref`."""
        if request.path == "/api/search":
            return Call(request, Operation.QUOTE)
        if request.path == "/api/order" and request.method == "POST":
            return Call(request, Operation.COMMIT, reference=request.form.get("ref", ""))
        if request.path == "/api/orders" and self.profile.finds:
            return Call(request, Operation.FIND, reference=request.query.get("ref", ""))
        return Call(request, Operation.OTHER)

    def respond(self, call: Call) -> Answer:
        """Quote, order or find."""
        if call.operation is Operation.QUOTE:
            by, value = asked(call.request, "ean", "q")
            return self.shop.quote(call, by, value, self._results)
        if call.operation is Operation.COMMIT:
            form = call.request.form
            wish = Wish(
                item=form.get("id", ""),
                quantity=whole(form.get("qty")),
                token=form.get("pay", ""),
            )
            return self.place(call, wish)
        if call.operation is Operation.FIND:
            found = [self._order(order) for order in self.shop.find(call.reference)]
            return json_answer(200, {"result": "ok", "orders": found})
        return json_answer(404, {"result": "error", "reason": "no_such_page"})

    def say(self, ruling: Ruling) -> Answer:
        """Always 200; `result` says how it went."""
        if ruling.order is not None:
            return json_answer(200, {"result": "ok", **self._order(ruling.order)})
        return json_answer(200, {"result": "error", "reason": ruling.verdict.value})

    def _results(self, rows: list[Listing]) -> Answer:
        results = [self._result(row) for row in rows]
        return json_answer(200, {"result": "ok", "found": bool(rows), "results": results})

    def _result(self, row: Listing) -> dict[str, Any]:
        pieces = "pc" if row.inventory == 1 else "pcs"
        return {
            "id": row.offer.item,
            "ean": row.isbn,
            "name": row.title,
            "by": row.author,
            "price": "12,50 - 19,90 ?" if row.garbled else comma(row.price_minor),
            "cur": row.offer.currency,
            "postage": comma(row.shipping_minor),
            "condition": "N" if row.offer.condition == "new" else "U",
            "available": "yes" if row.inventory else "no",
            "qty": f"{row.inventory} {pieces}",
        }

    def _order(self, order: Order) -> dict[str, Any]:
        return {
            "order": order.order_id,
            "ref": order.reference,
            "charged": comma(order.total_minor),
            "state": "cancelled" if order.cancelled else "ordered",
            "delivery": delivery(order),
        }


def comma(minor: int) -> str:
    """Minor units with a decimal comma and points between thousands: 102499 is "1.024,99"."""
    units, cents = divmod(minor, 100)
    return f"{units:,}".replace(",", ".") + f",{cents:02d}"
