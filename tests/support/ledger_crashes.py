"""A process that is killed at each failure point of the ledger in turn, for `test_crashes.py`.

    BOOKHUNT_TESTING=1 BOOKHUNT_FAILPOINTS=record:/dev/null \
        python -m tests.support.ledger_crashes DIR

It walks once through every kind of change, counting the points it passes, and then once more for
each of them in a child that is killed there, in a folder of its own: `DIR/<number>/ledger.db` is
what the dead child left, `DIR/<number>/acks` what it had been answered until then.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from bookhunt.hunt.ports import Facts, Intended
from bookhunt.model.notice import Event, News
from bookhunt.model.purchase import Answer, Attempt, Stage
from bookhunt.model.request import RequestState
from bookhunt.store.ledger import SqliteLedger
from bookhunt.telemetry.failpoints import Plan, fp
from tests.support.builders import a_frozen, a_request, an_intent, an_offer, usd
from tests.support.jump_clock import JumpClock

if TYPE_CHECKING:
    from bookhunt.model.outcome import RequestRecord


class Witness:
    """Writes down what the ledger answered, as it answers: bytes a killed process leaves."""

    def __init__(self, folder: Path) -> None:
        self._file = os.open(folder / "acks", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def saw(self, *values: RequestRecord | Attempt) -> None:
        for value in values:
            ack: dict[str, Any]
            if isinstance(value, Attempt):
                ack = {"attempt": value.id, "version": value.version, "stage": value.stage}
            else:
                ack = {
                    "request": value.request.id,
                    "version": value.version,
                    "state": value.state,
                }
            os.write(self._file, json.dumps(ack).encode() + b"\n")


async def walk(folder: Path) -> None:
    """Every kind of change, one after the other."""
    clock = JumpClock()
    ledger = await SqliteLedger.open(folder / "ledger.db", clock=clock, free_space_floor=0)
    seen = Witness(folder)
    offers = (an_offer(item=str(n), inventory=1) for n in range(9))

    async def processing(title: str) -> RequestRecord:
        request = a_request(idempotency_key=title, profile=title)
        submitted = await ledger.submit(request, fingerprint="f", again=False)
        seen.saw(submitted.record)
        record = await ledger.move(submitted.record, RequestState.PROCESSING)
        seen.saw(record)
        return record

    async def sending(record: RequestRecord) -> Attempt:
        intended = await ledger.intend(an_intent(record, next(offers)))
        assert isinstance(intended, Intended)
        seen.saw(intended.attempt, intended.record)
        attempt = await ledger.start_sending(intended.attempt, a_frozen())
        assert isinstance(attempt, Attempt)
        seen.saw(attempt)
        return attempt

    await ledger.set_limits("USD", None)
    await ledger.outbox.listen({"told": list(Event), "deaf": list(Event)})
    # Refused at one seller, bought at the next, for more than was agreed.
    attempt = await sending(await processing("bought"))
    refused, record = await ledger.settle(
        attempt,
        Stage.REFUSED,
        Facts(answer=Answer.SOLD_OUT),
        request_to=RequestState.PROCESSING,
    )
    seen.saw(refused, record)
    bought = await ledger.settle(
        await sending(record),
        Stage.CONFIRMED,
        Facts(order_id="A-1", charged=usd("13")),
        request_to=RequestState.SUCCESS,
    )
    seen.saw(*bought)
    # A lost answer, sent again, looked up, cancelled meanwhile, and settled by hand.
    attempt = await sending(await processing("lost"))
    unknown, record = await ledger.settle(
        attempt, Stage.UNKNOWN, Facts(), request_to=RequestState.IN_DOUBT
    )
    seen.saw(unknown, record)
    resent = await ledger.resend(unknown)
    seen.saw(resent)
    checked = await ledger.checked(resent, not_found=True, next_check_at=clock.now())
    seen.saw(checked)
    manual, record = await ledger.settle(checked, Stage.MANUAL, Facts())
    seen.saw(manual, record)
    seen.saw(await ledger.move(record, RequestState.NEEDS_ATTENTION))
    seen.saw(await ledger.cancel(record.request.id))
    seen.saw(*await ledger.settle_by_hand(record.request.id, order_id=None))
    # Two open orders at the end.
    intended = await ledger.intend(an_intent(await processing("prepared"), next(offers)))
    assert isinstance(intended, Intended)
    seen.saw(intended.attempt, intended.record)
    await sending(await processing("open"))
    await ledger.set_paused(paused=True)
    await ledger.leave_safe_mode()
    # One target is told of all, the other does not answer.
    await ledger.outbox.post(News(event=Event.PRICE, title="t", message="m", once="w-1"))
    waiting = await ledger.outbox.due(["told", "deaf"], at=clock.now(), limit=9)
    for delivery in waiting["told"]:
        await ledger.outbox.told(delivery)
    await ledger.outbox.failed(waiting["deaf"][0], error="deaf", again_at=None)
    await ledger.outbox.prune(before=clock.now(), most_waiting=9)
    await ledger.close()


def walk_and_die(folder: Path, plan: Plan, *, at: int) -> int:
    """The status of a child that walks until it is killed at the point of that number."""
    folder.mkdir()
    child = os.fork()
    if child == 0:
        plan.kill_at = at
        asyncio.run(walk(folder))
        os._exit(0)
    return os.waitpid(child, 0)[1]


def main(folder: Path) -> None:
    plan = cast("Plan", getattr(fp, "__self__"))  # noqa: B009 - the plan behind the armed function
    plan.record = None
    count = folder / "count"
    count.mkdir()
    child = os.fork()
    if child == 0:
        asyncio.run(walk(count))
        (count / "points").write_text(str(plan._reached.total()))
        os._exit(0)
    os.waitpid(child, 0)
    points = int((count / "points").read_text("utf-8"))
    for at in range(1, points + 1):
        status = walk_and_die(folder / f"{at:03}", plan, at=at)
        assert os.WTERMSIG(status) == signal.SIGKILL, f"point {at}: the child ended by itself"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
