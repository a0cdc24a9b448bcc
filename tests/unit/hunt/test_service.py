"""Requests from submission to rest: nothing accepted is forgotten, nobody waits in vain."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bookhunt.hunt import service
from bookhunt.hunt.candidates import ask_of
from bookhunt.hunt.flow import hunt
from bookhunt.hunt.settings import HuntSettings
from bookhunt.model.errors import (
    DaemonStopping,
    IdempotencyKeyReused,
    NotFound,
    PossibleDuplicate,
    TooLate,
    TryLater,
)
from bookhunt.model.purchase import Answer, Stage
from bookhunt.model.reasons import Reason
from bookhunt.model.request import RequestState
from bookhunt.model.seller import Capability
from tests.support.builders import a_request, usd
from tests.support.scripted_sellers import SendScript
from tests.unit.hunt.life import Life

if TYPE_CHECKING:
    from bookhunt.hunt.buying import Ended
    from bookhunt.hunt.easing import Ease
    from bookhunt.hunt.ports import Order, Prepared, Stopped
    from bookhunt.hunt.world import World
    from bookhunt.model.outcome import RequestRecord
    from tests.support.jump_clock import JumpClock

PENDING, PROCESSING = RequestState.PENDING, RequestState.PROCESSING
SUCCESS, CANCELLED = RequestState.SUCCESS, RequestState.CANCELLED


async def submit_twice(life: Life, **second: Any) -> tuple[RequestRecord, RequestRecord]:
    request = a_request(submitted_at=life.clock.now())
    again = replace(request, id=a_request().id)
    first = await life.service.submit(request, fingerprint="f", again=False)
    answer = await life.service.submit(again, **{"fingerprint": "f", "again": False} | second)
    return first.record, answer.record


# ------------------------------------------------------------------------------------- submission
async def test_a_submission_is_durable_and_pending_before_any_seller_is_asked(life: Life) -> None:
    life.sells("shop", "10")
    record = await life.submit()
    assert record.state is PENDING
    assert life.ledger.requests[record.request.id].state is PENDING
    assert life.sellers.calls == []


async def test_the_same_key_and_body_is_the_same_request(life: Life) -> None:
    """Hunted once, bought once."""
    life.sells("shop", "10")
    first, second = await submit_twice(life)
    assert first.request.id == second.request.id
    await life.outcome(first)
    assert life.orders() == ["shop"]


async def test_a_thousand_submissions_of_one_key_are_one_purchase(life: Life) -> None:
    life.sells("shop", "10")
    request = a_request(submitted_at=life.clock.now())

    async def submit() -> str:
        mine = replace(request, id=a_request().id)
        submitted = await life.service.submit(mine, fingerprint="f", again=False)
        return submitted.record.request.id

    ids = set(await asyncio.gather(*[submit() for _ in range(1000)]))
    assert len(ids) == 1
    await life.service.wait(ids.pop(), within_s=60)
    assert life.orders() == ["shop"]


async def test_the_same_key_with_another_body_is_refused(life: Life) -> None:
    with pytest.raises(IdempotencyKeyReused):
        await submit_twice(life, fingerprint="g")


async def test_the_same_book_twice_is_asked_about(life: Life) -> None:
    life.sells("shop", "10")
    record = await life.submit(customer="jane")
    with pytest.raises(PossibleDuplicate) as caught:
        await life.submit(customer="jane")
    assert caught.value.older_id == record.request.id


async def test_a_refused_submission_keeps_no_place(clock: JumpClock) -> None:
    """Nor does one that came before."""
    life = Life(clock, settings=HuntSettings(workers=1, queue=1))
    await life.service.start()
    request = a_request(submitted_at=clock.now())
    for fingerprint in ("f", "g", "g", "f", "g", "f"):
        with contextlib.suppress(IdempotencyKeyReused):
            await life.service.submit(
                replace(request, id=a_request().id), fingerprint=fingerprint, again=False
            )
        await asyncio.sleep(1)
    assert await life.hunted()
    await life.service.stop(within_s=1)


async def test_a_full_queue_refuses_and_writes_nothing(clock: JumpClock) -> None:
    life = Life(clock, settings=HuntSettings(workers=1, queue=2))
    await life.submit()
    await life.submit()
    with pytest.raises(TryLater):
        await life.submit()
    assert len(life.ledger.requests) == 2


async def test_a_caller_that_hangs_up_does_not_lose_the_request(life: Life) -> None:
    """What is on disk is worked on, whether anybody heard the answer or not."""
    life.sells("shop", "10")
    request = a_request(submitted_at=life.clock.now())
    caller = asyncio.create_task(life.service.submit(request, fingerprint="f", again=False))
    await asyncio.sleep(0)
    caller.cancel()
    await asyncio.gather(caller, return_exceptions=True)
    rested = await life.service.wait(request.id, within_s=60)
    while rested is None:  # written a moment after the caller hung up
        rested = await life.service.wait(request.id, within_s=60)
    assert rested.state is SUCCESS


async def test_a_seller_nobody_defined_is_refused_by_name(life: Life) -> None:
    with pytest.raises(NotFound, match="nowhere"):
        await life.submit(sellers=frozenset({"nowhere"}))
    assert life.ledger.requests == {}


async def test_the_profile_must_exist(life: Life) -> None:
    life.sells("shop", "10")
    record = await life.hunted(profile="work")
    assert (record.state, record.result.reason) == (
        RequestState.PURCHASE_FAILED,
        "profile_missing",
    )
    assert life.sellers.calls == []


async def test_what_nobody_could_take_up_in_time_has_expired(clock: JumpClock) -> None:
    """After a quarter of an hour it may not be what its customer wants any more."""
    life = Life(clock)
    record = await life.submit()
    clock.pass_time(901)
    await life.service.start()
    assert (await life.outcome(record)).state is RequestState.EXPIRED
    await life.service.stop(within_s=1)


async def test_what_was_tried_once_does_not_expire(clock: JumpClock) -> None:
    """The customer knows that it is in doubt, and hears how it ends."""
    life = Life(clock)
    life.sells("first", "10", tier=1, capability=Capability.LOOKUP)
    life.sells("second", "20", tier=1)
    life.sellers.sends("first", SendScript(answer=Answer.UNKNOWN, executes=False))
    await life.service.start()
    record = await life.hunted()
    assert clock.monotonic() >= 900
    assert record.state is SUCCESS
    assert life.orders() == ["second"]
    await life.service.stop(within_s=1)


async def test_higher_priority_is_hunted_first(clock: JumpClock) -> None:
    life = Life(clock, settings=HuntSettings(workers=1))
    life.sells("shop", "10")
    low = await life.submit(priority=0)
    high = await life.submit(priority=9)
    await life.service.start()
    await life.outcome(low)
    await life.outcome(high)
    assert [order.reference for order in life.sellers.orders] == [
        (await life.attempts(record))[0].reference for record in (high, low)
    ]
    await life.service.stop(within_s=1)


# ---------------------------------------------------------------------------------------- waiting
async def test_who_waits_is_woken_when_it_rests(life: Life, clock: JumpClock) -> None:
    life.sells("shop", "10", tier=1, delay_s=0.5)
    record = await life.submit()
    waited = await asyncio.gather(
        *[life.service.wait(record.request.id, within_s=60) for _ in range(5)]
    )
    assert {each.state for each in waited if each} == {SUCCESS}
    assert clock.monotonic() == pytest.approx(0.5)


async def test_who_waits_no_longer_is_told_how_it_stands(life: Life, clock: JumpClock) -> None:
    life.sells("shop", "10", tier=1, delay_s=2)
    record = await life.submit()
    waited = await life.service.wait(record.request.id, within_s=0.5)
    assert waited is not None
    assert waited.state is PROCESSING
    assert clock.monotonic() == pytest.approx(0.5)
    at_once = await life.service.wait(record.request.id, within_s=0)
    assert at_once is not None
    assert at_once.state is PROCESSING


async def test_nobody_waits_for_what_does_not_exist(life: Life) -> None:
    assert await life.service.wait("nothing", within_s=60) is None


async def test_what_rests_already_is_told_at_once(life: Life, clock: JumpClock) -> None:
    record = await life.hunted()
    before = clock.monotonic()
    assert await life.outcome(record) == record
    assert clock.monotonic() == before


async def test_waiting_leaves_nothing_behind(life: Life) -> None:
    """Thousands may wait, give up and come back: memory does not grow."""
    life.sells("shop", "10", tier=1, delay_s=1)
    record = await life.submit()
    gone = asyncio.create_task(life.service.wait(record.request.id, within_s=60))
    await asyncio.sleep(0.1)
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    await life.service.wait(record.request.id, within_s=0.1)
    await life.service.wait("nothing", within_s=1)
    await life.outcome(record)
    await asyncio.sleep(0)
    kept = life.service
    assert (kept._waiting, kept._hunts, kept._queued) == ({}, {}, set())
    assert (kept._returns._setbacks, kept._returns._tasks) == ({}, {})


async def test_a_request_taken_up_again_is_waited_for_again(life: Life) -> None:
    """A person's word sends it back to work: the next wait ends when that is over."""
    life.sells("first", "10", tier=1, capability=Capability.NONE)
    life.sellers.sends("first", SendScript(answer=Answer.UNKNOWN, executes=False))
    record = await life.hunted()
    assert record.state is RequestState.NEEDS_ATTENTION
    told = asyncio.create_task(life.service.wait(record.request.id, within_s=0))
    await told
    settled = await life.service.settle_by_hand(record.request.id, order_id=None, retry=True)
    assert settled.state is PROCESSING
    assert (await life.outcome(record)).state is SUCCESS
    assert life.orders() == ["first"]


# ------------------------------------------------------------------------------------- cancelling
async def test_what_waits_in_the_queue_is_cancelled_at_once(clock: JumpClock) -> None:
    life = Life(clock)
    life.sells("shop", "10")
    record = await life.submit()
    assert (await life.service.cancel(record.request.id)).state is CANCELLED
    await life.service.start()
    await asyncio.sleep(60)
    assert life.sellers.calls == []
    await life.service.stop(within_s=1)


async def test_a_search_is_cut_off(life: Life, clock: JumpClock) -> None:
    life.sells("slow", "10", tier=1, delay_s=2)
    record = await life.submit()
    waiting = asyncio.create_task(life.outcome(record))
    await asyncio.sleep(0.5)
    assert (await life.service.cancel(record.request.id)).state is CANCELLED
    assert (await waiting).state is CANCELLED
    await asyncio.sleep(10)
    assert life.sellers.cancelled_quotes == ["slow"]
    assert life.orders() == []


async def cancelled_while(life: Life, stage: str) -> RequestRecord:
    """Cancel a request while one call of its purchase is under way."""
    record = await life.submit()
    call, begun = getattr(life.sellers, stage), asyncio.Event()

    async def slow(order: Order) -> Any:
        begun.set()
        await asyncio.sleep(1)
        return await call(order)

    setattr(life.sellers, stage, slow)
    await begun.wait()
    asked = await life.service.cancel(record.request.id)
    assert asked.cancel_requested
    setattr(life.sellers, stage, call)
    return record


async def test_a_basket_being_filled_is_given_up(life: Life) -> None:
    life.sells("shop", "10")
    record = await life.outcome(await cancelled_while(life, "prepare"))
    assert record.state is CANCELLED
    assert life.orders() == []
    assert life.sellers.count("cancel") == 1
    (attempt,) = await life.attempts(record)
    assert attempt.stage is Stage.ABANDONED


async def test_a_basket_that_fails_after_the_cancellation_is_not_replaced(life: Life) -> None:
    life.sells("first", "10", tier=1)
    life.sells("second", "20", tier=1)
    life.sellers.prepares("first", Answer.SOLD_OUT)
    record = await life.outcome(await cancelled_while(life, "prepare"))
    assert record.state is CANCELLED
    assert life.orders() == []


async def test_an_order_under_way_is_never_cut_off(life: Life) -> None:
    """The cancellation came too late, and is told so: it was bought."""
    life.sells("shop", "10")
    record = await life.outcome(await cancelled_while(life, "send"))
    assert record.state is SUCCESS
    assert life.orders() == ["shop"]
    assert record.result.message is not None
    assert "too late" in record.result.message


async def test_an_order_refused_after_the_cancellation_is_not_tried_elsewhere(life: Life) -> None:
    life.sells("first", "10", tier=1)
    life.sells("second", "20", tier=1)
    life.sellers.sends("first", SendScript(answer=Answer.DECLINED))
    record = await life.outcome(await cancelled_while(life, "send"))
    assert record.state is CANCELLED
    assert life.orders() == []


async def test_what_was_bought_is_not_cancelled(life: Life) -> None:
    life.sells("shop", "10")
    record = await life.hunted()
    with pytest.raises(TooLate):
        await life.service.cancel(record.request.id)
    with pytest.raises(NotFound):
        await life.service.cancel("nothing")


@pytest.mark.parametrize("capability", [Capability.LOOKUP, Capability.KEY_AND_LOOKUP])
async def test_a_doubtful_order_cancelled_is_found_out_and_not_sent_again(
    life: Life, capability: Capability
) -> None:
    """It turns out that nothing was bought, and so it stays."""
    life.sells("shop", "10", capability=capability)
    life.sellers.sends("shop", SendScript(answer=Answer.UNKNOWN, executes=False, delay_s=2))
    record = await life.submit()
    await asyncio.sleep(1)
    await life.service.cancel(record.request.id)
    assert (await life.outcome(record)).state is CANCELLED
    assert life.sellers.count("send") == 1
    assert life.orders() == []


@pytest.mark.parametrize("when_s", [n / 10 + 0.05 for n in range(14)])
async def test_a_cancellation_at_any_moment_ends_the_request(life: Life, when_s: float) -> None:
    """Cancelled with no order, or bought with one: nothing between, and nothing for ever."""
    life.sells("shop", "10", tier=1, delay_s=0.3)
    prepare = life.sellers.prepare

    async def slow(order: Order) -> Prepared | Stopped:
        await asyncio.sleep(0.4)
        return await prepare(order)

    life.sellers.prepare = slow  # type: ignore[method-assign]
    life.sellers.sends("shop", SendScript(delay_s=0.4))
    record = await life.submit()
    await asyncio.sleep(when_s)
    try:
        await life.service.cancel(record.request.id)
    except TooLate:
        assert when_s > 1.1
    record = await life.outcome(record)
    assert record.state is (CANCELLED if not life.orders() else SUCCESS)
    assert (record.state is SUCCESS) == (when_s > 0.7)


# --------------------------------------------------------------------------------------- stopping
async def test_stopping_lets_an_order_under_way_end(clock: JumpClock) -> None:
    life = Life(clock)
    await life.service.start()
    life.sells("shop", "10")
    life.sellers.sends("shop", SendScript(delay_s=15))
    record = await life.submit()
    waiting = asyncio.create_task(life.service.wait(record.request.id, within_s=600))
    await asyncio.sleep(1)
    await life.service.stop(within_s=60)
    assert clock.monotonic() == pytest.approx(15)
    assert life.ledger.requests[record.request.id].state is SUCCESS
    woken = await waiting
    assert woken is not None
    assert woken.state is SUCCESS
    assert clock.monotonic() == pytest.approx(15)


async def test_stopping_cuts_searches_off_and_the_next_life_goes_on(clock: JumpClock) -> None:
    life = Life(clock)
    await life.service.start()
    life.sells("shop", "10", delay_s=2)
    record = await life.submit()
    await asyncio.sleep(1)
    await life.service.stop(within_s=60)
    assert clock.monotonic() == pytest.approx(1)
    assert life.ledger.requests[record.request.id].state is PROCESSING
    await life.another()
    assert (await life.outcome(record)).state is SUCCESS
    assert life.orders() == ["shop"]
    await life.service.stop(within_s=1)


async def test_an_order_that_does_not_end_in_time_is_left_on_disk(clock: JumpClock) -> None:
    """And the next life finds out about it."""
    life = Life(clock)
    await life.service.start()
    life.sells("shop", "10")
    life.sellers.sends("shop", SendScript(delay_s=600))
    record = await life.submit()
    await asyncio.sleep(1)
    await life.service.stop(within_s=5)
    assert clock.monotonic() == pytest.approx(6)
    await life.another()
    assert (await life.outcome(record)).state is SUCCESS
    assert life.orders() == ["shop"]
    await life.service.stop(within_s=1)


async def test_a_service_that_stops_takes_nothing_new(life: Life) -> None:
    await life.service.stop(within_s=1)
    with pytest.raises(DaemonStopping):
        await life.submit()


# -------------------------------------------------------------------------------------- failures
async def test_a_bug_ends_one_hunt_loudly_and_no_other(
    life: Life, caplog: pytest.LogCaptureFixture
) -> None:
    life.sells("shop", "10")
    quote = life.sellers.quote

    async def breaks(seller_id: str, *args: Any, **kwargs: Any) -> Any:
        life.sellers.quote = quote  # type: ignore[method-assign]
        raise RuntimeError("a bug")

    life.sellers.quote = breaks  # type: ignore[method-assign]
    record = await life.hunted()
    assert (record.state, record.result.reason) == (
        RequestState.PURCHASE_FAILED,
        "internal",
    )
    assert "a bug" in caplog.text
    assert (await life.hunted()).state is SUCCESS


async def test_a_restart_hunts_each_request_once(clock: JumpClock) -> None:
    """A request settled back to work while the others are read from disk is not hunted twice."""
    life = Life(clock)
    await life.service.start()
    life.sells("first", "10", tier=1, capability=Capability.LOOKUP)
    life.sells("second", "20", tier=1)
    life.sellers.sends("first", SendScript(answer=Answer.UNKNOWN, executes=False))
    doubtful = await life.submit()
    waiting = [await life.submit() for _ in range(3)]
    await asyncio.sleep(0.5)
    await life.another()
    for record in [doubtful, *waiting]:
        assert (await life.outcome(record)).state is SUCCESS
    assert len(life.orders()) == 4
    await life.service.stop(within_s=1)


async def test_starting_twice_the_same_request_is_one_hunt(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However often it is handed over: from the disk, from a settled order, from a submission."""
    hunted: list[str] = []

    async def counted(world: World, record: RequestRecord, ease: Ease) -> Ended:
        hunted.append(record.request.id)
        return await hunt(world, record, ease)

    monkeypatch.setattr(service, "hunt", counted)
    life.sells("shop", "10", tier=1, delay_s=1)
    record = await life.submit()
    life.service._queue(record)
    for _ in range(3):
        await asyncio.sleep(0.2)
        life.service._queue(life.ledger.requests[record.request.id])
    assert (await life.outcome(record)).state is SUCCESS
    await asyncio.sleep(10)
    assert hunted == [record.request.id]
    assert life.orders() == ["shop"]


# ----------------------------------------------------------------------------------------- quotes
async def test_a_quote_asks_everybody_who_can_be_asked_and_buys_nothing(life: Life) -> None:
    life.sells("a", "10", tier=1)
    life.sells("b", "20", tier=3)
    life.fails("c", Reason.NOT_STOCKED)
    life.sells("far", "1", ships_to=frozenset({"AU"}))
    ask = ask_of(a_request())
    quoted = await life.service.quote(ask, sellers=None, within_s=5)
    assert {each.seller: each.reason for each in quoted} == {
        "a": None,
        "b": None,
        "c": Reason.NOT_STOCKED,
    }
    only = await life.service.quote(ask, sellers=frozenset({"b"}), within_s=5)
    assert [each.seller for each in only] == ["b"]
    assert life.ledger.requests == {}
    assert life.sellers.count("prepare") == 0


async def test_a_quote_ends_in_time_however_many_calls_wait(clock: JumpClock) -> None:
    life = Life(clock, settings=HuntSettings(workers=1, in_flight=2))
    for n in range(10):
        life.sells(f"s{n}", "10", delay_s=60, timeout_s=30)
    quoted = await life.service.quote(ask_of(a_request()), sellers=None, within_s=3)
    assert clock.monotonic() == pytest.approx(3)
    assert {each.reason for each in quoted} == {Reason.TIMED_OUT}
    assert sum(each.calls for each in quoted) == 2
    await life.service.stop(within_s=1)


async def test_the_maximum_of_a_quote_bounds_nothing_it_shows(life: Life) -> None:
    life.sells("dear", "99")
    (quoted,) = await life.service.quote(
        ask_of(a_request(max_price=usd("10"))), sellers=None, within_s=5
    )
    assert quoted.offers[0].total == usd("99")
