"""A notice says the same to programs as to people, and names the next thing to type."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bookhunt.model.notice import Delivery, DeliveryState, Event, Notice, Standing
from bookhunt.model.outcome import Findings, Result
from bookhunt.model.request import RequestState
from bookhunt.wire import contract
from bookhunt.wire.notices import delivery_object, message_of, notice_object, title_of
from tests.support.builders import NOON, TITLE, a_bought, a_record, a_result, an_id, usd
from tests.support.notices import a_notice, some_news

STATES = {
    Event.NOT_AVAILABLE: RequestState.NOT_AVAILABLE,
    Event.FAILED: RequestState.PURCHASE_FAILED,
    Event.IN_DOUBT: RequestState.IN_DOUBT,
    Event.NEEDS_ATTENTION: RequestState.NEEDS_ATTENTION,
    Event.EXPIRED: RequestState.EXPIRED,
}


def an_outcome(event: Event, *, standing: Standing | None = None, **result: Any) -> Notice:
    record = a_record(state=STATES[event], result=Result(**result))
    return Notice(id=an_id(), event=event, at=NOON, request=record, standing=standing)


def test_a_purchase_is_told_whole() -> None:
    notice = a_notice()
    assert title_of(notice) == f"Bought: {TITLE}"
    assert message_of(notice) == (f"{TITLE}, 12.50 USD at alpha. Order A-1. Arrives 2026-03-05.")
    told = notice_object(notice)
    assert list(told) == "id type timestamp title message data schema_version".split()
    assert (told["id"], told["type"]) == (notice.id, "bought")
    assert told["timestamp"] == "2026-03-02T12:00:00.000Z"
    assert list(told["data"]) == contract.REQUEST_FIELDS
    assert told["data"]["order_id"] == "A-1"


def test_a_charge_above_what_was_agreed_is_told_loudly() -> None:
    bought = a_bought(overcharged=True, total=usd("14"))
    record = a_record(state=RequestState.SUCCESS, result=a_result(bought=bought))
    notice = a_notice(event=Event.OVERCHARGED, request=record)
    assert title_of(notice).startswith("Bought, and charged too much")
    assert "more than was agreed" in message_of(notice)
    assert notice_object(notice)["data"]["overcharged"] is True


def test_not_available_names_the_lowest_price() -> None:
    findings = Findings(lowest=usd("34"), lowest_seller="beta")
    notice = an_outcome(Event.NOT_AVAILABLE, findings=findings, message="too dear.")
    assert message_of(notice) == (
        f"{TITLE}: the lowest price is 34.00 USD at beta, over 30.00 USD: too dear."
    )
    nobody = an_outcome(Event.NOT_AVAILABLE)
    assert message_of(nobody) == f"{TITLE}: nobody offers it for 30.00 USD or less."


def test_an_order_that_may_stand_is_named() -> None:
    standing = Standing(seller="alpha", agreed=usd("12.50"), order_id="P-1")
    notice = an_outcome(Event.NEEDS_ATTENTION, standing=standing)
    assert "at alpha for 12.50 USD" in message_of(notice)
    data = notice_object(notice)["data"]
    assert (data["resolved_seller"], data["order_id"]) == ("alpha", "P-1")
    assert data["resolved_price"] == {"amount": "12.50", "currency": "USD"}


@pytest.mark.parametrize("event", [Event.NEEDS_ATTENTION, Event.FAILED])
def test_the_next_thing_to_type_is_said(event: Event) -> None:
    notice = an_outcome(event)
    assert notice.request is not None
    assert "bookhunt s" in message_of(notice)
    assert notice.request.request.id in message_of(notice)


@pytest.mark.parametrize("event", list(STATES))
def test_every_outcome_has_words(event: Event) -> None:
    notice = an_outcome(event, message="because")
    assert TITLE in title_of(notice)
    assert TITLE in message_of(notice)
    assert ".." not in message_of(notice)


def test_news_speak_for_themselves() -> None:
    news = some_news(data={"price": "9"})
    notice = Notice(id=an_id(), event=Event.PRICE, at=NOON, news=news)
    told = notice_object(notice)
    assert (told["title"], told["message"], told["data"]) == (
        "Less",
        "It costs less.",
        {"price": "9"},
    )


def test_a_delivery_has_the_fields_of_the_contract() -> None:
    delivery = Delivery(
        notice=a_notice(),
        target="webhook-1",
        state=DeliveryState.WAITING,
        tries=2,
        due_at=NOON + timedelta(minutes=5),
        error="status 500",
    )
    told = delivery_object(delivery, target="webhook https://x")
    assert list(told) == contract.DELIVERY_FIELDS
    assert told["due_at"] == "2026-03-02T12:05:00.000Z"
