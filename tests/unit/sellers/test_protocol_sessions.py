"""The shipped definitions of UCP and ACP: which sessions are paid, and what the answers mean.

Each test takes the answers of a sound session, as they lie beside the definition, and spoils one.
"""

from __future__ import annotations

import copy
import json
from contextlib import asynccontextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

import pytest

from bookhunt.hunt.ports import Order, Prepared, Stopped
from bookhunt.model.book import Book
from bookhunt.model.purchase import Answer
from bookhunt.sellers.compiling import compile_seller
from bookhunt.sellers.compiling_setup import Configured
from bookhunt.sellers.loading import Loaded, load_file
from tests.merchants.acp import Acp, AcpOf2026
from tests.merchants.definitions import SHIPPED
from tests.merchants.shopping import ADA
from tests.merchants.ucp import Ucp
from tests.support.builders import an_offer, usd
from tests.support.inline_sellers import Routes, a_gateway
from tests.support.loopback import loopback, say
from tests.support.seller_worlds import an_order, frozen_by

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from bookhunt.sellers.gateway import Gateway
    from tests.merchants.sessions import SessionShop

    Spoil = Callable[[Any], Any]

ISBN = "9781402894626"
ALL = (Ucp, Acp, AcpOf2026)
NEW_ACP = (AcpOf2026,)
BOTH_ACP = (Acp, AcpOf2026)
# The answers of a sound session, in the order of the steps.
STEPS = {
    Ucp: ("session", "address", "options", "ready"),
    Acp: ("session", "ready"),
    AcpOf2026: ("session", "ready"),
}


@cache
def loaded(kind: type[SessionShop]) -> Loaded:
    """The shipped definition."""
    return load_file(SHIPPED / f"{kind.system}.yaml")


def sound(kind: type[SessionShop], name: str) -> Any:
    """One answer, as it lies beside the definition."""
    return json.loads((SHIPPED / kind.system / f"{name}.json").read_text("utf-8"))


@asynccontextmanager
async def at(
    kind: type[SessionShop], *, spoilt: str = "", spoil: Spoil | None = None, commit: Any = None
) -> AsyncIterator[tuple[Gateway, Order, Routes]]:
    """A shop whose answers are sound, but the one that is spoilt."""
    answers = [sound(kind, name) for name in STEPS[kind]]
    if spoil is not None:
        index = STEPS[kind].index(spoilt)
        answers[index] = spoil(copy.deepcopy(answers[index]))
    first, *rest = answers
    place = "/checkout-sessions" if kind is Ucp else "/checkout_sessions"
    own = f"{place}/{first['id'] if isinstance(first, dict) else 'cs_1'}"
    routes = Routes().on(f"POST {place}", first)
    routes.on(f"PUT {own}" if kind is Ucp else f"POST {own}", *rest)
    routes.on(f"POST {own}/complete", commit)
    async with loopback(otherwise=routes) as server:
        settings = {**kind.settings, "shop": server.address}
        seller = compile_seller(loaded(kind), configured=Configured(settings=settings))
        secrets = {f"{kind.system}/api_key": "key", f"pay/home/{kind.system}": "token"}
        async with a_gateway(seller, secrets=secrets) as gateway:
            offer = an_offer(
                kind.system, item=f'"{ISBN}"', price=usd("12.50"), shipping=None, tax=None
            )
            order = an_order(seller.seller, offer, Book(isbn13=ISBN), buyer=ADA)
            yield gateway, order, routes


async def stopped(kind: type[SessionShop], name: str, spoil: Spoil) -> Stopped:
    """What a spoilt answer stops the purchase with; nothing was completed."""
    async with at(kind, spoilt=name, spoil=spoil) as (gateway, order, routes):
        ended = await gateway.prepare(order)
    assert isinstance(ended, Stopped), "it would have been paid"
    assert not any(target.endswith("/complete") for target in routes.targets())
    return ended


def cases(*kinds: type[SessionShop]) -> list[Any]:
    """Each step's answer of each of these."""
    return [
        pytest.param(kind, name, id=f"{kind.system}-{name}")
        for kind in kinds
        for name in STEPS[kind]
    ]


def last(*kinds: type[SessionShop]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("kind", kinds, ids=[kind.system for kind in kinds])


# -------------------------------------------------------------------------------- spoiling answers
def with_message(**said: str) -> Spoil:
    return lambda session: session | {"messages": [{"content": "Words", **said}]}


def with_line(**changes: Any) -> Spoil:
    def spoil(session: Any) -> Any:
        session["line_items"][0] |= changes
        return session

    return spoil


def other_book(session: Any) -> Any:
    session["line_items"][0]["item"]["id"] = "9780132350884"
    return session


def second_line(session: Any) -> Any:
    session["line_items"] *= 2
    return session


def two_copies(session: Any) -> Any:
    [line] = session["line_items"]
    (line if "quantity" in line else line["item"])["quantity"] = 2
    return session


def for_nothing(session: Any) -> Any:
    [line] = session["line_items"]
    line |= {"unit_amount": 0, "subtotal": 0}
    line["item"]["price"] = 0
    return session


def total(kind: str, amount: Any) -> Spoil:
    """The part of this kind comes to that; None: it is not there."""

    def spoil(session: Any) -> Any:
        parts = [each for each in session["totals"] if each["type"] != kind]
        session["totals"] = (
            [*parts] if amount is None else [*parts, {"type": kind, "amount": amount}]
        )
        return session

    return spoil


def method(**changes: Any) -> Spoil:
    def spoil(session: Any) -> Any:
        session["fulfillment"]["methods"][0] |= changes
        return session

    return spoil


def group(**changes: Any) -> Spoil:
    def spoil(session: Any) -> Any:
        session["fulfillment"]["methods"][0]["groups"][0] |= changes
        return session

    return spoil


def two_parcels(session: Any) -> Any:
    session["fulfillment"]["methods"][0]["groups"] *= 2
    return session


# ----------------------------------------------------------------------------- what is never paid
@last(*ALL)
async def test_a_sound_session_is_paid_with_the_cheapest_delivery(kind: type[SessionShop]) -> None:
    async with at(kind) as (gateway, order, routes):
        ready = await gateway.prepare(order)
    assert isinstance(ready, Prepared)
    assert ready.frozen.total == usd("15.90")
    assert ready.total_checked
    assert "standard" in routes.seen[-1].body.decode()


@pytest.mark.parametrize(("kind", "name"), cases(*ALL))
@pytest.mark.parametrize("spoil", [other_book, second_line, two_copies, for_nothing])
async def test_every_answer_must_hold_one_copy_of_the_book(
    kind: type[SessionShop], name: str, spoil: Spoil
) -> None:
    assert (await stopped(kind, name, spoil)).answer is Answer.REFUSED


@pytest.mark.parametrize(("kind", "name"), cases(Ucp, *NEW_ACP))
async def test_every_answer_must_speak_the_version(kind: type[SessionShop], name: str) -> None:
    key = "ucp" if kind is Ucp else "protocol"
    ended = await stopped(kind, name, lambda said: said | {key: {"version": "2030-01-01"}})
    assert ended.answer is Answer.REFUSED
    assert "another version" in str(ended.detail)


@pytest.mark.parametrize(("kind", "name"), cases(Ucp))
async def test_a_shop_that_wants_a_signed_mandate_is_not_ordered_from(
    kind: type[SessionShop], name: str
) -> None:
    def spoil(session: Any) -> Any:
        session["ucp"]["capabilities"].append({"name": "dev.ucp.shopping.ap2_mandate"})
        return session

    assert "mandate" in str((await stopped(kind, name, spoil)).detail)


@last(*ALL)
@pytest.mark.parametrize(
    "spoil",
    [
        total("total", 1591),
        total("tax", 1),
        total("subtotal", None),
        total("fulfillment", None),
        total("discount", "100"),
        total("total", "1590"),
        total("total", None),
        total("levy", 5),
        lambda session: session | {"totals": session["totals"] * 2},
        lambda session: session | {"totals": None},
        lambda session: total("total", 1240)(total("fulfillment", None)(session)),
    ],
    ids=[
        "more",
        "less tax",
        "no items",
        "no delivery",
        "a text",
        "a total in a text",
        "no total",
        "an unknown part",
        "everything twice",
        "nothing",
        "ready before the delivery is priced",
    ],
)
async def test_totals_that_do_not_sum_are_not_paid(kind: type[SessionShop], spoil: Spoil) -> None:
    assert (await stopped(kind, "ready", spoil)).answer is Answer.REFUSED


@last(*ALL)
async def test_a_discount_is_taken_off_however_it_is_signed(kind: type[SessionShop]) -> None:
    async with at(kind, spoilt="ready", spoil=total("discount", -100)) as (gateway, order, _):
        assert isinstance(await gateway.prepare(order), Prepared)


@last(*ALL)
@pytest.mark.parametrize(
    "spoil",
    [
        lambda session: session | {"status": "incomplete"},
        lambda session: session | {"status": "not_ready_for_payment"},
        lambda session: session | {"currency": "EUR"},
        with_message(type="error", code="missing"),
    ],
    ids=["incomplete", "not ready", "another currency", "an error"],
)
async def test_only_a_session_that_is_ready_is_paid(kind: type[SessionShop], spoil: Spoil) -> None:
    assert (await stopped(kind, "ready", spoil)).answer is Answer.REFUSED


@pytest.mark.parametrize(
    ("kind", "name", "spoil", "answer"),
    [
        (Ucp, "address", method(destinations=[]), Answer.DOES_NOT_SHIP),
        (Ucp, "address", method(type="pickup"), Answer.DOES_NOT_SHIP),
        (Ucp, "options", two_parcels, Answer.REFUSED),
        (Ucp, "options", method(groups=[]), Answer.DOES_NOT_SHIP),
        (Ucp, "options", group(options=[]), Answer.DOES_NOT_SHIP),
        (Ucp, "ready", method(selected_destination_id="addr_9"), Answer.REFUSED),
        (Ucp, "ready", group(selected_option_id="express"), Answer.REFUSED),
        (Acp, "session", lambda s: s | {"fulfillment_options": []}, Answer.DOES_NOT_SHIP),
        (Acp, "ready", lambda s: s | {"fulfillment_option_id": "express"}, Answer.REFUSED),
        (AcpOf2026, "session", lambda s: s | {"fulfillment_options": []}, Answer.DOES_NOT_SHIP),
        (
            AcpOf2026,
            "ready",
            lambda s: s | {"selected_fulfillment_options": [{"option_id": "express"}]},
            Answer.REFUSED,
        ),
        (AcpOf2026, "session", lambda s: s | {"capabilities": {}}, Answer.NEEDS_SETUP),
    ],
)
async def test_it_goes_to_the_customer_by_the_delivery_that_was_chosen(
    kind: type[SessionShop], name: str, spoil: Spoil, answer: Answer
) -> None:
    assert (await stopped(kind, name, spoil)).answer is answer


UCP_MESSAGES = [
    ({"code": "out_of_stock"}, Answer.SOLD_OUT),
    ({"code": "OUT_OF_STOCK"}, Answer.SOLD_OUT),
    ({"code": "item_unavailable"}, Answer.SOLD_OUT),
    ({"code": "address_undeliverable"}, Answer.DOES_NOT_SHIP),
    ({"code": "x", "severity": "requires_buyer_input"}, Answer.NEEDS_PERSON),
    ({"code": "x", "severity": "requires_buyer_review"}, Answer.NEEDS_PERSON),
    ({"code": "x", "presentation": "disclosure"}, Answer.NEEDS_PERSON),
    ({"code": "x", "severity": "unrecoverable"}, Answer.REFUSED),
]
ACP_MESSAGES = [
    ({"code": "out_of_stock"}, Answer.SOLD_OUT),
    ({"code": "quantity_exceeded"}, Answer.SOLD_OUT),
    ({"code": "region_restricted"}, Answer.DOES_NOT_SHIP),
    ({"code": "x", "resolution": "requires_buyer_input"}, Answer.NEEDS_PERSON),
    ({"code": "x", "resolution": "requires_buyer_review"}, Answer.NEEDS_PERSON),
    ({"code": "requires_sign_in"}, Answer.NEEDS_PERSON),
    ({"code": "age_verification_required"}, Answer.NEEDS_PERSON),
    ({"code": "approval_required"}, Answer.NEEDS_PERSON),
    ({"code": "intervention_required"}, Answer.NEEDS_PERSON),
]
MESSAGES = [
    pytest.param(*case.values, said, answer, id=f"{case.id}-{'-'.join(said.values())}")
    for kinds, table in (((Ucp,), UCP_MESSAGES), (BOTH_ACP, ACP_MESSAGES))
    for case in cases(*kinds)
    for said, answer in table
]


@pytest.mark.parametrize(("kind", "name", "said", "answer"), MESSAGES)
async def test_a_message_of_any_answer_is_understood(
    kind: type[SessionShop], name: str, said: dict[str, str], answer: Answer
) -> None:
    ended = await stopped(kind, name, with_message(**{"type": "warning"} | said))
    assert ended.answer is answer
    assert "Words" in str(ended.detail)


STATUSES = {
    Ucp: ("requires_escalation",),
    Acp: ("requires_escalation", "authentication_required", "pending_approval"),
}
BY_STATUS = [
    pytest.param(*case.values, status, id=f"{case.id}-{status}")
    for case in cases(*ALL)
    for status in STATUSES.get(case.values[0], STATUSES[Acp])
]


@pytest.mark.parametrize(("kind", "name", "status"), BY_STATUS)
async def test_a_session_that_waits_for_a_person_is_not_paid(
    kind: type[SessionShop], name: str, status: str
) -> None:
    ended = await stopped(kind, name, lambda session: session | {"status": status})
    assert ended.answer is Answer.NEEDS_PERSON


@pytest.mark.parametrize("said", [{}, {"messages": [{"content": "Confirm"}]}], ids=str)
async def test_a_person_is_told_where_to_go_on(said: dict[str, Any]) -> None:
    """Before the order as after it."""
    session = said | {"status": "requires_escalation", "continue_url": "https://shop.example/c/1"}
    told = "Confirm https://shop.example/c/1" if "messages" in said else "https://shop.example/c/1"
    ended = await stopped(Ucp, "ready", lambda ready: ready | {"messages": None} | session)
    assert ended.detail == f"delivery: {told}"
    async with at(Ucp, commit=say(session)) as (gateway, order, _):
        ready = await gateway.prepare(order)
        assert isinstance(ready, Prepared)
        sent = await gateway.send(frozen_by(order, ready.frozen))
    assert (sent.answer, sent.detail) == (Answer.NEEDS_PERSON, told)


@pytest.mark.parametrize(("kind", "name"), cases(*BOTH_ACP))
async def test_what_a_line_discloses_is_for_a_person(kind: type[SessionShop], name: str) -> None:
    spoil = with_line(disclosures=[{"type": "disclaimer", "content": "Signs of wear"}])
    ended = await stopped(kind, name, spoil)
    assert (ended.answer, "Signs of wear" in str(ended.detail)) == (Answer.NEEDS_PERSON, True)


def an_error(kind: type[SessionShop], code: str, *, nested: bool) -> Any:
    """An error as the protocol writes it."""
    words = "content" if kind is Ucp else "message"
    error = {"type": "invalid_request", "code": code, words: "Words"}
    return {"detail": error} if nested else error


@pytest.mark.parametrize(("kind", "name"), cases(*ALL))
@pytest.mark.parametrize("nested", [False, True], ids=["flat", "nested"])
@pytest.mark.parametrize(
    ("code", "answer"), [("out_of_stock", Answer.SOLD_OUT), ("invalid", Answer.REFUSED)]
)
async def test_an_error_before_the_commit_gives_the_session_up(
    kind: type[SessionShop], name: str, code: str, answer: Answer, nested: bool
) -> None:
    said = say(an_error(kind, code, nested=nested), status=409)
    ended = await stopped(kind, name, lambda _: said)
    assert ended.answer is answer
    assert str(ended.detail).endswith("Words")


# --------------------------------------------------------------------------- what the commit means
def open_with(code: str, status: str = "ready") -> Any:
    return {"id": "x", "status": status, "messages": [{"code": code, "content": "Words"}]}


SOUND = {"currency": "usd", "totals": [{"type": "total", "amount": 1590}]}
BY_BODY: list[tuple[tuple[type[SessionShop], ...], int, Any, Answer]] = [
    (ALL, 200, {"status": "completed", "order": {"id": "o1"}}, Answer.BOUGHT),
    (ALL, 201, {"status": "completed", "order": {"id": "o1"}}, Answer.BOUGHT),
    (ALL, 409, {"status": "completed", "order": {"id": "o1"}}, Answer.BOUGHT),
    (ALL, 200, {"status": "completed"}, Answer.UNKNOWN),
    (ALL, 200, {"status": "completed", "order": {"id": None}}, Answer.UNKNOWN),
    (ALL, 200, {"order": {"id": "o1"}}, Answer.UNKNOWN),
    (ALL, 200, {}, Answer.UNKNOWN),
    (ALL, 200, open_with("?"), Answer.UNKNOWN),
    (ALL, 200, SOUND | {"status": "complete_in_progress"}, Answer.PLACED),
    (BOTH_ACP, 200, SOUND | {"status": "in_progress"}, Answer.PLACED),
    (BOTH_ACP, 200, SOUND | {"status": "pending_approval"}, Answer.PLACED),
    (ALL, 200, {"status": "requires_escalation"}, Answer.NEEDS_PERSON),
    (BOTH_ACP, 200, {"status": "authentication_required"}, Answer.NEEDS_PERSON),
    (BOTH_ACP, 200, open_with("requires_3ds"), Answer.NEEDS_PERSON),
    (ALL, 200, open_with("payment_declined"), Answer.DECLINED),
    (ALL, 200, open_with("payment_declined", "completed"), Answer.UNKNOWN),
    (ALL, 500, open_with("payment_declined"), Answer.UNKNOWN),
    (ALL, 200, open_with("out_of_stock"), Answer.SOLD_OUT),
    (ALL, 200, open_with("out_of_stock", "completed"), Answer.UNKNOWN),
    (ALL, 200, open_with("price_changed"), Answer.PRICE_CHANGED),
    (ALL, 200, {"status": "canceled"}, Answer.REFUSED),
    (BOTH_ACP, 200, {"status": "expired"}, Answer.REFUSED),
    (ALL, 409, {"status": "canceled"}, Answer.UNKNOWN),
    ((Ucp,), 409, {"messages": [{"code": "OUT_OF_STOCK"}]}, Answer.SOLD_OUT),
    ((Ucp,), 409, {"messages": [{"code": "CHECKOUT_NOT_MODIFIABLE"}]}, Answer.UNKNOWN),
    (ALL, 400, {}, Answer.UNKNOWN),
    (ALL, 404, {}, Answer.UNKNOWN),
    (ALL, 500, {}, Answer.UNKNOWN),
]
BY_CODE: list[tuple[tuple[type[SessionShop], ...], int, str, Answer]] = [
    ((Ucp,), 402, "payment_failed", Answer.DECLINED),
    ((Ucp,), 402, "?", Answer.DECLINED),
    ((Ucp,), 400, "PAYMENT_FAILED", Answer.DECLINED),
    ((Ucp,), 409, "OUT_OF_STOCK", Answer.SOLD_OUT),
    (BOTH_ACP, 402, "payment_declined", Answer.DECLINED),
    (BOTH_ACP, 400, "payment_declined", Answer.DECLINED),
    (BOTH_ACP, 400, "out_of_stock", Answer.SOLD_OUT),
    (BOTH_ACP, 400, "requires_3ds", Answer.NEEDS_PERSON),
    (BOTH_ACP, 403, "requires_sign_in", Answer.NEEDS_PERSON),
    (NEW_ACP, 409, "idempotency_in_flight", Answer.IN_FLIGHT),
    (ALL, 422, "idempotency_conflict", Answer.UNKNOWN),
    (ALL, 405, "invalid", Answer.UNKNOWN),
    (ALL, 409, "invalid", Answer.UNKNOWN),
]


def by_each(table: list[tuple[Any, int, Any, Answer]]) -> list[Any]:
    return [
        pytest.param(kind, *row, id=f"{kind.system}-{row[0]}-{json.dumps(row[1])[:60]}")
        for kinds, *row in table
        for kind in kinds
    ]


async def committed(kind: type[SessionShop], status: int, body: Any) -> Answer:
    async with at(kind, commit=say(body, status=status)) as (gateway, order, _):
        ready = await gateway.prepare(order)
        assert isinstance(ready, Prepared), ready
        return (await gateway.send(frozen_by(order, ready.frozen))).answer


@pytest.mark.parametrize(("kind", "status", "body", "answer"), by_each(BY_BODY))
async def test_what_is_completed_and_has_an_order_is_bought_and_nothing_else(
    kind: type[SessionShop], status: int, body: Any, answer: Answer
) -> None:
    assert await committed(kind, status, body) is answer


@pytest.mark.parametrize(("kind", "status", "code", "answer"), by_each(BY_CODE))
@pytest.mark.parametrize("nested", [False, True], ids=["flat", "nested"])
async def test_an_error_at_the_commit_means_what_its_code_says_or_nothing(
    kind: type[SessionShop], status: int, code: str, answer: Answer, nested: bool
) -> None:
    """405 and 409 may well be what "bought already" looks like: they are never a refusal."""
    assert await committed(kind, status, an_error(kind, code, nested=nested)) is answer
