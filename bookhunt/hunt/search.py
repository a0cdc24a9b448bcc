"""Asking sellers for one request: the parent owns all state, callers only report.

The problem: of up to two hundred sellers, some slow, some failing, find the cheapest fitting offer
with few calls and in time. The naive way gathers all answers, and so costs as many calls as there
are sellers and as much time as the slowest of them. Here a policy (`tiers`) looks at what is known
and decides synchronously whom to ask next, how long to wait, and when it is enough; this module
only performs: it starts calls, files answers, wakes the policy on every answer or when the policy
said so, and cancels what is still under way when the policy stops.

A search can be resumed: when the purchase of the chosen offer falls through, `next_choice` first
offers the next best one that is already known, and asks further sellers only if there is none.
Each call is bounded three times: by the seller's own time-out, by the search's deadline, and by
the cap on calls of all requests together.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from bookhunt.hunt.candidates import Candidate, Market, ask_of
from bookhunt.hunt.choice import Choice, OfferKey, choose, key_of
from bookhunt.hunt.findings import notes_and_findings
from bookhunt.hunt.ports import Quoted
from bookhunt.hunt.tiers import Sight, Tiers
from bookhunt.model.reasons import Reason

if TYPE_CHECKING:
    from bookhunt.hunt.ports import Ask
    from bookhunt.hunt.world import World
    from bookhunt.model.offer import Offer
    from bookhunt.model.outcome import Findings, SellerNote
    from bookhunt.model.request import Request


async def ask_seller(world: World, seller_id: str, ask: Ask, *, within_s: float) -> Quoted:
    """One seller's answer; TIMED_OUT when the time is over, a free place among the calls included.

    `calls` of a time-out says whether the seller heard of it at all.
    """
    began, sent = world.clock.monotonic(), False
    try:
        async with asyncio.timeout(within_s), world.calls:
            sent = True
            left_s = within_s - (world.clock.monotonic() - began)
            return await world.sellers.quote(seller_id, ask, within_s=max(left_s, 0.0))
    except TimeoutError:
        latency_ms = (world.clock.monotonic() - began) * 1000
        return Quoted(
            seller=seller_id, reason=Reason.TIMED_OUT, calls=int(sent), latency_ms=latency_ms
        )


@dataclass(slots=True, kw_only=True)
class Asked:
    """One call to one seller: when, and what came of it; None while it is under way."""

    candidate: Candidate
    asked_at: float
    sent: bool = False  # past the cap on calls: the seller hears of it
    answered_at: float | None = None
    quoted: Quoted | None = None


@dataclass(slots=True)
class Search:
    """The search of one request."""

    world: World
    request: Request
    market: Market
    started_at: float
    length_s: float
    policy: Tiers
    ends_at: float = 0.0
    asked: dict[str, Asked] = field(default_factory=dict)
    offers: dict[OfferKey, Offer] = field(default_factory=dict)
    dropped: dict[OfferKey, Reason] = field(default_factory=dict)
    cut_off: set[str] = field(default_factory=set)  # asked, and not waited for
    wanted_since: dict[OfferKey, float] = field(default_factory=dict)
    once_unsent: set[OfferKey] = field(default_factory=set)  # an order there never left
    earlier_calls: int = 0  # made by calls that were asked again, and by confirming calls
    stopped_early: bool = False
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    @classmethod
    def of(cls, world: World, request: Request, market: Market) -> Search:
        """A search that begins now and leaves time to confirm and to order."""
        length_s = max(request.search_deadline_s - world.settings.reserve_s, 0.1)
        now, policy = world.clock.monotonic(), Tiers(world.settings.tiers)
        return cls(world, request, market, now, length_s, policy)

    async def next_choice(self) -> Choice:
        """The best offer now known to fit, asking on until there is one or all were asked."""
        choice = self.choice()
        if choice.best is None or not self.asked:
            self.policy.resume()
            # What a refused purchase took of the time is not taken from those not asked yet.
            self.ends_at = self.world.clock.monotonic() + self.length_s
            await self._ask_until_enough()
            choice = self.choice()
        return choice

    def choice(self) -> Choice:
        """The verdict over what is known."""
        return choose(
            self.offers.values(),
            sellers={c.seller.id: c.seller for c in self.market.candidates},
            max_price=self.request.max_price,
            dropped=self.dropped,
            floor_ratio=self.world.settings.floor_ratio,
        )

    def drop(self, offer: Offer, reason: Reason) -> None:
        """This offer fell through; it is not chosen again."""
        self.dropped[key_of(offer)] = reason

    def wants_since(self, offer: Offer) -> float:
        """When this offer was first about to be bought, in monotonic seconds."""
        return self.wanted_since.setdefault(key_of(offer), self.world.clock.monotonic())

    def correct(self, offer: Offer) -> None:
        """This offer is what the seller says now: same copy, other price."""
        self.offers[key_of(offer)] = offer

    async def ask_again(self, seller_id: str, *, within_s: float) -> Quoted:
        """Ask one seller once more, to confirm an offer; the call counts, what it says too."""
        quoted = await ask_seller(self.world, seller_id, ask_of(self.request), within_s=within_s)
        self.earlier_calls += quoted.calls
        for offer in quoted.offers:
            self.offers[key_of(offer)] = offer
        return quoted

    def summary(self) -> tuple[list[SellerNote], Findings]:
        """What each seller contributed, and what that makes together."""
        return notes_and_findings(self, self.choice())

    async def _ask_until_enough(self) -> None:
        tasks: set[asyncio.Task[None]] = set()
        async with asyncio.TaskGroup() as group:
            while True:
                self._news.clear()
                decision = self.policy.decide(self._sight())
                for candidate in decision.ask:
                    tasks.add(group.create_task(self._call(candidate)))
                if decision.stop:
                    break
                await self._wait_for_news(decision.look_again_at or self.ends_at)
            self._give_up_the_rest(tasks)

    def _give_up_the_rest(self, tasks: set[asyncio.Task[None]]) -> None:
        under_way = [asked for asked in self.asked.values() if asked.quoted is None]
        in_time = self.world.clock.monotonic() < self.ends_at
        self.stopped_early = in_time and bool(under_way or self._unasked())
        for task in tasks:
            task.cancel()
        for asked in under_way:
            seller_id = asked.candidate.seller.id
            if in_time:
                # Cut off, not silent: should the purchase fall through, they are asked again.
                self.earlier_calls += asked.sent
                self.cut_off.add(seller_id)
                del self.asked[seller_id]
            else:
                # Its call is over: a later round must not wait for an answer that cannot come.
                asked.quoted = Quoted(
                    seller=seller_id, reason=Reason.TIMED_OUT, calls=int(asked.sent)
                )

    async def _call(self, candidate: Candidate) -> None:
        asked = Asked(candidate=candidate, asked_at=self.world.clock.monotonic())
        self.asked[candidate.seller.id] = asked
        async with self.world.calls:
            asked.sent = True
            left_s = self.ends_at - self.world.clock.monotonic()
            quoted = await self.world.sellers.quote(
                candidate.seller.id, ask_of(self.request), within_s=max(left_s, 0.0)
            )
        asked.quoted, asked.answered_at = quoted, self.world.clock.monotonic()
        for offer in quoted.offers:
            self.offers[key_of(offer)] = replace(offer)
        self._news.set()

    def _unasked(self) -> list[Candidate]:
        return [c for c in self.market.candidates if c.seller.id not in self.asked]

    def _sight(self) -> Sight:
        best = self.choice().best
        return Sight(
            now=self.world.clock.monotonic(),
            ends_at=self.ends_at,
            max_price=self.request.max_price,
            best=best.at_least if best else None,
            unasked=self._unasked(),
            in_flight=sum(asked.quoted is None for asked in self.asked.values()),
        )

    async def _wait_for_news(self, until: float) -> None:
        try:
            async with asyncio.timeout(max(until - self.world.clock.monotonic(), 0.0)):
                await self._news.wait()
        except TimeoutError:
            return
