"""Shop systems are bought from by their shipped definitions, and none of them can cheat.

The hunt, the ledger on disk, the gateway and HTTP are the program's own; each shop is a merchant of
the suite that behaves as the system's facts say, and what it sold stands in a ledger of its own.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from bookhunt.model.money import Money
from bookhunt.model.request import RequestState
from tests.merchants.merchant import Book
from tests.merchants.roster import MERCHANTS
from tests.merchants.running import open_here
from tests.merchants.shopping import ISBN, shopping

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bookhunt.model.outcome import Bought, RequestRecord
    from tests.merchants.merchant import Merchant
    from tests.merchants.running import OpenMerchant
    from tests.merchants.shopping import Shopper

pytestmark = pytest.mark.story
TOTAL_MINOR = 1250 + 350  # the book, and the cheapest of two deliveries
every_system = pytest.mark.parametrize("kind", MERCHANTS, ids=lambda kind: kind.system)


def who_can(*twists: str) -> pytest.MarkDecorator:
    """Every merchant that can play one of these twists, with each that it can."""
    played = [(kind, twist) for kind in MERCHANTS for twist in twists if twist in kind.twists]
    ids = [f"{kind.system}-{twist}" for kind, twist in played]
    return pytest.mark.parametrize(("kind", "twist"), played, ids=ids)


@asynccontextmanager
async def shopping_at(
    kind: type[Merchant], folder: Path
) -> AsyncIterator[tuple[Shopper, OpenMerchant]]:
    """Somebody before an open shop with ten copies."""
    with open_here(kind, folder=folder / "arcade") as arcade:
        arcade[kind.system].put(Book(isbn=ISBN))
        async with shopping(arcade, folder) as shopper:
            yield shopper, arcade[kind.system]


@every_system
async def test_one_copy_is_bought_with_the_cheapest_delivery(
    kind: type[Merchant], tmp_path: Path
) -> None:
    """What the shop wrote down is what the customer is told: the order, the total, once."""
    async with shopping_at(kind, tmp_path) as (shopper, shop):
        record = await shopper.buy(kind.system)
        [order] = shop.orders()
    bought = bought_of(record)
    assert (order["isbn"], order["quantity"], order["total_minor"]) == (ISBN, 1, TOTAL_MINOR)
    assert bought.order_id in {order["order_id"], order.get("number")}
    assert bought.total == Money(TOTAL_MINOR, "USD")
    assert bought.charge_confirmed
    assert not bought.overcharged


@every_system
async def test_a_total_over_the_maximum_is_never_ordered(
    kind: type[Merchant], tmp_path: Path
) -> None:
    """The copy alone would fit; with its delivery it is a cent too dear."""
    async with shopping_at(kind, tmp_path) as (shopper, shop):
        record = await shopper.buy(kind.system, "15.99")
        orders, asked = shop.orders(), shop.asked()
    assert record.state in {RequestState.PURCHASE_FAILED, RequestState.NOT_AVAILABLE}
    assert orders == []
    assert "commit" not in asked


@every_system
async def test_what_is_out_of_stock_is_not_ordered(kind: type[Merchant], tmp_path: Path) -> None:
    async with shopping_at(kind, tmp_path) as (shopper, shop):
        shop.put(Book(isbn=ISBN, stock=0))
        record = await shopper.buy(kind.system)
        assert shop.orders() == []
    assert record.state is RequestState.NOT_AVAILABLE


@every_system
@pytest.mark.parametrize("copies", ["last", "many"])
async def test_a_lost_answer_is_found_again_and_buys_nothing_twice(
    kind: type[Merchant], tmp_path: Path, copies: str
) -> None:
    """The order was made and its answer lost: it is proven without a person, and is one order."""
    async with shopping_at(kind, tmp_path) as (shopper, shop):
        shop.put(Book(isbn=ISBN, stock=1 if copies == "last" else 10))
        shop.fault("lost_after", "commit", count=1)
        record = await shopper.buy(kind.system)
        [order] = shop.orders()
    bought = bought_of(record)
    assert bought.order_id in {None, order["order_id"], order.get("number")}
    assert bought.total == Money(TOTAL_MINOR, "USD")


@every_system
async def test_an_order_that_never_came_is_proven_so(kind: type[Merchant], tmp_path: Path) -> None:
    """With a key it is sent again; without one its absence is proven, and nothing is bought."""
    async with shopping_at(kind, tmp_path) as (shopper, shop):
        shop.fault("lost_before", "commit", count=1)
        record = await shopper.buy(kind.system)
        orders = shop.orders()
    has_key = shopper.world.sellers[kind.system].seller.proof.capability.has_key
    wanted = RequestState.SUCCESS if has_key else RequestState.PURCHASE_FAILED
    assert (record.state, len(orders)) == (wanted, 1 if has_key else 0), record.result


@every_system
async def test_customers_at_once_have_a_basket_each(kind: type[Merchant], tmp_path: Path) -> None:
    """Three want one of two copies: two orders of one copy each, and nobody got another's."""
    async with shopping_at(kind, tmp_path) as (shopper, shop):
        shop.put(Book(isbn=ISBN, stock=2))
        records = await asyncio.gather(*(shopper.buy(kind.system) for _ in range(3)))
        orders = shop.orders()
    bought = [bought_of(each) for each in records if each.state is RequestState.SUCCESS]
    assert len(bought) == len(orders) == 2
    assert {order["quantity"] for order in orders} == {1}
    assert {each.order_id for each in bought} == {order["order_id"] for order in orders}


@who_can("sold_out", "declined")
async def test_a_refusal_at_the_order_is_one(
    kind: type[Merchant], twist: str, tmp_path: Path
) -> None:
    async with shopping_at(kind, tmp_path) as (shopper, shop):
        shop.fault(twist, "commit")
        record = await shopper.buy(kind.system)
        assert shop.orders() == []
    assert record.state is RequestState.PURCHASE_FAILED
    assert record.result is not None
    assert record.result.reason in {twist, "refused"}


# -------------------------------------------------------------------------- shops that would cheat
@who_can("wrong_isbn", "second_line", "two_copies", "postage_later", "wrong_sum", "free")
async def test_a_shop_that_cheats_in_the_basket_gets_no_order(
    kind: type[Merchant], twist: str, tmp_path: Path
) -> None:
    """Another book, a second line, a total that is none: seen before anything is spent."""
    async with shopping_at(kind, tmp_path) as (shopper, shop):
        shop.fault(twist)
        record = await shopper.buy(kind.system)
        orders, asked = shop.orders(), shop.asked()
    assert record.state in {RequestState.PURCHASE_FAILED, RequestState.NOT_AVAILABLE}
    assert orders == []
    assert "commit" not in asked


@every_system
async def test_a_price_that_is_raised_too_far_after_the_quote_is_not_paid(
    kind: type[Merchant], tmp_path: Path
) -> None:
    async with shopping_at(kind, tmp_path) as (shopper, shop):
        for operation in ("add", "commit"):  # where a system raises prices
            shop.fault("price_raised", operation, minor=500)
        record = await shopper.buy(kind.system, "18")
        assert shop.orders() == []
    assert record.state in {RequestState.PURCHASE_FAILED, RequestState.NOT_AVAILABLE}


@who_can("charges_more")
async def test_a_shop_that_charges_more_is_told_of_and_not_bought_from_again(
    kind: type[Merchant], twist: str, tmp_path: Path
) -> None:
    """The order stands, so it is bought; and the customer is shown what was really taken."""
    async with shopping_at(kind, tmp_path) as (shopper, shop):
        shop.fault(twist, "commit", minor=300)
        record = await shopper.buy(kind.system)
        [order] = shop.orders()
    bought = bought_of(record)
    assert bought.overcharged
    assert bought.total == Money(TOTAL_MINOR + 300, "USD") == Money(order["total_minor"], "USD")


def bought_of(record: RequestRecord) -> Bought:
    assert record.state is RequestState.SUCCESS, record.result
    assert record.result is not None
    assert record.result.bought is not None
    return record.result.bought
