"""What a configuration may set of a strategy."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bookhunt.hunt.candidates import Candidate, Market
from bookhunt.hunt.rolling import Rolling
from bookhunt.hunt.strategies import policy_for
from bookhunt.model.request import RequestState, Strategy
from tests.support.builders import a_request, a_seller
from tests.unit.hunt.life import SETTINGS, Life

if TYPE_CHECKING:
    from tests.support.jump_clock import JumpClock


async def calls_with(
    clock: JumpClock, call_value: float | None, strategy: Strategy = Strategy.BALANCED
) -> int:
    life = Life(clock, settings=replace(SETTINGS, call_value=call_value))
    await life.service.start()
    for number in range(30):
        life.sells(f"s{number:02d}", f"{20 - number * 0.1:.2f}")
    for _ in range(4):  # by the last time, who is cheap is known
        record = await life.hunted(strategy=strategy)
    await life.service.stop(within_s=3600)
    assert record.state is RequestState.SUCCESS
    return record.result.findings.calls


@pytest.mark.parametrize("dear", [0.2, 1.0])
async def test_the_value_of_a_call_decides_how_many_are_made(clock: JumpClock, dear: float) -> None:
    """A call that costs much of the price is hardly made, one that costs nothing is."""
    usual = await calls_with(clock, None)
    assert await calls_with(clock, dear) < usual <= await calls_with(clock, 0.0)


async def test_a_call_may_be_worth_nothing(clock: JumpClock) -> None:
    """Zero is a value, not the absence of one."""
    usual = await calls_with(clock, None, Strategy.FAST)
    assert await calls_with(clock, 0.0, Strategy.FAST) > usual


def cost_of_a_call(life: Life, sellers: int, *, quotes: float = 100.0) -> float:
    """What asking a seller that answered so often is held to cost, among so many."""
    life.service._world.beliefs.seller("s00").quotes = quotes
    candidates = tuple(Candidate(seller=a_seller(f"s{n:02d}"), tier=3) for n in range(sellers))
    market = Market(candidates=candidates, ruled_out=())
    policy = policy_for(
        life.service._world, a_request(strategy=Strategy.BALANCED), market, "isbn:1", length_s=4.3
    )
    assert isinstance(policy, Rolling)
    return policy.boxes["s00"].cost


async def test_a_stranger_among_few_is_worth_knowing(clock: JumpClock) -> None:
    """What it says serves a large part of all requests to come."""
    life = Life(clock)
    costs = [cost_of_a_call(life, 8, quotes=quotes) for quotes in (0.0, 8.0, 100.0)]
    assert costs == sorted(costs)
    assert costs[0] < cost_of_a_call(life, 40, quotes=0.0)


async def test_among_few_sellers_a_call_is_dearer(clock: JumpClock) -> None:
    """Each of eight is asked by a large part of all requests, and is known the better for it."""
    life = Life(clock)
    assert cost_of_a_call(life, 8) > cost_of_a_call(life, 20) > cost_of_a_call(life, 40)
    assert cost_of_a_call(life, 40) == cost_of_a_call(life, 100)


async def test_a_value_that_was_set_holds_among_few_sellers_too(clock: JumpClock) -> None:
    life = Life(clock, settings=replace(SETTINGS, call_value=0.003))
    assert cost_of_a_call(life, 8) == cost_of_a_call(life, 40)
