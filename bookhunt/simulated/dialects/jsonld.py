"""A page with schema.org data in it, for people to buy on: quotes only (nightjar)."""

from html import escape
from typing import Any

import orjson

from bookhunt.simulated.catalogue import isbn13
from bookhunt.simulated.dialects.dialect import Dialect, major
from bookhunt.simulated.messages import Answer, Call, Operation, Request
from bookhunt.simulated.orders import Listing, Ruling

_TYPE = "text/html; charset=utf-8"


class JsonLd(Dialect):
    """GET /isbn/ISBN: 404, or a page with a Book and its Offers as JSON-LD."""

    def recognise(self, request: Request) -> Call:
        """Everything that is not a book's page is nothing."""
        is_book = request.path.startswith("/isbn/")
        return Call(request, Operation.QUOTE if is_book else Operation.OTHER)

    def respond(self, call: Call) -> Answer:
        """The book's page."""
        if call.operation is Operation.QUOTE:
            isbn = isbn13(call.request.path.removeprefix("/isbn/"))
            return self.shop.quote(call, "isbn", isbn, self._page)
        return Answer(404, b"<!doctype html><title>Not found</title>", _TYPE)

    def say(self, ruling: Ruling) -> Answer:
        """Never reached: no path of this seller is an order."""
        raise AssertionError(f"a seller without a checkout was asked to say {ruling.verdict}")

    def _page(self, rows: list[Listing]) -> Answer:
        if not rows:
            return Answer(404, b"<!doctype html><title>Not found</title>", _TYPE)
        book = {
            "@context": "https://schema.org",
            "@type": "Book",
            "name": rows[0].title,
            "isbn": rows[0].isbn,
            "author": {"@type": "Person", "name": rows[0].author},
            "offers": [self._offer(row) for row in rows],
        }
        # "</" would end the script element; JSON allows the solidus to be escaped (RFC 8259, 7).
        data = orjson.dumps(book).replace(b"</", b"<\\/")
        title = escape(rows[0].title).encode()
        head = b'<!doctype html><html><head><meta charset="utf-8"><title>' + title + b"</title>"
        script = b'<script type="application/ld+json">' + data + b"</script></head>"
        return Answer(200, head + script + b"<body><h1>" + title + b"</h1></body></html>", _TYPE)

    def _offer(self, row: Listing) -> dict[str, Any]:
        state = "NewCondition" if row.offer.condition == "new" else "UsedCondition"
        stock = "InStock" if row.inventory else "OutOfStock"
        return {
            "@type": "Offer",
            "sku": row.offer.item,
            "price": "on request" if row.garbled else major(row.price_minor),
            "priceCurrency": row.offer.currency,
            "itemCondition": f"https://schema.org/{state}",
            "availability": f"https://schema.org/{stock}",
            "url": f"/isbn/{row.isbn}#{row.offer.item}",
        }
