"""Buying at a merchant with all that buys: the hunt, the ledger on disk, the gateway, real HTTP.

Only the clock is quicker, as the crash harness has it: what is spoken keeps the real time.
"""

from __future__ import annotations

import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bookhunt.model.buyer import Address, Buyer
from bookhunt.model.money import Money
from tests.crash.clock import FastClock
from tests.crash.life import Wish, World, buy, open_life
from tests.merchants.definitions import any_secret, shops
from tests.support.builders import an_id

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bookhunt.hunt.service import HuntService
    from bookhunt.model.outcome import RequestRecord
    from tests.merchants.running import Arcade

ISBN = "9781402894626"
_HOME = Address(
    name="Ada Reader",
    street="1 Main St",
    city="Springfield",
    region="IL",
    postcode="62701",
    country="US",
    phone="+1 217 555 0100",
    email="ada@example.test",
)
ADA = Buyer(profile="home", ship=_HOME, bill=_HOME)
_FACTOR = 200.0
_SETTLE_S = 40.0


@dataclass(frozen=True, slots=True)
class Shopper:
    """Somebody who may ask for books."""

    service: HuntService
    world: World

    async def buy(self, seller: str, most: str = "60", *, isbn: str = ISBN) -> RequestRecord:
        """What became of one request for a copy at one seller, when it came to rest."""
        wish = Wish(an_id(), isbn, Money.of(most, "USD"), frozenset({seller}))
        record = await buy(self.service, wish, self.world.clock)
        assert record is not None
        return record


@asynccontextmanager
async def shopping(arcade: Arcade, folder: Path) -> AsyncIterator[Shopper]:
    """A hunt over the shipped definitions of every merchant that is open."""
    world = World(
        folder=folder,
        sellers=shops(arcade, settle_s=_SETTLE_S, read_ms=8000, commit_ms=8000),
        secret=any_secret,
        clock=FastClock(factor=_FACTOR, origin=time.monotonic()),
        wishes=(),
        buyer=ADA,
    )
    async with open_life(world) as service:
        yield Shopper(service, world)
