"""`nox -s bench -- watches`: what ten thousand watches cost a daemon that has nothing else to do.

A daemon is started over a ledger without watches and over one with many, of daily and weekly lines
in several time zones, none due meanwhile: the time until it answers, its memory (RSS), and the CPU
it takes while it only waits, as that of an hour. Then the times themselves, without a daemon: an
hour in which every watch runs once, on a clock that jumps, looks left out; and a week of looks, for
the calls they cost: every seller asked, one book a call, several books a call.

    --watches 10000   --idle-s 60   --json FILE
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import tempfile
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bookhunt.client import DaemonClient, wait_until_gone
from bookhunt.client.starting import start_daemon
from bookhunt.daemon.clock import SystemClock
from bookhunt.daemon.schedule import Schedule
from bookhunt.home.paths import Home
from bookhunt.model.schedule import Every, read_schedule
from bookhunt.model.watch import Watch, WatchRecord, WatchRun
from bookhunt.store.ledger import SqliteLedger
from tests.bench.processes import cpu_s, rss_mb
from tests.bench.watch_calls import print_weeks
from tests.support.builders import a_watch, another_book
from tests.support.jump_clock import JumpClock
from tests.support.memory_ledger import MemoryLedger
from tests.support.memory_watches import MemoryWatches

_ZONES = ("Europe/Berlin", "America/New_York", "Asia/Tokyo", "UTC")
_STARTS = 3  # of which the quickest is told
# Goals: beside the same daemon without watches; the CPU is that of an hour.
_MORE_MB, _MORE_START_S, _IDLE_CPU_S = 25.0, 1.5, 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One daemon, idle."""

    watches: int
    start_s: float
    rss_mb: float
    idle_cpu_s_per_hour: float


def a_daily_watch(number: int, now: datetime) -> Watch:
    """Not due for some hours, whenever the benchmark runs."""
    zone = _ZONES[number % len(_ZONES)]
    later = now + timedelta(hours=3 + number % 20)
    days = "*" if number % 3 else str(number % 7)
    return a_watch(
        id=f"bench-{number:06}",
        book=another_book(),
        schedule=read_schedule(f"{number % 60} {later.hour} * * {days}"),
        timezone="UTC" if zone == "UTC" else zone,
        created_at=now,
        anchor=now,
    )


async def fill(home: Home, watches: int) -> float:
    """Write them into the ledger; how long that took."""
    ledger = await SqliteLedger.open(home.ledger_file, clock=SystemClock())
    began, now = time.monotonic(), datetime.now(UTC)
    for first in range(0, watches, 500):
        several = range(first, min(first + 500, watches))
        await asyncio.gather(
            *(ledger.watches.add(a_daily_watch(n, now), first_run=False) for n in several)
        )
    took = time.monotonic() - began
    await ledger.close()
    return took


def measured(home: Home, watches: int, idle_s: float) -> Figure:
    starts = []
    client = DaemonClient(home)
    for _ in range(_STARTS):
        began = time.monotonic()
        start_daemon(home)
        health = client.health()
        starts.append(time.monotonic() - began)
        if len(starts) < _STARTS:
            client.stop()
            wait_until_gone(home)
    pid = health["pid"]
    time.sleep(5.0)  # what a start leaves to be done later is no idling
    before = cpu_s(pid)
    time.sleep(idle_s)
    idle = (cpu_s(pid) - before) * 3600 / idle_s
    figure = Figure(
        watches=watches,
        start_s=round(min(starts), 3),
        rss_mb=round(rss_mb(pid), 1),
        idle_cpu_s_per_hour=round(idle, 1),
    )
    client.stop()
    wait_until_gone(home)
    return figure


class _NoLooks:
    """Watches that are run without asking anybody."""

    def __init__(self, watches: MemoryWatches, clock: JumpClock) -> None:
        self.watches, self.clock, self.runs = watches, clock, 0

    async def run(self, watch_id: str, _: object = None) -> WatchRecord:
        self.runs += 1
        return await self.watches.ran(watch_id, WatchRun(at=self.clock.now(), outcome="not_found"))


def an_hour_of_runs(watches: int) -> tuple[int, float]:
    """How many runs an hour of hourly watches begins, and the CPU seconds of their times alone."""
    clock = JumpClock()

    async def hour() -> tuple[int, float]:
        kept = MemoryWatches(MemoryLedger(clock))
        for number in range(watches):
            watch = a_watch(id=f"bench-{number:06}", book=another_book(), schedule=Every(3600))
            await kept.add(watch, first_run=False)
        looks = _NoLooks(kept, clock)
        schedule = Schedule(looks, clock)  # type: ignore[arg-type]
        began = time.process_time()
        await schedule.start()
        keeps_on = asyncio.create_task(schedule.keep_on())
        await clock.sleep(3600 + 600)
        took = time.process_time() - began
        keeps_on.cancel()
        await schedule.stop()
        return looks.runs, took

    return clock.run(hour())


def main(arguments: list[str]) -> int:
    """Print a table; 1 if a goal is missed."""
    parser = argparse.ArgumentParser(prog="watches", description=__doc__.splitlines()[0])
    parser.add_argument("--watches", type=int, default=10_000)
    parser.add_argument("--idle-s", type=float, default=60.0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    figures = []
    for watches in (0, options.watches):
        with tempfile.TemporaryDirectory() as folder:
            home = Home.at(Path(folder) / "home")
            home.prepare()
            os.environ["BOOKHUNT_HOME"] = str(home.root)
            wrote_s = asyncio.run(fill(home, watches))
            figures.append(measured(home, watches, options.idle_s))
    print(f"{'watches':>8}{'start s':>9}{'RSS MB':>8}{'idle CPU s/h':>14}")
    for each in figures:
        print(f"{each.watches:>8}{each.start_s:>9}{each.rss_mb:>8}{each.idle_cpu_s_per_hour:>14}")
    print(f"written down in {wrote_s:.1f} s")
    runs, cpu = an_hour_of_runs(options.watches)
    print(f"an hour of {runs} runs, looks left out: {cpu:.2f} s of CPU")
    saves = print_weeks()
    if options.json is not None:
        options.json.write_text("".join(json.dumps(asdict(each)) + "\n" for each in figures))
    none, many = figures
    more_idle = many.idle_cpu_s_per_hour - none.idle_cpu_s_per_hour
    met = (
        many.rss_mb - none.rss_mb <= _MORE_MB
        and many.start_s - none.start_s <= _MORE_START_S
        and more_idle <= _IDLE_CPU_S
        and saves
    )
    print("goals met" if met else "a goal is missed")
    return 0 if met else 1
