"""What every book of watches promises: one request a copy, whatever runs, restarts or edits."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bookhunt.model.errors import IllegalTransition, NotFound, StateConflict
from bookhunt.model.outcome import Result
from bookhunt.model.request import RequestState
from bookhunt.model.schedule import read_schedule
from bookhunt.model.watch import WatchRun, WatchState
from bookhunt.store.ledger import SqliteLedger
from tests.support.builders import NOON, a_request, a_watch, usd
from tests.support.ledger_steps import a_manual, a_success
from tests.support.memory_watches import MemoryWatches

if TYPE_CHECKING:
    from bookhunt.hunt.ports import Watches
    from bookhunt.model.outcome import RequestRecord
    from tests.contract.conftest import AnyLedger, Lives

ACTIVE = frozenset({WatchState.ACTIVE})


def of(ledger: AnyLedger) -> Watches:
    if isinstance(ledger, SqliteLedger):
        return ledger.watches
    return ledger.watches or MemoryWatches(ledger)


@pytest.fixture
def watches(ledger: AnyLedger) -> Watches:
    return of(ledger)


async def asked_for(ledger: AnyLedger, key: str, watch_id: str) -> RequestRecord:
    request = a_request(watch_id=watch_id, idempotency_key=key)
    return (await ledger.submit(request, fingerprint=key, again=True)).record


async def test_a_watch_is_read_as_it_was_added(watches: Watches) -> None:
    watch = a_watch(
        schedule=read_schedule("at 2026-12-01T07:00, 2026-12-08T07:30"),
        timezone="Europe/Berlin",
        sellers=frozenset({"alpha", "beta"}),
        until=NOON + timedelta(days=30, microseconds=1),
        copies=3,
        quote_only=True,
        note="für Jane",
    )
    record = await watches.add(watch, first_run=True)
    assert record.watch == watch
    assert (record.state, record.bought, record.ran_at) == (WatchState.ACTIVE, 0, None)
    assert await watches.get(watch.id) == record
    assert await watches.get("nobody") is None
    with pytest.raises(StateConflict):
        await watches.add(watch, first_run=True)


async def test_without_a_first_run_the_next_time_is_the_first(watches: Watches) -> None:
    at_once = await watches.add(a_watch(), first_run=True)
    later = await watches.add(a_watch(), first_run=False)
    assert at_once.due(NOON + timedelta(hours=1)) == NOON
    assert later.due(NOON + timedelta(hours=1)) == NOON + timedelta(hours=19)


async def test_watches_are_listed_by_state_and_found_by_their_beginning(watches: Watches) -> None:
    made = [await watches.add(a_watch(id=f"abc{n:03}"), first_run=True) for n in range(3)]
    await watches.change(made[1], made[1].watch, WatchState.PAUSED)
    gone = await watches.change(made[2], made[2].watch, WatchState.REMOVED)
    assert [record.watch.id for record in await watches.all(states=ACTIVE)] == ["abc000"]
    every = await watches.all(states=frozenset(WatchState))
    assert [record.watch.id for record in every] == ["abc000", "abc001", "abc002"]
    assert [record.watch.id for record in await watches.named("abc", most=9)] == [
        "abc000",
        "abc001",
    ]
    assert await watches.named("abc002", most=9) == []
    assert await watches.get("abc002") == gone


async def test_many_watches_are_listed_whole(watches: Watches) -> None:
    """More than one turn of the ledger's reads."""
    await asyncio.gather(
        *(watches.add(a_watch(id=f"w{n:05}"), first_run=False) for n in range(1001))
    )
    found = [record.watch.id for record in await watches.all(states=ACTIVE)]
    assert found == [f"w{n:05}" for n in range(1001)]
    page = await watches.page(states=ACTIVE, after="w00998", limit=10)
    assert [record.watch.id for record in page] == ["w00999", "w01000"]
    assert len(await watches.page(states=ACTIVE, after="", limit=7)) == 7


async def test_of_two_edits_one_is_refused(watches: Watches) -> None:
    record = await watches.add(a_watch(), first_run=True)
    cheaper = replace(record.watch, max_price=usd("20"))
    changed = await watches.change(record, cheaper, WatchState.ACTIVE)
    assert (changed.watch, changed.version) == (cheaper, record.version + 1)
    with pytest.raises(IllegalTransition):
        await watches.change(record, record.watch, WatchState.PAUSED)


async def test_what_is_removed_stays_removed(watches: Watches) -> None:
    record = await watches.add(a_watch(), first_run=True)
    gone = await watches.change(record, record.watch, WatchState.REMOVED)
    with pytest.raises(StateConflict):
        await watches.change(gone, gone.watch, WatchState.ACTIVE)


async def test_a_run_is_kept_with_the_best_total_ever_seen(watches: Watches) -> None:
    record = await watches.add(a_watch(), first_run=True)
    for amount, best in (("41", "41"), ("39.50", "39.50"), ("44", "39.50")):
        run = WatchRun(at=NOON, outcome="too_dear", lowest=usd(amount), lowest_seller="alpha")
        record = await watches.ran(record.watch.id, run)
        assert (record.last_run, record.best, record.ran_at) == (run, usd(best), NOON)
    record = await watches.ran(record.watch.id, WatchRun(at=NOON, outcome="not_found"))
    assert record.best == usd("39.50")
    with pytest.raises(NotFound):
        await watches.ran("nobody", WatchRun(at=NOON, outcome="not_found"))


async def test_every_run_of_a_copy_asks_with_one_key(ledger: AnyLedger, watches: Watches) -> None:
    """Until the request it made has ended, and then the round goes on only without an order."""
    watch = (await watches.add(a_watch(copies=2), first_run=True)).watch
    first = await watches.next_copy(watch.id)
    assert first is not None
    assert first == await watches.next_copy(watch.id)
    assert (first.copy, first.round) == (1, 1)
    record = await asked_for(ledger, first.key, watch.id)
    assert await watches.next_copy(watch.id) is None
    record = await ledger.move(record, RequestState.PROCESSING)
    assert await watches.next_copy(watch.id) is None
    await ledger.move(record, RequestState.NOT_AVAILABLE, result=Result())
    second = await watches.next_copy(watch.id)
    assert second is not None
    assert (second.copy, second.round) == (1, 2)
    assert (await asked_for(ledger, first.key, watch.id)).request.id == record.request.id


async def test_copies_are_counted_from_what_is_bought(ledger: AnyLedger, watches: Watches) -> None:
    watch = (await watches.add(a_watch(copies=2), first_run=True)).watch
    await a_success(ledger, watch_id=watch.id)
    record = await watches.get(watch.id)
    assert record is not None
    assert (record.bought, record.state) == (1, WatchState.ACTIVE)
    copy = await watches.next_copy(watch.id)
    assert copy is not None
    assert copy.copy == 2
    await a_success(ledger, watch_id=watch.id)
    record = await watches.get(watch.id)
    assert record is not None
    assert (record.bought, record.state) == (2, WatchState.DONE)
    assert await watches.next_copy(watch.id) is None
    with pytest.raises(StateConflict):
        await asked_for(ledger, "another key", watch.id)


async def test_what_is_not_settled_blocks_the_watch(ledger: AnyLedger, watches: Watches) -> None:
    """A person has to say whether this copy is bought before another is asked for."""
    watch = (await watches.add(a_watch(copies=2), first_run=True)).watch
    attempt, _ = await a_manual(ledger, watch_id=watch.id)
    record = await watches.get(watch.id)
    assert record is not None
    assert (record.open_request, record.shown_state) == (attempt.request_id, "blocked")
    assert await watches.next_copy(watch.id) is None
    with pytest.raises(StateConflict):
        await asked_for(ledger, "another key", watch.id)
    await ledger.settle_by_hand(attempt.request_id, order_id="A-7")
    copy = await watches.next_copy(watch.id)
    assert copy is not None
    assert copy.copy == 2


@pytest.mark.parametrize("state", [WatchState.PAUSED, WatchState.ENDED, WatchState.REMOVED])
async def test_a_watch_that_rests_buys_nothing(
    ledger: AnyLedger, watches: Watches, state: WatchState
) -> None:
    record = await watches.add(a_watch(), first_run=True)
    copy = await watches.next_copy(record.watch.id)
    assert copy is not None
    await watches.change(record, record.watch, state)
    with pytest.raises(StateConflict):
        await asked_for(ledger, copy.key, record.watch.id)


async def test_a_watch_that_only_quotes_buys_nothing(ledger: AnyLedger, watches: Watches) -> None:
    watch = (await watches.add(a_watch(quote_only=True), first_run=True)).watch
    with pytest.raises(StateConflict):
        await asked_for(ledger, "key", watch.id)


async def test_a_purchase_may_not_cost_more_than_the_watch_pays_by_now(
    ledger: AnyLedger, watches: Watches
) -> None:
    """An edit between a look and its purchase: what was asked for is the old maximum."""
    record = await watches.add(a_watch(), first_run=True)
    cheaper = replace(record.watch, max_price=usd("29.99"))
    await watches.change(record, cheaper, WatchState.ACTIVE)
    with pytest.raises(StateConflict):
        await asked_for(ledger, "key", record.watch.id)


async def test_fewer_copies_than_are_bought_cannot_be_wanted(
    ledger: AnyLedger, watches: Watches
) -> None:
    watch = (await watches.add(a_watch(copies=3), first_run=True)).watch
    await a_success(ledger, watch_id=watch.id)
    await asked_for(ledger, "key", watch.id)
    record = await watches.get(watch.id)
    assert record is not None
    with pytest.raises(StateConflict):
        await watches.change(record, replace(watch, copies=1), WatchState.ACTIVE)
    fewer = await watches.change(record, replace(watch, copies=2), WatchState.ACTIVE)
    assert fewer.watch.copies == 2


async def test_more_copies_wake_a_watch_that_was_done(ledger: AnyLedger, watches: Watches) -> None:
    watch = (await watches.add(a_watch(), first_run=True)).watch
    await a_success(ledger, watch_id=watch.id)
    record = await watches.get(watch.id)
    assert record is not None
    assert record.state is WatchState.DONE
    await watches.change(record, replace(watch, copies=2), WatchState.ACTIVE)
    copy = await watches.next_copy(watch.id)
    assert copy is not None
    assert copy.copy == 2


async def test_watches_outlive_the_process(lives: Lives) -> None:
    watches = of(lives.ledger)
    record = await watches.add(a_watch(), first_run=True)
    record = await watches.ran(record.watch.id, WatchRun(at=NOON, outcome="not_found"))
    copy = await watches.next_copy(record.watch.id)
    await lives.begin_again()
    watches = of(lives.ledger)
    assert await watches.get(record.watch.id) == record
    assert await watches.next_copy(record.watch.id) == copy
