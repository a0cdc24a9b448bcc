"""One look-up at a time per seller and question, and its answer for as long as it is fresh.

Requests for one book come in bursts. The naive way lets each of them ask every seller; here the
second request to ask a seller the same waits for the answer of the first, and a third that comes
within the seller's time to live is given the answer that is there. What is shared are offers only:
every request keeps its own maximum, confirms what it buys, and places its own order.

- Two questions are the same where seller, definition, book, country, currency, condition and
  format are: more than some sellers are told, so that nothing leaks from one customer's answer to
  another's. The maximum is left out; an answer without offers to a question that carried one says
  nothing about higher maxima.
- A call belongs to this module, not to the request that began it: a request that has seen enough
  leaves, the call ends in the background, and its answer is kept and learned from. Only where a
  strategy says so, and nobody else waits, is it cut off.
- Failures are never kept.
- What is kept is what the seller said. What it costs a customer of another currency is worked out
  anew for each who reads it, at the rate of that moment.
- A seller that takes no titles is asked for one by the ISBNs that a resolver names, as soon as they
  are there; the others are asked meanwhile.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from bookhunt.hunt.batches import Answered, Batches
from bookhunt.hunt.gate import Refused
from bookhunt.hunt.history import sightings_of
from bookhunt.hunt.naming import needs_name
from bookhunt.hunt.ports import Kept, Quoted
from bookhunt.hunt.tally import Tally
from bookhunt.model.reasons import ABOUT_THE_BOOK, Reason

if TYPE_CHECKING:
    from datetime import datetime

    from bookhunt.hunt.beliefs import Beliefs
    from bookhunt.hunt.exchange import Exchange
    from bookhunt.hunt.gate import Gate, Pass
    from bookhunt.hunt.naming import Naming
    from bookhunt.hunt.ports import Ask, Clock, OfferKey, OfferShelf, PriceShelf, Sellers
    from bookhunt.model.money import Money
    from bookhunt.model.seller import Seller

_MOST_TTL_S = 24 * 3600.0
_NAMES_WITHIN_S = 2.0


@dataclass(slots=True, kw_only=True, eq=False)
class Flight:
    """A call under way."""

    seller: Seller
    max_price: Money
    live: bool = False  # a confirmation before buying: no limit that protects look-ups holds it up
    anyway: bool = False  # also where calls to the seller only drip
    task: asyncio.Task[Quoted] = field(init=False)
    sent: bool = False  # past the cap on calls: the seller hears of it
    together: int = 1  # with how many books in one call
    carried: bool = False  # another of them pays for that call
    queued_since: float | None = None  # it waits for the cap; monotonic
    queued_s: float = 0.0  # it waited for the cap so long
    waiting: int = 0
    cut_off: bool = False  # nobody waits for it any more; it ends without an answer

    @property
    def calls(self) -> int:
        """What is known to be spent on it while it is under way."""
        return int(self.sent and not self.carried)

    def held_up_s(self, now: float) -> float:
        """How long it stood in our own line: time that says nothing of its seller."""
        return self.queued_s + (0.0 if self.queued_since is None else now - self.queued_since)


@dataclass(slots=True, kw_only=True)
class Lookup:
    """One request's part in a call; `shared`: another request made it."""

    flight: Flight
    shared: bool
    exchange: Exchange

    async def answer(self, *, within_s: float, finish: bool) -> Quoted:
        """The seller's answer, or `timed_out` when this request has waited so long.

        Args:
            within_s: how long this request waits.
            finish: whether the call goes on when nobody waits for it any more.
        """
        flight = self.flight
        flight.waiting += 1
        try:
            async with asyncio.timeout(within_s):
                quoted = await asyncio.shield(flight.task)
        except TimeoutError:
            quoted = Quoted(
                seller=flight.seller.id,
                reason=Reason.TIMED_OUT,
                calls=flight.calls,
                latency_ms=within_s * 1000,
            )
        finally:
            flight.waiting -= 1
            if not flight.waiting and not (finish and flight.sent):
                flight.cut_off = True
                flight.task.cancel()
        quoted = self.exchange.converted(quoted, flight.max_price.currency)
        return replace(quoted, calls=0) if self.shared else quoted


@dataclass(slots=True, kw_only=True)
class Lookups:
    """All look-ups of this daemon."""

    sellers: Sellers
    shelf: OfferShelf
    beliefs: Beliefs
    clock: Clock
    gate: Gate
    calls: asyncio.Semaphore  # the cap on calls of all requests together
    naming: Naming
    exchange: Exchange
    tally: Tally = field(default_factory=Tally)
    prices: PriceShelf | None = None  # what was seen, for `history`; None: it is not kept
    batches: Batches = field(init=False)
    _flights: dict[OfferKey, Flight] = field(default_factory=dict)
    _alone: set[Flight] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.batches = Batches(
            sellers=self.sellers,
            gate=self.gate,
            calls=self.calls,
            clock=self.clock,
            tally=self.tally,
        )

    def cached(self, seller: Seller, ask: Ask, subject: str, *, min_stock: int) -> Quoted | None:
        """What the seller said of this a moment ago, if it still holds and serves this maximum.

        With `min_stock` above nought only where every offer is known to have so many copies.
        """
        kept = self.shelf.get(key_of(seller, subject), now=self.clock.now())
        if kept is None:
            return None
        quoted = self.exchange.converted(kept.quoted, ask.max_price.currency)
        if not (quoted.offers or _covers(seller, kept.max_price, ask)):
            return None
        counts = [offer.inventory for offer in quoted.offers]
        if min_stock and any(count is None or count < min_stock for count in counts):
            return None
        self.tally.answers_at_hand += 1
        return quoted

    def begin(
        self,
        seller: Seller,
        ask: Ask,
        subject: str,
        *,
        live: bool = False,
        anyway: bool = False,
        names_within_s: float = _NAMES_WITHIN_S,
    ) -> Lookup:
        """Ask a seller, or join somebody who is asking it the same already.

        Args:
            seller: whom.
            ask: for what.
            subject: the name of this question among all.
            live: a call of its own, begun now; a confirmation joins nobody.
            anyway: also where the gate lets calls to this seller only drip.
            names_within_s: how long the ISBNs of a title are waited for, where it needs one.
        """
        key = key_of(seller, subject)
        flight = None if live else self._flights.get(key)
        if flight is not None and not flight.cut_off and _covers(seller, flight.max_price, ask):
            self.tally.answers_shared += 1
            flight.anyway |= anyway  # it may not have passed the gate yet
            return Lookup(flight=flight, shared=True, exchange=self.exchange)
        flight = Flight(seller=seller, max_price=ask.max_price, live=live, anyway=anyway)
        flight.task = asyncio.create_task(self._call(flight, ask, subject, names_within_s))
        if live:
            self._alone.add(flight)
        else:
            self._flights[key] = flight
        flight.task.add_done_callback(lambda _: self._land(key, flight))
        return Lookup(flight=flight, shared=False, exchange=self.exchange)

    async def look_up(self, seller: Seller, ask: Ask, subject: str, *, within_s: float) -> Quoted:
        """What is known of a moment ago, else the seller's answer, also of one that only drips."""
        known = self.cached(seller, ask, subject, min_stock=0)
        if known is not None:
            return known
        lookup = self.begin(seller, ask, subject, anyway=True, names_within_s=within_s / 2)
        return await lookup.answer(within_s=within_s, finish=True)

    async def stop(self) -> None:
        """Cut every call off."""
        tasks = [flight.task for flight in (*self._flights.values(), *self._alone)]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.batches.stop()

    def _land(self, key: OfferKey, flight: Flight) -> None:
        self._alone.discard(flight)
        if self._flights.get(key) is flight:
            del self._flights[key]

    async def _call(self, flight: Flight, ask: Ask, subject: str, names_within_s: float) -> Quoted:
        """The seller's answer, or why it cannot be asked or the gate lets no call through."""
        seller = flight.seller
        if needs_name(seller, ask.book) and not ask.names:
            names = await self.naming.names_of(ask.book.title or "", within_s=names_within_s)
            if not names.isbns:
                return Quoted(
                    seller=seller.id,
                    reason=Reason.CANNOT_ASK,
                    detail=names.why,
                    unsure=names.unsure,
                )
            ask = replace(ask, names=names.isbns)
        told = replace(ask, max_price=self.exchange.maximum_for(seller, ask.max_price))
        if self.batches.takes(flight, ask):
            quoted, asked_at = await self.batches.ask(flight, told)
        else:
            quoted, asked_at = await self._ask(flight, told)
        if asked_at is None:
            return quoted
        if quoted.offers or quoted.reason in ABOUT_THE_BOOK:
            until = _until(seller, self._readable(quoted, ask), asked_at)
            kept = Kept(quoted=_at_hand(quoted), max_price=ask.max_price, until=until)
            self.shelf.put(key_of(seller, subject), kept, now=self.clock.now())
        if self.prices is not None:
            self.prices.saw(sightings_of(ask, quoted, at=asked_at))
        self._learn(flight, subject, self._readable(quoted, ask))
        return quoted

    async def _ask(self, flight: Flight, ask: Ask) -> Answered:
        """A call of its own, if the gate lets one through."""
        seller, now = flight.seller, self.clock.monotonic()
        entered: Pass | Refused
        if flight.live:
            entered = self.gate.enter_purchase(seller, now)
        else:
            entered = self.gate.enter(seller, now, anyway=flight.anyway)
        if isinstance(entered, Refused):
            return self.batches.refused(seller, entered)
        try:
            if entered.wait_s > 0.0:
                self.tally.calls_delayed += 1
                await self.clock.sleep(entered.wait_s)
            await self._stand_in_line(flight)
            try:
                flight.sent, asked_at = True, self.clock.now()
                quoted = await self.sellers.quote(seller.id, ask, within_s=seller.timeout_s)
            finally:
                self.calls.release()
        except BaseException:
            self.gate.drop(entered, sent=flight.sent)
            raise
        self.tally.answered(seller.id, quoted.reason, quoted.latency_ms / 1000)
        self.gate.leave(
            entered,
            quoted.reason,
            self.clock.monotonic(),
            retry_after_s=quoted.retry_after_s,
            lost=quoted.lost > 0,
        )
        return Answered(quoted, asked_at)

    async def _stand_in_line(self, flight: Flight) -> None:
        """Wait for the cap on calls; a policy must not take that for a slow seller."""
        if self.calls.locked():
            flight.queued_since = self.clock.monotonic()
            try:
                await self.calls.acquire()
            finally:
                flight.queued_s = flight.held_up_s(self.clock.monotonic())
                flight.queued_since = None
        else:
            await self.calls.acquire()  # at once

    def _readable(self, quoted: Quoted, ask: Ask) -> Quoted:
        return self.exchange.converted(quoted, ask.max_price.currency)

    def _learn(self, flight: Flight, subject: str, quoted: Quoted) -> None:
        dearer = (r.offer for r in quoted.refused if r.reason is Reason.OVER_MAX)
        totals = [o.at_least.minor for o in (*quoted.offers, *dearer) if o is not None]
        self.beliefs.learn(
            flight.seller.id,
            subject,
            now=self.clock.now().timestamp(),
            total_minor=min(totals, default=None),
            reason=quoted.reason,
            latency_s=quoted.latency_ms / 1000,
            same_call=flight.carried,
        )


def key_of(seller: Seller, subject: str) -> OfferKey:
    """What an answer is kept under."""
    return (seller.id, seller.definition_hash, subject)


def _at_hand(quoted: Quoted) -> Quoted:
    """An answer as it is when it is given again: for nothing, at once, and looked at before buying.

    It is made once, when the answer is kept: a search reads a hundred of them.
    """
    offers = tuple(replace(offer, cached=True) for offer in quoted.offers)
    return replace(quoted, offers=offers, calls=0, latency_ms=0.0)


def _covers(seller: Seller, asked_with: Money, ask: Ask) -> bool:
    """Whether an answer to that maximum says all there is to say to this one."""
    return not seller.sends_maximum or asked_with >= ask.max_price


def _until(seller: Seller, quoted: Quoted, asked_at: datetime) -> datetime:
    """Until when an answer holds: what the seller says of an offer wins over its time to live."""
    expiries = [offer.expires_at for offer in quoted.offers if offer.expires_at is not None]
    if expiries:
        return min(expiries)
    return asked_at + timedelta(seconds=min(seller.quote_ttl_s, _MOST_TTL_S))
