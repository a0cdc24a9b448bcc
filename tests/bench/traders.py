"""The market's sellers as the hunt meets them, and the run of its requests through the hunt."""

from __future__ import annotations

import asyncio
import time
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bookhunt.hunt.flow import hunt
from bookhunt.hunt.ports import Limits, Prepared, Quoted, Sent, Stopped
from bookhunt.hunt.settings import HuntSettings
from bookhunt.hunt.strategies import PolicyFactory, policy_for
from bookhunt.hunt.world import World
from bookhunt.model.book import Book
from bookhunt.model.money import Money
from bookhunt.model.offer import Offer
from bookhunt.model.purchase import Answer, Frozen
from bookhunt.model.reasons import Reason
from bookhunt.model.request import ConditionWish, RequestState, Strategy
from bookhunt.model.seller import Condition
from bookhunt.store.shelf import MemoryShelf
from tests.bench.market import Market, Says, Wanted
from tests.support.builders import a_buyer, a_request, a_seller
from tests.support.jump_clock import JumpClock
from tests.support.memory_ledger import MemoryLedger
from tests.support.no_shelf import NoShelf

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bookhunt.hunt.ports import Ask, Order
    from bookhunt.model.buyer import Buyer
    from bookhunt.model.outcome import RequestRecord, SellerNote
    from bookhunt.model.seller import Seller

TIMEOUT_S = 3.5
TTL_S = 60.0
_ORDER_S = 0.2
# The market has limits of its own and says 429: a definition cannot know them.
_TERMS: dict[str, Any] = {
    "per_second": 10_000.0,
    "concurrency": 10_000,
    "timeout_s": TIMEOUT_S,
    "quote_ttl_s": TTL_S,
}
# Not asked, and for no reason of the seller's own: such silence would prove nothing.
_PASSED_OVER = frozenset({Reason.SKIPPED_TIER, Reason.SKIPPED_EARLY_EXIT})
_NOTHING = Money(0, "USD")
WANTED: ContextVar[Wanted] = ContextVar("wanted")  # whose call it is, for the world's luck
_REASONS = {
    Says.NOT_STOCKED: Reason.NOT_STOCKED,
    Says.ERROR: Reason.SERVER_ERROR,
    Says.LIMITED: Reason.RATE_LIMITED,
}


class LatestNotes:
    """Explanations until they are looked at."""

    def __init__(self) -> None:
        self.notes: dict[str, Sequence[SellerNote]] = {}

    def keep(self, request_id: str, notes: Sequence[SellerNote]) -> None:
        self.notes[request_id] = notes

    async def of(self, request_id: str) -> list[SellerNote]:
        return list(self.notes.pop(request_id, ()))


class OneBuyer:
    """Everybody lives at one address."""

    def buyer(self, profile: str) -> Buyer:
        return a_buyer(profile=profile)


@dataclass(slots=True)
class Traders:
    """Implements `Sellers` over a market; an order is always taken at the price that was quoted."""

    market: Market
    clock: JumpClock
    calls: int = 0
    asked: dict[int, int] = field(default_factory=dict)  # request to the calls made for it
    _sellers: tuple[Seller, ...] = ()
    _by_id: dict[str, Seller] = field(default_factory=dict)
    _again: dict[tuple[int, int], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # The tiered policy gets what an operator would set by hand: the most trusted sellers first.
        sizes = (0.2, 0.5)
        tiers = [1] * self.market.sellers
        for place, seller in enumerate(self.market.trusted):
            share = place / self.market.sellers
            tiers[seller] = 1 if share < sizes[0] else 2 if share < sizes[1] else 3
        self._sellers = tuple(
            a_seller(f"s{n:03d}", tier=tiers[n], **_TERMS) for n in range(self.market.sellers)
        )
        self._by_id = {seller.id: seller for seller in self._sellers}

    def all(self) -> Sequence[Seller]:
        return self._sellers

    def get(self, seller_id: str) -> Seller | None:
        return self._by_id.get(seller_id)

    def cannot_ask(self, seller_id: str, ask: Ask) -> Reason | None:
        return None

    async def needs_setup(self, seller_id: str, profile: str) -> str | None:
        return None

    async def quote(self, seller_id: str, ask: Ask, *, within_s: float) -> Quoted:
        wanted, number = WANTED.get(), int(seller_id[1:])
        again = self._again.get((wanted.number, number), 0)
        self._again[wanted.number, number] = again + 1
        self.calls += 1
        self.asked[wanted.number] = self.asked.get(wanted.number, 0) + 1
        reply = self.market.reply(number, wanted, again=again, now_s=self.clock.monotonic())
        await asyncio.sleep(min(reply.latency_s, within_s))
        latency_ms = min(reply.latency_s, within_s) * 1000
        if reply.latency_s >= within_s:
            reason: Reason | None = Reason.TIMED_OUT
            return Quoted(seller=seller_id, reason=reason, calls=1, latency_ms=latency_ms)
        if reply.total_minor is None:
            reason = _REASONS[reply.says]
            return Quoted(seller=seller_id, reason=reason, calls=1, latency_ms=latency_ms)
        offer = Offer(
            seller=seller_id,
            item='"1"',
            isbn13=ask.book.isbn13,
            title=ask.book.title,
            price=Money(reply.total_minor, "USD"),
            shipping=_NOTHING,
            tax=_NOTHING,
            condition=Condition.NEW,
            format=self._sellers[number].formats and next(iter(self._sellers[number].formats)),
            inventory=reply.inventory,
            expires_at=None,
            url=None,
            checked_at=self.clock.now(),
            response_ms=latency_ms,
        )
        return Quoted(seller=seller_id, offers=(offer,), calls=1, latency_ms=latency_ms)

    async def prepare(self, order: Order) -> Prepared | Stopped:
        total = order.attempt.offer.total or order.ceiling
        frozen = Frozen(document="{}", body_hash="0" * 64, total=total)
        return Prepared(frozen=frozen, total_checked=True)

    async def send(self, order: Order) -> Sent:
        await asyncio.sleep(_ORDER_S)
        total = order.attempt.frozen.total if order.attempt.frozen else order.ceiling
        return Sent(answer=Answer.BOUGHT, order_id=order.attempt.reference, charged=total)

    async def look_up(self, order: Order) -> Sent:
        return Sent(answer=Answer.PASSED_OVER)

    async def cancel(self, order: Order) -> bool:
        return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What became of one request."""

    wanted: Wanted
    best_minor: int | None  # of those that could be reached
    paid_minor: int | None
    calls: int  # charged to this request, confirming calls included
    cached: int
    coalesced: int
    latency_s: float  # to the decision: the order itself is the same for everybody
    unproven: bool  # NOT_AVAILABLE although somebody who fitted was neither asked nor skipped


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """All requests of one strategy in one market."""

    rows: list[Row]
    cpu_s: float
    calls: int


def run(
    market: Market,
    wanted: Sequence[Wanted],
    strategy: Strategy,
    *,
    cache: bool,
    policies: PolicyFactory = policy_for,
    **settings: Any,
) -> Run:
    """Hunt every request at its time, on a clock that jumps."""
    clock = JumpClock()
    rows: list[Row] = []

    async def all_of_them() -> Run:
        traders = Traders(market, clock)
        no_limit = Limits(purchase=None, day=None, month=None)
        world = World(
            ledger=MemoryLedger(clock, {"USD": no_limit}),
            sellers=traders,
            buyers=OneBuyer(),
            explanations=LatestNotes(),
            shelf=MemoryShelf() if cache else NoShelf(),
            clock=clock,
            settings=HuntSettings(in_flight=100_000, min_stock_for_cache=0, **settings),
            policies=policies,
        )
        began = time.process_time()
        async with asyncio.TaskGroup() as group:
            for each in wanted:
                await asyncio.sleep(max(each.at_s - clock.monotonic(), 0.0))
                group.create_task(_one(world, traders, market, each, strategy, rows))
        return Run(rows=rows, cpu_s=time.process_time() - began, calls=traders.calls)

    return clock.run(all_of_them())


async def _one(
    world: World,
    traders: Traders,
    market: Market,
    wanted: Wanted,
    strategy: Strategy,
    rows: list[Row],
) -> None:
    WANTED.set(wanted)
    request = a_request(
        customer=f"c{wanted.number}",
        book=Book(title=f"Book {wanted.book}"),
        max_price=Money(wanted.max_minor, "USD"),
        strategy=strategy,
        condition=ConditionWish.ANY,
        submitted_at=world.clock.now(),
    )
    submitted = await world.ledger.submit(request, fingerprint="-", again=True)
    began = world.clock.monotonic()
    ended = await hunt(world, submitted.record)
    took_s = world.clock.monotonic() - began
    notes = await world.explanations.of(request.id)
    rows.append(_row(ended.record, notes, wanted, market, took_s))
    # The ledger of a benchmark need not remember for ever.
    world.ledger.requests.pop(request.id, None)  # type: ignore[attr-defined]


def _row(
    record: RequestRecord,
    notes: list[SellerNote],
    wanted: Wanted,
    market: Market,
    took_s: float,
) -> Row:
    bought, findings = record.result.bought, record.result.findings
    best = market.best(wanted)
    cheapest = market.cheapest_seller(wanted)
    passed_over = {note.seller for note in notes if note.reason in _PASSED_OVER}
    none = record.state is RequestState.NOT_AVAILABLE
    return Row(
        wanted=wanted,
        best_minor=best,
        paid_minor=bought.total.minor if bought else None,
        calls=findings.calls,
        cached=findings.cached,
        coalesced=findings.coalesced,
        latency_s=took_s - (_ORDER_S if bought else 0.0),
        unproven=none and cheapest is not None and f"s{cheapest:03d}" in passed_over,
    )
