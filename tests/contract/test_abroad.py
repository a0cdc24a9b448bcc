"""A purchase in another currency with every part real: server, gateway, ledger on disk, a crash.

The shop sells in yen, which have no smaller unit, to a customer who pays in dollars; one yen is
0.0067 dollars. What the shop is sent and what stands in its own book is in yen; what the ledger
reserves, agrees to and spends is in dollars.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from fractions import Fraction
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from bookhunt.hunt.exchange import ExchangeSettings
from bookhunt.hunt.service import HuntService
from bookhunt.hunt.settings import HuntSettings
from bookhunt.model.money import Money
from bookhunt.model.purchase import Stage
from bookhunt.model.request import RequestState
from bookhunt.sellers.compiling import compile_seller
from bookhunt.sellers.loading import load_file
from bookhunt.store.ledger import SqliteLedger
from bookhunt.store.shelf import MemoryShelf
from tests.support.builders import ISBN, a_request, usd
from tests.support.inline_sellers import SECRETS, a_gateway
from tests.support.loopback import Visit, answer, loopback
from tests.support.memory_explanations import MemoryExplanations
from tests.support.seller_worlds import WallClock, an_ask, until
from tests.unit.hunt.life import MemoryBuyers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bookhunt.model.outcome import RequestRecord

SHOP = """
schema: 1
id: shop
name: Shoten
base_url: {base_url}
currency: JPY
ships_to: ["*"]
conditions: [new]
quote:
  asks_by: [isbn13]
  steps:
    - request: {{path: /books, query: {{isbn: "{{asked.isbn}}", currency: "{{request.currency}}"}}}}
  rows: "offers[]"
  fields:
    item: {{at: sku}}
    isbn: {{at: isbn}}
    price: {{at: yen, unit: major}}
    shipping: {{unknown: true}}
purchase:
  profile_needs: [name, street]
  payment: {{kind: token, prompt: "Card token"}}
  idempotency: {{send: header, name: Idempotency-Key, retained_h: 24, replay: same_answer}}
  steps:
    - name: basket
      request:
        method: POST
        path: /baskets
        json: {{sku: "{{offer.item}}", most: "{{request.max_price | minor}}",
               currency: "{{request.currency}}", price: "{{offer.price | minor}}"}}
      capture: {{basket: {{at: id}}}}
    - name: price
      request: {{path: "/baskets/{{captured.basket}}"}}
      total: {{at: total, unit: major, currency: {{at: currency}}}}
    - name: order
      commit: true
      request:
        method: POST
        path: /orders
        json: {{basket: "{{captured.basket}}", total: "{{offer.total | minor}}",
               currency: "{{offer.currency}}", ref: "{{order.reference}}"}}
      outcomes: [{{when: {{status: 201}}, is: bought}}]
      fields: {{order_id: {{at: id}}, final_price: {{at: total, unit: major}}}}
  find_order:
    by: reference
    settle_s: 1
    steps: [{{request: {{path: /orders, query: {{ref: "{{order.reference}}"}}}}}}]
    rows: "orders[]"
    fields:
      reference: {{at: ref}}
      order_id: {{at: id}}
      final_price: {{at: total, unit: major}}
      state: {{at: state, map: {{PAID: bought}}}}
"""


class Shoten:
    """The shop: one book for 1,800 yen, 400 of postage, and a book of orders."""

    def __init__(self) -> None:
        self.basket_currency = "JPY"
        self.postage, self.charges_more = 400, 0
        self.loses_answer = False
        self.baskets: list[dict[str, Any]] = []
        self.sent: list[dict[str, Any]] = []
        self.orders: list[dict[str, Any]] = []

    async def __call__(self, visit: Visit) -> None:
        request, place = visit.request, urlsplit(visit.request.target)
        match request.method, place.path:
            case "GET", "/books":
                row = {"sku": "S1", "isbn": ISBN, "yen": 1800}
                visit.write(answer({"offers": [row]}))
            case "POST", "/baskets":
                self.baskets.append(request.json())
                visit.write(answer({"id": "b1"}, status=201))
            case "GET", "/baskets/b1":
                told = {"total": 1800 + self.postage, "currency": self.basket_currency}
                visit.write(answer(told))
            case "POST", "/orders":
                await self._order(visit, request.json(), request.headers["idempotency-key"])
            case _:
                [ref] = parse_qs(place.query)["ref"]
                visit.write(answer({"orders": [o for o in self.orders if o["ref"] == ref]}))

    async def _order(self, visit: Visit, body: dict[str, Any], key: str) -> None:
        self.sent.append(body)
        known = [order for order in self.orders if order["key"] == key]
        if not known:
            total = body["total"] + self.charges_more
            order = {"id": f"N-{len(self.orders) + 1}", "total": total, "state": "PAID"}
            self.orders.append(order | {"ref": body["ref"], "key": key})
        if self.loses_answer:
            visit.reset()
            return
        visit.write(answer((known or self.orders)[-1], status=201))


class Abroad:
    """A customer with dollars, before the shop; `begin` is the daemon's life."""

    def __init__(self, shop: Shoten, folder: Path, gateway: Any) -> None:
        self.shop, self._folder, self.gateway = shop, folder, gateway
        self.rate = Fraction("0.0067")
        self.clock = WallClock()

    async def begin(self) -> None:
        self.ledger = await SqliteLedger.open(
            self._folder / "ledger.db", clock=self.clock, defaults={}, free_space_floor=0
        )
        self.service = HuntService(
            ledger=self.ledger,
            sellers=self.gateway,
            buyers=MemoryBuyers(),
            explanations=MemoryExplanations(),
            shelf=MemoryShelf(),
            clock=self.clock,
            settings=HuntSettings(workers=2, exchange=ExchangeSettings(fixed={"JPY": self.rate})),
        )
        await self.service.start()

    async def end(self) -> None:
        await self.service.stop(within_s=1)
        await self.ledger.close()

    async def submits(self, **fields: Any) -> str:
        request = a_request(submitted_at=self.clock.now(), **fields)
        await self.service.submit(request, fingerprint="f", again=True)
        return request.id

    async def outcome(self, request_id: str) -> RequestRecord:
        record = await self.service.wait(request_id, within_s=30)
        assert record is not None
        return record

    async def spent(self) -> Money:
        day, _ = await self.ledger.spent("USD", at=self.clock.now())
        return day


@asynccontextmanager
async def a_shop(folder: Path) -> AsyncIterator[Abroad]:
    shop = Shoten()
    async with loopback(otherwise=shop) as server:
        path = folder / "shop.yaml"
        path.write_text(SHOP.format(base_url=server.address), "utf-8")
        async with a_gateway(compile_seller(load_file(path)), secrets=SECRETS) as gateway:
            abroad = Abroad(shop, folder, gateway)
            await abroad.begin()
            yield abroad
            await abroad.end()


@pytest.fixture
async def abroad(tmp_path: Path) -> AsyncIterator[Abroad]:
    async with a_shop(tmp_path) as abroad:
        yield abroad


def yen(amount: int) -> Money:
    return Money(amount, "JPY")


async def test_the_shop_hears_yen_and_the_ledger_counts_dollars(abroad: Abroad) -> None:
    """2,200 yen at 0.0067 and 2 % are 15.04 dollars; 30 dollars buy 4,389 yen."""
    record = await abroad.outcome(await abroad.submits(max_price=usd("30")))
    assert record.state is RequestState.SUCCESS, record
    assert abroad.shop.baskets == [{"sku": "S1", "most": 4389, "currency": "JPY", "price": 1800}]
    (sent,) = abroad.shop.sent
    assert (sent["total"], sent["currency"]) == (2200, "JPY")
    (attempt,) = await abroad.ledger.attempts(record.request.id)
    assert (attempt.agreed, attempt.charged) == (usd("15.04"), yen(2200))
    bought = record.result.bought
    assert bought is not None
    assert (bought.total, bought.original) == (usd("15.04"), yen(2200))
    assert (bought.charge_confirmed, bought.overcharged) == (True, False)
    assert await abroad.spent() == usd("15.04")
    again = await abroad.ledger.get(record.request.id)
    assert again == record  # from the file, every field


@pytest.mark.parametrize(("maximum", "bought"), [("15.04", 1), ("15.03", 0)])
async def test_the_landed_total_is_held_against_the_maximum(
    abroad: Abroad, maximum: str, bought: int
) -> None:
    """It is first known at the checkout; a cent less buys nothing."""
    record = await abroad.outcome(await abroad.submits(max_price=usd(maximum)))
    assert len(abroad.shop.orders) == bought
    expected = RequestState.SUCCESS if bought else RequestState.NOT_AVAILABLE
    assert record.state is expected
    if not bought:
        assert record.result.findings.lowest == usd("15.05")  # each part is rounded up
        assert await abroad.spent() == usd("0")


async def test_a_basket_in_dollars_is_not_taken_for_yen(abroad: Abroad) -> None:
    """Nor the other way: a checkout in another currency than the offer's ends the attempt."""
    abroad.shop.basket_currency = "USD"
    record = await abroad.outcome(await abroad.submits())
    assert record.state is RequestState.PURCHASE_FAILED
    assert abroad.shop.sent == []
    assert await abroad.spent() == usd("0")


async def test_an_overcharge_in_yen_is_seen_and_counted(abroad: Abroad) -> None:
    abroad.shop.charges_more = 5000
    record = await abroad.outcome(await abroad.submits())
    bought = record.result.bought
    assert bought is not None
    assert (bought.overcharged, bought.original) == (True, yen(7200))
    assert bought.total == usd("49.21")
    assert await abroad.spent() == usd("49.21")


async def test_a_crash_and_another_rate_change_nothing_of_an_order(abroad: Abroad) -> None:
    """The answer is lost, the daemon ends, the rate doubles: it stands as it was agreed."""
    abroad.shop.loses_answer = True
    request_id = await abroad.submits()
    await until(lambda: bool(abroad.shop.orders))
    await abroad.end()
    abroad.shop.loses_answer = False
    abroad.rate = Fraction("0.0134")
    await abroad.begin()
    assert await abroad.spent() == usd("15.04")  # held while nobody knows
    record = await abroad.outcome(request_id)
    assert record.state is RequestState.SUCCESS
    (attempt,) = await abroad.ledger.attempts(request_id)
    assert (attempt.stage, attempt.charged) == (Stage.CONFIRMED, yen(2200))
    bought = record.result.bought
    assert bought is not None
    assert (bought.total, bought.original, bought.overcharged) == (
        usd("15.04"),
        yen(2200),
        False,
    )
    assert len(abroad.shop.orders) == 1
    assert await abroad.spent() == usd("15.04")


async def test_a_quote_is_told_the_customers_currency(abroad: Abroad) -> None:
    """Who prices in several may answer in it; what comes in another is converted."""
    ask = an_ask(a_request().book)
    [quoted] = await abroad.service.quote(ask, sellers=None, within_s=5)
    [offer] = quoted.offers
    assert (offer.price, offer.as_sold.price) == (usd("12.31"), yen(1800))
    assert offer.total is None
