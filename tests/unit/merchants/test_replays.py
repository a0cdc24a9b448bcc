"""What each system says to the same bytes sent twice: one order, and a word that says so."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from bookhunt.hunt.ports import Prepared
from bookhunt.model.book import Book as Wanted
from bookhunt.model.purchase import Answer
from bookhunt.sellers.gateway import Gateway
from bookhunt.sellers.network import NetworkRules
from tests.merchants.definitions import any_secret, shops
from tests.merchants.merchant import Book
from tests.merchants.roster import MERCHANTS
from tests.merchants.running import open_here
from tests.merchants.shopping import ADA, ISBN
from tests.merchants.zinc import Zinc
from tests.support.seller_worlds import WallClock, again, an_ask, an_order, frozen_by

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bookhunt.hunt.ports import Order
    from tests.merchants.merchant import Merchant
    from tests.merchants.running import OpenMerchant

# What a second send is answered, where it is not the first answer again.
USED = {"woocommerce", "vendure", "magento"}


@asynccontextmanager
async def ready_to_order(
    kind: type[Merchant], folder: Path
) -> AsyncIterator[tuple[Gateway, Order, OpenMerchant]]:
    """An order whose bytes are frozen, and the shop that it is for."""
    with open_here(kind, folder=folder) as arcade:
        shop = arcade[kind.system]
        shop.put(Book(isbn=ISBN))
        sellers = shops(arcade)
        gateway = Gateway(
            lambda: sellers,
            secret=any_secret,
            rules=NetworkRules(allow_loopback=True),
            clock=WallClock(),
            confirms=lambda: False,
        )
        try:
            quoted = await gateway.quote(kind.system, an_ask(Wanted(isbn13=ISBN)), within_s=5)
            [offer] = quoted.offers
            seller = sellers[kind.system].seller
            order = an_order(seller, offer, Wanted(isbn13=ISBN), buyer=ADA)
            prepared = await gateway.prepare(order)
            assert isinstance(prepared, Prepared), prepared
            yield gateway, frozen_by(order, prepared.frozen), shop
        finally:
            await gateway.close()


@pytest.mark.parametrize("kind", MERCHANTS, ids=lambda kind: kind.system)
async def test_the_same_bytes_twice_are_one_order(kind: type[Merchant], tmp_path: Path) -> None:
    async with ready_to_order(kind, tmp_path) as (gateway, order, shop):
        first = await gateway.send(order)
        second = await gateway.send(again(order))
        assert len(shop.orders()) == 1
    assert first.answer in {Answer.BOUGHT, Answer.PLACED}
    if kind.system in USED:
        assert second.answer is Answer.ALREADY_DONE
    else:
        # What a definition does not declare is looked up; no refusal speaks of the first send.
        assert second.answer in {first.answer, Answer.ALREADY_DONE, Answer.UNKNOWN}


async def test_a_shop_that_ignores_its_key_takes_two_orders(tmp_path: Path) -> None:
    """Nothing protects from a shop that breaks its word: a definition must not promise for it."""
    async with ready_to_order(Zinc, tmp_path) as (gateway, order, shop):
        shop.fault("key_ignored", "commit")
        await gateway.send(order)
        await gateway.send(again(order))
        assert len({each["order_id"] for each in shop.orders()}) == 2
        assert len({each["key"] for each in shop.orders()}) == 1
