"""Objects on the wire carry the fields of the contract; what is not said is never guessed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import pytest

from bookhunt.model.money import Money
from bookhunt.model.outcome import Findings, ProofOfAbsence, Result
from bookhunt.model.purchase import Answer, Stage
from bookhunt.model.rate import Rate
from bookhunt.model.reasons import Reason
from bookhunt.model.request import RequestState
from bookhunt.wire import contract, shapes
from tests.support.builders import (
    NOON,
    a_bought,
    a_buyer,
    a_note,
    a_record,
    a_request,
    a_seller,
    an_address,
    an_attempt,
    an_offer,
    usd,
)


def test_objects_have_the_fields_of_the_contract_in_its_order() -> None:
    """`--fields` and the daemon go by the same tables."""
    assert list(shapes.request_object(a_record(), [])) == contract.REQUEST_FIELDS
    assert list(shapes.attempt_object(an_attempt())) == contract.ATTEMPT_FIELDS
    assert list(shapes.offer_object(an_offer())) == contract.OFFER_FIELDS
    assert list(shapes.seller_object(a_seller())) == contract.SELLER_FIELDS
    assert list(shapes.note_object(a_note())) == contract.NOTE_FIELDS
    assert list(shapes.profile_object(a_buyer(), default=True)) == contract.PROFILE_FIELDS


def test_money_is_an_amount_and_a_currency_and_absent_is_null() -> None:
    """Never a float, never a zero that nobody said."""
    assert shapes.money_object(usd("24.9")) == {"amount": "24.90", "currency": "USD"}
    offer = shapes.offer_object(an_offer(shipping=None, inventory=None))
    assert offer["shipping"] is None
    assert offer["total"] is None
    assert offer["inventory"] is None


def test_times_are_utc_with_milliseconds() -> None:
    assert shapes.time_text(NOON) == "2026-03-02T12:00:00.000Z"
    assert shapes.time_text(None) is None


def test_a_purchase_that_stands_is_told_whole() -> None:
    """Seller, item, shipping, total, order id, delivery and time of what was bought."""
    bought = a_bought(order_id="A-7", url="https://alpha.example/pp-1")
    record = a_record(
        state=RequestState.SUCCESS,
        result=Result(bought=bought, findings=Findings(sellers_asked=3)),
        finished_at=NOON + timedelta(seconds=1.25),
    )
    told = shapes.request_object(record, [an_attempt(stage=Stage.CONFIRMED, charged=usd("12.50"))])
    assert told["status"] == "SUCCESS"
    assert told["resolved_seller"] == "alpha"
    assert told["resolved_price"] == {"amount": "12.50", "currency": "USD"}
    assert told["item_price"] == {"amount": "10.00", "currency": "USD"}
    assert told["shipping"] == {"amount": "2.50", "currency": "USD"}
    assert told["order_id"] == "A-7"
    assert told["purchased_at"] == "2026-03-02T12:00:00.000Z"
    assert told["overcharged"] is False
    assert told["url"] == "https://alpha.example/pp-1"
    assert told["latency_ms"] == 1250.0
    assert told["attempts"] == [
        {
            "seller": "alpha",
            "stage": "confirmed",
            "reason": None,
            "total": {"amount": "12.50", "currency": "USD"},
        }
    ]


def test_a_purchase_under_way_names_where_but_no_purchase() -> None:
    """RESOLVED and IN_DOUBT say which seller may have the order; nothing is called bought."""
    refused = an_attempt(seller="beta", stage=Stage.REFUSED, answer=Answer.DECLINED)
    open_ = an_attempt(seller="gamma", stage=Stage.UNKNOWN, answer=Answer.UNKNOWN)
    told = shapes.request_object(a_record(state=RequestState.IN_DOUBT), [refused, open_])
    assert told["resolved_seller"] == "gamma"
    assert told["resolved_price"] == {"amount": "12.50", "currency": "USD"}
    assert told["purchased_at"] is None
    assert told["overcharged"] is None
    assert [attempt["reason"] for attempt in told["attempts"]] == ["declined", "unknown"]


def test_a_request_nobody_could_fill_tells_the_lowest_price() -> None:
    findings = Findings(
        lowest=usd("41"),
        lowest_seller="beta",
        proof=ProofOfAbsence.PARTIAL,
        cheaper_by_link="delta",
        url="https://delta.example",
    )
    record = a_record(
        request=a_request(note=None),
        state=RequestState.NOT_AVAILABLE,
        result=Result(findings=findings, reason="over_max", message="the lowest price is 41"),
    )
    told = shapes.request_object(record, [])
    assert told["lowest_available_price"] == {"amount": "41.00", "currency": "USD"}
    assert told["lowest_available_seller"] == "beta"
    assert told["proof"] == "partial"
    assert told["reason"] == "over_max"
    assert told["url"] == "https://delta.example"
    assert told["resolved_seller"] is None


def test_an_offer_that_does_not_fit_says_why() -> None:
    fits = shapes.offer_object(an_offer(), rank=1)
    assert (fits["rank"], fits["fits"], fits["reason"]) == (1, True, None)
    misfit = shapes.offer_object(an_offer(), reason=Reason.OVER_MAX.value)
    assert (misfit["rank"], misfit["fits"], misfit["reason"]) == (None, False, "over_max")


def test_a_bill_to_the_same_address_is_null() -> None:
    same = shapes.profile_object(a_buyer(), default=False)
    assert same["bill"] is None
    other = replace(a_buyer(), bill=an_address(city="London"))
    bill = shapes.profile_object(other, default=False)["bill"]
    assert bill["city"] == "London"


def test_a_body_leaves_out_what_was_not_said() -> None:
    """Absent means that the daemon's configuration decides."""
    body = contract.PurchaseRequest(book_name="Emma", max_price="30", sellers=("a", "b")).body()
    assert body == {"book_name": "Emma", "max_price": "30", "sellers": ["a", "b"]}


@pytest.mark.parametrize("fields", ["REQUEST_FIELDS", "OFFER_FIELDS", "SELLER_FIELDS"])
def test_fields_are_named_once(fields: str) -> None:
    names = getattr(contract, fields)
    assert len(names) == len(set(names))


def test_the_contract_costs_a_command_no_framework() -> None:
    """The client's side of the wire imports the standard library and the model alone."""
    for module in Path(contract.__file__).parent.glob("*.py"):
        assert "pydantic" not in module.read_text("utf-8").replace("importing pydantic", "")


def test_what_was_converted_is_told_with_what_the_seller_asks() -> None:
    """Both prices and the rate, of an offer, of an order under way and of one that stands."""
    euros = {name: Money.of(amount, "EUR") for name, amount in _EUROS.items()}
    rate = Rate(of="EUR", into="USD", mid=Fraction("1.08"), margin=Fraction(0), as_of=NOON)
    offer = an_offer(**euros).converted(rate)
    told = shapes.offer_object(offer)
    assert told["total"] == {"amount": "13.50", "currency": "USD"}
    assert told["original"] == {
        "price": {"amount": "10.00", "currency": "EUR"},
        "shipping": {"amount": "2.50", "currency": "EUR"},
        "tax": {"amount": "0.00", "currency": "EUR"},
        "total": {"amount": "12.50", "currency": "EUR"},
        "rate": "1.08",
        "as_of": "2026-03-02T12:00:00.000Z",
    }
    attempt = an_attempt(offer=offer, agreed=usd("13.50"))
    under_way = shapes.request_object(a_record(state=RequestState.RESOLVED), [attempt])
    assert under_way["resolved_price"] == {"amount": "13.50", "currency": "USD"}
    assert under_way["original_price"] == {"amount": "12.50", "currency": "EUR"}
    bought = a_bought(original=Money.of("12.60", "EUR"))
    record = a_record(state=RequestState.SUCCESS, result=Result(bought=bought), finished_at=NOON)
    stands = shapes.request_object(record, [attempt])
    assert stands["original_price"] == {"amount": "12.60", "currency": "EUR"}
    assert shapes.offer_object(an_offer())["original"] is None


_EUROS = {"price": "10", "shipping": "2.50", "tax": "0"}
