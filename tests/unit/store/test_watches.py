"""The second line behind a watch: were the program wrong, the file buys no copy too many."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bookhunt.model.errors import IllegalTransition, LedgerUnusable
from bookhunt.model.schedule import read_schedule
from bookhunt.model.watch import WatchState
from bookhunt.store.ledger import SqliteLedger
from tests.support.builders import a_watch, an_intent, an_offer
from tests.support.ledger_steps import a_processing, a_success

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.jump_clock import JumpClock


async def opened(path: Path, clock: JumpClock) -> SqliteLedger:
    return await SqliteLedger.open(path, clock=clock, free_space_floor=0)


async def test_no_order_is_prepared_beyond_the_copies(path: Path, clock: JumpClock) -> None:
    """Even for a request that is there, and whatever made the watch want fewer."""
    ledger = await opened(path, clock)
    await ledger.watches.add(a_watch(id="w-0001", copies=2), first_run=True)
    await a_success(ledger, watch_id="w-0001")
    record = await a_processing(ledger, watch_id="w-0001")
    await ledger.close()
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("DROP TRIGGER watch_copies")
    db.execute("UPDATE watch SET copies = 1, version = version + 1")
    db.close()
    ledger = await opened(path, clock)
    with pytest.raises(IllegalTransition, match="all copies of the watch are bought"):
        await ledger.intend(an_intent(record, an_offer(item="other")))
    await ledger.close()


async def test_changes_of_watches_are_in_the_journal_and_runs_are_not(
    path: Path, clock: JumpClock
) -> None:
    ledger = await opened(path, clock)
    record = await ledger.watches.add(a_watch(), first_run=True)
    every = replace(record.watch, schedule=read_schedule("every 6h"))
    record = await ledger.watches.change(record, every, WatchState.ACTIVE)
    record = await ledger.watches.change(record, every, WatchState.REMOVED)
    await ledger.close()
    with closing(sqlite3.connect(path)) as db:
        told = db.execute("SELECT event, data FROM journal WHERE event LIKE 'watch.%'").fetchall()
    assert [event for event, _ in told] == ["watch.new", "watch.edited", "watch.removed"]
    assert json.loads(json.loads(told[1][1])["body"])["schedule"] == "every 6h"


@pytest.mark.parametrize(
    "body", ['{"book":{"title":"x","isbn13":null,"authors":[]}}', '{"schedule":"0 0 30 2 *"}']
)
async def test_a_watch_that_cannot_be_read_is_said(path: Path, clock: JumpClock, body: str) -> None:
    ledger = await opened(path, clock)
    await ledger.watches.add(a_watch(id="w-0001"), first_run=True)
    await ledger.close()
    db = sqlite3.connect(path, isolation_level=None)
    row = json.loads(db.execute("SELECT body FROM watch").fetchone()[0])
    broken = json.loads(body)
    row = row | broken if "schedule" in broken else broken
    db.execute("UPDATE watch SET body = ?, version = version + 1", (json.dumps(row),))
    db.close()
    ledger = await opened(path, clock)
    with pytest.raises(LedgerUnusable):
        await ledger.watches.get("w-0001")
    await ledger.close()
