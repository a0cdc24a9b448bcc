"""The cache may be lost, and losing it is nobody's trouble."""

from __future__ import annotations

import sqlite3
import stat
from typing import TYPE_CHECKING

import pytest

from bookhunt.model.errors import LedgerUnusable
from bookhunt.store import explanations as module
from bookhunt.store.cache import Cache
from bookhunt.store.database import Schema
from bookhunt.store.explanations import SqliteExplanations
from tests.support.builders import a_note, an_id

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.jump_clock import JumpClock


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache.db"


def contents(path: Path) -> bytes:
    return path.read_bytes()


def spoil(path: Path, damage: str) -> bytes:
    content = bytearray(path.read_bytes())
    if damage == "text":
        content = bytearray(b"this is not a database" * 100)
    else:
        content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)
    return bytes(content)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_GATHER_S", 0.0)


async def test_explanations_outlive_the_process(cache: Path, clock: JumpClock) -> None:
    kept = await SqliteExplanations.open(cache, clock=clock)
    ids = [an_id() for _ in range(50)]
    for request_id in ids:
        kept.keep(request_id, [a_note("alpha"), a_note(request_id)])
    await kept.close()
    kept = await SqliteExplanations.open(cache, clock=clock)
    for request_id in ids:
        assert await kept.of(request_id) == [a_note("alpha"), a_note(request_id)]
    await kept.close()


async def test_the_cache_is_private(cache: Path, clock: JumpClock) -> None:
    kept = await SqliteExplanations.open(cache, clock=clock)
    modes = {stat.S_IMODE(file.stat().st_mode) for file in cache.parent.iterdir()}
    assert modes == {0o600}
    await kept.close()


async def test_a_second_process_is_refused(cache: Path, clock: JumpClock) -> None:
    kept = await SqliteExplanations.open(cache, clock=clock)
    with pytest.raises(LedgerUnusable, match="held by another process"):
        await SqliteExplanations.open(cache, clock=clock)
    await kept.close()


async def test_rather_than_wait_the_oldest_are_dropped(cache: Path, clock: JumpClock) -> None:
    kept = await SqliteExplanations.open(cache, clock=clock, most_waiting=3)
    ids = [an_id() for _ in range(5)]
    for request_id in ids:
        kept.keep(request_id, [a_note()])
    assert kept.dropped == 2
    assert [bool(await kept.of(request_id)) for request_id in ids] == [
        False, False, True, True, True,
    ]  # fmt: skip
    await kept.close()


@pytest.mark.parametrize("damage", ["text", "pages"])
async def test_a_damaged_cache_is_begun_anew(cache: Path, clock: JumpClock, damage: str) -> None:
    kept = await SqliteExplanations.open(cache, clock=clock)
    request_id = an_id()
    kept.keep(request_id, [a_note()])
    await kept.close()
    content = spoil(cache, damage)
    kept = await SqliteExplanations.open(cache, clock=clock)
    assert await kept.of(request_id) == []
    kept.keep(request_id, [a_note()])
    await kept.close()
    assert contents(cache.with_name("cache.aside.db")) == content


async def test_damage_found_while_running_is_survived(cache: Path, clock: JumpClock) -> None:
    """The notes of that moment are lost, the next ones are kept in a new file."""
    kept = await SqliteExplanations.open(cache, clock=clock)

    def damaged(_: sqlite3.Connection) -> None:
        error = sqlite3.DatabaseError("database disk image is malformed")
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error

    assert await kept._cache.run(damaged, otherwise=None) is None
    kept.keep("r", [a_note()])
    await kept.close()
    kept = await SqliteExplanations.open(cache, clock=clock)
    assert await kept.of("r") == [a_note()]
    await kept.close()


async def test_a_newer_cache_is_begun_anew(
    cache: Path, clock: JumpClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = Schema.steps
    with monkeypatch.context() as newer:
        newer.setattr(Schema, "steps", lambda self: [*steps(self), "CREATE TABLE later (x);"])
        kept = await SqliteExplanations.open(cache, clock=clock)
        await kept.close()
    kept = await SqliteExplanations.open(cache, clock=clock)
    kept.keep("r", [a_note()])
    await kept.close()


async def test_a_full_disk_costs_explanations_and_nothing_else(
    cache: Path, clock: JumpClock
) -> None:
    kept = await SqliteExplanations.open(cache, clock=clock)
    full = "PRAGMA max_page_count = 1"
    await kept._cache.run(lambda db: db.execute(full).fetchone()[0], otherwise=None)
    for n in range(50):
        kept.keep(f"r{n}", [a_note(detail="x" * 5000)])
    while kept._flush is not None:
        await kept._flush
    kept.keep("after", [a_note()])
    await kept.close()


async def empty_bytes(cache: Path) -> int:
    """What a cache takes with nothing in it: each schema has more tables than the last."""
    opened = await Cache.open(cache)
    pages = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
    size = await opened.run(lambda db: int(db.execute(pages).fetchone()[0]), otherwise=-1)
    await opened.close()
    return size


async def test_traces_in_the_same_file_cost_no_explanation(cache: Path, clock: JumpClock) -> None:
    """Each has a limit of its own; traces alone may fill that of explanations."""
    most = await empty_bytes(cache) + 50_000
    kept = await SqliteExplanations.open(cache, clock=clock, most_bytes=most)
    trace = "INSERT INTO trace_part (trace_id, kept_us, bytes, part) VALUES ('t', 1, ?, ?)"
    part = b"x" * 300_000
    await kept._cache.run(lambda db: db.execute(trace, (len(part), part)).rowcount, otherwise=-1)
    ids = [an_id() for _ in range(5)]
    for request_id in ids:
        clock.pass_time(61)
        kept.keep(request_id, [a_note()])
        while kept._flush is not None:
            await kept._flush
    assert [bool(await kept.of(request_id)) for request_id in ids] == [True] * 5
    await kept.close()


async def test_old_and_surplus_explanations_are_forgotten(cache: Path, clock: JumpClock) -> None:
    """After seven days, or when they are too large, the oldest first."""
    most = await empty_bytes(cache) + 20_000
    kept = await SqliteExplanations.open(cache, clock=clock, most_bytes=most)
    ids = [an_id() for _ in range(20)]
    for request_id in ids:
        clock.pass_time(61)
        kept.keep(request_id, [a_note(detail="x" * 2000)])
        while kept._flush is not None:
            await kept._flush
    remembered = [bool(await kept.of(request_id)) for request_id in ids]
    assert 0 < sum(remembered) < 20
    assert remembered == sorted(remembered)
    clock.pass_time(8 * 86_400)
    kept.keep("new", [a_note()])
    while kept._flush is not None:
        await kept._flush
    assert [await kept.of(request_id) for request_id in ids] == [[]] * 20
    await kept.close()


async def test_a_note_nobody_can_read_is_no_trouble(cache: Path, clock: JumpClock) -> None:
    kept = await SqliteExplanations.open(cache, clock=clock)
    odd = "INSERT INTO explanation VALUES ('r', 1, '[{\"seller\": \"alpha\"}]')"
    await kept._cache.run(lambda db: db.execute(odd).rowcount, otherwise=0)
    assert await kept.of("r") == []
    await kept.close()
