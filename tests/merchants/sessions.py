"""What shops that speak a commerce protocol have in common: a checkout session, completed once.

Their twists, beside those of every basket (`price_raised` at `commit` refuses the order instead):

- `in_progress`: the order is accepted, and completed when the session is looked at again.
- `in_flight`: the order is carried out, and answered as one that is still being worked on.
- `conflict`: it is carried out, and answered as if the key had come with another body.
- `busy`: it is not carried out, and answered as one that is being worked on.
- `escalation`: the shop wants to see the buyer before it goes on.
- `disclosure`: there is something that a person must read first.
- `nested`: errors are wrapped in a `detail`.
- `key_ignored`: the same bytes are carried out, or refused, anew.
- `unknown_free`: what the shop does not know is offered for nothing.
- `no_order`: the session is completed, and no answer to it names the order.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, ClassVar

from tests.merchants.baskets import Basket, Line, ShopSystem
from tests.merchants.merchant import Answer, Request


@dataclass(slots=True)
class Session:
    """A checkout session; `status` is the protocol's own word."""

    basket: Basket
    status: str
    messages: list[dict[str, Any]] = field(default_factory=list)
    buyer: dict[str, Any] = field(default_factory=dict)
    address: dict[str, Any] | None = None
    option: str | None = None
    sold_with: dict[str, str] = field(default_factory=dict)  # key and reference of what is accepted

    @property
    def id(self) -> str:
        return self.basket.id


class SessionShop(ShopSystem, ABC):
    """A shop with sessions. The words of the protocol are its own."""

    keyed: ClassVar[bool] = True  # a key gets its first answer again
    twists = ShopSystem.twists | {
        "in_progress",
        "in_flight",
        "conflict",
        "busy",
        "escalation",
        "disclosure",
        "nested",
        "key_ignored",
        "unknown_free",
        "no_order",
    }
    played = (
        *ShopSystem.played,
        ("price_raised", "commit", None),
        ("in_progress", "commit", 1),
        ("in_flight", "commit", 1),
        ("conflict", "commit", 1),
        ("busy", "commit", 1),
        ("escalation", "commit", 1),
        ("disclosure", "add", None),
    )
    played_when_lost = (
        *ShopSystem.played_when_lost,
        ("in_progress", "commit", 1),
        ("key_ignored", "commit", None),
    )
    only_a_person = frozenset({"escalation"})
    ready: ClassVar[str]
    unready: ClassVar[str]
    working: ClassVar[str]

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._sessions: dict[str, Session] = {}
        self._answers: dict[tuple[str, str], tuple[str, Answer]] = {}  # by path and key

    # --------------------------------------------------------------- the words of the protocol
    @abstractmethod
    def told(self, session: Session) -> dict[str, Any]:
        """The session as the protocol writes it."""

    @abstractmethod
    def error(self, status: int, code: str, message: str) -> Answer:
        """An error as the protocol writes it."""

    @abstractmethod
    def message(self, code: str, content: str, **more: str) -> dict[str, Any]:
        """A message of a session."""

    # ------------------------------------------------------------------------------ the sessions
    def begin(self, isbn: str, *, ordered: bool) -> Answer:
        """A session for one copy: for a price only, or for one that may be `ordered`."""
        session = Session(Basket(f"cs_{self.number()}"), self.unready)
        if isbn not in self.books:
            if not self.twist("unknown_free", "quote"):
                return self.wrapped(self.error(404, "not_found", f"Product {isbn} not found"))
            session.basket.lines.append(Line(isbn, isbn, 0))
        elif not ordered:
            if not self.in_stock(isbn):
                session.messages.append(self.message("out_of_stock", "None left"))
            book = self.books[isbn]
            session.basket.lines.append(Line(isbn, book.title, self.shelf_price(isbn)))
        elif not self.fill(session.basket, isbn):
            return self.wrapped(self.error(400, "out_of_stock", "Insufficient stock"))
        elif self.twist("disclosure", "add"):
            session.messages.append(self.disclosure())
        self._sessions[session.id] = session
        return Answer(self.told(session), 201)

    @abstractmethod
    def disclosure(self) -> dict[str, Any]:
        """A message that a person must read."""

    def session(self, request: Request) -> Session:
        return self._sessions[request.path.split("/")[2]]

    def look(self, session: Session) -> Answer:
        """The session as it is now; what is worked on is done the second time it is looked at."""
        answer = Answer(self.told(session))
        if session.status == self.working:
            self._finish(session)
        return answer

    def give_up(self, session: Session, status: int) -> Answer:
        """Cancel it; `status` where it is too late."""
        if session.status in {"completed", "canceled", self.working}:
            return self.wrapped(self.error(status, "invalid", f"It is {session.status}"))
        session.status = "canceled"
        return Answer(self.told(session))

    # ------------------------------------------------------------------------------ the one commit
    def complete(self, session: Session, request: Request, *, reference: str, done: int) -> Answer:
        """Carry it out, or answer as the key was answered; `done`: the status for one too many."""
        key = self.key_of(request)
        place, digest = (request.path, key), hashlib.sha256(request.body).hexdigest()
        known = self._answers.get(place) if self.keyed and key else None
        if known is not None and not self.twist("key_ignored", "commit"):
            first, answer = known
            return answer if first == digest else self._conflict()
        session.sold_with = {"key": key, "reference": reference}
        answer = self._complete(session, done)
        if answer.status not in {409, 422}:
            self._answers[place] = digest, answer
        return answer

    def _complete(self, session: Session, done: int) -> Answer:
        basket = session.basket
        if session.status in {"completed", "canceled"}:
            message = f"Checkout session is already {session.status}"
            return self.wrapped(self.error(done, "invalid", message))
        if session.status == self.working or self.twist("busy", "commit"):
            return self._in_flight()
        session.messages.clear()
        if self.twist("escalation", "commit"):
            session.status = "requires_escalation"
            session.messages.append(self.message("requires_3ds", "Confirm with your bank"))
        elif self.is_sold_out(basket):
            session.messages.append(self.message("out_of_stock", "The last copy went"))
        elif self.twist("declined", "commit"):
            session.messages.append(self.message("payment_declined", "Declined"))
        elif self.twist("price_raised", "commit"):
            session.messages.append(self.message("price_changed", "It costs more now"))
        elif self.twist("in_progress", "commit"):
            session.status = self.working
        else:
            self._finish(session)
            if self.twist("in_flight", "commit"):
                return self._in_flight()
            if self.twist("conflict", "commit"):
                return self._conflict()
        return Answer(self.told(session))

    def _finish(self, session: Session) -> None:
        session.status = "completed"
        self.sell(session.basket, f"ord_{self.number()}", **session.sold_with)

    def _in_flight(self) -> Answer:
        error = self.error(409, "idempotency_in_flight", "The same request is being worked on")
        return Answer(self.wrapped(error).json, 409, {"Retry-After": "1"})

    @abstractmethod
    def _conflict(self) -> Answer:
        """The key came with another body before."""

    # ------------------------------------------------------------------------------ as it is told
    def wrapped(self, error: Answer) -> Answer:
        """The error in a `detail`, where that is the twist."""
        if not self._in_force("nested"):
            return error
        return Answer({"detail": error.json}, error.status, error.headers)

    def totals(self, session: Session) -> list[dict[str, Any]]:
        """The parts and the total; the postage once it is chosen."""
        basket = session.basket
        parts = [("subtotal", basket.items_minor)]
        if basket.postage_minor is not None and not basket.postage_later:
            parts.append(("fulfillment", basket.postage_minor))
        total = basket.total_minor if basket.charged_minor is None else basket.charged_minor
        parts.append(("total", total))
        return [
            {"type": kind, "display_text": kind.title(), "amount": amount} for kind, amount in parts
        ]

    def order(self, session: Session) -> dict[str, Any]:
        """The member `order` of a completed session."""
        order_id = session.basket.order_id
        if order_id is None or self._in_force("no_order"):
            return {}
        return {"order": {"id": order_id, "permalink_url": f"https://shop.example/{order_id}"}}
