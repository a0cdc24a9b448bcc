"""Values come back from JSON as they went in, and nothing unknown is read over."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bookhunt.model.errors import LedgerUnusable
from bookhunt.model.money import Money
from bookhunt.model.outcome import Bought, Findings, ProofOfAbsence, Result, SellerNote
from bookhunt.model.reasons import Reason
from bookhunt.model.seller import BookFormat, Condition
from bookhunt.store import values
from tests.support.builders import a_bought, a_note, a_result, an_offer

if TYPE_CHECKING:
    from bookhunt.model.offer import Offer

money = st.builds(Money, st.integers(0, 10**15), st.sampled_from(["USD", "JPY", "BHD"]))
times = st.integers(-(10**15), 2 * 10**17).map(
    lambda us: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us)
)
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
maybe_text = st.none() | text
numbers = st.floats(0, 1e9)


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


results = st.builds(
    Result,
    findings=st.builds(
        Findings,
        proof=st.none() | st.sampled_from(ProofOfAbsence),
        lowest=st.none() | money,
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
    asked_ms=st.none() | numbers,
    answered_ms=st.none() | numbers,
    calls=st.integers(0, 99),
)


@given(offers())
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


@pytest.mark.parametrize(("read", "written"), DOCUMENTS)
def test_a_missing_member_is_refused(read: Any, written: str) -> None:
    document = json.loads(written)
    for name in document:
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
