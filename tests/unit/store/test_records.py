"""The ledger read beside the hunt: whole copies that hold nobody up, pages that miss nothing."""

from __future__ import annotations

import asyncio
import errno
import shutil
import sqlite3
import stat
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID

import pytest

from bookhunt.model.errors import InputError, LedgerUnusable, SetupMissing
from bookhunt.model.purchase import Stage
from bookhunt.model.request import RequestState
from bookhunt.store import copying, records, writer
from bookhunt.store.copying import copy
from bookhunt.store.ledger import FREE_SPACE_FLOOR, SqliteLedger
from bookhunt.store.operations import Lane
from bookhunt.store.records import SqliteRecords
from bookhunt.store.resting import copy_resting, examine_resting
from tests.support.builders import a_request, an_offer, another_book
from tests.support.ledger_steps import a_pending, a_prepared, a_sending, an_unknown, won
from tests.support.soundness import faults

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.jump_clock import JumpClock


def rows(file: Path, query: str) -> list[tuple[object, ...]]:
    db = sqlite3.connect(file)
    try:
        return db.execute(query).fetchall()
    finally:
        db.close()


def counted(file: Path) -> int:
    [(number,)] = rows(file, "SELECT count(*) FROM request")
    assert isinstance(number, int)
    return number


async def test_a_snapshot_is_a_sound_private_file_of_its_own(
    ledger: SqliteLedger, tmp_path: Path
) -> None:
    """With the rows of the ledger, opened by plain sqlite3, and without a log beside it."""
    await won(ledger, await a_sending(ledger))
    to = tmp_path / "copy.db"
    await SqliteRecords(ledger).snapshot(to)
    assert stat.S_IMODE(to.stat().st_mode) == 0o600
    assert rows(to, "SELECT state FROM request") == [("SUCCESS",)]
    assert rows(to, "PRAGMA integrity_check") == [("ok",)]
    assert rows(to, "PRAGMA journal_mode") == [("delete",)]
    assert not (tmp_path / "copy.db-wal").exists()
    db = sqlite3.connect(to)
    db.row_factory = sqlite3.Row
    assert faults(db) == []
    db.close()


async def test_a_snapshot_never_replaces_a_file(ledger: SqliteLedger, tmp_path: Path) -> None:
    to = tmp_path / "copy.db"
    to.write_text("somebody's")
    with pytest.raises(InputError, match="exists"):
        await SqliteRecords(ledger).snapshot(to)
    assert to.read_text() == "somebody's"


async def test_what_waits_is_done_between_two_steps_of_a_snapshot(
    ledger: SqliteLedger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An order that comes while a copy is made is on disk before the copy is, and is in it."""
    for _ in range(20):
        await a_pending(ledger)
    loop = asyncio.get_running_loop()
    during: list[asyncio.Future[object]] = []
    ended: list[str] = []

    async def buy() -> None:
        prepared = await a_prepared(ledger)
        ended.append(f"prepared {prepared.attempt.stage}")

    def copied(db: sqlite3.Connection, to: Path, *, between: Callable[[], None]) -> None:
        def first_let_it_begin() -> None:
            if not during:
                during.append(asyncio.run_coroutine_threadsafe(buy(), loop))  # type: ignore[arg-type]
            between()
            if not ended:
                between_until_done(between, during[0])

        copy(db, to, between=first_let_it_begin, pages=1)
        ended.append("copied")

    monkeypatch.setattr(records, "copy", copied)
    to = tmp_path / "copy.db"
    await SqliteRecords(ledger).snapshot(to)
    assert ended == ["prepared prepared", "copied"]
    assert counted(to) == 21
    assert rows(to, "SELECT stage FROM attempt") == [("prepared",)]
    assert rows(to, "PRAGMA integrity_check") == [("ok",)]


def between_until_done(between: Callable[[], None], future: asyncio.Future[object]) -> None:
    """Serve the ledger until the purchase that began has its answer."""
    while not future.done():
        between()


async def test_a_ledger_that_is_closed_ends_a_snapshot_and_nothing_is_left_of_it(
    path: Path, clock: JumpClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A daemon that has to stop does not wait for a copy."""
    ledger = await SqliteLedger.open(path, clock=clock, free_space_floor=0)
    await a_pending(ledger)
    loop = asyncio.get_running_loop()
    closing: list[asyncio.Future[None]] = []

    def copied(db: sqlite3.Connection, to: Path, *, between: Callable[[], None]) -> None:
        def close_first() -> None:
            if not closing:
                closing.append(asyncio.run_coroutine_threadsafe(ledger.close(), loop))  # type: ignore[arg-type]
            while not ledger.writer._closing:
                pass
            between()

        copy(db, to, between=close_first, pages=1)

    monkeypatch.setattr(records, "copy", copied)
    with pytest.raises(LedgerUnusable, match="closed"):
        await SqliteRecords(ledger).snapshot(tmp_path / "copy.db")
    assert not (tmp_path / "copy.db").exists()
    await ledger.close()


async def test_a_disk_that_fails_a_commit_between_two_steps_ends_the_copy_too(
    path: Path, clock: JumpClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody can say what is on disk then: the ledger is dead for all, and no copy is left."""
    fatal: list[BaseException] = []
    ledger = await SqliteLedger.open(path, clock=clock, free_space_floor=0, on_fatal=fatal.append)
    loop = asyncio.get_running_loop()
    pausing: list[asyncio.Future[None]] = []

    def fails(name: str) -> None:
        if name == "ledger.commit.after":
            raise OSError(errno.EIO, "Input/output error")

    def copied(db: sqlite3.Connection, to: Path, *, between: Callable[[], None]) -> None:
        def pause_meanwhile() -> None:
            if not pausing:
                pause = ledger.set_paused(paused=True)
                pausing.append(asyncio.run_coroutine_threadsafe(pause, loop))  # type: ignore[arg-type]
            while not fatal:
                between()

        copy(db, to, between=pause_meanwhile, pages=1)

    monkeypatch.setattr(records, "copy", copied)
    monkeypatch.setattr(writer, "fp", fails)
    with pytest.raises(LedgerUnusable, match="unknown"):
        await SqliteRecords(ledger).snapshot(tmp_path / "copy.db")
    with pytest.raises(LedgerUnusable):
        await asyncio.wrap_future(pausing[0])  # type: ignore[arg-type]
    assert len(fatal) == 1
    assert not (tmp_path / "copy.db").exists()
    await ledger.close()


async def test_a_disk_that_is_full_leaves_nothing_of_a_copy(
    ledger: SqliteLedger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(copying, "_fill", full)
    with pytest.raises(LedgerUnusable, match="full"):
        await SqliteRecords(ledger).snapshot(tmp_path / "copy.db")
    assert not (tmp_path / "copy.db").exists()
    await a_pending(ledger)  # and the ledger goes on


async def test_a_copy_never_takes_the_room_that_orders_need(
    ledger: SqliteLedger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is free after it is at least what an order is refused below."""
    usage = shutil.disk_usage(tmp_path)
    [(pages,)] = await ledger.writer.run(
        "read", lambda db: db.execute("PRAGMA page_count").fetchall(), lane=Lane.READ
    )
    for spare, fits in ((0, True), (-1, False)):
        free = pages * 4096 + FREE_SPACE_FLOOR + spare
        monkeypatch.setattr(shutil, "disk_usage", lambda _, free=free: usage._replace(free=free))
        if fits:
            await SqliteRecords(ledger).snapshot(tmp_path / "copy.db")
        else:
            with pytest.raises(LedgerUnusable, match="are free"):
                await SqliteRecords(ledger).snapshot(tmp_path / "other.db")
    assert not (tmp_path / "other.db").exists()


async def test_what_is_older_than_a_page_wants_is_not_walked_over(
    ledger: SqliteLedger,
) -> None:
    """A page of last week begins there, whatever lies before it; and it misses nothing."""
    now = datetime.now(UTC)
    old = a_request(id=str(UUID(int=1 << 80)), book=another_book(), submitted_at=now)
    await ledger.submit(old, fingerprint="f", again=False)
    young = await a_pending(ledger, submitted_at=now)
    found = await SqliteRecords(ledger).requests(since=now)
    assert [record.request.id for record in found] == [young.request.id]
    assert len(await SqliteRecords(ledger).requests()) == 2


async def test_pages_follow_each_other_and_miss_nothing(ledger: SqliteLedger) -> None:
    """Oldest first, whatever the size of a page, and a page has at most 500 rows."""
    attempts = [await a_sending(ledger) for _ in range(5)]
    read = SqliteRecords(ledger)
    found: list[str] = []
    while page := await read.attempts(after=found[-1] if found else "", limit=2):
        assert len(page) <= 2
        found += [attempt.id for attempt in page]
    assert found == [attempt.id for attempt in attempts]
    asked = [record.request.id for record in await read.requests(limit=10_000)]
    assert asked == [attempt.request_id for attempt in attempts]
    assert records._page("", None, 10_000)["limit"] == 500


async def test_figures_are_read_in_turns_with_what_was_tried(
    ledger: SqliteLedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each request once, each attempt with its request, nothing from before the period."""
    monkeypatch.setattr(records, "ROWS_A_TURN", 2)
    await won(ledger, await a_sending(ledger, an_offer("alpha")))
    await an_unknown(ledger, an_offer("beta"))
    await a_pending(ledger)
    read, place, states, tried = SqliteRecords(ledger), None, [], []
    while True:
        turn = await read.outcomes(since=None, after=place)
        states += [outcome.state for outcome in turn.outcomes]
        tried += [(each.seller, each.stage, each.times) for each in turn.tried]
        place = turn.next
        if place is None:
            break
    assert sorted(states) == [RequestState.IN_DOUBT, RequestState.PENDING, RequestState.SUCCESS]
    assert sorted(tried) == [("alpha", Stage.CONFIRMED, 1), ("beta", Stage.UNKNOWN, 1)]
    everything = await read.requests()
    youngest = max(record.request.submitted_at for record in everything)
    recent = await read.outcomes(since=youngest)
    assert len(recent.outcomes) == sum(r.request.submitted_at == youngest for r in everything)


async def test_facts_say_how_large_it_is_and_nothing_of_what_is_in_it(
    ledger: SqliteLedger,
) -> None:
    await a_sending(ledger)
    facts = await SqliteRecords(ledger).facts()
    assert (facts.requests, facts.attempts, facts.schema) == (1, 1, facts.schema)
    assert facts.schema >= 1
    assert any(statement.startswith("CREATE TABLE request") for statement in facts.statements)


async def test_a_ledger_at_rest_is_copied_as_it_lies_there(
    path: Path, clock: JumpClock, tmp_path: Path
) -> None:
    """Also what only its log holds, as after a kill; and it is not changed."""
    ledger = await SqliteLedger.open(path, clock=clock, free_space_floor=0)
    await a_sending(ledger)
    killed = tmp_path / "killed" / "ledger.db"
    killed.parent.mkdir()
    for each in path.parent.glob("ledger.db*"):
        (killed.parent / each.name).write_bytes(each.read_bytes())
    await ledger.close()
    copy_resting(killed, tmp_path / "copy.db")
    assert rows(tmp_path / "copy.db", "SELECT stage FROM attempt") == [("sending",)]
    assert examine_resting(killed) is None
    assert rows(killed, "SELECT stage FROM attempt") == [("sending",)]


def test_a_ledger_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(SetupMissing, match="no ledger"):
        copy_resting(tmp_path / "ledger.db", tmp_path / "copy.db")
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_ledger_at_rest_is_told(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_bytes(b"not a database at all" * 1000)
    with pytest.raises(LedgerUnusable, match="damaged"):
        examine_resting(tmp_path / "ledger.db")
