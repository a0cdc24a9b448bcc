"""The ledger itself writes the notice of an outcome, in the transaction that makes it true."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from bookhunt.hunt.ports import Facts
from bookhunt.model.errors import IllegalTransition
from bookhunt.model.notice import Delivery, Event, Notice
from bookhunt.model.purchase import Stage
from bookhunt.model.request import RequestState
from bookhunt.store.ledger import SqliteLedger
from tests.support.builders import a_bought, a_result, usd
from tests.support.ledger_steps import (
    a_manual,
    a_pending,
    a_processing,
    a_sending,
    a_success,
    an_unknown,
    won,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.jump_clock import JumpClock

S = RequestState
ALL = {"a": list(Event)}


async def due(ledger: SqliteLedger, clock: JumpClock) -> list[Delivery]:
    found = await ledger.outbox.due(["a"], at=clock.now(), limit=100)
    return found.get("a", [])


async def notices(ledger: SqliteLedger, clock: JumpClock) -> list[Notice]:
    return [delivery.notice for delivery in await due(ledger, clock)]


async def test_each_outcome_is_noticed_as_it_was(ledger: SqliteLedger, clock: JumpClock) -> None:
    """The request, its state and its result of that moment, whatever came of it later."""
    await ledger.outbox.listen(ALL)
    bought = await a_success(ledger)
    not_there = await ledger.move(
        await a_processing(ledger), S.NOT_AVAILABLE, result=a_result(message="too dear")
    )
    failed = await ledger.move(await a_processing(ledger), S.PURCHASE_FAILED, result=a_result())
    expired = await ledger.move(await a_pending(ledger), S.EXPIRED, result=a_result())
    told = {notice.event: notice.request for notice in await notices(ledger, clock)}
    assert told == {
        Event.BOUGHT: bought,
        Event.NOT_AVAILABLE: not_there,
        Event.FAILED: failed,
        Event.EXPIRED: expired,
    }


async def test_an_order_in_doubt_is_told_with_what_may_stand(
    ledger: SqliteLedger, clock: JumpClock
) -> None:
    await ledger.outbox.listen(ALL)
    _, record = await a_manual(ledger)
    doubt, person = sorted(await notices(ledger, clock), key=lambda n: n.event)
    assert (doubt.event, person.event) == (Event.IN_DOUBT, Event.NEEDS_ATTENTION)
    assert person.request == record
    assert doubt.request is not None
    assert doubt.request.state is S.IN_DOUBT
    assert person.standing is not None
    assert (person.standing.seller, person.standing.agreed) == ("alpha", usd("12.50"))


async def test_the_id_is_a_uuid7_of_the_ledgers_time(
    ledger: SqliteLedger, clock: JumpClock
) -> None:
    await ledger.outbox.listen(ALL)
    for _ in range(20):
        await ledger.move(await a_pending(ledger), S.EXPIRED)
    ids = [UUID(notice.id) for notice in await notices(ledger, clock)]
    assert len(set(ids)) == 20
    for each in ids:
        assert (each.version, each.variant) == (7, "specified in RFC 4122")
        assert each.int >> 80 == int(clock.now().timestamp() * 1000)


async def test_who_hears_of_purchases_hears_of_one_that_cost_more(
    ledger: SqliteLedger, clock: JumpClock
) -> None:
    """Once, though it listens to both."""
    await ledger.outbox.listen(
        {"a": [Event.BOUGHT], "b": [Event.OVERCHARGED], "c": [Event.BOUGHT, Event.OVERCHARGED]}
    )
    sending = await a_sending(ledger)
    result = a_result(bought=a_bought(overcharged=True, total=usd("14")))
    facts = Facts(order_id="A-1", charged=usd("14"))
    await ledger.settle(sending, Stage.CONFIRMED, facts, request_to=S.SUCCESS, result=result)
    found = await ledger.outbox.due(["a", "b", "c"], at=clock.now(), limit=9)
    events = {target: [d.notice.event for d in ready] for target, ready in found.items()}
    assert events == {target: [Event.OVERCHARGED] for target in "abc"}


async def test_a_dry_run_and_a_watch_that_looks_again_are_not_told(
    ledger: SqliteLedger, clock: JumpClock
) -> None:
    """A watch's purchase is."""
    await ledger.outbox.listen(ALL)
    await ledger.move(await a_processing(ledger, dry_run=True), S.NOT_AVAILABLE)
    await ledger.move(await a_processing(ledger, watch_id="w-1"), S.NOT_AVAILABLE)
    await ledger.move(await a_pending(ledger, watch_id="w-1"), S.EXPIRED)
    await ledger.cancel((await a_pending(ledger)).request.id)
    assert await notices(ledger, clock) == []
    await won(ledger, await a_sending(ledger, watch_id="w-1"))
    assert [notice.event for notice in await notices(ledger, clock)] == [Event.BOUGHT]


async def test_where_nobody_listens_nothing_is_written(ledger: SqliteLedger) -> None:
    await a_success(ledger)
    await ledger.outbox.listen({"a": [Event.FAILED]})
    await a_success(ledger)
    await ledger.outbox.listen(ALL)
    assert await ledger.outbox.undelivered(limit=9) == []


async def test_what_is_refused_is_not_told(ledger: SqliteLedger, clock: JumpClock) -> None:
    """A change that another one undid leaves no notice."""
    await ledger.outbox.listen(ALL)
    record = await a_processing(ledger)
    await ledger.move(record, S.NOT_AVAILABLE)
    with pytest.raises(IllegalTransition):
        await ledger.move(record, S.PURCHASE_FAILED)
    assert [notice.event for notice in await notices(ledger, clock)] == [Event.NOT_AVAILABLE]


async def test_what_an_opening_finds_is_told(path: Path, clock: JumpClock) -> None:
    """Nobody could say so when the process died; the next one says it, to who listened then."""
    ledger = await SqliteLedger.open(path, clock=clock, free_space_floor=0)
    await ledger.outbox.listen(ALL)
    sending = await a_sending(ledger)
    await ledger.close()
    ledger = await SqliteLedger.open(path, clock=clock, free_space_floor=0)
    [notice] = await notices(ledger, clock)
    await ledger.close()
    assert notice.event is Event.IN_DOUBT
    assert notice.request is not None
    assert notice.request.request.id == sending.request_id


async def test_what_waits_outlives_the_process(path: Path, clock: JumpClock) -> None:
    ledger = await SqliteLedger.open(path, clock=clock, free_space_floor=0)
    await ledger.outbox.listen(ALL)
    await an_unknown(ledger)
    before = await due(ledger, clock)
    await ledger.close()
    ledger = await SqliteLedger.open(path, clock=clock, free_space_floor=0)
    assert await due(ledger, clock) == before
    await ledger.close()
