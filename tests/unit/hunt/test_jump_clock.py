"""The clock of the tests keeps its word, or no test of times says anything."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from tests.support.jump_clock import JumpClock, NothingLeft


async def test_hours_of_waiting_pass_at_once_and_in_order(clock: JumpClock) -> None:
    began, order = time.monotonic(), []

    async def wait(seconds: float) -> None:
        await clock.sleep(seconds)
        order.append((seconds, clock.monotonic()))

    await asyncio.gather(wait(7200), wait(5), wait(3600.5))
    assert order == [(5, 5.0), (3600.5, 3600.5), (7200, 7200.0)]
    assert (clock.now() - JumpClock().now()).total_seconds() == 7200
    assert time.monotonic() - began < 5


async def test_a_timeout_ends_at_its_virtual_time(clock: JumpClock) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(900):
            await asyncio.Event().wait()
    assert clock.monotonic() == 900


async def test_the_time_of_day_can_be_moved_alone(clock: JumpClock) -> None:
    before = clock.now()
    clock.set_wall_clock(-3600)
    assert (before - clock.now()).total_seconds() == 3600
    assert clock.monotonic() == 0


async def test_time_stands_still_while_a_thread_works(clock: JumpClock) -> None:
    release = threading.Event()
    asyncio.get_running_loop().call_later(60, release.set)

    async def work() -> str:
        return await asyncio.to_thread(lambda: "done" if not release.wait(0.05) else "late")

    async with asyncio.timeout(30):
        assert await work() == "done"
    assert clock.monotonic() == 0


def test_a_clock_outlives_its_loops() -> None:
    clock = JumpClock()
    clock.run(asyncio.sleep(10))
    clock.pass_time(5)
    clock.run(asyncio.sleep(10))
    assert clock.monotonic() == 25


def test_waiting_for_what_never_comes_is_said() -> None:
    with pytest.raises(NothingLeft):
        JumpClock().run(asyncio.Event().wait())


def test_years_pass_without_losing_a_timer() -> None:
    clock = JumpClock()
    clock.pass_time(10 * 365 * 86_400.0)
    clock.run(asyncio.sleep(0.1))
    clock.run(asyncio.wait_for(asyncio.sleep(1e-7), 1))
