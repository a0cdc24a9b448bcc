"""The claim: a unit of known stock, under a key and a reference nobody can guess or derive."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookhunt.hunt.claim import intent_for, slots_of
from tests.support.builders import a_record, a_seller, an_offer, usd


@pytest.mark.parametrize(
    ("inventory", "seller", "expected"),
    [
        (None, {}, (1, 1)),  # unknown stock: one at a time
        (1, {}, (1, 1)),
        (2, {}, (2, 1)),  # so many slots, one in flight
        (10, {}, (10, 1)),
        (11, {}, (11, 11)),  # purchases need not wait for each other
        (500, {}, (500, 500)),
        (500, {"stock_eventual": True}, (500, 1)),  # its counts may be stale
        (500, {"quote_ttl_s": 9.0}, (500, 1)),  # its stock changes as fast as its prices
        (500, {"quote_ttl_s": 10.0}, (500, 500)),
        (None, {"stock_eventual": True}, (1, 1)),
    ],
)
def test_parallel_purchases_follow_the_known_stock(
    inventory: int | None, seller: dict[str, Any], expected: tuple[int, int]
) -> None:
    assert slots_of(an_offer(inventory=inventory), a_seller(**seller)) == expected


@given(inventory=st.none() | st.integers(1, 10_000), eventual=st.booleans())
def test_never_more_claims_than_copies(inventory: int | None, eventual: bool) -> None:
    slots, in_flight = slots_of(an_offer(inventory=inventory), a_seller(stock_eventual=eventual))
    assert 1 <= in_flight <= slots <= (inventory or 1)


def test_what_the_seller_sees_is_random_and_says_nothing() -> None:
    """A key derived from book, seller and price bought twice after a crash and a new price."""
    record, offer, seller = a_record(), an_offer(), a_seller()
    intents = [intent_for(record, offer, seller, ceiling=usd("30")) for _ in range(100)]
    assert len({intent.key for intent in intents}) == 100
    assert len({intent.reference for intent in intents}) == 100
    assert len({intent.attempt_id for intent in intents}) == 100
    for intent in intents:
        assert UUID(intent.key).version == 4
        assert UUID(intent.attempt_id).version == 7
        assert re.fullmatch(r"[a-z0-9]{18}", intent.reference)


def test_what_is_reserved_is_the_landed_total_or_the_most_it_may_become() -> None:
    record, seller = a_record(), a_seller()
    known, unknown = an_offer(), an_offer(shipping=None)
    assert intent_for(record, known, seller, ceiling=usd("12.50")).agreed == usd("12.50")
    assert intent_for(record, unknown, seller, ceiling=usd("27")).agreed == usd("27")


def test_an_intent_names_the_request_as_it_was_read() -> None:
    """The version fences off a worker that lost the request meanwhile."""
    record = a_record(version=7)
    intent = intent_for(record, an_offer(), a_seller(), ceiling=usd("30"))
    assert (intent.request_id, intent.request_version) == (record.request.id, 7)
    assert (intent.profile, intent.definition_hash) == ("home", "d" * 64)
