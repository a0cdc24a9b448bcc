"""A ledger that went back in time buys nothing, until a person says that it may."""

from __future__ import annotations

import json
import shutil
import sqlite3
from typing import TYPE_CHECKING

import pytest

from bookhunt.hunt.ports import Intended, IntentRefusal
from bookhunt.model.purchase import Stage
from bookhunt.model.request import RequestState
from bookhunt.store import ledger_file
from bookhunt.store.ledger import SqliteLedger
from tests.support.builders import a_frozen, an_intent, an_offer
from tests.support.ledger_steps import (
    a_pending,
    a_prepared,
    a_processing,
    a_sending,
    an_unknown,
    won,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.jump_clock import JumpClock


async def opened(path: Path, clock: JumpClock) -> SqliteLedger:
    return await SqliteLedger.open(path, clock=clock, free_space_floor=0)


def restore(backup: Path, path: Path) -> None:
    backup.replace(path)


def remove(path: Path) -> None:
    path.unlink()


def contents(path: Path) -> bytes:
    return path.read_bytes()


def damage(path: Path) -> bytes:
    """Overwrite some pages, and say what the file is now."""
    damaged = bytearray(path.read_bytes())
    damaged[4096:12288] = b"\xff" * 8192
    path.write_bytes(damaged)
    return bytes(damaged)


def stamp(path: Path) -> dict[str, object]:
    document: dict[str, object] = json.loads(path.with_suffix(".stamp").read_bytes())
    return document


@pytest.fixture
async def backup(path: Path, clock: JumpClock) -> Path:
    """A copy of a ledger that went on afterwards: an order was sent since, and stands."""
    ledger = await opened(path, clock)
    unknown = await an_unknown(ledger, an_offer(item="1"))
    await ledger.close()
    copy = path.with_name("backup.db")
    shutil.copy(path, copy)
    ledger = await opened(path, clock)
    (unknown,) = await ledger.open_attempts()
    await won(ledger, unknown)
    await ledger.close()
    return copy


async def test_the_side_file_is_as_far_as_the_ledger(path: Path, clock: JumpClock) -> None:
    ledger = await opened(path, clock)
    await a_pending(ledger)
    await ledger.close()
    db = sqlite3.connect(path)
    assert stamp(path)["seq"] == db.execute("SELECT max(seq) FROM journal").fetchone()[0]
    db.close()


async def test_the_side_file_follows_while_the_ledger_is_open(
    path: Path, clock: JumpClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Soon after a change, also if nothing else happens: a power cut finds it written."""
    monkeypatch.setattr(ledger_file, "_STAMP_EVERY_S", 0.01)
    ledger = await opened(path, clock)
    before = stamp(path)["seq"]
    await a_pending(ledger)
    while stamp(path)["seq"] == before:
        await ledger.paused()
    await ledger.close()


async def test_an_untouched_ledger_is_in_no_safe_mode(path: Path, clock: JumpClock) -> None:
    for _ in range(3):
        ledger = await opened(path, clock)
        await a_pending(ledger)
        assert ledger.recovered.safe_mode is None
        assert await ledger.safe_mode() is None
        await ledger.close()


async def test_a_restored_backup_buys_nothing(path: Path, clock: JumpClock, backup: Path) -> None:
    """Neither a new order nor a second send of one that may have ended since; all else goes on."""
    restore(backup, path)
    ledger = await opened(path, clock)
    assert ledger.recovered.safe_mode is not None
    assert "older than its side file" in ledger.recovered.safe_mode
    assert await ledger.safe_mode() == ledger.recovered.safe_mode
    record = await a_processing(ledger)
    assert await ledger.intend(an_intent(record)) is IntentRefusal.SAFE_MODE
    (unknown,) = await ledger.open_attempts()
    assert await ledger.resend(unknown) is IntentRefusal.SAFE_MODE
    checked = await ledger.checked(unknown, not_found=False, next_check_at=None)
    _, settled = await won(ledger, checked)
    assert settled.state is RequestState.SUCCESS
    await ledger.move(record, RequestState.NOT_AVAILABLE)
    await ledger.close()


async def test_safe_mode_stays_until_a_person_ends_it(
    path: Path, clock: JumpClock, backup: Path
) -> None:
    restore(backup, path)
    ledger = await opened(path, clock)
    reason = ledger.recovered.safe_mode
    await ledger.close()
    ledger = await opened(path, clock)
    assert ledger.recovered.safe_mode == reason
    await ledger.leave_safe_mode()
    assert await ledger.safe_mode() is None
    assert isinstance(await ledger.intend(an_intent(await a_processing(ledger))), Intended)
    await ledger.close()
    ledger = await opened(path, clock)
    assert ledger.recovered.safe_mode is None
    await ledger.close()


async def test_entries_that_were_lost_leave_a_gap(
    path: Path, clock: JumpClock, backup: Path
) -> None:
    """No number of the journal stands for two entries, and the side file never goes back."""
    before = stamp(path)["seq"]
    assert isinstance(before, int)
    restore(backup, path)
    ledger = await opened(path, clock)
    await ledger.close()
    db = sqlite3.connect(path)
    rows = db.execute("SELECT seq FROM journal WHERE event = 'ledger.safe_mode'").fetchall()
    db.close()
    assert rows == [(before + 1,)]
    after = stamp(path)["seq"]
    assert isinstance(after, int)
    assert after > before


async def test_nothing_prepared_is_sent_in_safe_mode(path: Path, clock: JumpClock) -> None:
    ledger = await opened(path, clock)
    prepared = await a_prepared(ledger)
    path.with_suffix(".stamp").write_text('{"ledger": "another", "seq": 1}')
    await ledger.close()  # writes a stamp of its own
    path.with_suffix(".stamp").write_text('{"ledger": "another", "seq": 1}')
    ledger = await opened(path, clock)
    assert ledger.recovered.abandoned == 1
    assert ledger.recovered.safe_mode == "this is not the ledger its side file belongs to"
    record = await ledger.get(prepared.record.request.id)
    assert record is not None
    assert await ledger.intend(an_intent(record)) is IntentRefusal.SAFE_MODE
    await ledger.close()


async def test_a_ledger_is_never_begun_anew_silently(path: Path, clock: JumpClock) -> None:
    """Missing beside its side file: a new one is begun, searches, and says what is missing."""
    ledger = await opened(path, clock)
    await a_sending(ledger)
    await ledger.close()
    remove(path)
    ledger = await opened(path, clock)
    assert ledger.recovered.safe_mode is not None
    assert "ledger.db is missing" in ledger.recovered.safe_mode
    assert await ledger.intend(an_intent(await a_processing(ledger))) is IntentRefusal.SAFE_MODE
    await ledger.close()


async def test_a_damaged_ledger_is_set_aside(path: Path, clock: JumpClock) -> None:
    """Nothing of it is lost, and what takes its place buys nothing."""
    for number in (1, 2):
        ledger = await opened(path, clock)
        await a_pending(ledger)
        await ledger.close()
        damaged = damage(path)
        ledger = await opened(path, clock)
        assert ledger.recovered.safe_mode is not None
        assert "is damaged" in ledger.recovered.safe_mode
        assert contents(path.with_name(f"ledger.damaged-{number}.db")) == damaged
        assert await ledger.find() == []
        record = await a_processing(ledger)
        assert await ledger.intend(an_intent(record)) is IntentRefusal.SAFE_MODE
        await ledger.close()


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"ledger": "x", "seq": "many"}', "\0" * 50])
async def test_a_side_file_that_says_nothing_is_no_proof(
    path: Path, clock: JumpClock, text: str
) -> None:
    ledger = await opened(path, clock)
    await ledger.close()
    path.with_suffix(".stamp").write_text(text)
    ledger = await opened(path, clock)
    assert ledger.recovered.safe_mode is not None
    assert "side file" in ledger.recovered.safe_mode
    await ledger.close()


async def test_a_ledger_without_its_side_file_goes_on(path: Path, clock: JumpClock) -> None:
    """It may have been moved here alone; from now on it has one."""
    ledger = await opened(path, clock)
    await a_pending(ledger)
    await ledger.close()
    path.with_suffix(".stamp").unlink()
    ledger = await opened(path, clock)
    assert ledger.recovered.safe_mode is None
    assert path.with_suffix(".stamp").exists()
    await ledger.close()


async def test_a_side_file_that_cannot_be_written_stops_nothing(
    path: Path, clock: JumpClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = await opened(path, clock)
    monkeypatch.setattr(ledger_file, "write_stamp", lambda *_: False)
    record = await a_pending(ledger)
    await ledger.close()
    ledger = await opened(path, clock)
    assert ledger.recovered.safe_mode is None
    assert await ledger.get(record.request.id) == record
    await ledger.close()


# ------------------------------------------------------------------------------------ the clock
async def test_a_clock_that_goes_on_is_trusted(path: Path, clock: JumpClock) -> None:
    ledger = await opened(path, clock)
    await an_unknown(ledger)
    await ledger.close()
    for step in (0, -30, 31_536_000):
        clock.set_wall_clock(step)
        ledger = await opened(path, clock)
        assert ledger.recovered.clock_behind_s == 0.0
        await ledger.close()


async def test_a_clock_that_went_back_is_told(path: Path, clock: JumpClock) -> None:
    """At every opening while an order is open that was sent before: its age is not known."""
    ledger = await opened(path, clock)
    unknown = await an_unknown(ledger)
    clock.pass_time(7200)
    await a_pending(ledger)
    await ledger.close()
    clock.set_wall_clock(-3600)
    for _ in range(2):
        ledger = await opened(path, clock)
        assert ledger.recovered.clock_behind_s == pytest.approx(3600)
        (unknown,) = await ledger.open_attempts()
        await ledger.close()
    ledger = await opened(path, clock)
    await won(ledger, unknown)
    await ledger.close()
    ledger = await opened(path, clock)
    assert ledger.recovered.clock_behind_s == pytest.approx(3600)
    await ledger.close()
    ledger = await opened(path, clock)
    assert ledger.recovered.clock_behind_s == 0.0
    await ledger.close()


async def test_a_pause_between_intent_and_send_holds_over_a_crash(
    path: Path, clock: JumpClock
) -> None:
    ledger = await opened(path, clock)
    prepared = await a_prepared(ledger)
    await ledger.set_paused(paused=True)
    refused = await ledger.start_sending(prepared.attempt, a_frozen())
    assert refused is IntentRefusal.PAUSED
    await ledger.close()
    ledger = await opened(path, clock)
    (attempt,) = await ledger.attempts(prepared.record.request.id)
    assert attempt.stage is Stage.ABANDONED
    assert await ledger.paused()
    await ledger.close()
