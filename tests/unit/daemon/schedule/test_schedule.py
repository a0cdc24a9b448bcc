"""The times of watches: each run once, through sleep, restarts and clocks that are set."""

from __future__ import annotations

import asyncio
import itertools
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from bookhunt.daemon.lifecycle import _close_when_idle
from bookhunt.daemon.schedule import AT_ONCE, Schedule
from bookhunt.model.errors import DaemonStopping, LedgerUnusable, NotFound
from bookhunt.model.schedule import Every, read_schedule
from bookhunt.model.watch import WatchRecord, WatchRun, WatchState
from tests.support.builders import a_watch, another_book
from tests.support.memory_ledger import MemoryLedger
from tests.support.memory_watches import MemoryWatches

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime

    from tests.support.jump_clock import JumpClock

HOUR_S, DAY_S = 3600.0, 86_400.0


@dataclass
class ScriptedWatching:
    """Runs that only note when they began; each takes `takes_s`."""

    watches: MemoryWatches
    clock: JumpClock
    takes_s: float = 1.0
    lingers_s: float = 0.0  # after it is written down
    began: list[tuple[str, datetime]] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    failures: list[Exception] = field(default_factory=list)

    async def run(self, watch_id: str, _: object = None) -> WatchRecord | None:
        record = await self.watches.get(watch_id)
        if record is None or record.state is not WatchState.ACTIVE:
            return record
        at = self.clock.now()
        self.began.append((watch_id, at))
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self.clock.sleep(self.takes_s)
        finally:
            self.at_once -= 1
        if self.failures:
            raise self.failures.pop()
        after = await self.watches.ran(watch_id, WatchRun(at=at, outcome="not_found"))
        await self.clock.sleep(self.lingers_s)
        return after

    async def end(self, record: WatchRecord) -> WatchRecord:
        return await self.watches.change(record, record.watch, WatchState.ENDED)


@dataclass
class Timed:
    """A schedule that keeps on, and what it runs."""

    clock: JumpClock
    watches: MemoryWatches
    watching: ScriptedWatching
    schedule: Schedule

    async def add(self, *, first_run: bool = False, **fields: Any) -> str:
        now = self.clock.now()
        fields = {"schedule": Every(3600), "created_at": now, "anchor": now} | fields
        record = await self.watches.add(a_watch(**fields), first_run=first_run)
        self.schedule.put(record)
        return record.watch.id

    def runs(self, watch_id: str) -> list[datetime]:
        return [at for name, at in self.watching.began if name == watch_id]


@asynccontextmanager
async def keeping_on(
    clock: JumpClock,
    watches: MemoryWatches | None = None,
    *,
    in_company: bool = False,
    **scripted: Any,
) -> AsyncIterator[Timed]:
    watches = watches or MemoryWatches(MemoryLedger(clock))
    watching = ScriptedWatching(watches, clock, **scripted)
    schedule = Schedule(watching, clock, in_company=lambda: in_company)  # type: ignore[arg-type]
    await schedule.start()
    task = asyncio.create_task(schedule.keep_on())
    try:
        yield Timed(clock, watches, watching, schedule)
    finally:
        task.cancel()
        await schedule.stop()


@pytest.fixture
async def timed(clock: JumpClock) -> AsyncIterator[Timed]:
    async with keeping_on(clock) as timed:
        yield timed


async def test_a_watch_runs_at_its_times_and_its_delay_is_always_the_same(
    timed: Timed, clock: JumpClock
) -> None:
    began = clock.now()
    watch_id = await timed.add()
    await clock.sleep(5.5 * HOUR_S)
    late = [at - began - timedelta(hours=n) for n, at in enumerate(timed.runs(watch_id), 1)]
    assert len(late) == 5
    assert len(set(late)) == 1
    assert timedelta(0) <= late[0] <= timedelta(minutes=5)


async def test_the_first_run_is_at_once(timed: Timed, clock: JumpClock) -> None:
    began = clock.now()
    watch_id = await timed.add(first_run=True)
    await clock.sleep(10)
    assert timed.runs(watch_id) == [began]


async def test_what_was_missed_while_the_machine_slept_runs_once(
    timed: Timed, clock: JumpClock
) -> None:
    """A week of hourly runs is one run, within a minute of waking; then it goes on as before."""
    watch_id = await timed.add()
    await clock.sleep(1.5 * HOUR_S)
    assert len(timed.runs(watch_id)) == 1
    clock.set_wall_clock(7 * DAY_S)  # the time that only goes forward stood still meanwhile
    woke = clock.now()
    await clock.sleep(120)
    missed = timed.runs(watch_id)[1:]
    assert len(missed) == 1
    assert missed[0] - woke <= timedelta(seconds=61)
    await clock.sleep(3 * HOUR_S)
    assert len(timed.runs(watch_id)) == 5


async def test_a_clock_that_is_put_back_silences_nobody(timed: Timed, clock: JumpClock) -> None:
    hourly, daily = await timed.add(), await timed.add(schedule=read_schedule("0 7 * * *"))
    await clock.sleep(2.5 * HOUR_S)
    clock.set_wall_clock(-300 * DAY_S)
    before = len(timed.runs(hourly))
    await clock.sleep(2 * DAY_S)
    assert len(timed.runs(daily)) == 2
    assert len(timed.runs(hourly)) - before in {47, 48}


async def test_a_thousand_that_are_due_at_once_run_a_few_at_a_time(
    timed: Timed, clock: JumpClock
) -> None:
    for _ in range(1000):
        await timed.add(first_run=True, book=another_book())
    await clock.sleep(10 * 60)
    assert timed.watching.most_at_once == AT_ONCE
    assert len(timed.watching.began) == len({name for name, _ in timed.watching.began}) == 1000


async def test_watches_of_one_book_run_side_by_side(timed: Timed, clock: JumpClock) -> None:
    """They come out of the calendar together, so that the first answer serves them all."""
    books = [another_book() for _ in range(10)]
    owner: dict[str, str] = {}
    for number in range(40):
        book = books[number % 10]
        owner[await timed.add(schedule=read_schedule("0 7 * * *"), book=book)] = book.identity
    clock.set_wall_clock(3 * DAY_S)
    await clock.sleep(600)
    order = [owner[name] for name, _ in timed.watching.began]
    changes = sum(a != b for a, b in itertools.pairwise(order))
    assert (len(order), changes) == (40, 9)


async def test_watches_of_one_profile_begin_together_where_a_seller_takes_several_books(
    clock: JumpClock,
) -> None:
    """With the first of them, and none before it is due; other profiles keep their times."""
    async with keeping_on(clock, in_company=True) as timed:
        daily = read_schedule("0 7 * * *")
        for profile in ("home", "home", "work"):
            for _ in range(10):
                await timed.add(
                    schedule=daily, timezone="UTC", profile=profile, book=another_book()
                )
        next_minute = await timed.add(
            schedule=read_schedule("6 7 * * *"), timezone="UTC", book=another_book()
        )
        await clock.sleep(DAY_S)
        began = [(at, name) for name, at in timed.watching.began]
    assert len(began) == 31
    assert len({at for at, name in began if name != next_minute}) == 2
    assert all(at.hour == 7 and at.minute < 5 for at, name in began if name != next_minute)
    [later] = timed.runs(next_minute)
    assert later.minute >= 6


async def test_what_begins_together_is_still_no_storm(clock: JumpClock) -> None:
    """A thousand of one profile, due at once, begin a few at a time over the five minutes."""
    async with keeping_on(clock, in_company=True) as timed:
        for _ in range(1000):
            watch = {"schedule": read_schedule("0 7 * * *"), "timezone": "UTC"}
            await timed.add(book=another_book(), **watch)
        await clock.sleep(DAY_S)
        began = [at for _, at in timed.watching.began]
        most = timed.watching.most_at_once
    assert len(began) == 1000
    assert most == AT_ONCE
    assert max(began) - min(began) > timedelta(minutes=4)


async def test_company_splits_no_book_s_watches(clock: JumpClock) -> None:
    """Who begins early takes the other watches of its book along, whosever they are."""
    async with keeping_on(clock, in_company=True) as timed:
        books = [another_book() for _ in range(10)]
        owner: dict[str, str] = {}
        for number, profile in enumerate(("home", "work", "home") * 10):
            fields = {"schedule": read_schedule("0 7 * * *"), "timezone": "UTC"}
            book = books[number % 10]
            name = await timed.add(book=book, profile=profile, **fields)
            owner[name] = book.identity
        await clock.sleep(DAY_S)
        began = {(owner[name], at) for name, at in timed.watching.began}
    assert len(timed.watching.began) == 30
    assert len(began) == 10


async def test_a_run_that_could_not_be_written_down_comes_again(
    timed: Timed, clock: JumpClock
) -> None:
    watch_id = await timed.add()
    timed.watching.failures = [LedgerUnusable("the disk is full"), ValueError("a bug")]
    await clock.sleep(1.5 * HOUR_S)
    first, second, third = timed.runs(watch_id)
    assert timedelta(seconds=60) <= second - first <= timedelta(seconds=63)
    assert timedelta(seconds=60) <= third - second <= timedelta(seconds=63)


@pytest.mark.parametrize(("takes_s", "lingers_s"), [(60.0, 0.0), (0.0, 60.0)])
async def test_an_edit_during_a_run_holds_after_it(
    timed: Timed, clock: JumpClock, takes_s: float, lingers_s: float
) -> None:
    timed.watching.takes_s, timed.watching.lingers_s = takes_s, lingers_s
    watch_id = await timed.add(schedule=read_schedule("0 7 1 1 *"), first_run=True)
    await clock.sleep(1)
    record = await timed.watches.get(watch_id)
    assert record is not None
    hourly = replace(record.watch, schedule=Every(3600))
    timed.schedule.put(await timed.watches.change(record, hourly, WatchState.ACTIVE))
    await clock.sleep(3.5 * HOUR_S)
    assert len(timed.runs(watch_id)) == 4


@pytest.mark.parametrize("state", [WatchState.PAUSED, WatchState.REMOVED, WatchState.DONE])
async def test_a_watch_that_rests_is_not_run(
    timed: Timed, clock: JumpClock, state: WatchState
) -> None:
    watch_id = await timed.add()
    record = await timed.watches.get(watch_id)
    assert record is not None
    assert len(timed.schedule) == 1
    timed.schedule.put(await timed.watches.change(record, record.watch, state))
    assert len(timed.schedule) == 0
    await clock.sleep(5 * HOUR_S)
    assert timed.runs(watch_id) == []


async def test_a_new_life_knows_what_was_due_in_the_old_one(clock: JumpClock) -> None:
    watches = MemoryWatches(MemoryLedger(clock))
    async with keeping_on(clock, watches) as first:
        daily = await first.add(schedule=read_schedule("0 7 * * *"))
        over = await first.add(until=clock.now() + timedelta(hours=30))
        await clock.sleep(HOUR_S)
    await clock.sleep(2 * DAY_S)
    async with keeping_on(clock, watches) as second:
        await clock.sleep(30)
        assert len(second.runs(daily)) == 1
        assert second.runs(over) == []
    record = await watches.get(over)
    assert record is not None
    assert record.state is WatchState.ENDED


async def test_a_mistake_with_one_watch_silences_none(
    timed: Timed, clock: JumpClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    watch_id = await timed.add()
    take, broken = timed.schedule._calendar.take, [ValueError("a bug")]

    def breaks_once(now: datetime, *, company: int) -> list[str]:
        if broken:
            raise broken.pop()
        return take(now, company=company)

    monkeypatch.setattr(timed.schedule._calendar, "take", breaks_once)
    await clock.sleep(2.5 * HOUR_S)
    assert len(timed.runs(watch_id)) == 2


async def test_a_watch_whose_time_zone_is_gone_stops_no_other(clock: JumpClock) -> None:
    watches = MemoryWatches(MemoryLedger(clock))
    async with keeping_on(clock, watches) as first:
        lost = await first.add(timezone="Atlantis/Poseidonis")
        hourly = await first.add()
    async with keeping_on(clock, watches) as second:
        await clock.sleep(2.5 * HOUR_S)
        assert (len(second.runs(hourly)), second.runs(lost)) == (2, [])


async def test_a_daemon_that_has_watches_does_not_end_for_being_idle(clock: JumpClock) -> None:
    """Nobody calls it, and nobody else would run them."""
    async with keeping_on(clock) as timed:
        watch_id = await timed.add()
        daemon = an_idle_daemon(clock, timed.schedule)
        idle = asyncio.create_task(
            _close_when_idle(daemon, SimpleNamespace(idle_s=clock.monotonic))
        )  # type: ignore[arg-type]
        await clock.sleep(5 * HOUR_S)
        assert not daemon.closing.is_set()
        record = await timed.watches.get(watch_id)
        assert record is not None
        timed.schedule.put(await timed.watches.change(record, record.watch, WatchState.PAUSED))
        await clock.sleep(2 * HOUR_S)
        assert daemon.closing.is_set()
        await idle


def an_idle_daemon(clock: JumpClock, schedule: Schedule) -> Any:
    async def unfinished(*, most: int) -> int:
        return 0

    settings = SimpleNamespace(daemon=SimpleNamespace(idle_exit_min=60))
    return SimpleNamespace(
        config_file=SimpleNamespace(config=settings),
        clock=clock,
        schedule=schedule,
        unfinished=unfinished,
        closing=asyncio.Event(),
    )


async def test_a_run_by_hand_joins_the_one_that_is_under_way(
    timed: Timed, clock: JumpClock
) -> None:
    watch_id = await timed.add()
    records = await asyncio.gather(*(timed.schedule.run_now(watch_id) for _ in range(3)))
    assert len(timed.runs(watch_id)) == 1
    assert all(record.last_run is not None for record in records)
    with pytest.raises(NotFound):
        await timed.schedule.run_now("nobody")
    await clock.sleep(1.5 * HOUR_S)
    assert len(timed.runs(watch_id)) == 2


async def test_after_the_end_nothing_is_begun(timed: Timed, clock: JumpClock) -> None:
    timed.watching.takes_s = 60.0
    watch_id = await timed.add(first_run=True)
    await clock.sleep(1)
    await timed.schedule.stop()
    await clock.sleep(5 * HOUR_S)
    assert len(timed.runs(watch_id)) == 1
    assert timed.watching.at_once == 0
    with pytest.raises(DaemonStopping):
        await timed.schedule.run_now(watch_id)
