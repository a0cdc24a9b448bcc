"""Strategy `tiers` at work: few calls, in time, and nothing forgotten.

The maximum is 30 where nothing else is said; a total of 27 or less is well below it.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bookhunt.hunt.settings import HuntSettings, TierSettings
from bookhunt.model.outcome import ProofOfAbsence
from bookhunt.model.purchase import Answer
from bookhunt.model.reasons import Reason
from bookhunt.model.request import RequestState
from bookhunt.model.seller import PurchaseMode, Trust
from tests.support.builders import an_offer, usd
from tests.support.scripted_sellers import QuoteScript
from tests.unit.hunt.life import Life

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.support.jump_clock import JumpClock

SUCCESS, NOT_AVAILABLE = RequestState.SUCCESS, RequestState.NOT_AVAILABLE


async def test_the_cheapest_of_the_answers_is_bought(life: Life) -> None:
    life.sells("dear", "20", tier=1)
    life.sells("cheap", "15", tier=1)
    record = await life.hunted()
    assert life.orders() == ["cheap"]
    assert record.result.bought is not None
    assert record.result.bought.total == usd("15")


async def test_lower_tiers_are_not_asked_once_a_higher_one_has_it(life: Life) -> None:
    life.sells("first", "20", tier=1)
    life.sells("second", "10", tier=2)
    life.sells("third", "5", tier=3)
    record = await life.hunted()
    assert life.orders() == ["first"]
    assert life.sellers.count("quote") == 1
    assert record.result.findings.calls == 1
    assert record.result.findings.early_exit
    assert life.notes(record)["second"].reason is Reason.SKIPPED_EARLY_EXIT


@pytest.mark.parametrize(
    "reason", [Reason.NOT_STOCKED, Reason.SERVER_ERROR, Reason.BLOCKED, Reason.UNREADABLE]
)
async def test_a_tier_that_gave_nothing_or_failed_hands_over_at_once(
    life: Life, clock: JumpClock, reason: Reason
) -> None:
    life.fails("first", reason, tier=1)
    life.sells("second", "10", tier=2)
    await life.hunted()
    assert life.orders() == ["second"]
    assert clock.monotonic() < 1.5


async def test_a_tier_too_dear_hands_over_too(life: Life) -> None:
    """No valid offer is one above the maximum as well."""
    life.sells("first", "31", tier=1)
    life.sells("second", "10", tier=2)
    await life.hunted()
    assert life.orders() == ["second"]


async def test_a_silent_tier_is_waited_for_its_patience_and_keeps_its_call(
    life: Life, clock: JumpClock
) -> None:
    """A slow seller that answers while the next tier is asked may still win."""
    life.sells("slow", "10", tier=1, delay_s=2.0)
    life.sells("next", "29", tier=2, delay_s=0.45)
    await life.hunted()
    asked = {call.seller: call.at_s for call in life.sellers.calls if call.what == "quote"}
    assert asked["slow"] == 0
    assert asked["next"] == pytest.approx(1.5)
    assert life.orders() == ["slow"]


async def test_the_grace_lets_a_cheaper_one_arrive(life: Life) -> None:
    life.sells("quick", "29", tier=1, delay_s=0.1)
    life.sells("cheaper", "28", tier=1, delay_s=0.25)
    life.sells("too_late", "1.00", tier=1, delay_s=0.5)
    record = await life.hunted()
    assert life.orders() == ["cheaper"]
    assert life.notes(record)["too_late"].reason is Reason.SKIPPED_EARLY_EXIT


async def test_an_offer_well_below_the_maximum_needs_no_grace(life: Life, clock: JumpClock) -> None:
    life.sells("quick", "27", tier=1, delay_s=0.1)
    life.sells("cheaper", "10", tier=1, delay_s=0.15)
    await life.hunted()
    assert life.orders() == ["quick"]
    assert clock.monotonic() == pytest.approx(0.1)


async def test_early_exit_cancels_what_is_left(life: Life) -> None:
    life.sells("quick", "10", tier=1, delay_s=0.1)
    life.sells("slow", "5", tier=1, delay_s=2.0)
    record = await life.hunted()
    assert life.sellers.cancelled_quotes == ["slow"]
    assert record.result.findings.sellers_asked == 2
    assert record.result.findings.calls == 2


async def test_the_search_ends_at_its_deadline_less_what_buying_needs(
    life: Life, clock: JumpClock
) -> None:
    """5 s in all, 0.7 s of them kept; a seller that is silent then has proven nothing."""
    life.sells("silent", "10", tier=1, delay_s=60, timeout_s=30)
    record = await life.hunted()
    assert record.state is NOT_AVAILABLE
    assert clock.monotonic() == pytest.approx(4.3)
    assert life.notes(record)["silent"].reason is Reason.TIMED_OUT
    assert record.result.findings.proof is ProofOfAbsence.PARTIAL


async def test_a_seller_is_waited_for_no_longer_than_its_own_time(
    life: Life, clock: JumpClock
) -> None:
    life.sells("slow", "10", tier=1, delay_s=60, timeout_s=1.0)
    life.sells("other", "12", tier=2)
    await life.hunted()
    assert clock.monotonic() == pytest.approx(1.0)
    assert life.orders() == ["other"]


async def test_when_the_purchase_falls_through_the_next_known_offer_is_bought(
    life: Life,
) -> None:
    """Without asking anybody again."""
    life.sells("cheap", "10", tier=1)
    life.sells("dear", "20", tier=1)
    life.sellers.prepares("cheap", Answer.SOLD_OUT)
    await life.hunted()
    assert life.orders() == ["dear"]
    assert life.sellers.count("quote") == 2


async def test_when_nothing_known_is_left_the_search_goes_on(life: Life) -> None:
    """Those that were cut off are asked again, and those not reached yet as well."""
    life.sells("quick", "10", tier=1, delay_s=0.1)
    life.sells("slow", "20", tier=1, delay_s=1.0)
    life.sells("second", "25", tier=2, delay_s=0.1)
    life.sellers.prepares("quick", Answer.SOLD_OUT)
    life.sellers.prepares("slow", Answer.SOLD_OUT)
    record = await life.hunted()
    assert life.orders() == ["second"]
    assert life.sellers.count("quote", "slow") == 2
    assert record.result.findings.calls == 4


async def test_a_search_that_goes_on_does_not_wait_for_calls_that_are_over(
    life: Life, clock: JumpClock
) -> None:
    """A seller that was silent at the deadline can answer no more: nobody is patient with it."""
    life.sells("silent", "10", tier=1, delay_s=60, timeout_s=30)
    life.sells("found", "29", tier=1, delay_s=4.2, timeout_s=30)
    life.sellers.prepares("found", Answer.SOLD_OUT)
    life.sells("second", "25", tier=2, delay_s=60, timeout_s=1)
    record = await life.hunted()
    assert record.state is RequestState.PURCHASE_FAILED
    assert clock.monotonic() < 6.0


async def test_the_cap_on_calls_holds_over_all_requests(clock: JumpClock) -> None:
    life = Life(clock, settings=HuntSettings(workers=4, in_flight=3))
    await life.service.start()
    for n in range(10):
        life.fails(f"s{n}", Reason.NOT_STOCKED, tier=1, delay_s=0.2)
    under_way, most = 0, 0
    quote = life.sellers.quote

    async def counted(*args: object, **kwargs: object) -> object:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        try:
            return await quote(*args, **kwargs)  # type: ignore[arg-type]
        finally:
            under_way -= 1

    life.sellers.quote = counted  # type: ignore[assignment, method-assign]
    records = [await life.submit() for _ in range(3)]
    for record in records:
        assert (await life.outcome(record)).state is NOT_AVAILABLE
    assert most == 3
    await life.service.stop(within_s=1)


async def test_waiting_for_a_free_call_does_not_outlast_the_search(clock: JumpClock) -> None:
    """And a seller that never heard of us is not told as a call."""
    life = Life(clock, settings=HuntSettings(workers=4, in_flight=1))
    await life.service.start()
    life.sells("hog", "10", tier=1, delay_s=60, timeout_s=30)
    life.sells("waits", "10", tier=1)
    record = await life.hunted()
    assert clock.monotonic() == pytest.approx(4.3)
    assert record.result.findings.calls == 1
    assert {note.reason for note in life.notes(record).values()} == {Reason.TIMED_OUT}
    await life.service.stop(within_s=1)


async def test_new_sellers_start_in_the_last_tier(life: Life) -> None:
    life.sells("unknown", "5")
    life.sells("known", "20", tier=1)
    await life.hunted()
    assert life.orders() == ["known"]


async def test_only_the_sellers_named_are_asked(life: Life) -> None:
    life.sells("a", "5", tier=1)
    life.sells("b", "10", tier=1)
    record = await life.hunted(sellers=frozenset({"b"}))
    assert life.orders() == ["b"]
    assert set(life.notes(record)) == {"b"}


async def test_a_watched_seller_and_one_by_link_never_hold_up_a_purchase(life: Life) -> None:
    """They are asked; a cheaper link is told with its address."""
    life.sells("shadow", "5", tier=1, trust=Trust.SHADOW)
    life.sells("link", "6", tier=1, purchase_mode=PurchaseMode.LINK)
    life.sells("shop", "20", tier=1)
    record = await life.hunted()
    assert life.orders() == ["shop"]
    assert record.result.findings.cheaper_by_link == "link"
    assert record.result.findings.url == "https://link.example/pp-1"
    assert life.notes(record)["shadow"].reason is Reason.SKIPPED_SHADOW


async def test_a_burst_for_one_book_asks_each_seller_once(life: Life) -> None:
    """Look-ups are shared, orders never: three requests, one call, three orders."""
    life.sells("shop", "10", tier=1, delay_s=0.3)
    records = [await life.submit() for _ in range(3)]
    for record in records:
        assert (await life.outcome(record)).state is SUCCESS
    assert life.sellers.count("quote") == 1
    assert life.orders() == ["shop"] * 3


async def test_who_leaves_early_takes_no_shared_call_away(life: Life) -> None:
    """One request stops early; the other, with a lower maximum, still gets its answer."""
    life.sells("quick", "20", tier=1, delay_s=0.1)
    life.sells("slow", "9", tier=1, delay_s=0.5)
    eager, picky = await life.submit(), await life.submit(max_price=usd("10"))
    assert (await life.outcome(eager)).state is SUCCESS
    assert (await life.outcome(picky)).state is SUCCESS
    assert sorted(life.orders()) == ["quick", "slow"]
    assert life.sellers.count("quote", "slow") == 1


async def test_a_call_that_is_being_cut_off_is_not_joined(life: Life, clock: JumpClock) -> None:
    """The next request asks anew instead of waiting for an answer that never comes."""
    life.sells("quick", "20", tier=1, delay_s=0.1)
    slow = life.sells("slow", "9", tier=1, delay_s=0.5)
    quote = life.sellers.quote

    async def lingers(seller_id: str, *args: object, **kwargs: object) -> object:
        try:
            return await quote(seller_id, *args, **kwargs)  # type: ignore[arg-type]
        except asyncio.CancelledError:
            await asyncio.sleep(0.2)  # a connection takes a moment to close
            raise

    life.sellers.quote = lingers  # type: ignore[assignment, method-assign]
    first = await life.submit()
    assert (await life.outcome(first)).state is SUCCESS
    second = await life.submit(max_price=usd("10"), sellers=frozenset({slow.id}))
    assert (await life.outcome(second)).state is SUCCESS
    assert clock.monotonic() < 1.5


@pytest.fixture
async def short_lived(clock: JumpClock) -> AsyncIterator[Life]:
    tiers = TierSettings(patience_s=0.5, grace_s=0.0, margin=0.5)
    life = Life(clock, settings=replace(HuntSettings(workers=2), tiers=tiers, reserve_s=0.0))
    await life.service.start()
    yield life
    await life.service.stop(within_s=1)


async def test_grace_margin_and_patience_are_settings(short_lived: Life, clock: JumpClock) -> None:
    life = short_lived
    life.sells("silent", "10", tier=1, delay_s=3, timeout_s=9)
    life.sells("fits", "16", tier=2, delay_s=0.1)
    life.sells("late", "14", tier=2, delay_s=0.2)
    await life.hunted()
    assert life.orders() == ["fits"]  # not half the maximum, and no grace to wait in
    assert clock.monotonic() == pytest.approx(0.6)


async def test_two_copies_at_one_seller_are_two_offers(life: Life) -> None:
    offers = (
        an_offer("shop", item='"worn"', price=usd("5"), shipping=usd("0")),
        an_offer("shop", item='"fine"', price=usd("8"), shipping=usd("0")),
    )
    seller = life.sells("shop", tier=1)
    life.sellers.add(seller, QuoteScript(offers=offers))
    life.sellers.prepares("shop", Answer.SOLD_OUT)
    record = await life.hunted()
    assert record.result.bought is not None
    assert record.result.bought.total == usd("8")
