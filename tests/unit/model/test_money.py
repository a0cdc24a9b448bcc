"""Money never loses a cent, never guesses, and never mixes currencies."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookhunt.model.errors import BadMoney, CurrencyMismatch
from bookhunt.model.money import Money, exponent_of

if TYPE_CHECKING:
    from collections.abc import Callable

CURRENCIES = st.sampled_from(["USD", "EUR", "JPY", "KWD", "CLF", "GBP"])
MINOR = st.integers(min_value=-(10**15) + 1, max_value=10**15 - 1)


@given(minor=st.integers(min_value=0, max_value=10**15 - 1), currency=CURRENCIES)
def test_what_is_written_is_read_back(minor: int, currency: str) -> None:
    """`amount` is the contract's decimal string, and reading it gives the same money."""
    money = Money(minor, currency)
    assert Money.of(money.amount, currency) == money


@given(minor=MINOR, currency=CURRENCIES)
def test_an_amount_shows_every_digit_of_its_currency(minor: int, currency: str) -> None:
    text = Money(minor, currency).amount
    fraction = text.partition(".")[2]
    assert len(fraction) == exponent_of(currency)
    assert int(text.replace(".", "").replace("-", "")) == abs(minor)
    assert text.startswith("-") == (minor < 0)


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("24.99", "USD", 2499),
        ("24.9", "USD", 2490),
        ("24", "USD", 2400),
        (" 24.990 ", "USD", 2499),  # a zero more says nothing more
        ("0", "USD", 0),
        ("500", "JPY", 500),
        ("500.0", "JPY", 500),
        ("1.234", "KWD", 1234),
    ],
)
def test_plain_decimals_are_read_exactly(text: str, currency: str, minor: int) -> None:
    assert Money.of(text, currency) == Money(minor, currency)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "-1",
        "+1",
        "1,299",
        "1.299",  # three digits after the point: a thousand, or more than dollars have?
        "1e3",
        "12.",
        ".5",
        "12 50",
        "$12",
        "12.50 USD",
        "NaN",
        "Infinity",
        "0x10",
        "１２",  # noqa: RUF001 - full-width digits
        "1_000",
        "9999999999999999",
        "12.5.0",
    ],
)
def test_what_is_not_plainly_an_amount_is_refused(text: str) -> None:
    """A wrong low guess is a real purchase."""
    with pytest.raises(BadMoney):
        Money.of(text, "USD")


@pytest.mark.parametrize("currency", ["usd", "US", "USDT", "", "XXX", "BTC", "DEM"])
def test_an_unlisted_currency_is_refused(currency: str) -> None:
    with pytest.raises(BadMoney):
        Money(100, currency)


@pytest.mark.parametrize("minor", [1.0, True, "100", None, 10**15])
def test_minor_units_are_whole_numbers(minor: object) -> None:
    with pytest.raises(BadMoney):
        Money(minor, "USD")  # type: ignore[arg-type]


@given(a=MINOR, b=MINOR)
def test_order_is_the_order_of_amounts(a: int, b: int) -> None:
    left, right = Money(a, "USD"), Money(b, "USD")
    for compare in (operator.lt, operator.le, operator.gt, operator.ge, operator.eq):
        assert compare(left, right) == compare(a, b)


@given(a=st.integers(-(10**14), 10**14), b=st.integers(-(10**14), 10**14), currency=CURRENCIES)
def test_sums_are_exact(a: int, b: int, currency: str) -> None:
    assert Money(a, currency) + Money(b, currency) == Money(a + b, currency)
    assert Money(a, currency) - Money(b, currency) == Money(a - b, currency)


@pytest.mark.parametrize(
    "mix", [operator.add, operator.sub, operator.lt, operator.le, operator.gt, operator.ge]
)
def test_two_currencies_never_meet(mix: Callable[[Money, Money], object]) -> None:
    """Nothing is converted silently, zero included."""
    with pytest.raises(CurrencyMismatch):
        mix(Money(100, "USD"), Money(0, "EUR"))
    assert Money(100, "USD") != Money(100, "EUR")


def test_exponents_are_those_of_iso_4217() -> None:
    expected = {"USD": 2, "EUR": 2, "JPY": 0, "KRW": 0, "ISK": 0, "KWD": 3, "TND": 3, "CLF": 4}
    assert {code: exponent_of(code) for code in expected} == expected
