"""Values of the model cannot be built wrong, and cannot be changed."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookhunt.model.errors import BadMoney, InputError
from bookhunt.model.money import Money
from bookhunt.model.seller import Capability
from tests.support.builders import (
    a_buyer,
    a_request,
    a_seller,
    an_address,
    an_attempt,
    an_offer,
    usd,
)

CENTS = st.integers(1, 10**7)
MAYBE_CENTS = st.none() | st.integers(0, 10**6)


# ------------------------------------------------------------------------------------- offers
@given(price=CENTS, shipping=MAYBE_CENTS, tax=MAYBE_CENTS)
def test_an_offer_has_a_total_exactly_where_every_part_is_known(
    price: int, shipping: int | None, tax: int | None
) -> None:
    """Unknown is never free."""
    offer = an_offer(
        price=Money(price, "USD"),
        shipping=None if shipping is None else Money(shipping, "USD"),
        tax=None if tax is None else Money(tax, "USD"),
    )
    assert offer.at_least.minor == price + (shipping or 0) + (tax or 0)
    if shipping is None or tax is None:
        assert offer.total is None
    else:
        assert offer.total == offer.at_least


@pytest.mark.parametrize(
    "wrong",
    [
        {"price": Money(0, "USD")},
        {"price": Money(-1, "USD")},
        {"shipping": Money(-1, "USD")},
        {"shipping": Money(100, "EUR")},
        {"tax": Money(100, "EUR")},
        {"tax": Money(-1, "USD")},
        {"inventory": 0},
        {"inventory": -3},
        {"item": ""},
    ],
)
def test_an_offer_that_is_none_cannot_be_built(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        an_offer(**wrong)


# ----------------------------------------------------------------------------------- requests
@pytest.mark.parametrize(
    "wrong",
    [
        {"max_price": usd("0")},
        {"max_price": Money(-1, "USD")},
        {"customer": ""},
        {"customer": "a b"},
        {"customer": "x" * 81},
        {"customer": "née"},
        {"profile": "../home"},
        {"idempotency_key": ""},
        {"idempotency_key": "k" * 256},
        {"idempotency_key": "a\nb"},
        {"submitted_at": datetime(2026, 3, 2, 12, 0)},  # noqa: DTZ001 - that is the mistake
        {"search_deadline_s": 0},
        {"search_deadline_s": -1.0},
        {"search_deadline_s": 3601},
        {"search_deadline_s": float("nan")},
        {"note": "n" * 501},
        {"country": "us"},
        {"country": "USA"},
        {"country": ""},
    ],
)
def test_a_request_that_means_nothing_cannot_be_built(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        a_request(**wrong)


def test_a_maximum_of_nothing_says_what_to_type() -> None:
    with pytest.raises(BadMoney) as caught:
        a_request(max_price=usd("0"))
    assert caught.value.hint is not None
    assert "--max-price" in caught.value.hint


# ------------------------------------------------------------------------------------- buyers
@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"street": "   "},
        {"city": "x" * 201},
        {"postcode": "12\n34"},
        {"email": "\x1b[31m"},
        {"country": "usa"},
        {"country": "us"},
        {"country": "U1"},
        {"country": "ÜS"},
        {"street2": ""},
    ],
)
def test_an_address_that_cannot_be_written_on_a_parcel_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        an_address(**wrong)


@pytest.mark.parametrize(
    ("value", "field"),
    [
        (an_offer(), "price"),
        (a_request(), "max_price"),
        (an_attempt(), "key"),
        (a_seller(), "trust"),
        (a_buyer(), "ship"),
    ],
)
def test_values_never_change(value: Any, field: str) -> None:
    with pytest.raises((FrozenInstanceError, AttributeError)):
        setattr(value, field, None)


# ------------------------------------------------------------------------------------ sellers
def test_a_seller_ships_where_it_says() -> None:
    everywhere, one = a_seller(), replace(a_seller(), ships_to=frozenset({"AU"}))
    assert everywhere.ships("AU")
    assert one.ships("AU")
    assert not one.ships("US")
    assert not replace(one, ships_to=frozenset()).ships("AU")


@pytest.mark.parametrize(
    ("capability", "key", "lookup"),
    [
        (Capability.KEY_AND_LOOKUP, True, True),
        (Capability.KEY, True, False),
        (Capability.LOOKUP, False, True),
        (Capability.NONE, False, False),
    ],
)
def test_a_capability_says_what_it_says(capability: Capability, key: bool, lookup: bool) -> None:
    assert (capability.has_key, capability.has_lookup) == (key, lookup)
