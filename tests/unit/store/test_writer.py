"""The writer: one commit for many, nobody answered too early, and honest about a failing disk."""

from __future__ import annotations

import asyncio
import errno
import sqlite3
import threading
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from bookhunt.hunt.ports import Facts
from bookhunt.model.errors import IllegalTransition, LedgerUnusable
from bookhunt.model.purchase import Answer, Stage
from bookhunt.model.request import RequestState
from bookhunt.store import writer as writer_module
from bookhunt.store.ledger import SqliteLedger
from bookhunt.store.operations import Lane, Withdraw
from tests.support.builders import a_frozen, a_request, an_intent
from tests.support.ledger_steps import a_pending, a_prepared, a_processing, a_sending, won

if TYPE_CHECKING:
    import concurrent.futures
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from bookhunt.store.writer import Writer
    from tests.support.jump_clock import JumpClock

FULL = OSError(errno.ENOSPC, "No space left on device")
BROKEN = OSError(errno.EIO, "Input/output error")


class Plan:
    """What happens at the failure points of the writer in this test."""

    def __init__(self) -> None:
        self.reached: list[str] = []
        self.trouble: dict[str, BaseException] = {}
        self.gate: dict[str, threading.Event] = {}
        self.arrived = threading.Event()

    def fp(self, name: str) -> None:
        self.reached.append(name)
        if name in self.gate:
            self.arrived.set()
            assert self.gate[name].wait(10)
        if name in self.trouble:
            raise self.trouble[name]


@pytest.fixture
def plan(monkeypatch: pytest.MonkeyPatch) -> Iterator[Plan]:
    plan = Plan()
    monkeypatch.setattr(writer_module, "fp", plan.fp)
    yield plan
    for gate in plan.gate.values():
        gate.set()


@pytest.fixture
def fatal() -> list[BaseException]:
    return []


@pytest.fixture
async def mortal(
    path: Path, clock: JumpClock, plan: Plan, fatal: list[BaseException]
) -> AsyncIterator[SqliteLedger]:
    """A ledger whose death the test survives."""
    ledger = await SqliteLedger.open(path, clock=clock, free_space_floor=0, on_fatal=fatal.append)
    yield ledger
    await ledger.close()


async def arrive(plan: Plan) -> None:
    await asyncio.to_thread(plan.arrived.wait, 10)


def writer_of(ledger: SqliteLedger) -> Writer:
    return ledger._writer


async def count(ledger: SqliteLedger) -> int:
    return len(await ledger.find(limit=500))


# --------------------------------------------------------------------------------------- groups
async def test_what_waits_is_committed_together(mortal: SqliteLedger, plan: Plan) -> None:
    """While one group is written the next gathers: a hundred callers cost a few commits."""
    plan.gate["ledger.commit.before"] = threading.Event()
    first = asyncio.create_task(a_pending(mortal))
    await arrive(plan)
    rest = [asyncio.create_task(a_pending(mortal)) for _ in range(100)]
    await asyncio.sleep(0)
    plan.gate.pop("ledger.commit.before").set()
    await asyncio.gather(first, *rest)
    assert plan.reached.count("ledger.commit.before") <= 3
    assert plan.reached.count("ledger.submit.after_commit") == 101
    assert await count(mortal) == 101


async def test_nobody_is_answered_before_the_commit(mortal: SqliteLedger, plan: Plan) -> None:
    plan.gate["ledger.commit.before"] = threading.Event()
    task = asyncio.create_task(a_pending(mortal))
    await arrive(plan)
    for _ in range(20):
        await asyncio.sleep(0)
    assert not task.done()
    plan.gate.pop("ledger.commit.before").set()
    await task


async def test_one_that_fails_undoes_itself_alone(mortal: SqliteLedger, plan: Plan) -> None:
    """A conflict, a refusal and a bug in a group leave no trace, and their neighbours stand."""
    older = await a_pending(mortal)
    plan.gate["ledger.commit.before"] = threading.Event()
    first = asyncio.create_task(a_pending(mortal))
    await arrive(plan)

    def bug(db: sqlite3.Connection) -> None:
        db.execute("UPDATE request SET version = version + 1")
        raise KeyError("bug")

    def forbidden(db: sqlite3.Connection) -> None:
        db.execute("UPDATE request SET version = version + 1")
        db.execute("DELETE FROM request")

    def withdrawn(db: sqlite3.Connection) -> None:
        db.execute("UPDATE request SET version = version + 1")
        raise Withdraw("no")

    run = writer_of(mortal).run
    group = [
        asyncio.create_task(run("odd", work, lane=Lane.CHANGE))
        for work in (bug, forbidden, withdrawn)
    ]
    last = asyncio.create_task(a_pending(mortal))
    await asyncio.sleep(0)
    plan.gate.pop("ledger.commit.before").set()
    answers = await asyncio.gather(*group, return_exceptions=True)
    assert isinstance(answers[0], KeyError)
    assert isinstance(answers[1], IllegalTransition)
    assert answers[2] == "no"
    assert (await first).version == (await last).version == 1
    assert await mortal.get(older.request.id) == older


async def test_money_goes_before_changes_and_changes_before_reads(
    mortal: SqliteLedger, plan: Plan
) -> None:
    processing = await a_processing(mortal)
    order: list[str] = []
    plan.gate["ledger.commit.before"] = threading.Event()
    blocker = asyncio.create_task(a_pending(mortal))
    await arrive(plan)

    async def call(name: str, lane: Lane) -> None:
        await writer_of(mortal).run(name, lambda _: order.append(name), lane=lane)

    tasks = [
        asyncio.create_task(call("read", Lane.READ)),
        asyncio.create_task(call("change", Lane.CHANGE)),
        asyncio.create_task(call("money", Lane.MONEY)),
    ]
    await asyncio.sleep(0)
    plan.gate.pop("ledger.commit.before").set()
    await asyncio.gather(blocker, *tasks)
    assert order == ["money", "change", "read"]
    assert await mortal.get(processing.request.id) == processing


async def test_reads_come_a_few_at_a_time(mortal: SqliteLedger, plan: Plan) -> None:
    """A claim that comes while a hundred reads wait is written after a handful of them."""
    plan.gate["ledger.commit.before"] = threading.Event()
    blocker = asyncio.create_task(a_pending(mortal))
    await arrive(plan)
    order: list[str] = []
    run = writer_of(mortal).run

    loop, queued = asyncio.get_running_loop(), threading.Event()

    async def claim() -> None:
        task = asyncio.create_task(run("money", lambda _: order.append("money"), lane=Lane.MONEY))
        await asyncio.sleep(0)
        queued.set()
        await task

    claims: list[concurrent.futures.Future[None]] = []

    def first_read(_: sqlite3.Connection) -> None:
        order.append("read")
        claims.append(asyncio.run_coroutine_threadsafe(claim(), loop))
        assert queued.wait(10)

    reads = [asyncio.create_task(run("read", first_read, lane=Lane.READ))]
    reads += [
        asyncio.create_task(run("read", lambda _: order.append("read"), lane=Lane.READ))
        for _ in range(400)
    ]
    await asyncio.sleep(0)
    plan.gate.pop("ledger.commit.before").set()
    await asyncio.gather(blocker, *reads)
    await asyncio.wrap_future(claims[0])
    assert order.index("money") < 20


async def test_a_full_lane_makes_callers_wait(
    mortal: SqliteLedger, plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The queue is bounded: who comes too early waits for room, and is served in the end."""
    writer_of(mortal)._room[Lane.CHANGE] = asyncio.Semaphore(3)
    plan.gate["ledger.commit.before"] = threading.Event()
    tasks = [asyncio.create_task(a_pending(mortal)) for _ in range(10)]
    await arrive(plan)
    for _ in range(20):
        await asyncio.sleep(0)
    assert plan.reached.count("ledger.submit.before") <= 3
    plan.gate.pop("ledger.commit.before").set()
    await asyncio.gather(*tasks)
    assert await count(mortal) == 10


async def test_a_caller_that_gives_up_does_not_undo(mortal: SqliteLedger, plan: Plan) -> None:
    """Once it waits in the queue it is done, whatever happens to its caller."""
    plan.gate["ledger.commit.before"] = threading.Event()
    request = a_request()
    task = asyncio.create_task(mortal.submit(request, fingerprint="f", again=False))
    await arrive(plan)
    task.cancel()
    plan.gate.pop("ledger.commit.before").set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await mortal.submit(request, fingerprint="f", again=False)).created is False


async def test_every_change_passes_its_failure_points(mortal: SqliteLedger, plan: Plan) -> None:
    """Before, inside and after each durable write there is a place where a test may kill."""
    sending = await a_sending(mortal)
    await mortal.cancel(sending.request_id)
    unknown, _ = await mortal.settle(
        sending, Stage.UNKNOWN, Facts(), request_to=RequestState.IN_DOUBT
    )
    again = await mortal.resend(unknown)
    checked = await mortal.checked(again, not_found=False, next_check_at=None)
    manual, record = await mortal.settle(checked, Stage.MANUAL, Facts())
    await mortal.move(record, RequestState.NEEDS_ATTENTION)
    await mortal.settle_by_hand(manual.request_id, order_id="A-1")
    await mortal.set_limits("USD", None)
    await mortal.set_paused(paused=False)
    await mortal.leave_safe_mode()
    names = Counter(name.split(".")[1] for name in plan.reached)
    del names["commit"]
    assert set(names) == {
        "submit", "move", "cancel", "intend", "start_sending", "resend", "checked", "settle",
        "settle_by_hand", "set_limits", "set_paused", "leave_safe_mode",
    }  # fmt: skip
    for name in names:
        points = [p.split(".")[2] for p in plan.reached if p.split(".")[1] == name]
        assert points[:3] == ["before", "before_commit", "after_commit"]


# -------------------------------------------------------------------------------- a failing disk
@pytest.mark.parametrize("point", ["submit.before", "submit.before_commit", "commit.before"])
async def test_a_full_disk_refuses_what_is_new(
    mortal: SqliteLedger, plan: Plan, fatal: list[BaseException], point: str
) -> None:
    """A clear error, nothing written, and all is well once there is room again."""
    before = await a_pending(mortal)
    plan.trouble[f"ledger.{point}"] = FULL
    with pytest.raises(LedgerUnusable, match="nothing was recorded") as refused:
        await a_pending(mortal)
    assert refused.value.hint is not None
    assert await mortal.find() == [before]
    plan.trouble.clear()
    await a_pending(mortal)
    assert await count(mortal) == 2
    assert fatal == []


@pytest.mark.parametrize("step", ["intend", "start_sending"])
async def test_a_full_disk_stops_an_order_before_it_is_sent(
    mortal: SqliteLedger, plan: Plan, step: str
) -> None:
    record = await a_processing(mortal)
    plan.trouble["ledger.intend.before_commit"] = FULL
    if step == "intend":
        with pytest.raises(LedgerUnusable):
            await mortal.intend(an_intent(record))
        assert await mortal.attempts(record.request.id) == []
        assert await mortal.get(record.request.id) == record
        return
    plan.trouble = {"ledger.start_sending.before_commit": FULL}
    prepared = await a_prepared(mortal)
    with pytest.raises(LedgerUnusable):
        await mortal.start_sending(prepared.attempt, a_frozen())
    assert await mortal.attempts(prepared.record.request.id) == [prepared.attempt]


async def test_an_answer_the_disk_refuses_may_be_written_again(
    mortal: SqliteLedger, plan: Plan
) -> None:
    """The order was sent; until its answer is on disk it is being sent, and nothing else."""
    sending = await a_sending(mortal)
    plan.trouble["ledger.commit.before"] = FULL
    for _ in range(3):
        with pytest.raises(LedgerUnusable):
            await won(mortal, sending)
        assert await mortal.attempts(sending.request_id) == [sending]
    plan.trouble.clear()
    attempt, after = await won(mortal, sending)
    assert (attempt.stage, after.state) == (Stage.CONFIRMED, RequestState.SUCCESS)
    assert await mortal.attempts(sending.request_id) == [attempt]


@pytest.mark.parametrize("point", ["commit.after", "submit.after_commit"])
async def test_a_commit_of_unknown_effect_ends_the_process(
    mortal: SqliteLedger, plan: Plan, fatal: list[BaseException], point: str
) -> None:
    """Nobody can say what is on disk: the hook is called, and this ledger answers no more."""
    plan.trouble[f"ledger.{point}"] = BROKEN
    with pytest.raises(LedgerUnusable, match="unknown"):
        await a_pending(mortal)
    assert fatal == [BROKEN]
    plan.trouble.clear()
    for call in (a_pending(mortal), mortal.get("x"), mortal.paused()):
        with pytest.raises(LedgerUnusable, match="unknown"):
            await call


class Connection(sqlite3.Connection):
    """A connection whose commits may fail as the disk's do."""

    commit_error: str | None = None

    def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
        if sql == "COMMIT" and Connection.commit_error is not None:
            error = sqlite3.OperationalError(Connection.commit_error)
            error.sqlite_errorcode = getattr(sqlite3, Connection.commit_error)
            raise error
        return super().execute(sql, *parameters)


@pytest.fixture
def failing_commits(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Connection]]:
    connect = sqlite3.connect

    def connected(*args: Any, **options: Any) -> sqlite3.Connection:
        return connect(*args, factory=Connection, **options)

    monkeypatch.setattr(sqlite3, "connect", connected)
    yield Connection
    Connection.commit_error = None


@pytest.mark.parametrize(
    ("code", "dies"),
    [
        ("SQLITE_FULL", False),
        ("SQLITE_IOERR_FSYNC", True),
        ("SQLITE_IOERR_WRITE", False),
        ("SQLITE_IOERR", True),
        ("SQLITE_CORRUPT", True),
    ],
)
async def test_a_failed_commit_is_fatal_unless_nothing_can_have_been_written(
    failing_commits: type[Connection],
    path: Path,
    clock: JumpClock,
    code: str,
    *,
    dies: bool,
) -> None:
    fatal: list[BaseException] = []
    ledger = await SqliteLedger.open(path, clock=clock, free_space_floor=0, on_fatal=fatal.append)
    failing_commits.commit_error = code
    with pytest.raises(LedgerUnusable):
        await a_pending(ledger)
    failing_commits.commit_error = None
    assert bool(fatal) is dies
    if not dies:
        assert await count(ledger) == 0
        await a_pending(ledger)
        assert await count(ledger) == 1
    await ledger.close()


async def test_a_ledger_another_process_took_over_is_not_written(
    mortal: SqliteLedger, fatal: list[BaseException]
) -> None:
    """Each transaction checks the epoch: a writer of the past writes nothing."""
    take_over = "UPDATE meta SET value = value + 1 WHERE name = 'epoch'"
    await writer_of(mortal).run("odd", lambda db: db.execute(take_over), lane=Lane.CHANGE)
    with pytest.raises(LedgerUnusable):
        await a_pending(mortal)
    assert len(fatal) == 1


async def test_damage_found_while_running_ends_the_process(
    mortal: SqliteLedger, fatal: list[BaseException]
) -> None:
    def damaged(_: sqlite3.Connection) -> None:
        error = sqlite3.DatabaseError("database disk image is malformed")
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error

    with pytest.raises(LedgerUnusable):
        await writer_of(mortal).run("read", damaged, lane=Lane.READ)
    assert len(fatal) == 1


# ------------------------------------------------------------------------------- open and close
async def test_a_closed_ledger_says_so(ledger: SqliteLedger) -> None:
    await ledger.close()
    with pytest.raises(LedgerUnusable, match="closed"):
        await ledger.get("x")
    await ledger.close()


async def test_closing_finishes_what_waits(mortal: SqliteLedger, plan: Plan) -> None:
    plan.gate["ledger.commit.before"] = threading.Event()
    tasks = [asyncio.create_task(a_pending(mortal)) for _ in range(30)]
    await arrive(plan)
    closing = asyncio.create_task(mortal.close())
    await asyncio.sleep(0)
    plan.gate.pop("ledger.commit.before").set()
    await closing
    assert len(await asyncio.gather(*tasks)) == 30


async def test_an_opening_that_is_cut_off_lets_the_file_go(path: Path, clock: JumpClock) -> None:
    opening = asyncio.create_task(SqliteLedger.open(path, clock=clock))
    await asyncio.sleep(0)
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    while True:
        try:
            ledger = await SqliteLedger.open(path, clock=clock)
        except LedgerUnusable:
            await asyncio.sleep(0.001)
        else:
            break
    await ledger.close()


async def test_a_full_disk_refuses_intents_early(path: Path, clock: JumpClock) -> None:
    """Below the floor nothing is intended: the result of the order might find no room."""
    ledger = await SqliteLedger.open(path, clock=clock, free_space_floor=2**62)
    record = await a_processing(ledger)
    with pytest.raises(LedgerUnusable, match="MB are free"):
        await ledger.intend(an_intent(record))
    assert await ledger.get(record.request.id) == record
    await ledger.close()


def test_the_end_of_the_loop_loses_nothing(path: Path, clock: JumpClock) -> None:
    """A loop that ends without closing its ledger leaves what was written, for the next one."""
    request = a_request()
    ledgers = []

    async def forgetful() -> None:
        ledger = await SqliteLedger.open(path, clock=clock)
        ledgers.append(ledger)
        await ledger.submit(request, fingerprint="f", again=False)

    async def closed(ledger: SqliteLedger) -> None:
        writer = writer_of(ledger)
        writer._begin_to_close()
        await asyncio.to_thread(writer._thread.join, 10)

    async def careful() -> bool:
        await closed(ledgers[0])
        ledger = await SqliteLedger.open(path, clock=clock)
        record = await ledger.get(request.id)
        await ledger.close()
        return record is not None

    asyncio.run(forgetful())
    assert asyncio.run(careful())


async def test_an_answer_may_find_its_caller_gone(ledger: SqliteLedger) -> None:
    """The order was answered while its task was cancelled: the answer is on disk."""
    sending = await a_sending(ledger)
    task = asyncio.create_task(won(ledger, sending, answer=Answer.BOUGHT))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    (attempt,) = await ledger.attempts(sending.request_id)
    assert attempt.stage is Stage.CONFIRMED
