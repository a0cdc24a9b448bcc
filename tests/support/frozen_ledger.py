"""Freezes a ledger of today for ever: `python -m tests.support.frozen_ledger tests/data`.

Run once for each schema, when it is new; what it writes (`ledger_NNNN.db` and, beside it, what
must be read from it) is never written again. It holds a request in every state and an attempt in
every stage, with every field set that can be.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
from dataclasses import asdict
from datetime import timedelta
from enum import Enum
from pathlib import Path
from typing import Any

from bookhunt.hunt.ports import Facts
from bookhunt.model.notice import Event, News
from bookhunt.model.purchase import Answer, Stage
from bookhunt.model.request import RequestState
from bookhunt.model.schedule import read_schedule
from bookhunt.model.watch import WatchRun, WatchState
from bookhunt.store.database import LEDGER
from bookhunt.store.ledger import SqliteLedger
from tests.support.builders import (
    NOON,
    a_book,
    a_bought,
    a_request,
    a_result,
    a_watch,
    an_offer,
    some_limits,
    usd,
)
from tests.support.jump_clock import JumpClock
from tests.support.ledger_steps import (
    a_manual,
    a_pending,
    a_prepared,
    a_processing,
    a_sending,
    a_success,
    an_unknown,
    fell_through,
    won,
)

S = RequestState


def plain(value: Any) -> Any:
    """A value of the model as JSON can hold it, field by field."""

    def other(part: Any) -> Any:
        if isinstance(part, frozenset):
            return sorted(part)
        return part.value if isinstance(part, Enum) else str(part)

    return json.loads(json.dumps(asdict(value), default=other))


async def contents(ledger: SqliteLedger) -> dict[str, Any]:
    """All that can be read from a ledger."""
    records = await ledger.find(limit=500)
    attempts = [a for record in records for a in await ledger.attempts(record.request.id)]
    return {
        "requests": {record.request.id: plain(record) for record in records},
        "attempts": {attempt.id: plain(attempt) for attempt in attempts},
        "limits": plain(await ledger.limits("USD")),
        "spent": [plain(money) for money in await ledger.spent("USD", at=NOON)],
        "paused": await ledger.paused(),
        "notices": [plain(each) for each in await ledger.outbox.undelivered(limit=500)],
    }


async def fill(ledger: SqliteLedger) -> None:
    offers = (an_offer(item=f'{{"sku":"{n}"}}') for n in range(99))
    await ledger.set_limits("USD", some_limits("150", "1000", "9000"))
    await ledger.outbox.listen({"webhook-1": list(Event), "mail-1": [Event.BOUGHT]})
    await ledger.outbox.post(News(event=Event.PRICE, title="Less", message="9", once="w-1"))
    await a_pending(
        ledger,
        book=a_book(authors=("Jane Austen",), title="Emma – a novel"),  # noqa: RUF001 - a dash
        sellers=frozenset({"alpha", "beta"}),
        note="für Jane",
        watch_id="w-1",
        priority=3,
    )
    await a_processing(ledger)
    await ledger.move(await a_pending(ledger), S.EXPIRED, result=a_result(reason="expired"))
    await ledger.move(await a_processing(ledger), S.NOT_AVAILABLE, result=a_result())
    await ledger.move(await a_processing(ledger), S.PURCHASE_FAILED, result=a_result())
    await ledger.cancel((await a_pending(ledger)).request.id)
    dry = await a_prepared(ledger, next(offers), dry_run=True)
    await ledger.settle(dry.attempt, Stage.ABANDONED, Facts(), request_to=S.DRY_RUN)
    await a_success(ledger, next(offers))
    await won(
        ledger,
        await a_sending(ledger, next(offers)),
        order_id="A-1",
        charged=usd("13"),
        delivery="Friday",
        detail="thanks",
    )
    sending = await a_sending(ledger, next(offers))
    placed, _ = await ledger.settle(
        sending,
        Stage.PLACED,
        Facts(answer=Answer.PLACED, order_id="P-1"),
        result=a_result(bought=a_bought(url=None), message="on its way"),
    )
    await ledger.checked(placed, not_found=False, next_check_at=NOON + timedelta(minutes=10))
    unknown = await ledger.resend(await an_unknown(ledger, next(offers)))
    await ledger.checked(unknown, not_found=True, next_check_at=NOON + timedelta(seconds=30))
    await a_manual(ledger, next(offers))
    for stage in (Stage.REFUSED, Stage.NOT_SENT):
        await fell_through(ledger, await a_sending(ledger, next(offers)), stage)
    await fell_through(ledger, await an_unknown(ledger, next(offers)), Stage.ABSENT)
    cancelled = await an_unknown(ledger, next(offers))
    await ledger.cancel(cancelled.request_id)
    submitted = await ledger.submit(a_request(), fingerprint="f", again=True)
    await ledger.cancel(submitted.record.request.id)
    await watch(ledger)


async def watch(ledger: SqliteLedger) -> None:
    """A watch in every state, by every kind of schedule."""
    schedules = ("0 7 * * mon-fri", "every 6h", "at 2026-12-01T07:00, 2026-12-08T07:00")
    for number, state in enumerate(WatchState):
        record = await ledger.watches.add(
            a_watch(
                id=f"frozen-{state.value}",
                schedule=read_schedule(schedules[number % len(schedules)]),
                timezone="Europe/Berlin",
                copies=number + 1,
                quote_only=state is WatchState.PAUSED,
                until=NOON + timedelta(days=99),
                sellers=frozenset({"alpha"}),
                note="für Jane",
            ),
            first_run=number % 2 == 0,
        )
        if state is WatchState.ACTIVE:
            await a_pending(ledger, watch_id=record.watch.id)
        run = WatchRun(at=NOON, outcome="too_dear", lowest=usd("41"), lowest_seller="alpha")
        record = await ledger.watches.ran(record.watch.id, run)
        await ledger.watches.change(record, record.watch, state)


async def freeze(folder: Path) -> None:
    number = len(LEDGER.steps())
    path = folder / f"ledger_{number:04}.db"
    assert not path.exists(), f"{path} is frozen"
    ledger = await SqliteLedger.open(path, clock=JumpClock(), free_space_floor=0)
    await fill(ledger)
    told = json.dumps(await contents(ledger), indent=1, sort_keys=True)
    await ledger.close()
    path.with_suffix(".stamp").unlink()
    path.with_suffix(".json").write_text(told + "\n", "utf-8")
    # Without a write-ahead log the file is whole by itself.
    db = sqlite3.connect(path)
    db.execute("VACUUM")
    db.execute("PRAGMA journal_mode = DELETE")
    db.close()
    path.chmod(0o644)


if __name__ == "__main__":
    asyncio.run(freeze(Path(sys.argv[1])))
