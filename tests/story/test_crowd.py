"""Thirty customers want the same book in the same moment."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from bookhunt.wire.contract import PurchaseRequest
from tests.story.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CUSTOMERS = 30


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A street that takes its time, so that all of them ask while the first answers come."""
    world = World.open(tmp_path / "home", latency_scale=1.0)
    yield world
    world.close()


def test_each_of_thirty_customers_has_an_own_order_or_an_honest_answer(world: World) -> None:
    """Each order stands in the street's ledger, and every call was told by who made it."""
    isbn = world.book(orders_at=4)

    def wants(number: int) -> dict[str, Any]:
        wish = PurchaseRequest(isbn=isbn, max_price="200", customer=f"customer-{number}")
        submitted = world.client.buy(wish, idempotency_key=f"crowd-{number}")
        return world.client.wait(submitted["request_id"], within_s=40)

    with ThreadPoolExecutor(CUSTOMERS) as crowd:
        ended = list(crowd.map(wants, range(CUSTOMERS)))
    bought = [each for each in ended if each["status"] == "SUCCESS"]
    told = {(each["resolved_seller"], each["order_id"]) for each in bought}
    assert len(told) == len(bought) >= 3
    assert told == {(order["seller"], order["order_id"]) for order in world.orders(isbn)}
    assert {each["status"] for each in ended} <= {"SUCCESS", "NOT_AVAILABLE"}
    quotes = {seller: by.get("quote", 0) for seller, by in world.street.counts().items()}
    # Calls are told by whoever made them: nobody asked a seller and said nothing of it.
    assert sum(quotes.values()) == sum(each["calls"] for each in ended)
