"""The control address of a street: what tests switch, and what they are told in return.

GET  /health                          pid, seed, CPU seconds used so far
GET  /offers?isbn=&seller=            the truth: every offer with its landed total
GET  /orders?seller=                  every executed order, oldest first
GET  /ledger?kind=&seller=&operation= the lines of the ledger, one JSON object each
GET  /counts                          arrivals per seller and operation
GET  /faults                          the rules in force
POST /fault {seller, operation, behaviour, count, probability, ms, ...}
POST /clear {seller}                  end the rules of one seller, or all
POST /offer {seller, item, ...}       change an offer by its item, or add one (then with `isbn`)
POST /forget-keys {seller}            as if the retention of keys had passed
POST /reset {}                        the first day again: no orders, no faults, seeded stock

Errors are 400 with {"error": "..."}.
"""

import time
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

import orjson

from bookhunt.simulated.catalogue import isbn13
from bookhunt.simulated.door import Door
from bookhunt.simulated.faults import Faults
from bookhunt.simulated.ledger import Ledger, read_ledger
from bookhunt.simulated.messages import Answer, Request
from bookhunt.simulated.server import Connection
from bookhunt.simulated.shop import Shop
from bookhunt.simulated.stock import Offer, offer_from

if TYPE_CHECKING:
    from collections.abc import Callable


class Control:
    """The site at the control address."""

    def __init__(
        self, doors: dict[str, Door], *, faults: Faults, ledger: Ledger, facts: dict[str, Any]
    ) -> None:
        self._doors = doors
        self._faults = faults
        self._ledger = ledger
        self._facts = facts
        self._routes: dict[tuple[str, str], Callable[[dict[str, Any]], object]] = {
            ("GET", "/health"): self._health,
            ("GET", "/offers"): self._offers,
            ("GET", "/orders"): self._orders,
            ("GET", "/ledger"): self._lines,
            ("GET", "/counts"): self._counts,
            ("GET", "/faults"): self._rules,
            ("POST", "/fault"): self._fault,
            ("POST", "/clear"): self._clear,
            ("POST", "/offer"): self._offer,
            ("POST", "/forget-keys"): self._forget_keys,
            ("POST", "/reset"): self._reset,
        }

    def refuses_unread(self) -> bool:
        """Never: the control address has no faults."""
        return False

    def serve(self, request: Request, connection: Connection) -> None:
        """Answer at once."""
        connection.write(self._answer(request).wire(gzipped=request.takes_gzip))
        connection.finish()

    def _answer(self, request: Request) -> Answer:
        route = self._routes.get((request.method, request.path))
        if route is None:
            return Answer(404, orjson.dumps({"error": f"no {request.method} {request.path}"}))
        try:
            given = orjson.loads(request.body or b"{}") if request.method == "POST" else None
            result = route(request.query if given is None else given)
        except (ValueError, TypeError) as error:
            return Answer(400, orjson.dumps({"error": str(error)}))
        return Answer(200, orjson.dumps(result))

    def _shops(self, seller: str | None) -> list[Shop]:
        if not seller:
            return [door.shop for door in self._doors.values()]
        if seller not in self._doors:
            raise ValueError(f"no seller {seller!r} on this street")
        return [self._doors[seller].shop]

    def _health(self, _: dict[str, Any]) -> object:
        return {**self._facts, "cpu_s": time.process_time()}

    def _offers(self, asked: dict[str, Any]) -> object:
        isbn = isbn13(asked["isbn"]) if asked.get("isbn") else None
        return {
            "offers": [
                _told(shop, offer)
                for shop in self._shops(asked.get("seller"))
                for offer in shop.stock.by_item.values()
                if isbn is None or offer.book.isbn == isbn
            ]
        }

    def _orders(self, asked: dict[str, Any]) -> object:
        orders = [o for shop in self._shops(asked.get("seller")) for o in shop.orders.values()]
        return {"orders": [asdict(o) for o in sorted(orders, key=lambda o: o.arrival)]}

    def _lines(self, asked: dict[str, Any]) -> object:
        self._ledger.flush()
        wanted = {name: asked[name] for name in ("kind", "seller", "operation") if name in asked}
        return {
            "lines": [
                line
                for line in read_ledger(self._ledger.path)
                if all(line.get(name) == value for name, value in wanted.items())
            ]
        }

    def _counts(self, _: dict[str, Any]) -> object:
        return {"counts": {seller: dict(door.counts) for seller, door in self._doors.items()}}

    def _rules(self, _: dict[str, Any]) -> object:
        return {"faults": [asdict(fault) for fault in self._faults.listed()]}

    def _fault(self, wanted: dict[str, Any]) -> object:
        return {"fault": asdict(self._faults.add(wanted, frozenset(self._doors)))}

    def _clear(self, asked: dict[str, Any]) -> object:
        self._faults.clear(asked.get("seller"))
        return {}

    def _offer(self, wanted: dict[str, Any]) -> object:
        values = dict(wanted)
        [shop] = self._shops(str(values.pop("seller", "?")))
        known = shop.stock.by_item.get(str(values.get("item")))
        if known is None:
            standing: dict[str, Any] = {"currency": "USD", "condition": "new"}
        else:
            standing = {f.name: getattr(known, f.name) for f in fields(known)}
            standing["isbn"] = standing.pop("book").isbn
        offer = offer_from({**standing, **values})
        shop.set_offer(offer)
        return {"offer": _told(shop, offer)}

    def _forget_keys(self, asked: dict[str, Any]) -> object:
        for shop in self._shops(asked.get("seller")):
            shop.forget_keys()
        return {}

    def _reset(self, _: dict[str, Any]) -> object:
        self._faults.clear()
        for door in self._doors.values():
            door.shop.empty()
            door.counts.clear()
        self._ledger.keep("reset", {})
        return {}


def _told(shop: Shop, offer: Offer) -> dict[str, Any]:
    return {
        "seller": shop.profile.id,
        "item": offer.item,
        "isbn": offer.book.isbn,
        "title": offer.book.title,
        "condition": offer.condition,
        "currency": offer.currency,
        "price_minor": offer.price_minor,
        "shipping_minor": shop.fee_minor(offer),
        "total_minor": shop.total_minor(offer),
        "inventory": offer.inventory,
        "sells": shop.profile.sells,
    }
