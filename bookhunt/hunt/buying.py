"""One purchase: claim, prepare, freeze, send, settle; and what it means for the next offer.

The order of things is the safety: the intent with the key and the reference is on disk before the
first step, the exact bytes are on disk before the commit step, and no transaction is open while
the network is spoken to. From the intent on the work is shielded: nobody's impatience cuts it off.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bookhunt.hunt.candidates import held_by
from bookhunt.hunt.choice import key_of
from bookhunt.hunt.claim import ceiling_as_sold, intent_for, named_for, slots_of
from bookhunt.hunt.exchange import is_too_old
from bookhunt.hunt.ports import (
    Facts,
    Intended,
    IntentRefusal,
    Order,
    Prepared,
    Sent,
    Stopped,
)
from bookhunt.hunt.revalidation import stands_until_bought
from bookhunt.hunt.settlement import Settled, stage_after_first_send, write_down
from bookhunt.model.errors import LedgerUnusable
from bookhunt.model.outcome import Result
from bookhunt.model.purchase import Answer, Attempt, Stage
from bookhunt.model.request import RequestState, Strategy
from bookhunt.telemetry.failpoints import fp
from bookhunt.telemetry.spans import span

if TYPE_CHECKING:
    from bookhunt.hunt.search import Search
    from bookhunt.hunt.world import World
    from bookhunt.model.buyer import Buyer
    from bookhunt.model.money import Money
    from bookhunt.model.offer import Offer
    from bookhunt.model.outcome import Findings, RequestRecord
    from bookhunt.model.seller import Seller

_SLOT_POLL_S = 0.05  # doubled each time
_SLOT_POLL_AT_MOST_S = 0.5
_WRITE_AGAIN_AFTER_S = 0.1  # doubled each time
_WRITE_AGAIN_AT_MOST_S = 5.0
_log = logging.getLogger(__name__)


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
    total: Money | None = None  # the landed total as the seller names it, where it was the reason
    ordered: bool = False  # a seller was asked to take an order, and did not
    later: bool = False  # others are served first; come back if nothing else fits
    busy: bool = False  # another request is just buying the last unit it may: it may come free
    crowded: bool = False  # it was left to others who came first: it may well be there still


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
    if not await world.doubts.wait(seller.id, within_s=world.settings.slot_patience_s):
        return FellThrough(
            record=record, answer=Answer.UNKNOWN, detail="an earlier order there is not settled"
        )
    waiting = await world.quarantine.holds(seller.id)
    if waiting is not None:
        return FellThrough(record=record, answer=Answer.UNKNOWN, detail=held_by(waiting))
    purchase = Purchase(
        world=world,
        record=record,
        offer=offer,
        seller=seller,
        ceiling=ceiling,
        wait_until=search.wants_since(offer) + world.settings.slot_patience_s,
        findings=search.findings(),
    )
    crowd = _crowd(search, purchase)
    if crowd is not None:
        return crowd
    world.lines.join(key_of(offer))
    return await world.shield.run(_in_line(purchase))


def _crowd(search: Search, purchase: Purchase) -> FellThrough | None:
    """Whether so many stand before this request that another offer is better; None: join them."""
    offer, request, lines = purchase.offer, purchase.record.request, purchase.world.lines
    key = key_of(offer)
    units, at_once = slots_of(offer, purchase.seller)
    came_back = key in search.waited_for
    detail = "those who came first take what is left"
    if offer.inventory is None or lines.ahead(key) < units:
        spent_s = purchase.world.clock.monotonic() - search.started_at
        left_s = request.search_deadline_s - spent_s
        in_time = lines.in_time(key, at_once=at_once, left_s=left_s)
        if in_time or came_back or request.strategy is Strategy.CHEAPEST:
            return None
        detail = "its turn would come too late"
    return FellThrough(
        record=purchase.record,
        answer=Answer.SOLD_OUT,
        detail=detail,
        later=not came_back,
        crowded=True,
    )


async def _in_line(purchase: Purchase) -> Ended | FellThrough:
    try:
        return await _purchase(purchase)
    finally:
        purchase.world.lines.leave(key_of(purchase.offer))


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """What one purchase is about, from the claim to the outcome."""

    world: World
    record: RequestRecord  # PROCESSING
    offer: Offer
    seller: Seller
    ceiling: Money  # the landed total above which this offer is not wanted
    wait_until: float  # monotonic: so long a unit that is just being bought is waited for
    findings: Findings


async def _purchase(purchase: Purchase) -> Ended | FellThrough:
    world, request = purchase.world, purchase.record.request
    buyer = world.buyers.buyer(request.profile)
    fp("attempt.before_intent")
    with span("claim") as seen:
        intended = await _claim(purchase)
        if isinstance(intended, IntentRefusal):
            seen.tell(reason=intended)
    if isinstance(intended, IntentRefusal):
        return await _not_intended(purchase, intended)
    fp("attempt.after_intent")
    world.tally.attempts[Stage.PREPARED.value] += 1
    with world.lines.served(key_of(purchase.offer)):
        return await _order(purchase, intended, buyer)


async def _order(purchase: Purchase, intended: Intended, buyer: Buyer) -> Ended | FellThrough:
    """Everything from the intent on: prepare, freeze, send, settle."""
    world, request = purchase.world, purchase.record.request
    attempt, findings = intended.attempt, purchase.findings
    order = Order(
        attempt=attempt,
        buyer=buyer,
        book=named_for(request.book, purchase.offer, purchase.seller),
        ceiling=ceiling_as_sold(purchase.offer, purchase.ceiling),
    )
    fp("attempt.before_prepare")
    with span("prepare") as seen:
        prepared = await world.sellers.prepare(order)
        if isinstance(prepared, Stopped):
            seen.tell(answer=prepared.answer, total=prepared.total)
    if isinstance(prepared, Prepared):
        prepared = _within_what_was_agreed(purchase, order, prepared)
    if isinstance(prepared, Stopped):
        return await _abandon(world, order, prepared, findings)
    if request.dry_run:
        return await _end_dry_run(world, order, prepared, findings)
    fp("attempt.before_freeze")
    with span("freeze", total=prepared.frozen.total):
        sending = await world.ledger.start_sending(attempt, prepared.frozen)
    if isinstance(sending, IntentRefusal):
        return await _refused_at_the_last(world, order, sending, findings)
    world.tally.attempts[Stage.SENDING.value] += 1
    fp("attempt.before_send")
    with span("send") as seen:
        sent = await _send(world, replace(order, attempt=sending))
        seen.tell(answer=sent.answer)
    world.steadiness.ordered(sending.seller, lost=sent.answer is Answer.UNKNOWN)
    fp("attempt.after_send")
    settled = await _write_down_at_last(world, sending, sent, findings)
    fp("attempt.after_settle")
    if settled.attempt.stage is Stage.REFUSED:
        # Its session is still open there, may hold a copy back, and nobody comes for it any more.
        await _let_go(world, replace(order, attempt=settled.attempt))
    return _verdict(settled, sent)


async def _claim(purchase: Purchase) -> IntentRefusal | Intended:
    """Record the intent; wait a while for a unit that another request is just buying.

    No longer than the last look at the offer holds, though: then it is looked at again first.
    """
    world, wait_s = purchase.world, _SLOT_POLL_S
    while True:
        intent = intent_for(
            purchase.record, purchase.offer, purchase.seller, ceiling=purchase.ceiling
        )
        intended = await world.ledger.intend(intent)
        if intended is not IntentRefusal.SLOT_BUSY:
            return intended
        left_s = purchase.wait_until - world.clock.monotonic()
        if left_s <= 0 or not stands_until_bought(world, purchase.offer, purchase.seller):
            return intended
        await world.clock.sleep(min(wait_s, left_s))
        wait_s = min(2 * wait_s, _SLOT_POLL_AT_MOST_S)


def _within_what_was_agreed(
    purchase: Purchase, order: Order, prepared: Prepared
) -> Prepared | Stopped:
    """The last gate before money: the total is known, and not above what anybody agreed to.

    It is held against the seller's ceiling in the seller's currency, then, as it costs the
    customer, against the customer's. That amount is what the ledger reserves and agrees to.
    """
    total, most = prepared.frozen.total, purchase.record.request.max_price
    if purchase.offer.total is None and not prepared.total_checked:
        return Stopped(answer=Answer.REFUSED, detail="no step named the landed total")
    costs = order.attempt.as_it_costs(total)
    if total.currency != order.ceiling.currency or costs is None:
        return Stopped(answer=Answer.PRICE_CHANGED, detail=f"the basket costs {total}")
    if total > order.ceiling or costs > min(purchase.ceiling, most):
        return Stopped(answer=Answer.OVER_MAX, total=total)
    if is_too_old(purchase.offer, purchase.world.clock.now()):
        return Stopped(answer=Answer.PRICE_CHANGED, detail="its exchange rate is too old")
    return replace(prepared, frozen=replace(prepared.frozen, total=costs))


async def _send(world: World, order: Order) -> Sent:
    """Send once. A bug in there leaves the outcome unknown, like a lost answer."""
    try:
        return await world.sellers.send(order)
    except Exception:  # noqa: BLE001 - whatever went wrong, the bytes may have left
        _log.exception("sending an order failed", extra={"attempt_id": order.attempt.id})
        return Sent(answer=Answer.UNKNOWN, detail="bookhunt failed while sending")


async def _write_down_at_last(
    world: World, attempt: Attempt, sent: Sent, findings: Findings
) -> Settled:
    """Write the seller's answer down, however long the disk refuses it.

    It is known here and nowhere else. If the process ends first, the attempt is still SENDING on
    disk and its outcome is found out like any lost answer's.
    """
    stage, wait_s = stage_after_first_send(sent), _WRITE_AGAIN_AFTER_S
    while True:
        try:
            return await write_down(world, attempt, stage, sent, findings=findings)
        except LedgerUnusable:
            _log.exception("an answer cannot be written", extra={"attempt_id": attempt.id})
        await world.clock.sleep(wait_s)
        wait_s = min(2 * wait_s, _WRITE_AGAIN_AT_MOST_S)


async def _not_intended(purchase: Purchase, refusal: IntentRefusal) -> Ended | FellThrough:
    world, record = purchase.world, purchase.record
    match refusal:
        case IntentRefusal.SLOT_TAKEN | IntentRefusal.SLOT_HELD | IntentRefusal.SLOT_BUSY:
            waits = world.clock.monotonic() < purchase.wait_until
            return FellThrough(
                record=record,
                answer=Answer.SOLD_OUT,
                detail="other requests took what is left",
                busy=refusal is IntentRefusal.SLOT_BUSY and waits,
                crowded=refusal is not IntentRefusal.SLOT_TAKEN,
            )
        case IntentRefusal.CANCELLED | IntentRefusal.STALE:
            current = await world.ledger.get(record.request.id) or record
            if current.cancel_requested and current.state is RequestState.PROCESSING:
                current = await world.ledger.move(current, RequestState.CANCELLED)
            return Ended(record=current, attempt=None)
        case _:
            reason, limit = _LIMITS[refusal]
            result = Result(
                findings=purchase.findings, reason=reason, message=f"{limit} refuses the purchase"
            )
            record = await world.ledger.move(record, RequestState.PURCHASE_FAILED, result=result)
            return Ended(record=record, attempt=None)


async def _refused_at_the_last(
    world: World, order: Order, refusal: IntentRefusal, findings: Findings
) -> Ended:
    """The customer cancelled, or a limit was set, while the basket was being filled."""
    to, reason = RequestState.CANCELLED, "cancelled"
    message = "cancelled before the order was sent"
    if refusal in _LIMITS:
        reason, limit = _LIMITS[refusal]
        to, message = RequestState.PURCHASE_FAILED, f"{limit} refuses the purchase"
    _, record = await world.ledger.settle(
        order.attempt,
        Stage.ABANDONED,
        Facts(detail=message),
        request_to=to,
        result=Result(findings=findings, reason=reason, message=message),
    )
    await _let_go(world, order)
    return Ended(record=record, attempt=None)


async def _abandon(
    world: World, order: Order, stopped: Stopped, findings: Findings
) -> Ended | FellThrough:
    """Nothing was ordered: give back the slot and the reservation, and let the seller know."""
    sent = Sent(answer=stopped.answer, detail=stopped.detail)
    settled = await write_down(world, order.attempt, Stage.ABANDONED, sent, findings=findings)
    await _let_go(world, order)
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
    total = prepared.frozen.total  # as it costs the customer
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
    await _let_go(world, order)
    return Ended(record=record, attempt=None)


async def _let_go(world: World, order: Order) -> None:
    """Let the seller know that the basket is given up; whether it hears does not matter."""
    fp("attempt.before_cancel")
    try:
        with span("cancel"):
            await world.sellers.cancel(order)
    except Exception:  # noqa: BLE001 - nothing was ordered, and the ledger says so already
        _log.exception("a basket could not be let go", extra={"attempt_id": order.attempt.id})
    fp("attempt.after_cancel")


def _verdict(settled: Settled, sent: Sent) -> Ended | FellThrough:
    if settled.attempt.stage.allows_next_seller and not settled.record.state.is_final:
        return FellThrough(
            record=settled.record, answer=sent.answer, detail=sent.detail, ordered=True
        )
    # One that waits for a person is the settler's, too: the seller may show it hours later.
    return Ended(
        record=settled.record, attempt=settled.attempt if settled.attempt.stage.is_open else None
    )
