"""What has to hold of an answer: `must`, which nothing that cannot be read gets past."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bookhunt.hunt.ports import Order, Prepared, Stopped
from bookhunt.model.book import Book
from bookhunt.model.purchase import Answer
from bookhunt.model.reasons import Reason
from bookhunt.sellers.template_filters import mapped
from tests.support.builders import an_offer
from tests.support.inline_sellers import FIELDS, ISBN, QUOTE, Routes, offers, shop
from tests.support.seller_worlds import an_ask, an_order, frozen_by
from tests.unit.sellers.test_checks import changed, checked

if TYPE_CHECKING:
    from pathlib import Path

    from bookhunt.hunt.ports import Sellers

SUMS = "sum(lines[].cents) == total"
PURCHASE = f"""
purchase:
  payment: {{kind: account}}
  must:
    - {{that: {{json: "currency == 'USD'"}}, else: price_changed}}
  steps:
    - request: {{method: POST, path: /carts, json: {{sku: "{{offer.item}}"}}}}
      must:
        - {{that: {{json: "{SUMS}"}}, else: refused, message: why}}
      capture: {{cart: {{at: id}}}}
      total: {{at: total, unit: minor}}
    - commit: true
      request: {{method: POST, path: /orders, json: {{cart: "{{captured.cart}}"}}}}
      outcomes: [{{when: {{status: 201}}, is: bought}}]
      fields: {{order_id: {{at: id}}}}
"""
CART = {"id": "c1", "lines": [{"cents": 1000}, {"cents": 250}], "total": 1250, "currency": "USD"}


def order_of(gateway: Sellers) -> Order:
    seller = gateway.get("shop")
    assert seller is not None
    return an_order(seller, an_offer("shop", item='"A1"'), Book(isbn13=ISBN))


async def prepared(folder: Path, **cart: Any) -> Prepared | Stopped:
    routes = Routes().on("POST /carts", CART | cart)
    async with shop(folder, routes, QUOTE, PURCHASE) as (gateway, _):
        return await gateway.prepare(order_of(gateway))


async def test_what_holds_goes_on(tmp_path: Path) -> None:
    assert isinstance(await prepared(tmp_path), Prepared)


@pytest.mark.parametrize(
    "lines",
    [[{"cents": 1000}], [{"cents": "1000"}, {"cents": "250"}], None, [{"cents": None}], "1250"],
    ids=["another sum", "texts", "none", "an empty amount", "no list"],
)
async def test_what_does_not_hold_or_cannot_be_read_ends_the_attempt(
    tmp_path: Path, lines: Any
) -> None:
    """An outcome that cannot be read does not match, and goes on; `must` is the other way round."""
    stopped = await prepared(tmp_path, lines=lines)
    assert isinstance(stopped, Stopped)
    assert stopped.answer is Answer.REFUSED
    assert stopped.detail == f"step 1: it must hold: json: {SUMS}"


async def test_the_sellers_own_words_say_why(tmp_path: Path) -> None:
    stopped = await prepared(tmp_path, total=1, why="we add as we like")
    assert isinstance(stopped, Stopped)
    assert stopped.detail == "step 1: we add as we like"


async def test_what_a_block_demands_holds_for_its_steps_and_not_for_the_commit(
    tmp_path: Path,
) -> None:
    stopped = await prepared(tmp_path, currency="EUR")
    assert isinstance(stopped, Stopped)
    assert stopped.answer is Answer.PRICE_CHANGED
    routes = Routes().on("POST /carts", CART).on("POST /orders", {"id": "N-1"})
    purchase = PURCHASE.replace("status: 201", "status: 200")
    async with shop(tmp_path, routes, QUOTE, purchase) as (gateway, _):
        order = order_of(gateway)
        ready = await gateway.prepare(order)
        assert isinstance(ready, Prepared)
        sent = await gateway.send(frozen_by(order, ready.frozen))
    assert (sent.answer, sent.order_id) == (Answer.BOUGHT, "N-1")


async def test_a_quote_is_held_to_it_as_well(tmp_path: Path) -> None:
    quote = f"""
quote:
  asks_by: [isbn13]
  must: [{{that: {{json: "version == '2'"}}, else: blocked}}]
  steps:
    - request: {{path: /books}}
{FIELDS}"""
    routes = Routes().on("GET /books", offers() | {"version": "2"}, offers())
    async with shop(tmp_path, routes, quote) as (gateway, _):
        ask = an_ask(Book(isbn13=ISBN))
        held = await gateway.quote("shop", ask, within_s=5)
        broken = await gateway.quote("shop", ask, within_s=5)
    assert len(held.offers) == 1
    assert broken.reason is Reason.BLOCKED


# ----------------------------------------------------------------------------------- the checks
@pytest.mark.parametrize(
    ("old", "new", "path", "said"),
    [
        (
            "    - name: order\n",
            "    - name: order\n      must: [{that: {status: 200}, else: refused}]\n",
            "purchase.steps[2].must",
            "read before the commit step",
        ),
        (
            "    - name: cart\n",
            "    - name: cart\n      must: [{that: {status: 200}, else: bought}]\n",
            "purchase.steps[0].must[0].else",
            "before the commit step nothing was ordered",
        ),
        (
            "    - name: cart\n",
            '    - name: cart\n      must: [{that: {json: "a =="}, else: refused}]\n',
            "purchase.steps[0].must[0].that.json",
            "a ==",
        ),
        (
            "    - name: cart\n",
            '    - name: cart\n      must: [{that: {text: "("}, else: refused}]\n',
            "purchase.steps[0].must[0].that.text",
            "not a pattern",
        ),
    ],
    ids=["at the commit", "a word of an order", "an expression", "a pattern"],
)
def test_a_must_that_means_nothing_is_a_mistake(old: str, new: str, path: str, said: str) -> None:
    [mistake] = checked(changed(old, new)).errors
    assert mistake.path == path
    assert said in f"{mistake.message} {mistake.hint}"


def test_the_entry_of_a_table_that_is_the_value_itself() -> None:
    table = {"978-1": "roses", "kept": "{*}", "*": "{*}"}
    assert [mapped(each, table) for each in ("978-1", "KEPT", 9, "a b")] == [
        "roses",
        "KEPT",
        "9",
        "a b",
    ]
    assert mapped("a", {"b": "c"}) is None
