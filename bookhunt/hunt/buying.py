"""One purchase: claim, prepare, freeze, send, settle; and what it means for the next offer.

The order of things is the safety: the intent with the key and the reference is on disk before the
first step, the exact bytes are on disk before the commit step, and no transaction is open while
the network is spoken to. From the intent on the work is shielded: nobody's impatience cuts it off.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bookhunt.hunt.claim import intent_for
from bookhunt.hunt.ports import (
    Facts,
    Intended,
    IntentRefusal,
    Order,
    Prepared,
    Sent,
    Stopped,
)
from bookhunt.hunt.settlement import Settled, stage_after_first_send, write_down
from bookhunt.model.outcome import Result
from bookhunt.model.purchase import Answer, Attempt, Stage
from bookhunt.model.request import RequestState
from bookhunt.telemetry.failpoints import fp

if TYPE_CHECKING:
    from bookhunt.hunt.search import Search
    from bookhunt.hunt.world import World
    from bookhunt.model.money import Money
    from bookhunt.model.offer import Offer
    from bookhunt.model.outcome import Findings, RequestRecord
    from bookhunt.model.seller import Seller

_SLOT_POLL_S = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The request came to rest, or its open attempt is the settler's now."""

    record: RequestRecord
    attempt: Attempt | None  # open: somebody must settle it


@dataclass(frozen=True, slots=True, kw_only=True)
class FellThrough:
    """This offer was certainly not bought: the next best may be taken."""

    record: RequestRecord
    answer: Answer
    detail: str | None = None
    total: Money | None = None  # the landed total, where it was the reason
    ordered: bool = False  # a seller was asked to take an order, and did not


_LIMITS = {
    IntentRefusal.PURCHASE_LIMIT: ("spending_limit", "the limit of one purchase"),
    IntentRefusal.DAY_LIMIT: ("spending_limit", "today's limit"),
    IntentRefusal.MONTH_LIMIT: ("spending_limit", "this month's limit"),
    IntentRefusal.PAUSED: ("paused", "buying is paused (bookhunt resume)"),
    IntentRefusal.SAFE_MODE: ("safe_mode", "the ledger is in safe mode (bookhunt doctor)"),
}


async def buy(
    search: Search, record: RequestRecord, offer: Offer, seller: Seller, *, ceiling: Money
) -> Ended | FellThrough:
    """Buy one offer for one request, or say for certain that it was not bought."""
    world = search.world
    _, findings = search.summary()
    if not await world.doubts.wait(seller.id, within_s=world.settings.slot_patience_s):
        return FellThrough(
            record=record, answer=Answer.REFUSED, detail="an earlier order there is not settled"
        )
    return await world.shield.run(
        _purchase(world, record, offer, seller, ceiling=ceiling, findings=findings)
    )


async def _purchase(
    world: World,
    record: RequestRecord,
    offer: Offer,
    seller: Seller,
    *,
    ceiling: Money,
    findings: Findings,
) -> Ended | FellThrough:
    buyer = world.buyers.buyer(record.request.profile)
    fp("attempt.before_intent")
    intended = await _claim(world, record, offer, seller, ceiling)
    if isinstance(intended, IntentRefusal):
        return await _not_intended(world, record, intended, findings)
    attempt, record = intended.attempt, intended.record
    fp("attempt.after_intent")
    order = Order(
        attempt=attempt,
        buyer=buyer,
        book=record.request.book,
        ceiling=ceiling,
    )
    prepared = await world.sellers.prepare(order)
    if isinstance(prepared, Stopped):
        return await _abandon(world, order, prepared, findings)
    if prepared.frozen.total > min(ceiling, record.request.max_price):
        return await _abandon(
            world, order, Stopped(answer=Answer.OVER_MAX, total=prepared.frozen.total), findings
        )
    if record.request.dry_run:
        return await _end_dry_run(world, order, prepared, findings)
    fp("attempt.before_freeze")
    sending = await world.ledger.start_sending(attempt, prepared.frozen)
    if isinstance(sending, IntentRefusal):
        return await _refused_at_the_last(world, order, sending, findings)
    fp("attempt.before_send")
    sent = await world.sellers.send(replace(order, attempt=sending))
    fp("attempt.after_send")
    settled = await write_down(
        world, sending, stage_after_first_send(sent), sent, findings=findings
    )
    fp("attempt.after_settle")
    return _verdict(settled, sent)


async def _claim(
    world: World, record: RequestRecord, offer: Offer, seller: Seller, ceiling: Money
) -> IntentRefusal | Intended:
    """Record the intent; wait a while for a unit that another request is just buying."""
    ends_at = world.clock.monotonic() + world.settings.slot_patience_s
    while True:
        intended = await world.ledger.intend(intent_for(record, offer, seller, ceiling=ceiling))
        if intended is not IntentRefusal.SLOT_BUSY or world.clock.monotonic() >= ends_at:
            return intended
        await asyncio.sleep(_SLOT_POLL_S)


async def _not_intended(
    world: World, record: RequestRecord, refusal: IntentRefusal, findings: Findings
) -> Ended | FellThrough:
    match refusal:
        case IntentRefusal.SLOT_TAKEN | IntentRefusal.SLOT_BUSY:
            return FellThrough(
                record=record, answer=Answer.SOLD_OUT, detail="other requests took what is left"
            )
        case IntentRefusal.CANCELLED | IntentRefusal.STALE:
            return Ended(record=await _current(world, record), attempt=None)
        case _:
            reason, message = _LIMITS[refusal]
            record = await world.ledger.move(
                record,
                RequestState.PURCHASE_FAILED,
                result=Result(
                    findings=findings, reason=reason, message=f"{message} refuses the purchase"
                ),
            )
            return Ended(record=record, attempt=None)


async def _refused_at_the_last(
    world: World, order: Order, refusal: IntentRefusal, findings: Findings
) -> Ended | FellThrough:
    """The customer cancelled, or a limit was set, while the basket was being filled."""
    reason, message = _LIMITS.get(refusal, ("cancelled", "cancelled before the order was sent"))
    cancelled = refusal is IntentRefusal.CANCELLED
    await world.sellers.cancel(order)
    _, record = await world.ledger.settle(
        order.attempt,
        Stage.ABANDONED,
        Facts(detail=message),
        request_to=RequestState.CANCELLED if cancelled else RequestState.PURCHASE_FAILED,
        result=Result(findings=findings, reason=reason, message=message),
    )
    return Ended(record=record, attempt=None)


async def _abandon(
    world: World, order: Order, stopped: Stopped, findings: Findings
) -> Ended | FellThrough:
    """Nothing was ordered: give back the slot and the reservation, and let the seller know."""
    sent = Sent(answer=stopped.answer, detail=stopped.detail)
    settled = await write_down(world, order.attempt, Stage.ABANDONED, sent, findings=findings)
    await world.sellers.cancel(order)
    if settled.record.state.is_final:
        return Ended(record=settled.record, attempt=None)
    return FellThrough(
        record=settled.record,
        answer=stopped.answer,
        detail=stopped.detail,
        total=stopped.total,
        ordered=stopped.answer not in {Answer.OVER_MAX, Answer.PRICE_CHANGED},
    )


async def _end_dry_run(world: World, order: Order, prepared: Prepared, findings: Findings) -> Ended:
    """Everything but the commit step was done, as asked."""
    total = prepared.frozen.total
    _, record = await world.ledger.settle(
        order.attempt,
        Stage.ABANDONED,
        Facts(detail="dry run"),
        request_to=RequestState.DRY_RUN,
        result=Result(
            findings=replace(findings, lowest=total, lowest_seller=order.attempt.seller),
            reason="dry_run",
            message=f"would have bought at {order.attempt.seller} for {total}",
        ),
    )
    await world.sellers.cancel(order)
    return Ended(record=record, attempt=None)


def _verdict(settled: Settled, sent: Sent) -> Ended | FellThrough:
    if settled.attempt.stage.allows_next_seller and not settled.record.state.is_final:
        return FellThrough(
            record=settled.record, answer=sent.answer, detail=sent.detail, ordered=True
        )
    still_open = settled.attempt.stage in {Stage.UNKNOWN, Stage.PLACED}
    return Ended(record=settled.record, attempt=settled.attempt if still_open else None)


async def _current(world: World, record: RequestRecord) -> RequestRecord:
    return await world.ledger.get(record.request.id) or record
