"""Buying in another currency: ordered and confirmed in the seller's, limited in the customer's.

One euro is 1.08 dollars, and 1.1016 with the margin of 2 %: what is compared with a maximum, kept
within a limit and reserved is the amount in dollars, rounded up; what the seller is held to is its
own amount in euros, to the cent.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest

from bookhunt.hunt.candidates import ask_of
from bookhunt.hunt.exchange import ExchangeSettings
from bookhunt.hunt.ports import Knowledge, Limits, Prepared, RateTable, Stopped
from bookhunt.model.money import LARGEST_MINOR, Money
from bookhunt.model.purchase import Answer, Frozen, Stage
from bookhunt.model.reasons import Reason
from bookhunt.model.request import RequestState, Strategy
from bookhunt.model.seller import Capability
from bookhunt.store.shelf import MemoryShelf
from tests.support.builders import an_offer, usd
from tests.support.scripted_knowledge import ScriptedRates
from tests.support.scripted_sellers import QuoteScript, SendScript, a_seller
from tests.unit.hunt.life import SETTINGS, Life

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bookhunt.hunt.ports import Order
    from bookhunt.model.offer import Offer
    from bookhunt.model.outcome import RequestRecord
    from tests.support.jump_clock import JumpClock

SUCCESS, NOT_AVAILABLE = RequestState.SUCCESS, RequestState.NOT_AVAILABLE
FIXED = ExchangeSettings(fixed={"EUR": Fraction("1.08"), "KRW": Fraction("0.00075")})
CHEAPEST = {"strategy": Strategy.CHEAPEST}


def eur(amount: str) -> Money:
    return Money.of(amount, "EUR")


def in_euros(seller: str, price: str, shipping: str | None = "0", **fields: Any) -> Offer:
    money = {
        "price": eur(price),
        "shipping": None if shipping is None else eur(shipping),
        "tax": eur("0"),
    }
    return an_offer(seller, **money | fields)


class Abroad(Life):
    """A life with a seller in euros."""

    def sells_in_euros(
        self, price: str, shipping: str | None = "0", *, seller: str = "buch", **fields: Any
    ) -> None:
        offer = in_euros(seller, price, shipping)
        self.sells(seller, offer, currency="EUR", tier=1, **fields)

    async def spent(self) -> Money:
        day, _ = await self.ledger.spent("USD", at=self.clock.now())
        return day

    def orders_told(self, what: str = "prepare") -> list[Order]:
        return [c.order for c in self.sellers.calls if c.what == what and c.order is not None]

    def note_of(self, record: RequestRecord, seller: str = "buch") -> tuple[Any, Any]:
        note = self.notes(record)[seller]
        return note.reason, note.total


@pytest.fixture
async def life(clock: JumpClock) -> AsyncIterator[Abroad]:
    life = Abroad(clock, settings=replace(SETTINGS, exchange=FIXED))
    await life.service.start()
    yield life
    await life.service.stop(within_s=3600)


# ------------------------------------------------------------------------- bought, and what it is
async def test_the_order_is_in_euros_and_the_ledger_in_dollars(life: Abroad) -> None:
    """Ceiling, charge and original in euros; agreed, reserved, spent and told in dollars."""
    life.sells_in_euros("20.00", "2.50")
    record = await life.hunted()
    assert record.state is SUCCESS
    (attempt,) = await life.attempts(record)
    (prepared,) = life.orders_told()
    assert prepared.ceiling == eur("22.50")
    assert attempt.offer.as_sold == replace(
        in_euros("buch", "20.00", "2.50"),
        checked_at=attempt.offer.checked_at,
        response_ms=attempt.offer.response_ms,
        item=attempt.offer.item,
    )
    # 22.50 x 1.1016 = 24.786
    assert (attempt.agreed, attempt.charged) == (usd("24.79"), eur("22.50"))
    assert attempt.frozen is not None
    assert attempt.frozen.total == usd("24.79")
    bought = record.result.bought
    assert bought is not None
    assert (bought.total, bought.original) == (usd("24.79"), eur("22.50"))
    assert (bought.item_price, bought.shipping) == (usd("22.04"), usd("2.76"))
    assert (bought.overcharged, bought.charge_confirmed) == (False, True)
    assert await life.spent() == usd("24.79")


@pytest.mark.parametrize(
    ("price", "state"), [("27.23", SUCCESS), ("27.24", NOT_AVAILABLE), ("29.99", NOT_AVAILABLE)]
)
async def test_the_maximum_is_kept_with_the_margin_against_us(
    life: Abroad, price: str, state: RequestState
) -> None:
    """30 dollars buy 27.23 euros and not a cent more; what is dearer is told in dollars."""
    life.sells_in_euros(price)
    record = await life.hunted(max_price=usd("30"))
    assert record.state is state
    if state is NOT_AVAILABLE:
        reason, total = life.note_of(record)
        assert (reason, total) == (Reason.OVER_MAX, record.result.findings.lowest)
        assert total is not None
        assert total > usd("30")


@pytest.mark.parametrize(("price", "cheapest"), [("19.06", "buch"), ("19.07", "shop")])
async def test_offers_are_compared_in_the_customers_currency(
    life: Abroad, price: str, cheapest: str
) -> None:
    """19.06 euros are 20.997 dollars, 19.07 are 21.008."""
    life.sells("shop", "21", tier=1)
    life.sells_in_euros(price)
    record = await life.hunted(**CHEAPEST)
    assert life.orders() == [cheapest], life.notes(record)


async def test_limits_are_in_the_customers_currency(life: Abroad) -> None:
    """95 euros are more than 100 dollars, whatever the number says."""
    life.sells_in_euros("95")
    record = await life.hunted(max_price=usd("500"))
    assert (record.state, record.result.reason) == (
        RequestState.PURCHASE_FAILED,
        "spending_limit",
    )
    assert life.orders() == []
    assert await life.spent() == usd("0")


async def test_a_days_limit_counts_orders_of_every_currency(life: Abroad) -> None:
    await life.ledger.set_limits("USD", Limits(purchase=None, day=usd("50"), month=None))
    life.sells_in_euros("22.50")
    first = await life.hunted()
    second = await life.hunted()
    third = await life.hunted()
    assert [r.state for r in (first, second)] == [SUCCESS, SUCCESS]
    assert third.result.reason == "spending_limit"
    assert await life.spent() == usd("49.58")


async def test_a_dry_run_says_what_it_would_cost_the_customer(life: Abroad) -> None:
    life.sells_in_euros("20.00", "2.50")
    record = await life.hunted(dry_run=True)
    assert record.state is RequestState.DRY_RUN
    assert record.result.findings.lowest == usd("24.79")
    assert await life.spent() == usd("0")


# -------------------------------------------------------------------------- the landed total
async def test_an_unknown_shipping_has_a_ceiling_in_the_sellers_currency(life: Abroad) -> None:
    """The customer's maximum, or the next best offer, as far as it buys euros."""
    life.sells_in_euros("15", None, checks_total=True)
    record = await life.hunted(max_price=usd("30"), **CHEAPEST)
    assert record.state is SUCCESS
    (order,) = life.orders_told()
    assert order.ceiling == eur("27.23")
    (attempt,) = await life.attempts(record)
    assert attempt.agreed is not None
    assert attempt.agreed <= usd("30")


async def test_the_next_best_offer_bounds_it_too(life: Abroad) -> None:
    life.sells("shop", "25", tier=1)
    life.sells_in_euros("15", None, checks_total=True)
    await life.hunted(max_price=usd("30"), **CHEAPEST)
    assert life.orders_told()[0].ceiling == eur("22.69")  # 25 / 1.1016 = 22.694


async def test_a_checkout_that_is_dearer_is_given_up_for_the_next_best(life: Abroad) -> None:
    """Its landed total stands with the offer, in dollars, for the choice that follows."""
    life.sells("shop", "25", tier=1)
    life.sells_in_euros("15", None, checks_total=True)
    life.sellers.prepares("buch", Stopped(answer=Answer.OVER_MAX, total=eur("23.00")))
    record = await life.hunted(max_price=usd("30"), **CHEAPEST)
    assert life.orders() == ["shop"]
    reason, total = life.note_of(record)
    assert (reason, total) == (None, usd("25.35"))


@pytest.mark.parametrize(
    ("total", "answer"),
    [
        (usd("22.50"), Answer.PRICE_CHANGED),  # the basket is in another currency
        (Money.of("22.50", "GBP"), Answer.PRICE_CHANGED),
        (eur("27.24"), Answer.OVER_MAX),  # above the offer's own total, and the maximum
    ],
)
async def test_what_is_frozen_is_within_what_was_agreed_in_both_currencies(
    life: Abroad, total: Money, answer: Answer
) -> None:
    """A seller's checkout that says anything else ends the attempt; nothing is sent."""
    life.sells_in_euros("20.00", "2.50")
    frozen = Frozen(document="{}", body_hash="b" * 64, total=total)
    life.sellers.prepares("buch", *[Prepared(frozen=frozen, total_checked=True)] * 10)
    record = await life.hunted()
    assert record.state is not SUCCESS
    assert life.sellers.count("send") == 0
    attempts = await life.attempts(record)
    assert {attempt.stage for attempt in attempts} == {Stage.ABANDONED}
    assert attempts[0].answer is answer
    assert await life.spent() == usd("0")


async def test_a_lower_landed_total_is_what_is_agreed(life: Abroad) -> None:
    life.sells_in_euros("20.00", "2.50")
    frozen = Frozen(document="{}", body_hash="b" * 64, total=eur("21.00"))
    life.sellers.prepares("buch", Prepared(frozen=frozen, total_checked=True))
    life.sellers.sends("buch", SendScript(charged=eur("21.00")))
    record = await life.hunted()
    (attempt,) = await life.attempts(record)
    assert (attempt.agreed, attempt.charged) == (usd("23.14"), eur("21.00"))
    assert record.result.bought is not None
    assert not record.result.bought.overcharged
    assert await life.spent() == usd("23.14")


# --------------------------------------------------------------------------- what was charged
async def test_an_overcharge_is_shown_and_counted_in_full(life: Abroad) -> None:
    life.sells_in_euros("20.00")
    life.sellers.sends("buch", SendScript(charged=eur("40.00")))
    record = await life.hunted()
    bought = record.result.bought
    assert bought is not None
    assert (bought.overcharged, bought.total, bought.original) == (
        True,
        usd("44.07"),
        eur("40.00"),
    )
    assert await life.spent() == usd("44.07")


async def test_an_overcharge_below_the_customers_smallest_coin_is_one(life: Abroad) -> None:
    """20,004 won where 20,003 were offered are the same 15.31 dollars."""
    won = an_offer("chaek", price=Money(20_003, "KRW"), shipping=Money(0, "KRW"),
                   tax=Money(0, "KRW"))  # fmt: skip
    life.sells("chaek", won, currency="KRW", tier=1)
    life.sellers.sends("chaek", SendScript(charged=Money(20_004, "KRW")))
    record = await life.hunted()
    assert record.result.bought is not None
    assert record.result.bought.overcharged


async def test_a_charge_beyond_all_amounts_is_written_down_as_the_largest(life: Abroad) -> None:
    """An order that stands is never lost to what its seller says of it."""
    life.sells_in_euros("20.00")
    life.sellers.sends("buch", SendScript(charged=Money(LARGEST_MINOR, "EUR")))
    record = await life.hunted()
    assert (record.state, life.orders()) == (SUCCESS, ["buch"])
    bought = record.result.bought
    assert bought is not None
    assert (bought.overcharged, bought.total) == (True, Money(LARGEST_MINOR, "USD"))


@pytest.mark.parametrize("charged", ["19.99", "20.00"])
async def test_a_fair_charge_is_none(life: Abroad, charged: str) -> None:
    life.sells_in_euros("20.00")
    life.sellers.sends("buch", SendScript(charged=eur(charged)))
    record = await life.hunted()
    assert record.result.bought is not None
    assert not record.result.bought.overcharged
    assert record.result.bought.original == eur(charged)


async def test_a_charge_in_a_third_currency_is_not_confirmed(life: Abroad) -> None:
    """What was agreed stands, and stays reserved as spent."""
    life.sells_in_euros("20.00")
    life.sellers.sends("buch", SendScript(charged=Money.of("500", "GBP")))
    record = await life.hunted()
    bought = record.result.bought
    assert bought is not None
    assert (bought.charge_confirmed, bought.overcharged, bought.total) == (
        False,
        False,
        usd("22.04"),
    )
    assert bought.original == eur("20.00")
    assert await life.spent() == usd("22.04")


async def test_a_charge_in_the_customers_currency_is_taken_as_it_is(life: Abroad) -> None:
    """A seller may name what it charged in dollars: that needs no rate."""
    life.sells_in_euros("20.00")
    life.sellers.sends("buch", SendScript(charged=usd("30.00")))
    record = await life.hunted()
    bought = record.result.bought
    assert bought is not None
    assert (bought.overcharged, bought.total) == (True, usd("30.00"))
    assert await life.spent() == usd("30.00")


# ------------------------------------------------------------------------ after a lost answer
@pytest.mark.parametrize("capability", [Capability.KEY_AND_LOOKUP, Capability.LOOKUP])
async def test_a_lost_answer_is_settled_by_the_rate_it_was_agreed_at(
    life: Abroad, capability: Capability
) -> None:
    """Whatever the rate is by then: the order is what it was when it was sent."""
    life.sells_in_euros("20.00", capability=capability)
    life.sellers.sends(
        "buch", SendScript(answer=Answer.UNKNOWN, executes=True, charged=eur("20.00"))
    )
    record = await life.submit()
    while not life.orders():
        await life.clock.sleep(0.1)
    doubled = replace(FIXED, fixed={"EUR": Fraction(2)})
    life.settings = replace(life.settings, exchange=doubled)
    await life.another()
    record = await life.outcome(record)
    assert (record.state, life.orders()) == (SUCCESS, ["buch"])
    bought = record.result.bought
    assert bought is not None
    assert (bought.total, bought.original) == (usd("22.04"), eur("20.00"))
    assert not bought.overcharged
    assert await life.spent() == usd("22.04")
    assert {order.ceiling for order in life.orders_told("look_up")} <= {eur("20.00")}


async def test_an_order_that_is_not_there_gives_its_dollars_back(life: Abroad) -> None:
    life.sells_in_euros("20.00", capability=Capability.LOOKUP)
    life.sellers.sends("buch", *[SendScript(answer=Answer.REFUSED)] * 3)
    record = await life.hunted()
    assert record.state is RequestState.PURCHASE_FAILED
    assert await life.spent() == usd("0")


# --------------------------------------------------------------------------- no rate, old rate
async def test_without_a_rate_it_is_shown_and_never_bought(life: Abroad) -> None:
    pounds = an_offer("shop", price=Money.of("1", "GBP"), shipping=Money.of("0", "GBP"),
                      tax=Money.of("0", "GBP"))  # fmt: skip
    life.sells("shop", pounds, currency="GBP", tier=1)
    record = await life.hunted()
    assert (record.state, record.result.reason) == (NOT_AVAILABLE, "wrong_currency")
    note = life.notes(record)["shop"]
    assert note.reason is Reason.WRONG_CURRENCY
    assert note.detail is not None
    assert "no rate of GBP in USD is known" in note.detail
    assert life.sellers.count("prepare") == 0


class Dated(Abroad):
    """Rates come from a source, and are of a time."""

    source: ScriptedRates


@pytest.fixture
async def dated(clock: JumpClock) -> AsyncIterator[Dated]:
    source = ScriptedRates(clock)
    source.says = RateTable(
        source="bank", base="EUR", units={"USD": Fraction("1.08")}, as_of=clock.now()
    )
    settings = replace(SETTINGS, exchange=ExchangeSettings(source="bank"))
    life = Dated(clock, settings=settings, knowledge=Knowledge(rate_sources=source))
    life.source = source
    await life.service.start()
    yield life
    await life.service.stop(within_s=3600)


async def test_a_fresh_rate_of_a_source_buys(dated: Dated) -> None:
    dated.sells_in_euros("20.00")
    record = await dated.hunted()
    assert record.state is SUCCESS
    assert record.result.bought is not None
    assert record.result.bought.total == usd("22.04")


async def test_the_first_request_waits_for_the_first_rates(dated: Dated) -> None:
    dated.source.delay_s = 0.5
    dated.settings = replace(dated.settings)
    await dated.another()
    dated.sells_in_euros("20.00")
    assert (await dated.hunted()).state is SUCCESS


async def test_a_rate_that_got_too_old_buys_nothing(dated: Dated) -> None:
    dated.sells_in_euros("20.00")
    await dated.clock.sleep(timedelta(hours=73).total_seconds())
    record = await dated.hunted()
    assert (record.state, record.result.reason) == (NOT_AVAILABLE, "wrong_currency")
    assert dated.sellers.count("prepare") == 0


@pytest.mark.parametrize("step", ["quote", "prepare"])
async def test_a_rate_that_gets_too_old_on_the_way_buys_nothing(dated: Dated, step: str) -> None:
    """Between the choice and the commit step it is looked at once more, and once more."""
    hours = timedelta(hours=72).total_seconds()
    await dated.clock.sleep(hours - 1.0)
    dated.sells_in_euros("20.00")
    real = getattr(dated.sellers, step)

    async def slow(*args: Any, **kwargs: Any) -> Any:
        answer = await real(*args, **kwargs)
        await dated.clock.sleep(1.5)
        return answer

    setattr(dated.sellers, step, slow)
    record = await dated.hunted()
    assert record.state is not SUCCESS
    assert dated.sellers.count("send") == 0
    assert await dated.spent() == usd("0")


# ------------------------------------------------------------------------------------- quotes
async def test_an_empty_answer_to_a_converted_maximum_holds_for_the_customers(
    life: Abroad,
) -> None:
    """It is remembered under what the customer said; a higher maximum asks again."""
    life.shelf = MemoryShelf()
    await life.another()
    script = QuoteScript(reason=Reason.NOT_STOCKED)
    seller = a_seller("buch", currency="EUR", priced_in="EUR", sends_maximum=True, tier=1)
    life.sellers.add(seller, script)
    for maximum in ("30", "20", "40"):
        await life.hunted(max_price=usd(maximum))
    asked = [c.ask.max_price for c in life.sellers.calls if c.what == "quote" and c.ask]
    assert asked == [eur("27.23"), eur("36.31")]


async def test_a_quote_shows_both_prices(life: Abroad) -> None:
    life.sells_in_euros("20.00", "2.50")
    request = (await life.submit(dry_run=True)).request
    (quoted,) = await life.service.quote(ask_of(request), sellers=None, within_s=5)
    (offer,) = quoted.offers
    assert (offer.total, offer.as_sold.total) == (usd("24.80"), eur("22.50"))
