"""Values come back from JSON as they went in, and nothing unknown is read over."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookhunt.model.book import Book
from bookhunt.model.errors import LedgerUnusable
from bookhunt.model.money import Money
from bookhunt.model.offer import Offer, Original
from bookhunt.model.outcome import Bought, Findings, ProofOfAbsence, Result, SellerNote
from bookhunt.model.rate import Rate
from bookhunt.model.reasons import Reason
from bookhunt.model.request import Request
from bookhunt.model.seller import BookFormat, Condition
from bookhunt.store import values
from bookhunt.store.requests import body_of
from tests.support.builders import a_book, a_bought, a_note, a_request, a_result, an_offer

money = st.builds(Money, st.integers(0, 10**15 - 1), st.sampled_from(["USD", "JPY", "BHD"]))
times = st.integers(-(10**15), 2 * 10**17).map(
    lambda us: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)
)
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
maybe_text = st.none() | text
numbers = st.floats(0, 1e9)
counts = st.integers(0, 10**6)


@st.composite
def offers(draw: st.DrawFn) -> Offer:
    currency = draw(st.sampled_from(["USD", "JPY"]))
    part = st.none() | st.builds(Money, st.integers(0, 10**9), st.just(currency))
    return an_offer(
        item=draw(text.filter(bool)),
        isbn13=draw(maybe_text),
        title=draw(maybe_text),
        price=Money(draw(st.integers(1, 10**9)), currency),
        shipping=draw(part),
        tax=draw(part),
        condition=draw(st.sampled_from(Condition)),
        format=draw(st.sampled_from(BookFormat)),
        inventory=draw(st.none() | st.integers(1, 10**6)),
        expires_at=draw(st.none() | times),
        url=draw(maybe_text),
        checked_at=draw(times),
        response_ms=draw(numbers),
        cached=draw(st.booleans()),
    )


@st.composite
def converted(draw: st.DrawFn) -> Offer:
    """An offer in another currency than the customer's."""
    offer = draw(offers())
    rate = Rate(
        of=offer.price.currency,
        into="EUR",
        mid=draw(st.fractions(Fraction(1, 1000), 1000)),
        margin=draw(st.fractions(0, 1)),
        as_of=draw(st.none() | times),
        until=draw(st.none() | times),
    )
    return offer.converted(rate)


results = st.builds(
    Result,
    findings=st.builds(
        Findings,
        sellers_asked=counts,
        sellers_total=counts,
        calls=counts,
        cached=counts,
        coalesced=counts,
        early_exit=st.booleans(),
        stopped_because=maybe_text,
        proof=st.none() | st.sampled_from(ProofOfAbsence),
        lowest=st.none() | money,
        lowest_seller=maybe_text,
        cheaper_by_link=maybe_text,
        url=maybe_text,
    ),
    bought=st.none()
    | st.builds(
        Bought,
        item_price=money,
        shipping=st.none() | money,
        tax=st.none() | money,
        total=money,
        order_id=maybe_text,
        seller=text,
        reference=text,
        delivery=maybe_text,
        at=times,
        overcharged=st.booleans(),
        charge_confirmed=st.booleans(),
        url=maybe_text,
        original=st.none() | money,
    ),
    reason=maybe_text,
    message=maybe_text,
)
notes = st.builds(
    SellerNote,
    seller=text,
    reason=st.none() | st.sampled_from(Reason),
    total=st.none() | money,
    detail=maybe_text,
    tier=st.none() | st.integers(1, 3),
    rank=st.none() | counts,
    reservation=st.none() | money,
    expected=st.none() | money,
    cached=st.booleans(),
    shared=st.booleans(),
    asked_ms=st.none() | numbers,
    answered_ms=st.none() | numbers,
    calls=st.integers(0, 99),
)


@given(offers() | converted())
def test_an_offer_comes_back(offer: Offer) -> None:
    assert values.offer_of(values.offer_text(offer)) == offer


@given(results)
def test_a_result_comes_back(result: Result) -> None:
    assert values.result_of(values.result_text(result)) == result


@given(notes)
def test_a_note_comes_back(note: SellerNote) -> None:
    assert values.note_of(json.loads(values.text_of(values.note_json(note)))) == note


@given(times)
def test_a_time_is_exact_to_the_microsecond(at: datetime) -> None:
    assert values.moment(values.micros(at)) == at
    assert values.maybe_moment(values.maybe_micros(None)) is None


RESULT = a_result(bought=a_bought())
OFFER = an_offer().converted(
    Rate(of="USD", into="EUR", mid=Fraction(9, 10), margin=Fraction(1, 50))
)
# Times stand in the text under another name.
_RENAMED = {
    "expires_at": "expires_us",
    "checked_at": "checked_us",
    "at": "at_us",
    "as_of": "as_of_us",
    "until": "until_us",
}


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (Offer, values.offer_text(an_offer())),
        (Result, values.result_text(a_result())),
        (Findings, values.text_of(json.loads(values.result_text(a_result()))["findings"])),
        (
            Bought,
            values.text_of(json.loads(values.result_text(a_result(bought=a_bought())))["bought"]),
        ),
        (SellerNote, values.text_of(values.note_json(a_note()))),
        (Original, values.text_of(json.loads(values.offer_text(OFFER))["original"])),
        (Rate, values.text_of(json.loads(values.offer_text(OFFER))["original"]["rate"])),
        (Book, values.text_of(values.book_json(a_book()))),
    ],
)
def test_every_field_is_written(kind: type, text: str) -> None:
    """A field that the model gains is in the ledger too, or this fails."""
    names = {_RENAMED.get(field.name, field.name) for field in fields(kind)}
    assert json.loads(text).keys() == names


def test_every_field_of_a_request_is_written() -> None:
    columns = {
        "id", "customer", "idempotency_key", "max_price", "profile", "dry_run", "watch_id",
        "submitted_at",
    }  # fmt: skip
    members = json.loads(body_of(a_request())).keys()
    assert members | columns == {field.name for field in fields(Request)}
    assert not members & columns


DOCUMENTS: list[tuple[Any, str]] = [
    (values.offer_of, values.offer_text(an_offer())),
    (values.result_of, values.result_text(a_result(bought=a_bought()))),
    (lambda read: values.note_of(json.loads(read)), values.text_of(values.note_json(a_note()))),
]


@pytest.mark.parametrize(("read", "written"), DOCUMENTS)
def test_an_unknown_member_is_refused(read: Any, written: str) -> None:
    """A member this version does not know may mean that the rest means something else."""
    with pytest.raises(LedgerUnusable, match="newer_member"):
        read(json.dumps(json.loads(written) | {"newer_member": 1}))


# Rows that were written before these were there mean their absence.
ADDED_LATER = {"original"}


@pytest.mark.parametrize(("read", "written"), DOCUMENTS)
def test_a_missing_member_is_refused(read: Any, written: str) -> None:
    document = json.loads(written)
    for name in document.keys() - ADDED_LATER:
        with pytest.raises(LedgerUnusable):
            read(json.dumps({k: v for k, v in document.items() if k != name}))


def test_a_word_or_an_amount_nobody_knows_is_refused() -> None:
    offer = json.loads(values.offer_text(an_offer()))
    for changed in (
        {"condition": "chewed"},
        {"price": {"minor": 0, "currency": "USD"}},
        {"price": {"minor": 1, "currency": "USD", "rate": 2}},
        {"inventory": 0},
    ):
        with pytest.raises(LedgerUnusable):
            values.offer_of(json.dumps(offer | changed))
