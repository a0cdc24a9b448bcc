"""Which rate holds, how old it may be, and what an answer is with it and without it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

import pytest

from bookhunt.hunt.exchange import Exchange, ExchangeSettings, is_too_old
from bookhunt.hunt.ports import NoRates, Quoted, RateTable, Refusal
from bookhunt.model.money import Money
from bookhunt.model.rate import Rate
from bookhunt.model.reasons import Reason
from tests.support.builders import a_seller, an_offer, usd
from tests.support.memory_knowledge import MemoryRates
from tests.support.scripted_knowledge import ScriptedRates

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bookhunt.model.offer import Offer
    from tests.support.jump_clock import JumpClock

PLAIN = ExchangeSettings(margin=Fraction(0))
DAY = timedelta(days=1)


class Bank:
    """An exchange with a source and a shelf, and settings that can be changed."""

    def __init__(self, clock: JumpClock) -> None:
        self.clock = clock
        self.settings = replace(PLAIN, source="bank")
        self.source, self.shelf = ScriptedRates(clock), MemoryRates()
        self.publish(USD="1.25", GBP="0.8", JPY="160")
        self.exchange = Exchange(
            settings=lambda: self.settings, sources=self.source, shelf=self.shelf, clock=clock
        )

    def publish(self, base: str = "EUR", *, age: timedelta = timedelta(0), **units: str) -> None:
        self.source.says = RateTable(
            source="bank",
            base=base,
            units={code: Fraction(text) for code, text in units.items()},
            as_of=self.clock.now() - age,
        )

    def rate(self, of: str, into: str) -> Rate:
        rate = self.exchange.rate(of, into)
        assert isinstance(rate, Rate), rate
        return rate

    def why(self, of: str, into: str) -> str:
        why = self.exchange.rate(of, into)
        assert isinstance(why, str), why
        return why


@pytest.fixture
async def bank(clock: JumpClock) -> AsyncIterator[Bank]:
    bank = Bank(clock)
    yield bank
    await bank.exchange.stop()


# ------------------------------------------------------------------------------------ by hand
async def test_a_rate_set_by_hand_is_of_the_default_currency(clock: JumpClock) -> None:
    """And never too old: whoever set it changes it."""
    settings = ExchangeSettings(
        base="USD", fixed={"EUR": Fraction("1.08"), "GBP": Fraction("1.27")}
    )
    exchange = Exchange(settings=lambda: settings, sources=None, shelf=None, clock=clock)
    into_usd, across = exchange.rate("EUR", "USD"), exchange.rate("EUR", "GBP")
    back = exchange.rate("USD", "EUR")
    assert isinstance(into_usd, Rate)
    assert isinstance(across, Rate)
    assert isinstance(back, Rate)
    assert (into_usd.mid, into_usd.margin, into_usd.until) == (
        Fraction("1.08"),
        Fraction(2, 100),
        None,
    )
    assert across.mid == Fraction(108, 127)
    assert back.mid == Fraction(100, 108)
    assert "no rate of CHF in USD is known" in str(exchange.rate("CHF", "USD"))
    assert "fx.rates" in str(exchange.rate("CHF", "USD"))


# ----------------------------------------------------------------------------------- the source
async def test_a_source_is_crossed_through_its_base(bank: Bank) -> None:
    """One pound is 1.25 / 0.8 dollars where a euro is 1.25 dollars and 0.8 pounds."""
    await bank.exchange.refresh()
    assert bank.rate("EUR", "USD").mid == Fraction("1.25")
    assert bank.rate("USD", "EUR").mid == Fraction("0.8")
    assert bank.rate("GBP", "USD").mid == Fraction("1.5625")
    assert bank.rate("JPY", "GBP").mid == Fraction("0.005")
    assert "bank names none" in bank.why("CHF", "USD")


async def test_what_is_set_by_hand_goes_before_the_source(bank: Bank) -> None:
    """Currencies that only one of both knows are crossed through the default currency."""
    bank.settings = replace(bank.settings, fixed={"GBP": Fraction("1.5"), "CHF": Fraction("1.1")})
    await bank.exchange.refresh()
    assert bank.rate("GBP", "USD").mid == Fraction("1.5")
    assert bank.rate("GBP", "USD").until is None
    assert bank.rate("CHF", "EUR").mid == Fraction("1.1") / Fraction("1.25")
    assert bank.rate("CHF", "EUR").until is not None
    bank.settings = replace(bank.settings, base="CHF", fixed={"SEK": Fraction("0.1")})
    assert bank.rate("SEK", "CHF").mid == Fraction("0.1")
    assert "no rate of SEK in EUR" in bank.why("SEK", "EUR")  # the source knows no francs
    assert bank.rate("GBP", "USD").mid == Fraction("1.5625")


async def test_a_rate_that_is_too_old_is_no_rate(bank: Bank) -> None:
    """Its age counts from what the source says it is of, not from when it was asked."""
    bank.publish(USD="1.25", age=timedelta(hours=71))
    await bank.exchange.refresh()
    assert bank.rate("EUR", "USD").until == bank.clock.now() + timedelta(hours=1)
    await bank.clock.sleep(3601)
    assert "too old" in bank.why("EUR", "USD")


async def test_a_rate_of_the_day_after_tomorrow_is_no_rate(bank: Bank) -> None:
    """A clock that is wrong makes nothing fresh; an hour ahead is a table just published."""
    bank.publish(USD="1.25", age=-timedelta(hours=1))
    await bank.exchange.refresh()
    assert bank.rate("EUR", "USD")
    bank.publish(USD="1.25", age=-2 * DAY)
    bank.settings = replace(bank.settings, source="other")
    bank.source.says = replace(bank.source.says, source="other")  # type: ignore[type-var]
    await bank.exchange.refresh()
    assert isinstance(bank.exchange.rate("EUR", "USD"), str)


async def test_a_source_is_asked_a_few_times_a_day(bank: Bank) -> None:
    bank.exchange.start()
    await bank.clock.sleep(DAY.total_seconds())
    assert 4 <= len(bank.source.asked) <= 5


async def test_a_source_that_fails_is_asked_again_and_the_old_table_stays(bank: Bank) -> None:
    """Later each time, but within the hour; what is not too old is used meanwhile."""
    bank.exchange.start()
    await bank.exchange.ready(within_s=5)
    bank.source.says = NoRates(detail="server_error: status 503")
    await bank.clock.sleep(DAY.total_seconds())
    assert bank.rate("EUR", "USD").mid == Fraction("1.25")
    asked = len(bank.source.asked)
    await bank.clock.sleep(DAY.total_seconds())
    assert 20 <= len(bank.source.asked) - asked <= 25
    await bank.clock.sleep(2 * DAY.total_seconds())
    assert "too old" in bank.why("EUR", "USD")
    bank.publish(USD="1.5")
    await bank.clock.sleep(3700)
    assert bank.rate("EUR", "USD").mid == Fraction("1.5")


async def test_without_a_table_the_trouble_of_the_source_is_told(bank: Bank) -> None:
    bank.source.says = NoRates(detail="unreachable: no connection")
    await bank.exchange.refresh()
    assert "unreachable" in bank.why("EUR", "USD")


async def test_a_table_of_an_earlier_life_is_used_at_once(bank: Bank) -> None:
    """A source that is down when the daemon starts costs nothing while the table is fresh."""
    assert isinstance(bank.source.says, RateTable)
    bank.shelf.keep(bank.source.says)
    bank.source.says = NoRates(detail="down")
    await bank.exchange.refresh()
    assert bank.rate("EUR", "USD").mid == Fraction("1.25")


async def test_another_source_takes_its_place_with_its_own_rates(bank: Bank) -> None:
    """The old one's are not used for one moment more, and none means none."""
    bank.exchange.start()
    await bank.exchange.ready(within_s=5)
    assert bank.rate("EUR", "USD")
    bank.settings = replace(bank.settings, source="other")
    assert "no rate" in bank.why("EUR", "USD")
    bank.source.says = replace(bank.source.says, source="other", units={"USD": Fraction(2)})  # type: ignore[type-var]
    await bank.clock.sleep(30)
    assert bank.rate("EUR", "USD").mid == 2
    bank.settings = PLAIN
    await bank.clock.sleep(30)
    assert "no rate" in bank.why("EUR", "USD")
    assert set(bank.source.asked) == {"bank", "other"}


async def test_the_first_answer_is_waited_for_and_no_longer(bank: Bank) -> None:
    bank.source.delay_s = 3.0
    bank.exchange.start()
    began = bank.clock.monotonic()
    await bank.exchange.ready(within_s=1.0)
    assert bank.clock.monotonic() - began == pytest.approx(1.0)
    assert "no rate" in bank.why("EUR", "USD")
    await bank.exchange.ready(within_s=10.0)
    assert bank.clock.monotonic() - began == pytest.approx(3.0)
    assert bank.rate("EUR", "USD")
    await bank.exchange.ready(within_s=10.0)
    assert bank.clock.monotonic() - began == pytest.approx(3.0)


# -------------------------------------------------------------------------------------- answers
def eur(amount: str) -> Money:
    return Money.of(amount, "EUR")


def in_euros(item: str = '"E"', price: str = "10", **fields: object) -> Offer:
    money = {"price": eur(price), "shipping": eur("2"), "tax": eur("0")}
    return an_offer(item=item, **money | fields)


def refused(*offers: Offer) -> Quoted:
    """As the reader gives what is in another currency than the customer's."""
    rows = tuple(Refusal(reason=Reason.WRONG_CURRENCY, offer=offer) for offer in offers)
    return Quoted(
        seller="alpha", refused=rows, reason=Reason.WRONG_CURRENCY, detail="the price is in EUR"
    )


async def test_an_answer_in_another_currency_becomes_offers(bank: Bank) -> None:
    await bank.exchange.refresh()
    quoted = bank.exchange.converted(refused(in_euros()), "USD")
    (offer,) = quoted.offers
    assert (offer.total, offer.as_sold) == (usd("15.00"), in_euros())
    assert (quoted.reason, quoted.detail, quoted.refused) == (None, None, ())


async def test_an_answer_in_the_customers_currency_is_left_as_it_is(bank: Bank) -> None:
    quoted = Quoted(seller="alpha", offers=(an_offer(),))
    assert bank.exchange.converted(quoted, "USD") is quoted
    none = Quoted(seller="alpha", reason=Reason.NOT_STOCKED)
    assert bank.exchange.converted(none, "USD") is none


async def test_without_a_rate_it_is_shown_in_its_own_currency(bank: Bank) -> None:
    """With the reason `wrong_currency`, and what would help."""
    bank.settings = PLAIN
    quoted = bank.exchange.converted(refused(in_euros()), "USD")
    assert (quoted.offers, quoted.reason) == ((), Reason.WRONG_CURRENCY)
    assert [(r.reason, r.offer) for r in quoted.refused] == [(Reason.WRONG_CURRENCY, in_euros())]
    assert quoted.detail is not None
    assert "fx.source" in quoted.detail


async def test_other_reasons_stay_what_they_are(bank: Bank) -> None:
    """A row that was left out for more than its currency is not brought back."""
    await bank.exchange.refresh()
    sold_out = Refusal(reason=Reason.SOLD_OUT, offer=in_euros('"S"'))
    rows = (sold_out, *refused(in_euros()).refused)
    quoted = Quoted(seller="alpha", refused=rows, reason=Reason.SOLD_OUT)
    converted = bank.exchange.converted(quoted, "USD")
    assert [offer.item for offer in converted.offers] == ['"E"']
    assert converted.refused == (sold_out,)
    bank.settings = PLAIN
    unconverted = bank.exchange.converted(quoted, "USD")
    assert unconverted.reason is Reason.SOLD_OUT
    assert len(unconverted.refused) == 2


async def test_an_offer_that_ended_is_sold_out_and_no_offer(bank: Bank) -> None:
    await bank.exchange.refresh()
    ended = in_euros(expires_at=bank.clock.now())
    quoted = bank.exchange.converted(refused(ended), "USD")
    assert (quoted.offers, [r.reason for r in quoted.refused]) == ((), [Reason.SOLD_OUT])


async def test_one_item_in_several_currencies_is_bought_in_none_of_the_foreign(
    bank: Bank,
) -> None:
    """Which of its prices an order would be charged at, nobody could tell."""
    await bank.exchange.refresh()
    pounds = an_offer(
        item='"E"', price=Money.of("5", "GBP"), shipping=Money.of("0", "GBP"),
        tax=Money.of("0", "GBP"),
    )  # fmt: skip
    quoted = bank.exchange.converted(refused(in_euros(), pounds, in_euros('"F"')), "USD")
    assert [offer.item for offer in quoted.offers] == ['"F"']
    native = replace(refused(in_euros('"pp"')), offers=(an_offer(item='"pp"'),), reason=None)
    assert [o.original for o in bank.exchange.converted(native, "USD").offers] == [None]


async def test_an_amount_that_is_no_amount_is_left_out(bank: Bank) -> None:
    await bank.exchange.refresh()
    huge = an_offer(price=Money(9 * 10**14, "GBP"), shipping=Money(0, "GBP"), tax=Money(0, "GBP"))
    quoted = bank.exchange.converted(refused(huge), "USD")
    assert (quoted.offers, quoted.reason) == ((), Reason.WRONG_CURRENCY)


async def test_an_offer_gets_too_old_with_its_rate(bank: Bank) -> None:
    await bank.exchange.refresh()
    (offer,) = bank.exchange.converted(refused(in_euros()), "USD").offers
    assert not is_too_old(offer, bank.clock.now())
    assert is_too_old(offer, bank.clock.now() + timedelta(hours=72))
    assert not is_too_old(an_offer(), bank.clock.now() + 1000 * DAY)


# ------------------------------------------------------------------------ what sellers are told
async def test_a_seller_that_is_told_a_bare_maximum_is_told_it_in_its_own_currency(
    bank: Bank,
) -> None:
    """30 dollars are 24 euros; one that is told the currency, too, hears what the customer said."""
    await bank.exchange.refresh()
    bare, told = a_seller("buch", priced_in="EUR"), a_seller("shop", priced_in=None)
    assert bank.exchange.maximum_for(bare, usd("30")) == eur("24.00")
    assert bank.exchange.maximum_for(told, usd("30")) == usd("30")
    assert bank.exchange.maximum_for(bare, eur("30")) == eur("30")
    bank.settings = PLAIN
    assert bank.exchange.maximum_for(bare, usd("30")) == usd("30")


async def test_what_it_answers_is_converted_whatever_it_was_told(bank: Bank) -> None:
    """Offers in its own currency are foreign, and one in the customer's is as good as any."""
    await bank.exchange.refresh()
    native = Refusal(reason=Reason.WRONG_CURRENCY, offer=an_offer(item='"N"'))
    quoted = Quoted(seller="buch", offers=(in_euros(),), refused=(native,))
    converted = bank.exchange.converted(quoted, "USD")
    assert {offer.item for offer in converted.offers} == {'"E"', '"N"'}
    assert {offer.price.currency for offer in converted.offers} == {"USD"}
    assert converted.refused == ()
    alone = Quoted(seller="buch", refused=(native,), reason=Reason.WRONG_CURRENCY)
    assert [o.item for o in bank.exchange.converted(alone, "USD").offers] == ['"N"']
    bank.settings = PLAIN
    left = bank.exchange.converted(Quoted(seller="buch", offers=(in_euros(),)), "USD")
    assert (left.offers, left.reason) == ((), Reason.WRONG_CURRENCY)
