"""Converting is exact, against us, and fits both ways: no rounding ever spends more than agreed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookhunt.model.errors import BadMoney, CurrencyMismatch
from bookhunt.model.money import LARGEST_MINOR, Money
from bookhunt.model.rate import Rate
from tests.support.builders import NOON, an_attempt, an_offer, usd

EUR = Rate(of="EUR", into="USD", mid=Fraction(108, 100), margin=Fraction(2, 100))
PAIRS = st.sampled_from(
    [("EUR", "USD"), ("USD", "JPY"), ("JPY", "USD"), ("KRW", "KWD"), ("KWD", "JPY"), ("IDR", "EUR")]
)
MIDS = st.fractions(min_value=Fraction(1, 10**5), max_value=10**5)
MARGINS = st.fractions(min_value=0, max_value=1, max_denominator=1000)


def eur(amount: str) -> Money:
    return Money.of(amount, "EUR")


def test_an_amount_costs_its_rate_and_the_margin_rounded_up() -> None:
    # 10.00 x 1.08 x 1.02 = 11.016
    assert EUR.costs(eur("10.00")) == usd("11.02")
    assert EUR.costs(eur("0.01")) == usd("0.02")
    assert EUR.costs(eur("0")) == usd("0")


def test_a_maximum_buys_its_rate_less_the_margin_rounded_down() -> None:
    # 30.00 / 1.1016 = 27.233
    assert EUR.buys(usd("30.00")) == eur("27.23")
    assert EUR.buys(usd("0.01")) == eur("0")


def test_currencies_of_other_digits() -> None:
    """Yen have no cents, dinars a thousand fils."""
    yen = Rate(of="JPY", into="USD", mid=Fraction(67, 10_000), margin=Fraction(0))
    assert yen.costs(Money(1500, "JPY")) == usd("10.05")
    assert yen.buys(usd("10.05")) == Money(1500, "JPY")
    dinar = Rate(of="KWD", into="JPY", mid=Fraction(490), margin=Fraction(0))
    assert dinar.costs(Money.of("1.001", "KWD")) == Money(491, "JPY")


@given(pair=PAIRS, mid=MIDS, margin=MARGINS, minor=st.integers(0, 10**7))
def test_whatever_fits_the_maximum_abroad_fits_it_at_home(
    pair: tuple[str, str], mid: Fraction, margin: Fraction, minor: int
) -> None:
    """The largest amount a maximum buys costs no more than it; one minor unit more does."""
    rate = Rate(of=pair[0], into=pair[1], mid=mid, margin=margin)
    maximum = Money(minor, rate.into)
    most = rate.buys(maximum)
    assert rate.costs(most) <= maximum
    if most.minor < LARGEST_MINOR:
        assert rate.costs(Money(most.minor + 1, rate.of)) > maximum


@given(mid=MIDS, margin=MARGINS, minors=st.lists(st.integers(0, 10**6), min_size=3, max_size=3))
def test_the_parts_of_an_offer_never_cost_less_than_the_whole(
    mid: Fraction, margin: Fraction, minors: list[int]
) -> None:
    """An offer's converted total covers the seller's own total, whatever is rounded."""
    rate = Rate(of="EUR", into="USD", mid=mid, margin=margin)
    price, shipping, tax = (Money(minor, "EUR") for minor in minors)
    offer = an_offer(price=price + Money(1, "EUR"), shipping=shipping, tax=tax)
    if rate.costs(offer.price).minor == 0:
        return
    converted = offer.converted(rate)
    assert converted.total is not None
    assert offer.total is not None
    assert converted.total >= rate.costs(offer.total)
    assert rate.buys(converted.total) >= offer.total
    assert converted.as_sold == offer


@given(mid=MIDS, minor=st.integers(0, 10**6), more=st.integers(1, 10**6))
def test_more_never_costs_less(mid: Fraction, minor: int, more: int) -> None:
    rate = Rate(of="JPY", into="USD", mid=mid, margin=Fraction(0))
    assert rate.costs(Money(minor + more, "JPY")) >= rate.costs(Money(minor, "JPY"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"into": "EUR"},
        {"of": "EURO"},
        {"mid": Fraction(0)},
        {"mid": Fraction(-1)},
        {"mid": Fraction(10**10)},
        {"margin": Fraction(-1, 100)},
        {"margin": Fraction(2)},
        {"as_of": datetime(2026, 3, 2)},  # noqa: DTZ001 - the mistake
        {"until": datetime(2026, 3, 2)},  # noqa: DTZ001 - the mistake
    ],
)
def test_a_rate_that_means_nothing_cannot_be_built(wrong: dict[str, object]) -> None:
    with pytest.raises(BadMoney):
        replace(EUR, **wrong)


def test_other_currencies_are_not_converted() -> None:
    with pytest.raises(CurrencyMismatch):
        EUR.costs(usd("1"))
    with pytest.raises(CurrencyMismatch):
        EUR.buys(eur("1"))
    with pytest.raises(BadMoney):
        EUR.costs(Money(99 * 10**13, "EUR"))


def test_a_maximum_without_bounds_buys_the_largest_amount_there_is() -> None:
    rial = Rate(of="IRR", into="KWD", mid=Fraction(1, 10**6), margin=Fraction(0))
    assert rial.buys(Money(LARGEST_MINOR, "KWD")) == Money(LARGEST_MINOR, "IRR")


def test_a_rate_stands_until_its_time_is_over() -> None:
    """One that was set by hand always does."""
    assert EUR.stands(NOON)
    dated = replace(EUR, as_of=NOON, until=NOON + timedelta(hours=72))
    assert dated.stands(NOON + timedelta(hours=71, minutes=59))
    assert not dated.stands(NOON + timedelta(hours=72))
    assert str(dated) == "1.08 USD of 2026-03-02"


# ----------------------------------------------------------------------------- where it is kept
def test_an_offer_keeps_what_its_seller_asks() -> None:
    offer = an_offer(price=eur("10"), shipping=eur("2.50"), tax=eur("0"), cached=True)
    converted = offer.converted(EUR)
    assert (converted.price, converted.shipping, converted.tax) == (
        usd("11.02"),
        usd("2.76"),
        usd("0"),
    )
    assert converted.total == usd("13.78")
    assert converted.as_sold == offer
    assert offer.as_sold is offer


def test_what_is_unknown_stays_unknown() -> None:
    converted = an_offer(price=eur("10"), shipping=None, tax=eur("0")).converted(EUR)
    assert (converted.total, converted.at_least) == (None, usd("11.02"))


@pytest.mark.parametrize(
    "tampered",
    [{"price": usd("1")}, {"shipping": usd("0")}, {"shipping": None}, {"tax": usd("5")}],
)
def test_an_offer_never_contradicts_its_original(tampered: dict[str, Money | None]) -> None:
    """Whatever was changed, in memory or on disk, is no offer any more."""
    converted = an_offer(price=eur("10"), shipping=eur("2.50"), tax=eur("0")).converted(EUR)
    with pytest.raises(BadMoney):
        replace(converted, **tampered)


def test_an_attempt_counts_what_its_seller_says_in_the_customers_currency() -> None:
    """By the rate it was chosen at; what is in a third currency cannot be compared."""
    offer = an_offer(price=eur("10"), shipping=eur("2.50"), tax=eur("0")).converted(EUR)
    abroad, here = an_attempt(offer=offer), an_attempt()
    assert abroad.as_it_costs(eur("12.50")) == usd("13.77")
    assert abroad.as_it_costs(usd("13.77")) == usd("13.77")
    assert abroad.as_it_costs(Money.of("9", "GBP")) is None
    assert here.as_it_costs(eur("12.50")) is None
    assert here.as_it_costs(usd("12.50")) == usd("12.50")
    assert (abroad.maximum_as_sold, here.maximum_as_sold) == (eur("27.23"), usd("30.00"))
