"""Lines: a crowd at one offer spreads over the next ones, and nobody is told "sold out" for it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from bookhunt.hunt.lines import Lines
from bookhunt.hunt.ports import Sent
from bookhunt.hunt.settings import HuntSettings
from bookhunt.model.outcome import ProofOfAbsence
from bookhunt.model.purchase import Answer
from bookhunt.model.request import RequestState, Strategy
from bookhunt.store.shelf import MemoryShelf
from tests.support.builders import a_seller, an_offer, some_limits, usd
from tests.support.jump_clock import JumpClock
from tests.support.memory_ledger import MemoryLedger
from tests.support.scripted_sellers import QuoteScript, SendScript
from tests.unit.hunt.life import Life

if TYPE_CHECKING:
    from bookhunt.model.outcome import RequestRecord

KEY = ("alpha", '"1"')


async def test_a_line_is_as_long_as_those_who_stand_in_it() -> None:
    lines = Lines(JumpClock.of_running_loop())
    lines.join(KEY)
    lines.join(KEY)
    assert lines.ahead(KEY) == 2
    lines.leave(KEY)
    lines.leave(KEY)
    assert lines.ahead(KEY) == 0
    assert not lines._standing, "an empty line is no memory"


async def test_the_wait_is_what_purchases_at_that_seller_take() -> None:
    """Half a second is the first guess; then what is seen."""
    clock = JumpClock.of_running_loop()
    lines = Lines(clock)
    for _ in range(4):
        lines.join(KEY)
    assert lines.wait_s(KEY, at_once=1) == pytest.approx(2.0)
    assert lines.wait_s(KEY, at_once=4) == pytest.approx(0.5)
    with lines.served(KEY):
        await clock.sleep(3.0)
    assert lines.wait_s(KEY, at_once=1) == pytest.approx(12.0)


async def test_an_offer_that_nobody_waits_for_is_never_too_late() -> None:
    """Its purchase begins at once, also when those before it have used up the time."""
    lines = Lines(JumpClock.of_running_loop())
    assert lines.in_time(KEY, at_once=1, left_s=-3.0)
    lines.join(KEY)
    assert lines.in_time(KEY, at_once=2, left_s=-3.0)
    assert lines.in_time(KEY, at_once=1, left_s=1.0)
    assert not lines.in_time(KEY, at_once=1, left_s=0.1)
    assert not lines.in_time(KEY, at_once=1, left_s=-3.0)


def a_life() -> Life:
    """Room for a crowd, and no limit to what it may spend."""
    clock = JumpClock.of_running_loop()
    ledger = MemoryLedger(clock, {"USD": some_limits(None, None)})
    return Life(clock, settings=HuntSettings(workers=64), ledger=ledger)


def sells(life: Life, seller: str, price: str, *, copies: int, takes_s: float) -> None:
    """A seller with few copies, bought one at a time, each in so many seconds."""
    life.sellers.add(
        a_seller(seller, per_second=1000.0, concurrency=100),
        QuoteScript(offers=(an_offer(seller, price=usd(price), inventory=copies),)),
    )
    life.sellers.sends(seller, *(SendScript(delay_s=takes_s) for _ in range(50)))


async def crowd(life: Life, size: int, strategy: Strategy) -> list[RequestRecord]:
    """So many customers want the same book in the same moment."""
    await life.service.start()
    try:
        return list(await asyncio.gather(*(life.hunted(strategy=strategy) for _ in range(size))))
    finally:
        await life.service.stop(within_s=5)


async def test_a_crowd_takes_the_next_best_offers_in_time() -> None:
    """Twelve customers, six cheap copies at a second each, and a dearer seller with plenty."""
    life = a_life()
    sells(life, "cheap", "10", copies=6, takes_s=1.0)
    sells(life, "plenty", "12", copies=40, takes_s=1.0)
    began = life.clock.monotonic()
    records = await crowd(life, 12, Strategy.BALANCED)
    assert [record.state for record in records] == [RequestState.SUCCESS] * 12
    assert life.clock.monotonic() - began < 8.0
    assert len(life.sellers.orders_of("plenty")) >= 6
    assert len(life.sellers.orders_of("cheap")) >= 3


async def test_where_nothing_else_fits_the_turn_is_waited_for() -> None:
    """One seller, few copies, all wanted at once: as many are bought as there are."""
    life = a_life()
    sells(life, "only", "10", copies=4, takes_s=0.2)
    records = await crowd(life, 4, Strategy.BALANCED)
    assert {record.state for record in records} == {RequestState.SUCCESS}


async def test_those_who_come_too_late_are_told_who_came_first_and_no_absence_is_proven() -> None:
    """As many stand before them as there are copies, and their orders may still fall through."""
    life = a_life()
    sells(life, "only", "10", copies=4, takes_s=1.0)
    records = await crowd(life, 12, Strategy.BALANCED)
    states = [record.state for record in records]
    assert states.count(RequestState.SUCCESS) >= 4
    late = [record for record in records if record.state is RequestState.NOT_AVAILABLE]
    assert len(late) == 12 - states.count(RequestState.SUCCESS)
    assert {record.result.reason for record in late} == {"skipped_limit"}
    assert {record.result.findings.proof for record in late} == {ProofOfAbsence.PARTIAL}
    assert {record.result.message for record in late} == {
        "others who came first are buying what fits; try again in a moment"
    }


async def test_a_copy_that_another_order_holds_is_no_proof_of_absence() -> None:
    """Its seller took that order, and may still say that it comes to nothing."""
    life = a_life()
    life.sells("only", an_offer("only", price=usd("10"), inventory=1))
    life.sellers.sends("only", SendScript(answer=Answer.PLACED))
    life.sellers.look_ups("only", *[Sent(answer=Answer.PLACED)] * 9)
    await life.service.start()
    try:
        first = await life.submit()
        await asyncio.sleep(60)
        assert life.ledger.requests[first.request.id].state is RequestState.RESOLVED
        late = await life.hunted()
    finally:
        await life.service.stop(within_s=5)
    assert (late.state, late.result.reason) == (RequestState.NOT_AVAILABLE, "skipped_limit")
    assert late.result.findings.proof is ProofOfAbsence.PARTIAL


async def test_passing_an_offer_by_is_no_failed_try() -> None:
    """Many small offers are passed by, and the request still buys at the last one."""
    life = a_life()
    for n in range(15):
        sells(life, f"one{n:02d}", f"{10 + n}", copies=2, takes_s=1.0)
    records = await crowd(life, 30, Strategy.BALANCED)
    assert {record.state for record in records} == {RequestState.SUCCESS}
    assert len(life.sellers.orders) == 30


async def test_thirty_customers_ask_each_seller_once_and_then_only_to_confirm() -> None:
    """The look-ups are shared, the orders are not."""
    life = a_life()
    life.shelf = MemoryShelf()
    life.service = life._service()
    for n in range(12):
        sells(life, f"shop{n:02d}", f"{10 + n}", copies=4, takes_s=0.2)
    records = await crowd(life, 30, Strategy.BALANCED)
    bought = [each.result.bought for each in records if each.state is RequestState.SUCCESS]
    assert len({(b.seller, b.order_id) for b in bought if b is not None}) == len(bought) == 30
    for n in range(12):
        seller = f"shop{n:02d}"
        asked = life.sellers.count("quote", seller)
        if not life.sellers.orders_of(seller):
            assert asked <= 1, seller
    assert life.sellers.count("quote") < 12 + 2 * 30, "one look-up each, and what confirms an offer"
