"""The last look before buying: the copy is there, at this price, or something else is bought."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bookhunt.hunt.ports import Prepared, Stopped
from bookhunt.model.money import Money
from bookhunt.model.outcome import ProofOfAbsence
from bookhunt.model.purchase import Answer
from bookhunt.model.reasons import Reason
from bookhunt.model.request import RequestState
from tests.support.builders import an_offer, usd
from tests.support.scripted_sellers import QuoteScript

if TYPE_CHECKING:
    from bookhunt.hunt.ports import Order
    from bookhunt.model.offer import Offer
    from tests.support.jump_clock import JumpClock
    from tests.unit.hunt.life import Life


def copy_of(seller: str, total: str, **fields: object) -> Offer:
    return an_offer(seller, item='"1"', **{"price": usd(total), "shipping": usd("0")} | fields)


def now_says(life: Life, seller: str, *answers: QuoteScript | Offer) -> None:
    life.sellers.quotes(
        seller, *(a if isinstance(a, QuoteScript) else QuoteScript(offers=(a,)) for a in answers)
    )


@pytest.fixture
def shop(life: Life) -> str:
    """One seller whose offer is two seconds old when it is chosen: another answer came late."""
    life.sells("shop", "29", tier=1)
    life.fails("slow", Reason.NOT_STOCKED, delay_s=3.0, timeout_s=5, tier=1)
    return "shop"


def grown_old(life: Life, *later: QuoteScript | Offer) -> None:
    """The first answer is a cached one, so that it must be asked again; then these."""
    now_says(life, "shop", copy_of("shop", "29", cached=True), *later)


async def test_an_answer_of_a_moment_ago_is_not_asked_again(life: Life) -> None:
    life.sells("shop", "20", tier=1)
    await life.hunted()
    assert life.sellers.count("quote", "shop") == 1


async def test_what_was_remembered_is_asked_again(life: Life, shop: str) -> None:
    grown_old(life, copy_of("shop", "29"))
    assert (await life.hunted()).state is RequestState.SUCCESS
    assert life.sellers.count("quote", shop) == 2


async def test_an_answer_of_two_seconds_ago_is_asked_again(life: Life) -> None:
    """The first choice falls through after its checkout took three seconds."""
    life.sells("first", "10", tier=1)
    life.sells("second", "20", tier=1)
    prepare = life.sellers.prepare

    async def takes_long(order: Order) -> Prepared | Stopped:
        if order.attempt.seller == "first":
            await asyncio.sleep(3)
            return Stopped(answer=Answer.SOLD_OUT)
        return await prepare(order)

    life.sellers.prepare = takes_long  # type: ignore[method-assign]
    await life.hunted()
    assert life.orders() == ["second"]
    assert life.sellers.count("quote", "second") == 2
    assert life.sellers.count("quote", "first") == 1


async def test_what_the_seller_says_has_expired_is_asked_again(life: Life) -> None:
    """Its own word wins over how young the answer is; and an offer is not given up for it."""
    now = life.clock.now()
    life.sells("shop", tier=1)
    now_says(
        life,
        "shop",
        copy_of("shop", "20", expires_at=now - timedelta(seconds=1)),
        copy_of("shop", "20", expires_at=now + timedelta(hours=1)),
    )
    assert (await life.hunted()).state is RequestState.SUCCESS
    assert life.sellers.count("quote", "shop") == 2


async def test_what_comes_expired_a_second_time_is_gone(life: Life) -> None:
    life.sells("shop", tier=1)
    gone = copy_of("shop", "20", expires_at=life.clock.now() - timedelta(seconds=1))
    now_says(life, "shop", gone)
    record = await life.hunted()
    assert record.state is RequestState.NOT_AVAILABLE
    assert record.result.reason == "sold_out"


async def test_a_raised_price_hands_over_to_the_next_best(life: Life, shop: str) -> None:
    life.sells("other", "29.50", tier=1)
    grown_old(life, copy_of("shop", "29.75"))
    await life.hunted()
    assert life.orders() == ["other"]


async def test_a_raised_price_that_is_still_the_best_is_bought(life: Life, shop: str) -> None:
    grown_old(life, copy_of("shop", "29.75"))
    record = await life.hunted()
    assert record.result.bought is not None
    assert record.result.bought.total == usd("29.75")


async def test_a_price_raised_above_the_maximum_is_told_as_the_lowest(
    life: Life, shop: str
) -> None:
    grown_old(life, copy_of("shop", "33"))
    record = await life.hunted()
    assert record.state is RequestState.NOT_AVAILABLE
    assert (record.result.reason, record.result.findings.lowest) == ("over_max", usd("33"))
    assert life.orders() == []


async def test_a_lowered_price_is_what_is_paid(life: Life, shop: str) -> None:
    grown_old(life, copy_of("shop", "25"))
    record = await life.hunted()
    assert record.result.bought is not None
    assert record.result.bought.total == usd("25")


async def test_no_stock_any_more_hands_over(life: Life, shop: str) -> None:
    life.sells("other", "29.90", tier=1)
    grown_old(life, QuoteScript(reason=Reason.SOLD_OUT))
    record = await life.hunted()
    assert life.orders() == ["other"]
    assert life.notes(record)["shop"].reason is Reason.SOLD_OUT


async def test_another_copy_of_the_same_seller_may_take_its_place(life: Life, shop: str) -> None:
    """The second look is a whole answer: what it shows is not thrown away."""
    grown_old(life, an_offer("shop", item='"2"', price=usd("28"), shipping=usd("0")))
    record = await life.hunted()
    assert record.result.bought is not None
    assert record.result.bought.total == usd("28")


async def test_a_silent_second_look_proves_nothing_about_the_copy(life: Life, shop: str) -> None:
    """The offer is not bought, and its absence is not claimed either."""
    grown_old(life, QuoteScript(delay_s=60))
    record = await life.hunted()
    assert record.state is RequestState.NOT_AVAILABLE
    assert life.notes(record)["shop"].reason is Reason.TIMED_OUT
    assert record.result.findings.proof is ProofOfAbsence.PARTIAL
    assert record.result.findings.lowest is None


async def test_a_price_in_another_currency_is_another_price(life: Life, shop: str) -> None:
    euros = Money(100, "EUR")
    grown_old(
        life,
        copy_of("shop", "29", price=euros, shipping=Money(0, "EUR"), tax=Money(0, "EUR")),
    )
    record = await life.hunted()
    assert record.state is RequestState.NOT_AVAILABLE
    assert life.notes(record)["shop"].reason is Reason.WRONG_CURRENCY


async def test_a_total_that_became_unknown_is_not_bought_blindly(life: Life, shop: str) -> None:
    grown_old(life, copy_of("shop", "29", shipping=None))
    record = await life.hunted()
    assert record.state is RequestState.NOT_AVAILABLE
    assert record.result.reason == "unknown_total"


async def test_a_seller_whose_steps_read_the_total_is_not_asked_twice(
    life: Life, clock: JumpClock
) -> None:
    """Its own price step is the last look."""
    life.sells("shop", "29", tier=1, checks_total=True)
    life.fails("slow", Reason.NOT_STOCKED, delay_s=2.5, timeout_s=5, tier=1)
    await life.hunted()
    assert life.sellers.count("quote", "shop") == 1
    assert life.orders() == ["shop"]
