"""Every open order comes to its end: found, sent again, proven away, or handed to a person."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bookhunt.hunt.ports import IntentRefusal, Sent
from bookhunt.model.errors import IllegalTransition, LedgerUnusable
from bookhunt.model.purchase import Answer, Stage
from bookhunt.model.request import RequestState
from bookhunt.model.seller import Capability, Proof
from tests.support.builders import an_offer, usd
from tests.support.scripted_sellers import QuoteScript, SendScript, a_proof
from tests.unit.hunt.life import FailingLedger, Life

if TYPE_CHECKING:
    from bookhunt.hunt.ports import Order
    from bookhunt.model.outcome import RequestRecord
    from bookhunt.model.purchase import Attempt
    from tests.support.jump_clock import JumpClock

SUCCESS, IN_DOUBT = RequestState.SUCCESS, RequestState.IN_DOUBT
ATTENTION = RequestState.NEEDS_ATTENTION
BOTH, KEY, LOOKUP, NONE = (
    Capability.KEY_AND_LOOKUP,
    Capability.KEY,
    Capability.LOOKUP,
    Capability.NONE,
)
HOUR = 3600.0


def lost(*, executes: bool, **fields: Any) -> SendScript:
    """The answer is lost; the seller took the order, or did not."""
    return SendScript(answer=Answer.UNKNOWN, executes=executes, **fields)


def street(life: Life, capability: Capability, **proof: Any) -> None:
    """The cheapest shop loses answers; another one sells the same for more."""
    seller = life.sells("shop", "10", tier=1, capability=capability)
    life.sellers.change(replace(seller, proof=a_proof(capability, **proof)))
    life.sells("other", "20", tier=1)


async def doubted(
    life: Life, capability: Capability, *, executes: bool, **proof: Any
) -> RequestRecord:
    """A request whose order is on the wire; half a second later its answer is lost."""
    street(life, capability, **proof)
    life.sellers.sends("shop", lost(executes=executes, delay_s=1.0))
    record = await life.submit()
    await asyncio.sleep(0.5)
    return record


def plenty(life: Life) -> None:
    """So many copies that a purchase need not wait for another one."""
    offer = an_offer("shop", item='"many"', price=usd("10"), shipping=usd("0"), inventory=40)
    life.sellers.quotes("shop", QuoteScript(offers=(offer,)))


async def the_attempt(life: Life, record: RequestRecord) -> Attempt:
    (attempt,) = await life.attempts(record)
    return attempt


# ----------------------------------------------------------------------- the table by capability
@pytest.mark.parametrize("capability", [BOTH, LOOKUP])
async def test_an_order_that_stands_is_found(
    life: Life, clock: JumpClock, capability: Capability
) -> None:
    record = await life.outcome(await doubted(life, capability, executes=True))
    assert record.state is SUCCESS
    assert life.orders() == ["shop"]
    assert life.sellers.count("send") == 1
    assert clock.monotonic() < 5
    assert record.result.bought is not None
    assert record.result.bought.order_id == life.sellers.orders[0].order_id


async def test_that_the_bytes_go_again_is_on_disk_before_they_do(life: Life) -> None:
    """From there on "not found" is counted anew, in the next life too."""
    record = await doubted(life, KEY, executes=False)
    life.sellers.sends("shop", *[lost(executes=False)] * 2)
    send, on_disk = life.sellers.send, []

    async def watched(order: Order) -> Sent:
        attempt = await the_attempt(life, record)
        on_disk.append((attempt.sends, attempt.last_sent_at == life.clock.now()))
        return await send(order)

    life.sellers.send = watched  # type: ignore[method-assign]
    assert (await life.outcome(record)).state is SUCCESS
    assert on_disk == [(2, True), (3, True), (4, True)]


@pytest.mark.parametrize("executes", [True, False])
async def test_a_key_is_used_again_and_buys_once(life: Life, executes: bool) -> None:
    record = await life.outcome(await doubted(life, KEY, executes=executes))
    assert record.state is SUCCESS
    assert life.orders() == ["shop"]
    assert life.sellers.count("send") == 2
    first, second = (c.order for c in life.sellers.calls if c.what == "send")
    assert first is not None
    assert second is not None
    assert first.attempt.frozen == second.attempt.frozen
    assert (first.attempt.key, first.attempt.reference) == (
        second.attempt.key,
        second.attempt.reference,
    )


async def test_with_both_the_look_up_comes_first(life: Life) -> None:
    record = await doubted(life, BOTH, executes=False)
    assert (await life.outcome(record)).state is SUCCESS
    assert [c.what for c in life.sellers.calls if c.seller == "shop"] == [
        "quote",
        "prepare",
        "send",
        "look_up",
        "send",
    ]
    assert life.orders() == ["shop"]


async def test_bytes_wait_until_the_first_are_surely_done_with(
    life: Life, clock: JumpClock
) -> None:
    """A slow commit shows the session as it was: looking goes on, and nothing is sent into it."""
    record = await doubted(life, BOTH, executes=False, resend_after_s=30.0)
    assert (await life.outcome(record)).state is SUCCESS
    first, second = (c.at_s for c in life.sellers.calls if c.what == "send")
    assert 31.0 <= second - first < 35.0
    assert life.sellers.count("look_up") > 2
    assert life.orders() == ["shop"]
    assert clock.monotonic() < 40


@pytest.mark.parametrize("working", [Answer.IN_FLIGHT, Answer.PLACED])
async def test_what_the_seller_works_on_is_not_sent_again(life: Life, working: Answer) -> None:
    record = await doubted(life, BOTH, executes=True)
    life.sellers.look_ups("shop", *[Sent(answer=working)] * 3)
    assert (await life.outcome(record)).state is SUCCESS
    assert life.sellers.count("send") == 1
    assert life.sellers.count("look_up") == 4


async def test_not_found_counts_late_and_twice(life: Life, clock: JumpClock) -> None:
    """Only then another seller is tried."""
    record = await life.outcome(await doubted(life, LOOKUP, executes=False))
    assert record.state is SUCCESS
    assert life.orders() == ["other"]
    first, _ = await life.attempts(record)
    assert (first.stage, first.not_found) == (Stage.ABSENT, 1)
    times = [c.at_s for c in life.sellers.calls if c.what == "look_up"]
    assert [t for t in times if t >= 900] == times[-2:]
    assert clock.monotonic() >= 900


async def test_the_time_not_found_takes_counts_from_the_end_of_the_send(
    life: Life, clock: JumpClock
) -> None:
    """Bytes may leave until the answer is given up: the seller's word counts from there."""
    street(life, LOOKUP, settle_s=30.0)
    life.sellers.sends("shop", lost(executes=False, delay_s=25.0))
    record = await life.outcome(await life.submit())
    assert record.state is SUCCESS
    assert clock.monotonic() >= 55


async def test_the_time_of_day_going_forward_proves_nothing(life: Life, clock: JumpClock) -> None:
    """An hour that did not pass is not waited."""
    record = await doubted(life, LOOKUP, executes=False)
    await asyncio.sleep(5)
    clock.set_wall_clock(2 * HOUR)
    await asyncio.sleep(600)
    assert (await the_attempt(life, record)).stage is Stage.UNKNOWN
    assert life.orders() == []
    assert (await life.outcome(record)).state is SUCCESS


@pytest.mark.parametrize("capability", [BOTH, KEY, LOOKUP])
async def test_the_time_of_day_going_back_stops_nothing(
    life: Life, clock: JumpClock, capability: Capability
) -> None:
    """A year back: the order is settled in the time it takes, not in a year."""
    street(life, capability)
    life.sellers.sends("shop", *[lost(executes=False)] * 4)
    record = await life.submit()
    await asyncio.sleep(1)
    clock.set_wall_clock(-365 * 24 * HOUR)
    record = await life.outcome(record, within_s=3 * 24 * HOUR)
    assert record.state in {SUCCESS, ATTENTION}
    assert len(life.orders()) <= 1
    if capability is KEY:
        assert record.state is ATTENTION  # the key's age is not known any more


async def test_an_order_worked_off_late_is_still_found(life: Life) -> None:
    """Within `settle_s` of being sent it may appear; nothing was bought elsewhere meanwhile."""
    record = await doubted(life, LOOKUP, executes=False)
    await asyncio.sleep(890)
    (call,) = (c for c in life.sellers.calls if c.what == "send")
    assert call.order is not None
    life.sellers.execute_late(call.order)
    assert (await life.outcome(record)).state is SUCCESS
    assert life.orders() == ["shop"]


@pytest.mark.parametrize("executes", [True, False])
async def test_without_any_proof_it_waits_for_a_person(life: Life, executes: bool) -> None:
    """One send, no other seller, and the money stays reserved."""
    record = await life.outcome(await doubted(life, NONE, executes=executes))
    assert record.state is ATTENTION
    assert life.sellers.count("send") == 1
    assert record.result.message is not None
    assert f"bookhunt settle {record.request.id}" in record.result.message
    day, _ = await life.ledger.spent("USD", at=life.clock.now())
    assert day.minor == 1000


async def test_a_persons_word_ends_it(life: Life) -> None:
    record = await life.outcome(await doubted(life, NONE, executes=True))
    bought = await life.service.settle_by_hand(record.request.id, order_id="A-7", retry=False)
    assert bought.state is SUCCESS
    assert bought.result.bought is not None
    assert bought.result.bought.order_id == "A-7"


@pytest.mark.parametrize(
    ("retry", "state", "orders"), [(False, RequestState.CANCELLED, []), (True, SUCCESS, ["shop"])]
)
async def test_a_persons_no_ends_it_or_sends_it_back_to_work(
    life: Life, retry: bool, state: RequestState, orders: list[str]
) -> None:
    """With `--retry` the same seller may be tried again: a person knows better than we."""
    record = await life.outcome(await doubted(life, NONE, executes=False))
    await life.service.settle_by_hand(record.request.id, order_id=None, retry=retry)
    record = await life.outcome(record)
    assert record.state is state
    assert life.orders() == orders


async def test_a_key_that_ran_out_leaves_the_look_up(life: Life, clock: JumpClock) -> None:
    """A day of failing re-sends; then "not found" counts, since nothing is sent any more."""
    street(life, BOTH)
    life.sellers.sends("shop", *[lost(executes=False)] * 500)
    record = await life.outcome(await life.submit())
    assert record.state is SUCCESS
    assert life.orders() == ["other"]
    assert 19 * HOUR < clock.monotonic() < 21 * HOUR
    last_send = max(c.at_s for c in life.sellers.calls if (c.what, c.seller) == ("send", "shop"))
    (bought,) = (c.at_s for c in life.sellers.calls if (c.what, c.seller) == ("send", "other"))
    assert bought >= last_send + 900


async def test_a_key_that_ran_out_alone_leaves_a_person(life: Life, clock: JumpClock) -> None:
    street(life, KEY)
    life.sellers.sends("shop", *[lost(executes=False)] * 500)
    record = await life.outcome(await life.submit())
    assert record.state is ATTENTION
    assert life.sellers.count("send") < 150
    assert 19 * HOUR < clock.monotonic() < 20 * HOUR
    last = max(c.at_s for c in life.sellers.calls if c.what == "send")
    assert last < 0.8 * 24 * HOUR


async def test_a_seller_that_never_tells_leaves_a_person(life: Life, clock: JumpClock) -> None:
    """Two days of look-ups that answer nothing: no loop goes on for ever."""
    record = await doubted(life, LOOKUP, executes=False)
    life.sellers.look_ups("shop", *[Sent(answer=Answer.UNKNOWN)] * 5000)
    assert (await life.outcome(record)).state is ATTENTION
    assert 48 * HOUR <= clock.monotonic() < 49 * HOUR


async def test_a_look_up_that_cannot_be_made_is_passed_over(life: Life) -> None:
    """With a key the same bytes go first; without one only a person can say."""
    record = await doubted(life, BOTH, executes=False)
    life.sellers.look_ups("shop", Sent(answer=Answer.PASSED_OVER))
    assert (await life.outcome(record)).state is SUCCESS
    assert life.orders() == ["shop"]
    record = await doubted(life, LOOKUP, executes=False)
    life.sellers.look_ups("shop", Sent(answer=Answer.PASSED_OVER))
    assert (await life.outcome(record)).state is ATTENTION


async def test_what_only_its_key_can_prove_is_sent_again_though_it_is_not_wanted(
    life: Life,
) -> None:
    """Cancelled, an order is only looked up; where that cannot be done, no person is asked."""
    record = await doubted(life, BOTH, executes=True)
    life.sellers.look_ups("shop", Sent(answer=Answer.PASSED_OVER))
    await life.service.cancel(record.request.id)
    assert (await life.outcome(record)).state is SUCCESS
    assert life.orders() == ["shop"]
    assert life.sellers.count("send") == 2


@pytest.mark.parametrize(
    ("replays", "state"), [(True, SUCCESS), (False, ATTENTION)], ids=["replays", "new"]
)
async def test_a_refused_resend_counts_only_where_the_key_replays(
    life: Life, replays: bool, state: RequestState
) -> None:
    """Else it may be the second send that was refused, and the first that stands."""
    street(life, KEY, replays_same_answer=replays)
    refused = SendScript(answer=Answer.DECLINED)
    life.sellers.sends("shop", lost(executes=not replays), *[refused] * 500)
    record = await life.outcome(await life.submit())
    assert record.state is state
    assert life.orders() == (["other"] if replays else ["shop"])


async def test_already_done_proves_the_first_send(life: Life) -> None:
    """Without a number: our reference stands for it."""
    street(life, KEY)
    life.sellers.sends("shop", lost(executes=True), SendScript(answer=Answer.ALREADY_DONE))
    record = await life.outcome(await life.submit())
    assert record.state is SUCCESS
    assert record.result.bought is not None
    assert record.result.bought.order_id is None
    assert life.orders() == ["shop"]


# ------------------------------------------------------------------------------- placed orders
async def test_a_placed_order_is_followed_until_it_is_settled(life: Life, clock: JumpClock) -> None:
    street(life, BOTH)
    life.sellers.sends("shop", SendScript(answer=Answer.PLACED))
    life.sellers.look_ups("shop", *[Sent(answer=Answer.PLACED)] * 6)
    record = await life.submit()
    await asyncio.sleep(60)
    assert life.ledger.requests[record.request.id].state is RequestState.RESOLVED
    assert (await life.outcome(record)).state is SUCCESS
    assert [c.at_s for c in life.sellers.calls if c.what == "look_up"] == pytest.approx(
        [0, 5, 20, 80, 680, 1280, 1880]
    )
    assert life.orders() == ["shop"]


async def test_a_placed_order_that_is_refused_in_the_end_hands_over(life: Life) -> None:
    street(life, BOTH)
    life.sellers.sends("shop", SendScript(answer=Answer.PLACED, executes=False))
    life.sellers.look_ups("shop", Sent(answer=Answer.PLACED), Sent(answer=Answer.SOLD_OUT))
    assert (await life.hunted()).state is SUCCESS
    assert life.orders() == ["other"]


async def test_a_placed_order_is_never_proven_away(
    life: Life, clock: JumpClock, caplog: pytest.LogCaptureFixture
) -> None:
    """The seller accepted it: "not found" only means not yet; after two days a person asks."""
    street(life, BOTH)
    life.sellers.sends("shop", SendScript(answer=Answer.PLACED, executes=False))
    record = await life.hunted()
    assert record.state is ATTENTION
    assert clock.monotonic() >= 48 * HOUR
    assert life.sellers.count("send") == 1
    assert caplog.records == []


# -------------------------------------------------------------------------------- what may change
async def test_an_edited_definition_finds_and_proves_nothing_else(life: Life) -> None:
    """Its look-up may look in another place: not finding is no proof. Finding is."""
    record = await doubted(life, LOOKUP, executes=False)
    seller = life.sellers.get("shop")
    assert seller is not None
    life.sellers.change(replace(seller, definition_hash="e" * 64))
    assert (await life.outcome(record)).state is ATTENTION
    assert life.orders() == []

    record = await doubted(life, LOOKUP, executes=True)
    seller = life.sellers.get("shop")
    assert seller is not None
    life.sellers.change(replace(seller, definition_hash="e" * 64))
    assert (await life.outcome(record)).state is SUCCESS


async def test_an_edited_definition_sends_nothing_again(life: Life) -> None:
    """A key it names now was not in the bytes that were sent then."""
    street(life, NONE)
    life.sellers.sends("shop", lost(executes=True, delay_s=1))
    record = await life.submit()
    await asyncio.sleep(0.5)
    seller = life.sellers.get("shop")
    assert seller is not None
    life.sellers.change(replace(seller, definition_hash="e" * 64, proof=a_proof(KEY)))
    assert (await life.outcome(record)).state is ATTENTION
    assert life.sellers.count("send") == 1


async def removed_while_in_doubt(life: Life, what: str, back_after_s: float) -> RequestRecord:
    record = await doubted(life, BOTH, executes=True)
    seller, profiles = life.sellers.get("shop"), dict(life.buyers.profiles)
    assert seller is not None
    if what == "definition":
        life.sellers.remove("shop")
    else:
        life.buyers.profiles.clear()
    await asyncio.sleep(back_after_s)
    if what == "definition":
        life.sellers.add(seller)
    life.buyers.profiles.update(profiles)
    return record


@pytest.mark.parametrize("what", ["definition", "profile"])
async def test_what_is_missing_for_a_while_is_waited_for(life: Life, what: str) -> None:
    """A file that is being edited, a profile that is being replaced."""
    record = await removed_while_in_doubt(life, what, back_after_s=60)
    assert (await life.outcome(record)).state is SUCCESS
    assert life.orders() == ["shop"]


@pytest.mark.parametrize("what", ["definition", "profile"])
async def test_what_stays_missing_leaves_a_person(life: Life, what: str) -> None:
    record = await removed_while_in_doubt(life, what, back_after_s=HOUR)
    record = await life.outcome(record)
    assert record.state is ATTENTION
    assert life.orders() == ["shop"]


@pytest.mark.parametrize("capability", [KEY, BOTH])
async def test_paused_an_order_is_looked_up_and_not_sent_again(
    life: Life, capability: Capability
) -> None:
    """The switch stops sends, and gives nothing up: on `resume` the same bytes go again."""
    record = await doubted(life, capability, executes=False)
    await life.ledger.set_paused(paused=True)
    await asyncio.sleep(HOUR)
    assert life.sellers.count("send") == 1
    assert life.ledger.requests[record.request.id].state is IN_DOUBT
    await life.ledger.set_paused(paused=False)
    before = life.clock.monotonic()
    assert (await life.outcome(record)).state is SUCCESS
    assert life.clock.monotonic() - before <= 61
    assert life.orders() == ["shop"]


async def test_a_pause_between_the_plan_and_the_send_holds(clock: JumpClock) -> None:
    """What is planned is asked for once more, in the transaction that would let the bytes leave."""
    life = Life(clock, ledger=FailingLedger(clock))
    await life.service.start()
    record = await doubted(life, KEY, executes=False)
    resend, tries = life.ledger.resend, []

    async def paused_just_before(attempt: Attempt) -> Any:
        await life.ledger.set_paused(paused=True)
        tries.append(await resend(attempt))
        return tries[-1]

    life.ledger.resend = paused_just_before
    await asyncio.sleep(HOUR)
    assert tries == [IntentRefusal.PAUSED]
    assert life.sellers.count("send") == 1
    assert life.ledger.requests[record.request.id].state is IN_DOUBT
    life.ledger.resend = resend
    await life.ledger.set_paused(paused=False)
    assert (await life.outcome(record)).state is SUCCESS
    assert life.orders() == ["shop"]
    await life.service.stop(within_s=1)


# -------------------------------------------------------------------------------------- new lives
@pytest.mark.parametrize("capability", Capability)
@pytest.mark.parametrize("executes", [True, False])
@pytest.mark.parametrize("at_s", [0.05, 0.45, 0.95])
async def test_a_crash_while_the_order_is_under_way(
    clock: JumpClock, capability: Capability, executes: bool, at_s: float
) -> None:
    """Before the intent, in the basket, on the wire: one order in the end, or a person asked."""
    life = Life(clock)
    await life.service.start()
    street(life, capability)
    life.sellers.change(replace(life.sellers._shops["shop"].seller, timeout_s=9))
    life.sellers.sends("shop", lost(executes=executes, delay_s=0.5))
    quote, prepare = life.sellers.quote, life.sellers.prepare

    async def slow_quote(*args: Any, **kwargs: Any) -> Any:
        await asyncio.sleep(0.3)
        return await quote(*args, **kwargs)

    async def slow_prepare(order: Order) -> Any:
        await asyncio.sleep(0.3)
        return await prepare(order)

    life.sellers.quote, life.sellers.prepare = slow_quote, slow_prepare  # type: ignore[method-assign]
    record = await life.submit()
    await asyncio.sleep(at_s)
    sent = life.sellers.count("send")
    await life.another()
    record = await life.outcome(record)
    assert len(life.orders()) == (0 if record.state is ATTENTION and not executes else 1)
    assert record.state in ({SUCCESS, ATTENTION} if capability is NONE else {SUCCESS})
    if not sent and capability is not NONE:
        assert life.orders() == ["shop"] or capability is LOOKUP
    await life.service.stop(within_s=1)


@pytest.mark.parametrize("went_back", [True, False])
async def test_after_a_clock_that_went_back_no_key_of_an_earlier_life_is_used(
    clock: JumpClock, went_back: bool
) -> None:
    """It may be older than it looks, and a key the seller forgot orders a second time."""
    life = Life(clock)
    await life.service.start()
    record = await doubted(life, KEY, executes=True)
    life.clock_went_back = went_back
    await life.another()
    assert (await life.outcome(record)).state is (ATTENTION if went_back else SUCCESS)
    assert life.sellers.count("send") == (1 if went_back else 2)
    await life.service.stop(within_s=1)


async def test_before_anything_new_is_ordered_the_old_is_looked_at(clock: JumpClock) -> None:
    """At the same seller, in a new life."""
    life = Life(clock)
    await life.service.start()
    record = await doubted(life, BOTH, executes=True)
    plenty(life)
    new = await life.submit()
    look_up = life.sellers.look_up

    async def slow(order: Order) -> Sent:
        await asyncio.sleep(2)
        return await look_up(order)

    life.sellers.look_up = slow  # type: ignore[method-assign]
    await life.another()
    assert (await life.outcome(new)).state is SUCCESS
    assert (await life.outcome(record)).state is SUCCESS
    calls = [(c.what, c.order.attempt.request_id) for c in life.sellers.calls if c.order]
    assert calls[-3:] == [
        ("look_up", record.request.id),
        ("prepare", new.request.id),
        ("send", new.request.id),
    ]
    assert life.orders() == ["shop", "shop"]
    await life.service.stop(within_s=1)


async def test_a_seller_that_does_not_answer_recovery_holds_nobody_up(clock: JumpClock) -> None:
    """After five seconds the next best is bought."""
    life = Life(clock)
    await life.service.start()
    await doubted(life, BOTH, executes=True)
    plenty(life)

    async def hangs(order: Order) -> Sent:
        await asyncio.sleep(120)
        return Sent(answer=Answer.UNKNOWN)

    life.sellers.look_up = hangs  # type: ignore[method-assign]
    await life.another()
    began = clock.monotonic()
    record = await life.hunted()
    assert record.result.bought is not None
    assert record.result.bought.seller == "other"
    assert clock.monotonic() - began < 6
    await life.service.stop(within_s=1)


async def test_an_order_waiting_for_a_person_is_asked_about_once_in_a_new_life(
    clock: JumpClock,
) -> None:
    """A late look-up may still find it."""
    life = Life(clock)
    await life.service.start()
    street(life, LOOKUP)
    life.sellers.sends("shop", SendScript(answer=Answer.NEEDS_PERSON, executes=True))
    record = await life.hunted()
    assert record.state is ATTENTION
    await life.another()
    await asyncio.sleep(1)
    assert life.ledger.requests[record.request.id].state is SUCCESS
    assert life.orders() == ["shop"]
    await life.service.stop(within_s=1)


async def test_an_order_that_appears_hours_later_is_found_in_the_same_life(life: Life) -> None:
    """It was left to a person, who did nothing yet; nobody has to start the daemon again."""
    street(life, LOOKUP)
    life.sellers.sends("shop", SendScript(answer=Answer.NEEDS_PERSON, executes=False))
    record = await life.hunted()
    assert record.state is ATTENTION
    await asyncio.sleep(10 * HOUR)
    (call,) = (c for c in life.sellers.calls if c.what == "send")
    assert call.order is not None
    life.sellers.execute_late(call.order)
    await asyncio.sleep(12 * HOUR)
    found = life.ledger.requests[record.request.id]
    assert found.state is SUCCESS
    assert life.orders() == ["shop"]
    assert life.sellers.count("send") == 1
    assert life.sellers.count("look_up") == 3, "after 3, 9 and 21 hours"


async def test_what_a_person_settled_is_not_asked_about_any_more(life: Life) -> None:
    street(life, LOOKUP)
    life.sellers.sends("shop", SendScript(answer=Answer.NEEDS_PERSON, executes=True))
    record = await life.hunted()
    await life.service.settle_by_hand(record.request.id, order_id="A-1", retry=False)
    await asyncio.sleep(60 * 24 * HOUR)
    assert life.sellers.count("look_up") == 0
    assert not life.service._settler._tasks


async def test_asking_late_has_an_end_and_survives_errors(life: Life) -> None:
    """A month of looks, whatever goes wrong with one of them."""
    street(life, LOOKUP)
    life.sellers.sends("shop", SendScript(answer=Answer.NEEDS_PERSON, executes=False))
    record = await life.hunted()
    look_up, asked = life.sellers.look_up, 0

    async def breaks(order: Order) -> Sent:
        nonlocal asked
        asked += 1
        if asked == 2:
            raise RuntimeError("a bug")
        return await look_up(order)

    life.sellers.look_up = breaks  # type: ignore[method-assign]
    await asyncio.sleep(60 * 24 * HOUR)
    assert asked == 32
    assert life.ledger.requests[record.request.id].state is ATTENTION
    assert not life.service._settler._tasks


async def test_a_late_look_up_proves_nothing_away(clock: JumpClock) -> None:
    life = Life(clock)
    await life.service.start()
    street(life, LOOKUP)
    life.sellers.sends("shop", SendScript(answer=Answer.NEEDS_PERSON, executes=False))
    record = await life.hunted()
    for _ in range(3):
        await life.another()
        await asyncio.sleep(HOUR)
    assert life.ledger.requests[record.request.id].state is ATTENTION
    assert life.sellers.count("look_up") == 3
    await life.service.stop(within_s=1)


async def test_a_life_that_ended_between_two_moves_is_finished(clock: JumpClock) -> None:
    """The order is MANUAL already, its request not yet NEEDS_ATTENTION."""
    ledger = FailingLedger(clock)
    life = Life(clock, ledger=ledger)
    await life.service.start()
    record = await doubted(life, NONE, executes=True)
    ledger.break_("move", 3)
    await asyncio.sleep(1)
    assert life.ledger.requests[record.request.id].state is IN_DOUBT
    assert (await the_attempt(life, record)).stage is Stage.MANUAL
    ledger.break_("move", 0)
    await life.another()
    assert (await life.outcome(record)).state is ATTENTION
    await life.service.stop(within_s=1)


# --------------------------------------------------------------------------------- what may break
@pytest.mark.parametrize(
    "error", [LedgerUnusable("full"), IllegalTransition("moved"), RuntimeError("a bug")]
)
async def test_an_error_stops_settling_for_a_while_and_never_for_good(
    life: Life, error: Exception
) -> None:
    """Not until the next start, and not once and for all."""
    record = await doubted(life, BOTH, executes=True)
    look_up, failures = life.sellers.look_up, 5

    async def breaks(order: Order) -> Sent:
        nonlocal failures
        failures -= 1
        if failures >= 0:
            raise error
        return await look_up(order)

    life.sellers.look_up = breaks  # type: ignore[method-assign]
    assert (await life.outcome(record)).state is SUCCESS
    assert life.orders() == ["shop"]
    assert 1 + 2 + 4 + 8 + 16 <= life.clock.monotonic() < 40


def test_a_proof_of_the_scripts_is_one_of_the_model() -> None:
    assert isinstance(a_proof(BOTH), Proof)
