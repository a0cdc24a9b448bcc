"""What a ledger promises of copies: never more buyers than copies, and no copy held for nothing."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bookhunt.hunt.ports import Intended, IntentRefusal, Limits
from bookhunt.model.purchase import Answer, Stage
from tests.support.builders import an_intent, an_offer
from tests.support.ledger_steps import (
    a_manual,
    a_prepared,
    a_processing,
    a_sending,
    an_unknown,
    fell_through,
    lost,
    won,
)

if TYPE_CHECKING:
    from bookhunt.hunt.ports import Intent
    from bookhunt.model.offer import Offer
    from tests.contract.conftest import AnyLedger
    from tests.support.jump_clock import JumpClock

BUSY, HELD, TAKEN = IntentRefusal.SLOT_BUSY, IntentRefusal.SLOT_HELD, IntentRefusal.SLOT_TAKEN
NO_LIMIT = Limits(purchase=None, day=None, month=None)


@pytest.fixture(autouse=True)
async def _no_limits(ledger: AnyLedger) -> None:
    await ledger.set_limits("USD", NO_LIMIT)


def copies(units: int | None, clock: JumpClock, **fields: object) -> Offer:
    """An offer of so many copies, asked for now."""
    return an_offer(inventory=units, checked_at=clock.now(), response_ms=0.0, **fields)


async def wish(ledger: AnyLedger, offer: Offer, *, in_flight: int | None = None) -> Intent:
    """What another customer would intend."""
    units = offer.inventory or 1
    return an_intent(
        await a_processing(ledger), offer, slots_in_flight=units if in_flight is None else in_flight
    )


async def test_a_thousand_buyers_of_three_copies_are_three_intents(
    ledger: AnyLedger, clock: JumpClock
) -> None:
    offer = copies(3, clock)
    wishes = [await wish(ledger, offer) for _ in range(1000)]
    answers = await asyncio.gather(*(ledger.intend(intent) for intent in wishes))
    assert sum(isinstance(answer, Intended) for answer in answers) == 3
    assert Counter(a for a in answers if not isinstance(a, Intended)) == {HELD: 997}
    assert len(await ledger.open_attempts()) == 3


async def test_one_copy_is_one_buyers(ledger: AnyLedger, clock: JumpClock) -> None:
    offer = copies(1, clock)
    await a_prepared(ledger, offer)
    assert await ledger.intend(await wish(ledger, offer)) is HELD


@pytest.mark.parametrize("make", [a_sending, an_unknown, a_manual])
async def test_a_copy_is_held_while_its_order_may_stand(
    ledger: AnyLedger, clock: JumpClock, make: object
) -> None:
    """An outcome that nobody knows holds the copy, for as long as nobody knows."""
    offer = copies(1, clock)
    await make(ledger, offer)  # type: ignore[operator]
    clock.pass_time(86_400)
    assert await ledger.intend(await wish(ledger, offer)) is HELD


@pytest.mark.parametrize("to", [Stage.REFUSED, Stage.NOT_SENT, Stage.ABSENT])
async def test_a_copy_that_was_not_bought_is_free_again(
    ledger: AnyLedger, clock: JumpClock, to: Stage
) -> None:
    offer = copies(1, clock)
    attempt = await a_sending(ledger, offer)
    if to is Stage.ABSENT:
        attempt = await lost(ledger, attempt)
    await fell_through(ledger, attempt, to)
    assert isinstance(await ledger.intend(await wish(ledger, offer)), Intended)


async def test_a_copy_that_was_abandoned_is_free_again(ledger: AnyLedger, clock: JumpClock) -> None:
    offer = copies(1, clock)
    prepared = await a_prepared(ledger, offer)
    await fell_through(ledger, prepared.attempt, Stage.ABANDONED, Answer.OVER_MAX)
    assert isinstance(await ledger.intend(await wish(ledger, offer)), Intended)


async def test_a_bought_copy_is_gone_until_the_seller_is_asked_again(
    ledger: AnyLedger, clock: JumpClock
) -> None:
    """The seller's own number leaves it out only if it was asked after the purchase."""
    offer = copies(2, clock)
    first = await a_sending(ledger, offer)
    clock.pass_time(10)
    asked_before = copies(2, clock)
    clock.pass_time(1)
    await won(ledger, first)
    assert isinstance(await ledger.intend(await wish(ledger, asked_before)), Intended)
    assert await ledger.intend(await wish(ledger, asked_before)) is HELD
    clock.pass_time(1)
    assert isinstance(await ledger.intend(await wish(ledger, copies(2, clock))), Intended)


async def test_what_was_sold_since_the_seller_answered_is_certainly_gone(
    ledger: AnyLedger, clock: JumpClock
) -> None:
    offer = copies(1, clock)
    clock.pass_time(1)
    sending = await a_sending(ledger, offer)
    clock.pass_time(1)
    await won(ledger, sending)
    assert await ledger.intend(await wish(ledger, offer)) is TAKEN


@pytest.mark.parametrize("answered_after_s", [2.0, 0.5])
async def test_an_order_under_way_when_the_seller_was_asked_proves_nothing(
    ledger: AnyLedger, clock: JumpClock, answered_after_s: float
) -> None:
    """The seller may have taken it off its number already: then a copy is left.

    The order leaves before the question does, or between the question and its answer.
    """
    earlier = copies(2, clock)
    clock.pass_time(1)
    sending = await a_sending(ledger, earlier)
    clock.pass_time(1)
    response_ms = 1000 * answered_after_s
    offer = an_offer(
        inventory=1, checked_at=clock.now() + timedelta(seconds=0.1), response_ms=response_ms
    )
    clock.pass_time(1)
    await won(ledger, sending)
    assert await ledger.intend(await wish(ledger, offer)) is HELD


async def test_what_another_saw_later_proves_nothing(ledger: AnyLedger, clock: JumpClock) -> None:
    mine = copies(1, clock)
    clock.pass_time(1)
    sending = await a_sending(ledger, copies(1, clock))
    clock.pass_time(1)
    await won(ledger, sending)
    assert await ledger.intend(await wish(ledger, mine)) is HELD


async def test_the_time_a_seller_was_asked_counts_not_when_it_answered(
    ledger: AnyLedger, clock: JumpClock
) -> None:
    offer = copies(1, clock)
    first = await a_sending(ledger, offer)
    clock.pass_time(5)
    await won(ledger, first)
    clock.pass_time(1)
    slow = an_offer(inventory=1, checked_at=clock.now(), response_ms=2000.0)
    assert await ledger.intend(await wish(ledger, slow)) is HELD
    fresh = an_offer(inventory=1, checked_at=clock.now(), response_ms=500.0)
    assert isinstance(await ledger.intend(await wish(ledger, fresh)), Intended)


async def test_an_older_observation_does_not_bring_copies_back(
    ledger: AnyLedger, clock: JumpClock
) -> None:
    old = copies(5, clock)
    clock.pass_time(1)
    await a_prepared(ledger, copies(1, clock))
    assert await ledger.intend(await wish(ledger, old)) is HELD


async def test_open_orders_count_against_a_newer_observation(
    ledger: AnyLedger, clock: JumpClock
) -> None:
    await a_sending(ledger, copies(2, clock))
    clock.pass_time(1)
    assert await ledger.intend(await wish(ledger, copies(1, clock))) is HELD


async def test_one_in_flight_means_wait(ledger: AnyLedger, clock: JumpClock) -> None:
    """A copy is left, and its seller takes one order at a time: the next one waits its turn."""
    offer = copies(5, clock)
    first = await a_sending(ledger, offer, intent={"slots_in_flight": 1})
    waiting = await wish(ledger, offer, in_flight=1)
    assert await ledger.intend(waiting) is BUSY
    await won(ledger, first)
    assert isinstance(await ledger.intend(waiting), Intended)


async def test_of_an_unknown_stock_one_is_bought_at_a_time(
    ledger: AnyLedger, clock: JumpClock
) -> None:
    offer = copies(None, clock)
    first = await a_sending(ledger, offer)
    waiting = await wish(ledger, offer)
    assert await ledger.intend(waiting) is BUSY
    clock.pass_time(1)
    await won(ledger, first, "A-1")
    second = await ledger.intend(waiting)
    assert isinstance(second, Intended)
    assert await ledger.intend(await wish(ledger, offer)) is BUSY
    assert await ledger.intend(await wish(ledger, copies(None, clock))) is BUSY


async def test_an_unknown_stock_that_sold_before_still_sells(
    ledger: AnyLedger, clock: JumpClock
) -> None:
    """An observation from between two purchases is no reason to stop."""
    offer = copies(None, clock)
    first = await a_sending(ledger, offer)
    clock.pass_time(1)
    between = copies(None, clock)
    clock.pass_time(1)
    await won(ledger, first)
    assert isinstance(await ledger.intend(await wish(ledger, between)), Intended)


@pytest.mark.parametrize("answer", [Answer.SOLD_OUT, Answer.NOT_STOCKED])
@pytest.mark.parametrize("units", [5, None])
async def test_sold_out_holds_until_the_seller_is_asked_again(
    ledger: AnyLedger, clock: JumpClock, units: int | None, answer: Answer
) -> None:
    offer = copies(units, clock)
    sending = await a_sending(ledger, offer)
    clock.pass_time(1)
    await fell_through(ledger, sending, Stage.REFUSED, answer)
    assert await ledger.intend(await wish(ledger, offer)) is TAKEN
    clock.pass_time(1)
    assert isinstance(await ledger.intend(await wish(ledger, copies(units, clock))), Intended)


async def test_a_declined_payment_says_nothing_of_the_stock(
    ledger: AnyLedger, clock: JumpClock
) -> None:
    offer = copies(1, clock)
    await fell_through(ledger, await a_sending(ledger, offer), Stage.REFUSED, Answer.DECLINED)
    assert isinstance(await ledger.intend(await wish(ledger, offer)), Intended)


@pytest.mark.parametrize("other", [{"item": "other"}, {"seller": "beta"}])
async def test_copies_are_a_sellers_and_an_items(
    ledger: AnyLedger, clock: JumpClock, other: dict[str, str]
) -> None:
    await a_prepared(ledger, copies(1, clock))
    assert isinstance(await ledger.intend(await wish(ledger, copies(1, clock, **other))), Intended)


async def test_a_refused_intent_leaves_no_trace(ledger: AnyLedger, clock: JumpClock) -> None:
    """Nothing of it is written: neither a claim, nor an attempt, nor what it says of the stock."""
    offer = copies(2, clock)
    await a_prepared(ledger, offer)
    await a_prepared(ledger, offer)
    clock.pass_time(1)
    newer = copies(2, clock)
    intent = await wish(ledger, newer)
    record = await ledger.get(intent.request_id)
    for _ in range(3):
        assert await ledger.intend(intent) is HELD
    assert await ledger.attempts(intent.request_id) == []
    assert await ledger.get(intent.request_id) == record
    assert len(await ledger.open_attempts()) == 2


async def test_a_clock_that_goes_back_does_not_sell_a_copy_twice(
    ledger: AnyLedger, clock: JumpClock
) -> None:
    offer = copies(1, clock)
    first = await a_sending(ledger, offer)
    clock.set_wall_clock(-3600)
    await won(ledger, first)
    assert await ledger.intend(await wish(ledger, offer)) is TAKEN


async def test_a_clock_that_was_wrong_does_not_close_a_seller_for_ever(
    ledger: AnyLedger, clock: JumpClock
) -> None:
    """Sold out in a future that never came: an answer of today is believed again."""
    clock.set_wall_clock(365 * 86_400)
    sending = await a_sending(ledger, copies(1, clock))
    await fell_through(ledger, sending, Stage.REFUSED, Answer.SOLD_OUT)
    clock.set_wall_clock(-365 * 86_400)
    clock.pass_time(timedelta(minutes=1).total_seconds())
    assert isinstance(await ledger.intend(await wish(ledger, copies(1, clock))), Intended)
