"""Whatever the network does to an order, one copy is bought, or a person is asked and told why.

The hunt is the program's own, on a ledger on disk and over real sockets; a proxy breaks the one
message that spends money. The street's ledger is the judge.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from bookhunt.model.money import Money
from bookhunt.simulated import Street, start
from tests.crash.cases import CELLS, FACTOR, Cell
from tests.crash.clock import FastClock
from tests.crash.definitions import impatient, secrets_of
from tests.crash.life import Wish, World, buy, open_life
from tests.crash.oracle import OurLedger, StreetLedger, Verdict, judge
from tests.support import faulty_proxy as proxies
from tests.support.faulty_proxy import FaultyProxy, faulty_proxy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.story

ISBN, ITEM = "9780141439518", "NETWORK"
OTHER = "junipergate"
ONE_STEP = [cell for cell in CELLS if cell.steps == 1]
COMMIT_PATH = {
    "amberside": "/v1/orders",
    "brightwater": "/v1/orders",
    "dovetail": "/api/order",
    "elmcourt": "/api/order",
}
# After these the answer was read, whole: nothing is in doubt.
READABLE = {proxies.byte_by_byte, proxies.early_hints, proxies.deliver_twice}
FAULTS = [
    proxies.reset_at_once,
    proxies.reset_after_delivery,
    proxies.end_at_once,
    proxies.silence,
    proxies.lose,
    proxies.end_in_the_head,
    proxies.end_in_the_body,
    proxies.byte_by_byte,
    proxies.deliver_late,
    proxies.answer_of_before,
    proxies.early_hints,
    proxies.noise_first,
]


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    opened = start(tmp_path_factory.mktemp("street"), latency_scale=0, parent_pid=os.getpid())
    yield opened
    opened.stop()


class Broken:
    """A seller behind a proxy, and a dearer one beside it."""

    def __init__(self, street: Street, seller: str, folder: Path) -> None:
        self.street, self.seller, self.folder = street, seller, folder
        self.ledger = StreetLedger(street)
        self.secret = secrets_of(street)
        for offer in street.offers(isbn=ISBN):
            if offer["seller"] in {seller, OTHER}:
                street.set_offer(offer["seller"], offer["item"], inventory=0)
        self._offer(seller, 1000, 250 if seller == "elmcourt" else 399)
        self._offer(OTHER, 2500, 299)
        self.ledger.mark()

    def _offer(self, seller: str, price_minor: int, fee_minor: int) -> None:
        self.street.set_offer(
            seller,
            ITEM,
            isbn=ISBN,
            price_minor=price_minor,
            fee_minor=fee_minor,
            inventory=2,
            condition="used" if seller == "elmcourt" else "new",
        )

    async def hunt(self, proxy: FaultyProxy) -> tuple[str, Verdict]:
        """Buy through the proxy; how it ended, and what the street has to say of it."""
        sellers = frozenset({self.seller, OTHER})
        world = World(
            folder=self.folder,
            sellers=impatient(self.street, sellers, instead={self.seller: proxy.address}),
            secret=self.secret,
            clock=FastClock(factor=FACTOR, origin=time.monotonic()),
            wishes=(),
        )
        async with open_life(world) as service:
            wish = Wish("one", ISBN, Money(6000, "USD"), sellers)
            record = await buy(service, wish, world.clock)
        assert record is not None
        await proxy.drain()
        self.street.set_offer(self.seller, ITEM, inventory=0)  # what waits is written down
        self.ledger.read()
        verdict = judge(
            self.ledger,
            OurLedger.read(self.folder / "ledger.db"),
            secret=self.secret,
            copies={(self.seller, ITEM): 2, (OTHER, ITEM): 2},
        )
        return record.state.value, verdict


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
@pytest.mark.parametrize("cell", ONE_STEP, ids=lambda cell: cell.capability)
async def test_one_copy_is_bought_or_a_person_is_asked(
    cell: Cell, fault: proxies.Fault, street: Street, tmp_path: Path
) -> None:
    broken = Broken(street, cell.seller, tmp_path)
    async with faulty_proxy(street.addresses[cell.seller]) as proxy:
        proxy.break_next(COMMIT_PATH[cell.seller], fault)
        state, verdict = await broken.hunt(proxy)
    assert proxy.met == 1
    assert verdict.notes == []
    doubtful = not cell.can_prove and fault not in READABLE
    assert state == ("NEEDS_ATTENTION" if doubtful else "SUCCESS")


@pytest.mark.parametrize("seller", ["amberside", "brightwater"])
async def test_a_message_that_arrives_twice_is_one_order_where_there_is_a_key(
    seller: str, street: Street, tmp_path: Path
) -> None:
    broken = Broken(street, seller, tmp_path)
    async with faulty_proxy(street.addresses[seller]) as proxy:
        proxy.break_next(COMMIT_PATH[seller], proxies.deliver_twice)
        state, verdict = await broken.hunt(proxy)
    assert (state, verdict.notes) == ("SUCCESS", [])
    assert len(broken.ledger.commits()) == 2
    assert len(broken.ledger.standing()) == 1


async def test_two_orders_with_one_reference_are_a_persons_business(
    street: Street, tmp_path: Path
) -> None:
    """Nobody can prevent it where no key is read; but it is never told as one purchase."""
    broken = Broken(street, "dovetail", tmp_path)

    async def twice_and_silent(passage: proxies.Passage) -> None:
        await passage.forward()
        await passage.forward()

    async with faulty_proxy(street.addresses["dovetail"]) as proxy:
        proxy.break_next(COMMIT_PATH["dovetail"], twice_and_silent)
        state, _ = await broken.hunt(proxy)
    assert state == "NEEDS_ATTENTION"


async def test_a_seller_that_is_not_there_was_sent_nothing(street: Street, tmp_path: Path) -> None:
    """A refused connection is the one failure that says so: the next seller is asked at once."""
    broken = Broken(street, "elmcourt", tmp_path)

    async def close_the_door(passage: proxies.Passage) -> None:
        await passage.say(await passage.forward())
        passage.writer.close()
        door.close()

    async with faulty_proxy(street.addresses["elmcourt"]) as proxy:
        door = proxy
        proxy.break_next("/api/search", close_the_door)
        state, verdict = await broken.hunt(proxy)
    assert (state, verdict.notes) == ("SUCCESS", [])
    assert [order["seller"] for order in broken.ledger.standing()] == [OTHER]
