"""What the port `Sellers` promises, on the gateway before a real street and on its double."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bookhunt.hunt.ports import Prepared, Quoted, Stopped
from bookhunt.model.purchase import Answer
from bookhunt.model.reasons import Reason
from bookhunt.model.seller import SellerState
from tests.support.builders import usd
from tests.support.seller_worlds import (
    GatewayWorld,
    ScriptedWorld,
    SellerWorld,
    a_street,
    again,
    ready_to_send,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from bookhunt.simulated import Street


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    with a_street(tmp_path_factory.mktemp("street")) as opened:
        yield opened


@pytest.fixture(params=["gateway", "scripted"])
async def world(request: pytest.FixtureRequest) -> AsyncIterator[SellerWorld]:
    """Three sellers: `keyed` has a key and a look-up, `found` a look-up, `bare` neither."""
    if request.param == "scripted":
        yield ScriptedWorld()
        return
    async with GatewayWorld.open(request.getfixturevalue("street")) as made:
        yield made


# ------------------------------------------------------------------------------------ who there is
async def test_every_seller_is_listed_and_found_by_its_id(world: SellerWorld) -> None:
    listed = {seller.id: seller for seller in world.sellers.all()}
    for seller_id in (world.keyed, world.found, world.bare):
        assert world.sellers.get(seller_id) == listed[seller_id]
        assert listed[seller_id].state is SellerState.READY
    assert world.sellers.get("nobody") is None


async def test_the_capabilities_are_those_of_the_definitions(world: SellerWorld) -> None:
    proofs = [
        seller.proof.capability
        for seller_id in (world.keyed, world.found, world.bare)
        if (seller := world.sellers.get(seller_id)) is not None
    ]
    assert [(p.has_key, p.has_lookup) for p in proofs] == [
        (True, True),
        (False, True),
        (False, False),
    ]


async def test_what_is_missing_before_a_profile_can_order_is_said(world: SellerWorld) -> None:
    assert await world.sellers.needs_setup(world.keyed, "home") is None
    world.take_away_payment(world.keyed)
    assert await world.sellers.needs_setup(world.keyed, "nobody")


# ------------------------------------------------------------------------------------------ quotes
async def test_a_seller_that_has_the_book_offers_it(world: SellerWorld) -> None:
    quoted = await world.quote(world.keyed)
    assert quoted.reason is None
    assert quoted.calls == 1
    assert {offer.seller for offer in quoted.offers} == {world.keyed}
    assert all(offer.price.minor > 0 and offer.total is not None for offer in quoted.offers)


async def test_a_seller_without_the_book_says_so(world: SellerWorld) -> None:
    quoted = await world.quote(world.keyed, book=world.unknown_book)
    assert (quoted.offers, quoted.reason) == ((), Reason.NOT_STOCKED)


async def test_a_silent_seller_is_given_up_within_the_time(world: SellerWorld) -> None:
    world.silence(world.keyed)
    quoted = await world.quote(world.keyed, within_s=0.1)
    assert (quoted.offers, quoted.reason) == ((), Reason.TIMED_OUT)


async def test_a_quote_can_be_cut_off(world: SellerWorld) -> None:
    world.silence(world.keyed)
    asking = asyncio.create_task(world.quote(world.keyed, within_s=60))
    await world.until_asked(world.keyed)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking


# ------------------------------------------------------------------------------------------ orders
async def test_a_prepared_order_costs_what_the_offer_says(world: SellerWorld) -> None:
    for seller_id in (world.keyed, world.found, world.bare):
        order = await world.order(seller_id)
        prepared = await world.sellers.prepare(order)
        assert isinstance(prepared, Prepared)
        assert prepared.frozen.total == order.attempt.offer.total
        assert world.standing(seller_id) == 0


async def test_a_total_above_the_ceiling_stops_before_anything_is_ordered(
    world: SellerWorld,
) -> None:
    order = await world.order(world.keyed)
    low = replace(order, ceiling=usd("0.01"))
    stopped = await world.sellers.prepare(low)
    assert isinstance(stopped, Stopped)
    assert stopped.answer is Answer.OVER_MAX
    assert stopped.total == order.attempt.offer.total
    assert world.standing(world.keyed) == 0


async def test_a_sent_order_stands_once_at_the_agreed_total(world: SellerWorld) -> None:
    for seller_id in (world.keyed, world.found, world.bare):
        order = await ready_to_send(world, seller_id)
        sent = await world.sellers.send(order)
        assert sent.answer is Answer.BOUGHT
        assert sent.order_id
        assert sent.charged == order.attempt.offer.total
        assert world.standing(seller_id) == 1


async def test_a_refusal_is_told_in_its_own_word_and_nothing_stands(world: SellerWorld) -> None:
    order = await ready_to_send(world, world.keyed)
    world.refuse(world.keyed, Answer.DECLINED)
    assert (await world.sellers.send(order)).answer is Answer.DECLINED
    assert world.standing(world.keyed) == 0


async def test_a_lost_answer_is_unknown_and_is_found_by_its_reference(world: SellerWorld) -> None:
    for seller_id in (world.keyed, world.found):
        order = await ready_to_send(world, seller_id)
        world.lose_answer(seller_id)
        assert (await world.sellers.send(order)).answer is Answer.UNKNOWN
        found = await world.sellers.look_up(order)
        assert found.answer is Answer.BOUGHT
        assert found.order_id
        assert found.charged == order.attempt.offer.total
        assert world.standing(seller_id) == 1


async def test_an_order_that_never_arrived_is_not_found(world: SellerWorld) -> None:
    order = await ready_to_send(world, world.found)
    assert (await world.sellers.look_up(order)).answer is Answer.NOT_FOUND


async def test_a_seller_without_a_look_up_is_passed_over(world: SellerWorld) -> None:
    order = await ready_to_send(world, world.bare)
    assert (await world.sellers.look_up(order)).answer is Answer.PASSED_OVER


async def test_the_same_bytes_with_the_same_key_order_once(world: SellerWorld) -> None:
    order = await ready_to_send(world, world.keyed)
    world.lose_answer(world.keyed)
    await world.sellers.send(order)
    assert (await world.sellers.send(again(order))).answer is Answer.BOUGHT
    assert world.standing(world.keyed) == 1


async def test_an_order_can_be_taken_back(world: SellerWorld) -> None:
    order = await ready_to_send(world, world.keyed)
    sent = await world.sellers.send(order)
    placed = replace(order, attempt=replace(order.attempt, order_id=sent.order_id))
    assert await world.sellers.cancel(placed)


async def test_two_orders_at_one_seller_are_two_orders(world: SellerWorld) -> None:
    """Each has its own basket, key and reference."""
    orders = [await ready_to_send(world, world.found) for _ in range(2)]
    sents = await asyncio.gather(*(world.sellers.send(order) for order in orders))
    assert {sent.answer for sent in sents} == {Answer.BOUGHT}
    assert len({sent.order_id for sent in sents}) == 2
    assert world.standing(world.found) == 2


async def test_a_quote_is_a_value_whatever_happens(world: SellerWorld) -> None:
    quoted = await world.quote(world.bare, book=world.unknown_book)
    assert isinstance(quoted, Quoted)
    assert (quoted.reason is None) == bool(quoted.offers)
