"""What the commit's answer leaves open: an order found by its number, and what it really cost."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bookhunt.hunt.ports import Order, Prepared, Sent
from bookhunt.model.book import Book
from bookhunt.model.purchase import Answer
from tests.support.builders import an_offer, usd
from tests.support.inline_sellers import ISBN, QUOTE, Routes, shop
from tests.support.loopback import reset, say
from tests.support.seller_worlds import an_order, frozen_by

if TYPE_CHECKING:
    from pathlib import Path

    from bookhunt.sellers.gateway import Gateway

PURCHASE = """
purchase:
  payment: {kind: account}
  steps:
    - commit: true
      request: {method: POST, path: /orders, json: {sku: "{offer.item}"}}
      outcomes: [{when: {status: 201}, is: bought}, {when: {status: 202}, is: placed}]
      fields: {order_id: {at: id}CHARGED}
  find_order:
    by: captured
    settle_s: 5
    steps: [{request: {path: "/orders/{order.id}"}}]
    fields:
      order_id: {at: number}
      final_price: {at: total, unit: major}
      state: {at: state, map: {PAID: bought, WAIT: placed, NO: declined}}
"""
BARE = PURCHASE.replace("CHARGED", "")
TOLD = PURCHASE.replace("CHARGED", ", final_price: {at: total, unit: major}")
AGREED, MORE = "12.50", "15.00"


async def frozen_in(gateway: Gateway) -> Order:
    seller = gateway.get("shop")
    assert seller is not None
    order = an_order(seller, an_offer("shop", item='"A1"'), Book(isbn13=ISBN))
    ready = await gateway.prepare(order)
    assert isinstance(ready, Prepared), ready
    return frozen_by(order, ready.frozen)


async def sent_to(folder: Path, routes: Routes, purchase: str = BARE) -> Sent:
    async with shop(folder, routes, QUOTE, purchase) as (gateway, _):
        return await gateway.send(await frozen_in(gateway))


async def test_an_accepted_order_is_found_by_its_number_in_another_life(tmp_path: Path) -> None:
    """The number is on disk with the attempt; nothing that was in memory is needed."""
    routes = Routes().on("POST /orders", say({"id": "r1"}, status=202))
    routes.on("GET /orders/r1", {"number": "N-1", "total": AGREED, "state": "PAID"})
    async with shop(tmp_path, routes, QUOTE, BARE) as (gateway, _):
        order = await frozen_in(gateway)
        sent = await gateway.send(order)
        assert (sent.answer, sent.order_id) == (Answer.PLACED, "r1")
        on_disk = replace(order, attempt=replace(order.attempt, order_id=sent.order_id))
        await gateway.cancel(order)  # and with it what is remembered of the attempt
        found = await gateway.look_up(on_disk)
    assert (found.answer, found.order_id) == (Answer.BOUGHT, "N-1")


async def test_without_a_number_there_is_nothing_to_look_for(tmp_path: Path) -> None:
    routes = Routes().on("POST /orders", reset)
    async with shop(tmp_path, routes, QUOTE, BARE) as (gateway, _):
        order = await frozen_in(gateway)
        assert (await gateway.send(order)).answer is Answer.UNKNOWN
        found = await gateway.look_up(order)
    assert found.answer is Answer.PASSED_OVER
    assert found.detail == "order.id was in the answer that was lost"
    assert routes.count("/orders") == 1


async def test_a_number_that_only_a_resend_told_is_used_in_this_life(tmp_path: Path) -> None:
    routes = Routes().on("POST /orders", reset, say({"id": "r1"}, status=202))
    routes.on("GET /orders/r1", {"number": "N-1", "total": AGREED, "state": "PAID"})
    async with shop(tmp_path, routes, QUOTE, BARE) as (gateway, _):
        order = await frozen_in(gateway)
        assert (await gateway.send(order)).answer is Answer.UNKNOWN
        assert (await gateway.send(order)).answer is Answer.PLACED
        assert (await gateway.look_up(order)).answer is Answer.BOUGHT


# ------------------------------------------------------------------------------------- the charge
async def test_what_an_order_cost_is_looked_up_where_its_answer_does_not_say(
    tmp_path: Path,
) -> None:
    routes = Routes().on("POST /orders", say({"id": "r1"}, status=201))
    routes.on("GET /orders/r1", {"number": "N-1", "total": MORE, "state": "PAID"})
    sent = await sent_to(tmp_path, routes)
    assert (sent.answer, sent.order_id, sent.charged) == (Answer.BOUGHT, "r1", usd(MORE))


async def test_an_answer_that_says_it_is_not_followed_by_a_question(tmp_path: Path) -> None:
    routes = Routes().on("POST /orders", say({"id": "r1", "total": AGREED}, status=201))
    sent = await sent_to(tmp_path, routes, TOLD)
    assert (sent.answer, sent.charged) == (Answer.BOUGHT, usd(AGREED))
    assert routes.count("/orders/r1") == 0


@pytest.mark.parametrize(
    "play",
    [
        {"number": "N-1", "total": MORE, "state": "NO"},
        {"number": "N-1", "total": MORE, "state": "WAIT"},
        {"number": "N-1", "state": "PAID"},
        say(b"<html>"),
        say(status=404),
        say(status=500),
        reset,
    ],
    ids=["declined", "placed", "no total", "a page", "nowhere", "an error", "lost"],
)
async def test_whatever_the_question_gives_the_order_stands(tmp_path: Path, play: Any) -> None:
    """The seller has said that it was bought; what was charged is then not confirmed."""
    routes = Routes().on("POST /orders", say({"id": "r1"}, status=201)).on("GET /orders/r1", play)
    sent = await sent_to(tmp_path, routes)
    assert (sent.answer, sent.order_id, sent.charged) == (Answer.BOUGHT, "r1", None)
