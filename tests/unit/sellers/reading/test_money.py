"""Money: every shape an amount is written in, read exactly or not at all."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookhunt.model.money import Money, exponent_of
from bookhunt.sellers.reading.errors import BadExpression, Unreadable
from bookhunt.sellers.reading.exact_json import JsonNumber, parse_json
from bookhunt.sellers.reading.money import AmountFormat, minor_digits

_MAJOR = AmountFormat()
_COMMA = AmountFormat(decimal=",", group=".")
_SPACED = AmountFormat(decimal=",", group=" ")
_GROUPED = AmountFormat(group=",")
_SWISS = AmountFormat(group="'")
_MINOR = AmountFormat("minor")
_MICROS = AmountFormat("micros")


@pytest.mark.parametrize(
    ("written", "raw", "currency", "minor"),
    [
        (_MAJOR, "12.50", "USD", 1250),
        (_MAJOR, " 12.5\n", "USD", 1250),
        (_MAJOR, "12", "USD", 1200),
        (_MAJOR, "0012.50", "USD", 1250),
        (_MAJOR, "18.0000", "USD", 1800),
        (_MAJOR, "12.000000", "USD", 1200),
        (_MAJOR, "0", "USD", 0),
        (_MAJOR, "1933", "JPY", 1933),
        (_MAJOR, "1933.00", "JPY", 1933),
        (_MAJOR, "1.250", "KWD", 1250),
        (_MAJOR, 12, "USD", 1200),
        (_MAJOR, "12.10", "CLF", 121000),
        (_COMMA, "12,50", "EUR", 1250),
        (_COMMA, "1.299", "EUR", 129900),
        (_COMMA, "1.234,56", "EUR", 123456),
        (_COMMA, "1.234.567,8", "EUR", 123456780),
        (_COMMA, "1299,00", "EUR", 129900),
        (_SPACED, "12 212,34", "RUB", 1221234),
        (_SPACED, "12\u00a0212,34", "RUB", 1221234),
        (_SPACED, "12\u202f212", "RUB", 1221200),
        (_GROUPED, "1,299", "USD", 129900),
        (_GROUPED, "1,234,567.89", "USD", 123456789),
        (_GROUPED, "12,34,567.00", "INR", 123456700),
        (_GROUPED, "1,00,000", "INR", 10000000),
        (_SWISS, "1'299.50", "CHF", 129950),
        (_MINOR, "1105", "GBP", 1105),
        (_MINOR, 1105, "GBP", 1105),
        (_MINOR, "1105", "JPY", 1105),
        (_MINOR, 0, "GBP", 0),
        (_MICROS, 79200000, "USD", 7920),
        (_MICROS, "79200000", "USD", 7920),
        (_MICROS, 4686000000, "JPY", 4686),
    ],
)
def test_an_amount_is_read_by_its_declared_separators(
    written: AmountFormat, raw: Any, currency: str, minor: int
) -> None:
    assert written.money(raw, currency) == Money(minor, currency)


@pytest.mark.parametrize(
    ("written", "text", "currency", "minor"),
    [
        (_MAJOR, "12.10", "USD", 1210),
        (_MAJOR, "79.2", "USD", 7920),
        (_MAJOR, "18.00", "USD", 1800),
        (_MAJOR, "12.100", "USD", 1210),
        (_MAJOR, "1.2e1", "USD", 1200),
        (_MAJOR, "33400.0", "INR", 3340000),
        (_MICROS, "4.686E9", "TWD", 468600),
        (_MICROS, "3.28E9", "TWD", 328000),
        (_MINOR, "1105.0", "USD", 1105),
    ],
)
def test_a_json_number_keeps_its_digits(
    written: AmountFormat, text: str, currency: str, minor: int
) -> None:
    (raw,) = parse_json(f"[{text}]".encode())
    assert written.money(raw, currency) == Money(minor, currency)


@pytest.mark.parametrize(
    ("written", "raw"),
    [
        (_MAJOR, raw)
        for raw in [
            "Was $30 Now $12",
            "$10 - $20",
            "10-20",
            "2 for $5",
            "FREE",
            "$12.50",
            "12.50 USD",
            "USD12.50",
            "-12.50",
            "+12.50",
            "- 12.50",
            "12,50",
            "1,299",
            "1.299",
            "1.200",
            "1 299",
            "12.",
            ".99",
            "12.5.0",
            "12.995",
            "1e3",
            "4.686E9",
            "0x10",
            "\u0661\u0662.\u0665\u0660",
            "\uff11\uff12",
            "12.50\u200b",
            "1_000",
            "NaN",
            "Infinity",
            "",
            "  ",
            "1" * 50,
            "12\n50",
            True,
            False,
            None,
            [],
            {},
            float("nan"),
            float("inf"),
            0.1 + 0.2,
            -5,
            10**20,
            10**400,
            JsonNumber("12.995"),
            JsonNumber("-1.5"),
            JsonNumber("1e400"),
            JsonNumber("1e-400"),
            JsonNumber("1e999999"),
            JsonNumber("12." + "1" * 30),
            JsonNumber("12.10000000000000000000000000001"),
        ]
    ]
    + [
        (_COMMA, "12.50"),
        (_COMMA, "1.23.456,78"),
        (_COMMA, "1.2345,67"),
        (_COMMA, "1,234.56"),
        (_COMMA, "12,345"),
        (_COMMA, ".299"),
        (_GROUPED, "1,2345"),
        (_GROUPED, ",299"),
        (_GROUPED, "1,,299"),
        (_GROUPED, "1.200"),
        (_GROUPED, "1,23,45"),
        (_SPACED, "12  212"),
        (_MINOR, "11.05"),
        (_MINOR, 11.05),
        (_MICROS, "79200001"),
        (_MICROS, 1),
    ],
)
def test_leftovers_signs_and_doubts_are_errors(written: AmountFormat, raw: Any) -> None:
    with pytest.raises(Unreadable):
        written.money(raw, "USD")


def test_minor_units_may_have_other_digits_than_the_currency() -> None:
    assert _MINOR.money("110500", "JPY", exponent=2) == Money(1105, "JPY")
    assert _MINOR.money("1100", "USD", exponent=3) == Money.of("1.10", "USD")
    assert _MINOR.money("11", "USD", exponent=0) == Money.of("11", "USD")
    with pytest.raises(Unreadable):
        _MINOR.money("1105", "USD", exponent=3)


@pytest.mark.parametrize(("raw", "digits"), [(2, 2), (0, 0), ("2", 2), (" 3 ", 3), (6, 6)])
def test_minor_digits_are_a_small_number(raw: Any, digits: int) -> None:
    assert minor_digits(raw) == digits


@pytest.mark.parametrize("raw", [-1, 7, "x", "", "²", "22", True, 2.0, None, []])
def test_other_minor_digits_are_unreadable(raw: Any) -> None:
    with pytest.raises(Unreadable):
        minor_digits(raw)


@pytest.mark.parametrize(
    ("decimal", "group"),
    [(".", "."), ("1", None), (".", "0"), ("-", None), ("..", None), ("", "x")],
)
def test_separators_that_separate_nothing_are_told_when_compiled(
    decimal: str, group: str | None
) -> None:
    with pytest.raises(BadExpression):
        AmountFormat("major", decimal, group)


def test_an_unknown_currency_has_no_cents() -> None:
    with pytest.raises(Unreadable, match="ISO 4217"):
        _MAJOR.money("1", "XXX")


_CURRENCIES = st.sampled_from(["USD", "EUR", "JPY", "KWD", "CLF", "INR"])


@given(minor=st.integers(0, 10**12), currency=_CURRENCIES, written=st.sampled_from(range(5)))
def test_what_is_written_with_separators_is_read_back(
    minor: int, currency: str, written: int
) -> None:
    group, point = [(",", "."), (".", ","), (" ", ","), ("'", "."), ("\u00a0", ",")][written]
    text = Money(minor, currency).amount
    whole, _, part = text.partition(".")
    grouped = f"{int(whole):,}".replace(",", group) + (point + part if part else "")
    reader = AmountFormat(decimal=point, group=" " if group == "\u00a0" else group)
    assert reader.money(grouped, currency) == Money(minor, currency)


@given(raw=st.text(max_size=30), currency=_CURRENCIES)
def test_any_text_is_an_amount_of_exactly_those_digits_or_unreadable(
    raw: str, currency: str
) -> None:
    try:
        money = _MAJOR.money(raw, currency)
    except Unreadable:
        return
    assert Decimal(raw.strip()) == Decimal(money.minor).scaleb(-exponent_of(currency))


@given(st.floats() | st.integers() | st.decimals())
def test_any_number_is_an_amount_of_exactly_that_value_or_unreadable(
    raw: float | Decimal,
) -> None:
    try:
        money = _MAJOR.money(raw, "USD")
    except Unreadable:
        return
    assert Decimal(str(raw)) == Decimal(money.amount)


_UP = AmountFormat(round_up=True)


@pytest.mark.parametrize(
    ("raw", "currency", "minor"),
    [
        ("17.8092", "USD", 1781),
        ("17.81", "USD", 1781),
        ("17.8000000", "USD", 1780),
        ("0.0001", "USD", 1),
        ("17.810000000000002", "USD", 1781),  # a binary fraction's noise is no part of a cent
        ("17.809999999999999", "USD", 1781),
        ("17.810001", "USD", 1782),
        ("1933.2", "JPY", 1934),
        ("1.00001", "KWD", 1001),
        ("12", "USD", 1200),
    ],
)
def test_parts_of_a_cent_are_the_next_cent_where_that_is_said(
    raw: str, currency: str, minor: int
) -> None:
    """As shops write totals that they round when they charge: never less than what is charged."""
    assert _UP.money(parse_json(raw.encode()), currency) == Money(minor, currency)


@pytest.mark.parametrize("raw", ["1e30", "9" * 25, "-0.001", "12.5 USD", "1e-40"])
def test_rounding_makes_no_amount_of_what_is_none(raw: str) -> None:
    number: Any = raw if " " in raw else parse_json(raw.encode())
    with pytest.raises(Unreadable):
        _UP.money(number, "USD")


def test_without_it_parts_of_a_cent_are_an_error() -> None:
    with pytest.raises(Unreadable, match="more digits"):
        _MAJOR.money(parse_json(b"17.8092"), "USD")
