"""A search goes on when the offer it stopped for falls through: from what is known by then."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bookhunt.model.purchase import Answer
from bookhunt.model.request import RequestState, Strategy
from bookhunt.store.shelf import MemoryShelf
from tests.support.scripted_sellers import SendScript
from tests.unit.hunt.life import Life

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.support.jump_clock import JumpClock

SUCCESS = RequestState.SUCCESS


@pytest.fixture
async def life(clock: JumpClock) -> AsyncIterator[Life]:
    life = Life(clock, shelf=MemoryShelf())
    await life.service.start()
    yield life
    await life.service.stop(within_s=3600)


def declines(life: Life, seller: str, *, after_s: float = 0.0) -> None:
    life.sellers.sends(seller, SendScript(answer=Answer.DECLINED, executes=False, delay_s=after_s))


async def test_an_answer_that_came_too_late_is_there_for_the_next_choice(life: Life) -> None:
    """Its call was paid for; also when there is no time left for others, it is worth confirming."""
    life.sells("dear", "25")
    await life.hunted(strategy=Strategy.BALANCED)
    life.sells("slow", "12", delay_s=1.0)
    life.sells("quick", "10", delay_s=0.05)
    declines(life, "quick", after_s=3.0)
    record = await life.hunted(strategy=Strategy.BALANCED)
    assert record.state is SUCCESS
    assert life.orders() == ["dear", "slow"]
    assert life.sellers.count("quote", "slow") == 2


async def test_who_was_worth_no_call_beside_the_best_may_be_beside_the_next(
    life: Life, clock: JumpClock
) -> None:
    """A dear offer in hand does not end it where a cheaper one is likely."""
    life.sells("best", "10")
    life.sells("good", "12")
    life.sells("dear", "25")
    for _ in range(4):  # what these two ask is known, their answers no longer are
        await life.hunted(strategy=Strategy.BALANCED, sellers=frozenset({"best", "good"}))
        clock.pass_time(1000)
    await life.hunted(strategy=Strategy.BALANCED, sellers=frozenset({"dear"}))
    asked = life.sellers.count("quote", "good")
    declines(life, "best")
    record = await life.hunted(strategy=Strategy.BALANCED)
    assert record.state is SUCCESS
    assert life.orders()[-1] == "good"
    assert life.sellers.count("quote", "good") > asked
