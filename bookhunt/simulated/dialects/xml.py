"""XML with namespaces, as the antiquarian trade speaks it (foxglove, graniteway)."""

from lxml import etree

from bookhunt.simulated.dialects.dialect import Dialect, asked, delivery, major, whole
from bookhunt.simulated.messages import Answer, Call, Operation, Request
from bookhunt.simulated.orders import Listing, Order, Ruling, Wish

_SEARCH = "urn:street:search"
_BOOK = "urn:street:book"
_ORDER = "urn:street:order"
_TYPE = "application/xml; charset=utf-8"
_SAYS = {
    "new": "New",
    "like_new": "As New",
    "very_good": "Very Good",
    "good": "Good",
    "acceptable": "Fair",
    "used": "Used",
}


class Xml(Dialect):
    """GET /ws/search.xml?isbn=|title=, POST /ws/order.xml, GET /ws/orders.xml?reference=."""

    def recognise(self, request: Request) -> Call:
        """By path; the key is the header X-Request-Id, the reference stands in the order."""
        if request.path == "/ws/search.xml":
            return Call(request, Operation.QUOTE)
        if request.path == "/ws/order.xml" and request.method == "POST":
            return Call(
                request,
                Operation.COMMIT,
                key=request.headers.get("x-request-id", ""),
                reference=_order_fields(request).get("reference", ""),
            )
        if request.path == "/ws/orders.xml" and self.profile.finds:
            return Call(request, Operation.FIND, reference=request.query.get("reference", ""))
        return Call(request, Operation.OTHER)

    def respond(self, call: Call) -> Answer:
        """Quote, order or find."""
        if call.operation is Operation.QUOTE:
            by, value = asked(call.request)
            return self.shop.quote(call, by, value, self._results)
        if call.operation is Operation.COMMIT:
            fields = _order_fields(call.request)
            wish = Wish(
                item=fields.get("sku", ""),
                quantity=whole(fields.get("quantity")),
                token=fields.get("token", ""),
            )
            return self.place(call, wish)
        if call.operation is Operation.FIND:
            root = etree.Element(f"{{{_ORDER}}}orders", nsmap={"o": _ORDER})
            for order in self.shop.find(call.reference):
                root.append(_receipt(order))
            return _answer(200, root)
        return _answer(404, _error("NO_SUCH_SERVICE"))

    def say(self, ruling: Ruling) -> Answer:
        """A receipt, or an error element; both with status 200, as such services do."""
        if ruling.order is not None:
            return _answer(200, _receipt(ruling.order))
        return _answer(200, _error(ruling.verdict.value.upper()))

    def _results(self, rows: list[Listing]) -> Answer:
        root = etree.Element(f"{{{_SEARCH}}}searchResults", nsmap={"s": _SEARCH, "b": _BOOK})
        _child(root, _SEARCH, "count", str(len(rows)))
        for row in rows:
            book = _child(root, _BOOK, "book")
            _child(book, _BOOK, "sku", row.offer.item)
            _child(book, _BOOK, "isbn", row.isbn)
            _child(book, _BOOK, "title", row.title)
            _child(book, _BOOK, "author", row.author)
            _child(book, _BOOK, "condition", _SAYS[row.offer.condition])
            price = _child(book, _BOOK, "listingPrice", _price(row))
            price.set("currency", row.offer.currency)
            _child(book, _BOOK, "postage", major(row.shipping_minor))
            _child(book, _BOOK, "quantity", str(row.inventory))
        return _answer(200, root)


def _price(row: Listing) -> str:
    return "call for price" if row.garbled else major(row.price_minor)


def _child(parent: etree._Element, space: str, name: str, text: str = "") -> etree._Element:
    element = etree.SubElement(parent, f"{{{space}}}{name}")
    element.text = text or None
    return element


def _receipt(order: Order) -> etree._Element:
    root = etree.Element(f"{{{_ORDER}}}receipt", nsmap={"o": _ORDER})
    root.set("status", "cancelled" if order.cancelled else "accepted")
    _child(root, _ORDER, "orderNumber", order.order_id)
    _child(root, _ORDER, "reference", order.reference)
    total = _child(root, _ORDER, "total", major(order.total_minor))
    total.set("currency", order.currency)
    _child(root, _ORDER, "delivery", delivery(order))
    return root


def _error(code: str) -> etree._Element:
    root = etree.Element(f"{{{_ORDER}}}error", nsmap={"o": _ORDER})
    root.set("code", code)
    return root


def _answer(status: int, root: etree._Element) -> Answer:
    return Answer(status, etree.tostring(root, encoding="utf-8", xml_declaration=True), _TYPE)


def _order_fields(request: Request) -> dict[str, str]:
    """The simple elements of an order document by local name; empty if it is not one."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    try:
        root = etree.fromstring(request.body, parser)
    except etree.XMLSyntaxError:
        return {}
    if root.tag != f"{{{_ORDER}}}order":
        return {}
    return {etree.QName(child).localname: child.text or "" for child in root if len(child) == 0}
