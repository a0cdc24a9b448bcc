"""The courier tells each target what is due, again where that failed, and not for ever."""

from __future__ import annotations

import asyncio
import random
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bookhunt.model.errors import LedgerUnusable
from bookhunt.model.notice import DeliveryState, Event
from bookhunt.notify.backoff import PAUSES_S
from bookhunt.notify.courier import Courier
from bookhunt.notify.target import NotTold
from tests.support.jump_clock import JumpClock
from tests.support.memory_outbox import MemoryOutbox
from tests.support.notices import ScriptedTarget, some_news

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bookhunt.model.notice import Delivery

DAYS = 86_400.0
LOOK_EVERY_S = 60.0  # what is posted here stirs nobody; days pass in these tests


@pytest.fixture
async def clock() -> JumpClock:
    return JumpClock.of_running_loop()


@pytest.fixture
def outbox(clock: JumpClock) -> MemoryOutbox:
    return MemoryOutbox(clock)


@pytest.fixture
def courier(outbox: MemoryOutbox, clock: JumpClock) -> Courier:
    return Courier(outbox, clock, rng=random.Random(7), look_every_s=LOOK_EVERY_S)


@asynccontextmanager
async def running(courier: Courier) -> AsyncIterator[None]:
    task = asyncio.create_task(courier.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def configured(courier: Courier, outbox: MemoryOutbox, *targets: ScriptedTarget) -> None:
    courier.targets = {target.title: target for target in targets}
    await outbox.listen({target.title: [Event.PRICE] for target in targets})


async def test_what_is_posted_is_told_to_each_once(
    courier: Courier, outbox: MemoryOutbox, clock: JumpClock
) -> None:
    one, two = ScriptedTarget("one"), ScriptedTarget("two")
    await configured(courier, outbox, one, two)
    async with running(courier):
        await outbox.post(some_news())
        await clock.sleep(100)
    assert len(one.told) == len(two.told) == 1
    assert one.told == two.told
    assert await outbox.undelivered(limit=9) == []


async def test_a_failure_is_tried_again_with_the_same_id(
    courier: Courier, outbox: MemoryOutbox, clock: JumpClock
) -> None:
    target = ScriptedTarget("one")
    target.script.extend([NotTold("status 500"), NotTold("status 500"), None])
    await configured(courier, outbox, target)
    await outbox.post(some_news())
    async with running(courier):
        await clock.sleep(3)
        assert len(target.told) == 1
        await clock.sleep(3600)
    assert len(target.told) == 3
    assert len(set(target.ids)) == 1
    assert target.told[0] == target.told[2]
    assert await outbox.undelivered(limit=9) == []


async def test_tries_end(courier: Courier, outbox: MemoryOutbox, clock: JumpClock) -> None:
    """Some ten over some days, then it is given up and stays to be seen for a week."""
    target = ScriptedTarget("one", otherwise=NotTold("status 500"))
    await configured(courier, outbox, target)
    async with running(courier):
        await outbox.post(some_news())
        await clock.sleep(5 * DAYS)
        [given_up] = await outbox.undelivered(limit=9)
        await clock.sleep(5 * DAYS)
    assert len(target.told) == len(PAUSES_S) + 1
    assert (given_up.state, given_up.error) == (DeliveryState.GIVEN_UP, "status 500")
    assert await outbox.undelivered(limit=9) == []


async def test_what_is_refused_for_good_is_given_up_at_once(
    courier: Courier, outbox: MemoryOutbox, clock: JumpClock
) -> None:
    target = ScriptedTarget("one", otherwise=NotTold("status 410", for_good=True))
    await configured(courier, outbox, target)
    async with running(courier):
        await outbox.post(some_news())
        await clock.sleep(DAYS)
    assert len(target.told) == 1


async def test_a_receiver_that_asks_for_time_is_left_alone(
    courier: Courier, outbox: MemoryOutbox, clock: JumpClock
) -> None:
    target = ScriptedTarget("one")
    target.script.append(NotTold("status 429", after_s=7200.0))
    await configured(courier, outbox, target)
    async with running(courier):
        await outbox.post(some_news())
        await clock.sleep(7100)
        assert len(target.told) == 1
        await clock.sleep(200)
    assert len(target.told) == 2


async def test_one_that_hangs_holds_nobody_else_up(
    courier: Courier, outbox: MemoryOutbox, clock: JumpClock
) -> None:
    hanging, well = ScriptedTarget("hanging", hangs=True), ScriptedTarget("well")
    await configured(courier, outbox, hanging, well)
    async with running(courier):
        for number in range(3):
            await outbox.post(some_news(title=str(number)))
            await clock.sleep(100)
    assert len(well.told) == 3
    assert len(hanging.told) == 1


async def test_a_crowd_is_told_some_at_a_time(
    courier: Courier, outbox: MemoryOutbox, clock: JumpClock
) -> None:
    target = ScriptedTarget("one")
    await configured(courier, outbox, target)
    for number in range(50):
        await outbox.post(some_news(title=str(number)))
    async with running(courier):
        await clock.sleep(1)
    assert len(set(target.ids)) == len(target.told) == 50
    assert target.most_at_once <= 8


async def test_a_bug_in_a_target_is_that_targets_failure(
    courier: Courier, outbox: MemoryOutbox, clock: JumpClock
) -> None:
    broken, well = ScriptedTarget("broken"), ScriptedTarget("well")
    broken.script.append(ZeroDivisionError("T0PSECRET"))  # type: ignore[arg-type]
    await configured(courier, outbox, broken, well)
    await outbox.post(some_news())
    async with running(courier):
        await clock.sleep(3)
        [waiting] = await outbox.undelivered(limit=9)
        await clock.sleep(100)
    assert waiting.error is not None
    assert "T0PSECRET" not in waiting.error
    assert len(broken.told) == 2
    assert len(well.told) == 1


class FullDisk(MemoryOutbox):
    """Takes no word of what was told, for so long."""

    full = True

    async def told(self, delivery: Delivery) -> None:
        if self.full:
            raise LedgerUnusable("the disk is full")
        await super().told(delivery)


async def test_what_cannot_be_written_down_is_told_again_but_not_every_second(
    clock: JumpClock,
) -> None:
    """At least once is the promise, and the receiver is spared all the same."""
    outbox = FullDisk(clock)
    courier, target = Courier(outbox, clock, look_every_s=LOOK_EVERY_S), ScriptedTarget("one")
    await configured(courier, outbox, target)
    async with running(courier):
        await outbox.post(some_news())
        await clock.sleep(130)
        outbox.full = False
        await clock.sleep(600)
    assert 3 <= len(target.told) <= 5
    assert len(set(target.ids)) == 1
    assert await outbox.undelivered(limit=9) == []


class Unreadable(MemoryOutbox):
    """Cannot be read at first."""

    fails = 3

    async def due(self, *args: object, **names: object) -> object:  # type: ignore[override]
        if self.fails:
            self.fails -= 1
            raise LedgerUnusable("busy")
        return await super().due(*args, **names)  # type: ignore[arg-type]


async def test_an_outbox_that_cannot_be_read_is_read_again(clock: JumpClock) -> None:
    outbox = Unreadable(clock)
    courier, target = Courier(outbox, clock, look_every_s=LOOK_EVERY_S), ScriptedTarget("one")
    await configured(courier, outbox, target)
    await outbox.post(some_news())
    async with running(courier):
        await clock.sleep(600)
    assert len(target.told) == 1


async def test_what_is_being_told_at_the_end_is_told_again(
    courier: Courier, outbox: MemoryOutbox, clock: JumpClock
) -> None:
    """It had a moment to end, and nobody can say whether it was told."""
    hanging = ScriptedTarget("one", hangs=True)
    await configured(courier, outbox, hanging)
    await outbox.post(some_news())
    async with running(courier):
        await clock.sleep(1)
    [waiting] = await outbox.undelivered(limit=9)
    assert (waiting.state, waiting.tries) == (DeliveryState.WAITING, 0)
    assert clock.elapsed_s < 60


async def test_what_is_being_told_at_the_end_has_a_moment_to_end(
    courier: Courier, outbox: MemoryOutbox, clock: JumpClock
) -> None:
    """Then it is written down, and nobody is told twice without need."""
    slow = ScriptedTarget("one", takes_s=1.0)
    await configured(courier, outbox, slow)
    await outbox.post(some_news())
    async with running(courier):
        await clock.sleep(0.5)
    assert await outbox.undelivered(limit=9) == []


async def test_told_notices_are_forgotten(
    courier: Courier, outbox: MemoryOutbox, clock: JumpClock
) -> None:
    await configured(courier, outbox, ScriptedTarget("one"))
    async with running(courier):
        await outbox.post(some_news())
        await clock.sleep(timedelta(days=6).total_seconds())
        assert len(outbox.deliveries) == 1
        await clock.sleep(timedelta(days=2).total_seconds())
    assert outbox.deliveries == {}


async def test_what_is_over_is_said_once_it_is_written_down(
    courier: Courier, outbox: MemoryOutbox, clock: JumpClock
) -> None:
    """Told or given up, with the moment of the last try; a try that failed is not the end."""
    over: list[tuple[Delivery, float, list[Delivery]]] = []
    courier.when_over = lambda delivery, began_s: over.append(
        (delivery, began_s, [each for each in outbox.deliveries.values() if each.due_at is None])
    )
    target = ScriptedTarget("one", takes_s=3.0)
    target.script.extend([NotTold("status 500"), None, NotTold("gone", for_good=True)])
    await configured(courier, outbox, target)
    async with running(courier):
        await outbox.post(some_news())
        await clock.sleep(2 * PAUSES_S[0] + 2 * LOOK_EVERY_S)
        await outbox.post(some_news(once="the second"))
        await clock.sleep(2 * LOOK_EVERY_S)
    ends = [(each.state, each.tries) for each, _, _ in over]
    assert ends == [(DeliveryState.TOLD, 1), (DeliveryState.GIVEN_UP, 1)]
    assert [len(written) for _, _, written in over] == [1, 2]
    assert over[0][1] > 3.0
