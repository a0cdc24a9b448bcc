"""A seller that lost an answer and can prove nothing is left alone until a person has said."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from bookhunt.model.purchase import Answer
from bookhunt.model.reasons import UNPROVEN, Reason
from bookhunt.model.request import RequestState
from bookhunt.model.seller import Capability
from tests.support.scripted_sellers import SendScript
from tests.unit.hunt.life import Life

if TYPE_CHECKING:
    from bookhunt.model.outcome import RequestRecord
    from tests.support.jump_clock import JumpClock

ATTENTION, SUCCESS = RequestState.NEEDS_ATTENTION, RequestState.SUCCESS


def street(life: Life, capability: Capability = Capability.NONE) -> None:
    life.sells("shop", "10", "10", "10", tier=1, capability=capability)
    life.sells("other", "20", "20", "20", tier=1)


async def lose_an_answer(life: Life) -> RequestRecord:
    street(life)
    life.sellers.sends("shop", SendScript(answer=Answer.UNKNOWN, executes=True))
    record = await life.hunted()
    assert record.state is ATTENTION
    return record


async def test_the_next_customer_buys_elsewhere_and_is_told_why(life: Life) -> None:
    lost = await lose_an_answer(life)
    record = await life.hunted()
    assert life.orders() == ["shop", "other"]
    note = life.notes(record)["shop"]
    assert note.reason in UNPROVEN
    assert note.reason is Reason.SKIPPED_OPEN_BREAKER
    assert f"bookhunt settle {lost.request.id}" in (note.detail or "")


@pytest.mark.parametrize("order_id", ["A-1", None])
async def test_a_persons_word_frees_the_seller(life: Life, order_id: str | None) -> None:
    lost = await lose_an_answer(life)
    await life.service.settle_by_hand(lost.request.id, order_id=order_id, retry=False)
    assert (await life.hunted()).state is SUCCESS
    assert life.orders() == ["shop", "shop"]


async def test_a_new_life_remembers(clock: JumpClock) -> None:
    life = Life(clock)
    await life.service.start()
    lost = await lose_an_answer(life)
    await life.another()
    await life.hunted()
    assert life.orders() == ["shop", "other"]
    await life.service.settle_by_hand(lost.request.id, order_id="A-1", retry=False)
    await life.hunted()
    assert life.orders() == ["shop", "other", "shop"]
    await life.service.stop(within_s=1)


async def test_whoever_had_chosen_it_already_takes_the_next_offer(life: Life) -> None:
    """The answer is lost while another request is about to buy there."""
    street(life)
    life.sellers.sends("shop", SendScript(answer=Answer.UNKNOWN, executes=True, delay_s=1.0))
    first = await life.submit()
    await asyncio.sleep(0.5)
    second = await life.submit()
    assert (await life.outcome(first)).state is ATTENTION
    record = await life.outcome(second)
    assert record.state is SUCCESS
    assert record.result.bought is not None
    assert record.result.bought.seller == "other"
    assert life.orders() == ["shop", "other"]


@pytest.mark.parametrize("capability", [Capability.KEY, Capability.LOOKUP])
async def test_a_seller_that_can_prove_something_goes_on_selling(
    life: Life, capability: Capability
) -> None:
    street(life, capability)
    life.sellers.sends("shop", SendScript(answer=Answer.UNKNOWN, executes=True, delay_s=1.0))
    await life.submit()
    await asyncio.sleep(1.1)
    assert (await life.hunted()).state is SUCCESS
    assert life.orders() == ["shop", "shop"]
