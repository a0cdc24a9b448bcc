"""One seller behind its counter: what it offers, what it charges, which orders it has made.

It knows nothing of HTTP; a dialect asks it in the seller's words and says its verdict in them.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from bookhunt.simulated.catalogue import books, folded
from bookhunt.simulated.faults import Behaviour
from bookhunt.simulated.ledger import Ledger
from bookhunt.simulated.messages import Answer, Call
from bookhunt.simulated.orders import Listing, Order, Ruling, Session, Verdict, Wish
from bookhunt.simulated.roster import Profile, Replay
from bookhunt.simulated.stock import Offer, Stock, offer_from

_MOST_SESSIONS = 20_000
_MOST_REMEMBERED = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    """What a key led to."""

    body_hash: str
    verdict: Verdict
    order: Order | None


class Shop:
    """One seller's stock, sessions and orders."""

    def __init__(
        self,
        profile: Profile,
        seed: int,
        ledger: Ledger,
        *,
        made_up_books: int = 0,
        copies: int = 1,
    ) -> None:
        self.profile = profile
        self._seed = seed
        self._made_up_books, self._copies = made_up_books, copies
        self._ledger = ledger
        self.day = 0  # how often the shop was emptied
        self.empty()

    def empty(self) -> None:
        """As on the first day: the seeded stock, no orders, no sessions."""
        self.day += 1
        self.stock = Stock(
            self.profile, self._seed, made_up_books=self._made_up_books, copies=self._copies
        )
        self.in_flight: dict[str, int] = {}  # key -> the arrival that is at work on it
        self.orders: dict[str, Order] = {}
        self._by_reference: dict[str, list[Order]] = {}
        self._keys: dict[str, _Outcome] = {}
        self.sessions: OrderedDict[str, Session] = OrderedDict()
        self.access_tokens: set[str] = set()
        self._remembered: dict[tuple[str, str], Answer] = {}

    # -- quotes

    def fee_minor(self, offer: Offer, quantity: int = 1) -> int:
        """What shipping of so many costs, the threshold for free shipping applied."""
        above = self.profile.postage.free_above_minor
        if above is not None and offer.price_minor * quantity >= above:
            return 0
        return offer.fee_minor

    def total_minor(self, offer: Offer, quantity: int = 1) -> int:
        """The landed total: what a commit charges."""
        return offer.price_minor * quantity + self.fee_minor(offer, quantity)

    def quote(
        self, call: Call, by: str, value: str, say: Callable[[list[Listing]], Answer]
    ) -> Answer:
        """What there is of a book, said by `say`, kept until the stock changes."""
        if call.twist:
            return say([self._bent(row, call.twist) for row in self._listings(by, value)])
        answer = self._remembered.get((by, value))
        if answer is None:
            if len(self._remembered) >= _MOST_REMEMBERED:
                self._remembered.clear()
            answer = self._remembered[by, value] = say(self._listings(by, value))
        return answer

    def changed(self) -> None:
        """Stock or a price changed: no kept quote is true any more."""
        self._remembered.clear()

    def _listings(self, by: str, value: str) -> list[Listing]:
        offers = self.stock.by_title(value) if by == "title" else self.stock.by_isbn(value)
        return [
            Listing(
                offer=offer,
                isbn=offer.book.isbn,
                title=offer.book.title,
                author=offer.book.author,
                price_minor=offer.price_minor,
                shipping_minor=self.fee_minor(offer),
                inventory=offer.inventory,
            )
            for offer in offers
        ]

    def _bent(self, row: Listing, twist: str) -> Listing:
        values = {name: getattr(row, name) for name in Listing.__slots__}
        if twist == Behaviour.WRONG_BOOK:
            other = next(b for b in books() if folded(b.title) != folded(row.title))
            values |= {"isbn": other.isbn, "title": other.title, "author": other.author}
        if twist == Behaviour.PRICE_GARBAGE:
            values["garbled"] = True
        if twist == Behaviour.SOLD_OUT:
            values["inventory"] = 0
        return Listing(**values)

    # -- baskets

    def open_session(self, item: str = "", quantity: int = 0) -> Session:
        """Begin a basket; the oldest of very many is forgotten."""
        session = Session(item=item, quantity=quantity)
        self.sessions[session.id] = session
        if len(self.sessions) > _MOST_SESSIONS:
            self.sessions.popitem(last=False)
        return session

    def priced(self, session: Session, call: Call) -> tuple[Offer, int] | None:
        """The offer in a basket and its landed total, raised if a fault says so; None: gone."""
        offer = self.stock.by_item.get(session.item)
        if offer is None:
            return None
        session.extra_minor = call.raise_minor
        return offer, self.total_minor(offer, session.quantity) + session.extra_minor

    # -- orders

    def place(self, call: Call, wish: Wish) -> Ruling:
        """Execute a commit, or say why not; by the seller's own rule for keys seen before."""
        if self.profile.replay is not Replay.NONE:
            if not call.key:
                return Ruling(verdict=Verdict.KEY_MISSING)
            if self.in_flight.get(call.key, call.seq) != call.seq:
                return Ruling(verdict=Verdict.IN_FLIGHT)
            known = self._keys.get(call.key)
            if known is not None:
                return self._again(call, known)
        refusal = self._refusal(call, wish)
        if refusal is None:
            return Ruling(verdict=Verdict.BOUGHT, order=self._execute(call, wish))
        if self.profile.replay is Replay.SAME_ANSWER:
            fields = {"seller": self.profile.id, "verdict": refusal, "arrival": call.seq}
            body_hash = call.request.body_hash
            self._ledger.keep("refusal", {**fields, "key": call.key, "body_hash": body_hash})
            self._keys[call.key] = _Outcome(body_hash=body_hash, verdict=refusal, order=None)
        return Ruling(verdict=refusal)

    def keep_status(self, key: str, status: int) -> None:
        """From here on the key's answer is this error, the order stands (as Stripe API v1)."""
        known = self._keys.get(key)
        if known is not None and known.order is not None:
            known.order.status = status
            fields = {"seller": self.profile.id, "order_id": known.order.order_id}
            self._ledger.keep("kept_status", fields | {"status": status})

    def find(self, reference: str) -> list[Order]:
        """The orders made with this reference, oldest first."""
        return self._by_reference.get(reference, [])

    def cancel(self, order_id: str) -> Order | None:
        """Take an order back and put its copies on the shelf again; None: no such order."""
        order = self.orders.get(order_id)
        if order is not None and not order.cancelled:
            self._take_back(order)
            self._ledger.keep("cancel", {"seller": self.profile.id, "order_id": order_id})
        return order

    def _take_back(self, order: Order) -> None:
        order.cancelled = True
        offer = self.stock.by_item.get(order.item)
        if offer is not None:
            offer.inventory += order.quantity
        self.changed()

    def forget_keys(self) -> None:
        """As if the time for which the seller retains keys had passed."""
        self._keys.clear()

    def _again(self, call: Call, known: _Outcome) -> Ruling:
        if known.body_hash != call.request.body_hash:
            return Ruling(verdict=Verdict.KEY_MISMATCH)
        if known.order is not None:
            known.order.replays += 1
            fields = {"order_id": known.order.order_id, "key": call.key, "arrival": call.seq}
            self._ledger.keep("replay", {"seller": self.profile.id, **fields})
        if self.profile.replay is Replay.ALREADY_EXISTS:
            return Ruling(verdict=Verdict.ALREADY_EXISTS)
        return Ruling(verdict=known.verdict, order=known.order)

    def _refusal(self, call: Call, wish: Wish) -> Verdict | None:
        offer = self.stock.by_item.get(wish.item)
        if offer is None:
            return Verdict.UNKNOWN_ITEM
        if call.twist == Behaviour.DECLINED or not wish.token.startswith(
            f"street-pay-{self.profile.id}-"
        ):
            return Verdict.DECLINED
        if call.twist == Behaviour.SOLD_OUT or not 1 <= wish.quantity <= offer.inventory:
            return Verdict.SOLD_OUT
        if call.twist == Behaviour.PRICE_CHANGED:
            return Verdict.PRICE_CHANGED
        if self.profile.checks_price and wish.expected_minor is not None:
            total = self.total_minor(offer, wish.quantity) + wish.extra_minor
            if total != wish.expected_minor:
                return Verdict.PRICE_CHANGED
        return None

    def _execute(self, call: Call, wish: Wish) -> Order:
        offer = self.stock.by_item[wish.item]
        total = self.total_minor(offer, wish.quantity) + wish.extra_minor + call.raise_minor
        order = Order(
            order_id=f"{self.profile.id.upper()}-{1001 + len(self.orders)}",
            seller=self.profile.id,
            item=offer.item,
            isbn=offer.book.isbn,
            quantity=wish.quantity,
            price_minor=offer.price_minor,
            shipping_minor=self.fee_minor(offer, wish.quantity),
            total_minor=total,
            currency=offer.currency,
            reference=call.reference,
            key=call.key,
            body_hash=call.request.body_hash,
            placed_at=time.time(),
            arrival=call.seq,
        )
        self._enter(order)
        self._ledger.keep("order", asdict(order) | {"replay": False})
        return order

    def _enter(self, order: Order) -> None:
        self.orders[order.order_id] = order
        if order.reference:
            self._by_reference.setdefault(order.reference, []).append(order)
        if order.key and self.profile.replay is not Replay.NONE:
            self._keys[order.key] = _Outcome(
                body_hash=order.body_hash, verdict=Verdict.BOUGHT, order=order
            )
        offer = self.stock.by_item.get(order.item)
        if offer is not None:
            offer.inventory = max(0, offer.inventory - order.quantity)
        self.changed()

    # -- changes from outside, and what an earlier run left

    def set_offer(self, offer: Offer) -> None:
        """Put an offer on the shelf, new or changed, and remember it over a restart."""
        self._put(offer)
        fields = asdict(offer)
        fields["isbn"] = fields.pop("book")["isbn"]
        self._ledger.keep("stock", {"seller": self.profile.id, "offer": fields})

    def _put(self, offer: Offer) -> None:
        self.stock.put(offer)
        self.changed()

    def recall(self, line: dict[str, Any]) -> None:
        """Take over one line of an earlier run's ledger that is about this seller."""
        kind = line["kind"]
        if kind == "order":
            self._enter(Order(**{name: line[name] for name in Order.__slots__}))
        elif kind == "refusal":
            self._keys[line["key"]] = _Outcome(
                body_hash=line["body_hash"], verdict=Verdict(line["verdict"]), order=None
            )
        elif kind == "replay":
            self.orders[line["order_id"]].replays += 1
        elif kind == "kept_status":
            self.orders[line["order_id"]].status = line["status"]
        elif kind == "cancel":
            self._take_back(self.orders[line["order_id"]])
        elif kind == "stock":
            self._put(offer_from(line["offer"]))
