"""One purchase: claim, prepare, freeze, send, settle; in this order, or not at all."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bookhunt.hunt.ports import Limits, Prepared, Stopped
from bookhunt.model.money import Money
from bookhunt.model.purchase import Answer, Frozen, Stage
from bookhunt.model.reasons import Reason
from bookhunt.model.request import RequestState
from tests.support.builders import an_offer, usd
from tests.support.scripted_sellers import QuoteScript, SendScript

if TYPE_CHECKING:
    from bookhunt.hunt.ports import Order, Sent
    from bookhunt.model.purchase import Attempt
    from tests.support.jump_clock import JumpClock
    from tests.unit.hunt.life import Life

SUCCESS, FAILED = RequestState.SUCCESS, RequestState.PURCHASE_FAILED


def frozen(total: str) -> Frozen:
    return Frozen(document="{}", body_hash="b" * 64, total=usd(total))


# --------------------------------------------------------------------------- the order of things
async def test_everything_is_on_disk_before_the_seller_hears_of_it(life: Life) -> None:
    """The key and reference before the first step; the exact bytes before the commit step."""
    life.sells("shop", "20", tier=1)
    seen: dict[str, Attempt] = {}
    prepare, send = life.sellers.prepare, life.sellers.send

    async def watched_prepare(order: Order) -> Prepared | Stopped:
        (seen["prepare"],) = await life.ledger.attempts(order.attempt.request_id)
        return await prepare(order)

    async def watched_send(order: Order) -> Sent:
        (seen["send"],) = await life.ledger.attempts(order.attempt.request_id)
        assert order.attempt == seen["send"]
        return await send(order)

    life.sellers.prepare = watched_prepare  # type: ignore[method-assign]
    life.sellers.send = watched_send  # type: ignore[method-assign]
    record = await life.hunted()
    assert seen["prepare"].stage is Stage.PREPARED
    assert seen["send"].stage is Stage.SENDING
    assert seen["send"].frozen is not None
    assert seen["send"].sends == 1
    (order,) = life.sellers.orders
    assert (order.key, order.reference) == (seen["prepare"].key, seen["prepare"].reference)
    (attempt,) = await life.attempts(record)
    assert (attempt.stage, attempt.order_id) == (Stage.CONFIRMED, order.order_id)


async def test_a_dry_run_does_everything_but_the_commit_step(life: Life) -> None:
    life.sells("shop", "20", tier=1)
    record = await life.hunted(dry_run=True)
    assert record.state is RequestState.DRY_RUN
    assert record.result.findings.lowest == usd("20")
    assert record.result.message is not None
    assert "shop" in record.result.message
    assert life.sellers.count("prepare") == 1
    assert life.sellers.count("send") == 0
    assert life.sellers.count("cancel") == 1
    reserved, _ = await life.ledger.spent("USD", at=life.clock.now())
    assert reserved == usd("0")


async def test_a_dry_run_is_held_to_the_limits_too(life: Life) -> None:
    life.sells("shop", "120", tier=1)
    record = await life.hunted(dry_run=True, max_price=usd("150"))
    assert (record.state, record.result.reason) == (FAILED, "spending_limit")


# -------------------------------------------------------------------------------- the last gate
@pytest.mark.parametrize("total", ["20.01", "29"])
async def test_a_basket_that_costs_more_than_the_offer_said_is_given_up(
    life: Life, total: str
) -> None:
    """Even where it would still fit the maximum; then it is chosen anew, at its true price."""
    life.sells("shop", "20", tier=1)
    life.sells("other", "28", tier=1)
    life.sellers.prepares("shop", Prepared(frozen=frozen(total), total_checked=True))
    record = await life.hunted()
    (first, *_) = await life.attempts(record)
    assert (first.stage, first.answer) == (Stage.ABANDONED, Answer.OVER_MAX)
    assert record.state is SUCCESS
    assert record.result.bought is not None
    assert record.result.bought.total == min(usd(total), usd("28"))
    assert len(life.orders()) == 1


async def test_a_basket_above_the_maximum_is_never_bought(life: Life) -> None:
    life.sells("shop", tier=1, checks_total=True)
    offer = an_offer("shop", price=usd("28"), shipping=None)
    life.sellers.quotes("shop", QuoteScript(offers=(offer,)))
    life.sellers.prepares("shop", Prepared(frozen=frozen("30.01"), total_checked=True))
    record = await life.hunted()
    assert record.state is RequestState.NOT_AVAILABLE
    assert (record.result.reason, record.result.findings.lowest) == ("over_max", usd("30.01"))
    assert life.sellers.count("send") == 0


async def test_an_unknown_total_that_turns_out_above_the_next_best_is_given_up(
    life: Life,
) -> None:
    """At the checkout shipping makes it dearer than the other: the other is bought."""
    life.sells("hopes", tier=1, checks_total=True)
    unknown = an_offer("hopes", price=usd("10"), shipping=None)
    life.sellers.quotes("hopes", QuoteScript(offers=(unknown,)))
    life.sells("known", "18", tier=1)
    life.sellers.prepares("hopes", Stopped(answer=Answer.OVER_MAX, total=usd("19")))
    record = await life.hunted()
    assert life.orders() == ["known"]
    (call,) = (c for c in life.sellers.calls if c.what == "prepare" and c.seller == "hopes")
    assert call.order is not None
    assert call.order.ceiling == usd("18")
    assert life.notes(record)["hopes"].total == usd("19")


async def test_an_unknown_total_that_no_step_named_is_never_sent(life: Life) -> None:
    """The definition promised a step that reads it; without that word nothing is spent."""
    life.sells("shop", tier=1, checks_total=True)
    unknown = an_offer("shop", price=usd("10"), shipping=None)
    life.sellers.quotes("shop", QuoteScript(offers=(unknown,)))
    life.sellers.prepares("shop", Prepared(frozen=frozen("10"), total_checked=False))
    record = await life.hunted()
    assert record.state is FAILED
    assert life.sellers.count("send") == 0


async def test_a_basket_in_another_currency_is_given_up(life: Life) -> None:
    life.sells("shop", "20", tier=1)
    euros = replace(frozen("20"), total=Money(1000, "EUR"))
    life.sellers.prepares("shop", Prepared(frozen=euros, total_checked=True))
    record = await life.hunted()
    assert record.state is RequestState.NOT_AVAILABLE
    assert life.sellers.count("send") == 0
    assert life.sellers.count("cancel") == 1


# ---------------------------------------------------------------- definite negatives, and no other
@pytest.mark.parametrize(
    "answer",
    [
        Answer.SOLD_OUT,
        Answer.DECLINED,
        Answer.PRICE_CHANGED,
        Answer.REFUSED,
        Answer.UNAUTHORISED,
        Answer.RATE_LIMITED,
    ],
)
async def test_after_a_definite_no_the_next_best_is_bought(life: Life, answer: Answer) -> None:
    life.sells("first", "10", tier=1)
    life.sells("second", "20", tier=1)
    life.sellers.sends("first", SendScript(answer=answer))
    record = await life.hunted()
    assert record.state is SUCCESS
    assert life.orders() == ["second"]
    stages = [a.stage for a in await life.attempts(record)]
    assert stages == [Stage.REFUSED, Stage.CONFIRMED]
    assert life.sellers.count("cancel", "first") == 1, "its session stays open for nobody"


@pytest.mark.parametrize(
    "answer",
    [
        Answer.UNKNOWN,
        Answer.IN_FLIGHT,
        Answer.ALREADY_DONE,
        Answer.OVER_MAX,
        Answer.NOT_FOUND,
        Answer.NEEDS_SETUP,
        Answer.NOT_STOCKED,
        Answer.DOES_NOT_SHIP,
        Answer.PASSED_OVER,
    ],
)
async def test_after_anything_else_no_other_seller_is_tried(life: Life, answer: Answer) -> None:
    """The order stands, though nobody said so: the look-up finds it."""
    life.sells("first", "10", tier=1)
    life.sells("second", "20", tier=1)
    life.sellers.sends("first", SendScript(answer=answer, executes=True))
    record = await life.hunted()
    assert record.state is SUCCESS
    assert life.orders() == ["first"]
    assert life.sellers.count("cancel") == 0, "what may stand is not taken back"


async def test_an_order_that_never_left_is_tried_once_more_with_a_new_key(life: Life) -> None:
    life.sells("shop", "10", tier=1)
    life.sellers.sends("shop", SendScript(answer=Answer.NOT_SENT))
    record = await life.hunted()
    assert record.state is SUCCESS
    first, second = await life.attempts(record)
    assert first.stage is Stage.NOT_SENT
    assert first.key != second.key
    assert life.orders() == ["shop"]


async def test_an_order_that_never_leaves_goes_to_the_next_seller(life: Life) -> None:
    life.sells("down", "10", tier=1)
    life.sells("other", "20", tier=1)
    life.sellers.sends("down", *[SendScript(answer=Answer.NOT_SENT)] * 5)
    record = await life.hunted()
    assert life.orders() == ["other"]
    assert life.sellers.count("send", "down") == 2
    assert life.notes(record)["down"].reason is Reason.UNREACHABLE


async def test_when_every_fitting_offer_was_refused_the_purchase_failed(life: Life) -> None:
    """The seller's word is told; and nothing is said about who else has it."""
    life.sells("only", "10", tier=1)
    life.sellers.sends("only", SendScript(answer=Answer.DECLINED))
    record = await life.hunted()
    assert (record.state, record.result.reason) == (FAILED, "declined")
    assert record.result.findings.proof is None
    assert life.notes(record)["only"].reason is Reason.ORDER_REFUSED


async def test_a_placed_order_holds_the_request_until_it_is_settled(life: Life) -> None:
    life.sells("first", "10", tier=1)
    life.sells("second", "20", tier=1)
    life.sellers.sends("first", SendScript(answer=Answer.PLACED))
    record = await life.hunted()
    assert record.state is SUCCESS
    assert life.orders() == ["first"]


async def test_a_seller_that_asks_for_a_person_gets_one(life: Life) -> None:
    life.sells("first", "10", tier=1)
    life.sells("second", "20", tier=1)
    life.sellers.sends("first", SendScript(answer=Answer.NEEDS_PERSON, executes=True))
    record = await life.hunted()
    assert record.state is RequestState.NEEDS_ATTENTION
    assert life.orders() == ["first"]
    assert record.result.message is not None
    assert "bookhunt settle" in record.result.message


async def test_too_many_offers_falling_through_is_no_absence(life: Life) -> None:
    """NOT_AVAILABLE would say that nobody has it; ten refusals do not say that."""
    for n in range(12):
        life.sells(f"s{n:02}", f"{10 + n}", tier=1)
        life.sellers.prepares(f"s{n:02}", *[Stopped(answer=Answer.OVER_MAX)] * 20)
    record = await life.hunted()
    assert (record.state, record.result.reason) == (FAILED, "gave_up")
    assert record.result.findings.proof is None


# ------------------------------------------------------------------------------ limits and pause
@pytest.mark.parametrize(
    ("limits", "told"),
    [
        ({"purchase": usd("9.99"), "day": None, "month": None}, "one purchase"),
        ({"purchase": None, "day": usd("9.99"), "month": None}, "today"),
        ({"purchase": None, "day": None, "month": usd("9.99")}, "month"),
    ],
)
async def test_a_spending_limit_refuses_the_purchase_and_says_which(
    life: Life, limits: dict[str, Money | None], told: str
) -> None:
    await life.ledger.set_limits("USD", Limits(**limits))
    life.sells("shop", "10", tier=1)
    record = await life.hunted()
    assert (record.state, record.result.reason) == (FAILED, "spending_limit")
    assert told in (record.result.message or "")
    assert life.sellers.count("prepare") == 0


async def test_a_pause_stops_new_intents(life: Life) -> None:
    await life.ledger.set_paused(paused=True)
    life.sells("shop", "10", tier=1)
    record = await life.hunted()
    assert (record.state, record.result.reason) == (FAILED, "paused")
    assert life.sellers.count("prepare") == 0


async def test_a_pause_stops_a_purchase_whose_basket_is_being_filled(life: Life) -> None:
    """Nothing leaves after it; the slot and the money are given back, the basket let go."""
    life.sells("shop", "10", tier=1)
    prepare = life.sellers.prepare

    async def pauses(order: Order) -> Prepared | Stopped:
        await life.ledger.set_paused(paused=True)
        return await prepare(order)

    life.sellers.prepare = pauses  # type: ignore[method-assign]
    record = await life.hunted()
    assert (record.state, record.result.reason) == (FAILED, "paused")
    assert life.sellers.count("send") == 0
    assert life.sellers.count("cancel") == 1
    day, _ = await life.ledger.spent("USD", at=life.clock.now())
    assert day == usd("0")


async def test_safe_mode_searches_and_never_buys(life: Life) -> None:
    life.ledger.unsafe = "restored from a backup"
    life.sells("shop", "10", tier=1)
    record = await life.hunted()
    assert (record.state, record.result.reason) == (FAILED, "safe_mode")
    assert life.sellers.count("prepare") == 0


# -------------------------------------------------------------------------------------- slots
def one_copy(life: Life, seller: str, total: str, *, inventory: int | None = None) -> None:
    offer = an_offer(seller, price=usd(total), shipping=usd("0"), inventory=inventory)
    life.sellers.quotes(seller, QuoteScript(offers=(offer,)))


async def test_a_unit_that_is_just_being_bought_is_waited_for(life: Life, clock: JumpClock) -> None:
    """Unknown stock: one purchase at a time. The first is refused, so the second gets it."""
    life.sells("shop", tier=1)
    one_copy(life, "shop", "10")
    life.sellers.sends("shop", SendScript(answer=Answer.DECLINED, delay_s=1.0))
    first = await life.submit()
    second = await life.submit()
    assert (await life.outcome(second)).state is SUCCESS
    assert (await life.outcome(first)).state is FAILED
    assert 1.0 <= clock.monotonic() < 2.0


async def test_a_unit_waited_for_is_looked_at_again_before_it_is_bought(life: Life) -> None:
    """Two seconds later the price may be another: what is bought was seen a moment before."""
    life.sells("shop", tier=1)
    one_copy(life, "shop", "10")
    life.sellers.sends("shop", SendScript(answer=Answer.DECLINED, delay_s=4.0))
    first = await life.submit()
    await asyncio.sleep(0.1)
    second = await life.submit(max_price=usd("15"))
    await asyncio.sleep(1.0)
    one_copy(life, "shop", "16")
    assert (await life.outcome(second)).state is RequestState.NOT_AVAILABLE
    assert (await life.outcome(first)).state is FAILED
    assert life.orders() == []


async def test_waiting_for_a_unit_has_an_end(life: Life, clock: JumpClock) -> None:
    """Then the next best is bought."""
    life.sells("shop", tier=1, checks_total=True)
    one_copy(life, "shop", "10")
    life.sells("other", "20", tier=1)
    life.sellers.sends("shop", SendScript(answer=Answer.BOUGHT, delay_s=30.0))
    first = await life.submit()
    await asyncio.sleep(0.1)
    second = await life.hunted()
    assert second.result.bought is not None
    assert second.result.bought.seller == "other"
    assert 5.0 <= clock.monotonic() < 6.5
    assert (await life.outcome(first)).state is SUCCESS


async def test_no_more_orders_than_copies(life: Life) -> None:
    """Eight buyers, three copies: three orders, and five honest negatives."""
    life.sells("shop", tier=1)
    one_copy(life, "shop", "10", inventory=3)
    records = [await life.submit() for _ in range(8)]
    states = [(await life.outcome(record)).state for record in records]
    assert states.count(SUCCESS) == 3
    assert states.count(RequestState.NOT_AVAILABLE) == 5
    assert len(life.orders()) == 3


async def test_plenty_of_copies_are_bought_side_by_side(life: Life, clock: JumpClock) -> None:
    life.sells("shop", tier=1)
    one_copy(life, "shop", "10", inventory=50)
    life.sellers.sends("shop", *[SendScript(delay_s=1.0)] * 4)
    records = [await life.submit() for _ in range(4)]
    for record in records:
        assert (await life.outcome(record)).state is SUCCESS
    assert clock.monotonic() == pytest.approx(1.0)


# ------------------------------------------------------------------------- bugs and a full disk
async def test_a_failure_while_sending_is_a_lost_answer(life: Life) -> None:
    """Whatever broke, the bytes may have left: the order is looked for, not tried elsewhere."""
    life.sells("first", "10", tier=1)
    life.sells("second", "20", tier=1)
    send = life.sellers.send

    async def breaks(order: Order) -> Sent:
        await send(order)
        life.sellers.send = send  # type: ignore[method-assign]
        raise RuntimeError("a bug")

    life.sellers.send = breaks  # type: ignore[method-assign]
    record = await life.hunted()
    assert record.state is SUCCESS
    assert life.orders() == ["first"]


async def test_a_failure_before_the_commit_ends_the_hunt_and_gives_everything_back(
    life: Life,
) -> None:
    life.sells("shop", "10", tier=1)

    async def breaks(order: Order) -> Prepared | Stopped:
        raise RuntimeError("a bug")

    life.sellers.prepare = breaks  # type: ignore[method-assign]
    record = await life.hunted()
    assert (record.state, record.result.reason) == (FAILED, "internal")
    (attempt,) = await life.attempts(record)
    assert attempt.stage is Stage.ABANDONED
    day, _ = await life.ledger.spent("USD", at=life.clock.now())
    assert day == usd("0")


async def test_a_basket_that_cannot_be_let_go_changes_nothing(life: Life) -> None:
    life.sells("first", "10", tier=1)
    life.sells("second", "20", tier=1)
    life.sellers.prepares("first", Answer.SOLD_OUT)

    async def breaks(order: Order) -> bool:
        raise RuntimeError("a bug")

    life.sellers.cancel = breaks  # type: ignore[method-assign]
    assert (await life.hunted()).state is SUCCESS
    assert life.orders() == ["second"]


async def test_a_removed_definition_is_passed_over(life: Life) -> None:
    """It was the best; while the grace for a cheaper one ran, its file was taken away."""
    life.sells("gone", "28", tier=1)
    life.sells("other", "29", tier=1, delay_s=0.1)
    life.fails("slow", Reason.NOT_STOCKED, tier=1, delay_s=2)
    record = await life.submit()
    await asyncio.sleep(0.15)
    life.sellers.remove("gone")
    record = await life.outcome(record)
    assert life.orders() == ["other"]
    assert life.notes(record)["gone"].reason is Reason.NEEDS_SETUP


async def test_a_profile_removed_meanwhile_ends_the_hunt_by_its_name(life: Life) -> None:
    life.sells("shop", "10", tier=1, delay_s=0.5)
    record = await life.submit()
    await asyncio.sleep(0.1)
    life.buyers.profiles.clear()
    record = await life.outcome(record)
    assert (record.state, record.result.reason) == (FAILED, "profile_missing")
    assert life.sellers.count("prepare") == 0


async def test_a_stale_worker_writes_nothing(life: Life) -> None:
    """Somebody else moved the request: its intent is refused by the version it read."""
    life.sells("shop", "10", tier=1, delay_s=0.5)
    record = await life.submit()
    await asyncio.sleep(0.1)
    current = life.ledger.requests[record.request.id]
    life.ledger.requests[record.request.id] = replace(current, version=current.version + 1)
    assert (await life.outcome(record)).state is SUCCESS
    assert life.orders() == ["shop"]


async def test_what_the_search_proved_is_not_told_of_a_purchase(life: Life) -> None:
    """`proof` is about absence."""
    life.sells("shop", "10", tier=1)
    life.sells("later", "9", tier=2)
    record = await life.hunted()
    assert record.result.findings.proof is None
