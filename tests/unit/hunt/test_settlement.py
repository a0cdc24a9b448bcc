"""From a seller's word to what is true about an order: the table of purchase-safety."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bookhunt.hunt.ports import Sent
from bookhunt.hunt.settlement import (
    bought_by,
    stage_after_first_send,
    stage_after_look_up,
    stage_after_resend,
)
from bookhunt.model.money import Money
from bookhunt.model.purchase import Answer, Stage
from tests.support.builders import a_sending_attempt, an_offer, usd
from tests.unit.hunt.life import Life

if TYPE_CHECKING:
    from tests.support.jump_clock import JumpClock

FIRST_SEND = {
    "bought": Stage.CONFIRMED,
    "placed": Stage.PLACED,
    "needs_person": Stage.MANUAL,
    "not_sent": Stage.NOT_SENT,
    "sold_out": Stage.REFUSED,
    "declined": Stage.REFUSED,
    "price_changed": Stage.REFUSED,
    "refused": Stage.REFUSED,
    "unauthorised": Stage.REFUSED,
    "rate_limited": Stage.REFUSED,
}
LOOK_UP = {
    "bought": Stage.CONFIRMED,
    "needs_person": Stage.MANUAL,
    "sold_out": Stage.REFUSED,
    "declined": Stage.REFUSED,
    "price_changed": Stage.REFUSED,
    "refused": Stage.REFUSED,
}
RESEND_REPLAYED = LOOK_UP | {"already_done": Stage.CONFIRMED}
RESEND_NEW = {
    "bought": Stage.CONFIRMED,
    "already_done": Stage.CONFIRMED,
    "needs_person": Stage.MANUAL,
}


@pytest.mark.parametrize("answer", Answer)
def test_after_the_first_send_all_that_is_not_plain_is_unknown(answer: Answer) -> None:
    """Even words that only steps before the commit may say: an order may stand."""
    expected = FIRST_SEND.get(answer.value, Stage.UNKNOWN)
    assert stage_after_first_send(Sent(answer=answer)) is expected


@pytest.mark.parametrize("answer", Answer)
def test_a_refusal_of_a_resend_counts_only_where_the_key_replays_its_answer(answer: Answer) -> None:
    """Elsewhere it is about the second send, and says nothing about the first."""
    sent = Sent(answer=answer)
    replayed = stage_after_resend(sent, replays_same_answer=True)
    new = stage_after_resend(sent, replays_same_answer=False)
    assert replayed is RESEND_REPLAYED.get(answer.value)
    assert new is RESEND_NEW.get(answer.value)


@pytest.mark.parametrize("answer", [Answer.UNAUTHORISED, Answer.RATE_LIMITED, Answer.NOT_SENT])
def test_no_trouble_of_a_resend_proves_the_first_send_away(answer: Answer) -> None:
    """They end an attempt only where they answer its first send."""
    assert stage_after_first_send(Sent(answer=answer)).allows_next_seller
    assert stage_after_resend(Sent(answer=answer), replays_same_answer=True) is None
    assert stage_after_look_up(Sent(answer=answer)) is None


@pytest.mark.parametrize("answer", Answer)
def test_a_look_up_settles_only_what_it_plainly_says(answer: Answer) -> None:
    """Not found is no settlement by itself: how late and how often is `unknown`'s business."""
    assert stage_after_look_up(Sent(answer=answer)) is LOOK_UP.get(answer.value)


@pytest.mark.parametrize("answer", Answer)
def test_every_answer_leads_to_a_move_the_table_allows(answer: Answer) -> None:
    sent = Sent(answer=answer)
    assert Stage.SENDING.may_become(stage_after_first_send(sent))
    for replays in (True, False):
        stage = stage_after_resend(sent, replays_same_answer=replays)
        assert stage is None or Stage.UNKNOWN.may_become(stage)
    found = stage_after_look_up(sent)
    assert found is None or Stage.UNKNOWN.may_become(found)
    assert found is None or Stage.PLACED.may_become(found)


# ------------------------------------------------------------------------------- what was paid
async def test_a_charge_above_what_was_agreed_is_said_loudly(clock: JumpClock) -> None:
    world = Life(clock).service._world
    attempt = a_sending_attempt(agreed=usd("12.50"))
    over = bought_by(world, attempt, Sent(answer=Answer.BOUGHT, charged=usd("12.51")))
    assert (over.overcharged, over.total, over.charge_confirmed) == (True, usd("12.51"), True)
    exact = bought_by(world, attempt, Sent(answer=Answer.BOUGHT, charged=usd("12.50")))
    assert not exact.overcharged


async def test_a_charge_nobody_named_is_what_was_agreed_and_not_confirmed(
    clock: JumpClock,
) -> None:
    world = Life(clock).service._world
    attempt = a_sending_attempt(agreed=usd("12.50"))
    bought = bought_by(world, attempt, Sent(answer=Answer.BOUGHT, order_id="A-1"))
    assert (bought.total, bought.charge_confirmed, bought.overcharged) == (
        usd("12.50"),
        False,
        False,
    )


async def test_a_charge_in_another_currency_is_not_compared(clock: JumpClock) -> None:
    world = Life(clock).service._world
    attempt = a_sending_attempt(agreed=usd("12.50"))
    bought = bought_by(world, attempt, Sent(answer=Answer.BOUGHT, charged=Money(9900, "EUR")))
    assert (bought.total, bought.charge_confirmed) == (usd("12.50"), False)


async def test_shipping_that_was_unknown_is_what_the_total_leaves(clock: JumpClock) -> None:
    world = Life(clock).service._world
    offer = an_offer(price=usd("10"), shipping=None)
    attempt = a_sending_attempt(offer=offer, agreed=usd("13.50"))
    bought = bought_by(world, attempt, Sent(answer=Answer.BOUGHT, charged=usd("13.50")))
    assert (bought.item_price, bought.shipping, bought.total) == (
        usd("10"),
        usd("3.50"),
        usd("13.50"),
    )


async def test_an_order_without_a_number_stands_under_our_reference(clock: JumpClock) -> None:
    world = Life(clock).service._world
    attempt = a_sending_attempt()
    bought = bought_by(world, attempt, Sent(answer=Answer.ALREADY_DONE))
    assert bought.order_id is None
    assert bought.reference == attempt.reference
