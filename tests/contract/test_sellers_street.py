"""The gateway at every seller of the street, with the street's own ledger as the oracle.

The gateway may be unsure (`UNKNOWN`); what it is sure of must be true: an order it calls bought
stands exactly once, and where it says that nothing was ordered, nothing is ever executed.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bookhunt.hunt.ports import Prepared, Stopped
from bookhunt.model.book import Book
from bookhunt.model.purchase import DECLARED_REFUSALS, Answer
from bookhunt.model.reasons import Reason
from bookhunt.simulated.faults import Behaviour
from bookhunt.simulated.roster import HAND_MADE
from tests.support.builders import usd
from tests.support.seller_worlds import (
    GatewayWorld,
    a_street,
    again,
    an_ask,
    an_order,
    frozen_by,
    ready_to_send,
    until,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from bookhunt.simulated import Street

SELLERS = [profile.id for profile in HAND_MADE]
SELLING = [profile.id for profile in HAND_MADE if profile.sells]
FINDING = [profile.id for profile in HAND_MADE if profile.finds]
KEYED = [profile.id for profile in HAND_MADE if profile.replay.value != "none"]
STEPPED = [
    "harbourlight",
    "ivyhouse",
    "kestrelbooks",
    "lanternrow",
    "mossbridge",
    "orchardend",
    "pennyroyal",
]
STANDS = {Answer.BOUGHT, Answer.PLACED}
NOTHING = {Answer.NOT_SENT, Answer.UNAUTHORISED, Answer.RATE_LIMITED, *DECLARED_REFUSALS}


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    with a_street(tmp_path_factory.mktemp("street")) as opened:
        yield opened


@pytest.fixture
async def world(street: Street) -> AsyncIterator[GatewayWorld]:
    async with GatewayWorld.open(street) as opened:
        yield opened


SILENT = {Behaviour.HANG, Behaviour.HANG_AFTER, Behaviour.DRIP}


@pytest.fixture
def impatient(behaviour: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A silent seller is given up after a moment, not after twenty seconds."""
    if behaviour in SILENT:
        monkeypatch.setattr("bookhunt.sellers.gateway_orders._COMMIT_AT_LEAST_S", 0.3)


# ------------------------------------------------------------------------------------------ quotes
@pytest.mark.parametrize("seller", SELLERS)
async def test_every_seller_offers_what_it_really_has(world: GatewayWorld, seller: str) -> None:
    quoted = await world.quote(seller)
    [offer] = quoted.offers
    [truth] = [o for o in world.street.offers(seller=seller) if o["item"] == f"{seller}-TEST"]
    assert json.loads(offer.item) == truth["item"]
    assert (offer.price.minor, offer.price.currency) == (truth["price_minor"], truth["currency"])
    assert (offer.isbn13, offer.title) == (truth["isbn"], offer.title)
    assert offer.total is None or offer.total.minor == truth["total_minor"]
    assert offer.inventory in {truth["inventory"], None}
    assert quoted.reason is None
    assert quoted.latency_ms == offer.response_ms > 0


@pytest.mark.parametrize("seller", [s for s in SELLERS if s != "nightjar"])
async def test_every_seller_can_be_asked_by_title(world: GatewayWorld, seller: str) -> None:
    world.book_of(seller)
    quoted = await world.quote(seller, book=Book(title="pride AND prejudice!"))
    assert [offer.seller for offer in quoted.offers] == [seller]


async def test_a_seller_that_takes_no_titles_is_not_asked_by_one(world: GatewayWorld) -> None:
    ask = an_ask(Book(title="Pride and Prejudice"))
    assert world.sellers.cannot_ask("nightjar", ask) is Reason.CANNOT_ASK
    assert (await world.sellers.quote("nightjar", ask, within_s=5)).calls == 0


@pytest.mark.parametrize("seller", SELLERS)
async def test_every_seller_says_that_it_lacks_a_book_or_a_copy(
    world: GatewayWorld, seller: str
) -> None:
    quoted = await world.quote(seller, book=world.unknown_book)
    assert (quoted.offers, quoted.reason) == ((), Reason.NOT_STOCKED)
    world.offer_book(seller, inventory=0)
    quoted = await world.quote(seller, book=Book(isbn13="9780141439518"))
    assert (quoted.offers, quoted.reason) == ((), Reason.SOLD_OUT)


QUOTE_FAULTS: dict[Behaviour, tuple[set[Reason | None], dict[str, Any]]] = {
    Behaviour.HANG: ({Reason.TIMED_OUT}, {}),
    Behaviour.STATUS: ({Reason.SERVER_ERROR}, {"status": 503}),
    Behaviour.RESET_UNREAD: ({Reason.UNREACHABLE}, {}),
    Behaviour.RESET_BEFORE: ({Reason.UNREACHABLE}, {}),
    Behaviour.UNAUTHORISED: ({Reason.UNAUTHORISED}, {}),
    Behaviour.SOLD_OUT: ({Reason.SOLD_OUT}, {}),
    Behaviour.WRONG_BOOK: ({Reason.WRONG_BOOK}, {}),
    Behaviour.PRICE_GARBAGE: ({Reason.UNREADABLE}, {}),
    Behaviour.GARBAGE: ({Reason.UNREADABLE}, {}),
    Behaviour.TRUNCATED: ({Reason.UNREACHABLE}, {}),
    Behaviour.EMPTY: ({Reason.UNREADABLE}, {}),
    Behaviour.HTML_PAGE: ({Reason.UNREADABLE}, {}),
    Behaviour.REDIRECT: ({Reason.UNREADABLE}, {"location": "https://evil.example/"}),
    Behaviour.OVERSIZED: ({Reason.UNREADABLE}, {"size": 2 * 1024 * 1024}),
    Behaviour.GZIP_BOMB: ({Reason.UNREADABLE}, {"size": 8 * 1024 * 1024}),
    Behaviour.DRIP: ({Reason.TIMED_OUT}, {}),
    Behaviour.DUPLICATE: ({None}, {}),
    Behaviour.WRONG_TYPE: ({None}, {}),
}


@pytest.mark.parametrize("behaviour", QUOTE_FAULTS)
async def test_a_misbehaving_seller_has_a_reason_each_time(
    world: GatewayWorld, behaviour: Behaviour
) -> None:
    reasons, options = QUOTE_FAULTS[behaviour]
    for seller in SELLERS:
        world.book_of(seller)
        world.street.fault(seller, "quote", behaviour.value, count=None, **options)
    within_s = 0.5 if reasons == {Reason.TIMED_OUT} else 20
    quoteds = await asyncio.gather(*(world.quote(s, within_s=within_s) for s in SELLERS))
    assert {q.seller: q.reason for q in quoteds if q.reason not in reasons} == {}
    world.street.clear()
    after = await asyncio.gather(*(world.quote(s) for s in SELLERS))
    assert [q.seller for q in after if q.reason is not None] == []


async def test_a_rate_limit_says_when_to_come_back(world: GatewayWorld) -> None:
    world.book_of("amberside")
    world.street.fault("amberside", "quote", "status", status=429, retry_after_s=7)
    quoted = await world.quote("amberside")
    assert (quoted.reason, quoted.retry_after_s) == (Reason.RATE_LIMITED, 7.0)


async def test_a_failure_of_the_sellers_own_is_asked_about_once_more(world: GatewayWorld) -> None:
    world.book_of("amberside")
    world.street.fault("amberside", "quote", "status", status=502)
    quoted = await world.quote("amberside")
    assert (quoted.reason, quoted.calls) == (None, 2)


async def test_a_quote_tells_a_seller_nothing_of_the_customer(world: GatewayWorld) -> None:
    for seller in SELLERS:
        await world.quote(seller)
    for line in world.street.arrivals(operation="quote"):
        told = json.dumps(line)
        assert "Bennet" not in told
        assert "street-pay" not in told


# ------------------------------------------------------------------------------------------ orders
@pytest.mark.parametrize("seller", SELLING)
async def test_every_seller_is_ordered_from_at_its_landed_total(
    world: GatewayWorld, seller: str
) -> None:
    order = await ready_to_send(world, seller)
    frozen = order.attempt.frozen
    assert frozen is not None
    assert frozen.total == world.landed(seller)
    sent = await world.sellers.send(order)
    assert sent.answer in STANDS, sent
    [standing] = world.street.orders(seller)
    assert standing["reference"] in {order.attempt.reference, ""}
    assert standing["total_minor"] == frozen.total.minor
    assert sent.order_id == standing["order_id"]
    assert sent.charged == frozen.total
    assert sent.delivery


@pytest.mark.parametrize("how", ["send", "look_up"])
async def test_nothing_is_kept_of_an_attempt_that_bought(world: GatewayWorld, how: str) -> None:
    """Its cookies and credentials were kept until then, and a daemon runs for months."""
    under_way = world.sellers._ordering._under_way  # type: ignore[attr-defined]
    if how == "look_up":
        world.street.fault("foxglove", "commit", "hang_after")
    order = await ready_to_send(world, "foxglove")
    assert list(under_way) == [order.attempt.id]
    sent = await world.sellers.send(order)
    if how == "look_up":
        assert sent.answer is Answer.UNKNOWN
        assert list(under_way) == [order.attempt.id]
        sent = await world.sellers.look_up(order)
    assert sent.answer is Answer.BOUGHT
    assert not under_way


@pytest.mark.parametrize("seller", FINDING)
async def test_an_order_is_found_by_its_reference_and_a_strange_one_is_not(
    world: GatewayWorld, seller: str
) -> None:
    order = await ready_to_send(world, seller)
    assert (await world.sellers.look_up(order)).answer is Answer.NOT_FOUND
    await world.sellers.send(order)
    found = await world.sellers.look_up(order)
    assert found.answer in STANDS
    assert found.order_id == world.street.orders(seller)[0]["order_id"]
    other = replace(order, attempt=replace(order.attempt, reference="z" * 18))
    assert (await world.sellers.look_up(other)).answer is Answer.NOT_FOUND


async def test_a_placed_order_is_bought_later(world: GatewayWorld) -> None:
    order = await ready_to_send(world, "copperlane")
    assert (await world.sellers.send(order)).answer is Answer.PLACED
    for _ in range(100):
        found = await world.sellers.look_up(order)
        if found.answer is not Answer.PLACED:
            break
        await world.clock.sleep(0.05)
    assert found.answer is Answer.BOUGHT


COMMIT_FAULTS: dict[Behaviour, dict[str, Any]] = {
    Behaviour.HANG: {},
    Behaviour.HANG_AFTER: {},
    Behaviour.STATUS: {"status": 500},
    Behaviour.STATUS_AFTER: {"status": 500},
    Behaviour.RESET_UNREAD: {},
    Behaviour.RESET_BEFORE: {},
    Behaviour.RESET_AFTER: {},
    Behaviour.DELAYED: {"ms": 100},
    Behaviour.REDIRECT: {"status": 307, "location": "/elsewhere"},
    Behaviour.UNAUTHORISED: {},
    Behaviour.SOLD_OUT: {},
    Behaviour.PRICE_CHANGED: {},
    Behaviour.DECLINED: {},
    Behaviour.PRICE_RAISED: {"minor": 500},
    Behaviour.GARBAGE: {},
    Behaviour.TRUNCATED: {},
    Behaviour.EMPTY: {},
    Behaviour.WRONG_TYPE: {},
    Behaviour.HTML_PAGE: {},
    Behaviour.DUPLICATE: {},
    Behaviour.DRIP: {},
    Behaviour.OVERSIZED: {"size": 2 * 1024 * 1024},
    Behaviour.GZIP_BOMB: {"size": 8 * 1024 * 1024},
}
REFUSING = {
    Behaviour.SOLD_OUT: Answer.SOLD_OUT,
    Behaviour.PRICE_CHANGED: Answer.PRICE_CHANGED,
    Behaviour.DECLINED: Answer.DECLINED,
}
SURE = {*REFUSING, Behaviour.PRICE_RAISED, Behaviour.WRONG_TYPE, Behaviour.DUPLICATE}


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("behaviour", COMMIT_FAULTS)
async def test_what_is_said_of_an_order_is_never_wrong(
    world: GatewayWorld, behaviour: Behaviour
) -> None:
    """Every way to misbehave at the commit, at every seller at once."""
    orders = {seller: await ready_to_send(world, seller) for seller in SELLING}
    for seller in SELLING:
        world.street.fault(seller, "commit", behaviour.value, **COMMIT_FAULTS[behaviour])
    sents = await asyncio.gather(*(world.sellers.send(orders[s]) for s in SELLING))
    said = dict(zip(SELLING, sents, strict=True))
    if behaviour is Behaviour.DELAYED:
        await until(lambda: all(world.standing(s) == 1 for s in SELLING))
    for seller, sent in said.items():
        standing = world.street.orders(seller)
        if sent.answer in STANDS:
            assert [o["order_id"] for o in standing] == [sent.order_id], (seller, sent)
        elif sent.answer in NOTHING:
            assert standing == [], (seller, sent)
        else:
            assert sent.answer is Answer.UNKNOWN, (seller, sent)
            assert len(standing) <= 1
        # A tool that is never sure is safe and useless.
        assert (sent.answer is Answer.UNKNOWN) == (behaviour not in SURE), (seller, sent)
        if behaviour in REFUSING:
            assert sent.answer is REFUSING[behaviour], (seller, sent)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("behaviour", ["reset_after", "hang_after", "status_after", "garbage"])
async def test_a_lost_answer_is_settled_by_what_the_seller_can_prove(
    world: GatewayWorld, behaviour: str
) -> None:
    for seller in SELLING:
        order = await ready_to_send(world, seller)
        world.street.fault(seller, "commit", behaviour)
        assert (await world.sellers.send(order)).answer is Answer.UNKNOWN
        if seller in FINDING:
            found = await world.sellers.look_up(order)
            assert found.answer in STANDS, (seller, found)
        if seller in KEYED:
            sent = await world.sellers.send(again(order))
            assert sent.answer in {*STANDS, Answer.ALREADY_DONE}, (seller, sent)
        assert world.standing(seller) == 1


@pytest.mark.parametrize("seller", KEYED)
async def test_every_send_of_one_order_is_the_same_byte_for_byte(
    world: GatewayWorld, street: Street, seller: str
) -> None:
    """Also from another process, that knows nothing but what is on disk."""
    order = await ready_to_send(world, seller)
    await world.sellers.send(order)
    await world.sellers.send(again(order))
    arrivals = world.street.arrivals(seller=seller, operation="commit")
    async with GatewayWorld.open(street, sellers={}) as other:
        await other.sellers.send(again(order))
        arrivals += other.street.arrivals(seller=seller, operation="commit")
    told = [
        {name: line[name] for name in ("method", "path", "key", "reference", "body_hash")}
        for line in arrivals
    ]
    assert len(told) == 3
    assert told[0] == told[1] == told[2]


@pytest.mark.parametrize("seller", STEPPED)
async def test_two_purchases_never_share_a_basket(world: GatewayWorld, seller: str) -> None:
    """Step by step in turn, each gets the book it asked for."""
    books = {"one": "9781449373320", "two": "9780262510875"}
    orders = {}
    for name, isbn in books.items():
        world.street.set_offer(
            seller, f"{seller}-{name}", isbn=isbn, price_minor=1000, fee_minor=350, inventory=5
        )
        ask = an_ask(Book(isbn13=isbn))
        quoted = await world.sellers.quote(seller, ask, within_s=5)
        [offer] = [o for o in quoted.offers if json.loads(o.item) == f"{seller}-{name}"]
        known = world.sellers.get(seller)
        assert known is not None
        order = an_order(known, offer, ask.book)
        orders[name] = replace(order, ceiling=usd("500"))
    prepared = await asyncio.gather(*(world.sellers.prepare(o) for o in orders.values()))
    assert all(isinstance(each, Prepared) for each in prepared)
    sending = [
        frozen_by(order, each.frozen)
        for order, each in zip(orders.values(), prepared, strict=True)
        if isinstance(each, Prepared)
    ]
    sents = await asyncio.gather(*(world.sellers.send(order) for order in sending))
    assert {sent.answer for sent in sents} == {Answer.BOUGHT}
    bought = {o["order_id"]: (o["isbn"], o["quantity"]) for o in world.street.orders(seller)}
    assert [bought[str(sent.order_id)] for sent in sents] == [(i, 1) for i in books.values()]


@pytest.mark.parametrize("seller", ["harbourlight", "lanternrow", "mossbridge"])
async def test_a_total_that_was_raised_at_the_checkout_stops_before_the_commit(
    world: GatewayWorld, seller: str
) -> None:
    order = await world.order(seller)
    order = replace(order, ceiling=world.landed(seller))
    world.street.fault(seller, "price", "price_raised", minor=1)
    stopped = await world.sellers.prepare(order)
    assert isinstance(stopped, Stopped)
    assert stopped.answer is Answer.OVER_MAX
    assert stopped.total == world.landed(seller) + usd("0.01")
    assert world.street.arrivals(seller=seller, operation="commit") == []


async def test_what_was_charged_above_the_agreed_total_is_told(world: GatewayWorld) -> None:
    order = await ready_to_send(world, "kestrelbooks")
    world.street.fault("kestrelbooks", "commit", "price_raised", minor=250)
    sent = await world.sellers.send(order)
    assert sent.answer is Answer.BOUGHT
    assert sent.charged == world.landed("kestrelbooks") + usd("2.50")


@pytest.mark.parametrize("behaviour", ["reset_before", "reset_after", "hang", "truncated"])
async def test_a_lost_answer_before_the_commit_costs_a_basket_and_no_more(
    world: GatewayWorld, behaviour: str
) -> None:

    async def buy(seller: str) -> None:
        order = await world.order(seller)
        order = replace(order, ceiling=world.landed(seller))
        world.street.fault(seller, "cart", behaviour)
        prepared = await world.sellers.prepare(order)
        assert isinstance(prepared, Prepared), (seller, prepared)
        sent = await world.sellers.send(frozen_by(order, prepared.frozen))
        assert sent.answer is Answer.BOUGHT
        [standing] = world.street.orders(seller)
        assert standing["quantity"] == 1

    await asyncio.gather(*(buy(s) for s in ("kestrelbooks", "lanternrow", "mossbridge")))


async def test_a_basket_that_cannot_be_filled_stops_with_the_sellers_word(
    world: GatewayWorld,
) -> None:
    for seller in ("kestrelbooks", "lanternrow", "mossbridge"):
        order = await world.order(seller)
        world.street.set_offer(seller, f"{seller}-TEST", inventory=0)
        stopped = await world.sellers.prepare(order)
        assert isinstance(stopped, Stopped)
        assert stopped.answer is Answer.SOLD_OUT
        assert not await world.sellers.cancel(order)


@pytest.mark.parametrize("seller", ["amberside", "lanternrow"])
async def test_an_order_is_taken_back_where_the_seller_has_a_way(
    world: GatewayWorld, seller: str
) -> None:
    order = await ready_to_send(world, seller)
    sent = await world.sellers.send(order)
    placed = replace(order, attempt=replace(order.attempt, order_id=sent.order_id))
    assert await world.sellers.cancel(placed)
    assert world.standing(seller) == 0


# ------------------------------------------------------------------------ what is stored, and later
@pytest.mark.parametrize("seller", SELLING)
async def test_what_is_stored_of_an_order_holds_no_secret(world: GatewayWorld, seller: str) -> None:
    order = await ready_to_send(world, seller)
    frozen = order.attempt.frozen
    assert frozen is not None
    for name, value in world.secrets.values.items():
        assert value not in frozen.document, name
    assert f"pay/home/{seller}" in frozen.document


@pytest.mark.parametrize("seller", SELLING)
async def test_an_order_is_sent_and_looked_up_when_its_definition_is_gone(
    world: GatewayWorld, street: Street, seller: str
) -> None:
    """After a crash, and after somebody deleted the file: what is on disk is enough."""
    order = await ready_to_send(world, seller)
    gateway = GatewayWorld.gateway_of({}, world.secrets)
    try:
        sent = await gateway.send(order)
        assert sent.answer in STANDS
        found = await gateway.look_up(order)
        assert found.answer in ({*STANDS} if seller in FINDING else {Answer.PASSED_OVER})
    finally:
        await gateway.close()


async def test_a_changed_payment_token_is_not_sent_for_an_order_that_was_frozen_before(
    world: GatewayWorld,
) -> None:
    order = await ready_to_send(world, "amberside")
    world.secrets.values["pay/home/amberside"] = "another account's"
    world.gateway.forget_secrets()
    sent = await world.sellers.send(order)
    assert sent.answer is Answer.NOT_SENT
    assert (await world.sellers.send(again(order))).answer is Answer.UNKNOWN
    assert world.street.arrivals(seller="amberside", operation="commit") == []


async def test_a_changed_credential_is_no_other_order(world: GatewayWorld) -> None:
    """A rotated key is how the same order is sent the next day; the seller refuses the old one."""
    order = await ready_to_send(world, "amberside")
    right = world.secrets.values["amberside/api_key"]
    world.secrets.values["amberside/api_key"] = "old"
    world.gateway.forget_secrets()
    assert (await world.sellers.send(order)).answer is Answer.UNKNOWN  # 401 is not declared there
    world.secrets.values["amberside/api_key"] = right
    world.gateway.forget_secrets()
    assert (await world.sellers.send(again(order))).answer is Answer.BOUGHT
    assert world.standing("amberside") == 1


async def test_a_missing_secret_keeps_the_seller_off_until_it_is_there(
    world: GatewayWorld,
) -> None:
    value = world.secrets.values.pop("amberside/api_key")
    assert (await world.quote("amberside")).reason is Reason.NEEDS_SETUP
    told = await world.sellers.needs_setup("amberside", "home")
    assert told is not None
    assert "api_key" in told
    ask = an_ask(world.book_of("amberside"))
    world.secrets.values["amberside/api_key"] = value
    world.gateway.forget_secrets()
    assert world.sellers.cannot_ask("amberside", ask) is None
    assert (await world.quote("amberside")).reason is None


async def test_loopback_sellers_need_the_configurations_word(street: Street) -> None:
    from bookhunt.sellers.network import NetworkRules

    async with GatewayWorld.open(street, rules=NetworkRules()) as strict:
        quoted = await strict.quote("amberside")
        assert quoted.offers == ()
        assert "allow_loopback" in str(quoted.detail)
        assert strict.street.arrivals() == []


async def test_a_profile_that_lacks_what_the_seller_needs_is_told_before_any_step(
    world: GatewayWorld,
) -> None:
    order = await world.order("kestrelbooks")
    world.street.reset()
    changed = replace(order, attempt=replace(order.attempt, definition_hash="e" * 64))
    stopped = await world.sellers.prepare(changed)
    assert isinstance(stopped, Stopped)
    assert world.street.arrivals() == []
