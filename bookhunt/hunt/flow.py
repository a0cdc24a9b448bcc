"""From a request to its outcome: the table of contents of the hunt.

    submit -> admission -> candidates -> search (tiers) -> choice -> revalidation
           -> claim -> buying -> settlement -> findings

`service` puts requests in at the left; after a crash, `recovery` enters at settlement. Nothing
flows back up: a later stage hands a verdict to the loop below, and the loop takes the next offer.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from bookhunt.hunt import buying
from bookhunt.hunt.candidates import candidates_for
from bookhunt.hunt.choice import key_of
from bookhunt.hunt.easing import Ease
from bookhunt.hunt.exchange import is_too_old
from bookhunt.hunt.findings import not_available
from bookhunt.hunt.revalidation import Standing, revalidate
from bookhunt.hunt.search import Search
from bookhunt.hunt.tracing import rows_of
from bookhunt.model.errors import SetupMissing
from bookhunt.model.money import Money
from bookhunt.model.outcome import Result
from bookhunt.model.purchase import Answer, Stage
from bookhunt.model.reasons import Reason
from bookhunt.model.request import RequestState
from bookhunt.telemetry.spans import current, span

if TYPE_CHECKING:
    from bookhunt.hunt.world import World
    from bookhunt.model.offer import Offer
    from bookhunt.model.outcome import RequestRecord
    from bookhunt.model.purchase import Attempt

# What a purchase that fell through says about the offer, in the words of a look-up.
_AS_REASON = {
    Answer.SOLD_OUT: Reason.SOLD_OUT,
    Answer.NOT_STOCKED: Reason.NOT_STOCKED,
    Answer.DOES_NOT_SHIP: Reason.DOES_NOT_SHIP,
    Answer.OVER_MAX: Reason.OVER_MAX,
    Answer.PRICE_CHANGED: Reason.OVER_MAX,
    Answer.UNAUTHORISED: Reason.UNAUTHORISED,
    Answer.RATE_LIMITED: Reason.RATE_LIMITED,
    Answer.NEEDS_SETUP: Reason.NEEDS_SETUP,
    Answer.NOT_SENT: Reason.UNREACHABLE,
    Answer.DECLINED: Reason.ORDER_REFUSED,
    Answer.REFUSED: Reason.ORDER_REFUSED,
    Answer.NEEDS_PERSON: Reason.ORDER_REFUSED,
    Answer.NOT_FOUND: Reason.ORDER_REFUSED,
}
# An order that a seller did not take; an attempt given up before the commit step says nothing.
_NOT_TAKEN = frozenset({Stage.REFUSED, Stage.NOT_SENT, Stage.ABSENT})


async def hunt(world: World, record: RequestRecord, ease: Ease = Ease.WHOLE) -> buying.Ended:
    """Hunt one request to its outcome, or to an open order that somebody must settle."""
    is_new = record.state is RequestState.PENDING
    with span("begin"):
        record = await _begin(world, record)
    if record.state is not RequestState.PROCESSING:
        return buying.Ended(record=record, attempt=None)
    with span("candidates") as seen:
        await world.exchange.ready(within_s=world.settings.rates_wait_s)
        market = await candidates_for(world, record.request, ease)
        search = Search.of(world, record.request, market)
        # One that was never taken up has no attempt: two looks into the ledger less.
        refused = None if is_new else await _drop_what_was_tried(world, search)
        seen.tell(asked=len(market.candidates), ruled_out=len(market.ruled_out), ease=ease)
    if (trace := current()) is not None:
        trace.later.append(partial(rows_of, search, trace))
    try:
        tries = 0
        while tries < world.settings.most_attempts:
            choice = await search.next_choice()
            if choice.best is None or choice.ceiling is None:
                return await _conclude(search, record, refused)
            verdict = await _try_to_buy(search, record, choice.best, choice.ceiling)
            if isinstance(verdict, buying.Ended):
                return verdict
            record = verdict.record
            # An offer is passed by once: then it is dropped, or its turn is waited for.
            tries += not verdict.later
            if verdict.ordered:
                refused = verdict
        return await _give_in(search, record, refused)
    finally:
        notes = search.concluded or search.notes()
        world.tally.searched(record.request.strategy.value, notes, search.findings())
        world.beliefs.learn_hint(search.subject, max_minor=record.request.max_price.minor)
        world.explanations.keep(record.request.id, notes)


async def _begin(world: World, record: RequestRecord) -> RequestRecord:
    """Take the request up, unless it came too late, was cancelled or lacks its profile."""
    request = record.request
    if record.cancel_requested:
        return await world.ledger.move(record, RequestState.CANCELLED)
    age_s = (world.clock.now() - request.submitted_at).total_seconds()
    if age_s > world.settings.expire_after_s and not await world.ledger.attempts(request.id):
        message = f"nobody was asked within {world.settings.expire_after_s:.0f} s"
        expired = Result(reason="expired", message=message)
        return await world.ledger.move(record, RequestState.EXPIRED, result=expired)
    if record.state is RequestState.PENDING:
        record = await world.ledger.move(record, RequestState.PROCESSING)
    try:
        world.buyers.buyer(request.profile)
    except SetupMissing as missing:
        failed = Result(reason=missing.code, message=missing.message)
        return await world.ledger.move(record, RequestState.PURCHASE_FAILED, result=failed)
    return record


async def _drop_what_was_tried(world: World, search: Search) -> buying.FellThrough | None:
    """An order that a seller did not take, before a crash or a doubt, is not tried a second time.

    The last one, if any, is what the request fails with when nothing else is left.
    """
    last: Attempt | None = None
    for attempt in await world.ledger.attempts(search.request.id):
        if attempt.stage in _NOT_TAKEN:
            last = attempt
            if attempt.stage is not Stage.ABSENT or attempt.answer is Answer.NOT_FOUND:
                search.drop(attempt.offer, _reason_of(attempt.answer or Answer.UNKNOWN))
            # Else a person found that nothing was bought, and says that it may be tried again.
    record = await world.ledger.get(search.request.id)
    if last is None or record is None:
        return None
    return buying.FellThrough(
        record=record, answer=last.answer or Answer.UNKNOWN, detail=last.detail, ordered=True
    )


def _reason_of(answer: Answer) -> Reason:
    return _AS_REASON.get(answer, Reason.SERVER_ERROR)


async def _try_to_buy(
    search: Search, record: RequestRecord, offer: Offer, ceiling: Money
) -> buying.Ended | buying.FellThrough:
    """Look once more, then buy; an offer that fell through is dropped or corrected."""
    seller = search.world.sellers.get(offer.seller)
    if seller is None:
        search.drop(offer, Reason.NEEDS_SETUP)
        return buying.FellThrough(record=record, answer=Answer.NEEDS_SETUP)
    with span("revalidate", seller=seller.id) as seen:
        looked = await revalidate(search, offer, seller)
        seen.tell(standing=looked.standing, reason=looked.reason, total=looked.offer.at_least)
    if looked.standing is Standing.GONE:
        search.drop(offer, looked.reason or Reason.SOLD_OUT)
        return buying.FellThrough(record=record, answer=Answer.SOLD_OUT)
    if looked.standing is Standing.CHANGED:
        search.correct(looked.offer)
        return buying.FellThrough(record=record, answer=Answer.PRICE_CHANGED)
    search.correct(looked.offer)
    if is_too_old(looked.offer, search.world.clock.now()):
        search.drop(looked.offer, Reason.WRONG_CURRENCY)
        return buying.FellThrough(record=record, answer=Answer.PRICE_CHANGED)
    if offer.total is not None and looked.offer.total is not None:
        ceiling = looked.offer.total
    with span("buy", seller=seller.id, total=looked.offer.at_least) as seen:
        verdict = await buying.buy(search, record, looked.offer, seller, ceiling=ceiling)
        if isinstance(verdict, buying.FellThrough):
            seen.tell(answer=verdict.answer)
    if isinstance(verdict, buying.FellThrough):
        _learn(search, looked.offer, verdict)
    return verdict


def _learn(search: Search, offer: Offer, verdict: buying.FellThrough) -> None:
    """Keep a price that was only known at the checkout; drop what cannot be had."""
    if verdict.busy:
        return
    if verdict.later:
        search.pass_by(offer)
        return
    if verdict.answer is Answer.NOT_SENT and key_of(offer) not in search.once_unsent:
        # No connection, and so no order: worth one more try, with a new key.
        search.once_unsent.add(key_of(offer))
        return
    own = offer.as_sold  # the checkout speaks the seller's currency
    if verdict.total is not None and verdict.total > (own.total or own.at_least):
        landed = _with_total(own, verdict.total)
        if landed is not None:
            rate = offer.original.rate if offer.original is not None else None
            search.correct(landed if rate is None else landed.converted(rate))
            return
    # What was left to others proves no absence: their orders may fall through.
    reason = Reason.SKIPPED_LIMIT if verdict.crowded else _reason_of(verdict.answer)
    search.drop(offer, reason)


def _with_total(offer: Offer, total: Money) -> Offer | None:
    """The offer as its checkout priced it: what exceeds the copy's price is its shipping."""
    if total.currency != offer.price.currency or total < offer.price:
        return None
    nothing = Money(0, total.currency)
    return replace(offer, shipping=total - offer.price, tax=nothing)


async def _conclude(
    search: Search, record: RequestRecord, refused: buying.FellThrough | None
) -> buying.Ended:
    """Nothing was bought: say whether a seller refused or nobody has it, and the lowest price."""
    if refused is None:
        notes = search.conclude()
        result = not_available(search.choice(), search.findings(notes), notes)
        return await _end(search, record, RequestState.NOT_AVAILABLE, result)
    result = Result(
        findings=search.findings(),
        reason=refused.answer.value,
        message=refused.detail or "every fitting offer was refused",
    )
    return await _end(search, record, RequestState.PURCHASE_FAILED, result)


async def _give_in(
    search: Search, record: RequestRecord, refused: buying.FellThrough | None
) -> buying.Ended:
    """Too many offers fell through one after the other, and others are left: this is no absence."""
    result = Result(
        findings=search.findings(),
        reason=refused.answer.value if refused else "gave_up",
        message=f"{search.world.settings.most_attempts} offers fell through, one after the other",
    )
    return await _end(search, record, RequestState.PURCHASE_FAILED, result)


async def _end(
    search: Search, record: RequestRecord, to: RequestState, result: Result
) -> buying.Ended:
    with span("conclude", state=to, reason=result.reason):
        record = await search.world.ledger.move(record, to, result=result)
    return buying.Ended(record=record, attempt=None)
