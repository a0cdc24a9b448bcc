"""From what a seller said to what is true about an order, and what follows for the request.

The table is purchase-safety's. Its heart: a lost answer is a state, never a failure; another
seller is tried only from a definite negative; on a re-send a refusal counts only where the seller
replays the key's own first answer, and everything else says nothing about the first send.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bookhunt.hunt.ports import Facts, Sent
from bookhunt.model.outcome import Bought, Findings, Result
from bookhunt.model.purchase import DECLARED_REFUSALS, Answer, Attempt, Stage
from bookhunt.model.request import RequestState
from bookhunt.telemetry.spans import span

if TYPE_CHECKING:
    from bookhunt.hunt.world import World
    from bookhunt.model.money import Money
    from bookhunt.model.outcome import RequestRecord

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """An attempt and its request after a word of the seller was written down."""

    attempt: Attempt
    record: RequestRecord


def stage_after_first_send(sent: Sent) -> Stage:
    """Where an attempt stands after its commit step was sent for the first time."""
    match sent.answer:
        case Answer.BOUGHT:
            return Stage.CONFIRMED
        case Answer.PLACED:
            return Stage.PLACED
        case Answer.NEEDS_PERSON:
            return Stage.MANUAL
        case Answer.NOT_SENT:
            return Stage.NOT_SENT
        case Answer.UNAUTHORISED | Answer.RATE_LIMITED:
            return Stage.REFUSED
        case answer if answer in DECLARED_REFUSALS:
            return Stage.REFUSED
        case _:
            return Stage.UNKNOWN


def stage_after_resend(sent: Sent, *, replays_same_answer: bool) -> Stage | None:
    """Where an UNKNOWN attempt stands after the same bytes went again; None: nothing learned."""
    match sent.answer:
        case Answer.BOUGHT | Answer.ALREADY_DONE:
            # The same key was used before, by the first send and by nobody else: it stands.
            return Stage.CONFIRMED
        case Answer.NEEDS_PERSON:
            return Stage.MANUAL
        case answer if answer in DECLARED_REFUSALS and replays_same_answer:
            return Stage.REFUSED
        case _:
            return None


def stage_after_look_up(sent: Sent) -> Stage | None:
    """Where an UNKNOWN or PLACED attempt stands after a look-up; None: nothing learned."""
    match sent.answer:
        case Answer.BOUGHT:
            return Stage.CONFIRMED
        case Answer.NEEDS_PERSON:
            return Stage.MANUAL
        case answer if answer in DECLARED_REFUSALS:
            return Stage.REFUSED
        case _:
            return None


_REQUEST_AFTER = {
    Stage.CONFIRMED: RequestState.SUCCESS,
    Stage.UNKNOWN: RequestState.IN_DOUBT,
    Stage.MANUAL: RequestState.IN_DOUBT,  # and on to NEEDS_ATTENTION, by the table's only way
    Stage.REFUSED: RequestState.PROCESSING,
    Stage.NOT_SENT: RequestState.PROCESSING,
    Stage.ABSENT: RequestState.PROCESSING,
    Stage.ABANDONED: RequestState.PROCESSING,
}


# What an order's end says of its seller; a payment that was declined, and a basket that was given
# up, say nothing.
_SPEAKS_FOR_SELLER = {
    Stage.CONFIRMED: 1.0,
    Stage.UNKNOWN: -1.0,
    Stage.MANUAL: -2.0,
    Stage.REFUSED: -0.5,
    Stage.NOT_SENT: -0.5,
}


async def write_down(
    world: World, attempt: Attempt, to: Stage, sent: Sent, *, findings: Findings | None = None
) -> Settled:
    """Record where an attempt stands now, and its request with it.

    A request whose customer cancelled meanwhile, and whose attempt ended with nothing bought, is
    cancelled instead of searched on.
    """
    with span("settle", seller=attempt.seller, stage=to, answer=sent.answer):
        return await _write_down(world, attempt, to, sent, findings)


async def _write_down(
    world: World, attempt: Attempt, to: Stage, sent: Sent, findings: Findings | None
) -> Settled:
    record = await world.ledger.get(attempt.request_id)
    if record is None:
        message = f"attempt {attempt.id} belongs to no request"
        raise AssertionError(message)
    request_to = _REQUEST_AFTER.get(to)
    if request_to is RequestState.PROCESSING and record.cancel_requested:
        request_to = RequestState.CANCELLED
    result = _result(world, attempt, to, sent, findings or record.result.findings)
    if to is Stage.CONFIRMED and record.cancel_requested:
        result = replace(result, message="cancelled too late: the order had been sent")
    if request_to is record.state:
        request_to = None
    attempt, record = await world.ledger.settle(
        attempt,
        to,
        Facts(
            answer=sent.answer,
            order_id=sent.order_id,
            charged=sent.charged,
            delivery=sent.delivery,
            detail=sent.detail,
        ),
        request_to=request_to,
        result=result,
    )
    if record.result.bought is not None and record.result.bought.overcharged:
        _log.warning(
            "a seller charged more than was agreed",
            extra={"request_id": attempt.request_id, "seller": attempt.seller},
        )
    world.tally.attempts[to.value] += 1
    world.beliefs.learn_order(attempt.seller, weight=_SPEAKS_FOR_SELLER.get(to, 0.0))
    if attempt.stage in {Stage.UNKNOWN, Stage.MANUAL}:
        world.quarantine.add(attempt, world.sellers.get(attempt.seller))
    if to is Stage.MANUAL:
        record = await world.ledger.move(record, RequestState.NEEDS_ATTENTION)
    return Settled(attempt=attempt, record=record)


def _result(world: World, attempt: Attempt, to: Stage, sent: Sent, findings: Findings) -> Result:
    if to is Stage.CONFIRMED:
        return Result(findings=findings, bought=bought_by(world, attempt, sent))
    if to is Stage.MANUAL:
        return Result(
            findings=findings,
            reason=sent.answer.value,
            message=f"{attempt.seller} was sent an order ({attempt.reference}) and cannot tell "
            f"what became of it. Ask the seller, then: bookhunt settle {attempt.request_id}",
        )
    return Result(findings=findings, reason=sent.answer.value, message=sent.detail)


def bought_by(world: World, attempt: Attempt, sent: Sent) -> Bought:
    """The purchase that stands, at what was charged, or at what was agreed if nobody says."""
    agreed = attempt.agreed or attempt.max_price
    # A charge in a currency that nothing was agreed in cannot be compared: it is not confirmed.
    charged = None if sent.charged is None else attempt.as_it_costs(sent.charged)
    total = agreed if charged is None else charged
    offer = attempt.offer
    shipping = offer.shipping
    if shipping is None and offer.tax is not None and total.minor >= offer.at_least.minor:
        shipping = total - offer.at_least
    return Bought(
        seller=attempt.seller,
        item_price=offer.price,
        shipping=shipping,
        tax=offer.tax,
        total=total,
        order_id=sent.order_id or attempt.order_id,
        reference=attempt.reference,
        delivery=sent.delivery or attempt.delivery,
        at=world.clock.now(),
        overcharged=total > agreed or _above_its_own_total(attempt, sent),
        charge_confirmed=charged is not None,
        url=offer.url,
        original=_as_sold(attempt, sent),
    )


def _as_sold(attempt: Attempt, sent: Sent) -> Money | None:
    """The total in the seller's currency, where that is another: what it charged, or offered."""
    own = attempt.offer.original
    if own is None:
        return None
    if sent.charged is not None and sent.charged.currency == own.rate.of:
        return sent.charged
    return attempt.offer.as_sold.total


def _above_its_own_total(attempt: Attempt, sent: Sent) -> bool:
    """Whether more was charged than was offered, be it less than the customer's smallest coin."""
    total = attempt.offer.as_sold.total
    return (
        attempt.offer.original is not None
        and sent.charged is not None
        and total is not None
        and sent.charged.currency == total.currency
        and sent.charged > total
    )
