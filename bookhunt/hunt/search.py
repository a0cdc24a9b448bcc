"""Asking sellers for one request: the parent owns all state, callers only report.

The problem: of up to two hundred sellers, some slow, some failing, find the cheapest fitting offer
with few calls and in time. The naive way gathers all answers, and so costs as many calls as there
are sellers and as much time as the slowest of them. Here a policy (`rolling`, or `tiers`) looks at
what is known and decides synchronously whom to ask next, how long to wait, and when it is enough;
this module only performs: it takes the answers that are there already, starts or joins calls, files
answers, and wakes the policy on every answer or when the policy said so.

A search can be resumed: when the purchase of the chosen offer falls through, `next_choice` takes
the answers that came meanwhile and lets the policy go on from the next best offer; with none in
hand, those not asked yet have the whole time again.
Each call is bounded three times: by the seller's own time-out, by the search's deadline, and by
the cap on calls of all requests together.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bookhunt.hunt.beliefs import subject_of
from bookhunt.hunt.candidates import Candidate, Market, ask_of
from bookhunt.hunt.choice import Choice, OfferKey, choose, key_of
from bookhunt.hunt.findings import findings_of, notes_of
from bookhunt.hunt.policy import Sight
from bookhunt.hunt.ports import Quoted
from bookhunt.hunt.strategies import cached_stock, finishes_calls
from bookhunt.hunt.tracing import Decided
from bookhunt.model.reasons import Reason
from bookhunt.model.request import Strategy
from bookhunt.telemetry.spans import span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bookhunt.hunt.lookups import Lookup
    from bookhunt.hunt.policy import Decision, Policy, View
    from bookhunt.hunt.ports import Ask
    from bookhunt.hunt.world import World
    from bookhunt.model.offer import Offer
    from bookhunt.model.outcome import Findings, SellerNote
    from bookhunt.model.request import Request
    from bookhunt.model.seller import Seller

# Failures that may be gone a moment later.
_PASSING = frozenset({Reason.SERVER_ERROR, Reason.UNREACHABLE, Reason.RATE_LIMITED})
# Of sellers that answer by turns so many are asked in spite of it, where nobody else has the book:
# the first ones, which are those that asking was worth most.
_MOST_INSISTED = 5


@dataclass(slots=True, kw_only=True)
class Asked:
    """One call to one seller: when, and what came of it; None while it is under way."""

    candidate: Candidate
    asked_at: float
    view: View | None = None  # what was expected of it then
    window: int | None = None  # how many calls at once the policy wanted then
    again: bool = False  # it had failed once
    lookup: Lookup | None = None  # None: its answer was there already
    answered_at: float | None = None
    quoted: Quoted | None = None

    @property
    def cached(self) -> bool:
        """Whether its answer was there already."""
        return self.lookup is None

    @property
    def shared(self) -> bool:
        """Whether another request had asked it the same."""
        return self.lookup is not None and self.lookup.shared

    @property
    def together(self) -> int | None:
        """How many books its call asked for; None: it alone. One request pays for the call."""
        books = 1 if self.lookup is None else self.lookup.flight.together
        return books if books > 1 else None

    def age_s(self, now: float) -> float:
        """How long its seller has had it; not what it waited for the cap on all calls."""
        held_up_s = 0.0 if self.lookup is None else self.lookup.flight.held_up_s(now)
        return max(now - self.asked_at - held_up_s, 0.0)

    @property
    def own_calls(self) -> int:
        """The calls it cost: none where the answer was there, or the call is somebody else's."""
        if self.lookup is None or self.lookup.shared:
            return 0
        return self.quoted.calls if self.quoted is not None else self.lookup.flight.calls


@dataclass(slots=True)
class Search:
    """The search of one request."""

    world: World
    request: Request
    market: Market
    started_at: float
    length_s: float
    ask: Ask
    subject: str
    policy: Policy
    sellers: dict[str, Seller]  # those of the market, by id
    insists: bool = True  # on an answer of sellers that the gate holds back, where nobody else fits
    ends_at: float = 0.0
    asked: dict[str, Asked] = field(default_factory=dict)
    offers: dict[OfferKey, Offer] = field(default_factory=dict)
    dropped: dict[OfferKey, Reason] = field(default_factory=dict)
    cut_off: set[str] = field(default_factory=set)  # asked, and not waited for
    wanted_since: dict[OfferKey, float] = field(default_factory=dict)
    once_unsent: set[OfferKey] = field(default_factory=set)  # an order there never left
    passed_by: set[OfferKey] = field(default_factory=set)  # too many stand in line for now
    unsteady: list[OfferKey] = field(default_factory=list)  # left for a seller that is well
    waited_for: set[OfferKey] = field(default_factory=set)  # come back to: nothing else fits
    earlier_calls: int = 0  # made by calls that were asked again, and by confirming calls
    stopped_early: bool = False
    stopped_because: str | None = None
    concluded: list[SellerNote] | None = None
    # For whoever wants to see the course of it: every call in order, and every decision.
    launched: list[Asked] = field(default_factory=list)
    decided: list[Decided] = field(default_factory=list)
    # What of `asked` changes with every answer is kept beside it, for the policy looks each time.
    _left: dict[str, Candidate] = field(default_factory=dict)  # not asked yet
    _under_way: dict[str, Asked] = field(default_factory=dict)
    _failed: dict[str, Candidate] = field(default_factory=dict)  # may be asked once more
    _retried: set[str] = field(default_factory=set)
    _held_back: dict[str, Candidate] = field(default_factory=dict)  # by the gate, for now
    _insisted: set[str] = field(default_factory=set)  # asked in spite of that
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _choice: Choice | None = None  # of what is known; None: something changed since

    @classmethod
    def of(cls, world: World, request: Request, market: Market, *, insists: bool = True) -> Search:
        """A search that begins now and leaves time to confirm and to order."""
        length_s = max(request.search_deadline_s - world.settings.reserve_s, 0.1)
        ask = ask_of(request)
        subject = subject_of(ask)
        policy = world.policies(world, request, market, subject, length_s=length_s)
        now = world.clock.monotonic()
        sellers = {candidate.seller.id: candidate.seller for candidate in market.candidates}
        search = cls(world, request, market, now, length_s, ask, subject, policy, sellers, insists)
        search._left = dict(zip(sellers, market.candidates, strict=True))
        search._take_what_is_known()
        return search

    async def next_choice(self) -> Choice:
        """The best offer now known to fit, asking on while somebody not asked may be worth it."""
        # What was left for a steadier seller's offer is compared with the next one anew.
        self.unsteady, self._choice = [], None
        choice, now = self.choice(), self.world.clock.monotonic()
        if self.stopped_because is not None:
            # What was worth no call beside the offer that fell through may be beside the next one.
            self.policy.resume()
            self._take_what_is_known()
            choice = self.choice()
        if choice.best is None or self.stopped_because is None:
            # What a refused purchase took of the time is not taken from those not asked yet.
            self.ends_at = now + self.length_s
        if now < self.ends_at:
            await self._search()
            choice = self.choice()
            in_time = self.world.clock.monotonic() < self.ends_at
            if choice.best is None and self.insists and in_time and self._insist():
                self.policy.resume()
                await self._search()
                choice = self.choice()
        if self.request.strategy is not Strategy.CHEAPEST:
            self.unsteady = self.world.steadiness.left_for_others(choice)
            if self.unsteady:
                self._choice = None
                choice = self.choice()
        if choice.best is None and self.passed_by:
            # Nobody else has it at that price: stand in line after all.
            self.waited_for |= self.passed_by
            self.passed_by.clear()
            self._choice = None
            choice = self.choice()
        return choice

    def choice(self) -> Choice:
        """The verdict over what is known."""
        if self._choice is None:
            left = dict.fromkeys(self.passed_by, Reason.SKIPPED_LIMIT)
            left |= dict.fromkeys(self.unsteady, Reason.SKIPPED_OPEN_BREAKER)
            self._choice = choose(
                self.offers.values(),
                sellers=self.sellers,
                max_price=self.request.max_price,
                dropped=self.dropped | left,
                floor_ratio=self.world.settings.floor_ratio,
            )
        return self._choice

    def drop(self, offer: Offer, reason: Reason) -> None:
        """This offer fell through; it is not chosen again."""
        self.dropped[key_of(offer)] = reason
        self._choice = None

    def pass_by(self, offer: Offer) -> None:
        """Take another offer first, if one fits: too many stand in line for this one."""
        self.passed_by.add(key_of(offer))
        self._choice = None

    def wants_since(self, offer: Offer) -> float:
        """When this offer was first about to be bought, in monotonic seconds."""
        return self.wanted_since.setdefault(key_of(offer), self.world.clock.monotonic())

    def correct(self, offer: Offer) -> None:
        """This offer is what the seller says now: same copy, other price."""
        self.offers[key_of(offer)] = offer
        self._choice = None

    async def ask_again(self, seller: Seller, *, within_s: float) -> Quoted:
        """Ask one seller once more, to confirm an offer; the call counts, what it says too."""
        lookup = self.world.lookups.begin(seller, self.ask, self.subject, live=True)
        quoted = await lookup.answer(within_s=within_s, finish=True)
        self.earlier_calls += quoted.calls
        for offer in quoted.offers:
            self.correct(offer)
        return quoted

    def notes(self) -> list[SellerNote]:
        """What each seller contributed so far."""
        return notes_of(self, self.choice())

    def conclude(self) -> list[SellerNote]:
        """What each seller contributed, once nothing will be added: worked out a single time."""
        self.concluded = self.notes()
        return self.concluded

    def findings(self, notes: Sequence[SellerNote] | None = None) -> Findings:
        """What that makes together; without the notes nobody can say what an absence proves."""
        return findings_of(self, self.choice(), notes)

    # --------------------------------------------------------------------------------- asking
    def _take_what_is_known(self) -> None:
        """Answers that are still fresh count as asked; they cost nothing.

        Those of calls that were not waited for are among them, when the search goes on.
        """
        now = self.world.clock.monotonic()
        min_stock = cached_stock(self.world.settings, self.request)
        for candidate in list(self._left.values()):
            quoted = self.world.lookups.cached(
                candidate.seller, self.ask, self.subject, min_stock=min_stock
            )
            if quoted is not None:
                asked = Asked(candidate=candidate, asked_at=now, answered_at=now)
                self.launched.append(asked)
                self._file(asked, quoted)

    async def _search(self) -> None:
        with span("search") as seen:
            await self._ask_until_enough()
            seen.tell(why=self.stopped_because)

    async def _ask_until_enough(self) -> None:
        tasks: set[asyncio.Task[None]] = set()
        async with asyncio.TaskGroup() as group:
            while True:
                self._news.clear()
                sight = self._sight()
                decision = self.policy.decide(sight)
                if decision.ask or decision.ask_again or decision.stop:
                    self._remember(sight, decision)
                for candidate in self._told_to_ask(decision):
                    begun = self._begin(candidate, decision.window)
                    tasks.add(group.create_task(self._wait_for(*begun)))
                if decision.stop:
                    self.stopped_because = decision.why or "enough is known"
                    break
                await self._wait_for_news(decision.look_again_at or self.ends_at)
            self._give_up_the_rest(tasks)

    def _remember(self, sight: Sight, decision: Decision) -> None:
        why = decision.why or "enough is known"
        self.decided.append(
            Decided(
                at=sight.now,
                asked=len(decision.ask),
                again=len(decision.ask_again),
                in_flight=len(sight.in_flight),
                window=decision.window,
                best=sight.best,
                why=why if decision.stop else None,
            )
        )

    def _told_to_ask(self, decision: Decision) -> list[Candidate]:
        for candidate in decision.ask_again:
            self._retried.add(candidate.seller.id)
            self.earlier_calls += self.asked[candidate.seller.id].own_calls
        return [*decision.ask, *decision.ask_again]

    def _begin(self, candidate: Candidate, window: int | None) -> tuple[Asked, Lookup]:
        seller_id = candidate.seller.id
        lookup = self.world.lookups.begin(
            candidate.seller,
            self.ask,
            self.subject,
            # One that failed was let through, and has had this search's drip.
            anyway=seller_id in self._insisted or seller_id in self._retried,
            names_within_s=self.world.settings.names_share * self.length_s,
        )
        asked = Asked(
            candidate=candidate,
            asked_at=self.world.clock.monotonic(),
            view=self.policy.view(seller_id),
            window=window,
            again=seller_id in self._retried,
            lookup=lookup,
        )
        self.launched.append(asked)
        self.asked[seller_id] = self._under_way[seller_id] = asked
        self._left.pop(seller_id, None)
        self._failed.pop(seller_id, None)
        return asked, lookup

    async def _wait_for(self, asked: Asked, lookup: Lookup) -> None:
        left_s = max(self.ends_at - self.world.clock.monotonic(), 0.0)
        finish = finishes_calls(self.request.strategy)
        quoted = await lookup.answer(within_s=left_s, finish=finish)
        asked.answered_at = self.world.clock.monotonic()
        self._file(asked, quoted)
        self._news.set()

    def _file(self, asked: Asked, quoted: Quoted) -> None:
        seller_id = asked.candidate.seller.id
        asked.quoted = quoted
        self.asked[seller_id] = asked
        self._left.pop(seller_id, None)
        self._under_way.pop(seller_id, None)
        if quoted.held_back:
            self._held_back[seller_id] = asked.candidate
        elif quoted.reason in _PASSING and seller_id not in self._retried:
            self._failed[seller_id] = asked.candidate
        for offer in quoted.offers:
            self.correct(offer)

    def _insist(self) -> bool:
        """Give back those that the gate held back, as far as they are worth it; whether any is."""
        room = _MOST_INSISTED - len(self._insisted)
        chosen = [each for each in self._held_back if each not in self._insisted][:room]
        for seller_id in chosen:
            self._left[seller_id] = self._held_back.pop(seller_id)
            del self.asked[seller_id]
        self._insisted.update(chosen)
        return bool(chosen)

    def _give_up_the_rest(self, tasks: set[asyncio.Task[None]]) -> None:
        under_way = list(self._under_way.values())
        self._under_way.clear()
        in_time = self.world.clock.monotonic() < self.ends_at
        self.stopped_early = in_time and bool(under_way or self._left)
        for task in tasks:
            task.cancel()
        left_alone = in_time and self.choice().best is not None
        for asked in under_way:
            seller_id = asked.candidate.seller.id
            if left_alone:
                # Not waited for, not silent: if the purchase falls through they are asked again.
                self.earlier_calls += asked.own_calls
                self.cut_off.add(seller_id)
                del self.asked[seller_id]
            else:
                # Its time is over: a later round must not wait for an answer that cannot come.
                asked.quoted = Quoted(
                    seller=seller_id, reason=Reason.TIMED_OUT, calls=asked.own_calls
                )
        if left_alone and under_way:
            everybody = dict(zip(self.sellers, self.market.candidates, strict=True))
            self._left = {each: everybody[each] for each in everybody if each not in self.asked}

    def _sight(self) -> Sight:
        best = self.choice().best
        now = self.world.clock.monotonic()
        return Sight(
            now=now,
            started_at=self.started_at,
            ends_at=self.ends_at,
            max_price=self.request.max_price,
            best=best.at_least if best else None,
            unasked=self._left.values(),
            in_flight={seller_id: asked.age_s(now) for seller_id, asked in self._under_way.items()},
            failed=self._failed.values(),
        )

    async def _wait_for_news(self, until: float) -> None:
        try:
            async with asyncio.timeout(max(until - self.world.clock.monotonic(), 0.0)):
                await self._news.wait()
        except TimeoutError:
            return
