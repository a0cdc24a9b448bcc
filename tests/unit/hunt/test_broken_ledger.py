"""A disk that is full, or fails: nothing is ordered twice, nothing is lost, nothing stays stuck."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookhunt.model.errors import LedgerUnusable
from bookhunt.model.purchase import Answer, Stage
from bookhunt.model.request import RequestState
from bookhunt.model.seller import Capability
from tests.support.jump_clock import JumpClock
from tests.support.scripted_sellers import SendScript
from tests.unit.hunt.life import FailingLedger, Life

if TYPE_CHECKING:
    from bookhunt.model.outcome import RequestRecord

SUCCESS = RequestState.SUCCESS


async def a_life(clock: JumpClock, capability: Capability = Capability.KEY_AND_LOOKUP) -> Life:
    life = Life(clock, ledger=FailingLedger(clock))
    await life.service.start()
    life.sells("shop", "10", tier=1, capability=capability)
    life.sells("other", "20", tier=1, capability=capability)
    return life


@pytest.mark.parametrize("after", [False, True], ids=["not-written", "written"])
@pytest.mark.parametrize("call", ["move", "attempts", "intend", "start_sending", "settle"])
async def test_a_write_that_fails_for_a_while_only_takes_time(
    clock: JumpClock, call: str, after: bool
) -> None:
    """Whether it was written after all or not, at every step before and after the intent."""
    life = await a_life(clock)
    life.ledger.break_(call, 3, after=after)
    record = await life.hunted()
    assert record.state is SUCCESS
    assert life.orders() == ["shop"]
    assert clock.monotonic() < 60
    await life.service.stop(within_s=60)


async def test_an_answer_that_cannot_be_written_is_kept_and_tried_again(clock: JumpClock) -> None:
    """For an hour, if need be: it is known here and nowhere else. Nothing is asked or sent."""
    life = await a_life(clock, Capability.NONE)
    life.ledger.break_("settle", 700)
    record = await life.submit()
    await asyncio.sleep(0.5)
    (attempt,) = await life.attempts(record)
    assert attempt.stage is Stage.SENDING
    assert (await life.outcome(record)).state is SUCCESS
    assert clock.monotonic() > 3000
    assert life.sellers.count("send") == 1
    assert life.orders() == ["shop"]
    await life.service.stop(within_s=60)


async def test_stopping_while_an_answer_cannot_be_written_leaves_it_to_the_next_life(
    clock: JumpClock,
) -> None:
    life = await a_life(clock)
    life.ledger.break_("settle", 10_000)
    record = await life.submit()
    await asyncio.sleep(0.5)
    await life.service.stop(within_s=30)
    assert clock.monotonic() == pytest.approx(30.5)
    life.ledger.break_("settle", 0)
    await life.another()
    assert (await life.outcome(record)).state is SUCCESS
    assert life.orders() == ["shop"]
    await life.service.stop(within_s=60)


async def test_before_the_intent_nothing_is_sent_while_the_disk_is_full(clock: JumpClock) -> None:
    """The request waits; when there is room again it is bought."""
    life = await a_life(clock)
    life.ledger.break_("intend", 5)
    record = await life.submit()
    await asyncio.sleep(10)
    assert life.sellers.count("prepare") == 0
    assert life.ledger.requests[record.request.id].state is RequestState.PROCESSING
    assert (await life.outcome(record)).state is SUCCESS
    await life.service.stop(within_s=60)


async def test_a_submission_that_cannot_be_written_is_refused_and_forgotten(
    clock: JumpClock,
) -> None:
    """The caller is told; the same key may be sent again."""
    life = await a_life(clock)
    life.ledger.break_("submit", 1)
    with pytest.raises(LedgerUnusable):
        await life.submit()
    assert life.ledger.requests == {}
    assert (await life.hunted()).state is SUCCESS
    await life.service.stop(within_s=60)


@pytest.mark.parametrize("capability", Capability)
@pytest.mark.parametrize("call", ["checked", "resend", "settle", "get"])
async def test_settling_survives_it_too(
    clock: JumpClock, capability: Capability, call: str
) -> None:
    life = await a_life(clock, capability)
    life.sellers.sends("shop", SendScript(answer=Answer.UNKNOWN, executes=True))
    record = await life.submit()
    await asyncio.sleep(0)
    life.ledger.break_(call, 4)
    record = await life.outcome(record)
    assert record.state in {SUCCESS, RequestState.NEEDS_ATTENTION}
    assert life.orders() == ["shop"]
    await life.service.stop(within_s=60)


async def _hunt_on_a_failing_disk(
    clock: JumpClock, capability: Capability, executes: list[bool], faults: list[str]
) -> tuple[Life, RequestRecord]:
    life = await a_life(clock, capability)
    life.sellers.sends(
        "shop", *[SendScript(answer=Answer.UNKNOWN, executes=each) for each in executes]
    )
    record = await life.submit()
    life.ledger.faults = iter(faults)
    rested = await life.outcome(record, within_s=30 * 86_400)
    await life.service.stop(within_s=600)
    return life, rested


@given(
    capability=st.sampled_from(Capability),
    executes=st.lists(st.booleans(), max_size=3),
    faults=st.lists(st.sampled_from(["", "", "before", "after"]), max_size=80),
)
def test_wherever_it_fails_there_is_one_order_or_none(
    capability: Capability, executes: list[bool], faults: list[str]
) -> None:
    """Faults at any calls, written or not; every request rests in the end, never with two."""
    clock = JumpClock()
    life, record = clock.run(_hunt_on_a_failing_disk(clock, capability, executes, faults))
    assert len(life.orders()) <= 1
    if record.state is SUCCESS:
        assert len(life.orders()) == 1
    elif record.state is not RequestState.NEEDS_ATTENTION:
        assert life.orders() == [], record
    stages = [attempt.stage for attempt in clock.run(life.ledger.real.attempts(record.request.id))]
    live = [stage for stage in stages if not stage.allows_next_seller]
    assert len(live) == (record.state in {SUCCESS, RequestState.NEEDS_ATTENTION})
