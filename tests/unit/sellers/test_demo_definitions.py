"""The definitions of the street, against the street itself: what they read is what it sells."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bookhunt.hunt.ports import Ask, Order, Prepared
from bookhunt.model.book import Book
from bookhunt.model.purchase import Answer, Stage
from bookhunt.model.request import ConditionWish, FormatWish
from bookhunt.sellers.compiling import compile_seller
from bookhunt.sellers.compiling_setup import Configured
from bookhunt.sellers.doctor_script import ExampleClock
from bookhunt.sellers.gateway import Gateway
from bookhunt.sellers.loading import DefinitionShelf
from bookhunt.sellers.network import NetworkRules
from bookhunt.simulated import street as streets
from bookhunt.simulated.roster import HAND_MADE, Replay
from tests.support.builders import a_buyer, an_attempt, usd

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from bookhunt.sellers.compiled import CompiledSeller

SELLERS = 30  # the hand-made ones and variants of each
PROFILES = {profile.id: profile for profile in HAND_MADE}
BUYABLE = [profile.id for profile in HAND_MADE if profile.sells]


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Iterator[streets.Street]:
    opened = streets.start(
        tmp_path_factory.mktemp("street"),
        seed=7,
        sellers=SELLERS,
        latency_scale=0,
        parent_pid=os.getpid(),
    )
    yield opened
    opened.stop()


@pytest.fixture(scope="module")
def sellers(
    street: streets.Street, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, CompiledSeller]:
    folder: Path = tmp_path_factory.mktemp("sellers")
    for seller_id, text in streets.definitions(street).items():
        (folder / f"{seller_id}.yaml").write_text(text, encoding="utf-8")
    found = DefinitionShelf(folder, demo=True).read()
    assert found.mistakes == ()
    settings = streets.settings(street)
    known = set(secrets_of(street))
    return {
        seller_id: compile_seller(
            found.by_id[seller_id],
            configured=Configured(settings=settings[seller_id]),
            has_secret=known.__contains__,
        )
        for seller_id in street.sellers
    }


def secrets_of(street: streets.Street) -> dict[str, str]:
    secrets = {
        f"{seller}/{name}": value
        for seller, names in streets.credentials(street).items()
        for name, value in names.items()
    }
    for seller, token in streets.payment_tokens(street, "home").items():
        secrets[f"pay/home/{seller}"] = token
    return secrets


@pytest.fixture
async def gateway(
    street: streets.Street, sellers: dict[str, CompiledSeller]
) -> AsyncIterator[Gateway]:
    street.reset()
    made = Gateway(
        lambda: sellers,
        secret=secrets_of(street).__getitem__,
        rules=NetworkRules(allow_loopback=True),
        clock=ExampleClock(),
    )
    yield made
    await made.close()


def ask_for(**book: Any) -> Ask:
    return Ask(
        book=Book(**book),
        max_price=usd("1000"),
        country="US",
        condition=ConditionWish.ANY,
        format=FormatWish.PAPER,
    )


def in_stock(street: streets.Street, seller: str) -> dict[str, Any]:
    """An offer in dollars that is left."""
    offers = street.offers(seller=seller)
    return next(o for o in offers if o["inventory"] > 1 and o["currency"] == "USD")


def test_every_seller_of_the_street_has_a_definition(sellers: dict[str, CompiledSeller]) -> None:
    assert len(sellers) == SELLERS
    assert {each.seller.state.value for each in sellers.values()} == {"ready"}


async def test_quotes_are_what_the_street_sells(
    street: streets.Street, gateway: Gateway, sellers: dict[str, CompiledSeller]
) -> None:
    for seller_id, seller in sellers.items():
        profile = PROFILES[seller.definition.like or seller_id]
        one = in_stock(street, seller_id)
        quoted = await gateway.quote(seller_id, ask_for(isbn13=one["isbn"]), within_s=10)
        truth = {
            each["item"]: each
            for each in street.offers(one["isbn"], seller_id)
            if each["inventory"] and each["currency"] == "USD"
        }
        read = {each.item.strip('"'): each for each in quoted.offers}
        assert read.keys() == truth.keys(), (seller_id, quoted)
        for item, offer in read.items():
            said = truth[item]
            assert offer.price.minor == said["price_minor"]
            assert offer.condition.value == said["condition"]
            if profile.postage.quoted or profile.id == "kestrelbooks":
                assert offer.total is not None
                assert offer.total.minor == said["total_minor"]
            else:
                assert offer.shipping is None
            if profile.counts_stock and profile.dialect != "jsonld":
                assert offer.inventory == said["inventory"]
            else:
                assert offer.inventory is None


async def test_a_book_nobody_carries_is_not_stocked(
    gateway: Gateway, sellers: dict[str, CompiledSeller]
) -> None:
    for seller_id in sellers:
        quoted = await gateway.quote(seller_id, ask_for(isbn13="9780000000002"), within_s=10)
        assert quoted.reason is not None
        assert quoted.reason.value == "not_stocked", (seller_id, quoted.detail)


@pytest.mark.parametrize("seller_id", BUYABLE)
async def test_an_order_is_bought_once_found_and_repeated_as_the_definition_says(
    street: streets.Street, gateway: Gateway, sellers: dict[str, CompiledSeller], seller_id: str
) -> None:
    seller, profile = sellers[seller_id], PROFILES[seller_id]
    one = in_stock(street, seller_id)
    ask = ask_for(isbn13=one["isbn"])
    quoted = await gateway.quote(seller_id, ask, within_s=10)
    offer = next(each for each in quoted.offers if each.item.strip('"') == one["item"])
    attempt = an_attempt(
        seller=seller_id, offer=offer, definition_hash=seller.hash, max_price=usd("1000")
    )
    order = Order(attempt=attempt, buyer=a_buyer(), book=ask.book, ceiling=usd("1000"))
    prepared = await gateway.prepare(order)
    assert isinstance(prepared, Prepared), prepared
    assert prepared.frozen.total.minor == one["total_minor"]
    assert prepared.total_checked is seller.seller.checks_total
    now = ExampleClock().now()
    sending = replace(
        attempt,
        stage=Stage.SENDING,
        frozen=prepared.frozen,
        agreed=prepared.frozen.total,
        sends=1,
        first_sent_at=now,
        last_sent_at=now,
    )
    order = replace(order, attempt=sending)
    sent = await gateway.send(order)
    assert sent.answer is (Answer.PLACED if profile.placed_s else Answer.BOUGHT), sent
    (executed,) = street.orders(seller_id)
    assert sent.order_id == executed["order_id"]
    assert sent.charged is not None
    assert sent.charged.minor == executed["total_minor"] == one["total_minor"]
    if profile.finds:
        found = await gateway.look_up(order)
        assert found.answer in {Answer.BOUGHT, Answer.PLACED}
        assert found.order_id == executed["order_id"]
        assert executed["reference"] == attempt.reference
    if profile.replay is not Replay.NONE:
        again = await gateway.send(replace(order, attempt=replace(sending, sends=2)))
        repeats = profile.replay is Replay.SAME_ANSWER
        assert again.answer is (sent.answer if repeats else Answer.ALREADY_DONE)
    if profile.cancels:
        cancelled = replace(sending, order_id=sent.order_id)
        assert await gateway.cancel(replace(order, attempt=cancelled))
    assert len(street.orders(seller_id)) == 1


@pytest.mark.parametrize("seller_id", BUYABLE)
async def test_a_token_that_is_not_the_sellers_is_declined(
    street: streets.Street, gateway: Gateway, sellers: dict[str, CompiledSeller], seller_id: str
) -> None:
    one = in_stock(street, seller_id)
    street.fault(seller_id, "commit", "declined")
    ask = ask_for(isbn13=one["isbn"])
    quoted = await gateway.quote(seller_id, ask, within_s=10)
    attempt = an_attempt(
        seller=seller_id,
        offer=quoted.offers[0],
        definition_hash=sellers[seller_id].hash,
        max_price=usd("1000"),
    )
    order = Order(attempt=attempt, buyer=a_buyer(), book=ask.book, ceiling=usd("1000"))
    prepared = await gateway.prepare(order)
    assert isinstance(prepared, Prepared), prepared
    now = ExampleClock().now()
    sending = replace(
        attempt, stage=Stage.SENDING, frozen=prepared.frozen, sends=1, first_sent_at=now
    )
    sent = await gateway.send(replace(order, attempt=sending))
    assert sent.answer is Answer.DECLINED
    assert street.orders(seller_id) == []
