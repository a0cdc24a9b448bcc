"""A month of a thousand watches over a market that changes, with crashes and clocks that jump."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from bookhunt.daemon.schedule import Schedule
from bookhunt.hunt.ports import Limits
from bookhunt.hunt.settings import HuntSettings
from bookhunt.hunt.watching import Watching
from bookhunt.model.book import Book
from bookhunt.model.money import Money
from bookhunt.model.schedule import read_schedule
from bookhunt.model.watch import WatchRun, WatchState
from bookhunt.store.shelf import MemoryShelf
from tests.support.builders import a_watch
from tests.support.market import Market, MarketSellers
from tests.support.memory_ledger import MemoryLedger
from tests.support.memory_watches import MemoryWatches
from tests.unit.hunt.life import Life

if TYPE_CHECKING:
    from datetime import datetime

    from bookhunt.model.watch import WatchRecord
    from tests.support.jump_clock import JumpClock

WATCHES, BOOKS, DAYS = 1000, 150, 30
HOUR_S = 3600.0
SELLERS = tuple(f"shop{n}" for n in range(5))
SCHEDULES = ("0 7 * * *", "@daily", "every 1d", "30 6,18 * * *", "0 9 * * 1-5")


@dataclass
class NotedWatches(MemoryWatches):
    """Remembers every run: when it was, what it came to, and what had been bought by then."""

    runs: dict[str, list[tuple[datetime, str]]] = field(default_factory=dict)

    async def ran(self, watch_id: str, run: WatchRun) -> WatchRecord:
        self.runs.setdefault(watch_id, []).append((run.at, run.outcome))
        return await super().ran(watch_id, run)


class Month:
    """A daemon's life after another over one ledger, one market and one clock."""

    def __init__(self, clock: JumpClock) -> None:
        self.clock = clock
        self.market = Market(seed=8, began=clock.now(), sellers=SELLERS)
        self.life = Life(
            clock,
            settings=HuntSettings(workers=32),
            ledger=MemoryLedger(clock),
            sellers=MarketSellers(clock, self.market),
            shelf=MemoryShelf(),
        )
        self.watches = NotedWatches(self.life.ledger)
        self._keeps_on: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """A daemon starts."""
        watching = Watching(
            watches=self.watches,
            ledger=self.life.ledger,
            service=self.life.service,
            buyers=self.life.buyers,
            clock=self.clock,
            outbox=None,
            deadline_s=lambda: 5.0,
        )
        self.schedule = Schedule(watching, self.clock)
        await self.schedule.start()
        self._keeps_on = asyncio.create_task(self.schedule.keep_on())

    async def die(self) -> None:
        """Nothing of it goes on: neither a look nor a purchase that is being made."""
        assert self._keeps_on is not None
        self._keeps_on.cancel()
        await self.schedule.stop()
        await self.life.another()

    async def fill(self, chance: random.Random) -> None:
        books = [Book(title=f"The Book of {n}") for n in range(BOOKS)]
        for number in range(WATCHES):
            now = self.clock.now()
            watch = a_watch(
                id=f"watch-{number:04}",
                book=books[number % BOOKS],
                max_price=Money(chance.randrange(500, 2200), "USD"),
                schedule=read_schedule(chance.choice(SCHEDULES)),
                timezone=chance.choice(("Europe/Berlin", "America/New_York", "UTC")),
                copies=chance.choice((1, 1, 1, 2, 3)),
                quote_only=chance.random() < 0.05,
                created_at=now,
                anchor=now,
            )
            await self.watches.add(watch, first_run=chance.random() < 0.5)

    def missed(self, record: WatchRecord) -> list[datetime]:
        """Runs between which the book could always be had for the maximum, and was not bought.

        Purchases are counted by when their request was made, so only what was wanted then counts.
        """
        watch = record.watch
        requests = self.life.ledger.requests.values()
        of_it = [
            each.request.submitted_at for each in requests if each.request.watch_id == watch.id
        ]
        found = []
        for (first, _), (second, _) in pairwise(self.watches.runs.get(watch.id, [])):
            slots = range(self.market.slot_of(first), self.market.slot_of(second) + 2)
            lowest = [self.market.lowest_minor(watch.book.identity, slot) for slot in slots]
            fitted = all(low is not None and low <= watch.max_price.minor for low in lowest)
            until = second + timedelta(minutes=10)
            if fitted and not any(first <= at <= until for at in of_it):
                found.append(second)
        return found


@pytest.mark.timeout(900)  # a month: twenty seconds of a processor, and more of a busy one
async def test_a_thousand_watches_buy_what_they_should_and_nothing_twice(
    clock: JumpClock,
) -> None:
    """Each copy once, whatever ends in between, and no price is missed that stayed for two runs."""
    chance, month = random.Random(8), Month(clock)
    none = Limits(purchase=None, day=None, month=None)
    await month.life.ledger.set_limits("USD", none)
    await month.life.service.start()
    await month.fill(chance)
    await month.begin()
    began, crashes = clock.monotonic(), 0
    while clock.monotonic() - began < DAYS * 24 * HOUR_S:
        await clock.sleep(chance.uniform(0.2, 60) * HOUR_S)
        if chance.random() < 0.3:
            clock.set_wall_clock(chance.choice((-1, 1, 3)) * HOUR_S)
        await month.die()
        await clock.sleep(chance.uniform(0, 2) * HOUR_S)
        await month.begin()
        crashes += 1
    await clock.sleep(2 * HOUR_S)
    records = await month.watches.all(states=frozenset(WatchState))
    orders = Counter(
        month.life.ledger.requests[attempt.request_id].request.watch_id
        for attempt in month.life.ledger._attempts.values()
        if any(order.reference == attempt.reference for order in month.life.sellers.orders)
    )
    assert sum(orders.values()) == len(month.life.sellers.orders)
    for record in records:
        watch = record.watch
        assert orders[watch.id] == record.bought <= watch.copies, watch.id
        assert not (watch.quote_only and orders[watch.id]), watch.id
        if record.state is WatchState.ACTIVE and not watch.quote_only:
            assert month.missed(record) == [], watch.id
    runs = sum(map(len, month.watches.runs.values()))
    calls = month.life.sellers.count("quote")
    assert crashes > 15
    assert sum(orders.values()) > WATCHES / 3
    # Beside asking every seller at each run: answers are shared, and asking ends when it may. A
    # watch whose maximum nobody meets has to hear that from all of them.
    assert calls < 0.85 * runs * len(SELLERS)
    await month.die()
    await month.life.service.stop(within_s=1.0)
