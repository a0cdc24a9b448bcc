"""What an outbox promises: each target is told of what it asked for, until it knows."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bookhunt.model.notice import Delivery, DeliveryState, Event, News
from bookhunt.store.ledger import SqliteLedger
from tests.support.memory_outbox import MemoryOutbox

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bookhunt.store.outbox import SqliteOutbox
    from tests.support.jump_clock import JumpClock

    AnyOutbox = SqliteOutbox | MemoryOutbox

MANY = 100


@pytest.fixture(params=["memory", "sqlite"])
async def outbox(
    request: pytest.FixtureRequest, tmp_path: Path, clock: JumpClock
) -> AsyncIterator[AnyOutbox]:
    if request.param == "memory":
        yield MemoryOutbox(clock)
        return
    ledger = await SqliteLedger.open(tmp_path / "ledger.db", clock=clock, free_space_floor=0)
    yield ledger.outbox
    await ledger.close()


def news(event: Event = Event.PRICE, **fields: Any) -> News:
    return News(**{"event": event, "title": "Less", "message": "It costs less."} | fields)


async def due(outbox: AnyOutbox, target: str, clock: JumpClock) -> list[Delivery]:
    found = await outbox.due([target], at=clock.now(), limit=MANY)
    return list(found.get(target, []))


async def test_each_target_hears_of_what_it_asked_for(outbox: AnyOutbox, clock: JumpClock) -> None:
    await outbox.listen({"a": [Event.PRICE], "b": [Event.PRICE], "c": [Event.BOUGHT]})
    said = news(data={"price": "9"})
    assert await outbox.post(said)
    for target in ("a", "b"):
        [delivery] = await due(outbox, target, clock)
        assert delivery.notice.news == said
        assert (delivery.target, delivery.state, delivery.tries) == (
            target,
            DeliveryState.WAITING,
            0,
        )
    assert await due(outbox, "c", clock) == []


async def test_one_notice_has_one_id_for_all_and_for_ever(
    outbox: AnyOutbox, clock: JumpClock
) -> None:
    await outbox.listen({"a": [Event.PRICE], "b": [Event.PRICE]})
    await outbox.post(news())
    [first] = await due(outbox, "a", clock)
    await outbox.failed(first, error="deaf", again_at=clock.now())
    [again] = await due(outbox, "a", clock)
    [other] = await due(outbox, "b", clock)
    assert first.notice.id == again.notice.id == other.notice.id
    assert again.notice == first.notice


async def test_what_nobody_asked_for_is_not_written(outbox: AnyOutbox, clock: JumpClock) -> None:
    assert not await outbox.post(news())
    await outbox.listen({"a": [Event.BOUGHT]})
    assert not await outbox.post(news())
    assert await outbox.undelivered(limit=MANY) == []
    assert await due(outbox, "a", clock) == []


async def test_every_target_can_be_tested(outbox: AnyOutbox, clock: JumpClock) -> None:
    await outbox.listen({"a": [Event.BOUGHT]})
    assert await outbox.post(news(Event.TEST))
    assert len(await due(outbox, "a", clock)) == 1


async def test_news_under_one_name_are_told_once(outbox: AnyOutbox, clock: JumpClock) -> None:
    """Also where the first were told long ago."""
    await outbox.listen({"a": [Event.PRICE]})
    assert await outbox.post(news(once="w-1/9.00"))
    [delivery] = await due(outbox, "a", clock)
    await outbox.told(delivery)
    assert not await outbox.post(news(once="w-1/9.00"))
    assert await outbox.post(news(once="w-1/8.00"))
    assert len(await due(outbox, "a", clock)) == 1


async def test_what_is_told_is_not_told_again(outbox: AnyOutbox, clock: JumpClock) -> None:
    """Nor does a failure that is reported late bring it back."""
    await outbox.listen({"a": [Event.PRICE], "b": [Event.PRICE]})
    await outbox.post(news())
    [delivery] = await due(outbox, "a", clock)
    await outbox.told(delivery)
    await outbox.told(delivery)
    await outbox.failed(delivery, error="late", again_at=clock.now())
    assert await due(outbox, "a", clock) == []
    assert len(await due(outbox, "b", clock)) == 1


async def test_a_failure_waits_for_its_time(outbox: AnyOutbox, clock: JumpClock) -> None:
    await outbox.listen({"a": [Event.PRICE]})
    await outbox.post(news())
    [delivery] = await due(outbox, "a", clock)
    again_at = clock.now() + timedelta(minutes=5)
    await outbox.failed(delivery, error="status 500", again_at=again_at)
    assert await due(outbox, "a", clock) == []
    [waiting] = await outbox.undelivered(limit=MANY)
    assert (waiting.tries, waiting.error, waiting.due_at) == (1, "status 500", again_at)
    clock.pass_time(300)
    assert [each.tries for each in await due(outbox, "a", clock)] == [1]


async def test_a_clock_that_was_put_back_holds_nothing_up(
    outbox: AnyOutbox, clock: JumpClock
) -> None:
    """What is due in a month was never meant to be: it is due now."""
    await outbox.listen({"a": [Event.PRICE]})
    await outbox.post(news())
    [delivery] = await due(outbox, "a", clock)
    await outbox.failed(delivery, error="x", again_at=clock.now() + timedelta(hours=1))
    clock.set_wall_clock(-30 * 86_400)
    assert len(await due(outbox, "a", clock)) == 1


async def test_what_is_given_up_stays_to_be_seen(outbox: AnyOutbox, clock: JumpClock) -> None:
    await outbox.listen({"a": [Event.PRICE]})
    await outbox.post(news())
    [delivery] = await due(outbox, "a", clock)
    await outbox.failed(delivery, error="status 410", again_at=None)
    assert await due(outbox, "a", clock) == []
    [given_up] = await outbox.undelivered(limit=MANY)
    assert given_up.state is DeliveryState.GIVEN_UP
    assert given_up.error == "status 410"


async def test_a_target_that_is_gone_is_waited_for_no_more(
    outbox: AnyOutbox, clock: JumpClock
) -> None:
    await outbox.listen({"a": [Event.PRICE], "b": [Event.PRICE]})
    await outbox.post(news())
    await outbox.listen({"b": [Event.PRICE]})
    assert await due(outbox, "a", clock) == []
    assert len(await due(outbox, "b", clock)) == 1
    states = {each.target: each.state for each in await outbox.undelivered(limit=MANY)}
    assert states == {"a": DeliveryState.GIVEN_UP, "b": DeliveryState.WAITING}


async def test_a_turn_is_bounded_for_each_target(outbox: AnyOutbox, clock: JumpClock) -> None:
    """The oldest come first, and one target's crowd does not hide another's."""
    await outbox.listen({"a": [Event.PRICE], "b": [Event.PRICE, Event.BOUGHT]})
    for number in range(5):
        await outbox.post(news(title=str(number)))
        clock.pass_time(1)
    found = await outbox.due(["a", "b"], at=clock.now(), limit=2)
    assert {
        target: [d.notice.news.title for d in ready if d.notice.news]
        for target, ready in found.items()
    } == {"a": ["0", "1"], "b": ["0", "1"]}


async def test_old_notices_are_forgotten_when_nothing_waits_for_them(
    outbox: AnyOutbox, clock: JumpClock
) -> None:
    await outbox.listen({"a": [Event.PRICE], "b": [Event.PRICE]})
    await outbox.post(news(title="half"))
    await outbox.post(news(title="whole"))
    for delivery in await due(outbox, "a", clock):
        await outbox.told(delivery)
    [_, whole] = await due(outbox, "b", clock)
    await outbox.told(whole)
    assert await outbox.prune(before=clock.now(), most_waiting=MANY) == 0
    assert await outbox.prune(before=clock.now() + timedelta(days=1), most_waiting=MANY) == 1
    assert len(await due(outbox, "b", clock)) == 1


async def test_a_crowd_that_waits_is_bounded(outbox: AnyOutbox, clock: JumpClock) -> None:
    """The oldest are given up, and say why."""
    await outbox.listen({"a": [Event.PRICE]})
    for number in range(5):
        await outbox.post(news(title=str(number)))
        clock.pass_time(1)
    await outbox.prune(before=clock.now() - timedelta(days=1), most_waiting=2)
    assert [d.notice.news.title for d in await due(outbox, "a", clock) if d.notice.news] == [
        "3",
        "4",
    ]
    given_up = [d for d in await outbox.undelivered(limit=MANY) if d.due_at is None]
    assert {d.error for d in given_up} == {"more than 2 were waiting"}
