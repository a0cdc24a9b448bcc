"""Sellers that do as they are told: the in-memory double of `hunt.ports.Sellers`.

A test adds sellers and scripts what each one answers, in order; the last quote repeats. Behind the
scripts stands one small ledger of orders, as a real seller has: what a scripted send *says* and
what it *does* are two things, so that a lost answer can belong to an order that stands. A test
counts `orders` at the end: that is the oracle of "never twice".
"""

from __future__ import annotations

import hashlib
import json
from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from bookhunt.hunt.naming import needs_name
from bookhunt.hunt.ports import Ask, Order, Prepared, Quoted, Sent, Stopped
from bookhunt.model.purchase import Answer, Frozen
from bookhunt.model.reasons import Reason
from bookhunt.model.seller import (
    BookFormat,
    Capability,
    Condition,
    Proof,
    PurchaseMode,
    Seller,
    SellerState,
    Trust,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bookhunt.hunt.ports import Clock
    from bookhunt.model.money import Money
    from bookhunt.model.offer import Offer

_PROOFS = {
    Capability.KEY_AND_LOOKUP: (900.0, 86_400.0, True),
    Capability.KEY: (900.0, 86_400.0, True),
    Capability.LOOKUP: (900.0, 0.0, False),
    Capability.NONE: (900.0, 0.0, False),
}


def a_proof(capability: Capability = Capability.KEY_AND_LOOKUP, **changed: object) -> Proof:
    """The usual proof of a seller with this capability."""
    settle_s, retained_s, same = _PROOFS[capability]
    proof = Proof(
        capability=capability,
        settle_s=settle_s,
        key_retained_s=retained_s,
        replays_same_answer=same,
    )
    return replace(proof, **changed)  # type: ignore[arg-type]


def a_seller(
    seller_id: str, *, capability: Capability = Capability.KEY_AND_LOOKUP, **changed: object
) -> Seller:
    """A seller that can be asked and ordered from; `changed` sets any field of it."""
    seller = Seller(
        id=seller_id,
        name=seller_id.title(),
        region="US",
        currency="USD",
        ships_to=frozenset({"*"}),
        conditions=frozenset({Condition.NEW}),
        formats=frozenset({BookFormat.PAPER}),
        asks_by=("isbn13", "isbn10", "title"),
        purchase_mode=PurchaseMode.AUTO,
        trust=Trust.NORMAL,
        tier=None,
        stock_eventual=False,
        state=SellerState.READY,
        cause=None,
        proof=a_proof(capability),
        timeout_s=2.5,
        concurrency=50,
        per_second=500.0,
        quote_ttl_s=60.0,
        definition_hash=hashlib.sha256(seller_id.encode()).hexdigest(),
        file=f"{seller_id}.yaml",
    )
    return replace(seller, **changed)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteScript:
    """One answer to a quote: offers, or a reason; after `delay_s`."""

    offers: tuple[Offer, ...] = ()
    reason: Reason | None = None
    delay_s: float = 0.0
    calls: int = 1
    lost: int = 0  # of those calls
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SendScript:
    """One answer to the commit step, and whether the seller took the order whatever it said.

    `executes` None: it did exactly where the answer is bought or placed.
    """

    answer: Answer = Answer.BOUGHT
    executes: bool | None = None
    order_id: str | None = None
    charged: Money | None = None
    delivery: str | None = None
    delay_s: float = 0.0
    retry_after_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingOrder:
    """An order in a seller's own books."""

    seller: str
    order_id: str
    reference: str
    key: str
    charged: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One thing the hunt did to a seller, with the time it began."""

    what: str  # quote, prepare, send, look_up, cancel
    seller: str
    at_s: float
    ask: Ask | None = None
    order: Order | None = None
    asks: tuple[Ask, ...] = ()  # of one quote for several books


@dataclass(slots=True)
class _Shop:
    seller: Seller
    quotes: deque[QuoteScript] = field(default_factory=deque)
    prepares: deque[Prepared | Stopped | Answer] = field(default_factory=deque)
    sends: deque[SendScript] = field(default_factory=deque)
    look_ups: deque[Sent] = field(default_factory=deque)
    cancels: deque[bool] = field(default_factory=deque)
    cannot: Reason | None = None
    missing: str | None = None


class ScriptedSellers:
    """Implements `Sellers`; unscripted, a seller sells what is asked of it and keeps its word.

    Without a script a quote is `not_stocked`, `prepare` agrees to the offer's total (the ceiling
    where the offer has none), the first send is bought, a send of a known key is its first answer
    again where the seller retains keys, and a look-up reads the ledger.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.calls: list[Call] = []
        self.orders: list[StandingOrder] = []
        self.cancelled_quotes: list[str] = []
        self._shops: dict[str, _Shop] = {}

    # ------------------------------------------------------------------------------ scripting
    def add(self, seller: Seller, *quotes: QuoteScript) -> Seller:
        """Open a seller; its quotes are given in order and the last one repeats."""
        self._shops[seller.id] = _Shop(seller=seller, quotes=deque(quotes))
        return seller

    def change(self, seller: Seller) -> None:
        """Put another value in the place of a seller of the same id."""
        self._shops[seller.id].seller = seller

    def remove(self, seller_id: str) -> None:
        """The definition of this seller is gone."""
        del self._shops[seller_id]

    def quotes(self, seller_id: str, *quotes: QuoteScript) -> None:
        """Script the quotes from now on."""
        self._shops[seller_id].quotes = deque(quotes)

    def prepares(self, seller_id: str, *answers: Prepared | Stopped | Answer) -> None:
        """Script the steps before the commit; an `Answer` alone stops the attempt with it."""
        self._shops[seller_id].prepares.extend(answers)

    def sends(self, seller_id: str, *scripts: SendScript) -> None:
        """Script the commit step; when the scripts are used up the seller behaves."""
        self._shops[seller_id].sends.extend(scripts)

    def look_ups(self, seller_id: str, *answers: Sent) -> None:
        """Script look-ups; when they are used up the ledger is read."""
        self._shops[seller_id].look_ups.extend(answers)

    def cancels(self, seller_id: str, *agreed: bool) -> None:
        """Script whether cancelling succeeds; True when nothing is scripted."""
        self._shops[seller_id].cancels.extend(agreed)

    def cannot(self, seller_id: str, reason: Reason | None) -> None:
        """Make `cannot_ask` answer this."""
        self._shops[seller_id].cannot = reason

    def lacks(self, seller_id: str, missing: str | None) -> None:
        """Make `needs_setup` answer this."""
        self._shops[seller_id].missing = missing

    def count(self, what: str, seller_id: str | None = None) -> int:
        """How many calls of this kind were made."""
        return sum(c.what == what and seller_id in {None, c.seller} for c in self.calls)

    # ------------------------------------------------------------------------------- the port
    def all(self) -> Sequence[Seller]:
        return tuple(shop.seller for shop in self._shops.values())

    def get(self, seller_id: str) -> Seller | None:
        shop = self._shops.get(seller_id)
        return shop.seller if shop else None

    def cannot_ask(self, seller_id: str, ask: Ask) -> Reason | None:
        shop = self._shops[seller_id]
        if needs_name(shop.seller, ask.book) and not ask.names:
            return Reason.CANNOT_ASK
        if shop.seller.state is SellerState.NEEDS_SETUP:
            return Reason.NEEDS_SETUP
        return shop.cannot

    async def quote(self, seller_id: str, ask: Ask, *, within_s: float) -> Quoted:
        call = Call(what="quote", seller=seller_id, at_s=self.clock.monotonic(), ask=ask)
        return await self._quote(call, within_s=within_s)

    async def quote_batch(
        self, seller_id: str, asks: Sequence[Ask], *, within_s: float
    ) -> Sequence[Quoted]:
        """One script for the whole call; of its offers each book gets those with its ISBN."""
        began = self.clock.monotonic()
        call = Call(what="quote", seller=seller_id, at_s=began, ask=asks[0], asks=tuple(asks))
        said = await self._quote(call, within_s=within_s)
        quoted = []
        for n, ask in enumerate(asks):
            offers = tuple(o for o in said.offers if o.isbn13 == ask.book.isbn13)
            reason = None if offers else said.reason or Reason.NOT_STOCKED
            calls, lost = (0, 0) if n else (said.calls, said.lost)
            quoted.append(replace(said, offers=offers, reason=reason, calls=calls, lost=lost))
        return quoted

    async def _quote(self, call: Call, *, within_s: float) -> Quoted:
        seller_id, began = call.seller, call.at_s
        shop = self._shops[seller_id]
        self.calls.append(call)
        script = QuoteScript(reason=Reason.NOT_STOCKED)
        if shop.quotes:
            script = shop.quotes.popleft() if len(shop.quotes) > 1 else shop.quotes[0]
        within_s = min(within_s, shop.seller.timeout_s)
        try:
            await self.clock.sleep(min(script.delay_s, within_s))
        except BaseException:
            self.cancelled_quotes.append(seller_id)
            raise
        latency_ms = (self.clock.monotonic() - began) * 1000
        if script.delay_s > within_s:
            return Quoted(seller=seller_id, reason=Reason.TIMED_OUT, calls=1, latency_ms=latency_ms)
        reason = None if script.offers else script.reason or Reason.NOT_STOCKED
        return Quoted(
            seller=seller_id,
            offers=tuple(self._read_now(offer, latency_ms) for offer in script.offers),
            reason=reason,
            calls=script.calls,
            lost=script.lost,
            latency_ms=latency_ms,
            retry_after_s=script.retry_after_s,
        )

    def _read_now(self, offer: Offer, latency_ms: float) -> Offer:
        """An offer was read when its answer came; one of a cache keeps the time it has."""
        if offer.cached:
            return offer
        return replace(offer, checked_at=self.clock.now(), response_ms=latency_ms)

    async def needs_setup(self, seller_id: str, profile: str) -> str | None:
        return self._shops[seller_id].missing

    async def prepare(self, order: Order) -> Prepared | Stopped:
        shop = self._note("prepare", order)
        if shop is None:
            return Stopped(answer=Answer.NEEDS_SETUP, detail="no such seller")
        script = shop.prepares.popleft() if shop.prepares else None
        if isinstance(script, Answer):
            return Stopped(answer=script)
        if script is not None:
            return script
        attempt = order.attempt
        total = attempt.offer.as_sold.total or order.ceiling
        if total > order.ceiling:
            return Stopped(answer=Answer.OVER_MAX, total=total)
        document = json.dumps({"key": attempt.key, "reference": attempt.reference})
        body_hash = hashlib.sha256(document.encode()).hexdigest()
        frozen = Frozen(document=document, body_hash=body_hash, total=total)
        return Prepared(frozen=frozen, total_checked=attempt.offer.total is None)

    async def send(self, order: Order) -> Sent:
        shop = self._note("send", order)
        if shop is None:
            return Sent(answer=Answer.UNKNOWN, detail="no such seller")
        script = shop.sends.popleft() if shop.sends else SendScript()
        executes = script.executes
        if executes is None:
            executes = script.answer in {Answer.BOUGHT, Answer.PLACED}
        standing = self._execute(shop, order, script) if executes else None
        await self.clock.sleep(script.delay_s)
        sent = Sent(
            answer=script.answer, delivery=script.delivery, retry_after_s=script.retry_after_s
        )
        if standing is None or script.answer is not Answer.BOUGHT:
            return sent
        return replace(sent, order_id=standing.order_id, charged=standing.charged)

    async def look_up(self, order: Order) -> Sent:
        shop = self._note("look_up", order)
        if shop is None or not shop.seller.proof.capability.has_lookup:
            return Sent(answer=Answer.PASSED_OVER)
        if shop.look_ups:
            return shop.look_ups.popleft()
        ours = self.orders_of(order.attempt.seller, reference=order.attempt.reference)
        if not ours:
            return Sent(answer=Answer.NOT_FOUND)
        if len(ours) > 1:
            return Sent(answer=Answer.NEEDS_PERSON)
        return Sent(answer=Answer.BOUGHT, order_id=ours[0].order_id, charged=ours[0].charged)

    async def cancel(self, order: Order) -> bool:
        shop = self._note("cancel", order)
        if shop is None:
            return False
        return shop.cancels.popleft() if shop.cancels else True

    # ------------------------------------------------------------------------------ the oracle
    def orders_of(
        self, seller_id: str | None = None, *, reference: str | None = None
    ) -> list[StandingOrder]:
        """The orders that stand, of one seller and reference where they are given."""
        return [
            o
            for o in self.orders
            if seller_id in {None, o.seller} and reference in {None, o.reference}
        ]

    def execute_late(self, order: Order) -> StandingOrder:
        """The seller works off a request whose answer was lost long ago."""
        return self._execute(self._shops[order.attempt.seller], order, SendScript())

    def _execute(self, shop: _Shop, order: Order, script: SendScript) -> StandingOrder:
        attempt = order.attempt
        if shop.seller.proof.capability.has_key:
            for known in self.orders:
                if known.seller == shop.seller.id and known.key == attempt.key:
                    return known
        agreed = attempt.frozen.total if attempt.frozen else attempt.max_price
        if attempt.offer.original is not None:  # the ledger's amounts are the customer's
            agreed = attempt.offer.as_sold.total or order.ceiling
        standing = StandingOrder(
            seller=shop.seller.id,
            order_id=script.order_id or f"{shop.seller.id}-{len(self.orders) + 1}",
            reference=attempt.reference,
            key=attempt.key,
            charged=script.charged or agreed,
        )
        self.orders.append(standing)
        return standing

    def _note(self, what: str, order: Order) -> _Shop | None:
        seller = order.attempt.seller
        self.calls.append(Call(what=what, seller=seller, at_s=self.clock.monotonic(), order=order))
        return self._shops.get(seller)
