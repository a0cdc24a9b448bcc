"""What a week of daily watches costs in calls: everybody asked, one book a call, several a call.

The real times, runs, searches and look-ups on a clock that jumps, before a market whose prices
change every six hours. The watches only look; they are of one profile, each for a book of its own
or shared with others, as a list of wishes is.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from bookhunt.daemon.schedule import Schedule
from bookhunt.hunt.settings import HuntSettings
from bookhunt.hunt.watching import Watching
from bookhunt.model.money import Money
from bookhunt.model.schedule import read_schedule
from bookhunt.store.shelf import MemoryShelf
from tests.support.builders import a_numbered_book, a_watch
from tests.support.jump_clock import JumpClock
from tests.support.market import Market, MarketSellers
from tests.support.memory_watches import MemoryWatches
from tests.unit.hunt.life import Life

_WATCHES, _BOOKS, _DAYS, _SELLERS = 200, 160, 7, 8
_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """What came of a week."""

    batch: int
    runs: int
    calls: int
    cpu_s: float

    @property
    def calls_a_watch_a_day(self) -> float:
        return self.calls / _WATCHES / _DAYS

    @property
    def everybody(self) -> float:
        """What asking every seller at each run would have been."""
        return self.runs * _SELLERS / _WATCHES / _DAYS


def a_week(batch: int) -> Week:
    """Run it; every seller can be asked for so many books in one call."""
    clock = JumpClock()
    return clock.run(_week(clock, batch))


async def _week(clock: JumpClock, batch: int) -> Week:
    sellers = tuple(f"shop{n}" for n in range(_SELLERS))
    market = Market(seed=8, began=clock.now(), sellers=sellers)
    traders = MarketSellers(clock, market, batch=batch)
    life = Life(clock, settings=HuntSettings(), sellers=traders, shelf=MemoryShelf())
    await life.service.start()
    watches = MemoryWatches(life.ledger)
    watching = Watching(
        watches=watches,
        ledger=life.ledger,
        service=life.service,
        buyers=life.buyers,
        clock=clock,
        outbox=None,
        deadline_s=lambda: 5.0,
    )
    schedule = Schedule(watching, clock, in_company=lambda: life.service.asks_in_batches)
    books = [a_numbered_book() for _ in range(_BOOKS)]
    for number in range(_WATCHES):
        watch = a_watch(
            id=f"watch-{number:04}",
            book=books[number % _BOOKS],
            max_price=Money(500 + 17 * (number % 100), "USD"),
            schedule=read_schedule("0 7 * * *"),
            quote_only=True,
            created_at=clock.now(),
            anchor=clock.now(),
        )
        await watches.add(watch, first_run=False)
    began = time.process_time()
    await schedule.start()
    keeps_on = asyncio.create_task(schedule.keep_on())
    await clock.sleep(_DAYS * _DAY_S)
    keeps_on.cancel()
    await schedule.stop()
    await life.service.stop(within_s=60.0)
    return Week(
        batch=batch,
        runs=_WATCHES * _DAYS,
        calls=traders.count("quote"),
        cpu_s=time.process_time() - began,
    )


def print_weeks() -> bool:
    """Print the three ways beside each other; whether asking for several books saves calls."""
    weeks = [a_week(batch) for batch in (1, 10)]
    print(f"{'calls per watch per day':<34}{'calls':>8}{'CPU s':>8}")
    print(f"{'  every seller asked at each run':<34}{weeks[0].everybody:>8.2f}")
    for week in weeks:
        way = "one book a call" if week.batch == 1 else f"{week.batch} books a call"
        print(f"{'  ' + way:<34}{week.calls_a_watch_a_day:>8.2f}{week.cpu_s:>8.2f}")
    return weeks[1].calls < weeks[0].calls / 2
